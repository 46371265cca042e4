//! Depthwise convolution, forward and backward, on images that lie `[image][row][column][channel]`: every channel has
//! kernels of its own, `depth_multiplier` of them.
//!
//! With d = depth multiplier, y[i, j, c d + m] = Σ x[i s − p + a, j s − p + b, c] · kernel[a, b, c, m] + bias[c d + m]
//! over the taps (a, b) inside of the image, and optionally max(y, 0). The kernel lies
//! `[row][column][channel][multiple]`, as Keras' `DepthwiseConv2D` has it.
//!
//! Each y is one chain of fused multiply-adds, from the bias on, tap by tap in ascending order. Each d_x is one chain
//! per multiple m, output pixel by output pixel in ascending order; the chains are added in the order of m. Each
//! weight's gradient is one chain over images and output pixels in ascending order.
//!
//! The loops know a multiplier of 1 only. For any other, the input is spread out first, each channel repeated so often,
//! and the gradient of that is folded.

mod correlate;
mod gradient;
mod walk;

#[cfg(test)]
mod tests;

use correlate::Correlation;
use gradient::KernelGradient;
use walk::AxisWalk;

use crate::conv::{ConvShape, Piece, sum_columns};
use crate::{check_len, checked_product};

/// The plan of a depthwise convolution layer. Its calls allocate nothing, keep nothing, and depend on nothing but their
/// arguments: threads may share a plan and work on images of their own, with scratch of their own.
#[derive(Clone, Debug)]
pub struct Depthwise {
    shape: ConvShape,
    depth_multiplier: usize,
    /// Rows and columns, from input to output and back.
    forward: [AxisWalk; 2],
    backward: [AxisWalk; 2],
}

/// What [`Depthwise::forward`] works on. All lengths are in floats.
#[derive(Debug)]
pub struct DepthwiseForward<'a> {
    /// How many images.
    pub images: usize,
    /// The input: images × height × width × channels.
    pub x: &'a [f32],
    /// Kernel height × kernel width × channels × depth multiplier.
    pub kernel: &'a [f32],
    /// Channels × depth multiplier, if there is one.
    pub bias: Option<&'a [f32]>,
    /// Whether y is max(y, 0). NaN stays.
    pub relu: bool,
    /// The output, overwritten: images × out height × out width × filters.
    pub y: &'a mut [f32],
    /// At least [`Depthwise::scratch_len`]; what it holds before does not matter.
    pub scratch: &'a mut [f32],
}

/// What [`Depthwise::backward`] works on. All lengths are in floats.
#[derive(Debug)]
pub struct DepthwiseBackward<'a> {
    /// How many images.
    pub images: usize,
    /// Which part of a sequence of calls this is.
    pub piece: Piece,
    /// The input: images × height × width × channels.
    pub x: &'a [f32],
    /// The gradient with respect to the output before ReLU: images × out height × out width × filters.
    pub d_y: &'a [f32],
    /// Kernel height × kernel width × channels × depth multiplier; read for `d_x` only, may be empty otherwise.
    pub kernel: &'a [f32],
    /// Where the gradient of the input goes, if it is wanted: as long as `x`, overwritten.
    pub d_x: Option<&'a mut [f32]>,
    /// The gradient of the kernel: the first piece overwrites it, later ones add to it.
    pub d_kernel: &'a mut [f32],
    /// The gradient of the bias, if it is wanted: likewise.
    pub d_bias: Option<&'a mut [f32]>,
    /// At least [`Depthwise::scratch_len`]; what it holds before does not matter.
    pub scratch: &'a mut [f32],
}

impl Depthwise {
    /// The plan for this shape, of which `filters` are channels × depth multiplier.
    ///
    /// # Panics
    /// If a size is zero, or `filters` is not a multiple of `channels`.
    pub fn new(shape: ConvShape) -> Depthwise {
        assert!(!shape.is_empty(), "a convolution of nothing: {shape:?}");
        assert!(
            shape.filters.is_multiple_of(shape.channels),
            "each of the {} channels needs as many filters, but there are {} of them",
            shape.channels,
            shape.filters
        );
        // No offset within the spread image overflows where its size does not.
        checked_product(&[shape.height, shape.width, shape.filters]);
        let s = &shape;
        let [rows, columns] = [
            (s.height, s.kernel[0], s.strides[0], s.pad_top, s.out_height),
            (s.width, s.kernel[1], s.strides[1], s.pad_left, s.out_width),
        ];
        Depthwise {
            shape,
            depth_multiplier: shape.filters / shape.channels,
            forward: [rows, columns].map(|(n, k, s, p, out)| AxisWalk::forward(n, k, s, p, out)),
            backward: [rows, columns].map(|(n, k, s, p, out)| AxisWalk::backward(n, k, s, p, out)),
        }
    }

    /// Floats of an input image, an output image and the kernel.
    fn lens(&self) -> [usize; 3] {
        let s = &self.shape;
        [
            checked_product(&[s.height, s.width, s.channels]),
            checked_product(&[s.out_height, s.out_width, s.filters]),
            checked_product(&[s.kernel[0], s.kernel[1], s.filters]),
        ]
    }

    /// Floats of scratch that a call needs, for any number of images.
    pub fn scratch_len(&self) -> usize {
        if self.depth_multiplier == 1 { 0 } else { self.shape.height * self.shape.width * self.shape.filters }
    }

    /// y = x ∗ kernel + bias, then max(y, 0) if `relu`.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn forward(&self, call: DepthwiseForward) {
        let [x_len, y_len, kernel_len] = self.lens();
        check_len("input", call.x.len(), checked_product(&[call.images, x_len]));
        check_len("kernel", call.kernel.len(), kernel_len);
        check_len("bias", call.bias.map_or(self.shape.filters, <[f32]>::len), self.shape.filters);
        check_len("output", call.y.len(), checked_product(&[call.images, y_len]));
        let [rows, columns] = &self.forward;
        for (x, y) in call.x.chunks_exact(x_len).zip(call.y.chunks_exact_mut(y_len)) {
            Correlation {
                rows,
                columns,
                channels: self.shape.filters,
                source: self.spread(x, call.scratch),
                kernel: call.kernel,
                bias: call.bias,
                relu: call.relu,
                out: y,
            }
            .run();
        }
    }

    /// The gradients of a piece of the images.
    ///
    /// `d_x` is overwritten. The first piece overwrites `d_kernel` and `d_bias`, and later ones add to them; after the
    /// last one they hold the sums over all pieces, the same bits wherever the images were cut.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn backward(&self, mut call: DepthwiseBackward) {
        let [x_len, y_len, _] = self.lens();
        self.check_backward(&call);
        if call.piece.first {
            call.d_kernel.fill(0.0);
            if let Some(d_bias) = call.d_bias.as_deref_mut() {
                d_bias.fill(0.0);
            }
        }
        for (image, d_y) in call.d_y.chunks_exact(y_len).enumerate() {
            let part = image * x_len..(image + 1) * x_len;
            self.add_kernel_gradient(&call.x[part.clone()], d_y, call.d_kernel, call.scratch);
            if let Some(d_bias) = call.d_bias.as_deref_mut() {
                sum_columns(self.shape.filters, d_y, None, Some(d_bias));
            }
            if let Some(d_x) = call.d_x.as_deref_mut() {
                self.input_gradient(d_y, call.kernel, &mut d_x[part], call.scratch);
            }
        }
    }

    fn check_backward(&self, call: &DepthwiseBackward) {
        let ([x_len, y_len, kernel_len], filters) = (self.lens(), self.shape.filters);
        let x_len = checked_product(&[call.images, x_len]);
        check_len("input", call.x.len(), x_len);
        check_len("output gradient", call.d_y.len(), checked_product(&[call.images, y_len]));
        check_len("kernel gradient", call.d_kernel.len(), kernel_len);
        check_len("bias gradient", call.d_bias.as_ref().map_or(filters, |d| d.len()), filters);
        if let Some(d_x) = &call.d_x {
            check_len("kernel", call.kernel.len(), kernel_len);
            check_len("input gradient", d_x.len(), x_len);
        }
    }

    fn add_kernel_gradient(&self, x: &[f32], d_y: &[f32], d_kernel: &mut [f32], scratch: &mut [f32]) {
        let [rows, columns] = &self.forward;
        let (channels, x) = (self.shape.filters, self.spread(x, scratch));
        KernelGradient { rows, columns, channels, x, d_y, d_kernel }.run();
    }

    fn input_gradient(&self, d_y: &[f32], kernel: &[f32], d_x: &mut [f32], scratch: &mut [f32]) {
        let [rows, columns] = &self.backward;
        let spread = self.depth_multiplier > 1;
        let out = if spread { &mut scratch[..self.scratch_len()] } else { &mut *d_x };
        let channels = self.shape.filters;
        Correlation { rows, columns, channels, source: d_y, kernel, bias: None, relu: false, out }.run();
        if spread {
            for (value, multiples) in d_x.iter_mut().zip(scratch.chunks_exact(self.depth_multiplier)) {
                *value = multiples[1..].iter().fold(multiples[0], |sum, multiple| sum + multiple);
            }
        }
    }

    /// The image with each channel repeated as often as the depth multiplier says.
    fn spread<'a>(&self, x: &'a [f32], scratch: &'a mut [f32]) -> &'a [f32] {
        if self.depth_multiplier == 1 {
            return x;
        }
        let spread = &mut scratch[..self.scratch_len()];
        for (value, multiples) in x.iter().zip(spread.chunks_exact_mut(self.depth_multiplier)) {
            multiples.fill(*value);
        }
        spread
    }
}
