//! Pruners: whether a trial is worth going on with.

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

/// As `percentile` with 50.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MedianPruner {
    /// Complete trials that there must be before any is pruned.
    #[schemars(range(min = 0, max = 100_000))]
    pub n_startup_trials: usize,
    /// Steps of a trial before which it is not pruned.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub n_warmup_steps: usize,
    /// Steps from one decision to the next.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub interval_steps: usize,
    /// Values of others that there must be at a step.
    #[schemars(range(min = 1, max = 100_000))]
    pub n_min_trials: usize,
}

impl Default for MedianPruner {
    fn default() -> Self {
        MedianPruner { n_startup_trials: 5, n_warmup_steps: 0, interval_steps: 1, n_min_trials: 1 }
    }
}

/// Keeps the best so many percent at each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PercentilePruner {
    /// How many percent are kept.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub percentile: f64,
    /// As in `median`.
    #[serde(default = "five")]
    #[schemars(range(min = 0, max = 100_000))]
    pub n_startup_trials: usize,
    /// As in `median`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub n_warmup_steps: usize,
    /// As in `median`.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub interval_steps: usize,
    /// As in `median`.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100_000))]
    pub n_min_trials: usize,
}

fn one() -> usize {
    1
}

fn five() -> usize {
    5
}

/// Asynchronous successive halving (ASHA).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessiveHalvingPruner {
    /// Steps before the first decision; a hundredth of the longest complete trial if it is not said.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_resource: Option<usize>,
    /// η: one of so many goes on.
    #[schemars(range(min = 2, max = 1000))]
    pub reduction_factor: usize,
    /// The first decision comes at `min_resource` η^`min_early_stopping_rate` steps.
    #[schemars(range(min = 0, max = 20))]
    pub min_early_stopping_rate: usize,
    /// Trials that must have come to a decision before one goes on.
    #[schemars(range(min = 0, max = 100_000))]
    pub bootstrap_count: usize,
}

impl Default for SuccessiveHalvingPruner {
    fn default() -> Self {
        SuccessiveHalvingPruner {
            min_resource: None,
            reduction_factor: 4,
            min_early_stopping_rate: 0,
            bootstrap_count: 0,
        }
    }
}

/// Successive halving in several brackets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HyperbandPruner {
    /// As in `successive_halving`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_resource: usize,
    /// The steps of a whole trial; those of the longest complete one if it is not said.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_resource: Option<usize>,
    /// As in `successive_halving`.
    #[schemars(range(min = 2, max = 1000))]
    pub reduction_factor: usize,
    /// As in `successive_halving`.
    #[schemars(range(min = 0, max = 100_000))]
    pub bootstrap_count: usize,
}

impl Default for HyperbandPruner {
    fn default() -> Self {
        HyperbandPruner { min_resource: 1, max_resource: None, reduction_factor: 3, bootstrap_count: 0 }
    }
}

/// Another pruner, with patience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatientPruner {
    /// The pruner that decides once patience is at its end; without one, patience alone decides.
    #[serde(default)]
    pub pruner: Option<Box<Pruner>>,
    /// Steps without improvement that are tolerated.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub patience: usize,
    /// What does not count as an improvement yet.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
}

/// Bounds for the values on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThresholdPruner {
    /// Values below are pruned.
    pub lower: Option<f64>,
    /// Values above are pruned.
    pub upper: Option<f64>,
    /// As in `median`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub n_warmup_steps: usize,
    /// As in `median`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub interval_steps: usize,
}

impl Default for ThresholdPruner {
    fn default() -> Self {
        ThresholdPruner { lower: None, upper: None, n_warmup_steps: 0, interval_steps: 1 }
    }
}

/// Wilcoxon's signed-rank test between the seeds of a trial and the same seeds of the best one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WilcoxonPruner {
    /// Trials whose p is below are pruned.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_threshold: f64,
    /// Seeds before which no trial is pruned.
    #[schemars(range(min = 0, max = 1000))]
    pub n_startup_steps: usize,
}

impl Default for WilcoxonPruner {
    fn default() -> Self {
        WilcoxonPruner { p_threshold: 0.1, n_startup_steps: 2 }
    }
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
