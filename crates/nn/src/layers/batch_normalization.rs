//! BatchNormalization: each channel with mean 0 and variance 1 over the batch, then scaled and shifted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// y = γ (x − μ) / √(σ² + ε) + β per channel: μ and σ² of the batch while training, moving averages otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchNormalization {
    /// moving ← momentum × moving + (1 − momentum) × batch, after each update.
    #[serde(default = "momentum")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub momentum: f32,
    /// ε, added to the variance.
    #[serde(default = "epsilon")]
    #[schemars(range(min = 0.0))]
    pub epsilon: f32,
}

fn momentum() -> f32 {
    0.99
}

fn epsilon() -> f32 {
    1e-3
}
