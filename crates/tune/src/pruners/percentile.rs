//! Percentile: a trial is compared with what the complete trials had at the same step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision, due};
use crate::{Direction, State, Trial};

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

impl PercentilePruner {
    /// Keeps so many percent; all else as in Optuna.
    pub fn new(percentile: f64) -> PercentilePruner {
        PercentilePruner {
            percentile,
            n_startup_trials: five(),
            n_warmup_steps: 0,
            interval_steps: one(),
            n_min_trials: one(),
        }
    }

    /// Whether the best of all that the trial has reported is worse than the percentile of the others at its last step.
    /// Nothing but NaN is worse than anything.
    fn prunes(&self, context: &PruningContext) -> bool {
        let complete = || context.history.iter().filter(|trial| trial.state == State::Complete);
        if complete().count() < self.n_startup_trials.max(1) {
            return false;
        }
        let Some((step, _)) = due(context.trial, self.n_warmup_steps, self.interval_steps) else {
            return false;
        };
        let Some(best) = best(context.trial, context.direction) else { return true };
        let others: Vec<f64> =
            complete().filter_map(|trial| trial.intermediate.get(&step).copied()).collect();
        let enough = others.len() >= self.n_min_trials;
        enough && context.direction.is_better(self.bar(others, context.direction), best)
    }

    fn bar(&self, values: Vec<f64>, direction: Direction) -> f64 {
        match direction {
            Direction::Minimize => percentile(values, self.percentile),
            Direction::Maximize => percentile(values, 100.0 - self.percentile),
        }
    }
}

impl PruningAlgorithm for PercentilePruner {
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        self.prunes(context).into()
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

/// The best value of all steps, if one is a number.
fn best(trial: &Trial, direction: Direction) -> Option<f64> {
    let numbers = trial.intermediate.values().copied().filter(|value| !value.is_nan());
    numbers.reduce(|a, b| if direction.is_better(b, a) { b } else { a })
}

/// NumPy's `nanpercentile` to the bit: NaN left out, neighbours joined by a line. NaN of nothing, and beside
/// infinities.
fn percentile(mut values: Vec<f64>, percent: f64) -> f64 {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let place = last as f64 * (percent / 100.0);
    let below = (place as usize).min(last);
    let (a, b, t) = (values[below], values[(below + 1).min(last)], place - below as f64);
    if t < 0.5 { a + (b - a) * t } else { b - (b - a) * (1.0 - t) }
}

#[cfg(test)]
mod tests {
    use super::percentile;

    /// `np.nanpercentile` of NumPy 2.4.
    #[test]
    fn percentiles_are_numpy_s() {
        let values = || vec![0.3, f64::NAN, 0.1, 0.7, 0.2];
        assert_eq!(percentile(values(), 0.0), 0.1);
        assert_eq!(percentile(values(), 25.0), 0.175_000_000_000_000_02);
        assert_eq!(percentile(values(), 50.0), 0.25);
        assert_eq!(percentile(values(), 90.0), 0.580_000_000_000_000_1);
        assert_eq!(percentile(values(), 100.0), 0.7);
        assert!(percentile(vec![f64::NAN], 50.0).is_nan());
        assert!(percentile(vec![1.0, f64::INFINITY], 0.0).is_nan());
    }
}
