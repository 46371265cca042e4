//! AveragePooling2D: the mean of each window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::pooling::{self, PoolShape};

use super::{Layer, LayerContext, LayerSettings, Operations, pooling2d};
use crate::engine::{Backward, Buffers, ChunkContext, Op, Operation, Weights};
use crate::shape::{ShapeError, Window};
use crate::{Padding, Shape};

/// The mean of each window and channel, over the pixels that exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AveragePooling2D {
    /// Height and width of the window.
    #[schemars(inner(range(min = 1)))]
    pub pool_size: [usize; 2],
    /// Steps down and across; the window's size if not given.
    #[schemars(inner(range(min = 1)))]
    pub strides: Option<[usize; 2]>,
    /// `valid`: only whole windows; `same`: windows over the edge, the missing pixels left out.
    pub padding: Padding,
}

impl AveragePooling2D {
    fn windows(&self, input: Shape) -> Result<PoolShape, ShapeError> {
        pooling2d::windows("average_pooling2d", input, self.moved())
    }

    /// The window as it is moved over the image.
    fn moved(&self) -> Window {
        let strides = self.strides.unwrap_or(self.pool_size);
        Window { size: self.pool_size, strides, padding: self.padding }
    }
}

impl LayerSettings for AveragePooling2D {
    fn name(&self) -> &'static str {
        "average_pooling2d"
    }

    fn class_name(&self) -> &'static str {
        "AveragePooling2D"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        self.windows(input).map(pooling2d::pooled)
    }

    fn window(&self) -> Option<Window> {
        Some(self.moved())
    }

    fn spelled_out(&self) -> Option<Layer> {
        let strides = Some(self.moved().strides);
        Some(Layer::AveragePooling2D(AveragePooling2D { strides, ..self.clone() }))
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let windows = self.windows(context.input)?;
        Ok(context.single(Op::plain(AveragePooling2DOperation(windows))))
    }
}

/// Keras' default: windows of 2 × 2 pixels, side by side, all within the image.
impl Default for AveragePooling2D {
    fn default() -> AveragePooling2D {
        AveragePooling2D { pool_size: [2, 2], strides: None, padding: Padding::Valid }
    }
}

/// A pooling layer ready to run.
struct AveragePooling2DOperation(PoolShape);

impl Operation for AveragePooling2DOperation {
    fn forward(&self, context: &ChunkContext, _: Weights, x: &[f32], y: &mut [f32], _: Buffers) {
        pooling::average_pool(&self.0, context.images, x, y);
    }

    fn backward(&self, context: &ChunkContext, _: Weights, pass: Backward, _: Buffers) {
        if let Some(d_x) = pass.d_x {
            pooling::average_pool_backward(&self.0, context.images, pass.d_y, d_x);
        }
    }

    fn is_cheap(&self) -> bool {
        true
    }
}
