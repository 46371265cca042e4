//! Pruners: whether a trial is worth going on with. Each has its settings and decides in a file of its own.
//!
//! The rules and their arithmetic are those of Optuna 5.0, whatever the steps are counted from.

mod hyperband;
mod patient;
mod percentile;
mod signed_rank;
mod successive_halving;
mod threshold;
mod wilcoxon;

pub use hyperband::HyperbandPruner;
pub use patient::PatientPruner;
pub use percentile::{MedianPruner, PercentilePruner};
pub use successive_halving::SuccessiveHalvingPruner;
pub use threshold::ThresholdPruner;
pub use wilcoxon::WilcoxonPruner;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Direction, Trial};

/// When a trial is stopped before its end. All names and defaults are Optuna's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pruner {
    /// Never.
    #[default]
    None,
    /// When its best value so far is worse than the median of the others at the same step.
    Median(MedianPruner),
    /// When its best value so far is not among the best so many percent of the others at the same step.
    Percentile(PercentilePruner),
    /// When it is not among the best 1 / `reduction_factor` of those that have come as far.
    SuccessiveHalving(SuccessiveHalvingPruner),
    /// Successive halving in several brackets, each of which begins to prune at another step.
    Hyperband(HyperbandPruner),
    /// When another pruner would stop it and it has not improved for a while.
    Patient(PatientPruner),
    /// When a value leaves given bounds.
    Threshold(ThresholdPruner),
    /// When its seeds are significantly worse than the same seeds of the best trial (Wilcoxon's signed-rank test).
    Wilcoxon(WilcoxonPruner),
}

/// A question to a pruner: should this trial, which has just reported a step, stop?
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The search's name: hyperband assigns brackets by it.
    pub search: &'a str,
    /// Where better lies.
    pub direction: Direction,
    /// The other trials that may be known, by number.
    pub history: &'a [Trial],
    /// The trial itself, with all that it has reported and the rungs it has completed.
    pub trial: &'a Trial,
}

/// A pruner's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Whether the trial should stop.
    pub prune: bool,
    /// The values with which it completed further rungs of successive halving; to be appended to its `rungs`.
    pub rungs: Vec<f64>,
}

impl From<bool> for Verdict {
    fn from(prune: bool) -> Verdict {
        Verdict { prune, rungs: Vec::new() }
    }
}

impl Pruner {
    /// Whether the trial should stop after the largest step that it has reported. A trial without reports goes on.
    pub fn decide(&self, look: &Look) -> Verdict {
        match self {
            Pruner::None => Verdict::default(),
            Pruner::Median(median) => PercentilePruner::from(median).prunes(look).into(),
            Pruner::Percentile(percentile) => percentile.prunes(look).into(),
            Pruner::SuccessiveHalving(halving) => halving.decide(look),
            Pruner::Hyperband(hyperband) => hyperband.decide(look),
            Pruner::Patient(patient) => patient.decide(look),
            Pruner::Threshold(threshold) => threshold.prunes(look).into(),
            Pruner::Wilcoxon(wilcoxon) => wilcoxon.prunes(look).into(),
        }
    }

    /// Looks for settings that exclude each other, which Optuna refuses too.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Pruner::SuccessiveHalving(halving) if halving.min_resource.is_none() => {
                no_bootstrap(halving.bootstrap_count, "min_resource")
            }
            Pruner::Hyperband(hyperband) if hyperband.max_resource.is_none() => {
                no_bootstrap(hyperband.bootstrap_count, "max_resource")
            }
            Pruner::Patient(PatientPruner { pruner: Some(inner), .. }) => inner.check(),
            Pruner::Threshold(threshold) => threshold.check(),
            _ => Ok(()),
        }
    }
}

fn no_bootstrap(bootstrap_count: usize, missing: &str) -> Result<(), String> {
    match bootstrap_count {
        0 => Ok(()),
        _ => Err(format!("`bootstrap_count` needs `{missing}` to be said")),
    }
}

/// The largest reported step and its value, if it is the first at or after the begin of an interval: then it is time to
/// decide. Intervals are counted from the end of the warm-up.
fn due(trial: &Trial, n_warmup_steps: usize, interval_steps: usize) -> Option<(i64, f64)> {
    let (step, value) = trial.last_step()?;
    let (warmup, interval) = (n_warmup_steps as i64, interval_steps as i64);
    let begin = step - (step - warmup).rem_euclid(interval);
    // Optuna starts its search for the step before at -1, so that smaller ones count as it.
    let before = trial.intermediate.range(..step).next_back().map_or(-1, |(&step, _)| step.max(-1));
    (step >= warmup && before < begin).then_some((step, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_exclude_each_other_are_refused() {
        let refused = |text: &str| {
            let pruner: Pruner = serde_json::from_str(text).expect("a pruner");
            pruner.check().expect_err(text)
        };
        assert_eq!(
            refused(r#"{"successive_halving": {"bootstrap_count": 2}}"#),
            "`bootstrap_count` needs `min_resource` to be said"
        );
        assert_eq!(
            refused(r#"{"patient": {"patience": 3, "pruner": {"hyperband": {"bootstrap_count": 2}}}}"#),
            "`bootstrap_count` needs `max_resource` to be said"
        );
        assert_eq!(refused(r#"{"threshold": {}}"#), "`lower` or `upper` must be said");
        assert_eq!(
            refused(r#"{"threshold": {"lower": 2.0, "upper": 1.0}}"#),
            "`lower` must not be above `upper`, found 2.0 and 1.0"
        );
    }

    #[test]
    fn settings_that_fit_are_accepted() {
        for text in [
            r#""none""#,
            r#"{"median": {}}"#,
            r#"{"successive_halving": {"min_resource": 1, "bootstrap_count": 2}}"#,
            r#"{"hyperband": {}}"#,
            r#"{"patient": {"patience": 3}}"#,
            r#"{"threshold": {"upper": 1.0}}"#,
            r#"{"wilcoxon": {}}"#,
        ] {
            let pruner: Pruner = serde_json::from_str(text).expect("a pruner");
            assert_eq!(pruner.check(), Ok(()), "{text}");
        }
    }
}
