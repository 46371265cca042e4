//! ExponentialDecay: the same factor for each so many updates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScheduleSettings;
use crate::math::pow;

/// Keras' `ExponentialDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Updates after which η is multiplied by `decay_rate` once.
    #[serde(alias = "steps")]
    #[schemars(range(min = 1), extend("x-alias" = "steps"))]
    pub decay_steps: usize,
    /// The factor.
    #[serde(alias = "rate")]
    #[schemars(range(min = 0.0), extend("x-alias" = "rate"))]
    pub decay_rate: f64,
    /// In whole steps only.
    #[serde(default)]
    pub staircase: bool,
}

impl Exponential {
    /// By this factor in so many updates, a little with each.
    pub fn new(decay_steps: usize, decay_rate: f64) -> Exponential {
        Exponential { decay_steps, decay_rate, staircase: false }
    }
}

impl ScheduleSettings for Exponential {
    fn rate(&self, start: f64, step: u64) -> f64 {
        let done = step as f64 / self.decay_steps as f64;
        start * pow(self.decay_rate, if self.staircase { done.floor() } else { done })
    }
}
