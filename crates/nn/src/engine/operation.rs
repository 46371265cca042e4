//! An operation: a layer whose shapes are checked and whose kernels are chosen, working on a chunk of images.

use toile_rng::Seed;

/// Which images of which update an operation works on.
pub(crate) struct At {
    /// Images in this chunk.
    pub images: usize,
    /// Position of the first of them in its batch.
    pub first: usize,
    /// Updates before this one.
    pub step: u64,
    /// The root of the run's chance.
    pub seed: Seed,
    /// Whether this is training (dropout active) or inference.
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
pub(crate) struct Demand {
    /// Floats kept from forward to backward, per image.
    pub keep: usize,
    /// Floats needed during one call, for a whole chunk.
    pub scratch: usize,
    /// 32-bit words needed during one call, for a whole chunk.
    pub words: usize,
}

/// That memory, in a call.
pub(crate) struct Room<'a> {
    pub keep: &'a mut [f32],
    pub scratch: &'a mut [f32],
    pub words: &'a mut [u32],
}

/// What a backward pass sees: the forward pass's input and output, and the gradient with respect to the output, which
/// it may destroy.
pub(crate) struct Backward<'a> {
    pub x: &'a [f32],
    pub y: &'a [f32],
    pub d_y: &'a mut [f32],
    /// Where the gradient with respect to the input goes; `None` at the first layer.
    pub d_x: Option<&'a mut [f32]>,
    /// The gradient of all weights; the operation overwrites its own part.
    pub d_weights: &'a mut [f32],
}

/// A layer, ready to run. Neither pass can fail, allocates, or depends on anything but its arguments.
pub(crate) trait Operation: Send + Sync {
    /// Memory needed for chunks of up to `images` images.
    fn demand(&self, images: usize) -> Demand {
        let _ = images;
        Demand::default()
    }

    /// Floats of each tensor that is derived from the weights after an update (transposed or transformed kernels).
    /// The first is needed by `forward`, the others by `backward` alone.
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
    fn forward(&self, at: &At, weights: Weights, x: &[f32], y: &mut [f32], room: Room);

    /// Gradients with respect to x and to the weights.
    fn backward(&self, at: &At, weights: Weights, pass: Backward, room: Room);

    /// Floating-point operations of one image: forward, weight gradient, input gradient (a multiply-add is two).
    fn flops(&self) -> [u64; 3] {
        [0; 3]
    }
}
