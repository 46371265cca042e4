//! GlobalAveragePooling2D: one number per channel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::pooling;

use super::{LayerContext, LayerSettings, Operations};
use crate::Shape;
use crate::engine::{Backward, Buffers, ChunkContext, Op, Operation, Weights};
use crate::shape::{ShapeError, image};

/// The mean of each channel over the whole image: (height, width, channels) becomes (channels).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalAveragePooling2D {}

/// Global average pooling ready to run.
struct GlobalAverageOperation {
    positions: usize,
    channels: usize,
}

impl LayerSettings for GlobalAveragePooling2D {
    fn name(&self) -> &'static str {
        "global_average_pooling2d"
    }

    fn class_name(&self) -> &'static str {
        "GlobalAveragePooling2D"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        image(self.name(), input).map(|image| Shape::Flat(image.channels))
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let image = image(self.name(), context.input)?;
        let (positions, channels) = (image.height * image.width, image.channels);
        Ok(context.single(Op::plain(GlobalAverageOperation { positions, channels })))
    }
}

impl Operation for GlobalAverageOperation {
    fn forward(&self, context: &ChunkContext, _: Weights, x: &[f32], y: &mut [f32], _: Buffers) {
        pooling::global_average_pool(self.positions, self.channels, context.images, x, y);
    }

    fn backward(&self, context: &ChunkContext, _: Weights, pass: Backward, _: Buffers) {
        if let Some(d_x) = pass.d_x {
            pooling::global_average_pool_backward(
                self.positions,
                self.channels,
                context.images,
                pass.d_y,
                d_x,
            );
        }
    }

    fn is_cheap(&self) -> bool {
        true
    }
}
