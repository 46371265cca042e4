//! Dropout: random zeros while training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::dropout;
use toile_rng::Stream;

use super::{LayerContext, LayerSettings, Operations};
use crate::Shape;
use crate::engine::{Backward, BufferSizes, Buffers, ChunkContext, Op, Operation, Weights};
use crate::shape::ShapeError;

/// While training, sets each value to 0 with probability `rate` and divides the others by 1 − `rate`; otherwise does
/// nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// The part that is dropped, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate: f32,
}

impl Dropout {
    /// Drops this part of the values, from 0 to 1.
    pub fn new(rate: f32) -> Dropout {
        Dropout { rate }
    }
}

impl LayerSettings for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn class_name(&self) -> &'static str {
        "Dropout"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        Ok(input)
    }

    /// The layer's position in the model names the stream.
    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let (layer, values) = (context.layer, context.input.values());
        Ok(context.single(Op::plain(DropoutOperation { rate: self.rate, layer, values })))
    }
}

/// Dropout ready to run.
///
/// The value at position i of image r of the batch (from 0) is dropped at update s (from 0) if word w(r, i) is below
/// `rate` × 2³². The words of an image are those of the blocks r ⌈values / 4⌉ … of the run's stream
/// `mask` with index s of the seed `dropout`, layer: so a mask depends neither on chunks nor on threads.
struct DropoutOperation {
    rate: f32,
    layer: usize,
    values: usize,
}

impl DropoutOperation {
    /// Words below this are dropped.
    fn threshold(&self) -> u32 {
        (self.rate as f64 * 4_294_967_296.0).min(u32::MAX as f64) as u32
    }

    fn fill(&self, context: &ChunkContext, words: &mut [u32]) {
        let stream = context.seed.derive("dropout", self.layer as u64).stream("mask", context.step);
        for (r, words) in words.chunks_exact_mut(self.values).enumerate() {
            fill_row(&stream, context.first + r, self.values, words);
        }
    }
}

/// The words of one image.
fn fill_row(stream: &Stream, row: usize, values: usize, words: &mut [u32]) {
    let first = row * values.div_ceil(4);
    for (block, words) in words.chunks_mut(4).enumerate() {
        let drawn = stream.block((first + block) as u64);
        words.copy_from_slice(&drawn[..words.len()]);
    }
}

impl Operation for DropoutOperation {
    fn buffer_sizes(&self, images: usize) -> BufferSizes {
        BufferSizes { words: self.values * images, ..BufferSizes::default() }
    }

    fn forward(&self, context: &ChunkContext, _: Weights, x: &[f32], y: &mut [f32], buffers: Buffers) {
        if !context.training || self.rate <= 0.0 {
            return y.copy_from_slice(x);
        }
        if self.rate >= 1.0 {
            return y.fill(0.0);
        }
        let words = &mut buffers.words[..x.len()];
        self.fill(context, words);
        dropout::dropout_apply(x, words, self.threshold(), 1.0 - self.rate, y);
    }

    fn backward(&self, context: &ChunkContext, _: Weights, pass: Backward, buffers: Buffers) {
        let Some(d_x) = pass.d_x else { return };
        if !context.training || self.rate <= 0.0 {
            return d_x.copy_from_slice(pass.d_y);
        }
        if self.rate >= 1.0 {
            return d_x.fill(0.0);
        }
        let words = &mut buffers.words[..d_x.len()];
        self.fill(context, words);
        dropout::dropout_apply(pass.d_y, words, self.threshold(), 1.0 - self.rate, d_x);
    }
}
