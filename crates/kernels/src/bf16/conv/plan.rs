//! The plan of a convolution: sizes, where its parts lie, what its calls are given.

use crate::bf16::finish::MASK;
use crate::bf16::halves_mut;
use crate::bf16::layout::{FLOATS, IMAGES, PlateForms, ValueForm};
use crate::bf16::plates::{PLATE, SIDE};
use crate::bf16::weights::{KernelRows, backward_plates, forward_plates};
use crate::conv::{ConvShape, Epilogue};
use crate::{check_len, checked_product};

/// With no more channels than this those of all taps share blocks of 32 k.
const FEW: usize = 8;

/// Bytes of an output gradient's rows that are in memory at a time: they are made, and read by two products.
const BAND: usize = 512 * 1024;

/// The plan of a convolution layer whose products are those of bfloat16 plates.
///
/// With an output of rows it adds the bias and nothing else. With one of plates it takes ReLU and pooling in, and
/// rounds.
#[derive(Clone, Debug)]
pub struct PlateConv {
    pub(super) shape: ConvShape,
    pub(super) forms: PlateForms,
    pub(super) epilogue: Epilogue,
    /// Output rows and columns that somebody asks for: pooling leaves a last odd one out.
    pub(super) out: [usize; 2],
    /// Blocks of channels and of filters.
    pub(super) blocks: [usize; 2],
    /// The kernel as the output's sum sees it, and as the input gradient's does.
    pub(super) kernel: [KernelRows; 2],
    /// Output rows that a backward pass takes together, and how many rows of dZ and of the transposed input it keeps.
    pub(super) band: usize,
    pub(super) kept: [usize; 2],
}

/// What [`PlateConv::forward`] or [`PlateDense::forward`](super::super::PlateDense::forward) works on; the lengths are
/// those that the layer's plan names.
#[derive(Debug)]
pub struct PlateForward<'a> {
    /// How many images.
    pub images: usize,
    /// The input, `input_len` floats.
    pub x: &'a [f32],
    /// What `derive` has made of the kernel for this pass.
    pub derived: &'a [f32],
    /// A float per filter or unit, if there is a bias.
    pub bias: Option<&'a [f32]>,
    /// The output, `output_len` floats, overwritten.
    pub y: &'a mut [f32],
    /// `masks_len` bytes per image of the plates, overwritten; may be empty if no backward pass follows.
    pub masks: &'a mut [u8],
    /// At least `scratch_len` floats from a cache line on; what they hold before does not matter.
    pub scratch: &'a mut [f32],
}

/// What [`PlateConv::backward`] works on.
#[derive(Debug)]
pub struct PlateBackward<'a> {
    /// How many images.
    pub images: usize,
    /// The input.
    pub x: &'a [f32],
    /// The masks of the forward pass.
    pub masks: &'a [u8],
    /// The gradient with respect to the output; of rows that with respect to the sum, before it is rounded.
    pub d_y: &'a [f32],
    /// What [`PlateConv::derive`] has made of the kernel for this pass; may be empty without `d_x`.
    pub derived: &'a [f32],
    /// Where the gradient of the input goes, if it is wanted: as long as `x`, overwritten.
    pub d_x: Option<&'a mut [f32]>,
    /// [`PlateConv::sums_len`] floats from a cache line on.
    pub sums: &'a mut [f32],
    /// The gradient of the kernel, overwritten.
    pub d_kernel: &'a mut [f32],
    /// The gradient of the bias, if it is wanted: likewise.
    pub d_bias: Option<&'a mut [f32]>,
    /// As in the forward pass.
    pub scratch: &'a mut [f32],
}

impl PlateConv {
    /// The plan for this shape.
    ///
    /// # Panics
    /// If a size is zero, an input of plates has too few channels ([`takes_plates`](PlateConv::takes_plates)), or ReLU
    /// or pooling is to be part of a pass whose output is rows.
    pub fn new(shape: ConvShape, epilogue: Epilogue, forms: PlateForms) -> PlateConv {
        assert!(!shape.is_empty(), "a convolution of nothing: {shape:?}");
        assert!(forms.input == ValueForm::Rows || PlateConv::takes_plates(&shape), "few channels: {shape:?}");
        let bare = epilogue == Epilogue::default();
        assert!(forms.output == ValueForm::Plates || bare, "ReLU and pooling are parts of a pass to plates");
        let side = |n: usize| if epilogue.max_pool { n / 2 * 2 } else { n };
        let out = [side(shape.out_height), side(shape.out_width)];
        let taps = shape.kernel[0] * shape.kernel[1];
        let blocks = [shape.channels.div_ceil(SIDE), shape.filters.div_ceil(SIDE)];
        let of_taps =
            KernelRows { rows: taps * shape.channels, columns: shape.filters, in_part: shape.channels };
        let together = KernelRows { in_part: of_taps.rows, ..of_taps };
        let kernel = [if PlateConv::takes_plates(&shape) { of_taps } else { together }, of_taps];
        let row = out[1] * blocks[1] * 2 * PLATE * size_of::<u16>();
        let unit = if epilogue.max_pool { 2 } else { 1 };
        let band = (BAND / row.max(1) / unit * unit).clamp(unit, out[0].max(unit));
        let before = (shape.kernel[0] - 1).div_ceil(shape.strides[0]);
        let inputs = (band - 1) * shape.strides[0] + shape.kernel[0];
        let kept = [(band + before).min(out[0].max(1)), inputs.min(shape.height)];
        PlateConv { shape, forms, epilogue, out, blocks, kernel, band, kept }
    }

    /// Whether an input of plates is possible, and sums go tap by tap: with few channels plates would be nearly empty.
    pub fn takes_plates(shape: &ConvShape) -> bool {
        shape.channels > FEW
    }

    /// Groups of 32 images.
    pub(super) fn groups(images: usize) -> usize {
        images.div_ceil(IMAGES)
    }

    /// Pixels of an input.
    pub(super) fn pixels(&self) -> usize {
        self.shape.height * self.shape.width
    }

    /// Rows and columns of the outputs after pooling.
    pub(super) fn positions(&self) -> [usize; 2] {
        self.shape.outputs(self.epilogue)
    }

    /// Pixels of an output after pooling.
    pub(super) fn out_pixels(&self) -> usize {
        self.positions().iter().product()
    }

    /// Floats of the input of so many images.
    pub fn input_len(&self, images: usize) -> usize {
        self.forms.input.floats(images, self.pixels(), self.shape.channels)
    }

    /// Floats of the output of so many images.
    pub fn output_len(&self, images: usize) -> usize {
        self.forms.output.floats(images, self.out_pixels(), self.shape.filters)
    }

    /// Bytes per image, of whole groups of 32, that the forward pass leaves for the backward one.
    pub fn masks_len(&self) -> usize {
        let masks = self.out_pixels() * self.blocks[1] * MASK;
        match self.epilogue {
            Epilogue { max_pool: true, .. } => 4 * masks,
            Epilogue { relu: true, .. } => masks,
            Epilogue { .. } => 0,
        }
    }

    /// Floats that are derived from the kernel after each change of it: for the forward pass, and for the backward one.
    pub fn derived_lens(&self) -> [usize; 2] {
        self.kernel.map(|kernel| kernel.plates() * FLOATS)
    }

    /// Floats in which the gradient of the kernel and the bias sums up.
    pub fn sums_len(&self) -> usize {
        (self.kernel[0].plates() + self.blocks[1]) * PLATE
    }

    /// Derives what the forward pass (0) or the backward one (1) needs.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn derive(&self, pass: usize, kernel: &[f32], derived: &mut [f32]) {
        let shape = self.kernel[pass];
        check_len("kernel", kernel.len(), checked_product(&[shape.rows, shape.columns]));
        check_len("derived weights", derived.len(), self.derived_lens()[pass]);
        let plates = halves_mut(derived).as_mut_ptr();
        // SAFETY: both lengths were checked.
        unsafe {
            match pass {
                0 => forward_plates(shape, kernel.as_ptr(), plates),
                _ => backward_plates(shape, kernel.as_ptr(), plates),
            }
        }
    }

    /// Outputs whose sums see pixel `at` of an input, along one axis, as a range.
    pub(super) fn outputs_at(&self, axis: usize, at: usize) -> std::ops::Range<usize> {
        let (kernel, stride) = (self.shape.kernel[axis], self.shape.strides[axis]);
        let padded = at + [self.shape.pad_top, self.shape.pad_left][axis];
        let first = (padded + 1).saturating_sub(kernel).div_ceil(stride);
        first.min(self.out[axis])..(padded / stride + 1).min(self.out[axis])
    }

    /// Taps of output `at` that lie in the image, along one axis.
    pub(super) fn taps_at(&self, axis: usize, at: usize) -> std::ops::Range<usize> {
        let (kernel, size) = (self.shape.kernel[axis], [self.shape.height, self.shape.width][axis]);
        let (pad, start) = ([self.shape.pad_top, self.shape.pad_left][axis], at * self.shape.strides[axis]);
        let end = (size + pad).saturating_sub(start).min(kernel);
        pad.saturating_sub(start).min(end)..end
    }
}
