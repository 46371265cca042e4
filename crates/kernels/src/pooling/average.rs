//! Average pooling: the loops.

use super::{PoolShape, windows};
use crate::lanes::{Lanes, vectors};
use crate::simd::{Simd, dispatch};

dispatch! {
    /// # Safety
    /// `shape.check` has passed for these images.
    pub(super) unsafe fn forward(shape: &PoolShape, images: usize, x: &[f32], y: &mut [f32]) = average_images
}
dispatch! {
    /// # Safety
    /// `shape.check` has passed for these images.
    pub(super) unsafe fn backward(
        shape: &PoolShape,
        images: usize,
        d_y: &[f32],
        d_x: &mut [f32],
    ) = average_backward_images
}

/// # Safety
/// `shape.check` has passed for these images.
#[inline(always)]
unsafe fn average_images<S: Simd>(s: S, shape: &PoolShape, images: usize, x: &[f32], y: &mut [f32]) {
    let (x, y, channels, row) = (x.as_ptr(), y.as_mut_ptr(), shape.channels, shape.width * shape.channels);
    windows!(shape, images, |from, size, to| {
        let count = (size[0] * size[1]) as f32;
        vectors!(s, channels, |c, lanes| {
            // SAFETY: the window and its output lie inside the images, and the lanes inside the pixel.
            unsafe {
                let mut sum = s.splat(0.0);
                for i in 0..size[0] {
                    for j in 0..size[1] {
                        sum = s.add(sum, lanes.load(s, x.add(from + c + i * row + j * channels)));
                    }
                }
                lanes.store(s, y.add(to + c), s.div(sum, s.splat(count)));
            }
        });
    });
}

/// # Safety
/// `shape.check` has passed for these images.
#[inline(always)]
unsafe fn average_backward_images<S: Simd>(
    s: S,
    shape: &PoolShape,
    images: usize,
    d_y: &[f32],
    d_x: &mut [f32],
) {
    let (d_y, d_x) = (d_y.as_ptr(), d_x.as_mut_ptr());
    let (channels, row) = (shape.channels, shape.width * shape.channels);
    windows!(shape, images, |from, size, to| {
        let count = (size[0] * size[1]) as f32;
        vectors!(s, channels, |c, lanes| {
            // SAFETY: the window and its output lie inside the images, and the lanes inside the pixel.
            unsafe {
                let share = s.div(lanes.load(s, d_y.add(to + c)), s.splat(count));
                for i in 0..size[0] {
                    for j in 0..size[1] {
                        let p = d_x.add(from + c + i * row + j * channels);
                        lanes.store(s, p, s.add(lanes.load(s, p), share));
                    }
                }
            }
        });
    });
}
