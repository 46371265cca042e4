//! Whether published numbers come out again: each against the prediction interval of our seeds, Holm over all of them.

use serde::{Serialize, Serializer};
use serde_json::json;
use toile_stats::{Interval, Printed, holm, prediction};

use super::{ClaimVerdict, Weigher, Weighing};
use crate::pairs::ALPHA;
use crate::quantity::Quantity;
use crate::results::Results;
use crate::words;

/// A published number against the runs made here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reproduction {
    /// The recipe.
    pub run: String,
    /// What was published.
    pub metric: Quantity,
    /// The published number.
    pub published: f64,
    /// The mean of our runs.
    pub mean: f64,
    /// How many they are.
    pub seeds: usize,
    /// Where one more run falls at 95 %, the published digits' rounding included; `None` for fewer than two runs, or
    /// runs without spread.
    #[serde(serialize_with = "ends")]
    pub interval: Option<Interval>,
    /// Two-sided p, alone.
    pub p: Option<f64>,
    /// After Holm's correction over all published numbers.
    pub p_adjusted: Option<f64>,
    /// Whether it comes out again; `None` where that cannot be said.
    pub comes_out: Option<bool>,
}

/// An interval as `[low, high]`.
fn ends<S: Serializer>(interval: &Option<Interval>, serializer: S) -> Result<S::Ok, S::Error> {
    interval.map(|interval| [interval.low, interval.high]).serialize(serializer)
}

/// Every published number against our runs. The same published row counts once, with the recipe that stands first.
pub fn reproductions(results: &Results) -> Vec<Reproduction> {
    let mut all = Vec::new();
    for recipe in &results.recipes {
        for (quantity, published) in &recipe.published {
            let values = recipe.values(*quantity);
            let Some(mean) = recipe.mean(*quantity) else { continue };
            let found = prediction(*published, &values, 1.0 - ALPHA);
            all.push(Reproduction {
                run: recipe.name.clone(),
                metric: *quantity,
                published: published.value,
                mean,
                seeds: values.len(),
                interval: found.map(|found| found.interval),
                p: found.and_then(|found| found.p_rounded.or(Some(certain(published, found.interval)))),
                p_adjusted: None,
                comes_out: None,
            });
        }
    }
    let known: Vec<usize> = (0..all.len()).filter(|i| all[*i].p.is_some()).collect();
    let p: Vec<f64> = known.iter().filter_map(|i| all[*i].p).collect();
    for (i, adjusted) in known.into_iter().zip(holm(&p)) {
        (all[i].p_adjusted, all[i].comes_out) = (Some(adjusted), Some(adjusted > ALPHA));
    }
    all
}

/// Of runs without any spread: they give one number, and no other.
fn certain(published: &Printed, interval: Interval) -> f64 {
    if interval.contains(published.value) { 1.0 } else { 0.0 }
}

impl Weigher<'_> {
    pub(super) fn reproduces(&self, name: &str) -> Weighing {
        let shown = words::quoted(name);
        if self.recipe(name).published.is_empty() {
            return Weighing::not_testable(format!("Nothing was published for {shown}."));
        }
        let all: Vec<Reproduction> =
            reproductions(self.results).into_iter().filter(|one| one.run == name).collect();
        let outside: Vec<&Reproduction> = all.iter().filter(|one| one.comes_out == Some(false)).collect();
        let known = all.iter().filter(|one| one.comes_out.is_some()).count();
        let n = self.recipe(name).published.len();
        let (verdict, why) = if let Some(first) = outside.first() {
            let why = format!(
                "{} of {known} published numbers of {shown} lie outside what our runs predict, first {}: {} published, {} here over {} seeds.",
                outside.len(),
                first.metric.label(),
                words::number(first.published),
                words::number(first.mean),
                first.seeds
            );
            (ClaimVerdict::Contradicted, why)
        } else if known == n {
            (
                ClaimVerdict::Supported,
                format!("All {n} published numbers of {shown} lie within what our runs predict."),
            )
        } else if all.iter().all(|one| one.seeds < 2) {
            (
                ClaimVerdict::UndecidedFromOneRun,
                format!("One run of {shown} has no spread to hold the published numbers against."),
            )
        } else {
            (
                ClaimVerdict::Undecided,
                format!("{known} of {n} published numbers of {shown} could be held against our runs."),
            )
        };
        Weighing::new(verdict, &["seeds"], why).with("published", json!(all))
    }
}
