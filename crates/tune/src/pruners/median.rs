//! Median: the percentile pruner with 50 percent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PercentilePruner, PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision};

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

impl PruningAlgorithm for MedianPruner {
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        PercentilePruner::from(self).decide(context)
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

impl From<&MedianPruner> for PercentilePruner {
    fn from(median: &MedianPruner) -> Self {
        PercentilePruner {
            percentile: 50.0,
            n_startup_trials: median.n_startup_trials,
            n_warmup_steps: median.n_warmup_steps,
            interval_steps: median.interval_steps,
            n_min_trials: median.n_min_trials,
        }
    }
}
