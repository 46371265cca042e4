//! Matrix products of small and middle size: one register-blocked kernel for dense layers and Winograd tiles, forward
//! and backward.
//!
//! C (+)= A B with C of m × n. A is read by broadcasts, so its transpose will do as well; B and C are row-major with a
//! stride. Every element of C is one chain c ← fma(a, b, c) over ascending k, whatever the block that it falls into and
//! wherever the sum rests in C between two parts of k: so neither the instruction set nor the cutting shows in the
//! result.
//!
//! What bounds it is the processor's power: on a Sapphire Rapids that can do 217 GFLOP/s in registers, reading 14
//! vectors per 24 multiplications lowers the clock to 186 at best, reading 10 to 198 to 204.

mod block;
mod strips;
#[cfg(test)]
mod tests;

use self::strips::{CheckedGemm, strips};
use crate::simd::{Simd, dispatch};

/// A matrix of which either the rows or the columns lie in one piece each.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    /// From one stored row to the next.
    row: usize,
    /// Whether the stored rows are the columns.
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// Rows of `row` floats.
    pub fn rows(values: &'a [f32], row: usize) -> Matrix<'a> {
        Matrix { values, row, transposed: false }
    }

    /// The transpose of a matrix of rows of `row` floats.
    pub fn transposed(values: &'a [f32], row: usize) -> Matrix<'a> {
        Matrix { values, row, transposed: true }
    }
}

/// C = A B, or C += A B with `accumulate`: A is m × k, B k × n at `b[k * b_row + j]`, C m × n at `c[i * c_row + j]`.
///
/// # Panics
/// If a slice is too short for its shape.
pub fn gemm(
    [m, n, k]: [usize; 3],
    a: Matrix,
    b: &[f32],
    b_row: usize,
    c: &mut [f32],
    c_row: usize,
    accumulate: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    // The last of so many rows starts here.
    let last = |rows: usize, row: usize| crate::checked_product(&[rows - 1, row]);
    let fits = |len: usize, start: usize, row: usize| start.checked_add(row).is_some_and(|end| end <= len);
    assert!(c_row >= n && fits(c.len(), last(m, c_row), n), "C of {m} x {n} does not fit {} floats", c.len());
    if k > 0 {
        let [rows, columns] = if a.transposed { [k, m] } else { [m, k] };
        assert!(
            fits(a.values.len(), last(rows, a.row), columns),
            "A of {m} x {k} does not fit {} floats",
            a.values.len()
        );
        assert!(
            b_row >= n && fits(b.len(), last(k, b_row), n),
            "B of {k} x {n} does not fit {} floats",
            b.len()
        );
    }
    let (a_row, b, c) = (a.row, b.as_ptr(), c.as_mut_ptr());
    let product = CheckedGemm { m, n, k, a: a.values.as_ptr(), a_row, b, b_row, c, c_row, accumulate };
    // SAFETY: the lengths have just been asserted, for A as it lies; C is borrowed mutably.
    unsafe { if a.transposed { crosswise(&product) } else { straight(&product) } }
}

dispatch! {
    /// # Safety
    /// As for [`strips`], A not transposed.
    unsafe fn straight(product: &CheckedGemm) = rows_of
}
dispatch! {
    /// # Safety
    /// As for [`strips`], A transposed.
    unsafe fn crosswise(product: &CheckedGemm) = columns_of
}

/// # Safety
/// As for [`strips`], A not transposed.
#[inline(always)]
unsafe fn rows_of<S: Simd>(s: S, product: &CheckedGemm) {
    // SAFETY: the duty above.
    unsafe { strips::<S, false>(s, product) }
}

/// # Safety
/// As for [`strips`], A transposed.
#[inline(always)]
unsafe fn columns_of<S: Simd>(s: S, product: &CheckedGemm) {
    // SAFETY: the duty above.
    unsafe { strips::<S, true>(s, product) }
}
