//! Schedules: the learning rate as a function of the update.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The learning rate at update s (counted from 0), starting from the optimizer's `learning_rate` η. `steps` are updates.
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
    pub alpha: f64,
    /// Updates of linear warm-up before the cosine, from η to `warmup_target`.
    #[serde(default)]
    pub warmup_steps: usize,
    /// The rate at the end of the warm-up; without it, there is no warm-up.
    #[serde(default)]
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
