//! The product behind the direct convolution: a matrix product whose operands are walked with several strides, so that
//! pixels of images need not be gathered first.
//!
//! C (+)= A B. Rows of C are counted by two indices, the sum by three; each index has a stride of its own in A, B and C.
//! Columns are contiguous in B and C. As in `gemm`, every element is one chain c ← fma(a, b, c) over the sum in its
//! order, and the register blocks don't show in the result.

use std::array::from_fn;

use crate::lanes::opaque;
use crate::simd::{Simd, dispatch};

/// What to multiply; all strides in floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
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

impl Product {
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
        run(&Operands { product: self, a, b, c, bias, relu, offsets: &offsets[..few] });
    }

    /// Where the terms lie in A, if there are few and B has them one after the other: three nested loops would cost more
    /// than the terms. None if there are many.
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

/// A product and the pointers that `Product::run` has checked.
struct Operands<'a> {
    product: &'a Product,
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    /// Null for none.
    bias: *const f32,
    relu: bool,
    /// Where the terms lie in A if they are few, or empty.
    offsets: &'a [usize],
}

dispatch! {
    fn run(operands: &Operands) = blocks
}

/// Cuts C into blocks of two vectors across (one at the right edge) and at most `S::ROWS` rows.
///
/// # Safety
/// The instruction set of `S`, and operands that `Product::run` has checked.
#[inline(always)]
unsafe fn blocks<S: Simd>(all: &Operands) {
    let [outer, inner] = all.product.rows;
    // Short inner rows are taken several at a time.
    let together = if inner <= 6 { (S::ROWS / inner).clamp(1, if inner <= 4 { 3 } else { 2 }) } else { 1 };
    let mut column = 0;
    while column < all.product.columns {
        let left = all.product.columns - column;
        let wide = left >= 2 * S::LANES;
        let mut y = 0;
        while y < outer {
            let height = together.min(outer - y);
            let mut x = 0;
            while x < inner {
                // Even blocks: none is so small that it waits for its own sums.
                let width = (inner - x) / (inner - x).div_ceil(S::ROWS);
                // SAFETY: rows y .. y + height, x .. x + width and columns from `column` on are within the product.
                unsafe { all.block::<S>([y, x], [height, width], column, wide) }
                x += width;
            }
            y += height;
        }
        column += if wide { 2 * S::LANES } else { S::LANES };
    }
}

/// Dispatches to the block of `$rows` rows and columns; only sizes that fit the registers are instantiated.
macro_rules! by_rows {
    ($s:ident, $self:ident, $size:expr, $args:tt, $($y:literal $x:literal),+) => {
        match $size {
            $([$y, $x] if $y * $x <= $s::ROWS => by_rows!(@ $s, $self, $args, $y, $x),)+
            size => unreachable!("no block of {size:?} rows"),
        }
    };
    (@ $s:ident, $self:ident, ($at:expr, $column:expr, $wide:expr), $y:literal, $x:literal) => {
        if $wide {
            $self.sum::<$s, $y, $x, 2, true>($at, $column)
        } else {
            $self.sum::<$s, $y, $x, 1, false>($at, $column)
        }
    };
}

impl Operands<'_> {
    /// # Safety
    /// As for `blocks`; the block lies within C.
    #[inline(always)]
    unsafe fn block<S: Simd>(&self, at: [usize; 2], size: [usize; 2], column: usize, wide: bool) {
        // SAFETY: the duties above.
        unsafe {
            by_rows!(
                S, self, size, (at, column, wide),
                1 1, 1 2, 1 3, 1 4, 1 5, 1 6, 1 7, 1 8, 1 9, 1 10, 1 11, 1 12,
                2 1, 2 2, 2 3, 2 4, 2 5, 2 6,
                3 1, 3 2, 3 3, 3 4
            )
        }
    }

    /// Holds Y × X rows of `W` vectors in registers while the sum runs; not `WHOLE`: only the columns that are left.
    ///
    /// # Safety
    /// As for `block`; W is 1 unless WHOLE.
    #[inline(always)]
    unsafe fn sum<S: Simd, const Y: usize, const X: usize, const W: usize, const WHOLE: bool>(
        &self,
        at: [usize; 2],
        column: usize,
    ) {
        let p = self.product;
        let lanes = (p.columns - column).min(S::LANES);
        // SAFETY: the duties above.
        unsafe {
            let load = |from: *const f32, w: usize| {
                if WHOLE { S::load(from.add(w * S::LANES)) } else { S::load_first(from, lanes) }
            };
            let c = self.c.add(at[0] * p.c_rows[0] + at[1] * p.c_rows[1] + column);
            let mut sums = [[[S::splat(0.0); W]; X]; Y];
            for y in 0..Y {
                for x in 0..X {
                    for w in 0..W {
                        if p.accumulate {
                            sums[y][x][w] = load(c.add(y * p.c_rows[0] + x * p.c_rows[1]), w);
                            continue;
                        }
                        // Stores that miss the first cache wait for each other.
                        S::prefetch_write(c.add(y * p.c_rows[0] + x * p.c_rows[1] + w * S::LANES).cast());
                        if !self.bias.is_null() {
                            sums[y][x][w] = load(self.bias.add(column), w);
                        }
                    }
                }
            }
            let a = self.a.add(at[0] * p.a_rows[0] + at[1] * p.a_rows[1]);
            // Every third row has a pointer; x86 reaches the two after it with the distance times 1 and 2.
            let step = p.a_rows[1];
            let thirds: [[*const f32; 4]; Y] =
                from_fn(|y| from_fn(|x| a.wrapping_add(y * p.a_rows[0] + 3 * x * step)));
            let mut b = self.b.add(column);
            for offset in self.offsets {
                let mut line = [S::splat(0.0); W];
                for w in 0..W {
                    line[w] = load(b, w);
                }
                term::<S, Y, X, W>(&thirds, *offset, step, line, &mut sums);
                b = b.wrapping_add(p.b_terms[2]);
            }
            let loops = if self.offsets.is_empty() { p.terms } else { [0; 3] };
            for i in 0..loops[0] {
                for j in 0..loops[1] {
                    let offset = i * p.a_terms[0] + j * p.a_terms[1];
                    let mut thirds = thirds;
                    for third in thirds.as_flattened_mut() {
                        *third = third.wrapping_add(offset);
                    }
                    let mut b = self.b.add(column + i * p.b_terms[0] + j * p.b_terms[1]);
                    for _ in 0..loops[2] {
                        for y in 0..Y {
                            for third in &mut thirds[y][..X.div_ceil(3)] {
                                *third = opaque(*third);
                            }
                        }
                        let mut line = [S::splat(0.0); W];
                        for w in 0..W {
                            line[w] = load(b, w);
                        }
                        term::<S, Y, X, W>(&thirds, 0, step, line, &mut sums);
                        for y in 0..Y {
                            for third in &mut thirds[y][..X.div_ceil(3)] {
                                *third = third.wrapping_add(p.a_terms[2]);
                            }
                        }
                        b = b.wrapping_add(p.b_terms[2]);
                    }
                }
            }
            for y in 0..Y {
                for x in 0..X {
                    for w in 0..W {
                        let mut out = sums[y][x][w];
                        if self.relu {
                            // In this order a NaN stays one.
                            out = S::max(S::splat(0.0), out);
                        }
                        let to = c.add(y * p.c_rows[0] + x * p.c_rows[1] + w * S::LANES);
                        if WHOLE {
                            S::store(to, out);
                        } else {
                            S::store_first(to, out, lanes);
                        }
                    }
                }
            }
        }
    }
}

/// One term of all sums of a block.
///
/// # Safety
/// The instruction set of `S`; values of A at `offset` from each row.
#[inline(always)]
unsafe fn term<S: Simd, const Y: usize, const X: usize, const W: usize>(
    thirds: &[[*const f32; 4]; Y],
    offset: usize,
    step: usize,
    line: [S::V; W],
    sums: &mut [[[S::V; W]; X]; Y],
) {
    for y in 0..Y {
        for x in 0..X {
            // SAFETY: the duties above.
            unsafe {
                let value = S::splat(*thirds[y][x / 3].add(offset + x % 3 * step));
                for w in 0..W {
                    sums[y][x][w] = S::fma(value, line[w], sums[y][x][w]);
                }
            }
        }
    }
}
