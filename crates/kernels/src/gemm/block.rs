//! The loop that multiplies: a block of C in registers while the sum runs.
//!
//! Written for the processor: up to 24 sums, which hide the latency of the multiplications; few pointers into A,
//! because with one per row the additions that move them along compete with the multiplications for the same ports.

use crate::lanes::{Lanes, opaque};
use crate::simd::Simd;

/// A block of C, and what goes into it.
#[derive(Clone, Copy)]
pub(super) struct GemmBlock {
    /// Terms of the sum.
    pub(super) k: usize,
    pub(super) a: *const f32,
    /// From one stored row of A to the next.
    pub(super) a_row: usize,
    pub(super) b: *const f32,
    pub(super) b_row: usize,
    pub(super) c: *mut f32,
    pub(super) c_row: usize,
    /// Whether the sums go on from C.
    pub(super) onward: bool,
}

/// Terms of the sum per turn of the loop.
const TURN: usize = 2;

impl GemmBlock {
    /// Sums up `R` rows of `W` vectors, of the last vector of each these lanes. `T`: A is stored transposed.
    ///
    /// # Safety
    /// A has `R` rows and `k` terms from `a` on, B `k` rows of W − 1 vectors and the lanes of `last` from `b` on, C
    /// `R` rows as wide from `c` on; the strides are in floats.
    #[inline(always)]
    pub(super) unsafe fn sum<S: Simd, L: Lanes, const T: bool, const R: usize, const W: usize>(
        &self,
        s: S,
        last: L,
    ) {
        // SAFETY: the duties above; pointers move on past the end, but are not read there.
        unsafe {
            let mut sums = [[s.splat(0.0); W]; R];
            if self.onward {
                for r in 0..R {
                    sums[r] = load_row::<S, L, W>(s, self.c.add(r * self.c_row), last);
                }
            }
            let mut at = OperandCursor::<T>::new(self);
            for _ in 0..self.k / TURN {
                at.pin::<R>();
                for t in 0..TURN {
                    at.add::<S, L, R, W>(s, t, last, &mut sums);
                }
                at.advance(TURN);
            }
            for _ in 0..self.k % TURN {
                at.add::<S, L, R, W>(s, 0, last, &mut sums);
                at.advance(1);
            }
            for r in 0..R {
                let c = self.c.add(r * self.c_row);
                for w in 0..W - 1 {
                    s.store(c.add(w * S::LANES), sums[r][w]);
                }
                last.store(s, c.add((W - 1) * S::LANES), sums[r][W - 1]);
            }
        }
    }
}

/// Rows of the largest block.
pub(super) const MOST_ROWS: usize = 24;
const POINTERS: usize = MOST_ROWS / 3;

/// How far the sum has come in A and B.
struct OperandCursor<const T: bool> {
    /// Every third row has a pointer; x86 reaches the two after it with the distance times 1 and 2. Where A is
    /// transposed the rows lie side by side, and the first pointer does.
    a: [*const f32; POINTERS],
    a_row: usize,
    b: *const f32,
    b_row: usize,
}

impl<const T: bool> OperandCursor<T> {
    #[inline(always)]
    fn new(block: &GemmBlock) -> OperandCursor<T> {
        let apart = if T { 3 } else { 3 * block.a_row };
        let a = std::array::from_fn(|i| block.a.wrapping_add(i * apart));
        OperandCursor { a, a_row: block.a_row, b: block.b, b_row: block.b_row }
    }

    /// Keeps the compiler from making pointers of its own.
    #[inline(always)]
    fn pin<const R: usize>(&mut self) {
        let pointers = if T { 1 } else { R.div_ceil(3) };
        for a in &mut self.a[..pointers] {
            *a = opaque(*a);
        }
    }

    #[inline(always)]
    fn advance(&mut self, terms: usize) {
        for a in &mut self.a {
            *a = a.wrapping_add(if T { terms * self.a_row } else { terms });
        }
        self.b = self.b.wrapping_add(terms * self.b_row);
    }

    /// Adds the term `t` places on to every sum.
    ///
    /// # Safety
    /// The term lies within A and B, as do `R` rows and `W` vectors, of the last the lanes of `last`.
    #[inline(always)]
    unsafe fn add<S: Simd, L: Lanes, const R: usize, const W: usize>(
        &self,
        s: S,
        t: usize,
        last: L,
        sums: &mut [[S::V; W]; R],
    ) {
        // SAFETY: the duties above.
        unsafe {
            let row = load_row::<S, L, W>(s, self.b.add(t * self.b_row), last);
            // In two loops, because the compiler does not unroll one of 24 turns.
            for r in 0..R.min(12) {
                self.add_row::<S, W>(s, t, r, &row, &mut sums[r]);
            }
            for r in 12..R {
                self.add_row::<S, W>(s, t, r, &row, &mut sums[r]);
            }
        }
    }

    /// Adds the term to the sums of row `r`, `row` being that of B.
    ///
    /// # Safety
    /// The term and the row lie within A.
    #[inline(always)]
    unsafe fn add_row<S: Simd, const W: usize>(
        &self,
        s: S,
        t: usize,
        r: usize,
        row: &[S::V; W],
        sums: &mut [S::V; W],
    ) {
        // SAFETY: the duties above: the pointer of every third row reaches the two after it.
        let x = s.splat(unsafe {
            if T { *self.a[0].add(t * self.a_row + r) } else { *self.a[r / 3].add(r % 3 * self.a_row + t) }
        });
        for w in 0..W {
            sums[w] = s.fma(x, row[w], sums[w]);
        }
    }
}

/// The vectors of a row, of the last one these lanes.
///
/// # Safety
/// W − 1 vectors and the lanes of `last` are readable from `p` on.
#[inline(always)]
unsafe fn load_row<S: Simd, L: Lanes, const W: usize>(s: S, p: *const f32, last: L) -> [S::V; W] {
    // SAFETY: the duties above.
    unsafe {
        let mut row = [s.splat(0.0); W];
        for w in 0..W - 1 {
            row[w] = s.load(p.add(w * S::LANES));
        }
        row[W - 1] = last.load(s, p.add((W - 1) * S::LANES));
        row
    }
}
