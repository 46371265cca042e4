//! The product against its naive twin, and what it refuses.

use super::{Matrix, gemm};
use crate::isa::on_each_isa;

/// The naive twin: the same chain, one element at a time.
fn naive([m, n, k]: [usize; 3], a: Matrix, b: &[f32], b_row: usize, c: &mut [f32], c_row: usize, acc: bool) {
    for i in 0..m {
        for j in 0..n {
            let mut sum = if acc { c[i * c_row + j] } else { 0.0 };
            for l in 0..k {
                sum = a.at(i, l).mul_add(b[l * b_row + j], sum);
            }
            c[i * c_row + j] = sum;
        }
    }
}

impl Matrix<'_> {
    fn at(&self, i: usize, k: usize) -> f32 {
        self.values[if self.transposed { k * self.row + i } else { i * self.row + k }]
    }
}

fn numbers(n: usize, salt: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 + salt * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
}

/// Compares with the naive twin, with rows of B and C (and of A) that are longer than they need be.
fn assert_equals_naive([m, n, k]: [usize; 3], transposed: bool, accumulate: bool, context: &str) {
    let (b_row, c_row) = (n + 3, n + 1);
    let values = numbers((m + 2) * (k + 2), 1);
    let a = if transposed { Matrix::transposed(&values, m + 2) } else { Matrix::rows(&values, k + 2) };
    let (b, c) = (numbers(k * b_row, 2), numbers(m * c_row, 3));
    let (mut fast, mut slow) = (c.clone(), c);
    gemm([m, n, k], a, &b, b_row, &mut fast, c_row, accumulate);
    naive([m, n, k], a, &b, b_row, &mut slow, c_row, accumulate);
    assert_eq!(fast, slow, "{context} {m} {n} {k} {transposed} {accumulate}");
}

#[test]
fn equals_the_naive_twin_bit_for_bit_for_all_small_shapes() {
    on_each_isa(|isa| {
        for m in 1..=30 {
            for n in (1..=17).chain([23, 24, 31, 32, 33, 47, 48, 49, 50, 63, 64, 65, 81]) {
                for (k, transposed, accumulate) in
                    [(1, false, true), (5, true, false), (8, false, false), (3, true, true)]
                {
                    assert_equals_naive([m, n, k], transposed, accumulate, isa.name());
                }
            }
        }
    });
}

/// B in a panel of its own, and more terms than a panel holds at any width.
#[test]
fn equals_the_naive_twin_bit_for_bit_where_b_is_copied_and_k_is_cut() {
    on_each_isa(|isa| {
        for m in [47, 48, 49, 50] {
            for (n, k) in [(8, 770), (16, 385), (20, 200), (33, 129), (50, 97), (64, 193), (100, 100), (7, 2)]
            {
                for (transposed, accumulate) in [(false, true), (true, false)] {
                    assert_equals_naive([m, n, k], transposed, accumulate, isa.name());
                }
            }
        }
    });
}

/// Rows without gaps: B is such a panel already.
#[test]
fn equals_the_naive_twin_bit_for_bit_where_the_rows_leave_no_gap() {
    on_each_isa(|isa| {
        for [m, n, k] in [[1, 1, 1], [48, 16, 400], [50, 32, 200], [60, 64, 100], [3, 64, 100]] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let (mut fast, mut slow) = (vec![7.0; m * n], vec![7.0; m * n]);
            gemm([m, n, k], Matrix::rows(&a, k), &b, n, &mut fast, n, false);
            naive([m, n, k], Matrix::rows(&a, k), &b, n, &mut slow, n, false);
            assert_eq!(fast, slow, "{isa:?} {m} {n} {k}");
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

#[test]
#[should_panic(expected = "A of 2 x 3 does not fit 8 floats")]
fn a_transposed_matrix_that_is_too_short_is_refused() {
    gemm([2, 1, 3], Matrix::transposed(&[0.0; 8], 4), &[0.0; 3], 1, &mut [0.0; 2], 1, false);
}
