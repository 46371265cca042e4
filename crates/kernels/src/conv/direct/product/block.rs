//! A register block of the product: its sums run while A and B go by.

use std::array::from_fn;

use super::StridedProduct;
use crate::lanes::{AllLanes, FirstLanes, Lanes, opaque};
use crate::simd::Simd;

/// A product and the pointers that `StridedProduct::run` has checked.
pub(super) struct ProductOperands<'a> {
    pub(super) product: &'a StridedProduct,
    pub(super) a: *const f32,
    pub(super) b: *const f32,
    pub(super) c: *mut f32,
    /// Null for none.
    pub(super) bias: *const f32,
    pub(super) relu: bool,
    /// Where the terms lie in A if they are few, or empty.
    pub(super) offsets: &'a [usize],
}

/// Dispatches to the block of `$rows` rows and columns; only sizes that fit the registers are instantiated.
macro_rules! by_rows {
    ($s:ident $S:ident, $self:ident, $size:expr, $args:tt, $($y:literal $x:literal),+) => {
        match $size {
            $([$y, $x] if $y * $x <= $S::ROWS => by_rows!(@ $s $S, $self, $args, $y, $x),)+
            size => unreachable!("no block of {size:?} rows"),
        }
    };
    (@ $s:ident $S:ident, $self:ident, ($at:expr, $column:expr, $wide:expr), $y:literal, $x:literal) => {
        if $wide {
            $self.sum::<$S, _, $y, $x, 2>($s, $at, $column, AllLanes)
        } else {
            $self.sum::<$S, _, $y, $x, 1>($s, $at, $column, FirstLanes($self.product.columns - $column))
        }
    };
}

impl ProductOperands<'_> {
    /// Computes a block of rows `at .. at + size`, and two vectors of columns, or what is left from `column` on.
    ///
    /// # Safety
    /// As for `blocks`; the block lies within C.
    #[inline(always)]
    pub(super) unsafe fn block<S: Simd>(
        &self,
        s: S,
        at: [usize; 2],
        size: [usize; 2],
        column: usize,
        wide: bool,
    ) {
        // SAFETY: the duties above.
        unsafe {
            by_rows!(
                s S, self, size, (at, column, wide),
                1 1, 1 2, 1 3, 1 4, 1 5, 1 6, 1 7, 1 8, 1 9, 1 10, 1 11, 1 12,
                2 1, 2 2, 2 3, 2 4, 2 5, 2 6,
                3 1, 3 2, 3 3, 3 4
            )
        }
    }

    /// Holds Y × X rows of `W` vectors, of each these lanes, in registers while the sum runs.
    ///
    /// # Safety
    /// As for `block`; the lanes lie within the columns.
    #[inline(always)]
    unsafe fn sum<S: Simd, L: Lanes, const Y: usize, const X: usize, const W: usize>(
        &self,
        s: S,
        at: [usize; 2],
        column: usize,
        lanes: L,
    ) {
        let p = self.product;
        let c = self.c.wrapping_add(at[0] * p.c_rows[0] + at[1] * p.c_rows[1] + column);
        let a = self.a.wrapping_add(at[0] * p.a_rows[0] + at[1] * p.a_rows[1]);
        // Every third row has a pointer; x86 reaches the two after it with the distance times 1 and 2.
        let thirds: RowPointers<Y> =
            from_fn(|y| from_fn(|x| a.wrapping_add(y * p.a_rows[0] + 3 * x * p.a_rows[1])));
        // SAFETY: the duties above: rows and columns lie within C, and all terms of them within A and B.
        unsafe {
            let mut sums = self.start::<S, L, Y, X, W>(s, c, column, lanes);
            if self.offsets.is_empty() {
                self.add_terms(s, &thirds, column, lanes, &mut sums);
            } else {
                self.add_few_terms(s, &thirds, column, lanes, &mut sums);
            }
            self.finish(s, c, lanes, sums);
        }
    }

    /// What the sums start with: C itself, the bias, or zero.
    ///
    /// # Safety
    /// `c` is the first element of a block of C that starts in `column`.
    #[inline(always)]
    unsafe fn start<S: Simd, L: Lanes, const Y: usize, const X: usize, const W: usize>(
        &self,
        s: S,
        c: *mut f32,
        column: usize,
        lanes: L,
    ) -> [[[S::V; W]; X]; Y] {
        let p = self.product;
        let mut sums = [[[s.splat(0.0); W]; X]; Y];
        for y in 0..Y {
            for x in 0..X {
                for w in 0..W {
                    let c = c.wrapping_add(y * p.c_rows[0] + x * p.c_rows[1] + w * S::LANES);
                    // SAFETY: the duty above; the bias has a float per column.
                    unsafe {
                        if p.accumulate {
                            sums[y][x][w] = lanes.load(s, c);
                            continue;
                        }
                        // Stores that miss the first cache wait for each other.
                        s.prefetch_write(c.cast());
                        if !self.bias.is_null() {
                            sums[y][x][w] = lanes.load(s, self.bias.add(column + w * S::LANES));
                        }
                    }
                }
            }
        }
        sums
    }

    /// Adds all terms, which are few and whose offsets in A are listed.
    ///
    /// # Safety
    /// The pointers are those of a block's rows of A; the lanes from `column` on lie within B.
    #[inline(always)]
    unsafe fn add_few_terms<S: Simd, L: Lanes, const Y: usize, const X: usize, const W: usize>(
        &self,
        s: S,
        thirds: &RowPointers<Y>,
        column: usize,
        lanes: L,
        sums: &mut [[[S::V; W]; X]; Y],
    ) {
        let mut b = self.b.wrapping_add(column);
        for offset in self.offsets {
            // SAFETY: the duties above, and this term lies within A and B.
            unsafe {
                let line = line::<S, L, W>(s, b, lanes);
                add_term(s, thirds, *offset, self.product.a_rows[1], line, sums);
            }
            b = b.wrapping_add(self.product.b_terms[2]);
        }
    }

    /// Adds all terms.
    ///
    /// # Safety
    /// The pointers are those of a block's rows of A; the lanes from `column` on lie within B.
    #[inline(always)]
    unsafe fn add_terms<S: Simd, L: Lanes, const Y: usize, const X: usize, const W: usize>(
        &self,
        s: S,
        thirds: &RowPointers<Y>,
        column: usize,
        lanes: L,
        sums: &mut [[[S::V; W]; X]; Y],
    ) {
        let p = self.product;
        for i in 0..p.terms[0] {
            for j in 0..p.terms[1] {
                let mut thirds = *thirds;
                advance::<Y, X>(&mut thirds, i * p.a_terms[0] + j * p.a_terms[1]);
                let mut b = self.b.wrapping_add(column + i * p.b_terms[0] + j * p.b_terms[1]);
                for _ in 0..p.terms[2] {
                    pin::<Y, X>(&mut thirds);
                    // SAFETY: the duties above, and this term lies within A and B.
                    unsafe {
                        let line = line::<S, L, W>(s, b, lanes);
                        add_term(s, &thirds, 0, p.a_rows[1], line, sums);
                    }
                    advance::<Y, X>(&mut thirds, p.a_terms[2]);
                    b = b.wrapping_add(p.b_terms[2]);
                }
            }
        }
    }

    /// Writes the sums, through ReLU if that is wanted.
    ///
    /// # Safety
    /// `c` is the first element of a block of C.
    #[inline(always)]
    pub(super) unsafe fn finish<S: Simd, L: Lanes, const Y: usize, const X: usize, const W: usize>(
        &self,
        s: S,
        c: *mut f32,
        lanes: L,
        sums: [[[S::V; W]; X]; Y],
    ) {
        let p = self.product;
        for y in 0..Y {
            for x in 0..X {
                for w in 0..W {
                    // In this order a NaN stays one.
                    let sum = sums[y][x][w];
                    let out = if self.relu { s.max(s.splat(0.0), sum) } else { sum };
                    // SAFETY: the duty above.
                    unsafe { lanes.store(s, c.add(y * p.c_rows[0] + x * p.c_rows[1] + w * S::LANES), out) };
                }
            }
        }
    }
}

/// For each outer row of a block, pointers to every third of its inner rows in A.
type RowPointers<const Y: usize> = [[*const f32; 4]; Y];

/// Keeps the compiler from making pointers of its own for the X inner rows.
#[inline(always)]
fn pin<const Y: usize, const X: usize>(thirds: &mut RowPointers<Y>) {
    for y in 0..Y {
        for third in &mut thirds[y][..X.div_ceil(3)] {
            *third = opaque(*third);
        }
    }
}

/// Moves the pointers of the X inner rows on.
#[inline(always)]
fn advance<const Y: usize, const X: usize>(thirds: &mut RowPointers<Y>, floats: usize) {
    for y in 0..Y {
        for third in &mut thirds[y][..X.div_ceil(3)] {
            *third = third.wrapping_add(floats);
        }
    }
}

/// The vectors of a row of B.
///
/// # Safety
/// The lanes of W vectors from `b` on are readable.
#[inline(always)]
pub(super) unsafe fn line<S: Simd, L: Lanes, const W: usize>(s: S, b: *const f32, lanes: L) -> [S::V; W] {
    let mut line = [s.splat(0.0); W];
    for w in 0..W {
        // SAFETY: the duty above.
        line[w] = unsafe { lanes.load(s, b.add(w * S::LANES)) };
    }
    line
}

/// One term of all sums of a block.
///
/// # Safety
/// The X rows of each of the pointers, `step` apart, have a readable float at `offset`.
#[inline(always)]
unsafe fn add_term<S: Simd, const Y: usize, const X: usize, const W: usize>(
    s: S,
    thirds: &RowPointers<Y>,
    offset: usize,
    step: usize,
    line: [S::V; W],
    sums: &mut [[[S::V; W]; X]; Y],
) {
    for y in 0..Y {
        for x in 0..X {
            // SAFETY: the duty above.
            let value = s.splat(unsafe { *thirds[y][x / 3].add(offset + x % 3 * step) });
            for w in 0..W {
                sums[y][x][w] = s.fma(value, line[w], sums[y][x][w]);
            }
        }
    }
}
