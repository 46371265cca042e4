//! A vector of floats, as little of it as the kernels need.
//!
//! Every kernel is written once, over the trait [`Simd`], as an `#[inline(always)]` function, and instantiated per
//! instruction set by [`dispatch!`](crate::simd::dispatch). Each lane is computed for itself with the same operations
//! in the same order, so that a result does not depend on the number of lanes.
//!
//! A value of a type that implements the trait is the proof that the processor has the instruction set: `dispatch!`
//! alone makes one. Therefore operations on values are safe, and what is unsafe is memory behind pointers.

/// Operations on `LANES` floats; `self` is the proof that the processor can do them.
///
/// Pointers need no alignment.
pub(crate) trait Simd: Copy + 'static {
    /// Floats in a vector: 8 or 16.
    const LANES: usize;
    /// Rows of the register block of a matrix product that is two vectors wide.
    const ROWS: usize;
    /// A vector.
    type V: Copy;
    /// A truth value per lane.
    type M: Copy;

    /// LANES, where only the value is at hand.
    #[inline(always)]
    fn lanes(self) -> usize {
        Self::LANES
    }

    fn splat(self, x: f32) -> Self::V;
    /// # Safety
    /// LANES floats at `p` are readable.
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// # Safety
    /// LANES floats at `p` are writable.
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// The first `n` lanes, all of them if `n` is more; the others are 0.
    ///
    /// # Safety
    /// `n` floats at `p`, but no more than LANES, are readable.
    unsafe fn load_first(self, p: *const f32, n: usize) -> Self::V;
    /// The first `n` lanes, all of them if `n` is more; the others are those of `fill`.
    ///
    /// # Safety
    /// `n` floats at `p`, but no more than LANES, are readable.
    unsafe fn load_first_or(self, p: *const f32, n: usize, fill: Self::V) -> Self::V;
    /// Writes the first `n` lanes only, all of them if `n` is more.
    ///
    /// # Safety
    /// `n` floats at `p`, but no more than LANES, are writable.
    unsafe fn store_first(self, p: *mut f32, v: Self::V, n: usize);
    /// Unsigned bytes as floats.
    ///
    /// # Safety
    /// LANES bytes at `p` are readable.
    unsafe fn load_u8(self, p: *const u8) -> Self::V;
    /// `words[i]` ≥ threshold, of the first `n` words, at most LANES; the lanes beyond them mean nothing.
    ///
    /// # Safety
    /// `n` words, but no more than LANES, are readable.
    unsafe fn at_least(self, words: *const u32, n: usize, threshold: u32) -> Self::M;
    /// Writes a mask as LANES / 8 bytes.
    ///
    /// # Safety
    /// LANES / 8 bytes at `p` are writable.
    unsafe fn store_mask(self, p: *mut u8, m: Self::M);
    /// Reads what `store_mask` has written.
    ///
    /// # Safety
    /// LANES / 8 bytes at `p` are readable.
    unsafe fn load_mask(self, p: *const u8) -> Self::M;

    /// LANES bfloat16 numbers as floats.
    ///
    /// # Safety
    /// LANES numbers at `p` are readable.
    unsafe fn load_halves(self, p: *const u16) -> Self::V;
    /// LANES pairs of bfloat16 numbers: the first of each pair, and the second.
    ///
    /// # Safety
    /// 2 LANES numbers at `p` are readable.
    unsafe fn load_pairs(self, p: *const u16) -> (Self::V, Self::V);
    /// Writes the upper 16 bits of each lane: of a float that is a bfloat16 number, that number.
    ///
    /// # Safety
    /// LANES numbers at `p` are writable.
    unsafe fn store_halves(self, p: *mut u16, v: Self::V);
    /// Writes the upper 16 bits of each lane of both in turn: what `load_pairs` reads.
    ///
    /// # Safety
    /// 2 LANES numbers at `p` are writable.
    unsafe fn store_pairs(self, p: *mut u16, first: Self::V, second: Self::V);
    /// Each lane rounded to bfloat16, as [`bf16::round`](crate::bf16::round) does.
    fn to_halves(self, v: Self::V) -> Self::V;
    /// The same of lanes that are 0 or 2^−50 or more, all below infinity; the lower 16 bits mean nothing.
    #[inline(always)]
    fn to_halves_of_positive(self, v: Self::V) -> Self::V {
        self.to_halves(v)
    }

    /// Two lines of 32 bfloat16 numbers, each zero where its mask has no bit: to `plain`, one after the other, unless
    /// that is null; and as pairs, those of the first 16 columns to `pairs[0]`, the others to `pairs[1]`.
    ///
    /// # Safety
    /// Both lines are readable, `plain` is null or writable for 64 numbers, each of `pairs` for 32.
    #[inline(always)]
    unsafe fn pair_lines(
        self,
        lines: [*const u16; 2],
        masks: [u32; 2],
        plain: *mut u16,
        pairs: [*mut u16; 2],
    ) {
        let zero = self.splat(0.0);
        for at in (0..32).step_by(Self::LANES) {
            let mut rows = [zero; 2];
            for r in 0..2 {
                let mask = (masks[r] >> at).to_le_bytes();
                // SAFETY: the duty above; a mask of LANES lanes is no more than four bytes.
                unsafe {
                    rows[r] =
                        self.select(self.load_mask(mask.as_ptr()), self.load_halves(lines[r].add(at)), zero);
                    if !plain.is_null() {
                        self.store_halves(plain.add(32 * r + at), rows[r]);
                    }
                }
            }
            // SAFETY: the duty above.
            unsafe { self.store_pairs(pairs[at / 16].add(at % 16 * 2), rows[0], rows[1]) };
        }
    }

    /// The transpose of 16 × 16 words of 32 bits.
    ///
    /// # Safety
    /// 256 words at `from` are readable, 256 at `to` writable, and no word is both.
    #[inline(always)]
    unsafe fn transpose_words(self, from: *const u32, to: *mut u32) {
        for i in 0..16 {
            for j in 0..16 {
                // SAFETY: both are among the 256 words.
                unsafe { to.add(16 * i + j).write_unaligned(from.add(16 * j + i).read_unaligned()) };
            }
        }
    }

    /// As many lanes as the slice has floats; the others are 0.
    #[inline(always)]
    fn load_slice(self, floats: &[f32]) -> Self::V {
        // SAFETY: all floats of a slice are readable.
        unsafe { self.load_first(floats.as_ptr(), floats.len()) }
    }
    /// As many lanes as the slice has floats; the others are those of `fill`.
    #[inline(always)]
    fn load_slice_or(self, floats: &[f32], fill: Self::V) -> Self::V {
        // SAFETY: all floats of a slice are readable.
        unsafe { self.load_first_or(floats.as_ptr(), floats.len(), fill) }
    }
    /// Writes as many lanes as the slice has room for.
    #[inline(always)]
    fn store_slice(self, floats: &mut [f32], v: Self::V) {
        // SAFETY: all floats of a mutable slice are writable.
        unsafe { self.store_first(floats.as_mut_ptr(), v, floats.len()) }
    }

    /// The first LANES floats of a slice.
    #[inline(always)]
    fn load_whole(self, floats: &[f32]) -> Self::V {
        let floats = &floats[..Self::LANES];
        // SAFETY: the slice has LANES floats.
        unsafe { self.load(floats.as_ptr()) }
    }
    /// Writes the first LANES floats of a slice.
    #[inline(always)]
    fn store_whole(self, floats: &mut [f32], v: Self::V) {
        let floats = &mut floats[..Self::LANES];
        // SAFETY: the slice has room for LANES floats.
        unsafe { self.store(floats.as_mut_ptr(), v) }
    }

    /// Asks for the cache line at `p`, which may be any address; changes no result.
    fn prefetch(self, p: *const u8);
    /// Asks for the cache line at `p`, which may be any address, in order to write it; changes no result.
    fn prefetch_write(self, p: *const u8);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// a × b + c, rounded once.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a × b, rounded once.
    fn fnma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// a if a > b, else b (so b where a is NaN).
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// a if a < b, else b (so b where a is NaN).
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    fn sqrt(self, a: Self::V) -> Self::V;
    fn abs(self, a: Self::V) -> Self::V;
    /// The magnitude of a with the sign bit of b.
    fn copysign(self, a: Self::V, b: Self::V) -> Self::V;
    /// To the nearest whole number, halves to the even one.
    fn round(self, a: Self::V) -> Self::V;
    /// 2ⁿ for whole n in −126 ..= 127.
    fn exp2_whole(self, n: Self::V) -> Self::V;
    /// x 2ⁿ, rounded once, for ½ ≤ |x| ≤ 2 and whole n in −252 ..= 252: subnormal, zero and infinite results too.
    fn scale(self, x: Self::V, n: Self::V) -> Self::V;
    /// For positive normal x: (e, m) with x = m 2ᵉ, 1 ≤ m < 2.
    fn split_exponent(self, x: Self::V) -> (Self::V, Self::V);
    /// a > b; false where either is NaN.
    fn gt(self, a: Self::V, b: Self::V) -> Self::M;
    /// a = b; false where either is NaN.
    fn eq(self, a: Self::V, b: Self::V) -> Self::M;
    /// a where m, else b.
    fn select(self, m: Self::M, a: Self::V, b: Self::V) -> Self::V;
    /// a or b is NaN.
    fn nan(self, a: Self::V, b: Self::V) -> Self::M;
    fn and(self, a: Self::M, b: Self::M) -> Self::M;
    fn or(self, a: Self::M, b: Self::M) -> Self::M;
    /// a, and not b.
    fn and_not(self, a: Self::M, b: Self::M) -> Self::M;
}

/// The most floats that a vector of any instruction set has.
pub(crate) const MOST_LANES: usize = 16;

/// Methods that compute with values: `fn name(arguments) -> result { expression of intrinsics }`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! on_values {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? { $($body:tt)+ })+) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $ty),*) $(-> $ret)? {
            // SAFETY: `self` exists only where the processor has the instruction set; nothing is read or written.
            unsafe { $($body)+ }
        }
    )+};
}

/// Methods that read or write memory: `unsafe fn name(arguments) -> result { expression of intrinsics }`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! on_memory {
    ($(unsafe fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? { $($body:tt)+ })+) => {$(
        #[inline(always)]
        unsafe fn $name(self, $($arg: $ty),*) $(-> $ret)? {
            // SAFETY: `self` exists only where the processor has the instruction set; the caller vouches for the
            // memory, of which nothing but the lanes that the trait names is touched.
            unsafe { $($body)+ }
        }
    )+};
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;
pub(crate) use portable::Portable;

/// Makes a function that runs `$body` for the instruction set in use.
///
/// `dispatch!(fn name(args) -> R = body)`: `body` is an `#[inline(always)] fn body<S: Simd>(s: S, args) -> R`. With
/// `unsafe fn` on both sides, the duties of `body` are those of the function, and its documentation names them.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$doc])*
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            $crate::simd::dispatch!(@each ($($arg: $ty),*) ($($ret)?) s => { $body(s, $($arg),*) })
        }
    };
    ($(#[$doc:meta])* $vis:vis unsafe fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$doc])*
        $vis unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            $crate::simd::dispatch!(@each ($($arg: $ty),*) ($($ret)?) s => {
                // SAFETY: the duties are those of the function that was called.
                unsafe { $body(s, $($arg),*) }
            })
        }
    };
    (@each ($($arg:ident: $ty:ty),*) ($($ret:ty)?) $s:ident => $call:block) => {{
        #[cfg(target_arch = "x86_64")]
        {
            /// # Safety
            /// The processor has what this function enables.
            #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
            #[inline(never)]
            fn avx512($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the duty above.
                let $s = unsafe { $crate::simd::Avx512::assume_available() };
                $call
            }
            /// # Safety
            /// The processor has what this function enables.
            #[target_feature(enable = "avx2,fma")]
            #[inline(never)]
            fn avx2($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the duty above.
                let $s = unsafe { $crate::simd::Avx2::assume_available() };
                $call
            }
            match $crate::isa() {
                // SAFETY: `isa()` gives only what the processor has.
                $crate::Isa::Avx512 => return unsafe { avx512($($arg),*) },
                // SAFETY: `isa()` gives only what the processor has.
                $crate::Isa::Avx2 => return unsafe { avx2($($arg),*) },
                $crate::Isa::Neon | $crate::Isa::Portable => {}
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            #[inline(never)]
            fn neon($($arg: $ty),*) $(-> $ret)? {
                let $s = $crate::simd::Neon;
                $call
            }
            if $crate::isa() == $crate::Isa::Neon {
                return neon($($arg),*);
            }
        }
        let $s = $crate::simd::Portable;
        $call
    }};
}
pub(crate) use dispatch;
