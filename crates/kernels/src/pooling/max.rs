//! Maximum pooling: the loops.

use super::{PoolShape, windows};
use crate::lanes::{Lanes, greater, vectors};
use crate::simd::{Simd, dispatch};

dispatch! {
    /// # Safety
    /// `shape.check` has passed for these images.
    pub(super) unsafe fn forward(shape: &PoolShape, images: usize, x: &[f32], y: &mut [f32]) = max_images
}
dispatch! {
    /// # Safety
    /// `shape.check` has passed for these images.
    pub(super) unsafe fn backward(
        shape: &PoolShape,
        images: usize,
        x: &[f32],
        y: &[f32],
        d_y: &[f32],
        d_x: &mut [f32],
    ) = max_backward_images
}

/// # Safety
/// `shape.check` has passed for these images.
#[inline(always)]
unsafe fn max_images<S: Simd>(s: S, shape: &PoolShape, images: usize, x: &[f32], y: &mut [f32]) {
    let (x, y, channels, row) = (x.as_ptr(), y.as_mut_ptr(), shape.channels, shape.width * shape.channels);
    let two_by_two = shape.two_by_two();
    windows!(shape, images, |from, size, to| {
        vectors!(s, channels, |c, lanes| {
            // SAFETY: the window and its output lie inside the images, and the lanes inside the pixel.
            unsafe {
                let p = x.add(from + c);
                let mut max = lanes.load(s, p);
                if two_by_two {
                    max = greater(s, max, lanes.load(s, p.add(channels)));
                    max = greater(s, max, lanes.load(s, p.add(row)));
                    max = greater(s, max, lanes.load(s, p.add(row + channels)));
                } else {
                    for i in 0..size[0] {
                        for j in 0..size[1] {
                            max = greater(s, max, lanes.load(s, p.add(i * row + j * channels)));
                        }
                    }
                }
                lanes.store(s, y.add(to + c), max);
            }
        });
    });
}

/// # Safety
/// `shape.check` has passed for these images.
#[inline(always)]
unsafe fn max_backward_images<S: Simd>(
    s: S,
    shape: &PoolShape,
    images: usize,
    x: &[f32],
    y: &[f32],
    d_y: &[f32],
    d_x: &mut [f32],
) {
    let (x, y, d_y, d_x) = (x.as_ptr(), y.as_ptr(), d_y.as_ptr(), d_x.as_mut_ptr());
    let (channels, row) = (shape.channels, shape.width * shape.channels);
    let two_by_two = shape.two_by_two();
    windows!(shape, images, |from, size, to| {
        vectors!(s, channels, |c, lanes| {
            // SAFETY: the window and its output lie inside the images, and the lanes inside the pixel.
            unsafe {
                let (zero, max) = (s.splat(0.0), lanes.load(s, y.add(to + c)));
                // What has not found its pixel yet.
                let mut left = lanes.load(s, d_y.add(to + c));
                if two_by_two {
                    for offset in [0, channels, row, row + channels] {
                        let found = s.eq(lanes.load(s, x.add(from + c + offset)), max);
                        lanes.store(s, d_x.add(from + c + offset), s.select(found, left, zero));
                        left = s.select(found, zero, left);
                    }
                } else {
                    for i in 0..size[0] {
                        for j in 0..size[1] {
                            let at = from + c + i * row + j * channels;
                            let found = s.eq(lanes.load(s, x.add(at)), max);
                            let sum = s.add(lanes.load(s, d_x.add(at)), s.select(found, left, zero));
                            lanes.store(s, d_x.add(at), sum);
                            left = s.select(found, zero, left);
                        }
                    }
                }
            }
        });
    });
}
