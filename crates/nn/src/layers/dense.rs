//! Dense: every output sees every input.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::ShapeError;
use crate::{Activation, Initializer, Shape};

/// y = activation(x W + b), with W of shape (inputs, units).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Number of outputs.
    #[schemars(range(min = 1))]
    pub units: usize,
    /// Applied to each output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether b is there at all.
    #[serde(default = "crate::yes")]
    pub use_bias: bool,
    /// Where W starts.
    #[serde(default)]
    pub kernel_initializer: Initializer,
    /// Where b starts.
    #[serde(default = "crate::zeros")]
    pub bias_initializer: Initializer,
    /// Adds `l2` × Σ W² to the loss.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub l2: f32,
}

impl Dense {
    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Flat(_) => Ok(Shape::Flat(self.units)),
            Shape::Image(_) => Err(ShapeError::new(
                format!("`dense` needs a row of values, but gets an image of shape {input}"),
                "put `{ flatten = {} }` or `{ global_average_pooling2d = {} }` before it",
            )),
        }
    }
}
