//! Two recipes with too few runs for a verdict over seeds: what one run each allows to be said (T1 to T4, T10).

use serde_json::json;
use toile_stats::{
    Printed, TableEquivalence, TwoProportions, explaining_seed_sd, printed_z, two_proportions,
};

use super::{ClaimVerdict, Weigher, Weighing};
use crate::claim::{ClaimTable, Scope};
use crate::quantity::{DataPart, Quantity};
use crate::words;

/// T3: a spread of seeds above this is more than any trained setting of the published study shows.
pub(crate) const ALLOWED_SEED_SD: f64 = 0.01;

/// The z of two networks beyond which their difference is not chance: 95 %, two-sided.
const Z: f64 = 1.959_963_984_540_054;

/// Two numbers of one quantity; `a` is the one that the claim speaks of.
#[derive(Clone, Debug)]
pub(crate) struct TwoNumbers {
    pub names: [String; 2],
    /// The run whose two numbers they are, if they are of one run.
    pub of: Option<String>,
    pub quantity: Quantity,
    pub values: [f64; 2],
    /// Images that each was measured on.
    pub images: [Option<usize>; 2],
    /// Fewer runs of the two.
    pub runs: usize,
}

/// The statistics of a published difference of two accuracies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TableDifference {
    pub found: TwoProportions,
    /// z within the rounding of the printed digits; `None` where nothing was rounded.
    pub rounded: Option<toile_stats::Interval>,
    pub explaining_seed_sd: f64,
}

impl TwoNumbers {
    /// Two accuracies on as many images each.
    pub(crate) fn of_accuracies(quantity: Quantity, values: [f64; 2], images: usize) -> TwoNumbers {
        let names = [String::new(), String::new()];
        TwoNumbers { names, of: None, quantity, values, images: [Some(images); 2], runs: 1 }
    }

    fn difference(&self) -> f64 {
        let [a, b] = self.values;
        // .883 less .881 is .002, whatever the last bits say.
        ((a - b) * 1e9).round() / 1e9
    }

    /// `Test accuracy is 0.867 for A and 0.877 for B`.
    fn words(&self) -> String {
        let ([a, b], [name_a, name_b]) = (self.values.map(words::number), &self.names);
        match &self.of {
            Some(run) => {
                format!("{} has a {name_a} of {a} and a {name_b} of {b}", words::quoted(run))
            }
            None => {
                let [name_a, name_b] = [name_a, name_b].map(|name| words::quoted(name));
                let label = words::capital(self.quantity.label());
                let means = if self.runs >= 2 { " (means of their runs)" } else { "" };
                format!("{label} is {a} for {name_a} and {b} for {name_b}{means}")
            }
        }
    }

    fn undecided(&self) -> ClaimVerdict {
        if self.runs >= 2 { ClaimVerdict::Undecided } else { ClaimVerdict::UndecidedFromOneRun }
    }

    /// z and intervals of two accuracies.
    pub(crate) fn statistics(&self, decimals: Option<i32>) -> Option<TableDifference> {
        if !self.quantity.is_accuracy() {
            return None;
        }
        let (n_a, n_b) = (self.images[0]?, self.images[1]?);
        let hits = |value: f64, n: usize| ((value * n as f64).round().clamp(0.0, n as f64) as usize, n);
        let found = two_proportions(hits(self.values[0], n_a), hits(self.values[1], n_b), 0.95)?;
        let rounded = decimals.and_then(|decimals| {
            let printed = |value: f64| Printed::rounded(value, decimals);
            printed_z((printed(self.values[0]), n_a), (printed(self.values[1]), n_b))
        });
        Some(TableDifference {
            found,
            rounded,
            explaining_seed_sd: explaining_seed_sd(found.difference, found.se)?,
        })
    }
}

impl Weigher<'_> {
    /// Two recipes by the means of their runs.
    pub(crate) fn two_numbers(&self, places: [usize; 2], quantity: Quantity) -> Option<TwoNumbers> {
        let recipes = places.map(|place| &self.results.recipes[place]);
        let values = crate::pairs::pair_values(self.results, places, quantity);
        let mean = |values: &[f64]| toile_stats::mean(values);
        let images = quantity.part().and_then(|part| self.results.images(part));
        Some(TwoNumbers {
            names: recipes.map(|recipe| recipe.name.clone()),
            of: None,
            quantity,
            values: [mean(&values[0])?, mean(&values[1])?],
            images: [images; 2],
            runs: values[0].len().min(values[1].len()),
        })
    }

    /// To how many decimals accuracies are printed, if they are rounded to four or fewer.
    pub(crate) fn decimals(&self) -> Option<i32> {
        let of_part =
            |quantity: Quantity| self.results.recipes.iter().flat_map(move |recipe| recipe.values(quantity));
        let printed =
            |value: f64| format!("{value}").split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
        let accuracies = [Quantity::TestAccuracy, Quantity::ValAccuracy, Quantity::Accuracy];
        accuracies.into_iter().flat_map(of_part).map(printed).max().filter(|decimals| *decimals <= 4)
    }

    /// Whether A's number is larger (or smaller) than B's, as far as one run each can say.
    pub(crate) fn difference_of_one_run(
        &self,
        claim: &ClaimTable,
        pair: &TwoNumbers,
        says_larger: bool,
    ) -> Weighing {
        let scope = claim.scope;
        let difference = pair.difference();
        let along = if says_larger { difference } else { -difference };
        let said = pair.words();
        let key = format!("{} - {}, {}", pair.names[0], pair.names[1], pair.quantity.name());
        let Some(table) = pair.statistics(self.decimals()) else {
            return direction(claim, pair, along, &said).with(key, json!({ "difference": difference }));
        };
        // Of two numbers without any spread, such as 1 and 0, a difference is no chance.
        let certain = match table.found.difference {
            0.0 => 0.0,
            found => f64::INFINITY.copysign(found),
        };
        let z = table.found.z.unwrap_or(certain);
        let sd = table.explaining_seed_sd;
        let z_words = match table.rounded {
            Some(range) => format!(
                "z {} ({} to {} within the rounding)",
                words::z(z),
                words::z(range.low),
                words::z(range.high)
            ),
            None => format!("z {}", words::z(z)),
        };
        let (verdict, rule, why) = match scope {
            Scope::Runs | Scope::Fact | Scope::Method => match along {
                along if along < 0.0 => {
                    (ClaimVerdict::Contradicted, "T1", format!("{said}: the other way round, {z_words}."))
                }
                _ if z.abs() >= Z => (ClaimVerdict::Supported, "T2", format!("{said}, {z_words}.")),
                _ => (pair.undecided(), "T2", format!("{said}: within the noise of the images, {z_words}.")),
            },
            Scope::Settings if sd > ALLOWED_SEED_SD => {
                let verdict = if along > 0.0 { ClaimVerdict::Supported } else { ClaimVerdict::Contradicted };
                let spread = format!("seeds would have to spread by {} to explain it", words::points(sd));
                (verdict, "T3", format!("{said}, {z_words}; {spread}."))
            }
            Scope::Settings => {
                let why = match sd > 0.0 {
                    true => format!("{z_words}; seeds that spread by {} can explain it", words::points(sd)),
                    false => format!("{z_words}: the noise of the images alone can explain it"),
                };
                (pair.undecided(), "T3", format!("{said}, {why}."))
            }
        };
        let numbers = json!({
            "difference": difference, "z": z, "p": table.found.p, "low": table.found.interval.low,
            "high": table.found.interval.high, "z_by_rounding": table.rounded.map(|range| [range.low, range.high]),
            "seed_sd_that_explains_it": sd,
        });
        Weighing::new(verdict, &[rule], why).with(key, numbers)
    }

    /// T4: whether two numbers are equal within a margin, as far as one run each can say.
    pub(crate) fn equivalence_of_one_run(&self, scope: Scope, pair: &TwoNumbers, within: f64) -> Weighing {
        let said = pair.words();
        let Some(table) = pair.statistics(self.decimals()) else {
            return Weighing::new(
                pair.undecided(),
                &["T4", "T10"],
                format!("{said}; without its spread neither a difference nor equality is shown."),
            );
        };
        let interval = table.found.interval;
        let is_outside = interval.low > within || interval.high < -within;
        let open = toile_stats::table_equivalence(table.found.difference, table.found.se, within);
        let is_explained = scope == Scope::Settings && table.explaining_seed_sd <= ALLOWED_SEED_SD;
        let reach = format!(
            "the 95 % interval of the difference is {} to {}",
            words::signed(interval.low),
            words::signed(interval.high)
        );
        let margin = words::points(within);
        let (verdict, why) = match open {
            _ if is_outside && !is_explained => {
                (ClaimVerdict::Contradicted, format!("{said}; {reach}, wholly beyond ±{margin}."))
            }
            Some(TableEquivalence::Shown) if scope != Scope::Settings => {
                (ClaimVerdict::Supported, format!("{said}; {reach}, the one at 90 % within ±{margin}."))
            }
            _ => (
                pair.undecided(),
                format!("{said}; {reach}: neither a difference nor equality within {margin} is shown."),
            ),
        };
        let key = format!("{} - {}, {}", pair.names[0], pair.names[1], pair.quantity.name());
        let numbers = json!({
            "difference": pair.difference(), "z": table.found.z, "low": interval.low, "high": interval.high,
            "within": within, "seed_sd_that_explains_it": table.explaining_seed_sd,
        });
        Weighing::new(verdict, &["T2", "T4"], why).with(key, numbers)
    }

    /// The images of a part, or of the validation part for what has none.
    pub(crate) fn images_of(&self, quantity: Quantity) -> Option<usize> {
        self.results.images(quantity.part().unwrap_or(DataPart::Validation))
    }
}

/// T10: what has no error of its own has a direction only. About settings that decides nothing by itself, and does not
/// hinder what accuracies show.
fn direction(claim: &ClaimTable, pair: &TwoNumbers, along: f64, said: &str) -> Weighing {
    // Losses that go along with accuracies do not hinder what these show; seconds do not go along with anything.
    let has_accuracy =
        pair.quantity.is_loss() && claim.quantities().iter().any(|quantity| quantity.is_accuracy());
    let unknown = "how many images they were measured on is not known, and so not how much is chance";
    let (verdict, why) = match (claim.scope, along) {
        (_, 0.0) => (pair.undecided(), format!("{said}: the same number.")),
        (scope, along) if pair.quantity.is_accuracy() && (scope == Scope::Settings || along > 0.0) => {
            (pair.undecided(), format!("{said}; {unknown}."))
        }
        (Scope::Settings, along) if along > 0.0 && has_accuracy => {
            (ClaimVerdict::Supported, format!("{said}."))
        }
        (Scope::Settings, along) => {
            let way = if along > 0.0 { "as the claim says" } else { "the other way round" };
            (pair.undecided(), format!("{said}, {way}; without a spread that decides nothing."))
        }
        (_, along) if along > 0.0 => (ClaimVerdict::Supported, format!("{said}.")),
        _ => (ClaimVerdict::Contradicted, format!("{said}: the other way round.")),
    };
    Weighing::new(verdict, &["T1", "T10"], why)
}
