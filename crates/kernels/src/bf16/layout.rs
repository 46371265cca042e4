//! How plates are made: from rows of floats, and from one another.

use super::plates::{PLATE, SIDE};
use crate::checked_product;
use crate::simd::Simd;

/// How the values of some images lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueForm {
    /// Floats, image by image, `[image][row][column][channel]`.
    Rows,
    /// Bfloat16 numbers, `[32 images][row][column][32 channels][image][channel]`: for each pixel and block of channels
    /// a plate of A, so that no product knows borders. Channels and images that do not exist are zeros.
    Plates,
}

impl ValueForm {
    /// Floats of an image's values; of plates, those of an image among 32.
    ///
    /// # Panics
    /// If they are more than memory has addresses.
    pub fn len(self, pixels: usize, channels: usize) -> usize {
        match self {
            ValueForm::Rows => checked_product(&[pixels, channels]),
            ValueForm::Plates => checked_product(&[pixels, channels.div_ceil(SIDE), FLOATS / IMAGES]),
        }
    }

    /// Images whose room the values of so many images take.
    ///
    /// # Panics
    /// As above.
    pub fn room(self, images: usize) -> usize {
        match self {
            ValueForm::Rows => images,
            ValueForm::Plates => images.checked_next_multiple_of(IMAGES).expect("too many images"),
        }
    }

    /// Floats of the values of so many images.
    pub(crate) fn floats(self, images: usize, pixels: usize, channels: usize) -> usize {
        checked_product(&[self.room(images), self.len(pixels, channels)])
    }
}

/// How the values of a layer lie before and behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlateForms {
    /// Its input's, and that of the input's gradient.
    pub input: ValueForm,
    /// Its output's, and that of the output's gradient.
    pub output: ValueForm,
}

/// Images of a plate.
pub const IMAGES: usize = SIDE;

/// Floats whose memory a plate of bfloat16 numbers takes.
pub(crate) const FLOATS: usize = PLATE / 2;

/// Where an element of C lies, from the first of its row on.
#[inline(always)]
pub(crate) fn in_c(row: usize, column: usize) -> usize {
    row / 16 * 512 + column / 16 * 256 + row % 16 * 16 + column % 16
}

/// Where two rows of B lie, from this column on.
#[inline(always)]
pub(crate) fn in_b(pair: usize, column: usize) -> usize {
    column / 16 * (PLATE / 2) + pair * SIDE + column % 16 * 2
}

/// Both halves of two rows of B.
#[inline(always)]
pub(crate) fn pairs_of(pair: usize, paired: *mut u16) -> [*mut u16; 2] {
    [paired.wrapping_add(in_b(pair, 0)), paired.wrapping_add(in_b(pair, 16))]
}

/// LANES of `n` floats from float `at` on, zeros beyond them.
///
/// # Safety
/// `n` floats at `p` are readable.
#[inline(always)]
pub(crate) unsafe fn lanes_of<S: Simd>(s: S, p: *const f32, n: usize, at: usize) -> S::V {
    // SAFETY: the lanes that are read lie below `n`.
    unsafe {
        if at + S::LANES <= n {
            s.load(p.add(at))
        } else {
            s.load_first(p.wrapping_add(at), n.saturating_sub(at))
        }
    }
}

/// Rows of floats: how many, how long, and how far apart.
#[derive(Clone, Copy)]
pub(crate) struct FloatRows {
    pub start: *const f32,
    pub rows: usize,
    pub len: usize,
    pub stride: usize,
}

impl FloatRows {
    /// Of the values of `images` images, `[image][pixel][channel]`: one pixel and block of channels of a group of 32.
    #[inline(always)]
    pub(crate) fn of_group(
        values: &[f32],
        [pixels, channels]: [usize; 2],
        images: usize,
        group: usize,
        [pixel, block]: [usize; 2],
    ) -> FloatRows {
        let stride = pixels * channels;
        let at = group * IMAGES * stride + pixel * channels + block * SIDE;
        FloatRows {
            start: values.as_ptr().wrapping_add(at),
            rows: (images - group * IMAGES).min(IMAGES),
            len: (channels - block * SIDE).min(SIDE),
            stride,
        }
    }

    /// LANES of a row, rounded, from column `at` on; zeros beyond.
    ///
    /// # Safety
    /// All that it describes is readable.
    #[inline(always)]
    unsafe fn rounded<S: Simd>(&self, s: S, row: usize, at: usize) -> S::V {
        if row >= self.rows {
            return s.splat(0.0);
        }
        // SAFETY: the duty above.
        s.to_halves(unsafe { lanes_of(s, self.start.add(row * self.stride), self.len, at) })
    }

    /// Rounds up to 32 × 32 of them to a plate of A.
    ///
    /// # Safety
    /// All that it describes is readable, and a plate writable.
    #[inline(always)]
    pub(crate) unsafe fn write_plate<S: Simd>(&self, s: S, plate: *mut u16) {
        for row in 0..SIDE {
            for at in (0..SIDE).step_by(S::LANES) {
                // SAFETY: the duty above.
                unsafe { s.store_halves(plate.add(row * SIDE + at), self.rounded(s, row, at)) };
            }
        }
    }

    /// Rounds them to a plate of B, the rows being k; and to one of A, unless that is null.
    ///
    /// # Safety
    /// All that it describes is readable, and the plates writable.
    #[inline(always)]
    pub(crate) unsafe fn write_paired_plate<S: Simd>(&self, s: S, plate: *mut u16, paired: *mut u16) {
        for row in (0..SIDE).step_by(2) {
            for at in (0..SIDE).step_by(S::LANES) {
                // SAFETY: the duty above.
                unsafe {
                    let rows = [self.rounded(s, row, at), self.rounded(s, row + 1, at)];
                    store_two_rows(s, rows, row, at, plate, paired);
                }
            }
        }
    }
}

/// Puts LANES numbers of two rows into a plate of A, unless that is null, and as pairs into one of B.
///
/// # Safety
/// The plates are writable; the rows and lanes lie within them.
#[inline(always)]
unsafe fn store_two_rows<S: Simd>(
    s: S,
    rows: [S::V; 2],
    row: usize,
    at: usize,
    plate: *mut u16,
    paired: *mut u16,
) {
    // SAFETY: the duty above.
    unsafe {
        if !plate.is_null() {
            s.store_halves(plate.add(row * SIDE + at), rows[0]);
            s.store_halves(plate.add((row + 1) * SIDE + at), rows[1]);
        }
        s.store_pairs(paired.add(in_b(row / 2, at)), rows[0], rows[1]);
    }
}

/// 32 lines, each of 32 numbers, to a plate of B: lines become k.
///
/// # Safety
/// Plates, apart from each other.
#[inline(always)]
pub(crate) unsafe fn pair<S: Simd>(s: S, lines: *const u16, paired: *mut u16) {
    for row in (0..SIDE).step_by(2) {
        // SAFETY: the duty above.
        unsafe {
            let line = lines.add(row * SIDE);
            s.pair_lines([line, line.add(SIDE)], [!0; 2], std::ptr::null_mut(), pairs_of(row / 2, paired));
        }
    }
}

/// The transpose of a plate of A; `between` is a plate of its own.
///
/// # Safety
/// Three plates, apart from each other.
#[inline(always)]
pub(crate) unsafe fn transpose<S: Simd>(s: S, plate: *const u16, between: *mut u16, to: *mut u16) {
    // SAFETY: the duty above: half a plate is 256 words.
    unsafe {
        pair(s, plate, between);
        transpose_pairs(s, between, to);
    }
}

/// A plate of B to a plate of A: its columns become rows.
///
/// # Safety
/// Two plates, apart from each other.
#[inline(always)]
pub(crate) unsafe fn transpose_pairs<S: Simd>(s: S, paired: *const u16, to: *mut u16) {
    for half in [0, PLATE / 2] {
        // SAFETY: the duty above: half a plate is 256 words.
        unsafe { s.transpose_words(paired.add(half).cast(), to.add(half).cast()) };
    }
}

/// A plate of A to the plate of B of its transpose: its columns become k. The pairs of a row are words, so this is a
/// transpose of words.
///
/// # Safety
/// Two plates, apart from each other.
#[inline(always)]
pub(crate) unsafe fn turn<S: Simd>(s: S, plate: *const u16, paired: *mut u16) {
    // SAFETY: the duty above.
    unsafe { transpose_pairs(s, plate, paired) };
}

/// Rows and columns of a plate of C that exist, to rows of floats.
///
/// # Safety
/// A readable plate of C; `rows` rows of `columns` floats, `stride` apart, are writable.
#[inline(always)]
pub(crate) unsafe fn from_c<S: Simd>(
    s: S,
    c: *const f32,
    [rows, columns]: [usize; 2],
    to: *mut f32,
    stride: usize,
) {
    for row in 0..rows {
        for at in (0..columns).step_by(S::LANES) {
            // SAFETY: the duty above.
            unsafe {
                s.store_first(to.add(row * stride + at), s.load(c.add(in_c(row, at))), columns - at);
            }
        }
    }
}
