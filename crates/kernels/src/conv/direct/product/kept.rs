//! Blocks of the product whose terms are so few that their rows of B stay in registers, from the first row of C to the
//! last: the window of a 3×3 kernel over one channel.

use std::array::from_fn;

use super::block::{ProductOperands, line};
use crate::lanes::AllLanes;
use crate::simd::Simd;

/// Terms whose rows of B are kept: with two vectors each they leave room for the sums of four rows in 32 registers.
/// On a core of an AMD EPYC of the family 26 the study's first convolution takes 0.84 of its time so.
const KEPT: usize = 9;
/// Rows of C at a time.
const TOGETHER: usize = 4;

impl ProductOperands<'_> {
    /// Whether the registers hold all of two columns of B.
    #[inline(always)]
    pub(super) fn keeps_b<S: Simd>(&self) -> bool {
        self.offsets.len() == KEPT && S::ROWS >= 12 && !self.product.accumulate
    }

    /// All rows of C, of the two vectors of columns from `column` on.
    ///
    /// # Safety
    /// As for `blocks`; the columns lie within C.
    #[inline(always)]
    pub(super) unsafe fn rows_with_kept_b<S: Simd>(&self, s: S, column: usize) {
        let p = self.product;
        // SAFETY: the duties above: B has a row of columns for each term, and the bias a float per column.
        let kept = unsafe {
            let b = from_fn(|term| line(s, self.b.add(column + term * p.b_terms[2]), AllLanes));
            let bias = match self.bias.is_null() {
                true => [s.splat(0.0); 2],
                false => line(s, self.bias.add(column), AllLanes),
            };
            let offsets = from_fn(|term| self.offsets[term]);
            KeptTerms { b, bias, offsets }
        };
        let [outer, inner] = p.rows;
        for y in 0..outer {
            let mut x = 0;
            while x < inner {
                let a = self.a.wrapping_add(y * p.a_rows[0] + x * p.a_rows[1]);
                let c = self.c.wrapping_add(y * p.c_rows[0] + x * p.c_rows[1] + column);
                // SAFETY: the rows of A and C lie within the product.
                unsafe {
                    match inner - x {
                        1 => self.kept_block::<S, 1>(s, a, c, &kept),
                        2 => self.kept_block::<S, 2>(s, a, c, &kept),
                        3 => self.kept_block::<S, 3>(s, a, c, &kept),
                        _ => self.kept_block::<S, TOGETHER>(s, a, c, &kept),
                    }
                }
                x += TOGETHER;
            }
        }
    }

    /// X rows of C.
    ///
    /// # Safety
    /// X rows of A and two vectors of as many of C are there.
    #[inline(always)]
    unsafe fn kept_block<S: Simd, const X: usize>(
        &self,
        s: S,
        a: *const f32,
        c: *mut f32,
        kept: &KeptTerms<S>,
    ) {
        let (step, mut sums) = (self.product.a_rows[1], [kept.bias; X]);
        // SAFETY: the duties above.
        unsafe {
            for (term, offset) in kept.offsets.into_iter().enumerate() {
                // Not by `add_term`, whose pointers to every third row cost a tenth of the time here.
                for (x, sums) in sums.iter_mut().enumerate() {
                    let value = s.splat(*a.add(offset + x * step));
                    for (sum, b) in sums.iter_mut().zip(kept.b[term]) {
                        *sum = s.fma(value, b, *sum);
                    }
                }
            }
            self.finish(s, c, AllLanes, [sums]);
        }
    }
}

/// What stays in registers.
struct KeptTerms<S: Simd> {
    b: [[S::V; 2]; KEPT],
    bias: [S::V; 2],
    /// Where the terms lie in A.
    offsets: [usize; KEPT],
}
