//! Activations: what a layer does to each of its outputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::activation::Act;

use crate::engine::UnitWatch;

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

    /// Whether the kernels of a convolution apply it, or need not, so that they can pool as well.
    pub(crate) fn is_in_convolution(self) -> bool {
        match self {
            Activation::Linear | Activation::Relu => true,
            Activation::Sigmoid | Activation::Tanh | Activation::LeakyRelu | Activation::Elu => false,
            Activation::Gelu | Activation::Silu | Activation::Softmax => false,
        }
    }

    /// What its outputs are watched for, to find units that do nothing: of ReLU those that are dead, of sigmoid and
    /// tanh those that are saturated.
    pub(crate) fn watch(self) -> Option<UnitWatch> {
        match self {
            Activation::Relu => Some(UnitWatch::Active),
            Activation::Sigmoid => Some(UnitWatch::SaturatedSigmoid),
            Activation::Tanh => Some(UnitWatch::SaturatedTanh),
            Activation::Linear | Activation::LeakyRelu | Activation::Elu => None,
            Activation::Gelu | Activation::Silu | Activation::Softmax => None,
        }
    }

    /// The kernel that computes it element by element; softmax, which sums over an axis, has none.
    pub(crate) fn kernel(self) -> Option<Act> {
        Some(match self {
            Activation::Linear => Act::Linear,
            Activation::Sigmoid => Act::Sigmoid,
            Activation::Tanh => Act::Tanh,
            Activation::Relu => Act::Relu,
            Activation::LeakyRelu => Act::LeakyRelu,
            Activation::Elu => Act::Elu,
            Activation::Gelu => Act::Gelu,
            Activation::Silu => Act::Silu,
            Activation::Softmax => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema is made of the enum itself.
    #[test]
    fn the_list_of_all_activations_is_the_enum() {
        let schema = schemars::schema_for!(Activation).to_value();
        let names: Vec<&str> = schema["oneOf"]
            .as_array()
            .expect("names")
            .iter()
            .filter_map(|one| one["const"].as_str())
            .collect();
        let all = Activation::ALL.map(|activation| serde_json::to_value(activation).expect("a name"));
        assert_eq!(names, all.iter().filter_map(|name| name.as_str()).collect::<Vec<_>>());
    }
}
