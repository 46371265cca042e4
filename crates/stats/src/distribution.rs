//! The normal and Student's t distribution: probability below a value, and the value for a probability.

use std::sync::LazyLock;

use crate::root::root;
use crate::special::{beta_incomplete, gamma_upper};

/// The probability that a standard normal number is at most `x`.
pub fn normal_cdf(x: f64) -> f64 {
    // Φ(x) = ½ erfc(-x / √2) and erfc(y) = Γ(½, y²) / Γ(½): the upper tail is computed as such, so that its relative
    // precision is the same far out.
    let tail = 0.5 * gamma_upper(0.5, 0.5 * x * x);
    if x <= 0.0 { tail } else { 1.0 - tail }
}

/// The value below which a standard normal number lies with probability `p`.
///
/// # Panics
/// If `p` is not strictly between 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    quantile_of(p, normal_cdf)
}

/// The probability that a t-distributed number with `df` degrees of freedom is at most `x`.
///
/// # Panics
/// If `df` is not positive.
pub fn student_cdf(x: f64, df: f64) -> f64 {
    assert!(df > 0.0, "Student's t needs positive degrees of freedom, got {df}");
    let tail = 0.5 * beta_incomplete(0.5 * df, 0.5, df / (df + x * x));
    if x <= 0.0 { tail } else { 1.0 - tail }
}

/// The value below which a t-distributed number with `df` degrees of freedom lies with probability `p`.
///
/// # Panics
/// If `p` is not strictly between 0 and 1, or `df` is not positive.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    quantile_of(p, |x| student_cdf(x, df))
}

/// The half-width, in standard errors, of a normal interval at `confidence`: 1.96 for 0.95, which is computed once.
pub(crate) fn two_sided_quantile(confidence: f64) -> f64 {
    static OF_95: LazyLock<f64> = LazyLock::new(|| normal_quantile(0.5 + 0.5 * 0.95));
    if confidence == 0.95 { *OF_95 } else { normal_quantile(0.5 + 0.5 * confidence) }
}

/// The probability that a standard normal number lies at least as far from 0 as `z`.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * normal_cdf(-z.abs())).min(1.0)
}

/// The probability that a t-distributed number lies at least as far from 0 as `t`.
pub(crate) fn student_two_sided(t: f64, df: f64) -> f64 {
    (2.0 * student_cdf(-t.abs(), df)).min(1.0)
}

/// The value above which a standard normal number lies with probability `tail` (at most ½); infinite for no tail.
pub(crate) fn normal_upper(tail: f64) -> f64 {
    upper_of(tail, normal_cdf)
}

/// The value above which a t-distributed number lies with probability `tail` (at most ½); infinite for no tail.
pub(crate) fn student_upper(tail: f64, df: f64) -> f64 {
    upper_of(tail, |x| student_cdf(x, df))
}

/// The quantile of an upper tail, for the equations that ask for it again and again: in the logarithm of the tail,
/// which is nearly straight, a few steps are enough.
fn upper_of(tail: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    if tail <= 0.0 {
        return f64::INFINITY;
    }
    let mut high = 1.0;
    while cdf(-high) > tail && high < 1e300 {
        high *= 2.0;
    }
    root(|x| (cdf(-x) / tail).ln(), 0.0, high).unwrap_or(0.0)
}

/// Inverts the cumulative function of a distribution that is symmetric around 0, by bisection in the lower tail.
///
/// Slower than a rational approximation, but right to the last bits for every distribution without tables of constants.
fn quantile_of(p: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a quantile needs a probability between 0 and 1, got {p}");
    if p == 0.5 {
        return 0.0;
    }
    if p > 0.5 {
        return -quantile_of(1.0 - p, cdf);
    }
    let mut low = -1.0;
    while cdf(low) > p && low > -1e300 {
        low *= 2.0;
    }
    let mut high = 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if cdf(middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, reference: f64, relative: f64) {
        assert!(
            (ours - reference).abs() <= relative * reference.abs().max(1e-300),
            "{ours} is not {reference}"
        );
    }

    /// `scipy.stats.norm.cdf(x)`, SciPy 1.17.1.
    #[test]
    fn the_normal_distribution_is_scipys() {
        for (x, reference) in [
            (-8.0, 6.22096057427174e-16),
            (-3.5, 0.00023262907903552502),
            (-1.96, 0.024997895148220435),
            (-1.0, 0.15865525393145707),
            (-0.1, 0.460172162722971),
            (0.0, 0.5),
            (0.3, 0.6179114221889526),
            (1.0, 0.8413447460685429),
            (2.5, 0.9937903346742238),
            (6.0, 0.9999999990134123),
        ] {
            close(normal_cdf(x), reference, 1e-12);
        }
        assert_eq!((normal_cdf(f64::NEG_INFINITY), normal_cdf(f64::INFINITY)), (0.0, 1.0));
    }

    /// `scipy.stats.norm.ppf(p)`, SciPy 1.17.1.
    #[test]
    fn normal_quantiles_are_scipys() {
        for (p, reference) in [
            (1e-10, -6.361340902404056),
            (0.001, -3.090232306167813),
            (0.025, -1.9599639845400545),
            (0.3, -0.5244005127080409),
            (0.5, 0.0),
            (0.9, 1.2815515655446004),
            (0.975, 1.959963984540054),
            (0.9999, 3.719016485455709),
        ] {
            close(normal_quantile(p), reference, 1e-12);
        }
    }

    /// `scipy.stats.t.cdf(x, df)`, SciPy 1.17.1.
    #[test]
    fn students_distribution_is_scipys() {
        for (df, x, reference) in [
            (1.0, 0.5, 0.6475836176504333),
            (2.0, -1.5, 0.13619656244550055),
            (4.0, 2.7764451051977987, 0.9750000000000001),
            (4.0, 0.0, 0.5),
            (9.0, -3.25, 0.004998684542010786),
            (30.0, 1.7, 0.9502610622057416),
            (1000.0, 1.96, 0.9748634075221256),
            (2.5, 0.8, 0.7536629950736385),
        ] {
            close(student_cdf(x, df), reference, 1e-11);
        }
    }

    /// `scipy.stats.t.ppf(p, df)`, SciPy 1.17.1.
    #[test]
    fn students_quantiles_are_scipys() {
        for (df, p, reference) in [
            (1.0, 0.975, 12.706204736174694),
            (2.0, 0.975, 4.302652729749462),
            (4.0, 0.975, 2.7764451051977934),
            (9.0, 0.995, 3.249835541592126),
            (30.0, 0.05, -1.6972608865939574),
            (1000.0, 0.975, 1.9623390808264083),
            (4.0, 0.5, 0.0),
            (1.0, 1e-6, -318309.8861827435),
            (2.5, 0.9, 1.7302509288071766),
        ] {
            close(student_quantile(p, df), reference, 1e-11);
        }
    }

    #[test]
    fn a_quantile_undoes_the_cumulative_function() {
        for p in [1e-300, 1e-20, 0.01, 0.2, 0.7, 0.999] {
            close(normal_cdf(normal_quantile(p)), p, 1e-10);
            close(student_cdf(student_quantile(p, 3.0), 3.0), p, 1e-10);
        }
    }

    #[test]
    fn the_value_above_a_tail_is_the_quantile_from_the_other_side() {
        for tail in [1e-300, 1e-20, 1e-4, 0.025, 0.2, 0.499] {
            close(normal_upper(tail), -normal_quantile(tail), 1e-12);
            for df in [1.0, 2.5, 8.0, 300.0] {
                close(student_upper(tail, df), -student_quantile(tail, df), 1e-11);
            }
        }
        assert_eq!((normal_upper(0.5), student_upper(0.5, 3.0)), (0.0, 0.0));
        assert_eq!((normal_upper(0.0), student_upper(0.0, 3.0)), (f64::INFINITY, f64::INFINITY));
    }

    #[test]
    #[should_panic(expected = "between 0 and 1")]
    fn a_quantile_of_certainty_is_refused() {
        normal_quantile(1.0);
    }
}
