//! MaxPooling2D: the largest value of each window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::pooling::{self, PoolShape};

use super::{Layer, LayerContext, LayerSettings, Operations, pooling2d};
use crate::engine::{Backward, Buffers, ChunkContext, Op, Operation, Weights};
use crate::shape::{ShapeError, Window};
use crate::{Padding, Shape};

/// The maximum of each window and channel; of equal values the first passes the gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MaxPooling2D {
    /// Height and width of the window.
    #[schemars(inner(range(min = 1)))]
    pub pool_size: [usize; 2],
    /// Steps down and across; the window's size if not given.
    #[schemars(inner(range(min = 1)))]
    pub strides: Option<[usize; 2]>,
    /// `valid`: only whole windows; `same`: windows over the edge, the missing pixels left out.
    pub padding: Padding,
}

impl MaxPooling2D {
    fn windows(&self, input: Shape) -> Result<PoolShape, ShapeError> {
        pooling2d::windows("max_pooling2d", input, self.moved())
    }

    /// The window as it is moved over the image.
    fn moved(&self) -> Window {
        let strides = self.strides.unwrap_or(self.pool_size);
        Window { size: self.pool_size, strides, padding: self.padding }
    }
}

impl LayerSettings for MaxPooling2D {
    fn name(&self) -> &'static str {
        "max_pooling2d"
    }

    fn class_name(&self) -> &'static str {
        "MaxPooling2D"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        self.windows(input).map(pooling2d::pooled)
    }

    fn is_pooling_by_two(&self) -> bool {
        let Window { size, strides, padding } = self.moved();
        size == [2, 2] && strides == [2, 2] && padding == Padding::Valid
    }

    fn window(&self) -> Option<Window> {
        Some(self.moved())
    }

    fn spelled_out(&self) -> Option<Layer> {
        let strides = Some(self.moved().strides);
        Some(Layer::MaxPooling2D(MaxPooling2D { strides, ..self.clone() }))
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let windows = self.windows(context.input)?;
        Ok(context.single(Op::plain(MaxPooling2DOperation(windows))))
    }
}

/// Keras' default: windows of 2 × 2 pixels, side by side, all within the image.
impl Default for MaxPooling2D {
    fn default() -> MaxPooling2D {
        MaxPooling2D { pool_size: [2, 2], strides: None, padding: Padding::Valid }
    }
}

/// A pooling layer ready to run.
struct MaxPooling2DOperation(PoolShape);

impl Operation for MaxPooling2DOperation {
    fn forward(&self, context: &ChunkContext, _: Weights, x: &[f32], y: &mut [f32], _: Buffers) {
        pooling::max_pool(&self.0, context.images, x, y);
    }

    fn backward(&self, context: &ChunkContext, _: Weights, pass: Backward, _: Buffers) {
        if let Some(d_x) = pass.d_x {
            pooling::max_pool_backward(&self.0, context.images, pass.x, pass.y, pass.d_y, d_x);
        }
    }

    fn is_cheap(&self) -> bool {
        true
    }
}
