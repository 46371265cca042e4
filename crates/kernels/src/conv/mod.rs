//! Two-dimensional convolution, forward and backward, on images that lie `[image][row][column][channel]`.
//!
//! `y[i, j, f] = Σ x[i s − p + a, j s − p + b, c] · kernel[a, b, c, f] + bias[f]` with zeros outside of the image, and
//! optionally max(y, 0) and 2 × 2 max pooling in the same pass. The kernel lies `[row][column][channel][filter]`, as
//! Keras has it.
//!
//! [`Conv`] is the plan of one layer. Its calls allocate nothing, keep nothing, and depend on nothing but their
//! arguments: threads may share a plan and work on images of their own, with scratch of their own. Gradients may be
//! computed piece by piece, so that what lies between two layers stays in the cache: the bits are the same.

mod algorithm;
mod calls;
mod columns;
mod direct;
mod shape;
mod winograd;

#[cfg(test)]
mod tests;

pub use algorithm::ConvAlgorithm;
pub use calls::{ConvBackward, ConvForward};
pub use shape::{ConvShape, Epilogue, Piece};

pub(crate) use columns::sum_columns;

use direct::DirectConv;
use winograd::WinogradConv;

use crate::{check_len, checked_product};

/// The plan of a convolution layer.
#[derive(Clone, Debug)]
pub struct Conv {
    shape: ConvShape,
    epilogue: Epilogue,
    plan: ConvPlan,
}

#[derive(Clone, Debug)]
enum ConvPlan {
    Direct(DirectConv),
    Winograd(WinogradConv),
}

impl Conv {
    /// The plan for this shape, with the algorithm that suits it.
    ///
    /// # Panics
    /// If a size is zero, or there is to be pooling where [`can_pool`](Conv::can_pool) says no.
    pub fn new(shape: ConvShape, epilogue: Epilogue) -> Conv {
        assert!(!epilogue.max_pool || Conv::can_pool(&shape), "pooling needs a pass of its own: {shape:?}");
        Conv::with_algorithm(shape, epilogue, ConvAlgorithm::choose(&shape, epilogue))
    }

    /// The plan for this shape and algorithm, for tests and measurements.
    ///
    /// # Panics
    /// If a size is zero, or the algorithm is not for this shape or this epilogue.
    pub fn with_algorithm(shape: ConvShape, epilogue: Epilogue, algorithm: ConvAlgorithm) -> Conv {
        assert!(!shape.is_empty(), "a convolution of nothing: {shape:?}");
        let plan = match algorithm {
            ConvAlgorithm::Direct => ConvPlan::Direct(DirectConv::new(&shape, epilogue)),
            ConvAlgorithm::Winograd { tile } => ConvPlan::Winograd(WinogradConv::new(&shape, epilogue, tile)),
        };
        Conv { shape, epilogue, plan }
    }

    /// Whether 2 × 2 pooling can be part of the pass: Winograd's algorithm with an even tile, which computes whole
    /// windows, is not slower than the best algorithm and a pass of its own for the pooling.
    pub fn can_pool(shape: &ConvShape) -> bool {
        ConvAlgorithm::pooling_pays(shape)
    }

    /// How it computes.
    pub fn algorithm(&self) -> ConvAlgorithm {
        match &self.plan {
            ConvPlan::Direct(_) => ConvAlgorithm::Direct,
            ConvPlan::Winograd(winograd) => ConvAlgorithm::Winograd { tile: winograd.m },
        }
    }

    /// Floats that are derived from the kernel after each change of it: for [`forward`](Conv::forward), and for
    /// [`backward`](Conv::backward) with an input gradient.
    pub fn derived_lens(&self) -> [usize; 2] {
        match &self.plan {
            ConvPlan::Direct(direct) => direct.derived_lens(),
            ConvPlan::Winograd(winograd) => winograd.derived_lens(),
        }
    }

    /// Derives what `forward` needs.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn derive_forward(&self, kernel: &[f32], derived: &mut [f32]) {
        check_len("kernel", kernel.len(), self.shape.lens(self.epilogue)[2]);
        check_len("derived weights", derived.len(), self.derived_lens()[0]);
        if let ConvPlan::Winograd(winograd) = &self.plan {
            winograd.derive_forward(kernel, derived);
        }
    }

    /// Derives what `backward` needs for the input gradient.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn derive_backward(&self, kernel: &[f32], derived: &mut [f32]) {
        check_len("kernel", kernel.len(), self.shape.lens(self.epilogue)[2]);
        check_len("derived weights", derived.len(), self.derived_lens()[1]);
        match &self.plan {
            ConvPlan::Direct(direct) => direct.derive_backward(kernel, derived),
            ConvPlan::Winograd(winograd) => winograd.derive_backward(kernel, derived),
        }
    }

    /// Floats of scratch for calls with up to `images` images. What they hold before a call does not matter.
    pub fn scratch_len(&self, images: usize) -> usize {
        let len = match &self.plan {
            ConvPlan::Direct(direct) => direct.scratch_len(images),
            ConvPlan::Winograd(winograd) => winograd.scratch_len(images),
        };
        len + LINE
    }

    /// Bytes per image that [`forward`](Conv::forward) leaves for [`backward`](Conv::backward): which pixel of each
    /// window was the greatest. None without pooling.
    pub fn masks_len(&self) -> usize {
        match &self.plan {
            ConvPlan::Direct(_) => 0,
            ConvPlan::Winograd(winograd) => winograd.masks_len(),
        }
    }

    /// Images per call from which its products run at full speed; fewer at a time are slower, more are not faster.
    pub fn suitable_images(&self) -> usize {
        match &self.plan {
            ConvPlan::Direct(_) => 1,
            ConvPlan::Winograd(winograd) => winograd.suitable_images(),
        }
    }

    /// Floats in which [`backward`](Conv::backward) sums up the kernel's gradient over several calls.
    pub fn sums_len(&self) -> usize {
        match &self.plan {
            ConvPlan::Direct(_) => 0,
            ConvPlan::Winograd(winograd) => winograd.sums_len(),
        }
    }

    /// y = the epilogue of x ∗ kernel + bias.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn forward(&self, call: ConvForward) {
        let ([x_len, y_len, kernel_len], filters) = (self.shape.lens(self.epilogue), self.shape.filters);
        check_len("input", call.x.len(), checked_product(&[call.images, x_len]));
        check_len("kernel", call.kernel.len(), kernel_len);
        check_len("derived weights", call.derived.len(), self.derived_lens()[0]);
        check_len("bias", call.bias.map_or(filters, <[f32]>::len), filters);
        check_len("output", call.y.len(), checked_product(&[call.images, y_len]));
        if !call.masks.is_empty() {
            check_len("masks", call.masks.len(), checked_product(&[call.images, self.masks_len()]));
        }
        let call = ConvForward { scratch: aligned(call.scratch), ..call };
        match &self.plan {
            ConvPlan::Direct(direct) => direct.forward(call),
            ConvPlan::Winograd(winograd) => winograd.forward(call),
        }
    }

    /// The gradients of a piece of the images, given that with respect to y.
    ///
    /// The first piece overwrites the sums, and later ones add to them; after the last one the gradients of kernel
    /// and bias are those over all pieces, the same bits wherever the images were cut.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn backward(&self, call: ConvBackward) {
        self.check_backward(&call);
        let call = ConvBackward { scratch: aligned(call.scratch), ..call };
        match &self.plan {
            ConvPlan::Direct(direct) => direct.backward(call),
            ConvPlan::Winograd(winograd) => winograd.backward(call),
        }
    }

    fn check_backward(&self, call: &ConvBackward) {
        let ([x_len, y_len, kernel_len], filters) = (self.shape.lens(self.epilogue), self.shape.filters);
        let [x_len, y_len] = [x_len, y_len].map(|len| checked_product(&[call.images, len]));
        check_len("input", call.x.len(), x_len);
        if self.epilogue.relu && !self.epilogue.max_pool {
            check_len("output", call.y.len(), y_len);
        }
        check_len("masks", call.masks.len(), checked_product(&[call.images, self.masks_len()]));
        check_len("output gradient", call.d_y.len(), y_len);
        check_len("kernel sums", call.sums.len(), self.sums_len());
        check_len("kernel gradient", call.d_kernel.len(), kernel_len);
        if let Some(d_x) = &call.d_x {
            check_len("derived weights", call.derived.len(), self.derived_lens()[1]);
            check_len("input gradient", d_x.len(), x_len);
        }
        check_len("bias gradient", call.d_bias.as_ref().map_or(filters, |d| d.len()), filters);
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
