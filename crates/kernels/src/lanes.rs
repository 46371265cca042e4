//! How a kernel walks over a slice: whole vectors, then the rest; and sums whose order does not depend on the lanes.

use crate::simd::Simd;

/// Which lanes of a vector lie within the slice.
pub(crate) trait Lanes: Copy {
    /// The floats at `p`, zeros beyond the slice.
    ///
    /// # Safety
    /// As many floats at `p` as there are lanes within the slice are readable.
    unsafe fn load<S: Simd>(self, s: S, p: *const f32) -> S::V;
    /// Writes the lanes within the slice.
    ///
    /// # Safety
    /// As many floats at `p` as there are lanes within the slice are writable.
    unsafe fn store<S: Simd>(self, s: S, p: *mut f32, v: S::V);
    /// `words[i]` ≥ threshold, for the lanes within the slice.
    ///
    /// # Safety
    /// As many words as there are lanes within the slice are readable.
    unsafe fn at_least<S: Simd>(self, s: S, words: *const u32, threshold: u32) -> S::M;
}

/// All lanes.
#[derive(Clone, Copy)]
pub(crate) struct AllLanes;

/// The first few lanes.
#[derive(Clone, Copy)]
pub(crate) struct FirstLanes(pub(crate) usize);

impl Lanes for AllLanes {
    #[inline(always)]
    unsafe fn load<S: Simd>(self, s: S, p: *const f32) -> S::V {
        // SAFETY: the caller gives a float per lane.
        unsafe { s.load(p) }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, s: S, p: *mut f32, v: S::V) {
        // SAFETY: the caller gives a float per lane.
        unsafe { s.store(p, v) }
    }
    #[inline(always)]
    unsafe fn at_least<S: Simd>(self, s: S, words: *const u32, threshold: u32) -> S::M {
        // SAFETY: the caller gives a word per lane.
        unsafe { s.at_least(words, S::LANES, threshold) }
    }
}

impl Lanes for FirstLanes {
    #[inline(always)]
    unsafe fn load<S: Simd>(self, s: S, p: *const f32) -> S::V {
        // SAFETY: the caller gives so many floats.
        unsafe { s.load_first(p, self.0) }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, s: S, p: *mut f32, v: S::V) {
        // SAFETY: the caller gives so many floats.
        unsafe { s.store_first(p, v, self.0) }
    }
    #[inline(always)]
    unsafe fn at_least<S: Simd>(self, s: S, words: *const u32, threshold: u32) -> S::M {
        // SAFETY: the caller gives so many words.
        unsafe { s.at_least(words, self.0, threshold) }
    }
}

/// `vectors!(s, n, |i, lanes| body)`: runs the body for each vector of `n` floats, `i` being its first float and
/// `lanes` a [`Lanes`]: `i` + lanes ≤ n. A macro, because a closure that is too long to be inlined would lose the
/// instruction set.
macro_rules! vectors {
    ($s:ident, $n:expr, |$i:ident, $lanes:ident| $body:block) => {{
        let n: usize = $n;
        let mut at = 0;
        while n - at >= $crate::simd::Simd::lanes($s) {
            let ($i, $lanes) = (at, $crate::lanes::AllLanes);
            $body
            at += $crate::simd::Simd::lanes($s);
        }
        if at < n {
            let ($i, $lanes) = (at, $crate::lanes::FirstLanes(n - at));
            $body
        }
    }};
}
pub(crate) use vectors;

/// `each_vector!(s, [v in slice, …], [w in mutable_slice, …], { body })`: runs the body for each vector of the slices,
/// which are equally long; it reads the vectors `v …` and sets `w …`, which hold what was there and are then written
/// back. A third list `[m in optional_slice, …]` gives `m: Option<vector>` of slices that need not be there.
///
/// This is where element-wise kernels touch memory, so that they themselves are safe.
///
/// # Panics
/// If the lengths differ.
macro_rules! each_vector {
    ($s:ident, [$($v:ident in $from:ident),*], [$w:ident in $to:ident $(, $ws:ident in $tos:ident)*], $body:block) => {
        $crate::lanes::each_vector!($s, [$($v in $from),*], [$w in $to $(, $ws in $tos)*], [], $body)
    };
    (
        $s:ident,
        [$($v:ident in $from:ident),*],
        [$w:ident in $to:ident $(, $ws:ident in $tos:ident)*],
        [$($m:ident in $maybe:ident),*],
        $body:block
    ) => {{
        let n = $to.len();
        $(assert!($from.len() == n, "the slices of an element-wise kernel are equally long");)*
        $(assert!($tos.len() == n, "the slices of an element-wise kernel are equally long");)*
        $(assert!($maybe.as_ref().is_none_or(|slice| slice.len() == n), "the slices are equally long");)*
        $crate::lanes::vectors!($s, n, |i, lanes| {
            // SAFETY (of all below): the slices have n floats, and the lanes from i on lie within n.
            $(
                // SAFETY: as above.
                let $v = unsafe { $crate::lanes::Lanes::load(lanes, $s, $from.as_ptr().add(i)) };
            )*
            // SAFETY: as above. (Where the body only sets it, nothing is read.)
            #[allow(unused_assignments, unused_mut)]
            let mut $w = unsafe { $crate::lanes::Lanes::load(lanes, $s, $to.as_ptr().add(i)) };
            $(
                // SAFETY: as above.
                #[allow(unused_assignments, unused_mut)]
                let mut $ws = unsafe { $crate::lanes::Lanes::load(lanes, $s, $tos.as_ptr().add(i)) };
            )*
            $(
                let mut $m = match &$maybe {
                    // SAFETY: as above.
                    Some(slice) => Some(unsafe { $crate::lanes::Lanes::load(lanes, $s, slice.as_ptr().add(i)) }),
                    None => None,
                };
            )*
            $body
            // SAFETY: as above.
            unsafe { $crate::lanes::Lanes::store(lanes, $s, $to.as_mut_ptr().add(i), $w) };
            $(
                // SAFETY: as above.
                unsafe { $crate::lanes::Lanes::store(lanes, $s, $tos.as_mut_ptr().add(i), $ws) };
            )*
            $(
                if let (Some(slice), Some($m)) = (&mut $maybe, $m) {
                    // SAFETY: as above.
                    unsafe { $crate::lanes::Lanes::store(lanes, $s, slice.as_mut_ptr().add(i), $m) };
                }
            )*
        });
    }};
}
pub(crate) use each_vector;

/// Sixteen running values, whatever the lanes of `S`: float i of a row belongs to value i mod 16.
#[derive(Clone, Copy)]
pub(crate) struct Sixteen<S: Simd>(pub(crate) [S::V; 4]);

impl<S: Simd> Sixteen<S> {
    /// Sixteen times `x`.
    #[inline(always)]
    pub(crate) fn splat(s: S, x: f32) -> Sixteen<S> {
        Sixteen([s.splat(x); 4])
    }

    /// The sixteen values.
    #[inline(always)]
    pub(crate) fn values(self, s: S) -> [f32; 16] {
        let mut out = [0.0; 16];
        for (part, v) in out.chunks_exact_mut(S::LANES).zip(self.0) {
            s.store_slice(part, v);
        }
        out
    }

    /// Their sum, as a fixed tree: i with i + 8, then with i + 4, i + 2, i + 1.
    #[inline(always)]
    pub(crate) fn sum(self, s: S) -> f32 {
        tree(self.values(s), |a, b| a + b)
    }

    /// The greatest, NaN left out.
    #[inline(always)]
    pub(crate) fn greatest(self, s: S) -> f32 {
        tree(self.values(s), |a, b| if b > a { b } else { a })
    }
}

/// Halves the sixteen values until one is left.
#[inline(always)]
fn tree(mut values: [f32; 16], f: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            values[i] = f(values[i], values[i + half]);
        }
    }
    values[0]
}

/// `sixteens!(s, n, |i, part| body)`: runs the body for each vector of a row of `n` floats, in order; `i` < n is its
/// first float, `part` says which vector of a [`Sixteen`] it belongs to. The last vector may reach beyond the row.
macro_rules! sixteens {
    ($s:ident, $n:expr, |$i:ident, $part:ident| $body:block) => {{
        let n: usize = $n;
        let lanes = $crate::simd::Simd::lanes($s);
        let mut sixteen = 0;
        while sixteen < n {
            for $part in 0..16 / lanes {
                let $i = sixteen + $part * lanes;
                if $i < n {
                    $body
                }
            }
            sixteen += 16;
        }
    }};
}
pub(crate) use sixteens;

/// The greater of the two, or NaN if either is.
#[inline(always)]
pub(crate) fn greater<S: Simd>(s: S, so_far: S::V, x: S::V) -> S::V {
    // `max` gives its second argument where NaN is involved: right for a NaN in x, to be undone for one in `so_far`.
    s.select(s.eq(so_far, so_far), s.max(so_far, x), so_far)
}

/// x, or 0 where |x| < 2^−N; NaN stays.
///
/// Numbers so small change nothing that training can see, but arithmetic on subnormal ones is many times slower on some
/// processors, and one of them makes all that it touches subnormal too. The processor's own flushing mode would do it
/// for nothing, were it the same on all of them.
#[inline(always)]
pub(crate) fn settle<S: Simd, const N: u32>(s: S, x: S::V) -> S::V {
    let tiny = s.splat(f32::from_bits((127 - N) << 23));
    s.select(s.gt(tiny, s.abs(x)), s.splat(0.0), x)
}

/// Gradients below 2^−60 are settled: their squares, which optimizers take, would be subnormal soon below that.
pub(crate) const TINY_GRADIENT: u32 = 60;

/// Hides where a pointer comes from, so that the compiler leaves it as it is instead of inventing one per row.
#[inline(always)]
pub(crate) fn opaque(p: *const f32) -> *const f32 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let p = {
        let mut p = p;
        #[allow(clippy::pointers_in_nomem_asm_block)]
        // SAFETY: no instruction at all, so nothing is read or written.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) p, options(pure, nomem, nostack, preserves_flags));
        }
        p
    };
    p
}
