//! Initialisers: where weights start.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a weight tensor is filled before training. `fan_in` and `fan_out` are counted as in Keras: inputs and outputs of
/// a dense layer; kernel height × width × channels (filters) of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initializer {
    /// Uniform on ±√(6 / (fan_in + fan_out)) (Glorot and Bengio 2010)
    #[default]
    GlorotUniform,
    /// Normal cut at two standard deviations, variance 2 / (fan_in + fan_out) after the cut
    GlorotNormal,
    /// Uniform on ±√(6 / fan_in) (He et al. 2015)
    HeUniform,
    /// Normal cut at two standard deviations, variance 2 / fan_in after the cut
    HeNormal,
    /// All 0
    Zeros,
    /// All 1
    Ones,
    /// All this value: `{ constant = 0.1 }`
    Constant(f32),
}
