//! Findings about a study as a whole: what its table allows and what it does not, whatever its text says.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{NamedFinding, Severity, searches};
use crate::pair::PairVerdict;
use crate::quantity::Quantity;
use crate::ranking::RankedGroups;
use crate::results::{Recipe, Results};
use crate::weigh::{ClaimVerdict, TwoNumbers, WeighedClaim};
use crate::words;

/// Names of a sentence; of more only the number is said.
const MOST_NAMES: usize = 8;

/// A loss that is lower by this share, while accuracy does not move, is told.
const LOSS_SHARE: f64 = 0.1;

/// The names of all findings about studies.
pub const STUDY_NAMES: [&str; 11] = [
    ONE_RUN_EACH,
    WITHIN_NOISE,
    IDENTICAL_SETTINGS,
    UNEQUAL_UPDATES,
    BETTER_LOSS_ONLY,
    searches::ONE_AT_A_TIME,
    searches::BELOW_A_KNOWN_POINT,
    TEST_HARDER,
    CONTRADICTED,
    CONFOUNDED,
    CAPACITY,
];
const ONE_RUN_EACH: &str = "one_run_each";
const WITHIN_NOISE: &str = "within_noise";
const IDENTICAL_SETTINGS: &str = "identical_settings";
const UNEQUAL_UPDATES: &str = "unequal_updates";
const BETTER_LOSS_ONLY: &str = "better_loss_only";
const TEST_HARDER: &str = "test_harder_than_validation";
const CONTRADICTED: &str = "contradicted_claim";
const CONFOUNDED: &str = "confounded_claim";
const CAPACITY: &str = "capacity_not_established";

/// The names of findings that claims give.
pub(super) const OF_CLAIMS: [&str; 3] = [CONTRADICTED, CONFOUNDED, CAPACITY];

/// What was judged of a study.
pub(crate) struct JudgedStudy<'a> {
    pub results: &'a Results,
    pub pairs: &'a [PairVerdict],
    pub groups: &'a RankedGroups,
    pub claims: &'a [WeighedClaim],
}

/// What is to be said of a study.
pub(crate) fn of_study(judged: &JudgedStudy) -> Vec<NamedFinding> {
    let mut found: Vec<NamedFinding> = Vec::new();
    found.extend(one_run_each(judged.results));
    found.extend(within_noise(judged));
    found.extend(identical_settings(judged.results));
    found.extend(judged.ranked_pairs().filter_map(|(pair, [a, b])| unequal_updates(pair, a, b)));
    found.extend(
        judged.ranked_pairs().filter_map(|(pair, [a, b])| better_loss_only(judged.results, pair, a, b)),
    );
    found.extend(searches::one_factor_at_a_time(judged.results));
    found.extend(searches::below_a_known_point(judged.results));
    found.extend(test_harder(judged.results));
    found.extend(judged.claims.iter().filter_map(of_claim));
    found
}

pub(super) fn finding(
    name: &'static str,
    severity: Severity,
    statement: String,
    rule: &'static str,
    numbers: Value,
    advice: &str,
) -> NamedFinding {
    let numbers = match numbers {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    NamedFinding {
        run: None,
        seed: None,
        finding: name,
        severity,
        statement,
        rule,
        numbers,
        advice: advice.into(),
    }
}

fn names(recipes: &[&Recipe]) -> String {
    match recipes.len() {
        0..=MOST_NAMES => words::list(&recipes.iter().map(|recipe| recipe.quoted()).collect::<Vec<_>>()),
        n => format!("{n} runs"),
    }
}

/// T3: one run each cannot tell what settings do from what seeds do.
fn one_run_each(results: &Results) -> Option<NamedFinding> {
    let once = results.recipes.iter().filter(|recipe| recipe.runs.len() == 1).count();
    let of = results.recipes.len();
    let were = if once == 1 { "was" } else { "were" };
    let statement = format!(
        "{once} of {of} configurations {were} run once: no spread over seeds is known, so that a difference between two of \
         them speaks of two networks, not of their settings."
    );
    (once > 0 && of > 1).then(|| {
        finding(
            ONE_RUN_EACH,
            Severity::Warning,
            statement,
            "three runs of each are the fewest that decide anything about settings (verdicts over seeds and images)",
            json!({ "run_once": once, "configurations": of }),
            "repeat each configuration with five seeds",
        )
    })
}

/// T2: what lies within the noise of the best has no order.
fn within_noise(judged: &JudgedStudy) -> Option<NamedFinding> {
    let quantity = judged.groups.quantity.filter(|quantity| quantity.is_accuracy())?;
    let results = judged.results;
    let n = results.images(quantity.part()?)?;
    let mut ranked: Vec<(&Recipe, f64)> =
        results.recipes.iter().filter_map(|recipe| Some((recipe, recipe.mean(quantity)?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut runs: Vec<Vec<&Recipe>> = Vec::new();
    let mut first = 0.0;
    for (recipe, value) in ranked.iter().filter(|(recipe, _)| recipe.runs.len() < toile_stats::FEWEST_SEEDS) {
        let pair = TwoNumbers::of_accuracies(quantity, [first, *value], n);
        let is_near = pair.statistics(None).is_some_and(|table| table.found.z.is_none_or(|z| z.abs() < 1.96));
        match runs.last_mut().filter(|_| is_near) {
            Some(run) => run.push(recipe),
            None => {
                first = *value;
                runs.push(vec![recipe]);
            }
        }
    }
    let tied: Vec<&Vec<&Recipe>> = runs.iter().filter(|run| run.len() > 1).collect();
    let told: Vec<String> = tied
        .iter()
        .map(|run| {
            let value = |recipe: &&Recipe| words::number(recipe.mean(quantity).unwrap_or(f64::NAN));
            let range = format!("{} to {}", value(&run[run.len() - 1]), value(&run[0]));
            format!("{} ({range})", names(run))
        })
        .collect();
    (!told.is_empty()).then(|| {
        finding(
            WITHIN_NOISE,
            Severity::Warning,
            format!(
                "By {} these differ from the first of their list by less than the noise of {}, and have no order: {}.",
                quantity.label(),
                words::plural(n, "image", "images"),
                told.join("; ")
            ),
            "two independent proportions, |z| < 1.96 (unpooled)",
            json!({ "groups": tied.iter().map(|run| run.iter().map(|r| r.name.clone()).collect::<Vec<_>>()).collect::<Vec<_>>() }),
            "do not read the order; keep which images each run gets right, and repeat with other seeds",
        )
    })
}

/// Two names for one configuration: their runs are repetitions of each other.
fn identical_settings(results: &Results) -> Vec<NamedFinding> {
    let mut same: Vec<Vec<&Recipe>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for recipe in results.recipes.iter().filter(|recipe| !recipe.settings.is_empty()) {
        // In the order of the names: the order in which settings are stated says nothing.
        let settings: BTreeMap<&String, &Value> = recipe.settings.iter().collect();
        let place = *places.entry(json!(settings).to_string()).or_insert(same.len());
        if place == same.len() {
            same.push(Vec::new());
        }
        same[place].push(recipe);
    }
    let several = same.iter().filter(|recipes| recipes.len() > 1);
    several
        .map(|recipes| {
            finding(
                IDENTICAL_SETTINGS,
                Severity::Warning,
                format!(
                    "{} have the same settings: they are repetitions of one configuration.",
                    names(recipes)
                ),
                "every stated setting is equal",
                json!({ "runs": recipes.iter().map(|recipe| recipe.name.clone()).collect::<Vec<_>>() }),
                "give them one name and several seeds; their mean counts, not the luckiest of them",
            )
        })
        .collect()
}

impl<'a> JudgedStudy<'a> {
    /// The pairs of the ranking, with their recipes.
    fn ranked_pairs(&self) -> impl Iterator<Item = (&'a PairVerdict, [&'a Recipe; 2])> {
        let recipes = &self.results.recipes;
        let ranked = self.pairs.iter().filter(|pair| pair.is_ranked);
        ranked.map(|pair| (pair, pair.places.map(|place| &recipes[place])))
    }
}

/// T6: another batch size at equal epochs is another number of updates.
fn unequal_updates(pair: &PairVerdict, a: &Recipe, b: &Recipe) -> Option<NamedFinding> {
    let contrast = &pair.contrast;
    // What a search chose was not meant to be compared at equal updates.
    let is_meant = contrast.only() == Some("batch_size") && a.best_of.is_none() && b.best_of.is_none();
    (is_meant && contrast.has_unequal_updates()).then(|| {
        finding(
            UNEQUAL_UPDATES,
            Severity::Warning,
            format!(
                "{} and {} differ in {}: what one does better cannot be put down to the batch size.",
                a.quoted(),
                b.quoted(),
                contrast.words()
            ),
            "a cause needs one changed setting and equal updates, epochs · ⌈n / batch size⌉",
            json!({ "a": a.name, "b": b.name, "updates": contrast.updates }),
            "add a run of the larger batch with as many updates, or a learning rate tuned for each batch size",
        )
    })
}

/// A loss that is much lower while accuracy does not move: better probabilities, not more images.
fn better_loss_only(results: &Results, pair: &PairVerdict, a: &Recipe, b: &Recipe) -> Option<NamedFinding> {
    // Another loss, or a smoothed one, is another quantity: which is lower says nothing.
    pair.contrast.only().filter(|name| *name != "label_smoothing" && !name.starts_with("loss"))?;
    better_loss(results, a, b).or_else(|| better_loss(results, b, a))
}

/// That `a` has a much lower test loss than `b`, and an accuracy that is not distinguishable.
fn better_loss(results: &Results, a: &Recipe, b: &Recipe) -> Option<NamedFinding> {
    let loss = [a.mean(Quantity::TestLoss)?, b.mean(Quantity::TestLoss)?];
    let accuracy = [a.mean(Quantity::TestAccuracy)?, b.mean(Quantity::TestAccuracy)?];
    let share = 1.0 - loss[0] / loss[1];
    let table =
        TwoNumbers::of_accuracies(Quantity::TestAccuracy, accuracy, results.n_test?).statistics(None)?;
    let is_noise = table.found.z.is_none_or(|z| z.abs() < 1.96);
    (share >= LOSS_SHARE && is_noise).then(|| {
        let z = words::z(table.found.z.unwrap_or(0.0));
        let [x, y] = accuracy.map(words::number);
        finding(
            BETTER_LOSS_ONLY,
            Severity::Note,
            format!(
                "The test loss of {} is {:.0} % below that of {} ({} against {}); its test accuracy is {x} against {y}, within \
                 noise (z {z}): better probabilities, not more images. A lower loss alone is no better calibration.",
                a.quoted(), 100.0 * share, b.quoted(), words::number(loss[0]), words::number(loss[1])
            ),
            "test loss lower by 10 % or more, |z| of the accuracies below 1.96, one changed setting",
            json!({ "a": a.name, "b": b.name, "loss": loss, "accuracy": accuracy, "z": table.found.z }),
            "say which of the two was wanted; look at the calibration error before speaking of calibration",
        )
    })
}

/// Whether the test part is harder than the validation part for nearly all.
fn test_harder(results: &Results) -> Option<NamedFinding> {
    let gap =
        |recipe: &Recipe| Some(recipe.mean(Quantity::TestAccuracy)? - recipe.mean(Quantity::ValAccuracy)?);
    let gaps: Vec<f64> = results.recipes.iter().filter_map(gap).collect();
    let below = gaps.iter().filter(|gap| **gap < 0.0).count();
    // Of eight recipes or more, nine tenths: a sign test of independent ones would give p below 0.04.
    if gaps.len() < 8 || 10 * below < 9 * gaps.len() {
        return None;
    }
    let least = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    Some(finding(
        TEST_HARDER,
        Severity::Note,
        format!(
            "Test accuracy lies below validation accuracy in {below} of {} configurations, by up to {}: the test images are \
             harder, or validation was used for the choice. Being unseen does not explain it: the validation images are unseen too.",
            gaps.len(),
            words::points(least)
        ),
        "test below validation in nine of ten configurations or more, of eight at least",
        json!({ "below": below, "configurations": gaps.len(), "largest": least }),
        "compare numbers of one part only",
    ))
}

/// A claim that does not hold, or that nothing here can establish.
fn of_claim(claim: &WeighedClaim) -> Option<NamedFinding> {
    let (name, severity, advice) = match claim.verdict {
        ClaimVerdict::Contradicted => {
            (CONTRADICTED, Severity::Alarm, "take the sentence out, or say what the numbers say")
        }
        ClaimVerdict::Confounded => {
            (CONFOUNDED, Severity::Warning, "change one setting at a time, at equal updates")
        }
        ClaimVerdict::NotTestable if claim.rules.contains(&"T8") => {
            (CAPACITY, Severity::Warning, "train other widths, each at a tuned learning rate")
        }
        _ => return None,
    };
    let says = claim.says.as_deref().unwrap_or(&claim.id);
    let statement = format!("“{}” is {}: {}", says.trim_end_matches('.'), claim.verdict.name(), claim.why);
    let rule = "the rules of claims: docs/judge.md";
    let numbers = json!({ "claim": claim.id, "rules": claim.rules });
    Some(finding(name, severity, statement, rule, numbers, advice))
}
