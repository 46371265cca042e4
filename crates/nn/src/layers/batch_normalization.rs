//! BatchNormalization: each channel with mean 0 and variance 1 over the batch, then scaled and shifted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LayerContext, LayerSettings, Operations};
use crate::engine::{Normalization, Op};
use crate::parameters::Wanted;
use crate::shape::ShapeError;
use crate::{Initializer, Shape};

/// y = γ (x − μ) / √(σ² + ε) + β per channel: μ and σ² of the batch while training, moving averages otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BatchNormalization {
    /// moving ← momentum × moving + (1 − momentum) × batch, after each update.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub momentum: f32,
    /// ε, added to the variance.
    #[schemars(range(min = 0.0))]
    pub epsilon: f32,
}

/// Keras' defaults.
impl Default for BatchNormalization {
    fn default() -> BatchNormalization {
        BatchNormalization { momentum: 0.99, epsilon: 1e-3 }
    }
}

impl LayerSettings for BatchNormalization {
    fn name(&self) -> &'static str {
        "batch_normalization"
    }

    fn class_name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        Ok(input)
    }

    fn wanted(&self, input: Shape) -> Vec<Wanted> {
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

    fn completes_convolution(&self) -> bool {
        true
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let range = |i: usize| context.parameters[i].range.clone();
        let channels = context.input.channels();
        Ok(context.single(Op::Normalize(Normalization {
            channels,
            positions: context.input.values() / channels,
            momentum: self.momentum,
            epsilon: self.epsilon,
            gamma: range(0),
            beta: range(1),
            moving_mean: range(2),
            moving_variance: range(3),
        })))
    }
}
