//! A batch out of the data set: the rows that the shuffled indices name, bytes scaled to 0 ..= 1, floats as they are.

use std::ops::Range;

use crate::bf16::{IMAGES, ValueForm, halves_mut};
use crate::simd::{MOST_LANES, Simd, dispatch};

/// The values of a data set's images, one image after the other.
#[derive(Clone, Copy, Debug)]
pub enum ImageValues<'a> {
    /// A byte becomes byte / 255: the quotient rounded once, as `np.float32(x) / 255`.
    Bytes(&'a [u8]),
    /// A float keeps its bits.
    Floats(&'a [f32]),
}

/// out = the values of each image, image by image in the order of `indices`.
///
/// `images` holds images of `size` values, `out` one image of `size` floats per index.
///
/// # Panics
/// If an index lies outside, or `out` has not `size` floats per index.
pub fn gather_images(images: ImageValues<'_>, size: usize, indices: &[u32], out: &mut [f32]) {
    assert_eq!(Some(out.len()), indices.len().checked_mul(size), "out must hold {size} floats per index");
    gather_columns(images, size, indices, indices.len(), 0..size, out, size);
}

/// The values of each image rounded to bfloat16, as plates ([`ValueForm::Plates`]) of one pixel with `size` channels.
///
/// # Panics
/// If an index lies outside, or `plates` has not the room of so many images.
pub fn gather_plates(images: ImageValues<'_>, size: usize, indices: &[u32], plates: &mut [f32]) {
    let len = ValueForm::Plates.len(1, size);
    let room = ValueForm::Plates.room(indices.len());
    crate::check_len("plates", plates.len(), crate::checked_product(&[room, len]));
    let (columns, plates) = (0..size, halves_mut(plates));
    match images {
        ImageValues::Bytes(values) => scaled_plates(&ImageColumns { values, size, columns }, indices, plates),
        ImageValues::Floats(values) => {
            copied_plates(&ImageColumns { values, size, columns }, indices, plates)
        }
    }
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

/// Some columns of the first `count` images: `out[r * out_row + c]` = value `columns.start + c` of image `indices[r]`,
/// for every c below the number of columns; what lies between the rows is left as it is.
///
/// The bits are those of [`gather_images`]. While a row is copied, the memory of one further down in `indices` is
/// asked for, beyond `count` too: so that a caller who takes a few rows at a time does not wait for each.
///
/// # Panics
/// If an index or the columns lie outside, or `out` has no room.
pub fn gather_columns(
    images: ImageValues<'_>,
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
    if width == 0 {
        return;
    }
    match images {
        ImageValues::Bytes(values) => {
            scaled(&ImageColumns { values, size, columns }, indices, count, out, out_row)
        }
        ImageValues::Floats(values) => {
            copied(&ImageColumns { values, size, columns }, indices, count, out, out_row)
        }
    }
}

/// A data set, and what is wanted of each image.
struct ImageColumns<'a, T> {
    values: &'a [T],
    size: usize,
    columns: Range<usize>,
}

/// A value as it lies in the data set, and how it becomes a float.
trait StoredValue: Copy {
    /// LANES values as floats.
    ///
    /// # Safety
    /// LANES values at `p` are readable.
    unsafe fn load<S: Simd>(s: S, p: *const Self) -> S::V;
    /// As many lanes as there are values, at most LANES.
    fn load_few<S: Simd>(s: S, values: &[Self]) -> S::V;
    /// What was loaded, rounded to bfloat16.
    fn rounded<S: Simd>(s: S, v: S::V) -> S::V;
}

impl StoredValue for u8 {
    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, p: *const u8) -> S::V {
        // SAFETY: as the caller promises.
        over_255(s, unsafe { s.load_u8(p) })
    }

    #[inline(always)]
    fn load_few<S: Simd>(s: S, values: &[u8]) -> S::V {
        let mut bytes = [0u8; MOST_LANES];
        bytes[..values.len()].copy_from_slice(values);
        // SAFETY: `bytes` has a byte per lane.
        over_255(s, unsafe { s.load_u8(bytes.as_ptr()) })
    }

    #[inline(always)]
    fn rounded<S: Simd>(s: S, v: S::V) -> S::V {
        s.to_halves_of_positive(v)
    }
}

impl StoredValue for f32 {
    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, p: *const f32) -> S::V {
        // SAFETY: as the caller promises.
        unsafe { s.load(p) }
    }

    #[inline(always)]
    fn load_few<S: Simd>(s: S, values: &[f32]) -> S::V {
        s.load_slice(values)
    }

    #[inline(always)]
    fn rounded<S: Simd>(s: S, v: S::V) -> S::V {
        s.to_halves(v)
    }
}

/// How many bytes of the data ahead of the row that is copied the cache lines are asked for. Of bytes twice as many or
/// half do as well.
const AHEAD: usize = 3072;
/// Bytes of a cache line.
const LINE: usize = 64;

dispatch! {
    fn scaled(images: &ImageColumns<u8>, indices: &[u32], count: usize, out: &mut [f32], out_row: usize) = rows
}
dispatch! { fn scaled_plates(images: &ImageColumns<u8>, indices: &[u32], plates: &mut [u16]) = plates_of }
dispatch! { fn copied_plates(images: &ImageColumns<f32>, indices: &[u32], plates: &mut [u16]) = plates_of }
dispatch! {
    fn copied(images: &ImageColumns<f32>, indices: &[u32], count: usize, out: &mut [f32], out_row: usize) = rows
}

#[inline(always)]
fn rows<S: Simd, T: StoredValue>(
    s: S,
    images: &ImageColumns<T>,
    indices: &[u32],
    count: usize,
    out: &mut [f32],
    out_row: usize,
) {
    let width = images.columns.len();
    let ahead = AHEAD.div_ceil(width.saturating_mul(size_of::<T>()));
    for (r, out) in out.chunks_exact_mut(out_row).take(count).enumerate() {
        if let Some(&next) = indices.get(r + ahead) {
            images.ask_for(s, next);
        }
        let start = indices[r] as usize * images.size;
        let from = &images.values[start..start + images.size][images.columns.clone()];
        row(s, from, &mut out[..width]);
    }
}

/// Blocks of 32 values that the cache lines of an image are asked for ahead of time.
const BLOCKS_AHEAD: usize = 8;

/// Plate by plate: rows of one plate lie side by side, those of an image's plates fall on each other in the cache.
#[inline(always)]
fn plates_of<S: Simd, T: StoredValue>(s: S, images: &ImageColumns<T>, indices: &[u32], plates: &mut [u16]) {
    let (size, blocks) = (images.size, images.size.div_ceil(IMAGES));
    let groups = plates.chunks_exact_mut((blocks * IMAGES * IMAGES).max(1));
    for (g, (group, indices_of)) in groups.zip(indices.chunks(IMAGES)).enumerate() {
        let next = indices.get((g + 1) * IMAGES..).unwrap_or_default();
        if g == 0 {
            (0..BLOCKS_AHEAD).for_each(|block| images.ask_for_block(s, indices_of, block));
        }
        for (block, plate) in group.chunks_exact_mut(IMAGES * IMAGES).enumerate() {
            if block + BLOCKS_AHEAD < blocks {
                images.ask_for_block(s, indices_of, block + BLOCKS_AHEAD);
            } else {
                images.ask_for_block(s, next, block + BLOCKS_AHEAD - blocks);
            }
            for (r, row) in plate.chunks_exact_mut(IMAGES).enumerate() {
                let Some(&index) = indices_of.get(r) else {
                    row.fill(0);
                    continue;
                };
                let from = &images.values[index as usize * size..][..size][block * IMAGES..];
                for at in (0..IMAGES).step_by(S::LANES) {
                    let left = from.get(at..).unwrap_or_default();
                    let v = if left.len() >= S::LANES {
                        // SAFETY: so many values are left.
                        unsafe { T::load(s, left.as_ptr()) }
                    } else {
                        T::load_few(s, left)
                    };
                    // SAFETY: the lanes lie within the row.
                    unsafe { s.store_halves(row.as_mut_ptr().add(at), T::rounded(s, v)) };
                }
            }
        }
    }
}

impl<T> ImageColumns<'_, T> {
    /// Asks for the cache lines of a block of 32 values of some images.
    #[inline(always)]
    fn ask_for_block<S: Simd>(&self, s: S, indices: &[u32], block: usize) {
        let bytes = IMAGES * size_of::<T>();
        if !(block * bytes).is_multiple_of(LINE) {
            return;
        }
        for &index in indices {
            let first = (index as usize).wrapping_mul(self.size).wrapping_add(block * IMAGES);
            let start = self.values.as_ptr().wrapping_add(first).cast::<u8>();
            for line in (0..bytes.max(LINE)).step_by(LINE) {
                s.prefetch(start.wrapping_add(line));
            }
        }
    }

    /// Asks for the cache lines of an image: those of a shuffled batch lie anywhere in memory, and no processor guesses
    /// the next one by itself.
    #[inline(always)]
    fn ask_for<S: Simd>(&self, s: S, index: u32) {
        let first = (index as usize).wrapping_mul(self.size).wrapping_add(self.columns.start);
        let start = self.values.as_ptr().wrapping_add(first).cast::<u8>();
        let before = start.addr() % LINE;
        for line in (0..before + self.columns.len().saturating_mul(size_of::<T>())).step_by(LINE) {
            s.prefetch(start.wrapping_sub(before).wrapping_add(line));
        }
    }
}

/// out = the values of `from` as floats; both have the same length.
#[inline(always)]
fn row<S: Simd, T: StoredValue>(s: S, from: &[T], out: &mut [f32]) {
    let n = out.len();
    assert!(from.len() == n, "a value per float");
    if n < S::LANES {
        return s.store_slice(out, T::load_few(s, from));
    }
    // The last vector may cover some of the one before.
    let last = n - S::LANES;
    for i in (0..last).step_by(S::LANES).chain([last]) {
        // SAFETY: i ≤ n − LANES, and both slices have n elements.
        unsafe { s.store(out.as_mut_ptr().add(i), T::load(s, from.as_ptr().add(i))) };
    }
}

/// x / 255 for whole x in 0 ..= 255, correctly rounded without a division: 1/255 in two parts.
#[inline(always)]
fn over_255<S: Simd>(s: S, x: S::V) -> S::V {
    const HIGH: f32 = 1.0 / 255.0;
    const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;
    s.fma(x, s.splat(HIGH), s.mul(x, s.splat(LOW)))
}
