//! The memory in which a chunk goes through the operations, allocated once: a workspace per thread, lent to one chunk
//! after the other, or per chunk where chunks come back in a later phase. What must outlive the pass lies in the chunk.

use toile_kernels::Buffer;

use super::normalization::Moments;
use super::operation::{KernelProduct, Operation};
use super::program::{Op, Program};
use crate::score::Score;

/// Activations, gradients and scratch for one chunk.
pub(crate) struct Workspace {
    /// Before the first operation, then after each. Empty where the chunk keeps its own.
    pub activations: Vec<Buffer>,
    /// What each operation keeps from forward to backward.
    pub keeps: Vec<Buffer>,
    pub masks: Vec<Vec<u8>>,
    /// Where the pieces of each operation's backward pass sum up.
    pub sums: Vec<Buffer>,
    /// The gradient that goes down from strip to strip, and where it goes to.
    pub gradients: [Buffer; 2],
    /// The same between the operations of a strip.
    pub inner: [Buffer; 2],
    pub scratch: Buffer,
    pub words: Vec<u32>,
    pub labels: Vec<u8>,
}

/// How large the parts of a workspace are.
struct Sizes {
    activations: Vec<usize>,
    keeps: Vec<usize>,
    masks: Vec<usize>,
    sums: Vec<usize>,
    gradients: [usize; 2],
    inner: usize,
    scratch: usize,
    words: usize,
}

impl Sizes {
    fn new(program: &Program, training: bool) -> Sizes {
        let n = program.ops.len();
        let buffer_sizes = &program.buffer_sizes;
        // Values before operation `op` that a call leaves behind are those of the whole chunk, or inside a strip of a
        // few.
        let images = |op: usize| if program.inner[op] { program.images_at(op) } else { program.chunk };
        let floats = |product: &KernelProduct| product.plates.is_none();
        let owned = |op: usize| training && op < n && program.ops[op].product().is_some_and(floats);
        let values = |op: usize| if owned(op) { 0 } else { program.floats[op] * images(op) };
        let outside = (0..=n).filter(|&op| !program.inner[op]).map(|op| program.floats[op]);
        let inside = (0..n).filter(|&op| program.inner[op]).map(|op| program.floats[op] * images(op));
        let widest = if training { outside.max().unwrap_or(0) } else { program.classes } * program.chunk;
        let when = |wanted: bool, size: usize| if wanted { size } else { 0 };
        Sizes {
            activations: (0..=n).map(values).collect(),
            keeps: buffer_sizes.iter().enumerate().map(|(op, d)| d.keep * images(op + 1)).collect(),
            masks: buffer_sizes
                .iter()
                .enumerate()
                .map(|(op, d)| when(training, d.masks * images(op + 1)))
                .collect(),
            sums: buffer_sizes.iter().map(|d| when(training, d.sums)).collect(),
            gradients: [widest, when(training, widest)],
            inner: when(training, inside.max().unwrap_or(0)),
            scratch: buffer_sizes.iter().map(|d| d.scratch).max().unwrap_or(0),
            words: when(training, buffer_sizes.iter().map(|d| d.words).max().unwrap_or(0)),
        }
    }

    fn bytes(&self) -> usize {
        let floats = [&self.activations, &self.keeps, &self.sums].map(|sizes| sizes.iter().sum::<usize>());
        let single = self.gradients[0] + self.gradients[1] + 2 * self.inner + self.scratch + self.words;
        4 * (floats.iter().sum::<usize>() + single) + self.masks.iter().sum::<usize>()
    }
}

impl Workspace {
    pub(crate) fn new(program: &Program, training: bool) -> Workspace {
        let sizes = Sizes::new(program, training);
        let [gradient, gradient_before] = sizes.gradients;
        let single = [gradient, gradient_before, sizes.inner, sizes.inner, sizes.scratch];
        let lens = [&sizes.activations[..], &sizes.keeps, &sizes.sums, &single].concat();
        let mut all = Buffer::all_together(&lens).into_iter();
        let mut next = |n: usize| all.by_ref().take(n).collect::<Vec<Buffer>>();
        let (activations, keeps, sums) =
            (next(sizes.activations.len()), next(sizes.keeps.len()), next(sizes.sums.len()));
        let mut one = || all.next().expect("a buffer per length");
        Workspace {
            activations,
            keeps,
            sums,
            masks: sizes.masks.iter().map(|&size| vec![0; size]).collect(),
            gradients: [one(), one()],
            inner: [one(), one()],
            scratch: one(),
            words: vec![0; sizes.words],
            labels: vec![0; program.chunk],
        }
    }

    /// Bytes of one workspace, for the plan.
    pub(crate) fn bytes(program: &Program, training: bool) -> usize {
        Sizes::new(program, training).bytes()
    }
}

/// What a chunk keeps of a dense layer until the update: X and dZ, whose product is the kernel's gradient; where that
/// is one of plates, as those.
pub(crate) struct DenseFactors {
    pub op: usize,
    /// Empty for a first layer whose images lie in slices.
    pub x: Buffer,
    pub d_z: Buffer,
    /// Whether they are plates, which the operation itself makes.
    pub plates: bool,
}

impl DenseFactors {
    /// The factors of so many images, to be overwritten; nothing where they are not plates.
    pub(crate) fn plates_of(&mut self, operation: &dyn Operation, images: usize) -> [&mut [f32]; 2] {
        let product = operation.product().filter(|_| self.plates);
        let [x, d_z] = product.map_or([0; 2], |product| product.factor_lens(images));
        [&mut self.x[..x], &mut self.d_z[..d_z]]
    }
}

/// One chunk of the batch: which images, and what it contributes.
pub(crate) struct Chunk {
    pub first: usize,
    pub images: usize,
    /// The gradient of all weights from these images, but for the kernels of dense layers.
    pub gradient: Buffer,
    /// For each dense layer.
    pub factors: Vec<DenseFactors>,
    /// Sums at each batch normalisation.
    pub sums: Vec<Vec<f32>>,
    /// Its own where chunks come back in a later phase; otherwise threads lend theirs.
    pub workspace: Option<Box<Workspace>>,
    pub score: Score,
    pub predicted: Vec<u8>,
    pub confidence: Vec<f32>,
    /// The loss of each image, without penalties.
    pub loss: Vec<f32>,
    /// The probability of each class, image by image, where there is room for it: where it is asked for.
    pub probabilities: Vec<f32>,
    /// How many outputs of each unit are as they are watched for, after each operation. Empty while training.
    pub units: Vec<Vec<u32>>,
}

impl Chunk {
    /// For training, with room for the gradient of all weights.
    pub(crate) fn for_training(program: &Program, gradient: Buffer) -> Chunk {
        let own = program.train.len() > 1;
        Chunk {
            gradient,
            factors: factors(program),
            workspace: own.then(|| Box::new(Workspace::new(program, true))),
            units: Vec::new(),
            ..Chunk::for_inference(program)
        }
    }

    pub(crate) fn for_inference(program: &Program) -> Chunk {
        Chunk {
            first: 0,
            images: 0,
            gradient: Buffer::new(0),
            factors: Vec::new(),
            sums: program.ops.iter().map(|op| vec![0.0; op.channels()]).collect(),
            workspace: None,
            score: Score::default(),
            predicted: vec![0; program.chunk],
            confidence: vec![0.0; program.chunk],
            loss: vec![0.0; program.chunk],
            probabilities: Vec::new(),
            units: program.watched.iter().map(|op| vec![0; op.map_or(0, |watched| watched.units)]).collect(),
        }
    }

    /// Puts the dense layers' inputs, which outlive the pass, in the place of the workspace's empty ones, or back.
    pub(crate) fn exchange(&mut self, space: &mut Workspace) {
        for factors in self.factors.iter_mut().filter(|factors| !factors.plates) {
            std::mem::swap(&mut space.activations[factors.op], &mut factors.x);
        }
    }

    /// Where its images stand in the batch.
    pub(crate) fn positions(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.images
    }

    /// The factors of operation `op`.
    pub(crate) fn factors_of(&self, op: usize) -> Option<&DenseFactors> {
        self.factors.iter().find(|factors| factors.op == op)
    }
}

fn factors(program: &Program) -> Vec<DenseFactors> {
    let of = |(op, at): (usize, &Op)| {
        let product = at.product()?;
        let [x, d_z] = product.factor_lens(program.chunk);
        let x = if product.slices.len() > 1 { 0 } else { x };
        let [x, d_z] = [x, d_z].map(Buffer::new);
        Some(DenseFactors { op, x, d_z, plates: product.plates.is_some() })
    };
    program.ops.iter().enumerate().filter_map(of).collect()
}

/// A place for the moments of each batch normalisation.
pub(crate) fn moments(program: &Program) -> Vec<Moments> {
    program.ops.iter().map(|op| Moments::new(op.channels())).collect()
}

/// For inference: the moving averages of each batch normalisation in place of a batch's.
pub(crate) fn use_moving(program: &Program, moments: &mut [Moments], weights: &[f32]) {
    for (op, moments) in program.ops.iter().zip(moments) {
        if let Op::Normalize(normalization) = op {
            normalization.use_moving(moments, weights);
        }
    }
}
