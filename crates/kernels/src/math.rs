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
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn exp_parts<S: Simd>(x: S::V) -> (S::V, S::V) {
    unsafe {
        let n = S::round(S::mul(x, S::splat(LOG2_E)));
        let r = S::fnma(n, S::splat(LN_2_HIGH), x);
        let r = S::fnma(n, S::splat(LN_2_LOW), r);
        let mut q = S::splat(1.974_024_5e-4);
        for c in [1.393_507_9e-3, 8.333_57e-3, 4.166_646_3e-2, 0.166_666_66, 0.5] {
            q = S::fma(q, r, S::splat(c));
        }
        (n, S::fma(S::mul(r, r), q, r))
    }
}

/// eˣ, to 0.98 ulp; 0 from −104 down, ∞ from 88.73 up, NaN for NaN.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    unsafe {
        // This order of the arguments lets NaN through.
        let x = S::max(S::splat(-104.0), S::min(S::splat(89.0), x));
        let (n, p) = exp_parts::<S>(x);
        S::scale(S::add(p, S::splat(1.0)), n)
    }
}

/// eˣ − 1, with all its digits for small x too; to 0.9 ulp for x ≤ 0, to 1.5 up to 88, beyond which it stays where it is.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn exp_minus_one<S: Simd>(x: S::V) -> S::V {
    unsafe {
        let (n, p) = exp_parts::<S>(S::max(S::splat(-80.0), S::min(S::splat(88.0), x)));
        let power = S::exp2_whole(n);
        S::fma(power, p, S::sub(power, S::splat(1.0)))
    }
}

/// The natural logarithm, to 0.83 ulp; −∞ for 0, NaN below, ∞ for ∞.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn ln<S: Simd>(x: S::V) -> S::V {
    unsafe {
        let (zero, one) = (S::splat(0.0), S::splat(1.0));
        let tiny = S::gt(S::splat(f32::MIN_POSITIVE), x);
        let (e, m) = S::split_exponent(S::select(tiny, S::mul(x, S::splat(8_388_608.0)), x));
        let e = S::select(tiny, S::sub(e, S::splat(23.0)), e);
        let upper = S::gt(m, S::splat(std::f32::consts::SQRT_2));
        let f = S::sub(S::select(upper, S::mul(m, S::splat(0.5)), m), one);
        let e = S::select(upper, S::add(e, one), e);
        // The polynomial of Cephes' `logf`.
        let mut q = S::splat(7.037_683_6e-2);
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
            q = S::fma(q, f, S::splat(c));
        }
        let square = S::mul(f, f);
        let low = S::fma(e, S::splat(LN_2_LOW), S::mul(S::mul(q, f), square));
        let low = S::fnma(S::splat(0.5), square, low);
        let y = S::fma(e, S::splat(LN_2_HIGH), S::add(f, low));
        let y = S::select(S::gt(x, S::splat(f32::MAX)), x, y);
        let y = S::select(S::gt(zero, x), S::splat(f32::NAN), y);
        let y = S::select(S::eq(x, zero), S::splat(f32::NEG_INFINITY), y);
        S::select(S::eq(x, x), y, x)
    }
}

/// tanh x = −t / (t + 2) with t = exp(−2x) − 1 for x ≥ 0, mirrored; to 2.5 ulp.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn tanh<S: Simd>(x: S::V) -> S::V {
    unsafe {
        let t = exp_minus_one::<S>(S::mul(S::splat(-2.0), S::abs(x)));
        S::copysign(S::div(t, S::add(t, S::splat(2.0))), x)
    }
}

/// 1 / (1 + e⁻ˣ), without overflow on either side; to 2.5 ulp.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn sigmoid<S: Simd>(x: S::V) -> S::V {
    unsafe {
        let (zero, one) = (S::splat(0.0), S::splat(1.0));
        let e = exp::<S>(S::sub(zero, S::abs(x)));
        S::div(S::select(S::gt(x, zero), one, e), S::add(one, e))
    }
}

/// The normal distribution: (Φ(z), exp(−z² / 2)); Φ to 5.7 ulp, far down the left tail too.
///
/// For t = |z|, Φ(−t) = exp(−t² / 2) u P(2u − 1) with u = 1 / (1 + 0.3 t); P is a minimax polynomial for t ≤ 14.5 (its
/// own error is 0.3 ulp), beyond which Φ(−t) is 0 in f32.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
pub(crate) unsafe fn normal<S: Simd>(z: S::V) -> (S::V, S::V) {
    unsafe {
        let (half, one) = (S::splat(0.5), S::splat(1.0));
        let t = S::min(S::splat(16.0), S::abs(z));
        // What is lost in rounding t² would be a large part of its exponential: it is made good to first order.
        let square = S::mul(t, t);
        let lost = S::fnma(t, t, square);
        let bell = exp::<S>(S::mul(square, S::splat(-0.5)));
        let bell = S::fma(S::mul(bell, half), lost, bell);
        let u = S::div(one, S::fma(t, S::splat(0.3), one));
        // 2u − 1, on either side in the form that magnifies the error of u less.
        let near = S::fnma(S::mul(t, S::splat(0.6)), u, one);
        let x = S::select(S::gt(t, S::splat(2.0)), S::sub(S::add(u, u), one), near);
        let mut p = S::splat(-4.719_201_8e-5);
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
            p = S::fma(p, x, S::splat(c));
        }
        let tail = S::mul(bell, S::mul(u, p));
        (S::select(S::gt(z, S::splat(0.0)), S::sub(one, tail), tail), bell)
    }
}
