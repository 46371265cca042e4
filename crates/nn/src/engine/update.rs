//! From the gradients of a batch to new weights: sum or product, penalties, clipping, decay, the optimizer's step;
//! block by block, so that a block's gradient is still in the cache at its step. A bound on a norm needs all blocks'
//! gradients first; then they are brought together in a pass before.
//!
//! The blocks of one slice of a wide first layer belong to one thread, which goes on with the next batch: that slice's
//! part of its images, multiplied with the rows that it has just updated. A step so has a round less to wait for.

use std::ops::Range;

use toile_kernels::bf16::IMAGES;
use toile_kernels::{Buffer, reduce};

use super::executor::{BatchPass, TrainedBatch};
use super::gradients::{GradientSource, Gradients};
use super::program::Program;
use super::slices::InputSlice;
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

/// Blocks that one thread updates, one after the other.
struct UpdateTask {
    blocks: Range<usize>,
    /// The slice of the inputs that they belong to.
    slice: Option<usize>,
    /// That slice, while they are updated.
    lent: Option<InputSlice>,
}

/// How an update is made.
pub(crate) struct UpdateRun<'a> {
    pub threads: usize,
    pub learning_rate: f32,
    pub tracer: Tracer<'a>,
    /// The batch that follows, if that is known.
    pub next: Option<&'a BatchPass<'a>>,
}

/// The update of all trainable weights.
pub(crate) struct Updater {
    blocks: Vec<UpdateBlock>,
    ranges: Vec<Range<usize>>,
    tasks: Vec<UpdateTask>,
    task_ranges: Vec<Range<usize>>,
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
        let tasks = tasks(&blocks);
        let range_of = |task: &UpdateTask| ranges[task.blocks.start].start..ranges[task.blocks.end - 1].end;
        let task_ranges = tasks.iter().map(range_of).collect();
        let squares = vec![0.0; blocks.len()];
        let (gradient, factors) = (Buffer::new(weights), vec![1.0; n_tensors]);
        Updater { blocks, ranges, tasks, task_ranges, n_tensors, gradient, squares, factors, clipping }
    }

    /// One update from the gradients of a batch. Says whether it has multiplied the slices of the next one.
    pub(crate) fn apply(
        &mut self,
        mut batch: TrainedBatch,
        weights: &mut [f32],
        optimizer: &mut OptimizerState,
        run: &UpdateRun,
    ) -> bool {
        let step = optimizer.next_step(run.learning_rate);
        let needs_norm = matches!(self.clipping, Clipping::Norm(_) | Clipping::GlobalNorm(_));
        if needs_norm {
            self.find_factors(&mut batch, weights, run);
        }
        let TrainedBatch { pool, gradients, slices } = batch;
        let (blocks, ranges, tasks) = (&self.blocks, &self.ranges, &mut self.tasks);
        let (clipping, factors) = (self.clipping, &self.factors);
        let update = |number: usize, [w, g, a, b, c]: [&mut [f32]; 5], slice: Option<&InputSlice>| {
            let block = &blocks[number];
            if needs_norm {
                reduce::scale(g, factors[block.tensor]);
            } else {
                block.write(&gradients, slice, &ranges[number], [w, g], run.tracer);
                if let Clipping::Value(limit) = clipping {
                    reduce::clip(g, -limit, limit);
                }
            }
            step.apply(w, g, [a, b, c]);
            run.tracer.done(Stage::Update);
        };
        let [a, b, c] = optimizer.all_slots_mut();
        let buffers = [weights, &mut self.gradient, a, b, c];
        // With slices left over for some of the threads, the others had nothing to do.
        let is_even = !slices.is_empty() && slices.len().is_multiple_of(run.threads);
        let Some(next) = run.next.filter(|_| is_even) else {
            pool.for_each_range(run.threads, ranges, buffers, |number, parts| {
                update(number, parts, blocks[number].source.slice_of(slices));
            });
            return false;
        };
        let of_slices = |task: &&mut UpdateTask| task.slice.is_some();
        for (task, slice) in tasks.iter_mut().filter(of_slices).zip(slices.drain(..)) {
            task.lent = Some(slice);
        }
        let task_ranges = &self.task_ranges;
        pool.for_each_range_with(run.threads, task_ranges, buffers, tasks, |i, mut parts, task| {
            for number in task.blocks.clone() {
                let [start, end] =
                    [ranges[number].start, ranges[number].end].map(|at| at - task_ranges[i].start);
                update(number, part_of(&mut parts, start..end), task.lent.as_ref());
            }
            if let Some(slice) = &mut task.lent {
                slice.multiply(parts[0], blocks[task.blocks.start].layer, next);
            }
        });
        slices.extend(tasks.iter_mut().filter_map(|task| task.lent.take()));
        true
    }

    /// Σ g² of each of so many layers after a pass, without penalties and bounds.
    pub(crate) fn squares_of_layers(
        &mut self,
        TrainedBatch { pool, gradients, slices }: TrainedBatch,
        threads: usize,
        layers: usize,
    ) -> Vec<f64> {
        let (blocks, ranges, slices) = (&self.blocks, &self.ranges, &*slices);
        pool.for_each_range(threads, ranges, [&mut self.gradient], |i, [g]| {
            let source = &blocks[i].source;
            gradients.write(source, source.slice_of(slices), &ranges[i], g);
        });
        let mut squares = vec![0.0; layers];
        for (block, range) in blocks.iter().zip(ranges) {
            squares[block.layer] += crate::measure::squares(&self.gradient[range.clone()]);
        }
        squares
    }

    /// Brings the gradient together and finds by how much each tensor is to be scaled down.
    fn find_factors(&mut self, batch: &mut TrainedBatch, weights: &mut [f32], run: &UpdateRun) {
        let TrainedBatch { pool, gradients, slices } = batch;
        let (blocks, ranges, slices) = (&self.blocks, &self.ranges, &**slices);
        pool.for_each_range(run.threads, ranges, [weights, &mut self.gradient], |i, parts| {
            blocks[i].write(gradients, blocks[i].source.slice_of(slices), &ranges[i], parts, run.tracer);
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
    fn write(
        &self,
        gradients: &Gradients,
        slice: Option<&InputSlice>,
        range: &Range<usize>,
        [w, g]: [&mut [f32]; 2],
        tracer: Tracer,
    ) {
        gradients.write(&self.source, slice, range, g);
        if matches!(self.source, GradientSource::KernelProduct { .. }) {
            tracer.layer_done(Stage::WeightGradient, self.layer);
        }
        if self.l2 != 0.0 {
            reduce::axpy(g, 2.0 * self.l2, w);
        }
    }
}

/// These floats of each buffer; none of one that is empty.
fn part_of<'a>(buffers: &'a mut [&mut [f32]; 5], range: Range<usize>) -> [&'a mut [f32]; 5] {
    buffers.each_mut().map(|buffer| buffer.get_mut(range.clone()).unwrap_or_default())
}

/// Blocks of one slice together, every other one alone.
fn tasks(blocks: &[UpdateBlock]) -> Vec<UpdateTask> {
    let mut tasks: Vec<UpdateTask> = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let slice = block.source.slice();
        match tasks.last_mut().filter(|task| slice.is_some() && task.slice == slice) {
            Some(task) => task.blocks.end = i + 1,
            None => tasks.push(UpdateTask { blocks: i..i + 1, slice, lent: None }),
        }
    }
    tasks
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
    for (s, slice) in product.slices.iter().enumerate() {
        let in_slice = (product.slices.len() > 1).then_some(s);
        for first in slice.clone().step_by(rows) {
            let inputs = first..(first + rows).min(slice.end);
            let range = [inputs.start, inputs.end].map(|input| tensor.start + input * product.units);
            blocks.push((range[0]..range[1], GradientSource::KernelProduct { op, inputs, slice: in_slice }));
        }
    }
    blocks
}
