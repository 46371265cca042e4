//! The product behind the direct convolution: a matrix product whose operands are walked with several strides, so that
//! pixels of images need not be gathered first.
//!
//! C (+)= A B. Rows of C are counted by two indices, the sum by three; each index has a stride of its own in A, B and
//! C. Columns are contiguous in B and C. As in `gemm`, every element is one chain c ← fma(a, b, c) over the sum in
//! its order, and the register blocks don't show in the result.

mod block;
mod kept;

use block::ProductOperands;

use crate::simd::{Simd, dispatch};

/// What to multiply; all strides in floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct StridedProduct {
    /// Rows of C by their outer and inner index.
    pub(super) rows: [usize; 2],
    /// Columns.
    pub(super) columns: usize,
    /// Terms of the sum by their outer, middle and inner index.
    pub(super) terms: [usize; 3],
    /// Strides of A by row and by term.
    pub(super) a_rows: [usize; 2],
    pub(super) a_terms: [usize; 3],
    /// Strides of B by term.
    pub(super) b_terms: [usize; 3],
    /// Strides of C by row.
    pub(super) c_rows: [usize; 2],
    /// C += A B instead of C = A B.
    pub(super) accumulate: bool,
}

/// Terms that count as few.
const FEW: usize = 32;

/// The largest offset that these counts and strides reach; all counts are at least 1.
fn reach(counts: &[usize], strides: &[usize]) -> usize {
    counts.iter().zip(strides).map(|(count, stride)| (count - 1) * stride).sum()
}

impl StridedProduct {
    /// C = bias + A B or C += A B, then max(C, 0) if `relu`.
    ///
    /// # Panics
    /// If a slice is too short.
    pub(super) fn run(&self, a: &[f32], b: &[f32], bias: Option<&[f32]>, relu: bool, c: &mut [f32]) {
        if self.rows.contains(&0) || self.columns == 0 {
            return;
        }
        assert!(!self.terms.contains(&0), "a product needs terms");
        assert!(
            a.len() > reach(&self.rows, &self.a_rows) + reach(&self.terms, &self.a_terms),
            "A is too short"
        );
        assert!(b.len() >= reach(&self.terms, &self.b_terms) + self.columns, "B is too short");
        assert!(c.len() >= reach(&self.rows, &self.c_rows) + self.columns, "C is too short");
        assert!(bias.is_none_or(|bias| bias.len() >= self.columns), "the bias is too short");
        let bias = bias.map_or(std::ptr::null(), <[f32]>::as_ptr);
        let (offsets, few) = self.offsets();
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        let operands = ProductOperands { product: self, a, b, c, bias, relu, offsets: &offsets[..few] };
        // SAFETY: all that the counts and strides reach lies in the slices, and C is borrowed mutably.
        unsafe { blocks_dispatch(&operands) };
    }

    /// Where the terms lie in A, if there are few and B has them one after the other: three nested loops would cost
    /// more than the terms. None if there are many.
    fn offsets(&self) -> ([usize; FEW], usize) {
        let mut offsets = [0; FEW];
        let [outer, middle, inner] = self.terms;
        let in_a_row = self.b_terms[1] == inner * self.b_terms[2] || middle == 1;
        if outer > 1 || !in_a_row || middle.saturating_mul(inner) > FEW {
            return (offsets, 0);
        }
        for (i, offset) in offsets[..middle * inner].iter_mut().enumerate() {
            *offset = i / inner * self.a_terms[1] + i % inner * self.a_terms[2];
        }
        (offsets, middle * inner)
    }
}

dispatch! {
    /// # Safety
    /// `StridedProduct::run` has made the operands.
    unsafe fn blocks_dispatch(operands: &ProductOperands) = blocks
}

/// Cuts C into blocks of two vectors across (one at the right edge) and at most `S::ROWS` rows.
///
/// # Safety
/// `StridedProduct::run` has made the operands.
#[inline(always)]
unsafe fn blocks<S: Simd>(s: S, all: &ProductOperands) {
    let [outer, inner] = all.product.rows;
    // Short inner rows are taken several at a time.
    let together = if inner <= 6 { (S::ROWS / inner).clamp(1, if inner <= 4 { 3 } else { 2 }) } else { 1 };
    let mut column = 0;
    while column < all.product.columns {
        let left = all.product.columns - column;
        let wide = left >= 2 * S::LANES;
        if wide && all.keeps_b::<S>() {
            // SAFETY: two vectors from `column` on are within the product.
            unsafe { all.rows_with_kept_b(s, column) }
            column += 2 * S::LANES;
            continue;
        }
        let mut y = 0;
        while y < outer {
            let height = together.min(outer - y);
            let mut x = 0;
            while x < inner {
                // Even blocks: none is so small that it waits for its own sums.
                let width = (inner - x) / (inner - x).div_ceil(S::ROWS);
                // SAFETY: rows y .. y + height, x .. x + width and columns from `column` on are within the product.
                unsafe { all.block(s, [y, x], [height, width], column, wide) }
                x += width;
            }
            y += height;
        }
        column += if wide { 2 * S::LANES } else { S::LANES };
    }
}
