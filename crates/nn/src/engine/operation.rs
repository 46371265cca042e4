//! An operation: a layer whose shapes are checked and whose kernels are chosen, working on some images of a batch: a
//! chunk of them, or within a strip a few at a time. A convolution may be one operation with the pooling after it.
//!
//! It owns nothing that changes: weights, memory and what was derived from the weights are lent to each call, so that
//! any thread may run it on any images.

use std::ops::Range;

use toile_kernels::bf16::{IMAGES, PlateDense};
use toile_kernels::conv::Piece;
use toile_rng::Seed;

/// Which images of which update an operation works on.
pub(crate) struct ChunkContext {
    /// Images in this chunk.
    pub images: usize,
    /// Position of the first of them in its batch.
    pub first: usize,
    /// Updates before this one.
    pub step: u64,
    /// The root of the run's chance.
    pub seed: Seed,
    /// Whether this is training (dropout active), or inference or the measuring of a gradient.
    pub training: bool,
}

/// All weights of the model, and what was derived from them after the last update.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    pub values: &'a [f32],
    pub derived: &'a [f32],
}

/// Memory of its own that an operation asks for.
#[derive(Clone, Copy, Default)]
pub(crate) struct BufferSizes {
    /// Floats kept from forward to backward, per image.
    pub keep: usize,
    /// Bytes kept from forward to backward, per image.
    pub masks: usize,
    /// Floats in which the pieces of a backward pass sum up.
    pub sums: usize,
    /// Floats needed during one call.
    pub scratch: usize,
    /// 32-bit words needed during one call.
    pub words: usize,
}

/// That memory, in a call.
pub(crate) struct Buffers<'a> {
    pub keep: &'a mut [f32],
    pub masks: &'a mut [u8],
    pub sums: &'a mut [f32],
    pub scratch: &'a mut [f32],
    pub words: &'a mut [u32],
}

/// What a backward pass sees: the forward pass's input and output, and the gradient with respect to the output, which
/// it may destroy.
pub(crate) struct Backward<'a> {
    pub x: &'a [f32],
    pub y: &'a [f32],
    pub d_y: &'a mut [f32],
    /// Where the gradient with respect to the input goes; `None` where nothing before it has weights.
    pub d_x: Option<&'a mut [f32]>,
    /// The gradient of all weights, of which the operation writes its own part.
    pub d_weights: &'a mut [f32],
    /// Which piece of the chunk this is: the first overwrites the gradient of the weights, the others add to it.
    pub piece: Piece,
    /// Where `product` is one of plates: its factors, overwritten.
    pub factors: [&'a mut [f32]; 2],
}

/// A dense kernel. Its gradient is one product over the whole batch, Xᵀ dZ: it is left to the update, which computes it
/// some rows of the kernel at a time and takes the optimizer's step while they are in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KernelProduct {
    pub kernel: Range<usize>,
    pub inputs: usize,
    pub units: usize,
    /// The inputs in slices: y is the sum of the slices' products. One slice, but at a wide first layer.
    pub slices: Vec<Range<usize>>,
    /// How it is multiplied, if with plates of bfloat16.
    pub plates: Option<PlateDense>,
}

/// A first layer with so many inputs per slice is cut into slices.
const SLICE: usize = 192;
/// At most so many.
pub(crate) const MOST_SLICES: usize = 8;
/// With more units than this the slices' partial sums would be more to move than the images.
const MOST_UNITS: usize = 128;

impl KernelProduct {
    pub(crate) fn new(kernel: Range<usize>, inputs: usize, units: usize, is_first: bool) -> KernelProduct {
        let count = if is_first && units <= MOST_UNITS { (inputs / SLICE).clamp(1, MOST_SLICES) } else { 1 };
        let start = |i: usize| i * inputs / count;
        let slices = (0..count).map(|i| start(i)..start(i + 1)).collect();
        KernelProduct { kernel, inputs, units, slices, plates: None }
    }

    /// Floats of its two factors for so many images.
    pub(crate) fn factor_lens(&self, images: usize) -> [usize; 2] {
        match self.plates {
            Some(dense) => dense.factor_lens().map(|len| images.next_multiple_of(IMAGES) * len),
            None => [self.inputs, self.units].map(|len| images * len),
        }
    }

    /// The kernel's rows for some of the inputs.
    pub(crate) fn rows<'a>(&self, weights: &'a [f32], inputs: &Range<usize>) -> &'a [f32] {
        &weights[self.kernel.clone()][inputs.start * self.units..inputs.end * self.units]
    }
}

/// A layer, ready to run. Neither pass can fail, allocates, or depends on anything but its arguments.
pub(crate) trait Operation: Send + Sync {
    /// Memory needed for calls with up to `images` images.
    fn buffer_sizes(&self, images: usize) -> BufferSizes {
        let _ = images;
        BufferSizes::default()
    }

    /// Floats of each tensor that is derived from the weights after an update (transposed or transformed kernels).
    /// The first is needed by `forward`, the others by `backward` for the input gradient.
    fn derived_lens(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Tells where the derived tensors will lie in [`Weights::derived`].
    fn place_derived(&mut self, starts: &[usize]) {
        let _ = starts;
    }

    /// Computes derived tensor `part`.
    fn derive(&self, part: usize, weights: &[f32], derived: &mut [f32]) {
        let _ = (part, weights, derived);
    }

    /// y from x.
    fn forward(&self, context: &ChunkContext, weights: Weights, x: &[f32], y: &mut [f32], buffers: Buffers);

    /// Gradients with respect to x and to the weights. Where `product` is some, the kernel's is left out, and d_y
    /// becomes dZ, the gradient with respect to what the activation was applied to.
    fn backward(&self, context: &ChunkContext, weights: Weights, pass: Backward, buffers: Buffers);

    /// Whether it has weights.
    fn trains(&self) -> bool {
        false
    }

    /// Whether its output is sooner computed again than fetched from memory: `forward` may then be called once more in
    /// the backward pass.
    fn is_cheap(&self) -> bool {
        false
    }

    /// The kernel whose gradient is left to the update.
    fn product(&self) -> Option<&KernelProduct> {
        None
    }

    /// Where `product` is some: y = activation(y + bias), y being the product of x and the kernel.
    fn finish(&self, weights: Weights, y: &mut [f32], keep: &mut [f32]) {
        let _ = (weights, y, keep);
    }

    /// How it computes, where that follows from its shape.
    fn algorithm(&self) -> Option<String> {
        None
    }

    /// Floating-point operations of one image: forward, weight gradient, input gradient (a multiply-add is two).
    fn flops(&self) -> [u64; 3] {
        [0; 3]
    }
}
