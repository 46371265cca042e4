//! The normal distribution cut off at two ends, exact far into its tails.
//!
//! The branches, series and stopping rules are those of Optuna 5.0 (`samplers/_tpe/_truncnorm.py`, which follows
//! SciPy), so that its numbers come out. Transcendental functions are those of the `libm` crate: the same bits on
//! every machine.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI, SQRT_2};

use libm::{erf, erfc, exp, expm1, log, log1p};

/// ln √(2π).
pub(crate) const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_7;

/// Φ(x), the probability below `x`.
fn cdf(x: f64) -> f64 {
    let y = x / SQRT_2;
    if y < -FRAC_1_SQRT_2 {
        0.5 * erfc(-y)
    } else if y < FRAC_1_SQRT_2 {
        0.5 + 0.5 * erf(y)
    } else {
        1.0 - 0.5 * erfc(y)
    }
}

/// ln Φ(x).
pub(crate) fn ln_cdf(x: f64) -> f64 {
    if x > 6.0 {
        -cdf(-x)
    } else if x > -20.0 {
        log(cdf(x))
    } else {
        ln_cdf_of_the_tail(x)
    }
}

/// The asymptotic series −x²/2 − ln(−x) − ln √(2π) + ln(1 − 1/x² + 3/x⁴ − …).
fn ln_cdf_of_the_tail(x: f64) -> f64 {
    let lead = -0.5 * x * x - log(-x) - LN_SQRT_TAU;
    let (mut last, mut sum, mut numerator, mut denominator, mut sign) = (0.0, 1.0, 1.0, 1.0, 1.0);
    let (factor, mut odd) = (1.0 / (x * x), 1.0);
    while f64::abs(last - sum) > f64::EPSILON {
        last = sum;
        sign = -sign;
        denominator *= factor;
        numerator *= odd;
        sum += sign * numerator * denominator;
        odd += 2.0;
    }
    lead + log(sum)
}

/// ln(eᵖ − e^q).
fn ln_difference(p: f64, q: f64) -> f64 {
    if p == f64::NEG_INFINITY { p } else { p + log1p(-exp(q - p)) }
}

/// ln(eᵖ + e^q).
fn ln_sum(p: f64, q: f64) -> f64 {
    if p == q { p + LN_2 } else { p.max(q) + log1p(exp(-(p - q).abs())) }
}

/// The logarithm of the probability between `a` and `b`, a ≤ b.
pub(crate) fn ln_mass(a: f64, b: f64) -> f64 {
    if b <= 0.0 {
        ln_difference(ln_cdf(b), ln_cdf(a))
    } else if a > 0.0 {
        ln_difference(ln_cdf(-a), ln_cdf(-b))
    } else {
        let tail = |x: f64| 0.5 + 0.5 * erf(x / SQRT_2);
        log1p(-tail(a) - tail(-b))
    }
}

/// The logarithm of the density at `x`.
pub(crate) fn ln_density(x: f64) -> f64 {
    -(x * x) / 2.0 - LN_SQRT_TAU
}

/// The logarithm of the probability of a narrow slice around `z`, of width `h` < 0.05, by its Taylor series.
///
/// It needs no tails, which cancel in a slice, and is many times faster. As exact as [`ln_mass`] where |z| h < 0.25
/// (the first term left out is (z h)¹⁰ / 4 · 10¹⁰), good to two digits of the probability up to |z| h = 5.
pub(crate) fn ln_mass_of_slice(z: f64, h: f64) -> f64 {
    // Hermite's polynomials He₂ … He₈ over 2ⁿ (n + 1)!.
    let (z2, h2) = (z * z, h * h);
    let second = (z2 - 1.0) / 24.0;
    let fourth = ((z2 - 6.0) * z2 + 3.0) / 1920.0;
    let sixth = (((z2 - 15.0) * z2 + 45.0) * z2 - 15.0) / 322_560.0;
    let eighth = ((((z2 - 28.0) * z2 + 210.0) * z2 - 420.0) * z2 + 105.0) / 92_897_280.0;
    let series = 1.0 + h2 * (second + h2 * (fourth + h2 * (sixth + h2 * eighth)));
    ln_density(z) + log(h * series)
}

/// The `q` quantile, 0 ≤ q ≤ 1, of the distribution truncated at `a` and `b`, a < b.
pub(crate) fn quantile(q: f64, a: f64, b: f64) -> f64 {
    if q == 0.0 {
        return a;
    }
    if q == 1.0 {
        return b;
    }
    let ln_mass = ln_mass(a, b);
    if a < 0.0 {
        inverse_ln_cdf(ln_sum(ln_cdf(a), log(q) + ln_mass))
    } else {
        -inverse_ln_cdf(ln_sum(ln_cdf(-b), log1p(-q) + ln_mass))
    }
}

/// The x with ln Φ(x) = y, by Newton's method to eight digits and one step more, which doubles them.
fn inverse_ln_cdf(y: f64) -> f64 {
    // Near 0 the other tail has the digits.
    let flipped = y > -1e-2;
    let z = if flipped { log(-expm1(y)) } else { y };
    let mut x =
        if z < -5.0 { -(-2.0 * (z + LN_SQRT_TAU)).sqrt() } else { -(3f64.sqrt() / PI) * log(expm1(-z)) };
    for _ in 0..100 {
        let ln_cdf = ln_cdf(x);
        let step = (ln_cdf - z) * exp(ln_cdf - ln_density(x));
        x -= step;
        if step.abs() < 1e-8 * x.abs() {
            break;
        }
    }
    if flipped { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath with 60 digits, by `tests/golden/make_normal.py`.
    #[test]
    fn every_function_is_exact_to_thirteen_digits() {
        let golden = include_str!("../tests/golden/normal.txt");
        let mut checked = 0;
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let (name, numbers) = line.split_once(' ').expect("a name");
            let numbers: Vec<f64> = numbers.split(' ').map(|word| word.parse().expect("a number")).collect();
            let (found, expected) = match (name, &numbers[..]) {
                ("ln_cdf", &[x, y]) => (ln_cdf(x), y),
                ("ln_mass", &[a, b, y]) => (ln_mass(a, b), y),
                ("ln_mass_of_slice", &[z, h, y]) => (ln_mass_of_slice(z, h), y),
                ("quantile", &[q, a, b, y]) => (quantile(q, a, b), y),
                _ => panic!("{line}"),
            };
            assert!((found - expected).abs() <= 1e-13 * f64::max(1.0, expected.abs()), "{line}: {found}");
            checked += 1;
        }
        assert!(checked > 100);
    }

    /// The same numbers on every machine: of processors, systems, compilers.
    #[test]
    fn bits_are_frozen_for_ever() {
        let bits = [
            ln_cdf(-1.5),
            ln_cdf(-30.0),
            ln_mass(-0.5, 2.0),
            quantile(0.3, -1.0, 4.0),
            quantile(0.9, 3.0, 9.0),
        ];
        assert_eq!(
            bits.map(f64::to_bits),
            [
                13_836_647_700_752_411_090,
                13_870_072_156_893_997_185,
                13_824_292_674_373_887_350,
                13_820_641_021_688_831_582,
                4_615_384_649_782_079_423,
            ]
        );
    }
}
