//! MaxPooling2D: the largest value of each window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::pooling::{self, PoolShape};

use super::pooling2d;
use crate::engine::{At, Backward, Operation, Room, Weights};
use crate::shape::ShapeError;
use crate::{Padding, Shape};

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
    fn windows(&self, input: Shape) -> Result<PoolShape, ShapeError> {
        pooling2d::windows("max_pooling2d", input, self.pool_size, self.strides, self.padding)
    }

    /// Whether its windows are 2 × 2 pixels, side by side, and all within the image.
    pub(crate) fn halves(&self) -> bool {
        let strides = self.strides.unwrap_or(self.pool_size);
        self.pool_size == [2, 2] && strides == [2, 2] && self.padding == Padding::Valid
    }

    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        self.windows(input).map(pooling2d::pooled)
    }

    pub(crate) fn operation(&self, input: Shape) -> Result<MaxPooling2DOperation, ShapeError> {
        self.windows(input).map(MaxPooling2DOperation)
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

    fn is_cheap(&self) -> bool {
        true
    }
}
