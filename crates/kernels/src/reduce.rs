//! Sums, copies and scalings of whole slices; sums in an order that depends on the length alone.

use crate::lanes::{Sixteen, each_vector, sixteens};
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

#[inline(always)]
fn squares_loop<S: Simd>(s: S, x: &[f32]) -> f32 {
    let mut sum = Sixteen::splat(s, 0.0);
    sixteens!(s, x.len(), |i, part| {
        let x = s.load_slice(&x[i..]);
        sum.0[part] = s.fma(x, x, sum.0[part]);
    });
    sum.sum(s)
}

#[inline(always)]
fn scale_loop<S: Simd>(s: S, x: &mut [f32], a: f32) {
    each_vector!(s, [], [value in x], {
        value = s.mul(value, s.splat(a));
    });
}

#[inline(always)]
fn clip_loop<S: Simd>(s: S, x: &mut [f32], lo: f32, hi: f32) {
    each_vector!(s, [], [value in x], {
        value = s.min(s.splat(hi), s.max(s.splat(lo), value));
    });
}

#[inline(always)]
fn axpy_loop<S: Simd>(s: S, y: &mut [f32], a: f32, x: &[f32]) {
    each_vector!(s, [term in x], [sum in y], {
        sum = s.fma(s.splat(a), term, sum);
    });
}

/// Edge of a tile: two cache lines of every row and column are in use at a time.
const TILE: usize = 8;

#[inline(always)]
fn transpose_tiles<S: Simd>(_: S, rows: usize, columns: usize, x: &[f32], y: &mut [f32]) {
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
