//! Takes batches through a program, on any number of threads.

use toile_kernels::{Buffer, Pool, gather, loss};
use toile_rng::Seed;

use super::normalization::Moments;
use super::operation::{At, Backward, Room, Weights};
use super::program::{Action, Meeting, Op, Phase, Program};
use super::workspace::{Chunk, Workspace, moments};
use crate::Examples;

/// A program with its memory: chunks of the batch, workspaces of the threads, derived weights.
pub(crate) struct Executor {
    pub program: Program,
    pub pool: Pool,
    pub chunks: Vec<Chunk>,
    pub derived: Buffer,
    workspaces: Vec<Option<Workspace>>,
    moments: Vec<Moments>,
    training: bool,
}

/// What a pass over a batch needs beside the weights.
pub(crate) struct Pass<'a> {
    pub examples: &'a Examples<'a>,
    /// Positions of the batch's images in the data set.
    pub indices: &'a [u32],
    pub label_smoothing: f32,
    pub class_weights: Option<&'a [f32]>,
    pub step: u64,
    pub seed: Seed,
    pub threads: usize,
}

/// The sums over a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Totals {
    /// Σ loss, without penalties.
    pub loss: f64,
    /// Correct predictions.
    pub correct: usize,
}

impl Executor {
    /// For training on batches of up to `batch` images; `weights` is the number of floats of all weights.
    pub(crate) fn for_training(program: Program, batch: usize, weights: usize) -> Executor {
        let own = program.train.len() > 1;
        let chunks =
            (0..batch.div_ceil(program.chunk)).map(|_| Chunk::new(&program, weights, own, true)).collect();
        Executor::new(program, chunks, true)
    }

    /// For inference on batches of up to `batch` images.
    pub(crate) fn for_inference(program: Program, batch: usize) -> Executor {
        let chunks =
            (0..batch.div_ceil(program.chunk)).map(|_| Chunk::new(&program, 0, false, false)).collect();
        Executor::new(program, chunks, false)
    }

    fn new(program: Program, chunks: Vec<Chunk>, training: bool) -> Executor {
        let (derived, moments) = (Buffer::new(program.derived_len), moments(&program));
        Executor { program, pool: Pool::new(), chunks, derived, workspaces: Vec::new(), moments, training }
    }

    /// Computes what is derived from the weights; to be called after each change of them.
    pub(crate) fn derive(&mut self, weights: &[f32], threads: usize) {
        let (program, training) = (&self.program, self.training);
        self.pool.for_each_range(threads, &program.derived_ranges, [&mut self.derived], |i, [derived]| {
            let piece = &program.derived[i];
            if let (Op::Plain(op), true) = (&program.ops[piece.op], piece.part == 0 || training) {
                op.derive(piece.part, weights, derived);
            }
        });
        if !self.training {
            for (op, moments) in program.ops.iter().zip(&mut self.moments) {
                if let Op::Normalize(normalization) = op {
                    normalization.use_moving(moments, weights);
                }
            }
        }
    }

    /// One forward and backward pass; the gradients are left in the chunks.
    pub(crate) fn train(&mut self, pass: &Pass, weights: &[f32]) -> Totals {
        self.cut(pass.indices.len());
        for phase in 0..self.program.train.len() {
            self.phase(pass, weights, phase);
            self.meet(phase, pass.indices.len(), weights);
        }
        self.totals(pass.indices.len())
    }

    /// The same on one thread, telling after each action of each chunk what it was.
    pub(crate) fn train_told(&mut self, pass: &Pass, weights: &[f32], tell: &mut dyn FnMut(Action)) {
        self.cut(pass.indices.len());
        let n = self.n_chunks(pass.indices.len());
        let mut lent = self.workspaces.pop().flatten();
        for number in 0..self.program.train.len() {
            let stage = Stage {
                program: &self.program,
                phase: &self.program.train[number],
                pass,
                weights: Weights { values: weights, derived: &self.derived },
                moments: &self.moments,
                training: true,
            };
            for chunk in &mut self.chunks[..n] {
                let mut own = chunk.workspace.take();
                let space = match &mut own {
                    Some(own) => &mut **own,
                    None => lent.get_or_insert_with(|| Workspace::new(&self.program, true)),
                };
                stage.run(space, chunk, tell);
                chunk.workspace = own;
            }
            self.meet(number, pass.indices.len(), weights);
        }
        self.workspaces.push(lent);
    }

    /// After a training pass: the step of batch normalisation's moving averages.
    pub(crate) fn move_averages(&self, weights: &mut [f32]) {
        for (op, moments) in self.program.ops.iter().zip(&self.moments) {
            if let Op::Normalize(normalization) = op {
                normalization.move_averages(moments, weights);
            }
        }
    }

    /// One forward pass; predictions and confidences are left in the chunks.
    pub(crate) fn infer(&mut self, pass: &Pass, weights: &[f32]) -> Totals {
        self.cut(pass.indices.len());
        self.phase(pass, weights, 0);
        self.totals(pass.indices.len())
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

    fn totals(&self, images: usize) -> Totals {
        let chunks = &self.chunks[..self.n_chunks(images)];
        chunks.iter().fold(Totals::default(), |sum, chunk| Totals {
            loss: sum.loss + chunk.loss,
            correct: sum.correct + chunk.correct,
        })
    }

    fn phase(&mut self, pass: &Pass, weights: &[f32], number: usize) {
        let n = self.n_chunks(pass.indices.len());
        let threads = pass.threads.clamp(1, n.max(1));
        while self.workspaces.len() < threads {
            self.workspaces.push(None);
        }
        let phases = if self.training { &self.program.train } else { &self.program.infer };
        let lend = phases.len() == 1;
        let stage = Stage {
            program: &self.program,
            phase: &phases[number],
            pass,
            weights: Weights { values: weights, derived: &self.derived },
            moments: &self.moments,
            training: self.training,
        };
        self.pool.for_each(threads, &mut self.workspaces, &mut self.chunks[..n], |lent, _, chunk| {
            if lend {
                let workspace = lent.get_or_insert_with(|| Workspace::new(stage.program, stage.training));
                stage.run(workspace, chunk, &mut |_| {});
            } else if let Some(mut own) = chunk.workspace.take() {
                stage.run(&mut own, chunk, &mut |_| {});
                chunk.workspace = Some(own);
            }
        });
    }

    fn meet(&mut self, phase: usize, images: usize, weights: &[f32]) {
        let chunks = &self.chunks[..self.n_chunks(images)];
        let meeting = self.program.train[phase].meeting;
        let (Meeting::Mean(op) | Meeting::Variance(op) | Meeting::BackwardMeans(op)) = meeting else {
            return;
        };
        let Op::Normalize(normalization) = &self.program.ops[op] else { return };
        let moments = &mut self.moments[op];
        let sums = chunks.iter().map(|chunk| chunk.sums[op].as_slice());
        match meeting {
            Meeting::Mean(_) => normalization.mean(images, sums, moments),
            Meeting::Variance(_) => normalization.variance(images, sums, moments, weights),
            _ => normalization.backward_means(images, chunks.iter().map(|c| &c.gradient[..]), moments),
        }
    }
}

/// One phase, as every chunk sees it.
struct Stage<'a> {
    program: &'a Program,
    phase: &'a Phase,
    pass: &'a Pass<'a>,
    weights: Weights<'a>,
    moments: &'a [Moments],
    training: bool,
}

impl Stage<'_> {
    fn run(&self, space: &mut Workspace, chunk: &mut Chunk, tell: &mut dyn FnMut(Action)) {
        let at = At {
            images: chunk.images,
            first: chunk.first,
            step: self.pass.step,
            seed: self.pass.seed,
            training: self.training,
        };
        for action in &self.phase.actions {
            self.act(*action, &at, space, chunk);
            tell(*action);
        }
    }

    fn act(&self, action: Action, at: &At, space: &mut Workspace, chunk: &mut Chunk) {
        match action {
            Action::Gather => self.gather(space, chunk),
            Action::Loss => self.loss(space, chunk),
            Action::Forward(i) => self.forward(i, at, space),
            Action::Backward(i) => self.backward(i, at, space, chunk),
            Action::Sum(i) | Action::Deviation(i) | Action::Normalize(i) => {
                self.normalize(action, i, at.images, space, chunk);
            }
            Action::BackwardSums(i) | Action::BackwardNormalize(i) => {
                self.backward_normalize(action, i, at.images, space, chunk);
            }
        }
    }

    fn forward(&self, i: usize, at: &At, space: &mut Workspace) {
        let Op::Plain(op) = &self.program.ops[i] else { return };
        let (before, after) = space.activations.split_at_mut(i + 1);
        let x = &before[i][..self.program.sizes[i] * at.images];
        let y = &mut after[0][..self.program.sizes[i + 1] * at.images];
        let room = Room { keep: &mut space.keeps[i], scratch: &mut space.scratch, words: &mut space.words };
        op.forward(at, self.weights, x, y, room);
    }

    fn backward(&self, i: usize, at: &At, space: &mut Workspace, chunk: &mut Chunk) {
        let Op::Plain(op) = &self.program.ops[i] else { return };
        let [before, after] = [i, i + 1].map(|i| self.program.sizes[i] * at.images);
        let [d_y, d_x] = &mut space.gradients;
        let pass = Backward {
            x: &space.activations[i][..before],
            y: &space.activations[i + 1][..after],
            d_y: &mut d_y[..after],
            d_x: (i > 0).then(|| &mut d_x[..before]),
            d_weights: &mut chunk.gradient,
        };
        let room = Room { keep: &mut space.keeps[i], scratch: &mut space.scratch, words: &mut space.words };
        op.backward(at, self.weights, pass, room);
        space.gradients.swap(0, 1);
    }

    fn normalize(&self, action: Action, i: usize, images: usize, space: &mut Workspace, chunk: &mut Chunk) {
        let Op::Normalize(op) = &self.program.ops[i] else { return };
        let (len, moments) = (self.program.sizes[i] * images, &self.moments[i]);
        let (before, after) = space.activations.split_at_mut(i + 1);
        let x = &before[i][..len];
        match action {
            Action::Sum(_) => op.sum(x, &mut chunk.sums[i]),
            Action::Deviation(_) => op.deviation(x, moments, &mut chunk.sums[i]),
            _ => op.normalize(x, moments, &mut after[0][..len]),
        }
    }

    fn backward_normalize(
        &self,
        action: Action,
        i: usize,
        images: usize,
        space: &mut Workspace,
        chunk: &mut Chunk,
    ) {
        let Op::Normalize(op) = &self.program.ops[i] else { return };
        let (len, moments) = (self.program.sizes[i] * images, &self.moments[i]);
        let (x, d_y) = (&space.activations[i][..len], &mut space.gradients[0][..len]);
        match action {
            Action::BackwardSums(_) => op.backward_sums(x, d_y, moments, &mut chunk.gradient),
            _ => op.backward(x, d_y, moments, self.weights.values),
        }
    }

    fn gather(&self, space: &mut Workspace, chunk: &Chunk) {
        let indices = &self.pass.indices[chunk.first..chunk.first + chunk.images];
        let (examples, size) = (self.pass.examples, self.program.sizes[0]);
        let x = &mut space.activations[0][..size * chunk.images];
        gather::gather_scaled(examples.images, size, indices, x);
        gather::gather_labels(examples.labels, indices, &mut space.labels[..chunk.images]);
    }

    /// Loss and accuracy of the chunk, and in training the gradient with respect to the logits, over the batch's size.
    fn loss(&self, space: &mut Workspace, chunk: &mut Chunk) {
        let (n, classes) = (chunk.images, self.program.classes);
        let Some(logits) = space.activations.last() else { return };
        let scale = 1.0 / self.pass.indices.len() as f32;
        let d_logits = &mut space.gradients[0][..n * classes];
        loss::softmax_crossentropy(
            &logits[..n * classes],
            classes,
            &space.labels[..n],
            self.pass.label_smoothing,
            self.pass.class_weights,
            scale,
            self.training.then_some(d_logits),
            &mut space.losses[..n],
            &mut chunk.predicted[..n],
            (!self.training).then_some(&mut chunk.confidence[..n]),
        );
        chunk.loss = space.losses[..n].iter().map(|loss| *loss as f64).sum();
        chunk.correct = chunk.predicted[..n].iter().zip(&space.labels).filter(|(p, l)| p == l).count();
    }
}
