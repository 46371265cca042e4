//! The loop that multiplies: a block of C in registers while the sum runs.
//!
//! Written for the processor: up to 24 sums, which hide the latency of the multiplications; few pointers into A, because
//! with one per row the additions that move them along compete with the multiplications for the same ports.

use crate::lanes::{Lanes, opaque};
use crate::simd::Simd;

/// A block of C, and what goes into it.
#[derive(Clone, Copy)]
pub(super) struct Block {
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

impl Block {
    /// Sums up `R` rows of `W` vectors, of the last vector of each these lanes. `T`: A is stored transposed.
    ///
    /// # Safety
    /// The instruction set of `S`, and the lengths that [`gemm`](super::gemm) asserts.
    #[inline(always)]
    pub(super) unsafe fn sum<S: Simd, L: Lanes, const T: bool, const R: usize, const W: usize>(
        &self,
        last: L,
    ) {
        // SAFETY: the duties above; pointers move on past the end, but are not read there.
        unsafe {
            let mut sums = [[S::splat(0.0); W]; R];
            if self.onward {
                for r in 0..R {
                    sums[r] = load_row::<S, L, W>(self.c.add(r * self.c_row), last);
                }
            }
            let mut at = Cursor::<T>::new(self);
            for _ in 0..self.k / TURN {
                at.pin::<R>();
                for t in 0..TURN {
                    at.add::<S, L, R, W>(t, last, &mut sums);
                }
                at.advance(TURN);
            }
            for _ in 0..self.k % TURN {
                at.add::<S, L, R, W>(0, last, &mut sums);
                at.advance(1);
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

/// Rows of the largest block.
pub(super) const MOST_ROWS: usize = 24;
const POINTERS: usize = MOST_ROWS / 3;

/// How far the sum has come in A and B.
struct Cursor<const T: bool> {
    /// Every third row has a pointer; x86 reaches the two after it with the distance times 1 and 2. Where A is transposed
    /// the rows lie side by side, and the first pointer does.
    a: [*const f32; POINTERS],
    a_row: usize,
    b: *const f32,
    b_row: usize,
}

impl<const T: bool> Cursor<T> {
    #[inline(always)]
    fn new(block: &Block) -> Cursor<T> {
        let apart = if T { 3 } else { 3 * block.a_row };
        let a = std::array::from_fn(|i| block.a.wrapping_add(i * apart));
        Cursor { a, a_row: block.a_row, b: block.b, b_row: block.b_row }
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
    /// The instruction set of `S`; the term lies within A and B, as do `R` rows and `W` vectors.
    #[inline(always)]
    unsafe fn add<S: Simd, L: Lanes, const R: usize, const W: usize>(
        &self,
        t: usize,
        last: L,
        sums: &mut [[S::V; W]; R],
    ) {
        // SAFETY: the duties above.
        unsafe {
            let row = load_row::<S, L, W>(self.b.add(t * self.b_row), last);
            // In two loops, because the compiler does not unroll one of 24 turns.
            for r in 0..R.min(12) {
                self.add_row::<S, W>(t, r, &row, &mut sums[r]);
            }
            for r in 12..R {
                self.add_row::<S, W>(t, r, &row, &mut sums[r]);
            }
        }
    }

    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn add_row<S: Simd, const W: usize>(
        &self,
        t: usize,
        r: usize,
        row: &[S::V; W],
        sums: &mut [S::V; W],
    ) {
        // SAFETY: the duties above.
        unsafe {
            let a =
                if T { self.a[0].add(t * self.a_row + r) } else { self.a[r / 3].add(r % 3 * self.a_row + t) };
            let x = S::splat(*a);
            for w in 0..W {
                sums[w] = S::fma(x, row[w], sums[w]);
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
    // SAFETY: the duties above.
    unsafe {
        let mut row = [S::splat(0.0); W];
        for w in 0..W - 1 {
            row[w] = S::load(p.add(w * S::LANES));
        }
        row[W - 1] = last.load::<S>(p.add((W - 1) * S::LANES));
        row
    }
}
