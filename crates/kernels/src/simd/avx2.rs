//! AVX2 and FMA: 8 lanes, masks as vectors of all ones or zeros.

use std::arch::x86_64::*;

use super::Simd;
use crate::bf16::SMALLEST;

/// The bits of a float that make a bfloat16 number.
const UPPER: i32 = 0xffff_0000_u32.cast_signed();

/// The proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The processor has these instruction sets.
    #[inline(always)]
    pub(crate) unsafe fn assume_available() -> Avx2 {
        Avx2(())
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const ROWS: usize = 6;
    type V = __m256;
    type M = __m256;

    on_memory! {
        unsafe fn load(p: *const f32) -> __m256 { _mm256_loadu_ps(p) }
        unsafe fn store(p: *mut f32, v: __m256) { _mm256_storeu_ps(p, v) }
        unsafe fn load_first(p: *const f32, n: usize) -> __m256 { _mm256_maskload_ps(p, first(n)) }
        unsafe fn load_first_or(p: *const f32, n: usize, fill: __m256) -> __m256 {
            let lanes = first(n);
            _mm256_blendv_ps(fill, _mm256_maskload_ps(p, lanes), _mm256_castsi256_ps(lanes))
        }
        unsafe fn store_first(p: *mut f32, v: __m256, n: usize) { _mm256_maskstore_ps(p, first(n), v) }
        unsafe fn load_u8(p: *const u8) -> __m256 {
            _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(p.cast())))
        }
        unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> __m256 {
            let words = _mm256_maskload_epi32(words.cast(), first(n));
            let threshold = _mm256_set1_epi32(threshold.cast_signed());
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(words, threshold), words))
        }
        unsafe fn store_mask(p: *mut u8, m: __m256) { p.write(_mm256_movemask_ps(m) as u8) }
        unsafe fn load_mask(p: *const u8) -> __m256 {
            let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let byte = _mm256_set1_epi32(i32::from(p.read()));
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(byte, bits), bits))
        }
    }

    on_memory! {
        unsafe fn load_halves(p: *const u16) -> __m256 {
            let words = _mm256_cvtepu16_epi32(_mm_loadu_si128(p.cast()));
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(words))
        }
        unsafe fn load_pairs(p: *const u16) -> (__m256, __m256) {
            let pairs = _mm256_loadu_si256(p.cast());
            let second = _mm256_and_si256(pairs, _mm256_set1_epi32(UPPER));
            (_mm256_castsi256_ps(_mm256_slli_epi32::<16>(pairs)), _mm256_castsi256_ps(second))
        }
        unsafe fn store_halves(p: *mut u16, v: __m256) {
            let upper = _mm256_srli_epi32::<16>(_mm256_castps_si256(v));
            let (low, high) = (_mm256_castsi256_si128(upper), _mm256_extracti128_si256::<1>(upper));
            _mm_storeu_si128(p.cast(), _mm_packus_epi32(low, high))
        }
        unsafe fn store_pairs(p: *mut u16, first: __m256, second: __m256) {
            let lower = _mm256_srli_epi32::<16>(_mm256_castps_si256(first));
            let upper = _mm256_and_si256(_mm256_castps_si256(second), _mm256_set1_epi32(UPPER));
            _mm256_storeu_si256(p.cast(), _mm256_or_si256(lower, upper))
        }
    }

    on_values! {
        fn splat(x: f32) -> __m256 { _mm256_set1_ps(x) }
        fn prefetch(p: *const u8) { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
        fn prefetch_write(p: *const u8) { _mm_prefetch::<_MM_HINT_ET0>(p.cast()) }
        fn add(a: __m256, b: __m256) -> __m256 { _mm256_add_ps(a, b) }
        fn sub(a: __m256, b: __m256) -> __m256 { _mm256_sub_ps(a, b) }
        fn mul(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
        fn div(a: __m256, b: __m256) -> __m256 { _mm256_div_ps(a, b) }
        fn fma(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fmadd_ps(a, b, c) }
        fn fnma(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fnmadd_ps(a, b, c) }
        fn max(a: __m256, b: __m256) -> __m256 { _mm256_max_ps(a, b) }
        fn min(a: __m256, b: __m256) -> __m256 { _mm256_min_ps(a, b) }
        fn sqrt(a: __m256) -> __m256 { _mm256_sqrt_ps(a) }
        fn abs(a: __m256) -> __m256 { _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
        fn copysign(a: __m256, b: __m256) -> __m256 {
            let sign = _mm256_set1_ps(-0.0);
            _mm256_or_ps(_mm256_andnot_ps(sign, a), _mm256_and_ps(sign, b))
        }
        fn round(a: __m256) -> __m256 {
            _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
        }
        fn exp2_whole(n: __m256) -> __m256 {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        }
        fn split_exponent(x: __m256) -> (__m256, __m256) {
            let bits = _mm256_castps_si256(x);
            let e = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(127));
            let m = _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff));
            let m = _mm256_or_si256(m, _mm256_set1_epi32(0x3f80_0000));
            (_mm256_cvtepi32_ps(e), _mm256_castsi256_ps(m))
        }
        fn to_halves(v: __m256) -> __m256 {
            let magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0), v);
            let kept = _mm256_cmp_ps::<_CMP_NLT_UQ>(magnitude, _mm256_set1_ps(SMALLEST));
            let bits = _mm256_castps_si256(v);
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
            let rounded = _mm256_castsi256_ps(_mm256_and_si256(rounded, _mm256_set1_epi32(UPPER)));
            let nan = _mm256_castsi256_ps(_mm256_set1_epi32(0xffc0_0000_u32.cast_signed()));
            let rounded = _mm256_blendv_ps(rounded, nan, _mm256_cmp_ps::<_CMP_UNORD_Q>(v, v));
            _mm256_and_ps(rounded, kept)
        }
        fn gt(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_GT_OQ>(a, b) }
        fn eq(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b) }
        fn select(m: __m256, a: __m256, b: __m256) -> __m256 { _mm256_blendv_ps(b, a, m) }
        fn nan(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_UNORD_Q>(a, b) }
        fn and(a: __m256, b: __m256) -> __m256 { _mm256_and_ps(a, b) }
        fn or(a: __m256, b: __m256) -> __m256 { _mm256_or_ps(a, b) }
        fn and_not(a: __m256, b: __m256) -> __m256 { _mm256_andnot_ps(b, a) }
    }

    #[inline(always)]
    fn scale(self, x: __m256, n: __m256) -> __m256 {
        // As in the portable path: two steps, of which the first is exact.
        let half = self.round(self.mul(n, self.splat(0.5)));
        let rest = self.sub(n, half);
        self.mul(self.mul(x, self.exp2_whole(half)), self.exp2_whole(rest))
    }
}

/// All bits set in the first n of 8 lanes, all of them for n ≥ 8.
///
/// # Safety
/// The processor has AVX.
#[inline(always)]
unsafe fn first(n: usize) -> __m256i {
    const WINDOW: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: the duty above; the 8 numbers start at 8 − min(n, 8), which lies in 0 ..= 8 of 16.
    unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add(8 - n.min(8)).cast()) }
}
