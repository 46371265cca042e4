//! Rounding to bfloat16: to nearest, ties to even; magnitudes below `SMALLEST` become +0, and so does −0; one NaN.
//!
//! Why a smallest magnitude: a bfloat16 number of at least 2^−56 is a whole multiple of 2^−63, so a product of two is
//! one of 2^−126, and so is every sum of products, rounded or not. Hence no result is subnormal, and it does not
//! matter that AMX and VDPBF16PS take subnormals for zeros. 2^−56 is the exact bound; 2^−50 leaves room, and the
//! gradients that it takes are 10^−15.

use crate::lanes::each_vector;
use crate::simd::{Simd, dispatch};

/// The smallest magnitude that is kept: 2^−50.
pub const SMALLEST: f32 = f32::from_bits((127 - 50) << 23);

/// A float rounded to bfloat16, as the upper 16 bits of the rounded float.
#[inline(always)]
pub fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    if x.is_nan() {
        // Payloads would differ from one processor to the next.
        return 0xffc0;
    }
    if bits & 0x7fff_ffff < SMALLEST.to_bits() {
        return 0;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The float that a bfloat16 number is.
#[inline(always)]
pub fn widen(x: u16) -> f32 {
    f32::from_bits(u32::from(x) << 16)
}

/// Each float rounded to bfloat16, and still a float: for arithmetic in f32 on rounded numbers.
///
/// # Panics
/// If the lengths differ.
pub fn round_each(x: &[f32], rounded: &mut [f32]) {
    crate::check_len("rounded floats", rounded.len(), x.len());
    round_all(x, rounded);
}

/// The same in place.
pub fn round_in_place(x: &mut [f32]) {
    round_all_in_place(x);
}

dispatch! { fn round_all(x: &[f32], rounded: &mut [f32]) = rounded_vectors }
dispatch! { fn round_all_in_place(x: &mut [f32]) = rounded_vectors_in_place }

#[inline(always)]
fn rounded_vectors<S: Simd>(s: S, x: &[f32], rounded: &mut [f32]) {
    each_vector!(s, [v in x], [r in rounded], {
        r = s.to_halves(v);
    });
}

#[inline(always)]
fn rounded_vectors_in_place<S: Simd>(s: S, x: &mut [f32]) {
    each_vector!(s, [], [v in x], {
        v = s.to_halves(v);
    });
}
