//! The memory in which a chunk goes through the operations, allocated once.

use toile_kernels::Buffer;

use super::normalization::Moments;
use super::program::Program;

/// Activations, gradients and scratch for one chunk.
pub(crate) struct Workspace {
    /// Before the first operation, then after each.
    pub activations: Vec<Buffer>,
    /// What each operation keeps from forward to backward.
    pub keeps: Vec<Buffer>,
    /// The gradient that goes down, and where it goes to.
    pub gradients: [Buffer; 2],
    pub scratch: Buffer,
    pub words: Vec<u32>,
    pub labels: Vec<u8>,
    pub losses: Vec<f32>,
}

impl Workspace {
    pub(crate) fn new(program: &Program, training: bool) -> Workspace {
        let n = program.chunk;
        let demands: Vec<_> = (0..program.ops.len()).map(|i| program.demand(i)).collect();
        let widest =
            if training { program.sizes.iter().copied().max().unwrap_or(0) } else { program.classes };
        let words = demands.iter().map(|d| d.words).max().unwrap_or(0);
        Workspace {
            activations: program.sizes.iter().map(|size| Buffer::new(size * n)).collect(),
            keeps: demands.iter().map(|d| Buffer::new(d.keep * n)).collect(),
            gradients: [Buffer::new(widest * n), Buffer::new(if training { widest * n } else { 0 })],
            scratch: Buffer::new(demands.iter().map(|d| d.scratch).max().unwrap_or(0)),
            words: vec![0; if training { words } else { 0 }],
            labels: vec![0; n],
            losses: vec![0.0; n],
        }
    }

    /// Bytes of one workspace, for the plan.
    pub(crate) fn bytes(program: &Program) -> usize {
        let demands: Vec<_> = (0..program.ops.len()).map(|i| program.demand(i)).collect();
        let per_image: usize = program.sizes.iter().sum::<usize>()
            + demands.iter().map(|d| d.keep).sum::<usize>()
            + 2 * program.sizes.iter().copied().max().unwrap_or(0);
        let scratch = demands.iter().map(|d| d.scratch).max().unwrap_or(0);
        4 * (per_image * program.chunk + scratch + demands.iter().map(|d| d.words).max().unwrap_or(0))
    }
}

/// One chunk of the batch: which images, and what it contributes.
pub(crate) struct Chunk {
    pub first: usize,
    pub images: usize,
    /// The gradient of all weights, from these images.
    pub gradient: Buffer,
    /// Sums at each batch normalisation.
    pub sums: Vec<Vec<f32>>,
    /// Of its own where chunks meet between phases; otherwise threads lend theirs.
    pub workspace: Option<Box<Workspace>>,
    pub loss: f64,
    pub correct: usize,
    pub predicted: Vec<u8>,
    pub confidence: Vec<f32>,
}

impl AsRef<[f32]> for Chunk {
    fn as_ref(&self) -> &[f32] {
        &self.gradient
    }
}

impl Chunk {
    pub(crate) fn new(program: &Program, gradient_len: usize, own_workspace: bool, training: bool) -> Chunk {
        Chunk {
            first: 0,
            images: 0,
            gradient: Buffer::new(gradient_len),
            sums: program.ops.iter().map(|op| vec![0.0; op.channels()]).collect(),
            workspace: own_workspace.then(|| Box::new(Workspace::new(program, training))),
            loss: 0.0,
            correct: 0,
            predicted: vec![0; program.chunk],
            confidence: vec![0.0; program.chunk],
        }
    }
}

/// A place for the moments of each batch normalisation.
pub(crate) fn moments(program: &Program) -> Vec<Moments> {
    program.ops.iter().map(|op| Moments::new(op.channels())).collect()
}
