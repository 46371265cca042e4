//! Threshold: a value out of bounds, or one that is not a number, ends the trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision, due};

/// Bounds for the intermediate values.
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

impl PruningAlgorithm for ThresholdPruner {
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        let outside = |value: f64| {
            let below = self.lower.is_some_and(|lower| value < lower);
            value.is_nan() || below || self.upper.is_some_and(|upper| value > upper)
        };
        let due = due(context.trial, self.n_warmup_steps, self.interval_steps);
        due.is_some_and(|(_, value)| outside(value)).into()
    }

    fn check(&self) -> Result<(), PrunerSettingsError> {
        match (self.lower, self.upper) {
            (None, None) => {
                let help = "for example `{ threshold = { lower = 0.5 } }`";
                Err(PrunerSettingsError::new("`threshold` needs `lower` or `upper`", help))
            }
            (Some(lower), Some(upper)) if lower > upper => {
                let message = format!("`upper` must not be below `lower`, found {upper:?} and {lower:?}");
                Err(PrunerSettingsError::new(message, ""))
            }
            (Some(_), _) | (_, Some(_)) => Ok(()),
        }
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
