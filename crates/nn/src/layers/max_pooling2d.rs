//! MaxPooling2D: the largest value of each window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{ShapeError, image, window};
use crate::{ImageShape, Padding, Shape};

/// The maximum of each window and channel; of equal values the first passes the gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxPooling2D {
    /// Height and width of the window.
    #[serde(default = "crate::two_by_two")]
    pub pool_size: [usize; 2],
    /// Steps down and across; the window's size if not given.
    #[serde(default)]
    pub strides: Option<[usize; 2]>,
    /// `valid`: only whole windows; `same`: windows over the edge, the missing pixels left out.
    #[serde(default)]
    pub padding: Padding,
}

impl MaxPooling2D {
    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        let input = image("max_pooling2d", input)?;
        let strides = self.strides.unwrap_or(self.pool_size);
        let (_, [height, width]) =
            window("max_pooling2d", "window", input, self.pool_size, strides, self.padding)?;
        Ok(Shape::Image(ImageShape { height, width, ..input }))
    }
}
