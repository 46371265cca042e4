//! The program of a model: its operations, and the phases in which chunks of a batch go through them.
//!
//! A batch is cut into chunks of a fixed number of images. Within a phase every chunk runs on its own, so chunks are
//! spread over the threads; between phases one thread brings together what the chunks found. A model without batch
//! normalisation has one phase: gather, all forward, loss, all backward down to the first operation with weights.
//! Before the phases the slices of a wide first layer are multiplied; after them the update computes the gradients of
//! dense kernels. The chunks, not the threads, fix the order of every sum.
//!
//! Within a phase the operations run strip by strip. A strip is an operation with the cheap ones before it; where their
//! outputs are large, the images of a chunk go through a strip a few at a time, so that what lies between its
//! operations stays in the cache, and in the backward pass it is computed again rather than fetched from memory. A
//! dense layer joins no strip: its input is kept for the update.

use std::ops::Range;

use toile_kernels::bf16::ValueForm;

use super::normalization::Normalization;
use super::operation::{BufferSizes, KernelProduct, Operation};
use super::strips::{Strip, chunk_images, chunk_of_plates, images_at, is_sliced, strips};
use super::units::WatchedUnits;

/// A layer in the program. Flatten has none: it does not move a value.
pub(crate) enum Op {
    Plain(Box<dyn Operation>),
    Normalize(Normalization),
}

impl Op {
    pub(crate) fn plain(operation: impl Operation + 'static) -> Op {
        Op::Plain(Box::new(operation))
    }

    /// Channels of a batch normalisation; no other operation has sums to bring together.
    pub(crate) fn channels(&self) -> usize {
        match self {
            Op::Plain(_) => 0,
            Op::Normalize(normalization) => normalization.channels,
        }
    }

    /// The kernel whose gradient is left to the update.
    pub(crate) fn product(&self) -> Option<&KernelProduct> {
        match self {
            Op::Plain(op) => op.product(),
            Op::Normalize(_) => None,
        }
    }

    fn trains(&self) -> bool {
        match self {
            Op::Plain(op) => op.trains(),
            Op::Normalize(_) => true,
        }
    }

    pub(super) fn is_cheap(&self) -> bool {
        matches!(self, Op::Plain(op) if op.is_cheap())
    }
}

/// What a chunk does within a phase. Forward and Backward are followed by a strip's number, the others by an
/// operation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Gather,
    /// The labels alone: the images are gathered by slices.
    GatherLabels,
    /// Adds up the slices' products of the first operation.
    SumSlices,
    Forward(usize),
    Sum(usize),
    Deviation(usize),
    Normalize(usize),
    Loss,
    BackwardSums(usize),
    BackwardNormalize(usize),
    Backward(usize),
}

/// What one thread does between two phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    None,
    Mean(usize),
    Variance(usize),
    BackwardMeans(usize),
}

/// Actions of every chunk, then what one thread makes of all chunks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub actions: Vec<Action>,
    pub reduction: Reduction,
}

/// The values before the first operation of a program, then after each.
pub(crate) struct Values {
    /// How many an image has.
    pub sizes: Vec<usize>,
    /// How they lie.
    pub forms: Vec<ValueForm>,
    /// Floats of memory that an image takes.
    pub floats: Vec<usize>,
    /// Whether products round their inputs.
    pub rounds: bool,
}

/// The operations of a model and their sizes.
pub(crate) struct Program {
    pub ops: Vec<Op>,
    /// The layer that each operation comes from.
    pub layers: Vec<usize>,
    /// Values per image before the first operation, then after each.
    pub sizes: Vec<usize>,
    /// How they lie, and how many floats of memory an image takes so.
    pub forms: Vec<ValueForm>,
    pub floats: Vec<usize>,
    pub classes: usize,
    /// Images per chunk.
    pub chunk: usize,
    pub strips: Vec<Strip>,
    /// Before each operation: whether the values exist for a few images at a time only, within a strip.
    pub inner: Vec<bool>,
    pub buffer_sizes: Vec<BufferSizes>,
    /// The first operation with weights: the backward pass ends there.
    pub first_trained: usize,
    pub train: Vec<Phase>,
    pub infer: Vec<Phase>,
    /// What is derived from the weights, and where it lies.
    pub derived: Vec<Derived>,
    pub derived_ranges: Vec<Range<usize>>,
    pub derived_len: usize,
    /// What the outputs of each operation are watched for when they are measured.
    pub watched: Vec<Option<WatchedUnits>>,
}

/// A tensor derived from the weights after each update.
pub(crate) struct Derived {
    pub op: usize,
    pub part: usize,
}

impl Program {
    /// For batches of up to `batch` images; `layers` as in the fields.
    pub(crate) fn new(
        mut ops: Vec<Op>,
        layers: Vec<usize>,
        values: Values,
        classes: usize,
        batch: usize,
    ) -> Program {
        let Values { sizes, forms, floats, rounds } = values;
        let first_trained = ops.iter().position(Op::trains).unwrap_or(ops.len());
        let (derived, derived_ranges) = place_derived(&mut ops, first_trained);
        let derived_len = derived_ranges.last().map_or(0, |range| range.end);
        let chunk = if rounds { chunk_of_plates(&ops, batch) } else { chunk_images(&ops, batch) };
        let strips = strips(&ops, &sizes, chunk, rounds);
        let (inner, buffer_sizes) = inner_and_buffer_sizes(&ops, &strips, chunk);
        let train = training_phases(&ops, &strips, first_trained);
        let infer = inference_phases(&ops, &strips);
        Program {
            watched: vec![None; ops.len()],
            derived_len,
            ops,
            layers,
            sizes,
            forms,
            floats,
            classes,
            chunk,
            strips,
            inner,
            buffer_sizes,
            first_trained,
            train,
            infer,
            derived,
            derived_ranges,
        }
    }

    /// Layer and floating-point operations per image of each operation: forward, weight gradient, any input gradient.
    pub(crate) fn flops(&self) -> Vec<(usize, [u64; 3])> {
        let of = |(i, op): (usize, &Op)| {
            let [forward, weights, input] = match op {
                Op::Plain(op) => op.flops(),
                Op::Normalize(_) => [0; 3],
            };
            (self.layers[i], [forward, weights, if i > self.first_trained { input } else { 0 }])
        };
        self.ops.iter().enumerate().map(of).collect()
    }

    /// The same by layer, for so many layers.
    pub(crate) fn flops_of_layers(&self, layers: usize) -> Vec<[u64; 3]> {
        let mut of_layers = vec![[0; 3]; layers];
        for (layer, flops) in self.flops() {
            of_layers[layer].iter_mut().zip(flops).for_each(|(sum, flops)| *sum += flops);
        }
        of_layers
    }

    /// Layer and algorithm of each operation.
    pub(crate) fn algorithms(&self) -> Vec<(usize, Option<String>)> {
        let of = |op: &Op| if let Op::Plain(op) = op { op.algorithm() } else { None };
        self.layers.iter().copied().zip(self.ops.iter().map(of)).collect()
    }

    /// The kernel of the first operation, if its products are computed in slices of the inputs before all else.
    pub(crate) fn sliced(&self) -> Option<&KernelProduct> {
        self.ops.first().and_then(Op::product).filter(|product| product.slices.len() > 1)
    }

    /// How many images an operation sees at a time.
    pub(crate) fn images_at(&self, op: usize) -> usize {
        images_at(&self.strips, op, self.chunk)
    }
}

/// For each operation whether the values before it exist for a few images at a time only, and its buffers.
fn inner_and_buffer_sizes(ops: &[Op], strips: &[Strip], chunk: usize) -> (Vec<bool>, Vec<BufferSizes>) {
    let is_inner = |op: usize| strips.iter().any(|strip| strip.ops.contains(&op) && strip.ops.start != op);
    let sizes = |(i, op): (usize, &Op)| match op {
        Op::Plain(operation) => operation.buffer_sizes(images_at(strips, i, chunk)),
        Op::Normalize(_) => BufferSizes::default(),
    };
    ((0..=ops.len()).map(is_inner).collect(), ops.iter().enumerate().map(sizes).collect())
}

/// Gives every derived tensor its place. Up to the first operation with weights none is needed for an input gradient.
fn place_derived(ops: &mut [Op], first_trained: usize) -> (Vec<Derived>, Vec<Range<usize>>) {
    let (mut all, mut ranges, mut end) = (Vec::new(), Vec::new(), 0usize);
    for (i, op) in ops.iter_mut().enumerate() {
        let Op::Plain(op) = op else { continue };
        let mut starts = Vec::new();
        for (part, len) in op.derived_lens().into_iter().enumerate() {
            starts.push(end);
            if len > 0 && (i > first_trained || part == 0) {
                all.push(Derived { op: i, part });
                ranges.push(end..end + len);
                end = (end + len).next_multiple_of(16);
            }
        }
        op.place_derived(&starts);
    }
    (all, ranges)
}

fn training_phases(ops: &[Op], strips: &[Strip], first_trained: usize) -> Vec<Phase> {
    let mut phases = Phases::default();
    let sliced = is_sliced(ops);
    phases.act(if sliced { Action::GatherLabels } else { Action::Gather });
    for (s, strip) in strips.iter().enumerate() {
        let i = strip.ops.start;
        match &ops[i] {
            Op::Plain(_) if i == 0 && sliced => phases.act(Action::SumSlices),
            Op::Plain(_) => phases.act(Action::Forward(s)),
            Op::Normalize(_) => {
                phases.act(Action::Sum(i));
                phases.end_phase(Reduction::Mean(i));
                phases.act(Action::Deviation(i));
                phases.end_phase(Reduction::Variance(i));
                phases.act(Action::Normalize(i));
            }
        }
    }
    phases.act(Action::Loss);
    for (s, strip) in strips.iter().enumerate().rev().filter(|(_, strip)| strip.ops.end > first_trained) {
        let i = strip.ops.start;
        match &ops[i] {
            Op::Plain(_) => phases.act(Action::Backward(s)),
            Op::Normalize(_) => {
                phases.act(Action::BackwardSums(i));
                phases.end_phase(Reduction::BackwardMeans(i));
                phases.act(Action::BackwardNormalize(i));
            }
        }
    }
    phases.finish()
}

fn inference_phases(ops: &[Op], strips: &[Strip]) -> Vec<Phase> {
    let mut phases = Phases::default();
    phases.act(Action::Gather);
    for (s, strip) in strips.iter().enumerate() {
        let i = strip.ops.start;
        phases.act(if matches!(ops[i], Op::Plain(_)) { Action::Forward(s) } else { Action::Normalize(i) });
    }
    phases.act(Action::Loss);
    phases.finish()
}

#[derive(Default)]
struct Phases {
    done: Vec<Phase>,
    actions: Vec<Action>,
}

impl Phases {
    fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn end_phase(&mut self, reduction: Reduction) {
        self.done.push(Phase { actions: std::mem::take(&mut self.actions), reduction });
    }

    fn finish(mut self) -> Vec<Phase> {
        self.end_phase(Reduction::None);
        self.done
    }
}
