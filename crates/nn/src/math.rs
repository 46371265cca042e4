//! The few transcendental functions of f64 that schedules need, with the same bits on every machine.
//!
//! The platform's `cos`, `exp` and `ln` may differ in their last bit between systems; these use +, ×, ÷ only.

use std::f64::consts::{LN_2, PI};

/// cos x for x in [0, π], to about 1e-15.
pub(crate) fn cos(x: f64) -> f64 {
    if x > PI / 2.0 {
        return -cos(PI - x);
    }
    let x2 = x * x;
    (1..=12).rev().fold(1.0, |sum, k| 1.0 - x2 / ((2 * k - 1) * (2 * k)) as f64 * sum)
}

/// eˣ, to about 1e-15 relative, for |x| < 700.
pub(crate) fn exp(x: f64) -> f64 {
    let n = (x / LN_2).round_ties_even();
    let r = x - n * LN_2;
    let series = (1..=18).rev().fold(1.0, |sum, k| 1.0 + r / k as f64 * sum);
    let half = (n / 2.0).trunc() as i32;
    series * two_to(half) * two_to(n as i32 - half)
}

fn two_to(n: i32) -> f64 {
    f64::from_bits(((n.clamp(-1022, 1023) + 1023) as u64) << 52)
}

/// ln x for positive normal x, to about 1e-15.
pub(crate) fn ln(x: f64) -> f64 {
    let mut exponent = ((x.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    let mut m = f64::from_bits((x.to_bits() & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let t = (m - 1.0) / (m + 1.0);
    let series = (0..14).rev().fold(0.0, |sum, k| sum * t * t + 1.0 / (2 * k + 1) as f64);
    exponent as f64 * LN_2 + 2.0 * t * series
}

/// xʸ for x ≥ 0; 0⁰ = 1.
pub(crate) fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        1.0
    } else if x <= 0.0 {
        0.0
    } else if y == 1.0 {
        x
    } else {
        exp((y * ln(x)).clamp(-700.0, 700.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_platform_to_a_few_units_in_the_last_place() {
        for i in 0..=1000 {
            let t = i as f64 / 1000.0;
            assert!((cos(t * PI) - (t * PI).cos()).abs() < 4e-16, "cos {}", t * PI);
            let x = 60.0 * (t - 0.5);
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-14, "exp {x}");
            let y = 10f64.powf(x / 3.0);
            assert!((ln(y) - y.ln()).abs() < 1e-14 * y.ln().abs().max(0.1), "ln {y}");
            assert!((pow(t, 0.5) - t.sqrt()).abs() < 1e-14, "pow {t}");
        }
    }
}
