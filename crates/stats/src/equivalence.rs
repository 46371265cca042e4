//! Two one-sided tests: whether two means are equal within a margin that was set before.

use crate::distribution::student_upper;
use crate::sample::are_finite;
use crate::welch::satterthwaite;
use crate::{Interval, mean, sample_variance, student_cdf};

/// The two one-sided t tests of a difference against −ε and +ε (Schuirmann 1987).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// Mean of A less mean of B.
    pub difference: f64,
    /// Degrees of freedom; `None` without any spread.
    pub df: Option<f64>,
    /// p of "the difference is not above −ε".
    pub p_above: f64,
    /// p of "the difference is not below ε".
    pub p_below: f64,
    /// The larger of the two: small if the difference lies within the margin.
    pub p: f64,
    /// The 90 % interval: inside ± ε exactly when `p` is below .05.
    pub interval: Interval,
}

/// Equivalence of pairs `a[i]`, `b[i]` within `epsilon`, by t tests of their differences.
///
/// Without spread `p` is 0 inside the margin, else 1. `None` for fewer than two pairs, lists of different length,
/// numbers that are not finite, or an `epsilon` that is not above 0.
pub fn equivalence_paired(a: &[f64], b: &[f64], epsilon: f64) -> Option<Equivalence> {
    if a.len() != b.len() {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let variance = sample_variance(&differences).filter(|_| are_finite(&differences))?;
    let n = differences.len() as f64;
    two_one_sided(mean(&differences)?, (variance / n).sqrt(), n - 1.0, epsilon)
}

/// Equivalence of two independent samples within `epsilon`, with Welch's standard error and degrees of freedom.
///
/// Without spread `p` is 0 inside the margin, else 1. `None` for fewer than two numbers on a side, numbers that are not
/// finite, or an `epsilon` that is not above 0.
pub fn equivalence_unpaired(a: &[f64], b: &[f64], epsilon: f64) -> Option<Equivalence> {
    if !are_finite(a) || !are_finite(b) {
        return None;
    }
    let parts = [sample_variance(a)? / a.len() as f64, sample_variance(b)? / b.len() as f64];
    let df = satterthwaite(parts, [a.len(), b.len()]).unwrap_or(1.0);
    two_one_sided(mean(a)? - mean(b)?, (parts[0] + parts[1]).sqrt(), df, epsilon)
}

fn two_one_sided(difference: f64, se: f64, df: f64, epsilon: f64) -> Option<Equivalence> {
    if !(epsilon > 0.0 && epsilon.is_finite()) {
        return None;
    }
    let tail = |distance: f64| match se > 0.0 {
        true => student_cdf(-distance / se, df),
        false if distance > 0.0 => 0.0,
        false => 1.0,
    };
    let (p_above, p_below) = (tail(difference + epsilon), tail(epsilon - difference));
    let half = if se > 0.0 { student_upper(0.05, df) * se } else { 0.0 };
    let interval = Interval::around(difference, half);
    let df = (se > 0.0).then_some(df);
    Some(Equivalence { difference, df, p_above, p_below, p: p_above.max(p_below), interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 5] = [0.8751, 0.8763, 0.8739, 0.8770, 0.8748];
    const B: [f64; 5] = [0.8744, 0.8775, 0.8722, 0.8768, 0.8731];

    #[test]
    fn p_is_below_a_twentieth_exactly_when_the_interval_lies_within_the_margin() {
        for step in 1..200 {
            let epsilon = step as f64 * 5e-5;
            for found in [equivalence_paired(&A, &B, epsilon), equivalence_unpaired(&A, &B, epsilon)] {
                let found = found.expect("samples");
                let inside = -epsilon < found.interval.low && found.interval.high < epsilon;
                assert_eq!(found.p < 0.05, inside, "{epsilon}: {found:?}");
            }
        }
    }

    #[test]
    fn exchanging_the_samples_exchanges_the_two_tests() {
        let (one, other) = (equivalence_unpaired(&A, &B, 0.004), equivalence_unpaired(&B, &A, 0.004));
        let (one, other) = (one.expect("samples"), other.expect("samples"));
        assert_eq!((one.p_above, one.p_below, one.p), (other.p_below, other.p_above, other.p));
    }

    #[test]
    fn no_pairs_no_margin_and_no_numbers_are_no_test() {
        assert_eq!(equivalence_paired(&A, &B[..4], 0.005), None);
        assert_eq!(equivalence_paired(&A[..1], &B[..1], 0.005), None);
        for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(equivalence_paired(&A, &B, epsilon), None);
        }
        assert_eq!(equivalence_unpaired(&[f64::NAN, 1.0], &B, 0.005), None);
    }
}
