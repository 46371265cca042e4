//! Cuts C into strips of columns and these into blocks that fit the registers, and B into panels that fit the nearest
//! cache. Blocks wider than high read less; the shapes are those that were fastest.

use std::mem::MaybeUninit;

use super::block::GemmBlock;
use crate::lanes::{AllLanes, FirstLanes, Lanes};
use crate::simd::Simd;

/// A product whose lengths [`gemm`](super::gemm) has asserted: A has m rows of k terms (or k rows of m, transposed),
/// B k rows of n, C m rows of n floats, each a stride after the one before.
#[derive(Clone, Copy)]
pub(super) struct CheckedGemm {
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) a: *const f32,
    pub(super) a_row: usize,
    pub(super) b: *const f32,
    pub(super) b_row: usize,
    pub(super) c: *mut f32,
    pub(super) c_row: usize,
    pub(super) accumulate: bool,
}

/// Floats of B that stay in the nearest cache while C's rows go by.
const PANEL: usize = 6144;

/// From so many rows on B is copied into a panel of its own, unless it is one already.
const WORTH_COPYING: usize = 48;

/// How many rows ahead of the copying the cache lines are asked for.
const AHEAD: usize = 12;

/// Room for a panel.
#[repr(align(64))]
struct GemmPanel([MaybeUninit<f32>; PANEL]);

/// The first of the parts of at most `most` that `whole` falls into, evened out so that none is tiny.
#[inline(always)]
fn share(whole: usize, most: usize) -> usize {
    whole.div_ceil(whole.div_ceil(most).max(1))
}

/// Cuts C into strips as wide as a block.
///
/// # Safety
/// The matrices are as long as [`CheckedGemm`] says, A transposed if `T`, and nothing else touches C.
#[inline(always)]
pub(super) unsafe fn strips<S: Simd, const T: bool>(s: S, p: &CheckedGemm) {
    let mut panel = GemmPanel([const { MaybeUninit::uninit() }; PANEL]);
    let widest = if S::LANES == 16 { 4 } else { 2 };
    let mut first = 0;
    while first < p.n {
        let vectors = share((p.n - first).div_ceil(S::LANES), widest);
        let width = (p.n - first).min(vectors * S::LANES);
        // SAFETY: the columns first .. first + width lie within the product.
        unsafe {
            match vectors {
                4 if S::LANES == 16 => p.strip::<S, T, 4>(s, first, width, &mut panel),
                3 if S::LANES == 16 => p.strip::<S, T, 3>(s, first, width, &mut panel),
                2 => p.strip::<S, T, 2>(s, first, width, &mut panel),
                _ => p.strip::<S, T, 1>(s, first, width, &mut panel),
            }
        }
        first += width;
    }
}

impl CheckedGemm {
    /// Runs down a strip of `W` vectors, for as many terms at a time as a panel holds.
    ///
    /// # Safety
    /// As for [`strips`]; the columns first .. first + width, W vectors at most, lie within the product.
    #[inline(always)]
    unsafe fn strip<S: Simd, const T: bool, const W: usize>(
        &self,
        s: S,
        first: usize,
        width: usize,
        panel: &mut GemmPanel,
    ) {
        let row = W * S::LANES;
        let mut done = 0;
        loop {
            let mut block = GemmBlock {
                k: share(self.k - done, PANEL / row),
                a: self.a.wrapping_add(if T { done * self.a_row } else { done }),
                a_row: self.a_row,
                b: self.b.wrapping_add(done * self.b_row + first),
                b_row: self.b_row,
                c: self.c.wrapping_add(first),
                c_row: self.c_row,
                onward: self.accumulate || done > 0,
            };
            done += block.k;
            let last = width - (W - 1) * S::LANES;
            // SAFETY: the block's terms lie within the product, whose columns the caller vouches for; a panel holds
            // PANEL / row rows of B.
            unsafe {
                if self.m >= WORTH_COPYING && self.b_row != row {
                    block.copy_b::<S, W>(s, panel, last);
                }
                if last == S::LANES && S::LANES < 16 {
                    block.down::<S, _, T, W>(s, self.m, AllLanes);
                } else {
                    block.down::<S, _, T, W>(s, self.m, FirstLanes(last));
                }
            }
            if done >= self.k {
                return;
            }
        }
    }
}

/// Runs down `$m` rows in blocks, each as high as the list allows within an even share.
macro_rules! rows {
    (
        $s:ident $S:ident $l:ident $t:ident $w:ident, $block:ident, $m:ident, $last:ident,
        [$most:literal $($r:literal)*]
    ) => {
        while $m > 0 {
            let rows = match share($m, $most) {
                $most => { $block.sum::<$S, $l, $t, $most, $w>($s, $last); $most }
                $($r.. => { $block.sum::<$S, $l, $t, $r, $w>($s, $last); $r })*
                _ => { $block.sum::<$S, $l, $t, 1, $w>($s, $last); 1 }
            };
            $block.a = $block.a.wrapping_add(if $t { rows } else { rows * $block.a_row });
            $block.c = $block.c.wrapping_add(rows * $block.c_row);
            $m -= rows;
        }
    };
}

impl GemmBlock {
    /// Copies B into the panel, to be read there: its own rows may lie a power of two apart, where the nearest cache
    /// has room for twelve of them, or start in the middle of a cache line.
    ///
    /// # Safety
    /// B has `k` rows of W − 1 vectors and `last` floats, and the panel holds `k` rows of W vectors.
    #[inline(always)]
    unsafe fn copy_b<S: Simd, const W: usize>(&mut self, s: S, panel: &mut GemmPanel, last: usize) {
        let start = panel.0.as_mut_ptr().cast::<f32>();
        let row = W * S::LANES;
        for k in 0..self.k {
            // SAFETY: the duties above: row k lies within B, and in the panel.
            unsafe {
                let (from, to) = (self.b.add(k * self.b_row), start.add(k * row));
                let ahead = self.b.wrapping_add((k + AHEAD) * self.b_row);
                for w in 0..W {
                    s.prefetch(ahead.wrapping_add(w * S::LANES).cast());
                }
                for w in 0..W - 1 {
                    s.store(to.add(w * S::LANES), s.load(from.add(w * S::LANES)));
                }
                let at = (W - 1) * S::LANES;
                s.store(to.add(at), s.load_first(from.add(at), last));
            }
        }
        (self.b, self.b_row) = (start, row);
    }

    /// Runs down `m` rows.
    ///
    /// # Safety
    /// A and C have `m` rows, and all the rest is as [`sum`](GemmBlock::sum) asks.
    #[inline(always)]
    unsafe fn down<S: Simd, L: Lanes, const T: bool, const W: usize>(&mut self, s: S, mut m: usize, last: L) {
        // SAFETY: the duties above; so many rows are left.
        unsafe {
            match (S::LANES == 16, W) {
                (true, 4) => rows!(s S L T W, self, m, last, [6 5 4 3 2]),
                (true, 3) => rows!(s S L T W, self, m, last, [8 7 6 5 4 3 2]),
                (true, 2) => rows!(s S L T W, self, m, last, [12 11 10 9 8 7 6 5 4 3 2]),
                (true, _) => rows!(s S L T W, self, m, last, [24 20 16 14 12 10 8 7 6 5 4 3 2]),
                (false, 2) if S::ROWS == 6 => rows!(s S L T W, self, m, last, [6 5 4 3 2]),
                (false, 2) => rows!(s S L T W, self, m, last, [4 3 2]),
                (false, _) if S::ROWS == 6 => rows!(s S L T W, self, m, last, [12 10 8 7 6 5 4 3 2]),
                (false, _) => rows!(s S L T W, self, m, last, [8 6 4 3 2]),
            }
        }
    }
}
