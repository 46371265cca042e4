//! Two-dimensional convolution, forward and backward, on images that lie `[image][row][column][channel]`.
//!
//! y[i, j, f] = Σ x[i s − p + a, j s − p + b, c] · kernel[a, b, c, f] + bias[f] with zeros outside of the image, and
//! optionally max(y, 0) and 2 × 2 max pooling in the same pass. The kernel lies `[row][column][channel][filter]`, as Keras has it.
//!
//! [`Conv`] is the plan of one layer. Its calls allocate nothing, keep nothing, and depend on nothing but their
//! arguments: threads may share a plan and work on images of their own, with scratch of their own. Gradients may be
//! computed piece by piece, so that what lies between two layers stays in the cache: the bits are the same.

mod direct;
mod filters;
mod multiply;
mod points;
mod pooled;
mod product;
mod rows;
mod taps;
mod tiles;
mod window;
mod winograd;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;

pub(crate) use rows::sum_columns;

use direct::Direct;
use winograd::Winograd;

use crate::checked_product;

/// Sizes of a convolution. What lies beyond the image at the bottom and on the right counts as zero too, so the padding
/// there follows from the output's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub filters: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and to the right.
    pub strides: [usize; 2],
    /// Rows of zeros above the input.
    pub pad_top: usize,
    /// Columns of zeros left of the input.
    pub pad_left: usize,
    /// Rows of the output.
    pub out_height: usize,
    /// Columns of the output.
    pub out_width: usize,
}

impl ConvShape {
    /// Rows and columns of an output image after the epilogue.
    fn outputs(&self, epilogue: Epilogue) -> [usize; 2] {
        let side = if epilogue.max_pool { 2 } else { 1 };
        [self.out_height / side, self.out_width / side]
    }

    /// Floats of an input image, an output image and the kernel.
    fn lens(&self, epilogue: Epilogue) -> [usize; 3] {
        let [height, width] = self.outputs(epilogue);
        [
            checked_product(&[self.height, self.width, self.channels]),
            checked_product(&[height, width, self.filters]),
            checked_product(&[self.kernel[0], self.kernel[1], self.channels, self.filters]),
        ]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lens(Epilogue::default()).contains(&0) || self.strides.contains(&0)
    }
}

/// What follows the convolution in the same pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epilogue {
    /// max(y, 0).
    pub relu: bool,
    /// Then the greatest of each 2 × 2 pixels, with stride 2; a last odd row or column is left out. NaN if there is a
    /// NaN; the gradient goes to the first (row by row) that equals the greatest.
    pub max_pool: bool,
}

/// Which part of a sequence of calls one call of [`Conv::backward`] is; all images at once are both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The sums start here.
    pub first: bool,
    /// They are complete after this.
    pub last: bool,
}

impl Piece {
    /// The only one.
    pub const ALL: Piece = Piece { first: true, last: true };
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Term by term.
    Direct,
    /// Winograd's algorithm, for 3 × 3 kernels with stride 1.
    Winograd {
        /// m: tiles of m × m outputs; 2, 4 or 5.
        tile: usize,
    },
}

/// Fewer channels than this leave most of a vector idle in Winograd's transforms.
const WINOGRAD_CHANNELS: usize = 16;

impl Algorithm {
    /// The one with the least work for this shape.
    fn choose(shape: &ConvShape, epilogue: Epilogue) -> Algorithm {
        let small = shape.channels.min(shape.filters) < WINOGRAD_CHANNELS;
        if small || shape.kernel != [3, 3] || shape.strides != [1, 1] {
            return Algorithm::Direct;
        }
        [2, 4, 5]
            .into_iter()
            .map(|tile| Algorithm::Winograd { tile })
            .chain([Algorithm::Direct])
            .filter(|algorithm| !epilogue.max_pool || algorithm.pools())
            .min_by_key(|algorithm| algorithm.cycles(shape, epilogue))
            .expect("there are four, two of which can pool")
    }

    /// Whether it computes whole windows of the pooling.
    fn pools(self) -> bool {
        matches!(self, Algorithm::Winograd { tile: 2 | 4 })
    }

    /// Estimated cycles per image, from measurements on AVX-512: what counts is the order of the algorithms.
    fn cycles(self, shape: &ConvShape, epilogue: Epilogue) -> usize {
        let (c, f) = (shape.channels, shape.filters);
        let Algorithm::Winograd { tile } = self else {
            return shape.out_height * shape.out_width * 9 * c * f / 24;
        };
        let [height, width] = shape.outputs(epilogue);
        let covered = if epilogue.max_pool { tile / 2 } else { tile };
        let tiles = height.div_ceil(covered) * width.div_ceil(covered);
        // To transform a tile, per vector of channels on either side.
        let transform = match tile {
            2 => 95,
            4 => 295,
            _ => 510,
        };
        tiles * ((tile + 2) * (tile + 2) * c * f / 28 + (c.div_ceil(16) + f.div_ceil(16)) * transform)
    }
}

/// Estimated cycles of a pooling pass of its own, per pixel and vector of channels that it reads.
const POOLING: usize = 10;

/// The plan of a convolution layer.
#[derive(Clone, Debug)]
pub struct Conv {
    shape: ConvShape,
    epilogue: Epilogue,
    plan: Plan,
}

#[derive(Clone, Debug)]
enum Plan {
    Direct(Direct),
    Winograd(Winograd),
}

impl Conv {
    /// The plan for this shape, with the algorithm that suits it.
    ///
    /// # Panics
    /// If a size is zero, or there is to be pooling where [`can_pool`](Conv::can_pool) says no.
    pub fn new(shape: ConvShape, epilogue: Epilogue) -> Conv {
        assert!(!epilogue.max_pool || Conv::can_pool(&shape), "pooling needs a pass of its own: {shape:?}");
        Conv::with_algorithm(shape, epilogue, Algorithm::choose(&shape, epilogue))
    }

    /// The plan for this shape and algorithm, for tests and measurements.
    ///
    /// # Panics
    /// If a size is zero, or the algorithm is not for this shape or this epilogue.
    pub fn with_algorithm(shape: ConvShape, epilogue: Epilogue, algorithm: Algorithm) -> Conv {
        assert!(!shape.is_empty(), "a convolution of nothing: {shape:?}");
        let plan = match algorithm {
            Algorithm::Direct => Plan::Direct(Direct::new(&shape, epilogue)),
            Algorithm::Winograd { tile } => Plan::Winograd(Winograd::new(&shape, epilogue, tile)),
        };
        Conv { shape, epilogue, plan }
    }

    /// Whether 2 × 2 pooling can be part of the pass: Winograd's algorithm with an even tile, which computes whole
    /// windows, is not slower than the best algorithm and a pass of its own for the pooling.
    pub fn can_pool(shape: &ConvShape) -> bool {
        let [alone, pooled] = [false, true].map(|max_pool| Epilogue { relu: false, max_pool });
        if shape.is_empty() || shape.outputs(pooled).contains(&0) {
            return false;
        }
        let pass = shape.out_height * shape.out_width * shape.filters.div_ceil(16) * POOLING;
        let cycles = |epilogue| Algorithm::choose(shape, epilogue).cycles(shape, epilogue);
        Algorithm::choose(shape, pooled).pools() && cycles(pooled) <= cycles(alone) + pass
    }

    /// How it computes.
    pub fn algorithm(&self) -> Algorithm {
        match &self.plan {
            Plan::Direct(_) => Algorithm::Direct,
            Plan::Winograd(winograd) => Algorithm::Winograd { tile: winograd.m },
        }
    }

    /// Floats that are derived from the kernel after each change of it: for [`forward`](Conv::forward), and for
    /// [`backward`](Conv::backward) with an input gradient.
    pub fn derived_lens(&self) -> [usize; 2] {
        match &self.plan {
            Plan::Direct(direct) => direct.derived_lens(),
            Plan::Winograd(winograd) => winograd.derived_lens(),
        }
    }

    /// Derives what `forward` needs.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn derive_forward(&self, kernel: &[f32], derived: &mut [f32]) {
        check("kernel", kernel.len(), self.shape.lens(self.epilogue)[2]);
        check("derived weights", derived.len(), self.derived_lens()[0]);
        if let Plan::Winograd(winograd) = &self.plan {
            filters::forward(winograd, kernel, derived);
        }
    }

    /// Derives what `backward` needs for the input gradient.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn derive_backward(&self, kernel: &[f32], derived: &mut [f32]) {
        check("kernel", kernel.len(), self.shape.lens(self.epilogue)[2]);
        check("derived weights", derived.len(), self.derived_lens()[1]);
        match &self.plan {
            Plan::Direct(direct) => direct.derive_backward(kernel, derived),
            Plan::Winograd(winograd) => filters::backward(winograd, kernel, derived),
        }
    }

    /// Floats of scratch for calls with up to `images` images. What they hold before a call does not matter.
    pub fn scratch_len(&self, images: usize) -> usize {
        let len = match &self.plan {
            Plan::Direct(direct) => direct.scratch_len(images),
            Plan::Winograd(winograd) => winograd.scratch_len(images),
        };
        len + LINE
    }

    /// Bytes per image that [`forward`](Conv::forward) leaves for [`backward`](Conv::backward): which pixel of each window
    /// was the greatest. None without pooling.
    pub fn masks_len(&self) -> usize {
        match &self.plan {
            Plan::Direct(_) => 0,
            Plan::Winograd(winograd) => winograd.masks_len(),
        }
    }

    /// Images per call from which its products run at full speed; fewer at a time are slower, more are not faster.
    pub fn suitable_images(&self) -> usize {
        match &self.plan {
            Plan::Direct(_) => 1,
            Plan::Winograd(winograd) => winograd.suitable_images(),
        }
    }

    /// Floats in which [`backward`](Conv::backward) sums up the kernel's gradient over several calls.
    pub fn sums_len(&self) -> usize {
        match &self.plan {
            Plan::Direct(_) => 0,
            Plan::Winograd(winograd) => winograd.sums_len(),
        }
    }

    /// y = the epilogue of x ∗ kernel + bias. `masks` may be empty if no `backward` follows.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn forward(
        &self,
        images: usize,
        x: &[f32],
        kernel: &[f32],
        derived: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
        masks: &mut [u8],
        scratch: &mut [f32],
    ) {
        let [x_len, y_len, kernel_len] = self.shape.lens(self.epilogue);
        check("input", x.len(), checked_product(&[images, x_len]));
        check("kernel", kernel.len(), kernel_len);
        check("derived weights", derived.len(), self.derived_lens()[0]);
        check("bias", bias.map_or(self.shape.filters, <[f32]>::len), self.shape.filters);
        check("output", y.len(), checked_product(&[images, y_len]));
        if !masks.is_empty() {
            check("masks", masks.len(), checked_product(&[images, self.masks_len()]));
        }
        let scratch = aligned(scratch);
        match &self.plan {
            Plan::Direct(direct) => direct.forward(images, x, kernel, bias, y, scratch),
            Plan::Winograd(winograd) => winograd.forward(images, x, derived, bias, y, masks, scratch),
        }
    }

    /// The gradients of a piece of the images, given `d_y`, the gradient with respect to y; `masks` are those of
    /// `forward`. `y` is read for ReLU without pooling only, and `derived` for `d_x` only; they may be empty otherwise.
    ///
    /// `d_x` is overwritten. The first piece overwrites `sums` and `d_bias`, and later ones add to them; after the last
    /// one `d_kernel` and `d_bias` hold the sums over all pieces, the same bits wherever the images were cut. In between
    /// they belong to `backward`, and `d_kernel` too.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn backward(
        &self,
        images: usize,
        piece: Piece,
        x: &[f32],
        y: &[f32],
        masks: &[u8],
        d_y: &[f32],
        kernel: &[f32],
        derived: &[f32],
        d_x: Option<&mut [f32]>,
        sums: &mut [f32],
        d_kernel: &mut [f32],
        d_bias: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        let [x_len, y_len, kernel_len] = self.shape.lens(self.epilogue);
        let [x_len, y_len] = [checked_product(&[images, x_len]), checked_product(&[images, y_len])];
        check("input", x.len(), x_len);
        if self.epilogue.relu && !self.epilogue.max_pool {
            check("output", y.len(), y_len);
        }
        check("masks", masks.len(), checked_product(&[images, self.masks_len()]));
        check("output gradient", d_y.len(), y_len);
        check("kernel", kernel.len(), kernel_len);
        check("kernel sums", sums.len(), self.sums_len());
        check("kernel gradient", d_kernel.len(), kernel_len);
        if let Some(d_x) = &d_x {
            check("derived weights", derived.len(), self.derived_lens()[1]);
            check("input gradient", d_x.len(), x_len);
        }
        check("bias gradient", d_bias.as_ref().map_or(self.shape.filters, |d| d.len()), self.shape.filters);
        let scratch = aligned(scratch);
        match &self.plan {
            Plan::Direct(direct) => {
                direct.backward(images, piece, x, y, d_y, derived, d_x, d_kernel, d_bias, scratch)
            }
            Plan::Winograd(winograd) => winograd
                .backward(images, piece, x, y, masks, d_y, derived, d_x, sums, d_kernel, d_bias, scratch),
        }
    }
}

/// Floats of a cache line.
const LINE: usize = 16;

/// The scratch from its first cache line on.
fn aligned(scratch: &mut [f32]) -> &mut [f32] {
    let skip = scratch.as_ptr().align_offset(LINE * size_of::<f32>());
    let skip = if skip < scratch.len() { skip } else { 0 };
    &mut scratch[skip..]
}

fn check(what: &str, found: usize, expected: usize) {
    assert!(found == expected, "{what}: {found} elements, {expected} expected");
}
