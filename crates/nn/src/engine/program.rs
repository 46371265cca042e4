//! The program of a model: its operations, and the phases in which chunks of a batch go through them.
//!
//! A batch is cut into chunks of a fixed number of images. Within a phase every chunk runs on its own, so chunks are
//! spread over the threads; between phases one thread brings together what the chunks found. A model without batch
//! normalisation has one phase: gather, all forward, loss, all backward. The chunks, not the threads, fix the order of
//! every sum.

use std::ops::Range;

use super::normalization::Normalization;
use super::operation::{Demand, Operation};

/// A layer in the program. Flatten has none: it does not move a value.
pub(crate) enum Op {
    Plain(Box<dyn Operation>),
    Normalize(Normalization),
}

impl Op {
    /// Channels of a batch normalisation; no other operation has sums to bring together.
    pub(crate) fn channels(&self) -> usize {
        match self {
            Op::Plain(_) => 0,
            Op::Normalize(normalization) => normalization.channels,
        }
    }

    /// Floating-point operations of one image: forward, weight gradient, input gradient.
    pub(crate) fn flops(&self) -> [u64; 3] {
        match self {
            Op::Plain(operation) => operation.flops(),
            Op::Normalize(_) => [0; 3],
        }
    }
}

/// What a chunk does within a phase; the number is the operation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Gather,
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
pub(crate) enum Meeting {
    None,
    Mean(usize),
    Variance(usize),
    BackwardMeans(usize),
}

/// Actions of every chunk, then a meeting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub actions: Vec<Action>,
    pub meeting: Meeting,
}

/// The operations of a model and their sizes.
pub(crate) struct Program {
    pub ops: Vec<Op>,
    /// Values per image before the first operation, then after each.
    pub sizes: Vec<usize>,
    pub classes: usize,
    /// Images per chunk.
    pub chunk: usize,
    pub train: Vec<Phase>,
    pub infer: Vec<Phase>,
    /// What is derived from the weights, and where it lies.
    pub derived: Vec<Derived>,
    pub derived_ranges: Vec<Range<usize>>,
    pub derived_len: usize,
}

/// A tensor derived from the weights after each update.
pub(crate) struct Derived {
    pub op: usize,
    pub part: usize,
}

impl Program {
    pub(crate) fn new(mut ops: Vec<Op>, sizes: Vec<usize>, classes: usize) -> Program {
        let (derived, derived_ranges) = place_derived(&mut ops);
        let derived_len = derived_ranges.last().map_or(0, |range| range.end);
        let chunk = chunk_images(&ops);
        let (train, infer) = (training_phases(&ops), inference_phases(&ops));
        Program { ops, sizes, classes, chunk, train, infer, derived, derived_ranges, derived_len }
    }

    pub(crate) fn demand(&self, op: usize) -> Demand {
        match &self.ops[op] {
            Op::Plain(operation) => operation.demand(self.chunk),
            Op::Normalize(_) => Demand::default(),
        }
    }
}

/// A chunk is small enough for its activations to stay near the caches, large enough for the products to be efficient.
/// It depends on the model alone, because it fixes the order of sums.
fn chunk_images(ops: &[Op]) -> usize {
    let flops: u64 = ops.iter().map(|op| if let Op::Plain(op) = op { op.flops()[0] } else { 0 }).sum();
    if flops > 1_000_000 { 16 } else { 64 }
}

/// Gives every derived tensor its place. The first operation needs none for an input gradient, since nobody asks for it.
fn place_derived(ops: &mut [Op]) -> (Vec<Derived>, Vec<Range<usize>>) {
    let (mut all, mut ranges, mut end) = (Vec::new(), Vec::new(), 0usize);
    for (i, op) in ops.iter_mut().enumerate() {
        let Op::Plain(op) = op else { continue };
        let mut starts = Vec::new();
        for (part, len) in op.derived_lens().into_iter().enumerate() {
            starts.push(end);
            if len > 0 && (i > 0 || part == 0) {
                all.push(Derived { op: i, part });
                ranges.push(end..end + len);
                end = (end + len).next_multiple_of(16);
            }
        }
        op.place_derived(&starts);
    }
    (all, ranges)
}

fn training_phases(ops: &[Op]) -> Vec<Phase> {
    let mut phases = Phases::default();
    phases.act(Action::Gather);
    for (i, op) in ops.iter().enumerate() {
        match op {
            Op::Plain(_) => phases.act(Action::Forward(i)),
            Op::Normalize(_) => {
                phases.act(Action::Sum(i));
                phases.meet(Meeting::Mean(i));
                phases.act(Action::Deviation(i));
                phases.meet(Meeting::Variance(i));
                phases.act(Action::Normalize(i));
            }
        }
    }
    phases.act(Action::Loss);
    for (i, op) in ops.iter().enumerate().rev() {
        match op {
            Op::Plain(_) => phases.act(Action::Backward(i)),
            Op::Normalize(_) => {
                phases.act(Action::BackwardSums(i));
                phases.meet(Meeting::BackwardMeans(i));
                phases.act(Action::BackwardNormalize(i));
            }
        }
    }
    phases.finish()
}

fn inference_phases(ops: &[Op]) -> Vec<Phase> {
    let mut phases = Phases::default();
    phases.act(Action::Gather);
    for (i, op) in ops.iter().enumerate() {
        phases.act(if matches!(op, Op::Plain(_)) { Action::Forward(i) } else { Action::Normalize(i) });
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

    fn meet(&mut self, meeting: Meeting) {
        self.done.push(Phase { actions: std::mem::take(&mut self.actions), meeting });
    }

    fn finish(mut self) -> Vec<Phase> {
        self.meet(Meeting::None);
        self.done
    }
}
