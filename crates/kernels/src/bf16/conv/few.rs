//! An input of few channels: the taps of an output are put together before the product.
//!
//! The group's values are turned around, so that the 32 images of each value lie side by side. The lines of an
//! output's taps, one after the other, are then the windows' transpose, in which the images are k: just what the
//! kernel's gradient needs. The forward pass turns them around once more.

use super::plan::PlateConv;
use crate::bf16::layout::{FloatRows, IMAGES, transpose, transpose_pairs};
use crate::bf16::plates::{PLATE, SIDE};
use crate::bf16::{Scratch, halves_mut};
use crate::simd::Simd;

/// Memory for the values and windows of a group of images.
pub(super) struct Few {
    /// `[value][image]`, in whole plates.
    values: *mut u16,
    /// Of up to `WINDOWS` outputs: `[output][block of k]`, the lines of the taps.
    lines: *mut u16,
    /// Likewise, `[image][k]`.
    windows: *mut u16,
    between: *mut u16,
    blocks: usize,
}

/// So many outputs' windows are in memory at a time.
pub(super) const WINDOWS: usize = 12;

impl Few {
    /// Floats that it takes.
    pub(super) fn scratch_len(conv: &PlateConv) -> usize {
        let values = (conv.pixels() * conv.shape.channels).div_ceil(SIDE);
        (values + 2 * WINDOWS * conv.kernel[0].blocks()[1] + 1) * PLATE / 2
    }

    pub(super) fn new(conv: &PlateConv, scratch: &mut Scratch) -> Few {
        let blocks = conv.kernel[0].blocks()[1];
        let values = (conv.pixels() * conv.shape.channels).div_ceil(SIDE);
        let mut plates = |n: usize| halves_mut(scratch.take(n * PLATE / 2));
        let [values, lines] = [values, WINDOWS * blocks].map(|n| plates(n).as_mut_ptr());
        let [windows, between] = [WINDOWS * blocks, 1].map(|n| plates(n).as_mut_ptr());
        let few = Few { values, lines, windows, between, blocks };
        // SAFETY: as many plates as were taken. Lines beyond the taps stay zeros.
        unsafe { lines.write_bytes(0, WINDOWS * blocks * PLATE) };
        few
    }

    /// Turns the values of a group of images around.
    ///
    /// # Safety
    /// `x` are rows of so many images, for the convolution that this was made for.
    #[inline(always)]
    pub(super) unsafe fn turn_group<S: Simd>(
        &self,
        s: S,
        conv: &PlateConv,
        x: &[f32],
        images: usize,
        group: usize,
    ) {
        let values = conv.pixels() * conv.shape.channels;
        for block in 0..values.div_ceil(SIDE) {
            let rows = FloatRows::of_group(x, [1, values], images, group, [0, block]);
            // SAFETY: the duty above.
            unsafe {
                rows.write_plate(s, self.windows);
                transpose(s, self.windows, self.between, self.values.add(block * PLATE));
            }
        }
    }

    /// Puts the lines of an output's taps together, as the windows' place `at`.
    ///
    /// # Safety
    /// The group is turned, the output is one of the convolution, and `at` is less than `WINDOWS`.
    #[inline(always)]
    pub(super) unsafe fn lines_of_pixel(&self, conv: &PlateConv, [i, j]: [usize; 2], at: usize) {
        let (shape, line) = (&conv.shape, IMAGES);
        let (channels, width) = (shape.channels, shape.width);
        // SAFETY: the duty above; the taps that are read lie within the image.
        unsafe {
            let to = self.lines.add(at * self.blocks * PLATE);
            for a in 0..shape.kernel[0] {
                let within = conv.taps_at(0, i).contains(&a);
                let taps = if within { conv.taps_at(1, j) } else { 0..0 };
                let to = to.add(a * shape.kernel[1] * channels * line);
                to.write_bytes(0, taps.start * channels * line);
                let after = (shape.kernel[1] - taps.end) * channels * line;
                to.add(taps.end * channels * line).write_bytes(0, after);
                if !taps.is_empty() {
                    let row = (i * shape.strides[0] + a - shape.pad_top) * width;
                    let first = row + j * shape.strides[1] + taps.start - shape.pad_left;
                    let from = self.values.add(first * channels * line);
                    let len = taps.len() * channels * line;
                    from.copy_to_nonoverlapping(to.add(taps.start * channels * line), len);
                }
            }
        }
    }

    /// The same, and turned around for a product that gives outputs.
    ///
    /// # Safety
    /// As for `lines_of_pixel`.
    #[inline(always)]
    pub(super) unsafe fn window_of_pixel<S: Simd>(
        &self,
        s: S,
        conv: &PlateConv,
        pixel: [usize; 2],
        at: usize,
    ) {
        // SAFETY: the duty above.
        unsafe {
            self.lines_of_pixel(conv, pixel, at);
            for block in 0..self.blocks {
                let plate = (at * self.blocks + block) * PLATE;
                crate::bf16::layout::pair(s, self.lines.add(plate), self.between);
                transpose_pairs(s, self.between, self.windows.add(plate));
            }
        }
    }

    /// The window at this place: a plate of A, `[image][k]`.
    pub(super) fn window(&self, at: usize, block: usize) -> *const u16 {
        self.windows.wrapping_add((at * self.blocks + block) * PLATE)
    }

    /// Its transpose, `[k][image]`.
    pub(super) fn lines(&self, at: usize, block: usize) -> *const u16 {
        self.lines.wrapping_add((at * self.blocks + block) * PLATE)
    }
}
