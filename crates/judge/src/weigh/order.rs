//! Claims that compare recipes: better, higher, lower; alike; the best; the best and the worst value of a setting.

use serde_json::json;
use toile_stats::{Basis, Likelier, Outlook, Side, UndecidedReason, Verdict};

use super::{ClaimVerdict, Weigher, Weighing, all_of};
use crate::claim::{ClaimTable, Scope, SettingValue, Way};
use crate::pairs::{PairVerdict, among_or_all, one_change_pairs};
use crate::quantity::Quantity;
use crate::words;

impl Weigher<'_> {
    pub(super) fn order(&self, claim: &ClaimTable, run: &str, than: &[String], way: Way) -> Weighing {
        let a = self.place(run);
        let pairs: Vec<[usize; 2]> =
            than.iter().map(|name| [a, self.place(name)]).filter(|[a, b]| a != b).collect();
        self.ordered(claim, &pairs, way)
    }

    /// Whether in each pair the first differs from the second in this way, in each metric of the claim.
    fn ordered(&self, claim: &ClaimTable, pairs: &[[usize; 2]], way: Way) -> Weighing {
        let quantities = claim.quantities();
        let places: Vec<usize> = pairs.iter().flatten().copied().collect();
        if let Some(unmeasured) = self.unmeasured(&places, &quantities) {
            return unmeasured;
        }
        if let Some(confounded) = self.cause(claim, pairs) {
            return confounded;
        }
        let all: Vec<Weighing> = pairs
            .iter()
            .flat_map(|pair| quantities.iter().map(move |quantity| (*pair, *quantity)))
            .map(|(pair, quantity)| self.one_order(claim, pair, quantity, way))
            .collect();
        all_of(all)
    }

    fn one_order(&self, claim: &ClaimTable, places: [usize; 2], quantity: Quantity, way: Way) -> Weighing {
        let says_larger = way.says_larger(quantity);
        match self.pair(claim, places, quantity).filter(|pair| pair.has_seeds()) {
            Some(pair) => self.order_over_seeds(pair, places, says_larger, way),
            None => match self.two_numbers(places, quantity) {
                Some(numbers) => self.difference_of_one_run(claim, &numbers, says_larger),
                None => Weighing::not_testable(format!("The results do not state the {}.", quantity.label())),
            },
        }
    }

    fn order_over_seeds(
        &self,
        pair: &PairVerdict,
        places: [usize; 2],
        says_larger: bool,
        way: Way,
    ) -> Weighing {
        let is_turned = pair.places[0] != places[0];
        let is_ahead = |side: Side| ((side == Side::A) != is_turned) == says_larger;
        let verdict = match pair.judged.verdict {
            Verdict::Better { ahead } if is_ahead(ahead) => ClaimVerdict::Supported,
            Verdict::Better { .. } => ClaimVerdict::Contradicted,
            Verdict::Equivalent { ahead: Some(ahead), .. } if way != Way::Better && is_ahead(ahead) => {
                ClaimVerdict::Supported
            }
            Verdict::Equivalent { .. } => ClaimVerdict::Contradicted,
            Verdict::Undecided { .. } => ClaimVerdict::Undecided,
        };
        self.over_seeds(pair, verdict)
    }

    /// A verdict over seeds and images, with the sentence of the comparison.
    fn over_seeds(&self, pair: &PairVerdict, verdict: ClaimVerdict) -> Weighing {
        let key = format!("{}, {}", self.names(pair).join(" - "), pair.quantity.name());
        Weighing::new(verdict, &["seeds"], self.sentence(pair)).with(key, pair_numbers(pair))
    }

    fn names(&self, pair: &PairVerdict) -> [&str; 2] {
        pair.places.map(|place| self.results.recipes[place].name.as_str())
    }

    fn sentence(&self, pair: &PairVerdict) -> String {
        pair_sentence(self.names(pair), pair)
    }

    pub(super) fn alike(&self, claim: &ClaimTable, runs: &[String]) -> Weighing {
        let places: Vec<usize> = runs.iter().map(|run| self.place(run)).collect();
        let quantities = claim.quantities();
        if let Some(unmeasured) = self.unmeasured(&places, &quantities) {
            return unmeasured;
        }
        let mut pairs = Vec::new();
        for (i, a) in places.iter().enumerate() {
            pairs.extend(places[i + 1..].iter().filter(|b| *b != a).map(|b| [*a, *b]));
        }
        if let Some(confounded) = self.cause(claim, &pairs) {
            return confounded;
        }
        let margin =
            |quantity: &Quantity| claim.within.or(quantity.is_accuracy().then_some(self.results.equivalence));
        let with_margin = quantities.iter().filter_map(|quantity| Some((*quantity, margin(quantity)?)));
        let with_margin: Vec<(Quantity, f64)> = with_margin.collect();
        if with_margin.is_empty() {
            return Weighing::not_testable("A loss has no margin of its own: the claim must say `within`.");
        }
        let all: Vec<Weighing> = pairs
            .iter()
            .flat_map(|pair| with_margin.iter().map(move |(quantity, within)| (*pair, *quantity, *within)))
            .map(|(pair, quantity, within)| self.one_likeness(claim, pair, quantity, within))
            .collect();
        all_of(all)
    }

    fn one_likeness(
        &self,
        claim: &ClaimTable,
        places: [usize; 2],
        quantity: Quantity,
        within: f64,
    ) -> Weighing {
        if let Some(pair) = self.pair(claim, places, quantity).filter(|pair| pair.has_seeds()) {
            let verdict = match pair.judged.verdict {
                Verdict::Equivalent { .. } => ClaimVerdict::Supported,
                Verdict::Better { .. } => ClaimVerdict::Contradicted,
                Verdict::Undecided { .. } => ClaimVerdict::Undecided,
            };
            return self.over_seeds(pair, verdict);
        }
        match self.two_numbers(places, quantity) {
            Some(numbers) => self.equivalence_of_one_run(claim.scope, &numbers, within),
            None => Weighing::not_testable(format!("The results do not state the {}.", quantity.label())),
        }
    }

    /// T1 for the runs that were made; for settings, better than each other.
    pub(super) fn best(&self, claim: &ClaimTable, run: &str, among: &[String], rank: usize) -> Weighing {
        let names = among_or_all(self.results, among);
        let others: Vec<usize> =
            names.iter().map(|name| self.place(name)).filter(|place| *place != self.place(run)).collect();
        let pairs: Vec<[usize; 2]> = others.iter().map(|other| [self.place(run), *other]).collect();
        if claim.scope == Scope::Settings && rank == 1 {
            return self.ordered(claim, &pairs, Way::Better);
        }
        let quantities = claim.quantities();
        if let Some(unmeasured) = self.unmeasured(&[self.place(run)], &quantities) {
            return unmeasured;
        }
        all_of(quantities.into_iter().map(|quantity| self.best_by(run, &others, quantity, rank)).collect())
    }

    fn best_by(&self, run: &str, others: &[usize], quantity: Quantity, rank: usize) -> Weighing {
        let own = self.recipe(run).mean(quantity).unwrap_or(f64::NAN);
        let sign = if quantity.larger_is_better() { 1.0 } else { -1.0 };
        let known = others.iter().filter_map(|place| {
            let recipe = &self.results.recipes[*place];
            Some((recipe.name.as_str(), recipe.mean(quantity)?))
        });
        let mut known: Vec<(&str, f64)> = known.collect();
        known.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)));
        let better: Vec<String> = known
            .iter()
            .filter(|(_, value)| sign * value > sign * own)
            .map(|(name, value)| format!("{name} {}", words::number(*value)))
            .collect();
        let equal: Vec<&str> =
            known.iter().filter(|(_, value)| *value == own).map(|(name, _)| *name).collect();
        let label = quantity.label();
        let own_words = format!("{run} has a {label} of {}", words::number(own));
        let weighing = if better.len() >= rank {
            let is = if better.len() == 1 { "is" } else { "are" };
            let way = if quantity.larger_is_better() { "higher" } else { "lower" };
            let why = format!("{own_words}; {} {is} {way}.", words::list(&better));
            Weighing::new(ClaimVerdict::Contradicted, &["T1"], why)
        } else if equal.is_empty() {
            let next = known
                .get(better.len())
                .map(|(name, value)| format!("; next is {name} with {}", words::number(*value)));
            Weighing::new(
                ClaimVerdict::Supported,
                &["T1"],
                format!("{own_words}{}.", next.unwrap_or_default()),
            )
        } else {
            let why = format!(
                "{own_words}, which {} {} too: the place is shared.",
                words::list(&equal),
                if equal.len() == 1 { "has" } else { "have" }
            );
            Weighing::new(ClaimVerdict::Supported, &["T1"], why)
        };
        let ranking: Vec<(String, f64)> =
            known.iter().map(|(name, value)| (name.to_string(), *value)).collect();
        weighing.with(quantity.name(), json!({ "own": own, "others": ranking }))
    }

    /// Every pair of runs that differ in this setting alone must agree.
    pub(super) fn extreme_value(
        &self,
        claim: &ClaimTable,
        setting: &str,
        value: &SettingValue,
        is_best: bool,
    ) -> Weighing {
        let pairs = one_change_pairs(self.results, setting, value, &claim.among);
        if pairs.is_empty() {
            return Weighing::not_testable(format!(
                "No two runs differ in {setting} alone, one of them with this value."
            ));
        }
        let turned: Vec<[usize; 2]> =
            pairs.iter().map(|[a, b]| if is_best { [*a, *b] } else { [*b, *a] }).collect();
        self.ordered(claim, &turned, Way::Better)
    }
}

/// What a comparison over seeds and images says, in a sentence.
pub(crate) fn pair_sentence(names: [&str; 2], pair: &PairVerdict) -> String {
    let [a, b] = names;
    let label = pair.quantity.label();
    let shown = match (pair.difference(), pair.judged.interval) {
        (Some(d), Some(interval)) => {
            let range = format!("{} to {}", words::signed(interval.low), words::signed(interval.high));
            format!("{} [{range}]", words::signed(d))
        }
        (Some(d), None) => words::signed(d),
        (None, _) => "not measured".to_string(),
    };
    let seeds = format!("{} and {} seeds", pair.seeds[0], pair.seeds[1]);
    let p = |p: Option<f64>| p.map(words::p).unwrap_or_default();
    let basis = match pair.crossed.map(|crossed| crossed.basis) {
        Some(Basis::TheseImages) => " On these images only.",
        Some(Basis::UpperBound) => {
            " Without the images one by one the noise of the images is an upper bound."
        }
        Some(Basis::Images | Basis::Splits) | None => "",
    };
    let said = match pair.judged.verdict {
        Verdict::Better { .. } => {
            let adjusted = p(pair.judged.p_adjusted);
            let word = pair.word().name();
            format!(
                "{a} is {word} than {b} in {label}: {shown}, {seeds}, {adjusted} after Holm's correction."
            )
        }
        Verdict::Equivalent { within, ahead } => {
            let ahead = ahead.map_or(String::new(), |side| {
                let name = if side == Side::A { a } else { b };
                format!(" {name} is the larger one for certain, by less than that.")
            });
            let adjusted = p(pair.judged.p_equivalent_adjusted);
            let within =
                if pair.quantity.is_accuracy() { words::points(within) } else { words::number(within) };
            format!(
                "{a} and {b} are equivalent within {within} in {label}: {shown}, {seeds}, {adjusted} after Holm's correction.{ahead}"
            )
        }
        Verdict::Undecided { reason } => {
            format!("{a} and {b}, {label}: {shown}, {seeds}: undecided; {}.", undecided(reason))
        }
    };
    format!("{said}{basis}")
}

/// Why nothing is decided, and what would decide it.
pub(crate) fn undecided(reason: UndecidedReason) -> String {
    match reason {
        UndecidedReason::FailedRuns { failed, of } => {
            let told = |k: usize| format!("{} of {} runs", failed[k], of[k]);
            format!("{} of the first and {} of the second failed", told(0), told(1))
        }
        UndecidedReason::TooFewSeeds { seeds: [1, 1] } => "one run each".into(),
        UndecidedReason::TooFewSeeds { seeds: [a, b] } => {
            format!(
                "{} and {}; three of each are the fewest that decide",
                words::plural(a, "run", "runs"),
                words::plural(b, "run", "runs")
            )
        }
        UndecidedReason::NotMeasured => "it was not measured in both".into(),
        UndecidedReason::Chance { outlook } => outlook_words(&outlook),
    }
}

fn outlook_words(outlook: &Outlook) -> String {
    if let Some(limit) = outlook.image_limit {
        let images = limit.images.map_or("these images".to_string(), |n| format!("{n} images"));
        let needed = limit
            .images_needed
            .map_or(String::new(), |needed| format!("; about {} images could", two_digits(needed)));
        return format!("if the difference stays as it is, more seeds cannot decide it on {images}{needed}");
    }
    match outlook.more_seeds {
        Some(more) => {
            let word = match more.likelier {
                Likelier::Better => "better",
                Likelier::Equivalent => "equivalent",
            };
            let k = more.more[0].max(more.more[1]);
            let seeds = words::plural(k, "more seed decides", "more seeds decide");
            format!("about {seeds} it as likely as not (likelier: {word})")
        }
        None => format!("more than {} seeds of each are needed", outlook.at_most),
    }
}

/// About so many: 123,456 is 120000.
fn two_digits(value: f64) -> String {
    let size = 10f64.powf(value.max(1.0).log10().floor() - 1.0).max(1.0);
    format!("{:.0}", (value / size).round() * size)
}

/// The numbers of a comparison.
pub(crate) fn pair_numbers(pair: &PairVerdict) -> serde_json::Value {
    json!({
        "difference": pair.difference(), "low": pair.judged.interval.map(|interval| interval.low),
        "high": pair.judged.interval.map(|interval| interval.high), "p": pair.judged.p,
        "p_adjusted": pair.judged.p_adjusted, "p_equivalent": pair.judged.p_equivalent,
        "p_equivalent_adjusted": pair.judged.p_equivalent_adjusted,
        "seed_part": pair.crossed.map(|crossed| crossed.seed_part),
        "image_part": pair.crossed.map(|crossed| crossed.image_part), "seeds": pair.seeds,
    })
}
