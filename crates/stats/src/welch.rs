//! Welch's t test: the means of two independent samples whose spreads may differ.

use crate::distribution::{student_two_sided, student_upper};
use crate::interval::is_level;
use crate::sample::are_finite;
use crate::{Interval, mean, sample_variance};

/// Mean of A less mean of B, with its standard error from both spreads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Mean of A less mean of B.
    pub difference: f64,
    /// √(s²_A/n_A + s²_B/n_B).
    pub se: f64,
    /// `difference / se`; `None` if neither sample varies.
    pub t: Option<f64>,
    /// Satterthwaite's degrees of freedom; `None` if neither sample varies.
    pub df: Option<f64>,
    /// Two-sided p; if neither sample varies 1 for equal means and 0 for others.
    pub p: f64,
    /// The interval of the difference.
    pub interval: Interval,
}

/// Welch's test and interval of mean(a) − mean(b) at `confidence` (Welch 1947).
///
/// Over seeds it takes the test images for the whole world and finds differences too often: shown, never the verdict
/// (see [`Crossed`](crate::Crossed)). `None` for fewer than two numbers on a side, numbers that are not finite, or a
/// `confidence` that is not strictly between 0 and 1.
pub fn welch(a: &[f64], b: &[f64], confidence: f64) -> Option<Welch> {
    if !are_finite(a) || !are_finite(b) || !is_level(confidence) {
        return None;
    }
    let parts = [sample_variance(a)? / a.len() as f64, sample_variance(b)? / b.len() as f64];
    let difference = mean(a)? - mean(b)?;
    let se = (parts[0] + parts[1]).sqrt();
    let Some(df) = satterthwaite(parts, [a.len(), b.len()]) else {
        let difference = a[0] - b[0];
        let p = if difference == 0.0 { 1.0 } else { 0.0 };
        let interval = Interval::around(difference, 0.0);
        return Some(Welch { difference, se: 0.0, t: None, df: None, p, interval });
    };
    let t = difference / se;
    let interval = Interval::around(difference, se * student_upper(0.5 - 0.5 * confidence, df));
    Some(Welch { difference, se, t: Some(t), df: Some(df), p: student_two_sided(t, df), interval })
}

/// The degrees of freedom of a sum of two variances of means, each with n − 1: (Σ v)² / Σ v² / (n − 1).
///
/// `None` if both are 0.
pub(crate) fn satterthwaite(parts: [f64; 2], n: [usize; 2]) -> Option<f64> {
    let total = parts[0] + parts[1];
    // As shares, because the square of a small variance is no number any more.
    let share = |i: usize| parts[i] / total;
    let sum = (0..2).map(|i| share(i) * share(i) / (n[i] - 1) as f64).sum::<f64>();
    (total > 0.0).then(|| 1.0 / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_numbers_and_of_the_samples_does_not_matter() {
        let (a, b) = ([0.71, 0.74, 0.69, 0.72], [0.8224, 0.8231, 0.8219]);
        let (one, other) = (welch(&a, &b, 0.95).expect("samples"), welch(&b, &a, 0.95).expect("samples"));
        assert_eq!((one.p, one.df, one.difference), (other.p, other.df, -other.difference));
        let turned = welch(&[0.72, 0.69, 0.74, 0.71], &b, 0.95).expect("samples");
        assert!((turned.p - one.p).abs() < 1e-14 && one.interval.contains(one.difference));
    }

    #[test]
    fn one_number_has_no_spread_and_nan_no_test() {
        assert_eq!(welch(&[0.5], &[0.4, 0.6], 0.95), None);
        assert_eq!(welch(&[0.5, f64::NAN], &[0.4, 0.6], 0.95), None);
        assert_eq!((welch(&[], &[], 0.95), welch(&[0.5, 0.6], &[0.4, 0.6], 1.0)), (None, None));
    }

    #[test]
    fn equal_runs_whose_mean_is_rounded_do_not_differ() {
        let same = welch(&[0.1; 3], &[0.1; 10], 0.95).expect("samples");
        assert_eq!((same.difference, same.p, same.t), (0.0, 1.0, None));
    }
}
