//! Threshold: a value that left its bounds, or is none, ends the trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Look, due};

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

impl ThresholdPruner {
    pub(super) fn prunes(&self, look: &Look) -> bool {
        let outside = |value: f64| {
            let below = self.lower.is_some_and(|lower| value < lower);
            value.is_nan() || below || self.upper.is_some_and(|upper| value > upper)
        };
        due(look.trial, self.n_warmup_steps, self.interval_steps).is_some_and(|(_, value)| outside(value))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match (self.lower, self.upper) {
            (None, None) => Err("`lower` or `upper` must be said".into()),
            (Some(lower), Some(upper)) if lower > upper => {
                Err(format!("`lower` must not be above `upper`, found {lower:?} and {upper:?}"))
            }
            _ => Ok(()),
        }
    }
}
