//! Activations: what a layer does to each of its outputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An element-wise function of a layer's output (softmax: over the last axis).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x
    #[default]
    Linear,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// tanh x
    Tanh,
    /// max(x, 0); its derivative at 0 is 0
    Relu,
    /// x if x > 0, else 0.2 x (Keras' default slope)
    LeakyRelu,
    /// x if x > 0, else eˣ − 1
    Elu,
    /// x Φ(x), with the exact normal distribution function (Keras' `approximate=False`)
    Gelu,
    /// x / (1 + e⁻ˣ), also called swish
    Silu,
    /// eˣ / Σ eˣ over the last axis, computed after subtracting the maximum
    Softmax,
}

impl Activation {
    /// Every activation, in the order of the reference page.
    pub const ALL: [Activation; 9] = {
        use Activation::*;
        [Linear, Sigmoid, Tanh, Relu, LeakyRelu, Elu, Gelu, Silu, Softmax]
    };
}
