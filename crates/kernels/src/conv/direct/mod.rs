//! Convolution as it is defined, for any kernel, stride and padding: products over the pixels where they lie.
//!
//! Where the window would leave the image, the image is first copied into a frame of zeros, so that the loops know no
//! borders. The kernel's gradient sums over the pixels of several images at once; the input's gradient adds, per row of
//! the kernel's columns, the products with the transposed kernel to the pixels that they came from.

mod product;
mod taps;

use product::StridedProduct;
use taps::{KernelTaps, MOST_TAPS, TapImages};

use super::{ConvBackward, ConvForward, ConvShape, Epilogue, sum_columns};
use crate::checked_product;
use crate::reduce::transpose;

/// Floats of the images that one product of the kernel's gradient sums over: 128 KB, so that what one pass over them
/// leaves is still in the second-level cache for the next.
const GROUP_FLOATS: usize = 32 * 1024;

/// The plan of one layer that is computed term by term.
#[derive(Clone, Debug)]
pub(super) struct DirectConv {
    shape: ConvShape,
    /// Height and width of the image in its frame.
    frame: [usize; 2],
    framed: bool,
    relu: bool,
}

impl DirectConv {
    pub(super) fn new(shape: &ConvShape, epilogue: Epilogue) -> DirectConv {
        assert!(!epilogue.max_pool, "only Winograd with even tiles pools");
        let relu = epilogue.relu;
        let mut shape = *shape;
        let reach = |i: usize, outputs: usize| {
            checked_product(&[outputs - 1, shape.strides[i]]).saturating_add(shape.kernel[i])
        };
        let frame = [
            reach(0, shape.out_height).max(shape.pad_top.saturating_add(shape.height)),
            reach(1, shape.out_width).max(shape.pad_left.saturating_add(shape.width)),
        ];
        // No offset within a frame overflows where its size does not.
        checked_product(&[frame[0], frame[1], shape.channels]);
        let framed = frame != [shape.height, shape.width];
        if !framed && shape.kernel == [1, 1] && shape.strides == [1, 1] {
            // A plain matrix product: its pixels form one long row.
            let pixels = shape.height * shape.width;
            (shape.height, shape.width, shape.out_height, shape.out_width) = (1, pixels, 1, pixels);
            return DirectConv { shape, frame: [1, pixels], framed, relu };
        }
        DirectConv { shape, frame, framed, relu }
    }

    fn x_len(&self) -> usize {
        self.shape.height * self.shape.width * self.shape.channels
    }

    fn y_len(&self) -> usize {
        self.shape.out_height * self.shape.out_width * self.shape.filters
    }

    /// Floats of an image in its frame.
    fn frame_len(&self) -> usize {
        self.frame[0] * self.frame[1] * self.shape.channels
    }

    /// Images that the kernel's gradient takes at a time.
    fn group(&self, images: usize) -> usize {
        (GROUP_FLOATS / (self.frame_len() + self.y_len())).clamp(1, images.max(1))
    }

    pub(super) fn derived_lens(&self) -> [usize; 2] {
        let [height, width] = self.shape.kernel;
        [0, height * width * self.shape.channels * self.shape.filters]
    }

    /// The frames and masked output gradients of a group, and one input gradient in its frame.
    fn parts(&self, images: usize) -> [usize; 3] {
        let group = self.group(images);
        let frame = if self.framed { self.frame_len() } else { 0 };
        [group * frame, group * self.y_len(), frame]
    }

    pub(super) fn scratch_len(&self, images: usize) -> usize {
        self.parts(images).iter().sum()
    }

    /// The transposed kernel `[row][column][filter][channel]`, its rows in reverse order (see `input_gradient`).
    pub(super) fn derive_backward(&self, kernel: &[f32], derived: &mut [f32]) {
        let ([height, width], c, f) = (self.shape.kernel, self.shape.channels, self.shape.filters);
        for i in 0..height {
            let from = &kernel[i * width * c * f..(i + 1) * width * c * f];
            let to = &mut derived[(height - 1 - i) * width * c * f..(height - i) * width * c * f];
            for j in 0..width {
                transpose(c, f, &from[j * c * f..(j + 1) * c * f], &mut to[j * c * f..(j + 1) * c * f]);
            }
        }
    }

    pub(super) fn forward(&self, call: ConvForward) {
        let ConvForward { images, x, kernel, bias, y, scratch, .. } = call;
        for image in 0..images {
            let x = &x[image * self.x_len()..(image + 1) * self.x_len()];
            let y = &mut y[image * self.y_len()..(image + 1) * self.y_len()];
            if self.framed {
                self.put_in_frame(x, &mut scratch[..self.frame_len()]);
                self.forward_image(&scratch[..self.frame_len()], kernel, bias, y);
            } else {
                self.forward_image(x, kernel, bias, y);
            }
        }
    }

    fn forward_image(&self, x: &[f32], kernel: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        let (s, c, f) = (&self.shape, self.shape.channels, self.shape.filters);
        let row = self.frame[1] * c;
        StridedProduct {
            rows: [s.out_height, s.out_width],
            columns: f,
            terms: [1, s.kernel[0], s.kernel[1] * c],
            a_rows: [s.strides[0] * row, s.strides[1] * c],
            a_terms: [0, row, 1],
            b_terms: [0, s.kernel[1] * c * f, f],
            c_rows: [s.out_width * f, f],
            accumulate: false,
        }
        .run(x, kernel, bias, self.relu, y);
    }

    pub(super) fn backward(&self, call: ConvBackward) {
        let ConvBackward { images, x, y, d_y, mut d_x, d_kernel, mut d_bias, scratch, .. } = call;
        if call.piece.first {
            d_kernel.fill(0.0);
            if let Some(d_bias) = d_bias.as_deref_mut() {
                d_bias.fill(0.0);
            }
        }
        let ([frames_len, z_len, frame_len], group) = (self.parts(images), self.group(images));
        let (frames, scratch) = scratch.split_at_mut(frames_len);
        let (masked, scratch) = scratch.split_at_mut(z_len);
        let (frame, taps) = (&mut scratch[..frame_len], self.taps());
        for first in (0..images).step_by(group) {
            let count = group.min(images - first);
            let x_range = first * self.x_len()..(first + count) * self.x_len();
            let y_range = first * self.y_len()..(first + count) * self.y_len();
            let x = if self.framed { self.frames(&x[x_range.clone()], frames) } else { &x[x_range.clone()] };
            let y = if self.relu { Some(&y[y_range.clone()]) } else { None };
            let d_y = &d_y[y_range];
            if let Some(taps) = &taps {
                taps.add_gradients(TapImages { count, x, y, d_y }, d_kernel, d_bias.as_deref_mut());
                if d_x.is_none() {
                    continue;
                }
            }
            let summed = taps.is_some();
            let d_z = self.take_gradient(d_y, y, masked, if summed { None } else { d_bias.as_deref_mut() });
            if !summed {
                self.add_kernel_gradient(count, x, d_z, d_kernel);
            }
            if let Some(d_x) = d_x.as_deref_mut() {
                self.input_gradients(d_z, call.derived, &mut d_x[x_range], frame);
            }
        }
    }

    /// The gradient before ReLU, which is in `masked` if y is given; its sums are added to `d_bias`, image by image, so
    /// that they know nothing of groups and pieces.
    fn take_gradient<'a>(
        &self,
        d_y: &'a [f32],
        y: Option<&[f32]>,
        masked: &'a mut [f32],
        mut d_bias: Option<&mut [f32]>,
    ) -> &'a [f32] {
        if y.is_none() && d_bias.is_none() {
            return d_y;
        }
        for (image, d_y) in d_y.chunks_exact(self.y_len()).enumerate() {
            let part = image * self.y_len()..(image + 1) * self.y_len();
            let masked = y.map(|y| (&y[part.clone()], &mut masked[part]));
            sum_columns(self.shape.filters, d_y, masked, d_bias.as_deref_mut());
        }
        if y.is_some() { &masked[..d_y.len()] } else { d_y }
    }

    /// The taps of the kernel, if they are few.
    fn taps(&self) -> Option<KernelTaps> {
        let (s, row) = (&self.shape, self.frame[1] * self.shape.channels);
        let line = s.kernel[1] * s.channels;
        let count = s.kernel[0] * line;
        let mut offsets = [0; MOST_TAPS];
        for (i, offset) in offsets.get_mut(..count)?.iter_mut().enumerate() {
            *offset = i / line * row + i % line;
        }
        let (outputs, steps) = ([s.out_height, s.out_width], [s.strides[0] * row, s.strides[1] * s.channels]);
        Some(KernelTaps { count, offsets, outputs, steps, x_len: self.frame_len(), filters: s.filters })
    }

    /// d_kernel += Σ over images and pixels of x at the window's tap times dz at the pixel.
    fn add_kernel_gradient(&self, images: usize, x: &[f32], d_z: &[f32], d_kernel: &mut [f32]) {
        let (s, c, f) = (&self.shape, self.shape.channels, self.shape.filters);
        let row = self.frame[1] * c;
        StridedProduct {
            rows: [s.kernel[0], s.kernel[1] * c],
            columns: f,
            terms: [images, s.out_height, s.out_width],
            a_rows: [row, 1],
            a_terms: [self.frame_len(), s.strides[0] * row, s.strides[1] * c],
            b_terms: [self.y_len(), s.out_width * f, f],
            c_rows: [s.kernel[1] * c * f, f],
            accumulate: true,
        }
        .run(x, d_z, None, false, d_kernel);
    }

    fn input_gradients(&self, d_z: &[f32], transposed: &[f32], d_x: &mut [f32], frame: &mut [f32]) {
        for (d_z, d_x) in d_z.chunks_exact(self.y_len()).zip(d_x.chunks_exact_mut(self.x_len())) {
            if self.framed {
                frame.fill(0.0);
                self.add_input_gradient(d_z, transposed, frame);
                self.take_from_frame(frame, d_x);
            } else {
                d_x.fill(0.0);
                self.add_input_gradient(d_z, transposed, d_x);
            }
        }
    }

    /// For each row of d_x and column of the kernel one product: the sum runs over the filters and those rows of the
    /// kernel that touch this row of pixels. As dz goes down, the kernel's row goes up, so its rows lie reversed.
    fn add_input_gradient(&self, d_z: &[f32], transposed: &[f32], d_x: &mut [f32]) {
        let (s, c, f) = (&self.shape, self.shape.channels, self.shape.filters);
        let (kernel_row, stride) = (s.kernel[1] * c * f, s.strides[0]);
        for y in 0..self.frame[0] {
            let first = (y + 1).saturating_sub(s.kernel[0]).div_ceil(stride);
            let end = (y / stride + 1).min(s.out_height);
            if first >= end {
                continue;
            }
            let reversed = s.kernel[0] - 1 - (y - first * stride);
            let product = StridedProduct {
                rows: [1, s.out_width],
                columns: c,
                terms: [1, end - first, f],
                a_rows: [0, f],
                a_terms: [0, s.out_width * f, 1],
                b_terms: [0, stride * kernel_row, c],
                c_rows: [0, s.strides[1] * c],
                accumulate: true,
            };
            for x in 0..s.kernel[1] {
                let b = &transposed[reversed * kernel_row + x * c * f..];
                let to = &mut d_x[(y * self.frame[1] + x) * c..];
                product.run(&d_z[first * s.out_width * f..], b, None, false, to);
            }
        }
    }

    fn frames<'a>(&self, x: &[f32], frames: &'a mut [f32]) -> &'a [f32] {
        for (x, frame) in x.chunks_exact(self.x_len()).zip(frames.chunks_exact_mut(self.frame_len())) {
            self.put_in_frame(x, frame);
        }
        frames
    }

    fn put_in_frame(&self, x: &[f32], frame: &mut [f32]) {
        let (s, row) = (&self.shape, self.frame[1] * self.shape.channels);
        let (left, len) = (s.pad_left * s.channels, s.width * s.channels);
        frame[..s.pad_top * row].fill(0.0);
        frame[(s.pad_top + s.height) * row..].fill(0.0);
        let inner = frame[s.pad_top * row..].chunks_exact_mut(row);
        for (to, from) in inner.zip(x.chunks_exact(len)) {
            to[..left].fill(0.0);
            to[left..left + len].copy_from_slice(from);
            to[left + len..].fill(0.0);
        }
    }

    fn take_from_frame(&self, frame: &[f32], x: &mut [f32]) {
        let (s, row) = (&self.shape, self.frame[1] * self.shape.channels);
        let (left, len) = (s.pad_left * s.channels, s.width * s.channels);
        for (from, to) in frame[s.pad_top * row..].chunks_exact(row).zip(x.chunks_exact_mut(len)) {
            to.copy_from_slice(&from[left..left + len]);
        }
    }
}
