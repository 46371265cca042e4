//! AveragePooling2D: the mean of each window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::pooling::{self, PoolShape};

use crate::engine::{At, Backward, Operation, Room, Weights};
use crate::shape::{ShapeError, image, window};
use crate::{ImageShape, Padding, Shape};

/// The mean of each window and channel, over the pixels that exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AveragePooling2D {
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

impl AveragePooling2D {
    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        let input = image("average_pooling2d", input)?;
        let strides = self.strides.unwrap_or(self.pool_size);
        let (_, [height, width]) =
            window("average_pooling2d", "window", input, self.pool_size, strides, self.padding)?;
        Ok(Shape::Image(ImageShape { height, width, ..input }))
    }
}

impl AveragePooling2D {
    pub(crate) fn operation(&self, input: Shape) -> Result<AveragePooling2DOperation, ShapeError> {
        let input = image("average_pooling2d", input)?;
        let strides = self.strides.unwrap_or(self.pool_size);
        let ([pad_top, pad_left], [out_height, out_width]) =
            window("average_pooling2d", "window", input, self.pool_size, strides, self.padding)?;
        let ImageShape { height, width, channels } = input;
        let pool = self.pool_size;
        Ok(AveragePooling2DOperation(PoolShape {
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
pub(crate) struct AveragePooling2DOperation(PoolShape);

impl Operation for AveragePooling2DOperation {
    fn forward(&self, at: &At, _: Weights, x: &[f32], y: &mut [f32], _: Room) {
        pooling::average_pool(&self.0, at.images, x, y);
    }

    fn backward(&self, at: &At, _: Weights, pass: Backward, _: Room) {
        if let Some(d_x) = pass.d_x {
            pooling::average_pool_backward(&self.0, at.images, pass.d_y, d_x);
        }
    }
}
