//! From the chunks' gradients to new weights: sum, penalties, clipping, decay, the optimizer's step.

use std::ops::Range;

use toile_kernels::{Buffer, Pool, reduce};

use crate::optimizers::{Constants, OptimizerState};
use crate::parameters::Parameter;

/// Weights are updated in blocks of at most this many floats, which threads take one by one.
const BLOCK: usize = 8192;

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
struct Block {
    tensor: usize,
    l2: f32,
}

/// The update of all trainable weights.
pub(crate) struct Updater {
    blocks: Vec<Block>,
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
    pub(crate) fn new(parameters: &[&Parameter], weights: usize, clipping: Clipping) -> Updater {
        let (mut blocks, mut ranges, mut n_tensors) = (Vec::new(), Vec::new(), 0);
        for parameter in parameters.iter().filter(|p| p.wanted.trainable) {
            for start in parameter.range.clone().step_by(BLOCK) {
                ranges.push(start..(start + BLOCK).min(parameter.range.end));
                blocks.push(Block { tensor: n_tensors, l2: parameter.wanted.l2 });
            }
            n_tensors += 1;
        }
        let squares = vec![0.0; blocks.len()];
        Updater {
            blocks,
            ranges,
            n_tensors,
            gradient: Buffer::new(weights),
            squares,
            factors: vec![1.0; n_tensors],
            clipping,
        }
    }

    /// One update from the gradients in `slots`, summed in their order.
    pub(crate) fn apply<'a>(
        &mut self,
        pool: &mut Pool,
        threads: usize,
        slots: &[impl AsRef<[f32]> + Sync + 'a],
        weights: &mut [f32],
        optimizer: &mut OptimizerState,
        learning_rate: f32,
    ) {
        let constants = optimizer.next_step(learning_rate);
        let needs_norm = matches!(self.clipping, Clipping::Norm(_) | Clipping::GlobalNorm(_));
        if needs_norm {
            self.find_factors(pool, threads, slots, weights);
        }
        let [a, b, c] = optimizer.states_mut();
        let (blocks, ranges, clipping, factors) = (&self.blocks, &self.ranges, self.clipping, &self.factors);
        let buffers = [weights, &mut self.gradient, a, b, c];
        pool.for_each_range(threads, ranges, buffers, |i, [w, g, a, b, c]| {
            if needs_norm {
                reduce::scale(g, factors[blocks[i].tensor]);
            } else {
                sum(slots, ranges[i].clone(), blocks[i].l2, w, g);
                if let Clipping::Value(limit) = clipping {
                    reduce::clip(g, -limit, limit);
                }
            }
            step(&constants, w, g, [a, b, c]);
        });
    }

    /// Sums the gradient and finds by how much each tensor is to be scaled down.
    fn find_factors(
        &mut self,
        pool: &mut Pool,
        threads: usize,
        slots: &[impl AsRef<[f32]> + Sync],
        weights: &mut [f32],
    ) {
        let (blocks, ranges) = (&self.blocks, &self.ranges);
        pool.for_each_range(threads, ranges, [weights, &mut self.gradient], |i, [w, g]| {
            sum(slots, ranges[i].clone(), blocks[i].l2, w, g);
        });
        for (square, range) in self.squares.iter_mut().zip(ranges) {
            *square = reduce::sum_of_squares(&self.gradient[range.clone()]);
        }
        let norm_of = |wanted: &dyn Fn(&Block) -> bool| {
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

/// g = Σ slots (+ 2 l2 w), over one range.
fn sum(slots: &[impl AsRef<[f32]>], range: Range<usize>, l2: f32, w: &[f32], g: &mut [f32]) {
    match slots {
        [] => g.fill(0.0),
        [first, others @ ..] => {
            g.copy_from_slice(&first.as_ref()[range.clone()]);
            for slot in others {
                reduce::axpy(g, 1.0, &slot.as_ref()[range.clone()]);
            }
        }
    }
    if l2 != 0.0 {
        reduce::axpy(g, 2.0 * l2, w);
    }
}

fn step(constants: &Constants, w: &mut [f32], g: &[f32], states: [&mut [f32]; 3]) {
    constants.decay(w);
    constants.step(w, g, states);
}
