//! Kernels as plates, made again after each update: rounded once.

use super::layout::{FloatRows, turn};
use super::plates::{OnePlate, PLATE, SIDE};
use crate::simd::{Simd, dispatch};

/// A kernel: `rows` × `columns` floats, of which `in_part` rows belong together: each part starts a plate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KernelRows {
    pub rows: usize,
    pub columns: usize,
    /// Channels of a tap, or all rows.
    pub in_part: usize,
}

impl KernelRows {
    /// Parts of the rows, blocks of 32 rows in a part, blocks of 32 columns.
    pub(crate) fn blocks(&self) -> [usize; 3] {
        [self.rows / self.in_part, self.in_part.div_ceil(SIDE), self.columns.div_ceil(SIDE)]
    }

    /// Plates of the whole.
    pub(crate) fn plates(&self) -> usize {
        self.blocks().iter().product()
    }

    /// The floats of a plate.
    fn of_plate(&self, kernel: *const f32, [part, block, columns]: [usize; 3]) -> FloatRows {
        let (row, column) = (part * self.in_part + block * SIDE, columns * SIDE);
        FloatRows {
            start: kernel.wrapping_add(row * self.columns + column),
            rows: (self.in_part - block * SIDE).min(SIDE),
            len: (self.columns - column).min(SIDE),
            stride: self.columns,
        }
    }
}

dispatch! {
    /// Plates of B for the product with the kernel, `[block of columns][part][block of rows]`.
    ///
    /// # Safety
    /// The kernel's floats are readable, its plates writable.
    pub(crate) unsafe fn forward_plates(shape: KernelRows, kernel: *const f32, plates: *mut u16) = forward
}
dispatch! {
    /// Plates of B for the product with its transpose, `[block of rows][part][block of columns]`.
    ///
    /// # Safety
    /// The kernel's floats are readable, its plates writable.
    pub(crate) unsafe fn backward_plates(shape: KernelRows, kernel: *const f32, plates: *mut u16) = backward
}

/// # Safety
/// The kernel's floats are readable, its plates writable.
#[inline(always)]
unsafe fn forward<S: Simd>(s: S, shape: KernelRows, kernel: *const f32, plates: *mut u16) {
    let [parts, blocks, columns] = shape.blocks();
    for column in 0..columns {
        for part in 0..parts {
            for block in 0..blocks {
                // SAFETY: the duty above.
                unsafe {
                    let plate = plates.add(((column * parts + part) * blocks + block) * PLATE);
                    let rows = shape.of_plate(kernel, [part, block, column]);
                    rows.write_paired_plate(s, std::ptr::null_mut(), plate);
                }
            }
        }
    }
}

/// # Safety
/// The kernel's floats are readable, its plates writable.
#[inline(always)]
unsafe fn backward<S: Simd>(s: S, shape: KernelRows, kernel: *const f32, plates: *mut u16) {
    let [parts, blocks, columns] = shape.blocks();
    let mut rounded = OnePlate([0; PLATE]);
    let rounded = rounded.0.as_mut_ptr();
    for block in 0..blocks {
        for part in 0..parts {
            for column in 0..columns {
                // SAFETY: the duty above.
                unsafe {
                    let plate = plates.add(((block * parts + part) * columns + column) * PLATE);
                    shape.of_plate(kernel, [part, block, column]).write_plate(s, rounded);
                    turn(s, rounded, plate);
                }
            }
        }
    }
}
