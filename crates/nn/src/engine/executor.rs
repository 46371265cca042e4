//! Takes batches through a program, on any number of threads: slices, then phase after phase with the reductions
//! between them. Gradients are left in the chunks, for the update; so are predictions, for the evaluation.
//!
//! What is fixed is which chunks there are and what happens to them; which thread takes which is left to the pool, and
//! may change from one step to the next.

use toile_kernels::{Buffer, Pool};
use toile_rng::Seed;

use super::gradients::Gradients;
use super::normalization::Moments;
use super::operation::Weights;
use super::program::{Op, Program, Reduction};
use super::round::PhaseRun;
use super::slices::{self, InputSlice};
use super::trace::{Stage, Tracer};
use super::workspace::{Chunk, Workspace, moments, use_moving};
use crate::augmentation::AugmentationSettings;
use crate::score::Score;
use crate::{Examples, Loss};

/// A program with its memory: chunks of the batch, workspaces of the threads, derived weights.
pub(crate) struct Executor {
    pub program: Program,
    pub pool: Pool,
    pub chunks: Vec<Chunk>,
    pub derived: Buffer,
    /// The slices of the first layer, while training.
    slices: Vec<InputSlice>,
    workspaces: Vec<Option<Workspace>>,
    moments: Vec<Moments>,
    training: bool,
    flops_per_image: u64,
}

/// What a pass over a batch needs, apart from the weights.
pub(crate) struct BatchPass<'a> {
    pub examples: &'a Examples<'a>,
    /// Positions of the batch's images in the data set.
    pub indices: &'a [u32],
    /// What is done to the images; nothing where they stay as they are.
    pub augmentation: Option<&'a dyn AugmentationSettings>,
    pub loss: &'a Loss,
    pub label_smoothing: f32,
    pub class_weights: Option<&'a [f32]>,
    /// Whether it measures and trains nothing: without dropout, and units are counted where chunks have room for that.
    pub is_probe: bool,
    pub step: u64,
    pub seed: Seed,
    pub threads: usize,
    pub tracer: Tracer<'a>,
}

/// What a training pass leaves to the update: the gradients, where slices of the inputs lie, and threads to work.
pub(crate) struct TrainedBatch<'a> {
    pub pool: &'a mut Pool,
    pub gradients: Gradients<'a>,
    pub slices: &'a mut Vec<InputSlice>,
}

/// A thread that does less than this in a step costs more than it saves: some 3 µs of work.
const FLOPS_PER_THREAD: u64 = 600_000;

/// Fewer floats than this are derived before a second thread would be awake.
const DERIVED_ALONE: usize = 8192;

impl Executor {
    /// For training on batches of up to `batch` images; `weights` is the number of floats of all weights.
    pub(crate) fn for_training(program: Program, batch: usize, weights: usize) -> Executor {
        let gradients = Buffer::all_together(&vec![weights; batch.div_ceil(program.chunk)]);
        let chunks = gradients.into_iter().map(|gradient| Chunk::for_training(&program, gradient)).collect();
        let slices = slices::of(&program, batch);
        Executor::new(program, chunks, slices, true)
    }

    /// For inference on batches of up to `batch` images.
    pub(crate) fn for_inference(program: Program, batch: usize) -> Executor {
        let chunks = (0..batch.div_ceil(program.chunk)).map(|_| Chunk::for_inference(&program)).collect();
        Executor::new(program, chunks, Vec::new(), false)
    }

    /// From now on passes leave the probabilities of all classes in the chunks.
    pub(crate) fn make_room_for_probabilities(&mut self) {
        let values = self.program.chunk * self.program.classes;
        self.chunks.iter_mut().for_each(|chunk| chunk.probabilities = vec![0.0; values]);
    }

    fn new(program: Program, chunks: Vec<Chunk>, slices: Vec<InputSlice>, training: bool) -> Executor {
        let (derived, moments) = (Buffer::new(program.derived_len), moments(&program));
        let (pool, workspaces) = (Pool::new(), Vec::new());
        let flops_per_image = program.flops().iter().flat_map(|(_, flops)| flops).sum();
        Executor { program, pool, chunks, derived, slices, workspaces, moments, training, flops_per_image }
    }

    /// Computes what is derived from the weights; to be called after each change of them.
    pub(crate) fn derive(&mut self, weights: &[f32], threads: usize, tracer: Tracer) {
        let (program, training) = (&self.program, self.training);
        let threads = if program.derived_len < DERIVED_ALONE { 1 } else { threads };
        self.pool.for_each_range(threads, &program.derived_ranges, [&mut self.derived], |i, [derived]| {
            let piece = &program.derived[i];
            if let (Op::Plain(op), true) = (&program.ops[piece.op], piece.part == 0 || training) {
                op.derive(piece.part, weights, derived);
                tracer.done(Stage::Derive);
            }
        });
        if !self.training {
            use_moving(program, &mut self.moments, weights);
        }
    }

    /// One forward and backward pass; the gradients are left in the chunks. `is_multiplied`: the slices of the first
    /// layer are, by the update before.
    pub(crate) fn train(&mut self, pass: &BatchPass, weights: &[f32], is_multiplied: bool) -> Score {
        self.cut(pass.indices.len());
        if let (Some(product), false) = (self.program.sliced(), is_multiplied) {
            let layer = self.program.layers[0];
            slices::multiply(&mut self.pool, &mut self.slices, product, layer, pass, weights);
        }
        for phase in 0..self.program.train.len() {
            self.phase(pass, weights, phase);
            self.reduce(phase, pass.indices.len(), weights);
        }
        self.score(pass.indices.len())
    }

    /// What a training pass over so many images has left.
    pub(crate) fn trained(&mut self, images: usize) -> TrainedBatch<'_> {
        let n = self.n_chunks(images);
        let gradients = Gradients { program: &self.program, chunks: &self.chunks[..n] };
        TrainedBatch { pool: &mut self.pool, gradients, slices: &mut self.slices }
    }

    /// After a training pass: the step of batch normalisation's moving averages.
    pub(crate) fn move_averages(&self, weights: &mut [f32]) {
        for (op, moments) in self.program.ops.iter().zip(&self.moments) {
            if let Op::Normalize(normalization) = op {
                normalization.move_averages(moments, weights);
            }
        }
    }

    /// One forward pass; predictions, confidences and losses are left in the chunks.
    pub(crate) fn infer(&mut self, pass: &BatchPass, weights: &[f32]) -> Score {
        self.cut(pass.indices.len());
        self.phase(pass, weights, 0);
        self.score(pass.indices.len())
    }

    /// How many of the threads are worth waking for a step on so many images.
    pub(crate) fn worthwhile(&self, threads: usize, images: usize) -> usize {
        let flops = self.flops_per_image.saturating_mul(images as u64);
        threads.min(1 + (flops / FLOPS_PER_THREAD) as usize).max(1)
    }

    /// How many chunks a batch of so many images fills.
    pub(crate) fn n_chunks(&self, images: usize) -> usize {
        images.div_ceil(self.program.chunk)
    }

    fn cut(&mut self, images: usize) {
        let size = self.program.chunk;
        for (i, chunk) in self.chunks.iter_mut().enumerate() {
            chunk.first = i * size;
            chunk.images = images.saturating_sub(chunk.first).min(size);
        }
    }

    fn score(&self, images: usize) -> Score {
        let chunks = &self.chunks[..self.n_chunks(images)];
        chunks.iter().fold(Score::default(), |sum, chunk| sum.and(chunk.score))
    }

    fn phase(&mut self, pass: &BatchPass, weights: &[f32], number: usize) {
        let n = self.n_chunks(pass.indices.len());
        let threads = pass.threads.clamp(1, n.max(1));
        let phases = if self.training { &self.program.train } else { &self.program.infer };
        let lend = phases.len() == 1;
        while self.workspaces.len() < threads {
            // Here, not in the round: a thread that comes too late for the first rounds must find its own all the same.
            let workspace = lend.then(|| Workspace::new(&self.program, self.training));
            self.workspaces.push(workspace);
        }
        let round = PhaseRun {
            program: &self.program,
            phase: &phases[number],
            pass,
            weights: Weights { values: weights, derived: &self.derived },
            slices: &self.slices,
            moments: &self.moments,
            training: self.training,
        };
        self.pool.for_each(threads, &mut self.workspaces, &mut self.chunks[..n], |lent, _, chunk| {
            if let Some(workspace) = lent {
                round.run(workspace, chunk);
            } else if let Some(mut own) = chunk.workspace.take() {
                round.run(&mut own, chunk);
                chunk.workspace = Some(own);
            }
        });
    }

    fn reduce(&mut self, phase: usize, images: usize, weights: &[f32]) {
        let chunks = &self.chunks[..self.n_chunks(images)];
        let reduction = self.program.train[phase].reduction;
        let (Reduction::Mean(op) | Reduction::Variance(op) | Reduction::BackwardMeans(op)) = reduction else {
            return;
        };
        let Op::Normalize(normalization) = &self.program.ops[op] else { return };
        let moments = &mut self.moments[op];
        let sums = chunks.iter().map(|chunk| chunk.sums[op].as_slice());
        match reduction {
            Reduction::Mean(_) => normalization.mean(images, sums, moments),
            Reduction::Variance(_) => normalization.variance(images, sums, moments, weights),
            _ => normalization.backward_means(images, chunks.iter().map(|c| &c.gradient[..]), moments),
        }
    }
}
