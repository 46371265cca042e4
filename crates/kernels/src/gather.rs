//! A batch out of the data set: the rows that the shuffled indices name, pixels scaled to 0 ..= 1.

use std::ops::Range;

use crate::simd::{Simd, dispatch};

/// out = byte / 255 (the quotient rounded once, as `np.float32(x) / 255`), image by image in the order of `indices`.
///
/// `images` holds images of `size` bytes, `out` one image of `size` floats per index.
///
/// # Panics
/// If an index lies outside, or `out` has not `size` floats per index.
pub fn gather_scaled(images: &[u8], size: usize, indices: &[u32], out: &mut [f32]) {
    assert_eq!(Some(out.len()), indices.len().checked_mul(size), "out must hold {size} floats per index");
    if size > 0 {
        scaled(images, size, indices, out);
    }
}

/// The first `count` images as [`gather_scaled`] has them, but only some columns of each: image i of them at
/// `out[i * out_row ..]`; what lies between the rows is left as it is. The indices after them are those of the images
/// that will be asked for next.
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
    assert!(count <= indices.len() && out.len() >= count * out_row, "room for {count} rows of {out_row}");
    if width > 0 {
        column_rows(images, size, indices, count, columns.start, width, out, out_row);
    }
}

dispatch! { fn column_rows(images: &[u8], size: usize, indices: &[u32], count: usize, first: usize, width: usize, out: &mut [f32], out_row: usize) = column_rows_of }

/// # Safety
/// The instruction set of `S`, and what [`gather_columns`] asserts.
#[inline(always)]
unsafe fn column_rows_of<S: Simd>(
    images: &[u8],
    size: usize,
    indices: &[u32],
    count: usize,
    first: usize,
    width: usize,
    out: &mut [f32],
    out_row: usize,
) {
    for (r, out) in out.chunks_exact_mut(out_row).take(count).enumerate() {
        if let Some(&next) = indices.get(r + AHEAD) {
            let next = images.as_ptr().wrapping_add(next as usize * size + first);
            for line in (0..width + 63).step_by(64) {
                // SAFETY: any address may be asked for.
                unsafe { S::prefetch(next.wrapping_add(line)) }
            }
        }
        let start = indices[r] as usize * size + first;
        // SAFETY: the duties above.
        unsafe { convert::<S>(&images[start..start + width], &mut out[..width]) }
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

/// How many images ahead of the conversion the cache lines are asked for.
const AHEAD: usize = 4;

dispatch! { fn scaled(images: &[u8], size: usize, indices: &[u32], out: &mut [f32]) = scaled_rows }

/// # Safety
/// The instruction set of `S`; size > 0 and `size` floats of `out` per index.
#[inline(always)]
unsafe fn scaled_rows<S: Simd>(images: &[u8], size: usize, indices: &[u32], out: &mut [f32]) {
    for (r, (out, &index)) in out.chunks_exact_mut(size).zip(indices).enumerate() {
        if let Some(&next) = indices.get(r + AHEAD) {
            // The images of a shuffled batch lie anywhere in memory: no processor guesses the next one by itself.
            let next = images.as_ptr().wrapping_add(next as usize * size);
            for line in (0..size).step_by(64) {
                // SAFETY: any address may be asked for.
                unsafe { S::prefetch(next.wrapping_add(line)) }
            }
        }
        let start = index as usize * size;
        let image = &images[start..start + size];
        // SAFETY: the duties above.
        unsafe { convert::<S>(image, out) }
    }
}

/// out = image / 255.
///
/// # Safety
/// The instruction set of `S`, and equal lengths.
#[inline(always)]
unsafe fn convert<S: Simd>(image: &[u8], out: &mut [f32]) {
    let size = image.len();
    let whole = size - size % S::LANES;
    for i in (0..whole).step_by(S::LANES) {
        // SAFETY: i + LANES ≤ size, the length of both.
        unsafe { S::store(out.as_mut_ptr().add(i), over_255::<S>(S::load_u8(image.as_ptr().add(i)))) }
    }
    if whole < size {
        let mut rest = [0u8; 16];
        rest[..size - whole].copy_from_slice(&image[whole..]);
        // SAFETY: 16 bytes are enough for any LANES; size − whole floats are left.
        unsafe {
            let x = over_255::<S>(S::load_u8(rest.as_ptr()));
            S::store_first(out.as_mut_ptr().add(whole), x, size - whole);
        }
    }
}

/// x / 255 for whole x in 0 ..= 255, correctly rounded without a division: 1/255 in two parts.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn over_255<S: Simd>(x: S::V) -> S::V {
    const HIGH: f32 = 1.0 / 255.0;
    const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;
    unsafe { S::fma(x, S::splat(HIGH), S::mul(x, S::splat(LOW))) }
}
