//! One-cycle: up, then far down.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScheduleSettings;
use crate::math::cos;

/// PyTorch's `OneCycleLR` with cosine annealing, without its momentum cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneCycle {
    /// Updates of the whole cycle.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// The part of the cycle that goes up.
    #[serde(default = "warmup_fraction")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub warmup_fraction: f64,
    /// The start is η divided by this.
    #[serde(default = "div_factor")]
    #[schemars(range(min = 1.0))]
    pub div_factor: f64,
    /// The end is the start divided by this.
    #[serde(default = "final_div_factor")]
    #[schemars(range(min = 1.0))]
    pub final_div_factor: f64,
}

fn warmup_fraction() -> f64 {
    0.3
}

fn div_factor() -> f64 {
    25.0
}

fn final_div_factor() -> f64 {
    1e4
}

impl OneCycle {
    /// A cycle of so many updates, everything else as PyTorch's defaults.
    pub fn new(steps: usize) -> OneCycle {
        OneCycle {
            steps,
            warmup_fraction: warmup_fraction(),
            div_factor: div_factor(),
            final_div_factor: final_div_factor(),
        }
    }
}

impl ScheduleSettings for OneCycle {
    /// PyTorch's phases: up over `warmup_fraction` × steps − 1 updates, down over the rest.
    fn rate(&self, peak: f64, step: u64) -> f64 {
        let s = step as f64;
        let low = peak / self.div_factor;
        let top = self.warmup_fraction * self.steps as f64 - 1.0;
        let last = self.steps as f64 - 1.0;
        let between =
            |from: f64, to: f64, done: f64| to + (from - to) * 0.5 * (1.0 + cos(PI * done.clamp(0.0, 1.0)));
        if s <= top {
            between(low, peak, if top > 0.0 { s / top } else { 1.0 })
        } else {
            between(peak, low / self.final_div_factor, (s - top.max(0.0)) / (last - top.max(0.0)).max(1.0))
        }
    }
}
