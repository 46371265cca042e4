//! Conv2D: the same small kernel at every place of the image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{ShapeError, image, window};
use crate::{Activation, ImageShape, Initializer, Padding, Shape};

/// 2-D cross-correlation over images of shape (height, width, channels), kernel (kh, kw, channels, filters).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conv2D {
    /// Number of output channels.
    #[schemars(range(min = 1))]
    pub filters: usize,
    /// Height and width of the kernel.
    pub kernel_size: [usize; 2],
    /// Steps down and across.
    #[serde(default = "crate::one_by_one")]
    pub strides: [usize; 2],
    /// `valid`: only where the kernel fits; `same`: zeros around the image.
    #[serde(default)]
    pub padding: Padding,
    /// Applied to each output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether a bias per filter is added.
    #[serde(default = "crate::yes")]
    pub use_bias: bool,
    /// Where the kernel starts.
    #[serde(default)]
    pub kernel_initializer: Initializer,
    /// Where the bias starts.
    #[serde(default = "crate::zeros")]
    pub bias_initializer: Initializer,
    /// Adds `l2` × Σ kernel² to the loss.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub l2: f32,
}

impl Conv2D {
    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        let input = image("conv2d", input)?;
        let (_, [height, width]) =
            window("conv2d", "kernel", input, self.kernel_size, self.strides, self.padding)?;
        Ok(Shape::Image(ImageShape { height, width, channels: self.filters }))
    }
}
