//! The gradient of a convolution's kernel: for each tap, block of channels and block of filters a sum over the outputs,
//! in which the images are k.

use super::backward::Bands;
use super::few::{Few, WINDOWS};
use super::plan::PlateConv;
use crate::bf16::layout::{from_c, in_c};
use crate::bf16::plates::{PLATE, Products, SIDE, Sum};
use crate::bf16::{ROW_OF_ONES, weights::KernelRows};
use crate::simd::Simd;

use std::ops::Range;

/// Outputs whose products are summed up before C is stored: their plates of A and B share the first-level cache.
const SEGMENT: usize = WINDOWS;

/// The sums, as plates of C: `[part][block of rows][block of filters]` as the kernel's plan has them, then those of the
/// bias.
pub(super) struct KernelSums<'p> {
    products: &'p Products,
    plates: *mut f32,
    kernel: KernelRows,
    onward: bool,
}

/// Some outputs: rows and columns.
struct Segment {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// Cuts output rows into segments: parts of a row, or a few rows of a small image.
fn segments(rows: Range<usize>, width: usize) -> impl Iterator<Item = Segment> {
    let (parts, step) = (width.div_ceil(SEGMENT), (SEGMENT / width.max(1)).max(1));
    rows.clone().step_by(step).flat_map(move |row| {
        let rows = row..(row + step).min(rows.end);
        (0..parts).map(move |part| Segment {
            rows: rows.clone(),
            columns: part * width / parts..(part + 1) * width / parts,
        })
    })
}

impl<'p> KernelSums<'p> {
    /// With room for the sums of the convolution's plan.
    pub(super) fn new(conv: &PlateConv, products: &'p Products, plates: *mut f32) -> KernelSums<'p> {
        KernelSums { products, plates, kernel: conv.kernel[0], onward: false }
    }

    fn plate(&self, [part, block, filters]: [usize; 3]) -> *mut f32 {
        let [_, blocks, columns] = self.kernel.blocks();
        self.plates.wrapping_add(((part * blocks + block) * columns + filters) * PLATE)
    }

    fn bias(&self, filters: usize) -> *mut f32 {
        self.plates.wrapping_add((self.kernel.plates() + filters) * PLATE)
    }

    /// Adds what some output rows contribute.
    ///
    /// # Safety
    /// The sums are writable; the rows of dZ and of the transposed input that they see are in the bands.
    pub(super) unsafe fn add_rows(&mut self, conv: &PlateConv, bands: &Bands, rows: Range<usize>) {
        for segment in segments(rows, conv.out[1]) {
            // SAFETY: the duty above.
            unsafe { self.add_segment(conv, bands, &segment) };
            self.onward = true;
        }
    }

    /// # Safety
    /// As for `add_rows`.
    unsafe fn add_segment(&mut self, conv: &PlateConv, bands: &Bands, segment: &Segment) {
        let shape = &conv.shape;
        let [taps, blocks, columns] = self.kernel.blocks();
        let mut sum = Sum::to(self.products, self.plates, self.onward);
        for block in 0..blocks {
            for filters in 0..columns {
                for tap in 0..taps {
                    let (a, b) = (tap / shape.kernel[1], tap % shape.kernel[1]);
                    sum.restart(self.plate([tap, block, filters]), self.onward);
                    for i in segment.rows.clone() {
                        let y = (i * shape.strides[0] + a).wrapping_sub(shape.pad_top);
                        if y >= shape.height {
                            continue;
                        }
                        for j in segment.columns.clone() {
                            let x = (j * shape.strides[1] + b).wrapping_sub(shape.pad_left);
                            if x >= shape.width {
                                continue;
                            }
                            let pixel = (y % conv.kept[1] * shape.width + x) * blocks + block;
                            // SAFETY: the duty above.
                            unsafe {
                                sum.add(bands.transposed.add(pixel * PLATE), bands.d_z(conv, i, j, filters))
                            };
                        }
                    }
                    // SAFETY: the duty above.
                    unsafe { sum.finish() };
                }
            }
        }
        // SAFETY: the duty above.
        unsafe { self.add_bias(conv, bands, segment) };
    }

    /// # Safety
    /// As for `add_rows`.
    unsafe fn add_bias(&mut self, conv: &PlateConv, bands: &Bands, segment: &Segment) {
        let mut sum = Sum::to(self.products, self.plates, self.onward);
        for filters in 0..conv.blocks[1] {
            sum.restart(self.bias(filters), self.onward);
            for i in segment.rows.clone() {
                for j in segment.columns.clone() {
                    // SAFETY: the duty above.
                    unsafe { sum.add(ROW_OF_ONES.0.as_ptr(), bands.d_z(conv, i, j, filters)) };
                }
            }
            // SAFETY: the duty above.
            unsafe { sum.finish() };
        }
    }

    /// The same with few channels: the windows of some outputs are put together first.
    ///
    /// # Safety
    /// The sums are writable; the rows of dZ are in the bands, and the group's values are turned.
    pub(super) unsafe fn add_windows(
        &mut self,
        conv: &PlateConv,
        bands: &Bands,
        few: &Few,
        rows: Range<usize>,
    ) {
        let [_, blocks, columns] = self.kernel.blocks();
        for segment in segments(rows, conv.out[1]) {
            let pixels = || segment.rows.clone().flat_map(|i| segment.columns.clone().map(move |j| [i, j]));
            // SAFETY: the duty above; a segment has no more outputs than there is room for windows.
            unsafe {
                for (at, pixel) in pixels().enumerate() {
                    few.lines_of_pixel(conv, pixel, at);
                }
                let mut sum = Sum::to(self.products, self.plates, self.onward);
                for block in 0..blocks {
                    for filters in 0..columns {
                        sum.restart(self.plate([0, block, filters]), self.onward);
                        for (at, [i, j]) in pixels().enumerate() {
                            sum.add(few.lines(at, block), bands.d_z(conv, i, j, filters));
                        }
                        sum.finish();
                    }
                }
                self.add_bias(conv, bands, &segment);
            }
            self.onward = true;
        }
    }

    /// The sums as gradients: kernel and, if it is not null, bias.
    ///
    /// # Safety
    /// The gradients are those of the convolution.
    #[inline(always)]
    pub(super) unsafe fn write<S: Simd>(&self, s: S, d_kernel: *mut f32, d_bias: *mut f32) {
        let KernelRows { columns: filters, in_part, rows } = self.kernel;
        if !self.onward {
            // No output, or no image.
            // SAFETY: the duty above.
            unsafe {
                d_kernel.write_bytes(0, rows * filters);
                if !d_bias.is_null() {
                    d_bias.write_bytes(0, filters);
                }
            }
            return;
        }
        let [parts, blocks, columns] = self.kernel.blocks();
        for block in 0..columns {
            let width = (filters - block * SIDE).min(SIDE);
            for part in 0..parts {
                for rows in 0..blocks {
                    let height = (in_part - rows * SIDE).min(SIDE);
                    let at = (part * in_part + rows * SIDE) * filters + block * SIDE;
                    let plate = self.plate([part, rows, block]);
                    // SAFETY: the duty above.
                    unsafe { from_c(s, plate, [height, width], d_kernel.add(at), filters) };
                }
            }
            for column in 0..if d_bias.is_null() { 0 } else { width } {
                // SAFETY: the duty above.
                unsafe { *d_bias.add(block * SIDE + column) = *self.bias(block).add(in_c(0, column)) };
            }
        }
    }
}

impl Bands {
    /// dZ of an output as a plate of B.
    fn d_z(&self, conv: &PlateConv, i: usize, j: usize, filters: usize) -> *const u16 {
        let plate = (i % conv.kept[0] * conv.out[1] + j) * conv.blocks[1] + filters;
        self.paired.wrapping_add(plate * PLATE)
    }
}
