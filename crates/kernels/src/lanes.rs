//! How a kernel walks over a slice: whole vectors, then the rest; and sums whose order does not depend on the lanes.

use crate::simd::Simd;

/// Which lanes of a vector lie within the slice.
pub(crate) trait Lanes: Copy {
    /// The floats at `p`, zeros beyond the slice.
    ///
    /// # Safety
    /// The instruction set of `S`, and as many readable floats as there are lanes within the slice.
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::V;
    /// Writes the lanes within the slice.
    ///
    /// # Safety
    /// The instruction set of `S`, and as many writable floats as there are lanes within the slice.
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::V);
    /// `words[i]` ≥ threshold, for the lanes within the slice.
    ///
    /// # Safety
    /// The instruction set of `S`, and as many readable words as there are lanes within the slice.
    unsafe fn at_least<S: Simd>(self, words: *const u32, threshold: u32) -> S::M;
}

/// All lanes.
#[derive(Clone, Copy)]
pub(crate) struct Full;

/// The first few lanes.
#[derive(Clone, Copy)]
pub(crate) struct First(pub usize);

// SAFETY of every body below: the duties of the trait are those of the method that is called.
impl Lanes for Full {
    #[inline(always)]
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::V {
        unsafe { S::load(p) }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::V) {
        unsafe { S::store(p, v) }
    }
    #[inline(always)]
    unsafe fn at_least<S: Simd>(self, words: *const u32, threshold: u32) -> S::M {
        unsafe { S::at_least(words, S::LANES, threshold) }
    }
}

impl Lanes for First {
    #[inline(always)]
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::V {
        unsafe { S::load_first(p, self.0) }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::V) {
        unsafe { S::store_first(p, v, self.0) }
    }
    #[inline(always)]
    unsafe fn at_least<S: Simd>(self, words: *const u32, threshold: u32) -> S::M {
        unsafe { S::at_least(words, self.0, threshold) }
    }
}

/// `vectors!(S, n, |i, lanes| body)`: runs the body for each vector of `n` floats, `i` being its first float and `lanes`
/// a [`Lanes`]. A macro, because a closure that is too long to be inlined would lose the instruction set.
macro_rules! vectors {
    ($S:ident, $n:expr, |$i:ident, $lanes:ident| $body:block) => {{
        let n: usize = $n;
        let mut at = 0;
        while n - at >= $S::LANES {
            let ($i, $lanes) = (at, $crate::lanes::Full);
            $body
            at += $S::LANES;
        }
        if at < n {
            let ($i, $lanes) = (at, $crate::lanes::First(n - at));
            $body
        }
    }};
}
pub(crate) use vectors;

/// Sixteen running values, whatever the lanes of `S`: float i of a row belongs to value i mod 16.
#[derive(Clone, Copy)]
pub(crate) struct Sixteen<S: Simd>(pub [S::V; 4]);

impl<S: Simd> Sixteen<S> {
    /// Vectors that make sixteen floats.
    pub(crate) const VECTORS: usize = 16 / S::LANES;

    /// Sixteen times `x`.
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    pub(crate) unsafe fn splat(x: f32) -> Sixteen<S> {
        unsafe { Sixteen([S::splat(x); 4]) }
    }

    /// The sixteen values.
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    pub(crate) unsafe fn values(self) -> [f32; 16] {
        let mut out = [0.0; 16];
        for v in 0..Self::VECTORS {
            // SAFETY: VECTORS × LANES = 16.
            unsafe { S::store(out.as_mut_ptr().add(v * S::LANES), self.0[v]) };
        }
        out
    }

    /// Their sum, as a fixed tree: i with i + 8, then with i + 4, i + 2, i + 1.
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    pub(crate) unsafe fn sum(self) -> f32 {
        tree(unsafe { self.values() }, |a, b| a + b)
    }

    /// The greatest, NaN left out.
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    pub(crate) unsafe fn greatest(self) -> f32 {
        tree(unsafe { self.values() }, |a, b| if b > a { b } else { a })
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

/// `sixteens!(S, n, |i, part, lanes_left| body)`: runs the body for each vector of a row of `n` floats, in order; `part`
/// says which vector of a [`Sixteen`] it belongs to, `left` how many floats of the row are left from `i` on.
macro_rules! sixteens {
    ($S:ident, $n:expr, |$i:ident, $part:ident, $left:ident| $body:block) => {{
        let n: usize = $n;
        let mut sixteen = 0;
        while sixteen < n {
            for $part in 0..$crate::lanes::Sixteen::<$S>::VECTORS {
                let $i = sixteen + $part * $S::LANES;
                if $i < n {
                    let $left = n - $i;
                    $body
                }
            }
            sixteen += 16;
        }
    }};
}
pub(crate) use sixteens;

/// x, or 0 where |x| < 2^−N; NaN stays.
///
/// Numbers so small change nothing that training can see, but arithmetic on subnormal ones is many times slower on some
/// processors, and one of them makes all that it touches subnormal too. The processor's own flushing mode would do it
/// for nothing, were it the same on all of them.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn settle<S: Simd, const N: u32>(x: S::V) -> S::V {
    unsafe {
        let tiny = S::splat(f32::from_bits((127 - N) << 23));
        S::select(S::gt(tiny, S::abs(x)), S::splat(0.0), x)
    }
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
