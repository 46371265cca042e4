//! exp, ln, tanh, sigmoid and the normal distribution of our own, so that the same bits come out everywhere.
//!
//! Each is written once over the vector trait. Errors are in units in the last place of the true result: the largest
//! found against f64 over every third of all floats. Subnormal arguments and results are treated as any other.

use crate::simd::Simd;

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts; the first has so few bits that its product with a whole number is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// For x = n ln 2 + r: the whole number n, and eʳ − 1 by a polynomial (minimax, fitted with its
/// coefficients rounded one after the other; its own error is 0.002 ulp).
#[inline(always)]
fn exp_parts<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let n = s.round(s.mul(x, s.splat(LOG2_E)));
    let r = s.fnma(n, s.splat(LN_2_HIGH), x);
    let r = s.fnma(n, s.splat(LN_2_LOW), r);
    let mut q = s.splat(1.974_024_5e-4);
    for c in [1.393_507_9e-3, 8.333_57e-3, 4.166_646_3e-2, 0.166_666_66, 0.5] {
        q = s.fma(q, r, s.splat(c));
    }
    (n, s.fma(s.mul(r, r), q, r))
}

/// eˣ, to 0.98 ulp; 0 from −104 down, ∞ from 88.73 up, NaN for NaN.
#[inline(always)]
pub(crate) fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // This order of the arguments lets NaN through.
    let x = s.max(s.splat(-104.0), s.min(s.splat(89.0), x));
    let (n, p) = exp_parts(s, x);
    s.scale(s.add(p, s.splat(1.0)), n)
}

/// eˣ − 1, with all its digits for small x too; to 0.9 ulp for x ≤ 0, to 1.5 up to 88, beyond which it stays where it
/// is.
#[inline(always)]
pub(crate) fn exp_minus_one<S: Simd>(s: S, x: S::V) -> S::V {
    let (n, p) = exp_parts(s, s.max(s.splat(-80.0), s.min(s.splat(88.0), x)));
    let power = s.exp2_whole(n);
    s.fma(power, p, s.sub(power, s.splat(1.0)))
}

/// The natural logarithm, to 0.83 ulp; −∞ for 0, NaN below, ∞ for ∞.
#[inline(always)]
pub(crate) fn ln<S: Simd>(s: S, x: S::V) -> S::V {
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    let tiny = s.gt(s.splat(f32::MIN_POSITIVE), x);
    let (e, m) = s.split_exponent(s.select(tiny, s.mul(x, s.splat(8_388_608.0)), x));
    let e = s.select(tiny, s.sub(e, s.splat(23.0)), e);
    let upper = s.gt(m, s.splat(std::f32::consts::SQRT_2));
    let f = s.sub(s.select(upper, s.mul(m, s.splat(0.5)), m), one);
    let e = s.select(upper, s.add(e, one), e);
    // The polynomial of Cephes' `logf`.
    let mut q = s.splat(7.037_683_6e-2);
    for c in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        q = s.fma(q, f, s.splat(c));
    }
    let square = s.mul(f, f);
    let low = s.fma(e, s.splat(LN_2_LOW), s.mul(s.mul(q, f), square));
    let low = s.fnma(s.splat(0.5), square, low);
    let y = s.fma(e, s.splat(LN_2_HIGH), s.add(f, low));
    let y = s.select(s.gt(x, s.splat(f32::MAX)), x, y);
    let y = s.select(s.gt(zero, x), s.splat(f32::NAN), y);
    let y = s.select(s.eq(x, zero), s.splat(f32::NEG_INFINITY), y);
    s.select(s.eq(x, x), y, x)
}

/// tanh x = −t / (t + 2) with t = exp(−2x) − 1 for x ≥ 0, mirrored; to 2.5 ulp.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    let t = exp_minus_one(s, s.mul(s.splat(-2.0), s.abs(x)));
    s.copysign(s.div(t, s.add(t, s.splat(2.0))), x)
}

/// 1 / (1 + e⁻ˣ), without overflow on either side; to 2.5 ulp.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    let e = exp(s, s.sub(zero, s.abs(x)));
    s.div(s.select(s.gt(x, zero), one, e), s.add(one, e))
}

/// The normal distribution: (Φ(z), exp(−z² / 2)); Φ to 5.7 ulp, far down the left tail too.
///
/// For t = |z|, Φ(−t) = exp(−t² / 2) u P(2u − 1) with u = 1 / (1 + 0.3 t); P is a minimax polynomial for t ≤ 14.5 (its
/// own error is 0.3 ulp), beyond which Φ(−t) is 0 in f32.
#[inline(always)]
pub(crate) fn normal<S: Simd>(s: S, z: S::V) -> (S::V, S::V) {
    let (half, one) = (s.splat(0.5), s.splat(1.0));
    let t = s.min(s.splat(16.0), s.abs(z));
    // What is lost in rounding t² would be a large part of its exponential: it is made good to first order.
    let square = s.mul(t, t);
    let lost = s.fnma(t, t, square);
    let bell = exp(s, s.mul(square, s.splat(-0.5)));
    let bell = s.fma(s.mul(bell, half), lost, bell);
    let u = s.div(one, s.fma(t, s.splat(0.3), one));
    // 2u − 1, on either side in the form that magnifies the error of u less.
    let near = s.fnma(s.mul(t, s.splat(0.6)), u, one);
    let x = s.select(s.gt(t, s.splat(2.0)), s.sub(s.add(u, u), one), near);
    let mut p = s.splat(-4.719_201_8e-5);
    for c in [
        8.623_527e-5,
        2.853_643_4e-4,
        -5.787_724e-4,
        -2.424_399_1e-3,
        1.818_833_2e-3,
        2.776_04e-2,
        8.654_942e-2,
        0.164_579_48,
        0.221_970_62,
    ] {
        p = s.fma(p, x, s.splat(c));
    }
    let tail = s.mul(bell, s.mul(u, p));
    (s.select(s.gt(z, s.splat(0.0)), s.sub(one, tail), tail), bell)
}
