//! Plain passes over rows of floats that the direct convolution needs: a mask, sums and a transpose.

use crate::simd::{Simd, dispatch};

/// `to[j][i] = from[i][j]` for rows of `columns` floats.
pub(super) fn transpose(from: &[f32], to: &mut [f32], columns: usize) {
    let rows = from.len() / columns;
    for (i, row) in from.chunks_exact(columns).enumerate() {
        for (j, value) in row.iter().enumerate() {
            to[j * rows + i] = *value;
        }
    }
}

dispatch! {
    /// out = d_y where y > 0, else 0.
    pub(super) fn mask(y: &[f32], d_y: &[f32], out: &mut [f32]) = mask_of
}

#[inline(always)]
unsafe fn mask_of<S: Simd>(y: &[f32], d_y: &[f32], out: &mut [f32]) {
    assert!(y.len() == d_y.len() && y.len() == out.len(), "y, its gradient and the result are shaped alike");
    for i in (0..y.len()).step_by(S::LANES) {
        let lanes = (y.len() - i).min(S::LANES);
        // SAFETY: lanes end with the slices.
        unsafe {
            let alive = S::gt(S::load_first(y.as_ptr().add(i), lanes), S::splat(0.0));
            let d = S::select(alive, S::load_first(d_y.as_ptr().add(i), lanes), S::splat(0.0));
            S::store_first(out.as_mut_ptr().add(i), d, lanes);
        }
    }
}

dispatch! {
    /// Adds the sum of each column of a matrix with `sums.len()` columns.
    pub(super) fn add_column_sums(rows: &[f32], sums: &mut [f32]) = add_column_sums_of
}

/// Four chains per column, so that an addition need not wait for the one before.
#[inline(always)]
unsafe fn add_column_sums_of<S: Simd>(rows: &[f32], sums: &mut [f32]) {
    let (columns, count) = (sums.len(), rows.len() / sums.len());
    for column in (0..columns).step_by(S::LANES) {
        let lanes = (columns - column).min(S::LANES);
        // SAFETY: lanes end with the row, and rows with the slice.
        unsafe {
            let row = |i: usize| S::load_first(rows.as_ptr().add(i * columns + column), lanes);
            let mut parts = [S::splat(0.0); 4];
            for i in 0..count / 4 {
                for (j, part) in parts.iter_mut().enumerate() {
                    *part = S::add(*part, row(4 * i + j));
                }
            }
            for i in count / 4 * 4..count {
                parts[0] = S::add(parts[0], row(i));
            }
            let at = sums.as_mut_ptr().add(column);
            let sum = S::add(S::add(parts[0], parts[1]), S::add(parts[2], parts[3]));
            S::store_first(at, S::add(S::load_first(at, lanes), sum), lanes);
        }
    }
}
