//! MaxPooling2D: the largest value of each window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::pooling::{self, PoolShape};

use crate::engine::{At, Backward, Operation, Room, Weights};
use crate::shape::{ShapeError, image, window};
use crate::{ImageShape, Padding, Shape};

/// The maximum of each window and channel; of equal values the first passes the gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxPooling2D {
    /// Height and width of the window.
    #[serde(default = "crate::two_by_two")]
    #[schemars(inner(range(min = 1)))]
    pub pool_size: [usize; 2],
    /// Steps down and across; the window's size if not given.
    #[serde(default)]
    #[schemars(inner(range(min = 1)))]
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

impl MaxPooling2D {
    pub(crate) fn operation(&self, input: Shape) -> Result<MaxPooling2DOperation, ShapeError> {
        let input = image("max_pooling2d", input)?;
        let strides = self.strides.unwrap_or(self.pool_size);
        let ([pad_top, pad_left], [out_height, out_width]) =
            window("max_pooling2d", "window", input, self.pool_size, strides, self.padding)?;
        let ImageShape { height, width, channels } = input;
        let pool = self.pool_size;
        Ok(MaxPooling2DOperation(PoolShape {
            height,
            width,
            channels,
            pool,
            strides,
            pad_top,
            pad_left,
            out_height,
            out_width,
        }))
    }
}

/// A pooling layer ready to run.
pub(crate) struct MaxPooling2DOperation(PoolShape);

impl Operation for MaxPooling2DOperation {
    fn forward(&self, at: &At, _: Weights, x: &[f32], y: &mut [f32], _: Room) {
        pooling::max_pool(&self.0, at.images, x, y);
    }

    fn backward(&self, at: &At, _: Weights, pass: Backward, _: Room) {
        if let Some(d_x) = pass.d_x {
            pooling::max_pool_backward(&self.0, at.images, pass.x, pass.y, pass.d_y, d_x);
        }
    }
}
