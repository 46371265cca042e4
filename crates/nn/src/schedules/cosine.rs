//! CosineDecay: half a cosine, after an optional linear warm-up.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScheduleSettings;
use crate::math::cos;

/// Keras' `CosineDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cosine {
    /// Updates from η to the end.
    #[serde(alias = "steps")]
    #[schemars(range(min = 1), extend("x-alias" = "steps"))]
    pub decay_steps: usize,
    /// The end, as a fraction of the start.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub alpha: f64,
    /// Updates of linear warm-up before the cosine, from η to `warmup_target`.
    #[serde(default)]
    pub warmup_steps: usize,
    /// The rate at the end of the warm-up; without it, there is no warm-up.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub warmup_target: Option<f64>,
}

impl Cosine {
    /// Down to 0 in so many updates, without a warm-up.
    pub fn new(decay_steps: usize) -> Cosine {
        Cosine { decay_steps, alpha: 0.0, warmup_steps: 0, warmup_target: None }
    }
}

impl ScheduleSettings for Cosine {
    /// Warm-up: η + (target − η) s / warm. Then, with s counted from its end and η the target:
    /// η ((1 − α) ½ (1 + cos π s / steps) + α).
    fn rate(&self, start: f64, step: u64) -> f64 {
        let s = step as f64;
        let (warm, peak) = match self.warmup_target {
            Some(target) => (self.warmup_steps as f64, target),
            None => (0.0, start),
        };
        if s < warm {
            return start + (peak - start) * s / warm;
        }
        let done = ((s - warm) / self.decay_steps as f64).min(1.0);
        peak * ((1.0 - self.alpha) * 0.5 * (1.0 + cos(PI * done)) + self.alpha)
    }
}
