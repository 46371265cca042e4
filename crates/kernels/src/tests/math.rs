//! The functions against f64, over the whole range.

use super::same_everywhere;
use crate::lanes::each_vector;
use crate::math::*;
use crate::simd::{Portable, Simd, dispatch};

/// Φ(z), the distribution function of the normal distribution.
#[inline(always)]
fn normal_cdf<S: Simd>(s: S, z: S::V) -> S::V {
    normal(s, z).0
}

macro_rules! slice_function {
    ($(#[$doc:meta])* $name:ident = $f:ident) => {
        $(#[$doc])*
        fn $name(x: &[f32], y: &mut [f32]) {
            dispatch! { fn run(x: &[f32], y: &mut [f32]) = each }
            #[inline(always)]
            fn each<S: Simd>(s: S, x: &[f32], y: &mut [f32]) {
                each_vector!(s, [v in x], [out in y], {
                    out = $f(s, v);
                });
            }
            run(x, y);
        }
    };
}

slice_function! {
    /// y\[i\] = exp(x\[i\]).
    exp_slice = exp
}
slice_function! {
    /// y\[i\] = exp(x\[i\]) − 1 for x\[i\] ≤ 88.
    exp_minus_one_slice = exp_minus_one
}
slice_function! {
    /// y\[i\] = ln(x\[i\]).
    ln_slice = ln
}
slice_function! {
    /// y\[i\] = tanh(x\[i\]).
    tanh_slice = tanh
}
slice_function! {
    /// y\[i\] = 1 / (1 + exp(−x\[i\])).
    sigmoid_slice = sigmoid
}
slice_function! {
    /// y\[i\] = Φ(x\[i\]), the distribution function of the normal distribution.
    normal_cdf_slice = normal_cdf
}

/// exp(x), by itself.
fn exp_f32(x: f32) -> f32 {
    exp(Portable, Portable.splat(x))[0]
}

/// ln(x), by itself.
fn ln_f32(x: f32) -> f32 {
    ln(Portable, Portable.splat(x))[0]
}

/// The distance of two floats around `x`, that of the smallest normal numbers below them.
fn ulp(x: f64) -> f64 {
    let near = (x.abs() as f32).clamp(f32::MIN_POSITIVE, f32::MAX);
    2f64.powi((near.to_bits() >> 23) as i32 - 127 - 23)
}

/// The largest error in ulp over a sample of all bit patterns for which `wanted` holds. Infinite results must be
/// infinite, NaN must be NaN.
fn worst(f: fn(&[f32], &mut [f32]), exact: fn(f64) -> f64, wanted: fn(f32) -> bool) -> f64 {
    let x: Vec<f32> =
        (0..=u32::MAX / 1021).map(|i| f32::from_bits(i * 1021)).filter(|&x| wanted(x)).collect();
    let mut y = vec![0.0; x.len()];
    f(&x, &mut y);
    let mut worst = 0.0f64;
    for (&x, &y) in x.iter().zip(&y) {
        let truth = exact(x.into());
        if truth.is_nan() || (truth as f32).is_infinite() || !y.is_finite() {
            assert!(y == truth as f32 || (y.is_nan() && truth.is_nan()), "f({x:e}) = {y:e}, not {truth:e}");
        } else {
            worst = worst.max((f64::from(y) - truth).abs() / ulp(truth));
        }
    }
    worst
}

fn sigmoid64(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Φ by the series ½ + φ(t)(t + t³/3 + t⁵/15 + …) below 3 and the continued fraction of Mills' ratio above.
fn normal64(z: f64) -> f64 {
    let t = z.abs();
    let density = (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let tail = if t.is_nan() {
        return z;
    } else if t < 3.0 {
        let (mut term, mut sum) = (t, t);
        for k in 1..80 {
            term *= t * t / f64::from(2 * k + 1);
            sum += term;
        }
        0.5 - sum * density
    } else if t < 40.0 {
        density / (1..=100).rev().fold(t, |below, k| t + f64::from(k) / below)
    } else {
        0.0
    };
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// `scipy.stats.norm.cdf`.
#[test]
fn the_test_s_own_normal_distribution_is_that_of_scipy() {
    for (z, cdf) in [
        (-13.0, 6.117164399549704e-39),
        (-6.0, 9.865876450376946e-10),
        (-3.0, 0.0013498980316300933),
        (-1.0, 0.15865525393145707),
        (-0.1, 0.460172162722971),
        (0.5, 0.6914624612740131),
        (2.0, 0.9772498680518208),
        (4.0, 0.9999683287581669),
    ] {
        assert!((normal64(z) - cdf).abs() < 1e-13 * cdf, "{z}: {:e}, not {cdf:e}", normal64(z));
    }
}

#[test]
fn exp_is_right_to_an_ulp_for_every_argument() {
    assert!(worst(exp_slice, f64::exp, |_| true) <= 1.0);
}

#[test]
fn exp_minus_one_is_right_to_an_ulp_below_zero_and_to_one_and_a_half_up_to_88() {
    assert!(worst(exp_minus_one_slice, f64::exp_m1, |x| x.is_nan() || x <= 0.0) <= 1.0);
    assert!(worst(exp_minus_one_slice, f64::exp_m1, |x| (0.0..=88.0).contains(&x)) <= 1.5);
}

#[test]
fn ln_is_right_to_an_ulp_for_every_argument() {
    assert!(worst(ln_slice, f64::ln, |_| true) <= 1.0);
}

#[test]
fn tanh_is_right_to_two_and_a_half_ulp_for_every_argument() {
    assert!(worst(tanh_slice, f64::tanh, |_| true) <= 2.6);
}

#[test]
fn sigmoid_is_right_to_two_and_a_half_ulp_for_every_argument() {
    assert!(worst(sigmoid_slice, sigmoid64, |_| true) <= 2.5);
}

#[test]
fn the_normal_distribution_is_right_to_six_ulp_for_every_argument() {
    assert!(worst(normal_cdf_slice, normal64, |_| true) <= 6.0);
}

#[test]
fn the_ends_are_as_they_should_be() {
    assert_eq!([exp_f32(f32::NEG_INFINITY), exp_f32(f32::INFINITY), exp_f32(0.0)], [0.0, f32::INFINITY, 1.0]);
    assert_eq!(exp_f32(-104.0), 0.0);
    assert_eq!(exp_f32(-100.0), 3.78e-44, "a subnormal result");
    assert_eq!(
        [ln_f32(0.0), ln_f32(-0.0), ln_f32(f32::INFINITY)],
        [-f32::INFINITY, -f32::INFINITY, f32::INFINITY]
    );
    assert_eq!([ln_f32(1.0), ln_f32(1e-45)], [0.0, -103.278_93]);
    assert!(ln_f32(-1.0).is_nan() && exp_f32(f32::NAN).is_nan() && ln_f32(f32::NAN).is_nan());
}

#[test]
fn every_length_and_instruction_set_gives_the_bits_of_the_single_number() {
    for n in 0..70 {
        let x: Vec<f32> = (0..n).map(|i| (i as f32 - 20.0) * 1.7).collect();
        for (f, single) in
            [(exp_slice as fn(&[f32], &mut [f32]), exp_f32 as fn(f32) -> f32), (ln_slice, ln_f32)]
        {
            let y = same_everywhere(|| {
                let mut y = vec![7.0; n];
                f(&x, &mut y);
                y
            });
            for (x, y) in x.iter().zip(&y) {
                assert!(single(*x).to_bits() == y.to_bits() || (y.is_nan() && single(*x).is_nan()), "{x}");
            }
        }
    }
}

#[test]
fn a_sample_of_all_floats_has_the_same_bits_on_every_instruction_set() {
    let x: Vec<f32> = (0..=u32::MAX / 65_521).map(|i| f32::from_bits(i * 65_521)).collect();
    for f in [exp_slice, exp_minus_one_slice, ln_slice, tanh_slice, sigmoid_slice, normal_cdf_slice] {
        same_everywhere(|| {
            let mut y = vec![0.0; x.len()];
            f(&x, &mut y);
            y
        });
    }
}
