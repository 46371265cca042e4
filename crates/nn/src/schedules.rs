//! Schedules: the learning rate as a function of the update.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::math::{cos, pow};

/// The learning rate at update s (counted from 0), starting from the optimizer's `learning_rate` η. `steps` are
/// updates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// η throughout.
    #[default]
    Constant,
    /// Half a cosine from η to `alpha` η, after an optional linear warm-up.
    Cosine(Cosine),
    /// η · rate^(s / steps).
    Exponential(Exponential),
    /// `values[i]` up to and including update `boundaries[i]`, then the last value.
    Piecewise(Piecewise),
    /// (η − end) (1 − s / steps)^power + end.
    Polynomial(Polynomial),
    /// Up from η / `div_factor` to η, then down to that / `final_div_factor`, by half cosines (Smith and Topin 2018).
    OneCycle(OneCycle),
}

/// Keras' `CosineDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cosine {
    /// Updates from η to the end.
    #[schemars(range(min = 1))]
    pub steps: usize,
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

/// Keras' `ExponentialDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Updates after which η is multiplied by `rate` once.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// The factor.
    #[schemars(range(min = 0.0))]
    pub rate: f64,
    /// In whole steps only.
    #[serde(default)]
    pub staircase: bool,
}

/// Keras' `PiecewiseConstantDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Piecewise {
    /// The last update of each piece but the last, increasing.
    pub boundaries: Vec<usize>,
    /// One rate more than boundaries.
    pub values: Vec<f64>,
}

/// Keras' `PolynomialDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Polynomial {
    /// Updates from η to `end`.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// The rate at the end.
    #[serde(default = "end")]
    #[schemars(range(min = 0.0))]
    pub end: f64,
    /// 1 is a straight line.
    #[serde(default = "power")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub power: f64,
}

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

impl Schedule {
    /// The learning rate of update `step`, counted from 0, for the optimizer's rate `start`.
    pub fn rate(&self, start: f64, step: u64) -> f64 {
        let s = step as f64;
        match self {
            Schedule::Constant => start,
            Schedule::Cosine(schedule) => schedule.rate(start, s),
            Schedule::Exponential(schedule) => schedule.rate(start, s),
            Schedule::Piecewise(schedule) => schedule.rate(start, step),
            Schedule::Polynomial(schedule) => schedule.rate(start, s),
            Schedule::OneCycle(schedule) => schedule.rate(start, s),
        }
    }
}

impl Cosine {
    /// Warm-up: η + (target − η) s / warm. Then, with s counted from its end and η the target:
    /// η ((1 − α) ½ (1 + cos π s / steps) + α).
    fn rate(&self, start: f64, s: f64) -> f64 {
        let (warm, peak) = match self.warmup_target {
            Some(target) => (self.warmup_steps as f64, target),
            None => (0.0, start),
        };
        if s < warm {
            return start + (peak - start) * s / warm;
        }
        let done = ((s - warm) / self.steps as f64).min(1.0);
        peak * ((1.0 - self.alpha) * 0.5 * (1.0 + cos(PI * done)) + self.alpha)
    }
}

impl Exponential {
    fn rate(&self, start: f64, s: f64) -> f64 {
        let done = s / self.steps as f64;
        start * pow(self.rate, if self.staircase { done.floor() } else { done })
    }
}

impl Piecewise {
    fn rate(&self, start: f64, step: u64) -> f64 {
        let piece = self.boundaries.iter().take_while(|boundary| step > **boundary as u64).count();
        self.values.get(piece).copied().unwrap_or(start)
    }
}

impl Polynomial {
    fn rate(&self, start: f64, s: f64) -> f64 {
        let left = 1.0 - (s / self.steps as f64).min(1.0);
        (start - self.end) * pow(left, self.power) + self.end
    }
}

impl OneCycle {
    /// PyTorch's phases: up over `warmup_fraction` × steps − 1 updates, down over the rest.
    fn rate(&self, peak: f64, s: f64) -> f64 {
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

fn end() -> f64 {
    0.0001
}

fn power() -> f64 {
    1.0
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
