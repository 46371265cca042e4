//! GlobalAveragePooling2D: one number per channel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::pooling;

use crate::ImageShape;
use crate::engine::{At, Backward, Operation, Room, Weights};

/// The mean of each channel over the whole image: (height, width, channels) becomes (channels).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalAveragePooling2D {}

/// Global average pooling ready to run.
pub(crate) struct GlobalAverageOperation {
    positions: usize,
    channels: usize,
}

impl GlobalAveragePooling2D {
    pub(crate) fn operation(&self, input: ImageShape) -> GlobalAverageOperation {
        GlobalAverageOperation { positions: input.height * input.width, channels: input.channels }
    }
}

impl Operation for GlobalAverageOperation {
    fn forward(&self, at: &At, _: Weights, x: &[f32], y: &mut [f32], _: Room) {
        pooling::global_average_pool(self.positions, self.channels, at.images, x, y);
    }

    fn backward(&self, at: &At, _: Weights, pass: Backward, _: Room) {
        if let Some(d_x) = pass.d_x {
            pooling::global_average_pool_backward(self.positions, self.channels, at.images, pass.d_y, d_x);
        }
    }

    fn is_cheap(&self) -> bool {
        true
    }
}
