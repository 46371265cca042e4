//! BatchNormalization: each channel with mean 0 and variance 1 over the batch, then scaled and shifted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Normalization;
use crate::parameters::{Parameter, Wanted};
use crate::{Initializer, Shape};

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

impl BatchNormalization {
    pub(crate) fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let shape = [input.channels()];
        let fixed =
            |kind, initializer| Wanted { trainable: false, ..Wanted::trainable(kind, &shape, initializer) };
        vec![
            Wanted::trainable("gamma", &shape, Initializer::Ones),
            Wanted::trainable("beta", &shape, Initializer::Zeros),
            fixed("moving_mean", Initializer::Zeros),
            fixed("moving_variance", Initializer::Ones),
        ]
    }

    pub(crate) fn operation(&self, input: Shape, parameters: &[Parameter]) -> Normalization {
        let range = |i: usize| parameters[i].range.clone();
        Normalization {
            channels: input.channels(),
            positions: input.values() / input.channels(),
            momentum: self.momentum,
            epsilon: self.epsilon,
            gamma: range(0),
            beta: range(1),
            moving_mean: range(2),
            moving_variance: range(3),
        }
    }
}
