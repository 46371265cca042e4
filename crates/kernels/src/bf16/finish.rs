//! What follows a product while it is in the cache: bias, ReLU, the greatest of four pixels, rounding; and the way back
//! of a gradient through them.
//!
//! No closure holds an operation on vectors: one that is not inlined would lose the instruction set.

use super::layout::{IMAGES, in_c, lanes_of, pairs_of};
use super::plates::{PLATE, SIDE};
use crate::lanes::greater;
use crate::simd::Simd;

/// What is done to 32 outputs of some images.
#[derive(Clone, Copy)]
pub(crate) struct Finish {
    /// Null if there is none.
    pub bias: *const f32,
    /// Outputs that exist.
    pub outputs: usize,
    /// Images that exist.
    pub images: usize,
    pub relu: bool,
}

/// Bytes of a mask of 32 outputs.
pub(crate) const MASK: usize = SIDE / 8;

impl Finish {
    /// Nothing but rounding, where the output is plates: of one block of so many outputs, and of one group of images.
    #[inline(always)]
    pub(crate) fn of_group(outputs: usize, block: usize, images: usize, group: usize) -> Finish {
        Finish {
            bias: std::ptr::null(),
            outputs: (outputs - block * SIDE).min(SIDE),
            images: (images - group * IMAGES).min(IMAGES),
            relu: false,
        }
    }

    /// # Safety
    /// `outputs` biases are readable.
    #[inline(always)]
    unsafe fn bias<S: Simd>(&self, s: S, at: usize) -> S::V {
        if self.bias.is_null() {
            return s.splat(0.0);
        }
        // SAFETY: the duty above.
        unsafe { lanes_of(s, self.bias, self.outputs, at) }
    }

    /// z + bias, after ReLU if there is one.
    ///
    /// # Safety
    /// A readable plate of C.
    #[inline(always)]
    unsafe fn value<S: Simd>(&self, s: S, z: *const f32, image: usize, at: usize, bias: S::V) -> S::V {
        // SAFETY: the duty above.
        let sum = s.add(unsafe { s.load(z.add(in_c(image, at))) }, bias);
        // This order of the arguments lets NaN through.
        if self.relu { s.max(s.splat(0.0), sum) } else { sum }
    }

    /// y = z + bias, `stride` floats apart per image.
    ///
    /// # Safety
    /// A readable plate of C; `outputs` floats of each image are writable.
    #[inline(always)]
    pub(crate) unsafe fn write_rows<S: Simd>(&self, s: S, z: *const f32, y: *mut f32, stride: usize) {
        for at in (0..self.outputs).step_by(S::LANES) {
            // SAFETY: the duty above.
            unsafe {
                let bias = self.bias(s, at);
                for image in 0..self.images {
                    let value = self.value(s, z, image, at, bias);
                    s.store_first(y.add(image * stride + at), value, self.outputs - at);
                }
            }
        }
    }

    /// y = z + bias after ReLU if there is one, rounded; with ReLU where it is greater than zero goes to `masks`,
    /// unless that is null: `[image][MASK]`.
    ///
    /// # Safety
    /// A readable plate of C; a plate and 32 masks are writable.
    #[inline(always)]
    pub(crate) unsafe fn write_plate<S: Simd>(&self, s: S, z: *const f32, y: *mut u16, masks: *mut u8) {
        for at in (0..SIDE).step_by(S::LANES) {
            // SAFETY: the duty above.
            unsafe {
                let bias = self.bias(s, at);
                for image in 0..self.images {
                    let value = self.value(s, z, image, at, bias);
                    s.store_halves(y.add(image * SIDE + at), s.to_halves(value));
                    if self.relu && !masks.is_null() {
                        s.store_mask(masks.add(image * MASK + at / 8), s.gt(value, s.splat(0.0)));
                    }
                }
            }
        }
        // SAFETY: the duty above.
        unsafe { self.clear(y, if self.relu { masks } else { std::ptr::null_mut() }, MASK) };
    }

    /// y = the greatest of four pixels after bias and ReLU, rounded; the pixel that it was, the first of equals, goes
    /// to `masks`, unless that is null: `[image][pixel][MASK]`. NaN if there is a NaN, which was none of the pixels.
    ///
    /// # Safety
    /// Four readable plates of C; a plate and 32 × 4 masks are writable.
    #[inline(always)]
    pub(crate) unsafe fn write_pooled_plate<S: Simd>(
        &self,
        s: S,
        z: *const f32,
        y: *mut u16,
        masks: *mut u8,
    ) {
        let zero = s.splat(0.0);
        for at in (0..SIDE).step_by(S::LANES) {
            // SAFETY: the duty above.
            unsafe {
                let bias = self.bias(s, at);
                for image in 0..self.images {
                    let mut values = [zero; 4];
                    for p in 0..4 {
                        values[p] = self.value(s, z.add(p * PLATE), image, at, bias);
                    }
                    let most = greater(s, greater(s, greater(s, values[0], values[1]), values[2]), values[3]);
                    s.store_halves(y.add(image * SIDE + at), s.to_halves(most));
                    if masks.is_null() {
                        continue;
                    }
                    let mut left = if self.relu { s.gt(most, zero) } else { s.eq(zero, zero) };
                    for p in 0..4 {
                        let found = s.and(left, s.eq(values[p], most));
                        s.store_mask(masks.add((image * 4 + p) * MASK + at / 8), found);
                        left = s.and_not(left, found);
                    }
                }
            }
        }
        // SAFETY: the duty above.
        unsafe { self.clear(y, masks, 4 * MASK) };
    }

    /// Zeros for the images that do not exist.
    ///
    /// # Safety
    /// A plate and 32 masks of so many bytes are writable.
    #[inline(always)]
    unsafe fn clear(&self, y: *mut u16, masks: *mut u8, mask: usize) {
        let missing = SIDE - self.images;
        if missing == 0 {
            return;
        }
        // SAFETY: the duty above.
        unsafe {
            y.add(self.images * SIDE).write_bytes(0, missing * SIDE);
            if !masks.is_null() {
                masks.add(self.images * mask).write_bytes(0, missing * mask);
            }
        }
    }
}

/// The gradient of an output, plate by plate, and the masks that it goes back through.
#[derive(Clone, Copy)]
pub(crate) struct Return {
    pub d_y: *const u16,
    /// Null if all goes back.
    pub masks: *const u8,
}

impl Return {
    /// dZ of one pixel as a plate of A, unless that is null, and as one of B, the images being k.
    ///
    /// # Safety
    /// A readable plate, 32 masks; writable plates.
    #[inline(always)]
    pub(crate) unsafe fn write_plates<S: Simd>(&self, s: S, plate: *mut u16, paired: *mut u16) {
        for image in (0..SIDE).step_by(2) {
            let line = self.d_y.wrapping_add(image * SIDE);
            let mut masks = [!0; 2];
            if !self.masks.is_null() {
                // SAFETY: the duty above.
                masks = unsafe { [self.mask(image), self.mask(image + 1)] };
            }
            let plain = if plate.is_null() { plate } else { plate.wrapping_add(image * SIDE) };
            // SAFETY: the duty above.
            unsafe { s.pair_lines([line, line.add(SIDE)], masks, plain, pairs_of(image / 2, paired)) };
        }
    }

    /// A mask of 32 outputs.
    ///
    /// # Safety
    /// There are so many masks.
    #[inline(always)]
    unsafe fn mask(&self, at: usize) -> u32 {
        // SAFETY: the duty above.
        u32::from_le_bytes(unsafe { self.masks.add(at * MASK).cast::<[u8; MASK]>().read() })
    }

    /// dZ of the four pixels of a pooling window, likewise.
    ///
    /// # Safety
    /// A readable plate, 32 × 4 masks; writable plates.
    #[inline(always)]
    pub(crate) unsafe fn write_four_plates<S: Simd>(
        &self,
        s: S,
        plates: [*mut u16; 4],
        paired: [*mut u16; 4],
    ) {
        for image in (0..SIDE).step_by(2) {
            let line = self.d_y.wrapping_add(image * SIDE);
            for p in 0..4 {
                let plain = plates[p];
                let plain = if plain.is_null() { plain } else { plain.wrapping_add(image * SIDE) };
                // SAFETY: the duty above.
                unsafe {
                    let masks = [self.mask(image * 4 + p), self.mask((image + 1) * 4 + p)];
                    s.pair_lines([line, line.add(SIDE)], masks, plain, pairs_of(image / 2, paired[p]));
                }
            }
        }
    }
}
