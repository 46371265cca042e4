//! One phase of a program, as every chunk sees it: its actions one after the other, in a workspace that is its own or
//! lent by the thread.
//!
//! A strip takes the images of the chunk in parts. Values at its ends lie in buffers of the whole chunk; between its
//! operations there is room for one part only, which the next part overwrites. Backward therefore runs the strip
//! forward once more for each part, up to the last operation, unless one part is the whole chunk.

use toile_kernels::bf16::{ValueForm, halves};
use toile_kernels::conv::Piece;
use toile_kernels::loss::{CrossentropyResults, CrossentropyTargets};
use toile_kernels::probabilities::softmax_probabilities;
use toile_kernels::reduce;

use super::executor::BatchPass;
use super::normalization::Moments;
use super::operation::{Backward, Buffers, ChunkContext, Operation, Weights};
use super::program::{Action, Op, Phase, Program};
use super::slices::InputSlice;
use super::strips::Strip;
use super::trace::Stage;
use super::workspace::{Chunk, Workspace};
use crate::score::Score;

/// What is the same for all chunks.
pub(crate) struct PhaseRun<'a> {
    pub program: &'a Program,
    pub phase: &'a Phase,
    pub pass: &'a BatchPass<'a>,
    pub weights: Weights<'a>,
    pub slices: &'a [InputSlice],
    pub moments: &'a [Moments],
    pub training: bool,
}

/// Images of a chunk that go through a strip together.
#[derive(Clone, Copy)]
struct StripPart {
    start: usize,
    images: usize,
    piece: Piece,
}

impl Strip {
    /// The parts of so many images.
    fn parts(&self, images: usize) -> impl Iterator<Item = StripPart> {
        let size = self.images;
        (0..images).step_by(size).map(move |start| StripPart {
            start,
            images: size.min(images - start),
            piece: Piece { first: start == 0, last: start + size >= images },
        })
    }
}

impl PhaseRun<'_> {
    pub(crate) fn run(&self, space: &mut Workspace, chunk: &mut Chunk) {
        chunk.exchange(space);
        for action in &self.phase.actions {
            self.act(*action, space, chunk);
        }
        chunk.exchange(space);
    }

    fn act(&self, action: Action, space: &mut Workspace, chunk: &mut Chunk) {
        match action {
            Action::Gather => self.gather(space, chunk),
            Action::GatherLabels => self.gather_labels(space, chunk),
            Action::SumSlices => self.sum_slices(space, chunk),
            Action::Loss => self.loss(space, chunk),
            Action::Forward(strip) => self.forward(&self.program.strips[strip], space, chunk),
            Action::Backward(strip) => self.backward(&self.program.strips[strip], space, chunk),
            Action::Sum(i) | Action::Deviation(i) | Action::Normalize(i) => {
                self.normalize(action, i, space, chunk);
            }
            Action::BackwardSums(i) | Action::BackwardNormalize(i) => {
                self.backward_normalize(action, i, space, chunk);
            }
        }
    }

    fn context(&self, chunk: &Chunk, part: StripPart) -> ChunkContext {
        ChunkContext {
            images: part.images,
            first: chunk.first + part.start,
            step: self.pass.step,
            seed: self.pass.seed,
            training: self.training && !self.pass.is_probe,
        }
    }

    fn plain(&self, op: usize) -> Option<&dyn Operation> {
        match &self.program.ops[op] {
            Op::Plain(operation) => Some(operation.as_ref()),
            Op::Normalize(_) => None,
        }
    }

    /// Where the values of a part lie in the buffer before operation `op`: in the chunk's, or alone in a strip's.
    fn values(&self, op: usize, part: StripPart) -> std::ops::Range<usize> {
        self.scaled(op, part, self.program.floats[op])
    }

    fn scaled(&self, op: usize, part: StripPart, size: usize) -> std::ops::Range<usize> {
        let start = if self.program.inner[op] { 0 } else { part.start * size };
        start..start + self.program.forms[op].room(part.images) * size
    }

    fn forward(&self, strip: &Strip, space: &mut Workspace, chunk: &mut Chunk) {
        for part in strip.parts(chunk.images) {
            for op in strip.ops.clone() {
                self.forward_op(op, &self.context(chunk, part), part, space);
                self.pass.tracer.layer_done(Stage::Forward, self.program.layers[op]);
                if self.pass.is_probe {
                    self.count_units(op, part, space, chunk);
                }
            }
        }
    }

    fn count_units(&self, op: usize, part: StripPart, space: &Workspace, chunk: &mut Chunk) {
        if let (Some(watched), Some(counts)) = (&self.program.watched[op], chunk.units.get_mut(op)) {
            let y = &space.activations[op + 1][self.values(op + 1, part)];
            match self.program.forms[op + 1] {
                ValueForm::Rows => watched.count(y, counts),
                ValueForm::Plates => watched.count_plates(halves(y), part.images, counts),
            }
        }
    }

    fn forward_op(&self, op: usize, context: &ChunkContext, part: StripPart, space: &mut Workspace) {
        let Some(operation) = self.plain(op) else { return };
        let sizes = self.program.buffer_sizes[op];
        let (before, after) = space.activations.split_at_mut(op + 1);
        let buffers = Buffers {
            keep: &mut space.keeps[op][self.scaled(op + 1, part, sizes.keep)],
            masks: if self.training {
                &mut space.masks[op][self.scaled(op + 1, part, sizes.masks)]
            } else {
                &mut []
            },
            sums: &mut [],
            scratch: &mut space.scratch,
            words: &mut space.words,
        };
        let (x, y) = (&before[op][self.values(op, part)], &mut after[0][self.values(op + 1, part)]);
        operation.forward(context, self.weights, x, y, buffers);
    }

    fn backward(&self, strip: &Strip, space: &mut Workspace, chunk: &mut Chunk) {
        let several = strip.images < chunk.images;
        for part in strip.parts(chunk.images) {
            let context = self.context(chunk, part);
            for op in strip.ops.start..if several { strip.ops.end - 1 } else { strip.ops.start } {
                self.forward_op(op, &context, part, space);
                self.pass.tracer.layer_done(Stage::Backward, self.program.layers[op]);
            }
            for op in strip.ops.clone().rev().filter(|op| *op >= self.program.first_trained) {
                self.backward_op(op, strip, &context, part, space, chunk);
            }
        }
        space.gradients.swap(0, 1);
    }

    fn backward_op(
        &self,
        op: usize,
        strip: &Strip,
        context: &ChunkContext,
        part: StripPart,
        space: &mut Workspace,
        chunk: &mut Chunk,
    ) {
        let Some(operation) = self.plain(op) else { return };
        let sizes = self.program.buffer_sizes[op];
        let (is_start, is_end) = (op == strip.ops.start, op + 1 == strip.ops.end);
        let [(outer_y, outer_x), (inner_y, inner_x)] =
            [&mut space.gradients, &mut space.inner].map(|[y, x]| (y, x));
        let d_y = &mut if is_end { outer_y } else { inner_y }[self.values(op + 1, part)];
        let d_x = &mut if is_start { outer_x } else { inner_x }[..];
        let wanted = op > self.program.first_trained;
        let mut factors = chunk.factors.iter_mut().find(|factors| factors.op == op);
        let pass = Backward {
            factors: factors
                .as_mut()
                .map_or_else(Default::default, |f| f.plates_of(operation, context.images)),
            x: space.activations[op].get(self.values(op, part)).unwrap_or(&[]),
            y: &space.activations[op + 1][self.values(op + 1, part)],
            d_y,
            d_x: wanted.then(|| &mut d_x[self.values(op, part)]),
            d_weights: &mut chunk.gradient,
            piece: part.piece,
        };
        let buffers = Buffers {
            keep: &mut space.keeps[op][self.scaled(op + 1, part, sizes.keep)],
            masks: &mut space.masks[op][self.scaled(op + 1, part, sizes.masks)],
            sums: &mut space.sums[op],
            scratch: &mut space.scratch,
            words: &mut space.words,
        };
        operation.backward(context, self.weights, pass, buffers);
        if let Some(factors) = factors.filter(|factors| !factors.plates) {
            let len = self.program.sizes[op + 1] * context.images;
            factors.d_z[..len].copy_from_slice(&space.gradients[0][..len]);
        }
        space.inner.swap(0, 1);
        self.pass.tracer.layer_done(Stage::Backward, self.program.layers[op]);
    }

    /// The first layer's output, from the products of its slices: added up in their order.
    fn sum_slices(&self, space: &mut Workspace, chunk: &Chunk) {
        let Some(operation) = self.plain(0) else { return };
        let size = self.program.sizes[1];
        let y = &mut space.activations[1][..size * chunk.images];
        let range = chunk.first * size..(chunk.first + chunk.images) * size;
        let (first, others) = self.slices.split_first().expect("a sliced layer has slices");
        y.copy_from_slice(&first.y[range.clone()]);
        for slice in others {
            reduce::axpy(y, 1.0, &slice.y[range.clone()]);
        }
        operation.finish(self.weights, y, &mut space.keeps[0]);
        self.pass.tracer.layer_done(Stage::Forward, self.program.layers[0]);
    }

    fn normalize(&self, action: Action, i: usize, space: &mut Workspace, chunk: &mut Chunk) {
        let Op::Normalize(op) = &self.program.ops[i] else { return };
        let (len, moments) = (self.program.sizes[i] * chunk.images, &self.moments[i]);
        let (before, after) = space.activations.split_at_mut(i + 1);
        let x = &before[i][..len];
        match action {
            Action::Sum(_) => op.sum(x, &mut chunk.sums[i]),
            Action::Deviation(_) => op.deviation(x, moments, &mut chunk.sums[i]),
            _ => op.normalize(x, moments, &mut after[0][..len]),
        }
        self.pass.tracer.layer_done(Stage::Forward, self.program.layers[i]);
    }

    fn backward_normalize(&self, action: Action, i: usize, space: &mut Workspace, chunk: &mut Chunk) {
        let Op::Normalize(op) = &self.program.ops[i] else { return };
        let (len, moments) = (self.program.sizes[i] * chunk.images, &self.moments[i]);
        let (x, d_y) = (&space.activations[i][..len], &mut space.gradients[0][..len]);
        match action {
            Action::BackwardSums(_) => op.backward_sums(x, d_y, moments, &mut chunk.gradient),
            _ => op.backward(x, d_y, moments, self.weights.values),
        }
        self.pass.tracer.layer_done(Stage::Backward, self.program.layers[i]);
    }

    fn gather(&self, space: &mut Workspace, chunk: &Chunk) {
        let form = self.program.forms[0];
        let x = &mut space.activations[0][..self.program.floats[0] * form.room(chunk.images)];
        match form {
            ValueForm::Rows => self.pass.gather_images(chunk.positions(), x),
            ValueForm::Plates => self.pass.gather_plates(chunk.positions(), x),
        }
        self.gather_labels(space, chunk);
    }

    fn gather_labels(&self, space: &mut Workspace, chunk: &Chunk) {
        self.pass.gather_labels(chunk.positions(), &mut space.labels[..chunk.images]);
        self.pass.tracer.done(Stage::Gather);
    }

    /// Loss and score of the chunk, and in training the gradient with respect to the logits, over the batch's size.
    fn loss(&self, space: &mut Workspace, chunk: &mut Chunk) {
        let (n, classes) = (chunk.images, self.program.classes);
        let Some(logits) = space.activations.last() else { return };
        let scale = 1.0 / self.pass.indices.len() as f32;
        let d_logits = &mut space.gradients[0][..n * classes];
        let targets = CrossentropyTargets {
            classes,
            smoothing: self.pass.label_smoothing,
            class_weights: self.pass.class_weights,
            scale,
        };
        let results = CrossentropyResults {
            loss: &mut chunk.loss[..n],
            predicted: &mut chunk.predicted[..n],
            confidence: (!self.training).then_some(&mut chunk.confidence[..n]),
            d_logits: self.training.then_some(d_logits),
        };
        let (logits, labels) = (&logits[..n * classes], &space.labels[..n]);
        self.pass.loss.compute(logits, labels, targets, results);
        if let Some(probabilities) = chunk.probabilities.get_mut(..n * classes) {
            softmax_probabilities(logits, classes, probabilities);
        }
        chunk.score = Score::of(logits, labels, &chunk.loss[..n], &chunk.predicted[..n]);
        self.pass.tracer.done(Stage::Loss);
    }
}
