//! AVX-512: 16 lanes, masks in registers of their own.

use std::arch::x86_64::*;

use super::Simd;
use crate::bf16::SMALLEST;

/// The bits of a float that make a bfloat16 number.
const UPPER: i32 = 0xffff_0000_u32.cast_signed();

/// The proof that the processor has AVX-512 F, VL, BW, DQ, and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The processor has these instruction sets.
    #[inline(always)]
    pub(crate) unsafe fn assume_available() -> Avx512 {
        Avx512(())
    }
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    const ROWS: usize = 12;
    type V = __m512;
    type M = __mmask16;

    on_memory! {
        unsafe fn load(p: *const f32) -> __m512 { _mm512_loadu_ps(p) }
        unsafe fn store(p: *mut f32, v: __m512) { _mm512_storeu_ps(p, v) }
        unsafe fn load_first(p: *const f32, n: usize) -> __m512 { _mm512_maskz_loadu_ps(first(n), p) }
        unsafe fn load_first_or(p: *const f32, n: usize, fill: __m512) -> __m512 {
            _mm512_mask_loadu_ps(fill, first(n), p)
        }
        unsafe fn store_first(p: *mut f32, v: __m512, n: usize) { _mm512_mask_storeu_ps(p, first(n), v) }
        unsafe fn load_u8(p: *const u8) -> __m512 {
            _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(p.cast())))
        }
        unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> __mmask16 {
            let words = _mm512_maskz_loadu_epi32(first(n), words.cast());
            _mm512_cmpge_epu32_mask(words, _mm512_set1_epi32(threshold.cast_signed()))
        }
        unsafe fn store_mask(p: *mut u8, m: __mmask16) { p.cast::<u16>().write_unaligned(m) }
        unsafe fn load_mask(p: *const u8) -> __mmask16 { p.cast::<u16>().read_unaligned() }
    }

    on_memory! {
        unsafe fn load_halves(p: *const u16) -> __m512 {
            let words = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(words))
        }
        unsafe fn load_pairs(p: *const u16) -> (__m512, __m512) {
            let pairs = _mm512_loadu_si512(p.cast());
            let second = _mm512_and_si512(pairs, _mm512_set1_epi32(UPPER));
            (_mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs)), _mm512_castsi512_ps(second))
        }
        unsafe fn store_halves(p: *mut u16, v: __m512) {
            let upper = _mm512_srli_epi32::<16>(_mm512_castps_si512(v));
            _mm256_storeu_si256(p.cast(), _mm512_cvtepi32_epi16(upper))
        }
        unsafe fn store_pairs(p: *mut u16, first: __m512, second: __m512) {
            let lower = _mm512_srli_epi32::<16>(_mm512_castps_si512(first));
            let upper = _mm512_and_si512(_mm512_castps_si512(second), _mm512_set1_epi32(UPPER));
            _mm512_storeu_si512(p.cast(), _mm512_or_si512(lower, upper))
        }
    }

    on_memory! {
        unsafe fn pair_lines(
            lines: [*const u16; 2],
            masks: [u32; 2],
            plain: *mut u16,
            pairs: [*mut u16; 2]
        ) {
            let upper = _mm512_maskz_loadu_epi16(masks[0], lines[0].cast());
            let lower = _mm512_maskz_loadu_epi16(masks[1], lines[1].cast());
            if !plain.is_null() {
                _mm512_storeu_si512(plain.cast(), upper);
                _mm512_storeu_si512(plain.add(32).cast(), lower);
            }
            // Within each 128 bits the four lower and the four upper columns.
            let (low, high) = (_mm512_unpacklo_epi16(upper, lower), _mm512_unpackhi_epi16(upper, lower));
            let first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
            let last = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
            _mm512_storeu_si512(pairs[0].cast(), _mm512_permutex2var_epi64(low, first, high));
            _mm512_storeu_si512(pairs[1].cast(), _mm512_permutex2var_epi64(low, last, high));
        }
        unsafe fn transpose_words(from: *const u32, to: *mut u32) {
            let lines = transposed(std::array::from_fn(|i| _mm512_loadu_si512(from.add(16 * i).cast())));
            for (i, line) in lines.into_iter().enumerate() {
                _mm512_storeu_si512(to.add(16 * i).cast(), line);
            }
        }
    }

    on_values! {
        fn splat(x: f32) -> __m512 { _mm512_set1_ps(x) }
        fn prefetch(p: *const u8) { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
        fn prefetch_write(p: *const u8) { _mm_prefetch::<_MM_HINT_ET0>(p.cast()) }
        fn add(a: __m512, b: __m512) -> __m512 { _mm512_add_ps(a, b) }
        fn sub(a: __m512, b: __m512) -> __m512 { _mm512_sub_ps(a, b) }
        fn mul(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        fn div(a: __m512, b: __m512) -> __m512 { _mm512_div_ps(a, b) }
        fn fma(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fmadd_ps(a, b, c) }
        fn fnma(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fnmadd_ps(a, b, c) }
        fn max(a: __m512, b: __m512) -> __m512 { _mm512_max_ps(a, b) }
        fn min(a: __m512, b: __m512) -> __m512 { _mm512_min_ps(a, b) }
        fn sqrt(a: __m512) -> __m512 { _mm512_sqrt_ps(a) }
        fn abs(a: __m512) -> __m512 { _mm512_abs_ps(a) }
        fn copysign(a: __m512, b: __m512) -> __m512 {
            let sign = _mm512_set1_ps(-0.0);
            _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b))
        }
        fn round(a: __m512) -> __m512 {
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
        }
        fn exp2_whole(n: __m512) -> __m512 {
            let biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased))
        }
        fn scale(x: __m512, n: __m512) -> __m512 { _mm512_scalef_ps(x, n) }
        fn split_exponent(x: __m512) -> (__m512, __m512) {
            let bits = _mm512_castps_si512(x);
            let e = _mm512_sub_epi32(_mm512_srli_epi32::<23>(bits), _mm512_set1_epi32(127));
            let m = _mm512_and_si512(bits, _mm512_set1_epi32(0x007f_ffff));
            let m = _mm512_or_si512(m, _mm512_set1_epi32(0x3f80_0000));
            (_mm512_cvtepi32_ps(e), _mm512_castsi512_ps(m))
        }
        fn to_halves(v: __m512) -> __m512 {
            let kept = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(_mm512_abs_ps(v), _mm512_set1_ps(SMALLEST));
            // Any NaN becomes the processor's own one, all else stays as it is; zero where it is small.
            let v = _mm512_maskz_fixupimm_ps::<0>(kept, v, v, _mm512_set1_epi32(0x1111_1133));
            let bits = _mm512_castps_si512(v);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
            _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32(UPPER)))
        }
        fn to_halves_of_positive(v: __m512) -> __m512 {
            let bits = _mm512_castps_si512(v);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            _mm512_castsi512_ps(_mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd))
        }
        fn gt(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b) }
        fn eq(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
        fn select(m: __mmask16, a: __m512, b: __m512) -> __m512 { _mm512_mask_blend_ps(m, b, a) }
        fn nan(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, b) }
    }

    #[inline(always)]
    fn and(self, a: __mmask16, b: __mmask16) -> __mmask16 {
        a & b
    }
    #[inline(always)]
    fn or(self, a: __mmask16, b: __mmask16) -> __mmask16 {
        a | b
    }
    #[inline(always)]
    fn and_not(self, a: __mmask16, b: __mmask16) -> __mmask16 {
        a & !b
    }
}

/// A mask of the first n lanes, all of them for n ≥ 16.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    if n >= 16 { !0 } else { (1u16 << n) - 1 }
}

/// The transpose of 16 × 16 words, in four rounds of exchanges.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn transposed(r: [__m512i; 16]) -> [__m512i; 16] {
    let (mut t, mut u, mut v, mut w) = (r, r, r, r);
    // SAFETY: the duty above; nothing is read or written.
    unsafe {
        for i in 0..8 {
            t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
            t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
        }
        for i in 0..4 {
            for j in 0..2 {
                u[4 * i + 2 * j] = _mm512_unpacklo_epi64(t[4 * i + j], t[4 * i + 2 + j]);
                u[4 * i + 2 * j + 1] = _mm512_unpackhi_epi64(t[4 * i + j], t[4 * i + 2 + j]);
            }
        }
        for i in 0..2 {
            for j in 0..4 {
                v[8 * i + j] = _mm512_shuffle_i32x4::<0x88>(u[8 * i + j], u[8 * i + 4 + j]);
                v[8 * i + 4 + j] = _mm512_shuffle_i32x4::<0xdd>(u[8 * i + j], u[8 * i + 4 + j]);
            }
        }
        for j in 0..8 {
            w[j] = _mm512_shuffle_i32x4::<0x88>(v[j], v[8 + j]);
            w[8 + j] = _mm512_shuffle_i32x4::<0xdd>(v[j], v[8 + j]);
        }
    }
    w
}
