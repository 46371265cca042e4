//! PolynomialDecay: down along a line, or a power of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScheduleSettings;
use crate::math::pow;

/// Keras' `PolynomialDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Polynomial {
    /// Updates from η to `end_learning_rate`.
    #[serde(alias = "steps")]
    #[schemars(range(min = 1), extend("x-alias" = "steps"))]
    pub decay_steps: usize,
    /// The rate at the end.
    #[serde(default = "end_learning_rate", alias = "end")]
    #[schemars(range(min = 0.0), extend("x-alias" = "end"))]
    pub end_learning_rate: f64,
    /// 1 is a straight line.
    #[serde(default = "power")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub power: f64,
}

fn end_learning_rate() -> f64 {
    0.0001
}

fn power() -> f64 {
    1.0
}

impl Polynomial {
    /// Down in so many updates along a line to Keras' end, 0.0001.
    pub fn new(decay_steps: usize) -> Polynomial {
        Polynomial { decay_steps, end_learning_rate: end_learning_rate(), power: power() }
    }
}

impl ScheduleSettings for Polynomial {
    fn rate(&self, start: f64, step: u64) -> f64 {
        let left = 1.0 - (step as f64 / self.decay_steps as f64).min(1.0);
        (start - self.end_learning_rate) * pow(left, self.power) + self.end_learning_rate
    }
}
