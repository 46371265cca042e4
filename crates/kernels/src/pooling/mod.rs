//! Pooling of images of height × width × channels (NHWC): maximum, average, and the average of the whole image.
//!
//! Windows may overlap and reach over the edge; what lies outside the image never wins and is not counted.

mod average;
mod max;

use crate::checked_product;
use crate::lanes::each_vector;
use crate::norm::column_sum;
use crate::simd::{Simd, dispatch};

/// The shape of a pooling: what is pooled, by which window, into what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    /// Rows of pixels of an input image.
    pub height: usize,
    /// Pixels in a row of an input image.
    pub width: usize,
    /// Floats in a pixel.
    pub channels: usize,
    /// Rows and columns of the window.
    pub pool: [usize; 2],
    /// How far the window moves, down and to the right.
    pub strides: [usize; 2],
    /// Rows of padding above the image.
    pub pad_top: usize,
    /// Columns of padding to the left of the image.
    pub pad_left: usize,
    /// Rows of pixels of an output image.
    pub out_height: usize,
    /// Pixels in a row of an output image.
    pub out_width: usize,
}

impl PoolShape {
    /// Floats of an input image.
    pub fn in_len(&self) -> usize {
        checked_product(&[self.height, self.width, self.channels])
    }

    /// Floats of an output image.
    pub fn out_len(&self) -> usize {
        checked_product(&[self.out_height, self.out_width, self.channels])
    }

    /// The rows of the image under the window of output row `y`.
    fn rows(&self, y: usize) -> (usize, usize) {
        covered(y, self.strides[0], self.pad_top, self.pool[0], self.height)
    }

    /// The columns of the image under the window of output column `x`.
    fn columns(&self, x: usize) -> (usize, usize) {
        covered(x, self.strides[1], self.pad_left, self.pool[1], self.width)
    }

    #[track_caller]
    fn check(&self, images: usize, inputs: &[usize], outputs: &[usize]) {
        let (first, last) = (self.rows(0), self.rows(self.out_height.saturating_sub(1)));
        assert!(first.0 < first.1 && last.0 < last.1, "a window lies outside the image: {self:?}");
        let (first, last) = (self.columns(0), self.columns(self.out_width.saturating_sub(1)));
        assert!(first.0 < first.1 && last.0 < last.1, "a window lies outside the image: {self:?}");
        for &len in inputs {
            assert_eq!(len, checked_product(&[images, self.in_len()]), "{images} input images: {self:?}");
        }
        for &len in outputs {
            assert_eq!(len, checked_product(&[images, self.out_len()]), "{images} output images: {self:?}");
        }
    }

    /// 2 × 2 windows side by side, all inside the image: each pixel lies in at most one.
    fn two_by_two(&self) -> bool {
        self.pool == [2, 2]
            && self.strides == [2, 2]
            && (self.pad_top, self.pad_left) == (0, 0)
            && 2 * self.out_height <= self.height
            && 2 * self.out_width <= self.width
    }
}

/// The half-open range of the `size` pixels that window number `i` covers.
fn covered(i: usize, stride: usize, pad: usize, pool: usize, size: usize) -> (usize, usize) {
    let start = i.saturating_mul(stride);
    (start.saturating_sub(pad), start.saturating_add(pool).saturating_sub(pad).min(size))
}

/// y = the greatest pixel of each window, channel by channel; NaN if there is a NaN.
///
/// # Panics
/// If a length does not fit, or a window lies wholly outside the image.
pub fn max_pool(shape: &PoolShape, images: usize, x: &[f32], y: &mut [f32]) {
    shape.check(images, &[x.len()], &[y.len()]);
    // SAFETY: the shape and all lengths have just been checked.
    unsafe { max::forward(shape, images, x, y) };
}

/// d_x = the gradient of the input: each window's `d_y` goes to its first pixel (row by row) that equals `y`.
///
/// # Panics
/// If a length does not fit, or a window lies wholly outside the image.
pub fn max_pool_backward(
    shape: &PoolShape,
    images: usize,
    x: &[f32],
    y: &[f32],
    d_y: &[f32],
    d_x: &mut [f32],
) {
    shape.check(images, &[x.len(), d_x.len()], &[y.len(), d_y.len()]);
    if !shape.two_by_two() || 2 * shape.out_height < shape.height || 2 * shape.out_width < shape.width {
        d_x.fill(0.0);
    }
    // SAFETY: the shape and all lengths have just been checked.
    unsafe { max::backward(shape, images, x, y, d_y, d_x) };
}

/// y = the mean of the pixels of each window that lie in the image, channel by channel.
///
/// # Panics
/// If a length does not fit, or a window lies wholly outside the image.
pub fn average_pool(shape: &PoolShape, images: usize, x: &[f32], y: &mut [f32]) {
    shape.check(images, &[x.len()], &[y.len()]);
    // SAFETY: the shape and all lengths have just been checked.
    unsafe { average::forward(shape, images, x, y) };
}

/// d_x = the gradient of the input: each window's `d_y` in equal shares to the pixels it was the mean of.
///
/// # Panics
/// If a length does not fit, or a window lies wholly outside the image.
pub fn average_pool_backward(shape: &PoolShape, images: usize, d_y: &[f32], d_x: &mut [f32]) {
    shape.check(images, &[d_x.len()], &[d_y.len()]);
    d_x.fill(0.0);
    // SAFETY: the shape and all lengths have just been checked.
    unsafe { average::backward(shape, images, d_y, d_x) };
}

/// y = the mean of all `positions` of each image, channel by channel.
///
/// # Panics
/// If a length does not fit, or `positions` is 0.
pub fn global_average_pool(positions: usize, channels: usize, images: usize, x: &[f32], y: &mut [f32]) {
    check_global(positions, channels, images, x.len(), y.len());
    if channels > 0 {
        let pixels = positions * channels;
        for (x, y) in x.chunks_exact(pixels).zip(y.chunks_exact_mut(channels)) {
            column_sum(x, channels, y);
        }
        divide_dispatch(y, positions as f32);
    }
}

/// d_x = d_y / `positions` at every position of the image.
///
/// # Panics
/// If a length does not fit, or `positions` is 0.
pub fn global_average_pool_backward(
    positions: usize,
    channels: usize,
    images: usize,
    d_y: &[f32],
    d_x: &mut [f32],
) {
    check_global(positions, channels, images, d_x.len(), d_y.len());
    if channels > 0 {
        let pixels = positions * channels;
        for (d_y, d_x) in d_y.chunks_exact(channels).zip(d_x.chunks_exact_mut(pixels)) {
            let (first, rest) = d_x.split_at_mut(channels);
            first.copy_from_slice(d_y);
            divide_dispatch(first, positions as f32);
            for pixel in rest.chunks_exact_mut(channels) {
                pixel.copy_from_slice(first);
            }
        }
    }
}

#[track_caller]
fn check_global(positions: usize, channels: usize, images: usize, x: usize, y: usize) {
    assert!(positions > 0, "an image must have a position");
    assert_eq!(x, images * positions * channels, "{images} images of {positions} positions × {channels}");
    assert_eq!(y, images * channels, "{images} means of {channels} channels");
}

dispatch! { fn divide_dispatch(x: &mut [f32], by: f32) = divide_loop }

#[inline(always)]
fn divide_loop<S: Simd>(s: S, x: &mut [f32], by: f32) {
    each_vector!(s, [], [value in x], {
        value = s.div(value, s.splat(by));
    });
}

/// Runs the body for each window, in order: `$from` is its first covered pixel, `$size` its covered rows and columns,
/// `$to` its output pixel (offsets in floats). Where `PoolShape::check` has passed, all of them lie inside the images.
macro_rules! windows {
    ($shape:ident, $images:expr, |$from:ident, $size:ident, $to:ident| $body:block) => {
        let mut $to = 0;
        for image in 0..$images {
            for y in 0..$shape.out_height {
                let (top, bottom) = $shape.rows(y);
                for x in 0..$shape.out_width {
                    let (left, right) = $shape.columns(x);
                    let $from = ((image * $shape.height + top) * $shape.width + left) * $shape.channels;
                    let $size = [bottom - top, right - left];
                    $body
                    $to += $shape.channels;
                }
            }
        }
    };
}
use windows;
