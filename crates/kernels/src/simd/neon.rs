//! NEON: 8 lanes in two registers of four, masks as registers of all ones or zeros.
//!
//! 8 lanes and not 4 or 16: a register block of 6 rows of two vectors is 24 of the 32 registers, and a row of B that is
//! as wide takes four more. It is the block of AVX2, in halves.

use std::arch::aarch64::*;
use std::arch::asm;

use super::Simd;
use crate::bf16::SMALLEST;

const _: () = assert!(cfg!(target_feature = "neon"), "a target of aarch64 without NEON");

/// NEON, which every processor of this target has, as the line before asserts.
#[derive(Clone, Copy)]
pub(crate) struct Neon;

/// The bits of a float that make a bfloat16 number.
const UPPER: u32 = 0xffff_0000;

/// The lower and the upper four lanes.
type Vector = (float32x4_t, float32x4_t);
type Mask = (uint32x4_t, uint32x4_t);

/// An intrinsic of both halves of its arguments.
macro_rules! halves {
    ($f:ident $(::<$n:literal>)? ($($v:ident),+)) => { ($f$(::<$n>)?($($v.0),+), $f$(::<$n>)?($($v.1),+)) };
}

impl Simd for Neon {
    const LANES: usize = 8;
    const ROWS: usize = 6;
    type V = Vector;
    type M = Mask;

    on_memory! {
        unsafe fn load(p: *const f32) -> Vector { (vld1q_f32(p), vld1q_f32(p.add(4))) }
        unsafe fn store(p: *mut f32, v: Vector) {
            vst1q_f32(p, v.0);
            vst1q_f32(p.add(4), v.1)
        }
        unsafe fn load_first(p: *const f32, n: usize) -> Vector {
            let zero = vdupq_n_f32(0.0);
            (load_four(p, n, zero), load_four(p.wrapping_add(4), n.saturating_sub(4), zero))
        }
        unsafe fn load_first_or(p: *const f32, n: usize, fill: Vector) -> Vector {
            (load_four(p, n, fill.0), load_four(p.wrapping_add(4), n.saturating_sub(4), fill.1))
        }
        unsafe fn store_first(p: *mut f32, v: Vector, n: usize) {
            store_four(p, v.0, n);
            store_four(p.wrapping_add(4), v.1, n.saturating_sub(4))
        }
        unsafe fn load_u8(p: *const u8) -> Vector {
            let words = vmovl_u8(vld1_u8(p));
            (vcvtq_f32_u32(vmovl_u16(vget_low_u16(words))), vcvtq_f32_u32(vmovl_high_u16(words)))
        }
        unsafe fn at_least(words: *const u32, n: usize, threshold: u32) -> Mask {
            let (words, threshold) = (Neon.load_first(words.cast(), n), vdupq_n_u32(threshold));
            let words = halves!(vreinterpretq_u32_f32(words));
            (vcgeq_u32(words.0, threshold), vcgeq_u32(words.1, threshold))
        }
        unsafe fn store_mask(p: *mut u8, m: Mask) {
            let lanes = vmovn_u16(vcombine_u16(vmovn_u32(m.0), vmovn_u32(m.1)));
            p.write(vaddv_u8(vand_u8(lanes, bits())))
        }
        unsafe fn load_mask(p: *const u8) -> Mask {
            // Signed, so that all bits of a lane become those of the byte.
            let words = vmovl_s8(vreinterpret_s8_u8(vtst_u8(vdup_n_u8(p.read()), bits())));
            let wide = (vmovl_s16(vget_low_s16(words)), vmovl_high_s16(words));
            halves!(vreinterpretq_u32_s32(wide))
        }
    }

    on_memory! {
        unsafe fn load_halves(p: *const u16) -> Vector {
            let halves = vld1q_u16(p);
            let words = (vshll_n_u16::<16>(vget_low_u16(halves)), vshll_n_u16::<16>(vget_high_u16(halves)));
            halves!(vreinterpretq_f32_u32(words))
        }
        unsafe fn load_pairs(p: *const u16) -> (Vector, Vector) {
            let pairs = (vld1q_u32(p.cast()), vld1q_u32(p.add(8).cast()));
            let (first, upper) = (halves!(vshlq_n_u32::<16>(pairs)), vdupq_n_u32(UPPER));
            let second = (vandq_u32(pairs.0, upper), vandq_u32(pairs.1, upper));
            (halves!(vreinterpretq_f32_u32(first)), halves!(vreinterpretq_f32_u32(second)))
        }
        unsafe fn store_halves(p: *mut u16, v: Vector) {
            let bits = halves!(vreinterpretq_u32_f32(v));
            vst1q_u16(p, vcombine_u16(vshrn_n_u32::<16>(bits.0), vshrn_n_u32::<16>(bits.1)))
        }
        unsafe fn store_pairs(p: *mut u16, first: Vector, second: Vector) {
            let (first, second) = (halves!(vreinterpretq_u32_f32(first)), halves!(vreinterpretq_u32_f32(second)));
            // The upper halves of the first numbers move down below those of the second ones.
            let pairs = (vsriq_n_u32::<16>(second.0, first.0), vsriq_n_u32::<16>(second.1, first.1));
            vst1q_u32(p.cast(), pairs.0);
            vst1q_u32(p.add(8).cast(), pairs.1)
        }
    }

    on_values! {
        fn splat(x: f32) -> Vector { (vdupq_n_f32(x), vdupq_n_f32(x)) }
        fn prefetch(p: *const u8) {
            asm!("prfm pldl1keep, [{0}]", in(reg) p.addr(), options(nomem, nostack, preserves_flags))
        }
        fn prefetch_write(p: *const u8) {
            asm!("prfm pstl1keep, [{0}]", in(reg) p.addr(), options(nomem, nostack, preserves_flags))
        }
        fn add(a: Vector, b: Vector) -> Vector { halves!(vaddq_f32(a, b)) }
        fn sub(a: Vector, b: Vector) -> Vector { halves!(vsubq_f32(a, b)) }
        fn mul(a: Vector, b: Vector) -> Vector { halves!(vmulq_f32(a, b)) }
        fn div(a: Vector, b: Vector) -> Vector { halves!(vdivq_f32(a, b)) }
        fn fma(a: Vector, b: Vector, c: Vector) -> Vector { halves!(vfmaq_f32(c, a, b)) }
        fn fnma(a: Vector, b: Vector, c: Vector) -> Vector { halves!(vfmsq_f32(c, a, b)) }
        // Not `vmaxq_f32` and `vminq_f32`, which give NaN where either is, and tell the zeros apart.
        fn max(a: Vector, b: Vector) -> Vector {
            let greater = halves!(vcgtq_f32(a, b));
            halves!(vbslq_f32(greater, a, b))
        }
        fn min(a: Vector, b: Vector) -> Vector {
            let less = halves!(vcltq_f32(a, b));
            halves!(vbslq_f32(less, a, b))
        }
        fn sqrt(a: Vector) -> Vector { halves!(vsqrtq_f32(a)) }
        fn abs(a: Vector) -> Vector { halves!(vabsq_f32(a)) }
        fn copysign(a: Vector, b: Vector) -> Vector {
            let sign = (vdupq_n_u32(1 << 31), vdupq_n_u32(1 << 31));
            halves!(vbslq_f32(sign, b, a))
        }
        fn round(a: Vector) -> Vector { halves!(vrndnq_f32(a)) }
        fn exp2_whole(n: Vector) -> Vector {
            let (n, bias) = (halves!(vcvtq_s32_f32(n)), vdupq_n_s32(127));
            let biased = (vaddq_s32(n.0, bias), vaddq_s32(n.1, bias));
            let bits = halves!(vshlq_n_s32::<23>(biased));
            halves!(vreinterpretq_f32_s32(bits))
        }
        fn split_exponent(x: Vector) -> (Vector, Vector) {
            let bits = halves!(vreinterpretq_u32_f32(x));
            let biased = halves!(vshrq_n_u32::<23>(bits));
            let biased = halves!(vreinterpretq_s32_u32(biased));
            let bias = vdupq_n_s32(127);
            let e = (vsubq_s32(biased.0, bias), vsubq_s32(biased.1, bias));
            let (digits, one) = (vdupq_n_u32(0x007f_ffff), vdupq_n_u32(0x3f80_0000));
            let m = (vorrq_u32(vandq_u32(bits.0, digits), one), vorrq_u32(vandq_u32(bits.1, digits), one));
            (halves!(vcvtq_f32_s32(e)), halves!(vreinterpretq_f32_u32(m)))
        }
        fn gt(a: Vector, b: Vector) -> Mask { halves!(vcgtq_f32(a, b)) }
        fn eq(a: Vector, b: Vector) -> Mask { halves!(vceqq_f32(a, b)) }
        fn select(m: Mask, a: Vector, b: Vector) -> Vector { halves!(vbslq_f32(m, a, b)) }
        fn nan(a: Vector, b: Vector) -> Mask {
            let (a, b) = (halves!(vceqq_f32(a, a)), halves!(vceqq_f32(b, b)));
            let neither = halves!(vandq_u32(a, b));
            halves!(vmvnq_u32(neither))
        }
        fn and(a: Mask, b: Mask) -> Mask { halves!(vandq_u32(a, b)) }
        fn or(a: Mask, b: Mask) -> Mask { halves!(vorrq_u32(a, b)) }
        fn and_not(a: Mask, b: Mask) -> Mask { halves!(vbicq_u32(a, b)) }
    }

    #[inline(always)]
    fn to_halves(self, v: Vector) -> Vector {
        (to_four_halves(v.0), to_four_halves(v.1))
    }

    #[inline(always)]
    fn scale(self, x: Vector, n: Vector) -> Vector {
        // As in the portable path: two steps, of which the first is exact.
        let half = self.round(self.mul(n, self.splat(0.5)));
        let rest = self.sub(n, half);
        self.mul(self.mul(x, self.exp2_whole(half)), self.exp2_whole(rest))
    }
}

/// Bit i in lane i.
#[inline(always)]
fn bits() -> uint8x8_t {
    // SAFETY: NEON is there; nothing is read or written.
    unsafe { vcreate_u8(0x8040_2010_0804_0201) }
}

/// Four floats rounded to bfloat16.
#[inline(always)]
fn to_four_halves(v: float32x4_t) -> float32x4_t {
    // SAFETY: NEON is there; nothing is read or written.
    unsafe {
        let (bits, one) = (vreinterpretq_u32_f32(v), vdupq_n_u32(1));
        let odd = vandq_u32(vshrq_n_u32::<16>(bits), one);
        let rounded = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd);
        let rounded = vandq_u32(rounded, vdupq_n_u32(UPPER));
        let rounded = vbslq_u32(vceqq_f32(v, v), rounded, vdupq_n_u32(0xffc0_0000));
        let small = vcltq_f32(vabsq_f32(v), vdupq_n_f32(SMALLEST));
        vreinterpretq_f32_u32(vbicq_u32(rounded, small))
    }
}

/// The first `n` of four floats, all of them if `n` is more; the others are those of `fill`.
///
/// # Safety
/// `n` floats at `p`, but no more than four, are readable.
#[inline(always)]
unsafe fn load_four(p: *const f32, n: usize, fill: float32x4_t) -> float32x4_t {
    // SAFETY: NEON is there; the duty above.
    unsafe {
        match n {
            0 => fill,
            1 => vld1q_lane_f32::<0>(p, fill),
            2 => vcombine_f32(vld1_f32(p), vget_high_f32(fill)),
            3 => vld1q_lane_f32::<2>(p.add(2), vcombine_f32(vld1_f32(p), vget_high_f32(fill))),
            _ => vld1q_f32(p),
        }
    }
}

/// Writes the first `n` of four floats, all of them if `n` is more.
///
/// # Safety
/// `n` floats at `p`, but no more than four, are writable.
#[inline(always)]
unsafe fn store_four(p: *mut f32, v: float32x4_t, n: usize) {
    // SAFETY: NEON is there; the duty above.
    unsafe {
        match n {
            0 => {}
            1 => vst1q_lane_f32::<0>(p, v),
            2 => vst1_f32(p, vget_low_f32(v)),
            3 => {
                vst1_f32(p, vget_low_f32(v));
                vst1q_lane_f32::<2>(p.add(2), v);
            }
            _ => vst1q_f32(p, v),
        }
    }
}
