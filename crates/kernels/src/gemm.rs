//! Matrix products of small and middle size: one register-blocked kernel for dense layers and Winograd tiles, forward
//! and backward.
//!
//! C (+)= A B with C of m × n. A is read by broadcasts, so any pair of strides will do, a transposed A too; B and C are
//! row-major with a stride. Every element of C is one chain c ← fma(a, b, c) over ascending k, whatever the block that
//! it falls into: so neither the instruction set nor the blocking shows in the result.

use crate::lanes::{First, Full, Lanes};
use crate::simd::{Simd, dispatch};

/// Where the elements of A lie: element (i, k) at `i * row + k * column`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// The floats.
    pub values: &'a [f32],
    /// Distance from one row to the next.
    pub row: usize,
    /// Distance from one column to the next.
    pub column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `row` floats.
    pub fn rows(values: &'a [f32], row: usize) -> Matrix<'a> {
        Matrix { values, row, column: 1 }
    }

    /// The transpose of a matrix of rows of `row` floats.
    pub fn transposed(values: &'a [f32], row: usize) -> Matrix<'a> {
        Matrix { values, row: 1, column: row }
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
        let a_last = last(m, a.row).checked_add(last(k, a.column));
        let a_fits = a_last.is_some_and(|last| last < a.values.len());
        assert!(a_fits, "A of {m} x {k} does not fit {} floats", a.values.len());
        assert!(
            b_row >= n && fits(b.len(), last(k, b_row), n),
            "B of {k} x {n} does not fit {} floats",
            b.len()
        );
    }
    product([m, n, k], a, b.as_ptr(), b_row, c.as_mut_ptr(), c_row, accumulate);
}

dispatch! {
    fn product(mnk: [usize; 3], a: Matrix, b: *const f32, b_row: usize, c: *mut f32, c_row: usize, accumulate: bool) = blocks
}

/// Cuts C into blocks of two vectors across and `S::ROWS` rows down; the edges take smaller blocks.
///
/// # Safety
/// The instruction set of `S`, and the lengths that [`gemm`] asserts.
#[inline(always)]
unsafe fn blocks<S: Simd>(
    [m, n, k]: [usize; 3],
    a: Matrix,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    accumulate: bool,
) {
    let wide = 2 * S::LANES;
    let mut j = 0;
    while j < n {
        let width = (n - j).min(wide);
        let mut i = 0;
        while i < m {
            let rows = block_rows(m - i, S::ROWS);
            // SAFETY: rows i .. i + rows and columns j .. j + width lie within the shapes.
            unsafe {
                let at = Block {
                    k,
                    a: a.values.as_ptr().add(i * a.row),
                    a_row: a.row,
                    a_column: a.column,
                    b: b.add(j),
                    b_row,
                    c: c.add(i * c_row + j),
                    c_row,
                    width,
                    accumulate,
                };
                match (rows, width > S::LANES) {
                    (12, true) => at.run::<S, 12, 2>(),
                    (8, true) => at.run::<S, 8, 2>(),
                    (6, true) => at.run::<S, 6, 2>(),
                    (4, true) => at.run::<S, 4, 2>(),
                    (2, true) => at.run::<S, 2, 2>(),
                    (_, true) => at.run::<S, 1, 2>(),
                    (12, false) => at.run::<S, 12, 1>(),
                    (8, false) => at.run::<S, 8, 1>(),
                    (6, false) => at.run::<S, 6, 1>(),
                    (4, false) => at.run::<S, 4, 1>(),
                    (2, false) => at.run::<S, 2, 1>(),
                    (_, false) => at.run::<S, 1, 1>(),
                }
            }
            i += rows;
        }
        j += width;
    }
}

/// How many of the `left` rows the next block takes: full blocks, with the last few evened out so that none is tiny.
#[inline(always)]
fn block_rows(left: usize, full: usize) -> usize {
    if left >= full && !(full == 12 && left == 16) {
        return full;
    }
    match left {
        8.. if full >= 8 => 8,
        6.. if full >= 6 => 6,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

/// One block of C and what goes into it.
struct Block {
    k: usize,
    a: *const f32,
    a_row: usize,
    a_column: usize,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    width: usize,
    accumulate: bool,
}

impl Block {
    /// # Safety
    /// The instruction set of `S`; R rows of A and C, `width` columns of B and C behind the pointers, and
    /// (W − 1) LANES < width ≤ W LANES.
    #[inline(always)]
    unsafe fn run<S: Simd, const R: usize, const W: usize>(&self) {
        let last = self.width - (W - 1) * S::LANES;
        // SAFETY: the duties above.
        unsafe {
            if last == S::LANES {
                self.sum::<S, Full, R, W>(Full);
            } else {
                self.sum::<S, First, R, W>(First(last));
            }
        }
    }

    /// Holds `R` × `W` vectors of C in registers while k runs; of the last vector of each row only these lanes.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn sum<S: Simd, L: Lanes, const R: usize, const W: usize>(&self, last: L) {
        // SAFETY: the duties above; a vector that is cut off by the edge is read and written in its first lanes only.
        unsafe {
            let mut sums = [[S::splat(0.0); W]; R];
            if self.accumulate {
                for r in 0..R {
                    sums[r] = load_row::<S, L, W>(self.c.add(r * self.c_row), last);
                }
            }
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.k {
                let row = load_row::<S, L, W>(b, last);
                for r in 0..R {
                    let x = S::splat(*a.add(r * self.a_row));
                    for w in 0..W {
                        sums[r][w] = S::fma(x, row[w], sums[r][w]);
                    }
                }
                a = a.wrapping_add(self.a_column);
                b = b.wrapping_add(self.b_row);
            }
            for r in 0..R {
                let c = self.c.add(r * self.c_row);
                for w in 0..W - 1 {
                    S::store(c.add(w * S::LANES), sums[r][w]);
                }
                last.store::<S>(c.add((W - 1) * S::LANES), sums[r][W - 1]);
            }
        }
    }
}

/// The vectors of a row, of the last one these lanes.
///
/// # Safety
/// The instruction set of `S`, and as many readable floats.
#[inline(always)]
unsafe fn load_row<S: Simd, L: Lanes, const W: usize>(p: *const f32, last: L) -> [S::V; W] {
    unsafe {
        let mut row = [S::splat(0.0); W];
        for w in 0..W - 1 {
            row[w] = S::load(p.add(w * S::LANES));
        }
        row[W - 1] = last.load::<S>(p.add((W - 1) * S::LANES));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::on_each_isa;

    /// The naive twin: the same chain, one element at a time.
    fn naive(
        [m, n, k]: [usize; 3],
        a: Matrix,
        b: &[f32],
        b_row: usize,
        c: &mut [f32],
        c_row: usize,
        acc: bool,
    ) {
        for i in 0..m {
            for j in 0..n {
                let mut sum = if acc { c[i * c_row + j] } else { 0.0 };
                for l in 0..k {
                    sum = a.values[i * a.row + l * a.column].mul_add(b[l * b_row + j], sum);
                }
                c[i * c_row + j] = sum;
            }
        }
    }

    fn numbers(n: usize, salt: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + salt * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    #[test]
    fn equals_the_naive_twin_bit_for_bit_for_all_small_shapes() {
        on_each_isa(|isa| {
            for m in [1, 2, 3, 5, 7, 8, 11, 12, 13, 16, 20, 28] {
                for n in [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 50] {
                    for (k, transposed, accumulate) in
                        [(1, false, true), (5, true, false), (9, false, false), (4, true, true)]
                    {
                        let (b_row, c_row) = (n + 3, n + 1);
                        let values = numbers(m * k, 1);
                        let a = if transposed {
                            Matrix::transposed(&values, m)
                        } else {
                            Matrix::rows(&values, k)
                        };
                        let (b, c) = (numbers(k * b_row, 2), numbers(m * c_row, 3));
                        let (mut fast, mut slow) = (c.clone(), c);
                        gemm([m, n, k], a, &b, b_row, &mut fast, c_row, accumulate);
                        naive([m, n, k], a, &b, b_row, &mut slow, c_row, accumulate);
                        assert_eq!(fast, slow, "{isa:?} {m} {n} {k}");
                    }
                }
            }
        });
    }

    #[test]
    fn an_empty_sum_is_zero_and_an_empty_matrix_is_left_alone() {
        let mut c = [5.0; 4];
        gemm([2, 2, 0], Matrix::rows(&[], 0), &[], 2, &mut c, 2, false);
        assert_eq!(c, [0.0; 4]);
        gemm([0, 2, 3], Matrix::rows(&[], 3), &[0.0; 6], 2, &mut c, 2, false);
        assert_eq!(c, [0.0; 4]);
    }

    /// 2 × (2⁶³ + 1) is 2 in 64 bits.
    #[test]
    #[should_panic(expected = "is no size")]
    fn a_stride_whose_product_overflows_is_refused() {
        let row = usize::MAX / 2 + 2;
        gemm([3, 1, 1], Matrix::rows(&[0.0; 3], 1), &[0.0], 1, &mut [0.0; 3], row, false);
    }

    #[test]
    #[should_panic(expected = "B of 3 x 2 does not fit 5 floats")]
    fn a_slice_that_is_too_short_is_refused() {
        gemm([1, 2, 3], Matrix::rows(&[0.0; 3], 3), &[0.0; 5], 2, &mut [0.0; 2], 2, false);
    }
}
