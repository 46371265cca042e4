//! Pruners: whether a trial is worth going on with.
//!
//! The rules and their arithmetic are those of Optuna 5.0, whatever the steps are counted from. A pruner is a file with
//! its settings, which implement [`PruningAlgorithm`], and a line of the list below.

mod hyperband;
mod median;
mod patient;
mod percentile;
mod signed_rank;
mod successive_halving;
mod threshold;
mod wilcoxon;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::family::family;
use crate::{Direction, Trial};

family! {
    /// When a trial is stopped before its end. All names and defaults are Optuna's.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub enum Pruner: PruningAlgorithm {
        none {
            /// Never.
            #[default]
            "none" => None(NoPruner)
        }
        /// When its best value so far is worse than the median of the others at the same step.
        "median" => Median(median::MedianPruner),
        /// When its best value so far is not among the best so many percent of the others at the same step.
        "percentile" => Percentile(percentile::PercentilePruner),
        /// When it is not among the best 1 / `reduction_factor` of those that have come as far.
        "successive_halving" => SuccessiveHalving(successive_halving::SuccessiveHalvingPruner),
        /// Successive halving in several brackets, each of which begins to prune at another step.
        "hyperband" => Hyperband(hyperband::HyperbandPruner),
        /// When another pruner would stop it and it has not improved for a while.
        "patient" => Patient(patient::PatientPruner),
        /// When a value leaves given bounds.
        "threshold" => Threshold(threshold::ThresholdPruner),
        /// When its seeds are significantly worse than the same seeds of the best trial (Wilcoxon's signed-rank test).
        "wilcoxon" => Wilcoxon(wilcoxon::WilcoxonPruner),
    }
}

/// What a pruner is asked. Every pruner answers every question: there are no default methods.
trait PruningAlgorithm {
    /// Whether the trial should stop after the largest step that it has reported.
    fn decide(&self, context: &PruningContext) -> PruningDecision;

    /// Looks for settings that contradict each other, as Optuna refuses them.
    fn check(&self) -> Result<(), PrunerSettingsError>;

    /// Looks for settings with which it can never prune, though Optuna allows them.
    fn check_effect(&self) -> Result<(), PrunerSettingsError>;

    /// Whether a step is a repetition of the trial with another seed, not an epoch.
    fn compares_seeds(&self) -> bool;

    /// Whether the search's name decides: under another name it prunes other trials.
    fn depends_on_name(&self) -> bool;
}

/// What a pruner decides from: a trial that has just reported a step, and the others.
#[derive(Clone, Copy, Debug)]
pub struct PruningContext<'a> {
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
pub struct PruningDecision {
    /// Whether the trial should stop.
    pub prune: bool,
    /// The values with which it completed further rungs of successive halving; to be appended to its `rungs`.
    pub rungs: Vec<f64>,
}

/// Settings of a pruner that contradict each other, or with which it never prunes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrunerSettingsError {
    /// What is wrong.
    pub message: String,
    /// What would be right; empty where the message says it.
    pub help: String,
}

impl From<bool> for PruningDecision {
    fn from(prune: bool) -> PruningDecision {
        PruningDecision { prune, rungs: Vec::new() }
    }
}

impl fmt::Display for PrunerSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PrunerSettingsError {}

impl PrunerSettingsError {
    fn new(message: impl Into<String>, help: &str) -> PrunerSettingsError {
        PrunerSettingsError { message: message.into(), help: help.into() }
    }
}

impl Pruner {
    /// Whether the trial should stop after the largest step that it has reported. A trial without reports goes on.
    pub fn decide(&self, context: &PruningContext) -> PruningDecision {
        self.member().decide(context)
    }

    /// Looks for settings that contradict each other, as Optuna refuses them.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn check(&self) -> Result<(), PrunerSettingsError> {
        self.member().check()
    }

    /// Looks for settings with which it can never prune, though Optuna allows them.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn check_effect(&self) -> Result<(), PrunerSettingsError> {
        self.member().check_effect()
    }

    /// Whether it compares the repetitions of a trial with other seeds, so that a step is one of them, not an epoch.
    pub fn compares_seeds(&self) -> bool {
        self.member().compares_seeds()
    }

    /// Whether the search's name decides: under another name it prunes other trials.
    pub fn depends_on_name(&self) -> bool {
        self.member().depends_on_name()
    }
}

/// No pruning.
struct NoPruner;

impl PruningAlgorithm for NoPruner {
    fn decide(&self, _context: &PruningContext) -> PruningDecision {
        PruningDecision::default()
    }

    fn check(&self) -> Result<(), PrunerSettingsError> {
        Ok(())
    }

    fn check_effect(&self) -> Result<(), PrunerSettingsError> {
        Ok(())
    }

    fn compares_seeds(&self) -> bool {
        false
    }

    fn depends_on_name(&self) -> bool {
        false
    }
}

/// Refuses a `bootstrap_count` where the resource that it refers to has no value.
fn check_bootstrap(
    bootstrap_count: usize,
    name: &str,
    resource: Option<usize>,
) -> Result<(), PrunerSettingsError> {
    if bootstrap_count == 0 || resource.is_some() {
        return Ok(());
    }
    let help = format!("set `{name}`, or leave `bootstrap_count` out");
    Err(PrunerSettingsError::new(format!("`bootstrap_count` needs `{name}`"), &help))
}

/// The largest reported step and its value, if it is the first one in its interval: then it is time to decide.
/// Intervals are counted from the end of the warm-up.
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
            pruner.check().expect_err(text).to_string()
        };
        assert_eq!(
            refused(r#"{"successive_halving": {"bootstrap_count": 2}}"#),
            "`bootstrap_count` needs `min_resource`"
        );
        assert_eq!(
            refused(r#"{"patient": {"patience": 3, "pruner": {"hyperband": {"bootstrap_count": 2}}}}"#),
            "`bootstrap_count` needs `max_resource`"
        );
        assert_eq!(refused(r#"{"threshold": {}}"#), "`threshold` needs `lower` or `upper`");
        assert_eq!(
            refused(r#"{"threshold": {"lower": 2.0, "upper": 1.0}}"#),
            "`upper` must not be below `lower`, found 1.0 and 2.0"
        );
    }

    #[test]
    fn a_pruner_that_can_never_prune_is_found() {
        for text in [
            r#"{"hyperband": {"min_resource": 9, "max_resource": 3}}"#,
            r#"{"patient": {"patience": 3, "pruner": {"hyperband": {"min_resource": 9, "max_resource": 3}}}}"#,
        ] {
            let pruner: Pruner = serde_json::from_str(text).expect("a pruner");
            assert_eq!(pruner.check(), Ok(()), "{text}");
            let error = pruner.check_effect().expect_err(text);
            assert_eq!(error.message, "`max_resource` must not be below `min_resource`, found 3 and 9");
        }
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
            assert_eq!((pruner.check(), pruner.check_effect()), (Ok(()), Ok(())), "{text}");
        }
    }
}
