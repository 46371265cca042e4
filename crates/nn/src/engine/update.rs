//! From the gradients of a batch to new weights: sum or product, penalties, clipping, decay, the optimizer's step;
//! block by block, so that a block's gradient is still in the cache at its step. A bound on a norm needs all blocks'
//! gradients first; then they are brought together in a pass before.

use std::ops::Range;

use toile_kernels::bf16::IMAGES;
use toile_kernels::{Buffer, Pool, reduce};

use super::gradients::{GradientSource, Gradients};
use super::program::Program;
use super::trace::{Stage, Tracer};
use crate::optimizers::OptimizerState;
use crate::parameters::Parameter;

/// Weights are updated in blocks of about this many floats, which threads take one by one.
const BLOCK: usize = 8192;
/// Blocks of a dense kernel have whole multiples of so many rows, as its product does.
const ROWS: usize = 12;

/// At most one bound on the gradient (Keras allows one at a time).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Clipping {
    None,
    /// Each value within ± this.
    Value(f32),
    /// Each tensor's norm at most this.
    Norm(f32),
    /// The whole gradient's norm at most this.
    GlobalNorm(f32),
}

/// A part of one tensor.
struct UpdateBlock {
    tensor: usize,
    layer: usize,
    l2: f32,
    source: GradientSource,
}

/// The update of all trainable weights.
pub(crate) struct Updater {
    blocks: Vec<UpdateBlock>,
    ranges: Vec<Range<usize>>,
    n_tensors: usize,
    /// The summed gradient of the batch.
    gradient: Buffer,
    /// Σ g² of each block, then the factor of each tensor.
    squares: Vec<f64>,
    factors: Vec<f32>,
    clipping: Clipping,
}

impl Updater {
    /// `parameters`: those of each layer, as they lie in a buffer of `weights` floats.
    pub(crate) fn new(
        program: &Program,
        parameters: &[Vec<Parameter>],
        weights: usize,
        clipping: Clipping,
    ) -> Updater {
        let (mut blocks, mut ranges, mut n_tensors) = (Vec::new(), Vec::new(), 0);
        for (layer, parameter) in
            parameters.iter().enumerate().flat_map(|(i, all)| all.iter().map(move |p| (i, p)))
        {
            if !parameter.wanted.trainable {
                continue;
            }
            for (range, source) in cut(program, &parameter.range) {
                ranges.push(range);
                blocks.push(UpdateBlock { tensor: n_tensors, layer, l2: parameter.wanted.l2, source });
            }
            n_tensors += 1;
        }
        let squares = vec![0.0; blocks.len()];
        let (gradient, factors) = (Buffer::new(weights), vec![1.0; n_tensors]);
        Updater { blocks, ranges, n_tensors, gradient, squares, factors, clipping }
    }

    /// One update from these gradients.
    pub(crate) fn apply(
        &mut self,
        (pool, gradients): (&mut Pool, Gradients),
        threads: usize,
        weights: &mut [f32],
        optimizer: &mut OptimizerState,
        learning_rate: f32,
        tracer: Tracer,
    ) {
        let step = optimizer.next_step(learning_rate);
        let needs_norm = matches!(self.clipping, Clipping::Norm(_) | Clipping::GlobalNorm(_));
        if needs_norm {
            self.find_factors(pool, &gradients, threads, weights, tracer);
        }
        let [a, b, c] = optimizer.all_slots_mut();
        let (blocks, ranges, clipping, factors) = (&self.blocks, &self.ranges, self.clipping, &self.factors);
        let buffers = [weights, &mut self.gradient, a, b, c];
        pool.for_each_range(threads, ranges, buffers, |i, [w, g, a, b, c]| {
            let block = &blocks[i];
            if needs_norm {
                reduce::scale(g, factors[block.tensor]);
            } else {
                block.write(&gradients, &ranges[i], w, g, tracer);
                if let Clipping::Value(limit) = clipping {
                    reduce::clip(g, -limit, limit);
                }
            }
            step.apply(w, g, [a, b, c]);
            tracer.done(Stage::Update);
        });
    }

    /// Σ g² of each of so many layers after a pass, without penalties and bounds.
    pub(crate) fn squares_of_layers(
        &mut self,
        (pool, gradients): (&mut Pool, Gradients),
        threads: usize,
        layers: usize,
    ) -> Vec<f64> {
        let (blocks, ranges) = (&self.blocks, &self.ranges);
        pool.for_each_range(threads, ranges, [&mut self.gradient], |i, [g]| {
            gradients.write(&blocks[i].source, &ranges[i], g);
        });
        let mut squares = vec![0.0; layers];
        for (block, range) in blocks.iter().zip(ranges) {
            squares[block.layer] += crate::measure::squares(&self.gradient[range.clone()]);
        }
        squares
    }

    /// Brings the gradient together and finds by how much each tensor is to be scaled down.
    fn find_factors(
        &mut self,
        pool: &mut Pool,
        gradients: &Gradients,
        threads: usize,
        weights: &mut [f32],
        tracer: Tracer,
    ) {
        let (blocks, ranges) = (&self.blocks, &self.ranges);
        pool.for_each_range(threads, ranges, [weights, &mut self.gradient], |i, [w, g]| {
            blocks[i].write(gradients, &ranges[i], w, g, tracer);
        });
        for (square, range) in self.squares.iter_mut().zip(ranges) {
            *square = reduce::sum_of_squares(&self.gradient[range.clone()]);
        }
        let norm_of = |wanted: &dyn Fn(&UpdateBlock) -> bool| {
            let all = blocks.iter().zip(&self.squares).filter(|(block, _)| wanted(block));
            all.map(|(_, square)| square).sum::<f64>().sqrt()
        };
        match self.clipping {
            // Keras: g × c / max(‖g‖, c)
            Clipping::Norm(limit) => {
                for tensor in 0..self.n_tensors {
                    let norm = norm_of(&|block| block.tensor == tensor);
                    self.factors[tensor] = limit / (norm as f32).max(limit);
                }
            }
            // Keras: g × c × min(1 / ‖G‖, 1 / c), not finite where ‖G‖ is not
            Clipping::GlobalNorm(limit) => {
                let norm = norm_of(&|_| true) as f32;
                let factor = if norm.is_finite() { limit * (1.0 / norm).min(1.0 / limit) } else { f32::NAN };
                self.factors.fill(factor);
            }
            Clipping::None | Clipping::Value(_) => {}
        }
    }
}

impl UpdateBlock {
    /// g = the gradient (+ 2 l2 w).
    fn write(&self, gradients: &Gradients, range: &Range<usize>, w: &[f32], g: &mut [f32], tracer: Tracer) {
        gradients.write(&self.source, range, g);
        if matches!(self.source, GradientSource::KernelProduct { .. }) {
            tracer.layer_done(Stage::WeightGradient, self.layer);
        }
        if self.l2 != 0.0 {
            reduce::axpy(g, 2.0 * self.l2, w);
        }
    }
}

/// Cuts a tensor into blocks; the kernel of a dense layer by rows, and where its inputs lie in slices, by those.
fn cut(program: &Program, tensor: &Range<usize>) -> Vec<(Range<usize>, GradientSource)> {
    let is_kernel = |op: &usize| program.ops[*op].product().is_some_and(|product| product.kernel == *tensor);
    let Some(op) = (0..program.ops.len()).find(is_kernel) else {
        let block = |start: usize| (start..(start + BLOCK).min(tensor.end), GradientSource::Chunks);
        return tensor.clone().step_by(BLOCK).map(block).collect();
    };
    let Some(product) = program.ops[op].product() else { return Vec::new() };
    let unit = if product.plates.is_some() { IMAGES } else { ROWS };
    let rows = (BLOCK / product.units / unit * unit).max(2 * unit);
    let mut blocks = Vec::new();
    for slice in &product.slices {
        for first in slice.clone().step_by(rows) {
            let inputs = first..(first + rows).min(slice.end);
            let range = [inputs.start, inputs.end].map(|input| tensor.start + input * product.units);
            blocks.push((range[0]..range[1], GradientSource::KernelProduct { op, inputs }));
        }
    }
    blocks
}
