//! A vector of floats, as little of it as the kernels need.
//!
//! Every kernel is written once, over this trait, as an `#[inline(always)]` function, and instantiated per instruction
//! set by [`dispatch!`](crate::dispatch). Each lane is computed for itself with the same operations in the same order,
//! so that a result does not depend on the number of lanes.

/// Operations on `LANES` floats.
///
/// # Safety
/// Every method may be called only where the instruction set of the implementing type is available: inside the
/// functions that [`dispatch!`](crate::dispatch) makes. Pointers must be valid for the lanes that are read or written;
/// they need no alignment.
pub(crate) trait Simd: Copy + 'static {
    /// Floats in a vector.
    const LANES: usize;
    /// Rows of the register block of a matrix product that is two vectors wide.
    const ROWS: usize;
    /// A vector.
    type V: Copy;
    /// A truth value per lane.
    type M: Copy;

    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(p: *const f32) -> Self::V;
    unsafe fn store(p: *mut f32, v: Self::V);
    /// The first `n` lanes (`n` ≤ LANES); the others are 0.
    unsafe fn load_first(p: *const f32, n: usize) -> Self::V;
    /// The first `n` lanes (`n` ≤ LANES); the others are those of `fill`.
    unsafe fn load_first_or(p: *const f32, n: usize, fill: Self::V) -> Self::V;
    /// Writes the first `n` lanes only.
    unsafe fn store_first(p: *mut f32, v: Self::V, n: usize);
    /// Unsigned bytes as floats; reads exactly LANES bytes.
    unsafe fn load_u8(p: *const u8) -> Self::V;
    /// Asks for the cache line at `p`, which may be any address; changes no result.
    unsafe fn prefetch(p: *const u8);
    /// Asks for the cache line at `p`, which may be any address, in order to write it; changes no result.
    unsafe fn prefetch_write(p: *const u8);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// a × b + c, rounded once.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a × b, rounded once.
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// a if a > b, else b (so b where a is NaN).
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// a if a < b, else b (so b where a is NaN).
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sqrt(a: Self::V) -> Self::V;
    unsafe fn abs(a: Self::V) -> Self::V;
    /// The magnitude of a with the sign bit of b.
    unsafe fn copysign(a: Self::V, b: Self::V) -> Self::V;
    /// To the nearest whole number, halves to the even one.
    unsafe fn round(a: Self::V) -> Self::V;
    /// 2ⁿ for whole n in −126 ..= 127.
    unsafe fn exp2_whole(n: Self::V) -> Self::V;
    /// x 2ⁿ, rounded once, for ½ ≤ |x| ≤ 2 and whole n in −252 ..= 252: subnormal, zero and infinite results too.
    unsafe fn scale(x: Self::V, n: Self::V) -> Self::V;
    /// For positive normal x: (e, m) with x = m 2ᵉ, 1 ≤ m < 2.
    unsafe fn split_exponent(x: Self::V) -> (Self::V, Self::V);
    /// a > b; false where either is NaN.
    unsafe fn gt(a: Self::V, b: Self::V) -> Self::M;
    /// a = b; false where either is NaN.
    unsafe fn eq(a: Self::V, b: Self::V) -> Self::M;
    /// a where m, else b.
    unsafe fn select(m: Self::M, a: Self::V, b: Self::V) -> Self::V;
    /// `words[i]` ≥ threshold, of the first `n` words (`n` ≤ LANES); the lanes beyond them mean nothing.
    unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> Self::M;
    /// a or b is NaN.
    unsafe fn nan(a: Self::V, b: Self::V) -> Self::M;
    unsafe fn and(a: Self::M, b: Self::M) -> Self::M;
    unsafe fn or(a: Self::M, b: Self::M) -> Self::M;
    /// a, and not b.
    unsafe fn and_not(a: Self::M, b: Self::M) -> Self::M;
    /// Writes a mask as LANES / 8 bytes.
    unsafe fn store_mask(p: *mut u8, m: Self::M);
    /// Reads what `store_mask` has written.
    unsafe fn load_mask(p: *const u8) -> Self::M;
}

/// Plain Rust on an array: the portable path and, inside a `target_feature` function, as good as intrinsics.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

const PORTABLE_LANES: usize = 8;

macro_rules! lanewise {
    ($f:expr $(, $v:ident)+) => {{
        let mut out = [0.0f32; PORTABLE_LANES];
        for i in 0..PORTABLE_LANES {
            out[i] = $f($($v[i]),+);
        }
        out
    }};
}

impl Simd for Portable {
    const LANES: usize = PORTABLE_LANES;
    const ROWS: usize = 4;
    type V = [f32; PORTABLE_LANES];
    type M = [bool; PORTABLE_LANES];

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::V {
        [x; PORTABLE_LANES]
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::V {
        // SAFETY: the caller gives LANES readable floats.
        unsafe { p.cast::<Self::V>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self::V) {
        // SAFETY: the caller gives LANES writable floats.
        unsafe { p.cast::<Self::V>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
        let mut out = [0.0; PORTABLE_LANES];
        for i in 0..n.min(PORTABLE_LANES) {
            // SAFETY: the caller gives n readable floats.
            out[i] = unsafe { p.add(i).read() };
        }
        out
    }
    #[inline(always)]
    unsafe fn load_first_or(p: *const f32, n: usize, fill: Self::V) -> Self::V {
        let mut out = fill;
        for i in 0..n.min(PORTABLE_LANES) {
            // SAFETY: the caller gives n readable floats.
            out[i] = unsafe { p.add(i).read() };
        }
        out
    }
    #[inline(always)]
    unsafe fn store_first(p: *mut f32, v: Self::V, n: usize) {
        for i in 0..n.min(PORTABLE_LANES) {
            // SAFETY: the caller gives n writable floats.
            unsafe { p.add(i).write(v[i]) };
        }
    }
    #[inline(always)]
    unsafe fn load_u8(p: *const u8) -> Self::V {
        let mut out = [0.0; PORTABLE_LANES];
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller gives LANES readable bytes.
            *o = unsafe { p.add(i).read() } as f32;
        }
        out
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
    #[inline(always)]
    unsafe fn prefetch_write(_: *const u8) {}
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| x + y, a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| x - y, a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| x * y, a, b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| x / y, a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32, z: f32| x.mul_add(y, z), a, b, c)
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32, z: f32| (-x).mul_add(y, z), a, b, c)
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| if x > y { x } else { y }, a, b)
    }
    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| if x < y { x } else { y }, a, b)
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::V) -> Self::V {
        lanewise!(|x: f32| x.sqrt(), a)
    }
    #[inline(always)]
    unsafe fn abs(a: Self::V) -> Self::V {
        lanewise!(|x: f32| x.abs(), a)
    }
    #[inline(always)]
    unsafe fn copysign(a: Self::V, b: Self::V) -> Self::V {
        lanewise!(|x: f32, y: f32| x.copysign(y), a, b)
    }
    #[inline(always)]
    unsafe fn round(a: Self::V) -> Self::V {
        lanewise!(|x: f32| x.round_ties_even(), a)
    }
    #[inline(always)]
    unsafe fn exp2_whole(n: Self::V) -> Self::V {
        lanewise!(|x: f32| f32::from_bits(((x as i32 + 127) as u32) << 23), n)
    }
    #[inline(always)]
    unsafe fn scale(x: Self::V, n: Self::V) -> Self::V {
        // In two steps, of which the first is exact, since 2ⁿ itself may be no float.
        let half = lanewise!(|n: f32| (n * 0.5).round_ties_even(), n);
        // SAFETY: no instruction set is needed; both halves lie within ±126.
        unsafe {
            let rest = Self::sub(n, half);
            Self::mul(Self::mul(x, Self::exp2_whole(half)), Self::exp2_whole(rest))
        }
    }
    #[inline(always)]
    unsafe fn split_exponent(x: Self::V) -> (Self::V, Self::V) {
        let e = lanewise!(|x: f32| ((x.to_bits() >> 23) as i32 - 127) as f32, x);
        (e, lanewise!(|x: f32| f32::from_bits((x.to_bits() & 0x007f_ffff) | 0x3f80_0000), x))
    }
    #[inline(always)]
    unsafe fn gt(a: Self::V, b: Self::V) -> Self::M {
        std::array::from_fn(|i| a[i] > b[i])
    }
    #[inline(always)]
    unsafe fn eq(a: Self::V, b: Self::V) -> Self::M {
        std::array::from_fn(|i| a[i] == b[i])
    }
    #[inline(always)]
    unsafe fn select(m: Self::M, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if m[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> Self::M {
        let mut out = [false; PORTABLE_LANES];
        for i in 0..n.min(PORTABLE_LANES) {
            // SAFETY: the caller gives n readable words.
            out[i] = unsafe { words.add(i).read() } >= threshold;
        }
        out
    }
    #[inline(always)]
    unsafe fn nan(a: Self::V, b: Self::V) -> Self::M {
        std::array::from_fn(|i| a[i].is_nan() || b[i].is_nan())
    }
    #[inline(always)]
    unsafe fn and(a: Self::M, b: Self::M) -> Self::M {
        std::array::from_fn(|i| a[i] && b[i])
    }
    #[inline(always)]
    unsafe fn or(a: Self::M, b: Self::M) -> Self::M {
        std::array::from_fn(|i| a[i] || b[i])
    }
    #[inline(always)]
    unsafe fn and_not(a: Self::M, b: Self::M) -> Self::M {
        std::array::from_fn(|i| a[i] && !b[i])
    }
    #[inline(always)]
    unsafe fn store_mask(p: *mut u8, m: Self::M) {
        let byte = (0..PORTABLE_LANES).fold(0, |byte, i| byte | u8::from(m[i]) << i);
        // SAFETY: the caller gives one writable byte.
        unsafe { p.write(byte) }
    }
    #[inline(always)]
    unsafe fn load_mask(p: *const u8) -> Self::M {
        // SAFETY: the caller gives one readable byte.
        let byte = unsafe { p.read() };
        std::array::from_fn(|i| byte >> i & 1 == 1)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Simd;

    /// AVX-512: 16 lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512;

    // SAFETY of every body below: the caller guarantees the instruction set and the pointers (contract of the trait).
    impl Simd for Avx512 {
        const LANES: usize = 16;
        const ROWS: usize = 12;
        type V = __m512;
        type M = __mmask16;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self::V {
            unsafe { _mm512_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self::V {
            unsafe { _mm512_loadu_ps(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: Self::V) {
            unsafe { _mm512_storeu_ps(p, v) }
        }
        #[inline(always)]
        unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
            unsafe { _mm512_maskz_loadu_ps(first(n), p) }
        }
        #[inline(always)]
        unsafe fn load_first_or(p: *const f32, n: usize, fill: Self::V) -> Self::V {
            unsafe { _mm512_mask_loadu_ps(fill, first(n), p) }
        }
        #[inline(always)]
        unsafe fn store_first(p: *mut f32, v: Self::V, n: usize) {
            unsafe { _mm512_mask_storeu_ps(p, first(n), v) }
        }
        #[inline(always)]
        unsafe fn load_u8(p: *const u8) -> Self::V {
            unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(p.cast()))) }
        }
        #[inline(always)]
        unsafe fn prefetch(p: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
        }
        #[inline(always)]
        unsafe fn prefetch_write(p: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(p.cast()) }
        }
        #[inline(always)]
        unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_mul_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_div_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            unsafe { _mm512_fnmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_max_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_min_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sqrt(a: Self::V) -> Self::V {
            unsafe { _mm512_sqrt_ps(a) }
        }
        #[inline(always)]
        unsafe fn abs(a: Self::V) -> Self::V {
            unsafe { _mm512_abs_ps(a) }
        }
        #[inline(always)]
        unsafe fn copysign(a: Self::V, b: Self::V) -> Self::V {
            unsafe {
                let sign = _mm512_set1_ps(-0.0);
                _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b))
            }
        }
        #[inline(always)]
        unsafe fn round(a: Self::V) -> Self::V {
            unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
        }
        #[inline(always)]
        unsafe fn exp2_whole(n: Self::V) -> Self::V {
            unsafe {
                let biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
                _mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased))
            }
        }
        #[inline(always)]
        unsafe fn scale(x: Self::V, n: Self::V) -> Self::V {
            unsafe { _mm512_scalef_ps(x, n) }
        }
        #[inline(always)]
        unsafe fn split_exponent(x: Self::V) -> (Self::V, Self::V) {
            unsafe {
                let bits = _mm512_castps_si512(x);
                let e = _mm512_sub_epi32(_mm512_srli_epi32::<23>(bits), _mm512_set1_epi32(127));
                let m = _mm512_and_si512(bits, _mm512_set1_epi32(0x007f_ffff));
                let m = _mm512_or_si512(m, _mm512_set1_epi32(0x3f80_0000));
                (_mm512_cvtepi32_ps(e), _mm512_castsi512_ps(m))
            }
        }
        #[inline(always)]
        unsafe fn gt(a: Self::V, b: Self::V) -> Self::M {
            unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b) }
        }
        #[inline(always)]
        unsafe fn eq(a: Self::V, b: Self::V) -> Self::M {
            unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
        }
        #[inline(always)]
        unsafe fn select(m: Self::M, a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm512_mask_blend_ps(m, b, a) }
        }
        #[inline(always)]
        unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> Self::M {
            unsafe {
                let words = _mm512_maskz_loadu_epi32(first(n), words.cast());
                _mm512_cmpge_epu32_mask(words, _mm512_set1_epi32(threshold.cast_signed()))
            }
        }
        #[inline(always)]
        unsafe fn nan(a: Self::V, b: Self::V) -> Self::M {
            unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, b) }
        }
        #[inline(always)]
        unsafe fn and(a: Self::M, b: Self::M) -> Self::M {
            a & b
        }
        #[inline(always)]
        unsafe fn or(a: Self::M, b: Self::M) -> Self::M {
            a | b
        }
        #[inline(always)]
        unsafe fn and_not(a: Self::M, b: Self::M) -> Self::M {
            a & !b
        }
        #[inline(always)]
        unsafe fn store_mask(p: *mut u8, m: Self::M) {
            unsafe { p.cast::<u16>().write_unaligned(m) }
        }
        #[inline(always)]
        unsafe fn load_mask(p: *const u8) -> Self::M {
            unsafe { p.cast::<u16>().read_unaligned() }
        }
    }

    /// A mask of the first n lanes, all of them for n ≥ 16.
    #[inline(always)]
    fn first(n: usize) -> __mmask16 {
        if n >= 16 { !0 } else { (1u16 << n) - 1 }
    }

    /// AVX2 and FMA: 8 lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2;

    // SAFETY of every body below: the caller guarantees the instruction set and the pointers (contract of the trait).
    impl Simd for Avx2 {
        const LANES: usize = 8;
        const ROWS: usize = 6;
        type V = __m256;
        type M = __m256;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self::V {
            unsafe { _mm256_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self::V {
            unsafe { _mm256_loadu_ps(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: Self::V) {
            unsafe { _mm256_storeu_ps(p, v) }
        }
        #[inline(always)]
        unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
            unsafe { _mm256_maskload_ps(p, first8(n)) }
        }
        #[inline(always)]
        unsafe fn load_first_or(p: *const f32, n: usize, fill: Self::V) -> Self::V {
            unsafe {
                let lanes = first8(n);
                _mm256_blendv_ps(fill, _mm256_maskload_ps(p, lanes), _mm256_castsi256_ps(lanes))
            }
        }
        #[inline(always)]
        unsafe fn store_first(p: *mut f32, v: Self::V, n: usize) {
            unsafe { _mm256_maskstore_ps(p, first8(n), v) }
        }
        #[inline(always)]
        unsafe fn load_u8(p: *const u8) -> Self::V {
            unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(p.cast()))) }
        }
        #[inline(always)]
        unsafe fn prefetch(p: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
        }
        #[inline(always)]
        unsafe fn prefetch_write(p: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(p.cast()) }
        }
        #[inline(always)]
        unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_mul_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_div_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            unsafe { _mm256_fnmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_max_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_min_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sqrt(a: Self::V) -> Self::V {
            unsafe { _mm256_sqrt_ps(a) }
        }
        #[inline(always)]
        unsafe fn abs(a: Self::V) -> Self::V {
            unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
        }
        #[inline(always)]
        unsafe fn copysign(a: Self::V, b: Self::V) -> Self::V {
            unsafe {
                let sign = _mm256_set1_ps(-0.0);
                _mm256_or_ps(_mm256_andnot_ps(sign, a), _mm256_and_ps(sign, b))
            }
        }
        #[inline(always)]
        unsafe fn round(a: Self::V) -> Self::V {
            unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
        }
        #[inline(always)]
        unsafe fn exp2_whole(n: Self::V) -> Self::V {
            unsafe {
                let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
            }
        }
        #[inline(always)]
        unsafe fn scale(x: Self::V, n: Self::V) -> Self::V {
            unsafe {
                // As in the portable path: two steps, of which the first is exact.
                let half = Self::round(_mm256_mul_ps(n, _mm256_set1_ps(0.5)));
                let rest = _mm256_sub_ps(n, half);
                _mm256_mul_ps(_mm256_mul_ps(x, Self::exp2_whole(half)), Self::exp2_whole(rest))
            }
        }
        #[inline(always)]
        unsafe fn split_exponent(x: Self::V) -> (Self::V, Self::V) {
            unsafe {
                let bits = _mm256_castps_si256(x);
                let e = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(127));
                let m = _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff));
                let m = _mm256_or_si256(m, _mm256_set1_epi32(0x3f80_0000));
                (_mm256_cvtepi32_ps(e), _mm256_castsi256_ps(m))
            }
        }
        #[inline(always)]
        unsafe fn gt(a: Self::V, b: Self::V) -> Self::M {
            unsafe { _mm256_cmp_ps::<_CMP_GT_OQ>(a, b) }
        }
        #[inline(always)]
        unsafe fn eq(a: Self::V, b: Self::V) -> Self::M {
            unsafe { _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b) }
        }
        #[inline(always)]
        unsafe fn select(m: Self::M, a: Self::V, b: Self::V) -> Self::V {
            unsafe { _mm256_blendv_ps(b, a, m) }
        }
        #[inline(always)]
        unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> Self::M {
            unsafe {
                let words = _mm256_maskload_epi32(words.cast(), first8(n));
                let threshold = _mm256_set1_epi32(threshold.cast_signed());
                _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(words, threshold), words))
            }
        }
        #[inline(always)]
        unsafe fn nan(a: Self::V, b: Self::V) -> Self::M {
            unsafe { _mm256_cmp_ps::<_CMP_UNORD_Q>(a, b) }
        }
        #[inline(always)]
        unsafe fn and(a: Self::M, b: Self::M) -> Self::M {
            unsafe { _mm256_and_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn or(a: Self::M, b: Self::M) -> Self::M {
            unsafe { _mm256_or_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn and_not(a: Self::M, b: Self::M) -> Self::M {
            unsafe { _mm256_andnot_ps(b, a) }
        }
        #[inline(always)]
        unsafe fn store_mask(p: *mut u8, m: Self::M) {
            unsafe { p.write(_mm256_movemask_ps(m) as u8) }
        }
        #[inline(always)]
        unsafe fn load_mask(p: *const u8) -> Self::M {
            unsafe {
                let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
                let byte = _mm256_set1_epi32(i32::from(p.read()));
                _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(byte, bits), bits))
            }
        }
    }

    /// All bits set in the first n of 8 lanes.
    #[inline(always)]
    fn first8(n: usize) -> __m256i {
        // SAFETY: the window of 8 starts at 8 − min(n, 8), which lies in 0 ..= 8 of 16.
        const WINDOW: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add(8 - n.min(8)).cast()) }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// Makes a safe function that runs `$body::<S>` for the instruction set in use.
///
/// `dispatch!(fn name(args) -> R = body)`: `body` is an `#[inline(always)] unsafe fn body<S: Simd>(args) -> R` whose only
/// requirement is the instruction set of `S`; it does its own bounds checks.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident : $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$doc])*
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
                #[inline(never)]
                unsafe fn avx512($($arg: $ty),*) $(-> $ret)? {
                    // SAFETY: this function is called only where AVX-512 was detected.
                    unsafe { $body::<$crate::simd::Avx512>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                #[inline(never)]
                unsafe fn avx2($($arg: $ty),*) $(-> $ret)? {
                    // SAFETY: this function is called only where AVX2 and FMA were detected.
                    unsafe { $body::<$crate::simd::Avx2>($($arg),*) }
                }
                match $crate::isa() {
                    // SAFETY: `isa()` gives only what the processor has.
                    $crate::Isa::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::Isa::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::Isa::Portable => {}
                }
            }
            // SAFETY: the portable path needs no instruction set.
            unsafe { $body::<$crate::simd::Portable>($($arg),*) }
        }
    };
}
pub(crate) use dispatch;
