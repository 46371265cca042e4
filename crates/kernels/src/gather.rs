//! A batch out of the data set: the rows that the shuffled indices name, pixels scaled to 0 ..= 1.

use std::ops::Range;

use crate::simd::{MOST_LANES, Simd, dispatch};

/// out = byte / 255 (the quotient rounded once, as `np.float32(x) / 255`), image by image in the order of `indices`.
///
/// `images` holds images of `size` bytes, `out` one image of `size` floats per index.
///
/// # Panics
/// If an index lies outside, or `out` has not `size` floats per index.
pub fn gather_scaled(images: &[u8], size: usize, indices: &[u32], out: &mut [f32]) {
    assert_eq!(Some(out.len()), indices.len().checked_mul(size), "out must hold {size} floats per index");
    gather_columns(images, size, indices, indices.len(), 0..size, out, size);
}

/// out\[i\] = labels\[indices\[i\]\].
///
/// # Panics
/// If an index lies outside, or the lengths differ.
pub fn gather_labels(labels: &[u8], indices: &[u32], out: &mut [u8]) {
    assert_eq!(out.len(), indices.len(), "out must hold a label per index");
    for (out, &index) in out.iter_mut().zip(indices) {
        *out = labels[index as usize];
    }
}

/// Some columns of the first `count` images: `out[r * out_row + c]` = byte `columns.start + c` of image `indices[r]`,
/// over 255, for every c below the number of columns; what lies between the rows is left as it is.
///
/// The bits are those of [`gather_scaled`]. While a row is converted, the memory of one further down in `indices` is
/// asked for, beyond `count` too: so that a caller who takes a few rows at a time does not wait for each.
///
/// # Panics
/// If an index or the columns lie outside, or `out` has no room.
pub fn gather_columns(
    images: &[u8],
    size: usize,
    indices: &[u32],
    count: usize,
    columns: Range<usize>,
    out: &mut [f32],
    out_row: usize,
) {
    let width = columns.len();
    assert!(columns.end <= size && width <= out_row, "{columns:?} of {size} columns in rows of {out_row}");
    let room = crate::checked_product(&[count, out_row]);
    assert!(count <= indices.len() && out.len() >= room, "room for {count} rows of {out_row}");
    if width > 0 {
        scaled(&ImageColumns { bytes: images, size, columns }, indices, count, out, out_row);
    }
}

/// A data set, and what is wanted of each image.
struct ImageColumns<'a> {
    bytes: &'a [u8],
    size: usize,
    columns: Range<usize>,
}

/// How many bytes ahead of the conversion the cache lines are asked for; twice as many or half do as well.
const AHEAD: usize = 3072;
/// Bytes of a cache line.
const LINE: usize = 64;

dispatch! {
    fn scaled(images: &ImageColumns, indices: &[u32], count: usize, out: &mut [f32], out_row: usize) = scaled_rows
}

#[inline(always)]
fn scaled_rows<S: Simd>(
    s: S,
    images: &ImageColumns,
    indices: &[u32],
    count: usize,
    out: &mut [f32],
    out_row: usize,
) {
    let width = images.columns.len();
    let ahead = AHEAD.div_ceil(width);
    for (r, out) in out.chunks_exact_mut(out_row).take(count).enumerate() {
        if let Some(&next) = indices.get(r + ahead) {
            images.ask_for(s, next);
        }
        let start = indices[r] as usize * images.size;
        let from = &images.bytes[start..start + images.size][images.columns.clone()];
        scaled_row(s, from, &mut out[..width]);
    }
}

impl ImageColumns<'_> {
    /// Asks for the cache lines of an image: those of a shuffled batch lie anywhere in memory, and no processor guesses
    /// the next one by itself.
    #[inline(always)]
    fn ask_for<S: Simd>(&self, s: S, index: u32) {
        let first = (index as usize).wrapping_mul(self.size).wrapping_add(self.columns.start);
        let start = self.bytes.as_ptr().wrapping_add(first);
        let before = start.addr() % LINE;
        for line in (0..before + self.columns.len()).step_by(LINE) {
            s.prefetch(start.wrapping_sub(before).wrapping_add(line));
        }
    }
}

/// out = from / 255; both have the same length.
#[inline(always)]
fn scaled_row<S: Simd>(s: S, from: &[u8], out: &mut [f32]) {
    let n = out.len();
    assert!(from.len() == n, "a byte per float");
    if n < S::LANES {
        let mut bytes = [0u8; MOST_LANES];
        bytes[..n].copy_from_slice(from);
        // SAFETY: `bytes` has a byte per lane.
        return s.store_slice(out, over_255(s, unsafe { s.load_u8(bytes.as_ptr()) }));
    }
    // The last vector may cover some of the one before.
    let last = n - S::LANES;
    for i in (0..last).step_by(S::LANES).chain([last]) {
        // SAFETY: i ≤ n − LANES, and both slices have n elements.
        unsafe { s.store(out.as_mut_ptr().add(i), over_255(s, s.load_u8(from.as_ptr().add(i)))) };
    }
}

/// x / 255 for whole x in 0 ..= 255, correctly rounded without a division: 1/255 in two parts.
#[inline(always)]
fn over_255<S: Simd>(s: S, x: S::V) -> S::V {
    const HIGH: f32 = 1.0 / 255.0;
    const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;
    s.fma(x, s.splat(HIGH), s.mul(x, s.splat(LOW)))
}
