//! Sums, copies and scalings of whole slices; sums in an order that depends on the length alone.

use crate::lanes::{Lanes, Sixteen, sixteens, vectors};
use crate::simd::{Simd, dispatch};

/// Σ x², for the norm of a gradient: blocks of 1024 floats in sixteen f32 chains each, the blocks' sums in f64.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    x.chunks(1024).fold(0.0, |sum, block| sum + f64::from(squares_dispatch(block)))
}

/// x ← a x.
pub fn scale(x: &mut [f32], a: f32) {
    scale_dispatch(x, a);
}

/// x ← min(max(x, lo), hi); NaN stays.
pub fn clip(x: &mut [f32], lo: f32, hi: f32) {
    clip_dispatch(x, lo, hi);
}

/// y ← y + a x, rounded once.
///
/// # Panics
/// If the lengths differ.
pub fn axpy(y: &mut [f32], a: f32, x: &[f32]) {
    assert_eq!(x.len(), y.len(), "x and y differ in length");
    axpy_dispatch(y, a, x);
}

/// y = xᵀ: x of `rows` × `columns`, y of `columns` × `rows`, both row-major.
///
/// # Panics
/// If a length is not `rows` × `columns`.
pub fn transpose(rows: usize, columns: usize, x: &[f32], y: &mut [f32]) {
    assert_eq!(rows.checked_mul(columns), Some(x.len()), "x is no {rows} × {columns} matrix");
    assert_eq!(x.len(), y.len(), "x and y differ in length");
    transpose_dispatch(rows, columns, x, y);
}

dispatch! { fn squares_dispatch(x: &[f32]) -> f32 = squares_loop }
dispatch! { fn scale_dispatch(x: &mut [f32], a: f32) = scale_loop }
dispatch! { fn clip_dispatch(x: &mut [f32], lo: f32, hi: f32) = clip_loop }
dispatch! { fn axpy_dispatch(y: &mut [f32], a: f32, x: &[f32]) = axpy_loop }
dispatch! { fn transpose_dispatch(rows: usize, columns: usize, x: &[f32], y: &mut [f32]) = transpose_tiles }

// SAFETY of every loop below: the caller guarantees the instruction set and the lengths asserted above; `vectors!` and
// `sixteens!` keep `i` and the lanes within them.

#[inline(always)]
unsafe fn squares_loop<S: Simd>(x: &[f32]) -> f32 {
    unsafe {
        let mut sum = Sixteen::<S>::splat(0.0);
        sixteens!(S, x.len(), |i, part, left| {
            let x = S::load_first(x.as_ptr().add(i), left);
            sum.0[part] = S::fma(x, x, sum.0[part]);
        });
        sum.sum()
    }
}

#[inline(always)]
unsafe fn scale_loop<S: Simd>(x: &mut [f32], a: f32) {
    let (n, x) = (x.len(), x.as_mut_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe { lanes.store::<S>(x.add(i), S::mul(lanes.load::<S>(x.add(i)), S::splat(a))) }
    });
}

#[inline(always)]
unsafe fn clip_loop<S: Simd>(x: &mut [f32], lo: f32, hi: f32) {
    let (n, x) = (x.len(), x.as_mut_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe {
            let clipped = S::min(S::splat(hi), S::max(S::splat(lo), lanes.load::<S>(x.add(i))));
            lanes.store::<S>(x.add(i), clipped);
        }
    });
}

#[inline(always)]
unsafe fn axpy_loop<S: Simd>(y: &mut [f32], a: f32, x: &[f32]) {
    let (n, y, x) = (y.len(), y.as_mut_ptr(), x.as_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe {
            let sum = S::fma(S::splat(a), lanes.load::<S>(x.add(i)), lanes.load::<S>(y.add(i)));
            lanes.store::<S>(y.add(i), sum);
        }
    });
}

/// Edge of a tile: two cache lines of every row and column are in use at a time.
const TILE: usize = 8;

#[inline(always)]
unsafe fn transpose_tiles<S: Simd>(rows: usize, columns: usize, x: &[f32], y: &mut [f32]) {
    let (whole_rows, whole_columns) = (rows - rows % TILE, columns - columns % TILE);
    for c in (0..whole_columns).step_by(TILE) {
        for r in (0..whole_rows).step_by(TILE) {
            let mut tile = [[0.0f32; TILE]; TILE];
            for i in 0..TILE {
                let row = &x[(r + i) * columns + c..][..TILE];
                for j in 0..TILE {
                    tile[j][i] = row[j];
                }
            }
            for j in 0..TILE {
                y[(c + j) * rows + r..][..TILE].copy_from_slice(&tile[j]);
            }
        }
    }
    let mut one_by_one = |rs: std::ops::Range<usize>, cs: std::ops::Range<usize>| {
        for r in rs {
            for c in cs.clone() {
                y[c * rows + r] = x[r * columns + c];
            }
        }
    };
    one_by_one(0..rows, whole_columns..columns);
    one_by_one(whole_rows..rows, 0..whole_columns);
}
