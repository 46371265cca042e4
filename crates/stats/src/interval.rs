//! Intervals: how far a mean, an accuracy or a single further run may lie from what was measured.

use std::sync::LazyLock;

use crate::{mean, normal_quantile, sample_sd, standard_error, student_quantile};

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Student's interval of the mean at `confidence` (such as 0.95); `None` for fewer than two numbers.
///
/// # Panics
/// If `confidence` is not strictly between 0 and 1.
pub fn mean_interval(x: &[f64], confidence: f64) -> Option<Interval> {
    let centre = mean(x)?;
    let half = standard_error(x)? * student_quantile(0.5 + 0.5 * confidence, (x.len() - 1) as f64);
    Some(Interval { low: centre - half, high: centre + half })
}

/// Wilson's interval of a proportion of `hits` among `n` trials, at `confidence`; `None` without trials.
///
/// Holds near 0 and 1 and for few trials, where the usual ± 1.96 standard errors does not (Wilson 1927).
///
/// # Panics
/// If `confidence` is not strictly between 0 and 1, or there are more hits than trials.
pub fn wilson(hits: usize, n: usize, confidence: f64) -> Option<Interval> {
    assert!(hits <= n, "{hits} hits of {n} trials");
    if n == 0 {
        return None;
    }
    let z = two_sided(confidence);
    let (p, n) = (hits as f64 / n as f64, n as f64);
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // The ends are exactly 0 and 1 when no trial or every trial hits; rounding must not step over them.
    let low = if p == 0.0 { 0.0 } else { ((centre - half) / scale).max(0.0) };
    let high = if p == 1.0 { 1.0 } else { ((centre + half) / scale).min(1.0) };
    Some(Interval { low, high })
}

/// The standard normal's limit of ±; that of 0.95 is found once, for it is asked for again and again.
fn two_sided(confidence: f64) -> f64 {
    static OF_95: LazyLock<f64> = LazyLock::new(|| normal_quantile(0.5 + 0.5 * 0.95));
    if confidence == 0.95 { *OF_95 } else { normal_quantile(0.5 + 0.5 * confidence) }
}

/// How many standard deviations a single further run with value `other` lies from the runs `x`:
/// (other − mean) / (sd √(1 + 1/n)).
///
/// If `other` is one more draw from the same distribution, this follows Student's t with n − 1 degrees of freedom.
/// `None` for fewer than two numbers, or when all are equal.
pub fn prediction_z(other: f64, x: &[f64]) -> Option<f64> {
    let sd = sample_sd(x).filter(|sd| *sd > 0.0)?;
    Some((other - mean(x)?) / (sd * (1.0 + 1.0 / x.len() as f64).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 5] = [0.8751, 0.8763, 0.8739, 0.8770, 0.8748];

    fn close(ours: f64, reference: f64) {
        assert!((ours - reference).abs() <= 1e-12, "{ours} is not {reference}");
    }

    /// `scipy.stats.t.interval(0.95, 4, loc=numpy.mean(x), scale=scipy.stats.sem(x))`, SciPy 1.17.1.
    #[test]
    fn the_interval_of_the_mean_is_scipys() {
        let interval = mean_interval(&X, 0.95).expect("five numbers");
        close(interval.low, 0.8738906852423755);
        close(interval.high, 0.8769493147576247);
        assert_eq!(mean_interval(&X[..1], 0.95), None);
    }

    /// `scipy.stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")`, SciPy 1.17.1.
    #[test]
    fn wilsons_interval_is_scipys() {
        for (hits, n, low, high) in [
            (8760, 10000, 0.8693955635494592, 0.8823156696757919),
            (9160, 10000, 0.9104022525804916, 0.9212782607751056),
            (0, 10, 0.0, 0.27753279986288926),
            (10, 10, 0.7224672001371109, 1.0),
            (5, 10, 0.236593090512564, 0.7634069094874361),
            (1, 3, 0.06149194472039626, 0.7923403991979523),
        ] {
            let interval = wilson(hits, n, 0.95).expect("trials");
            close(interval.low, low);
            close(interval.high, high);
        }
        let interval = wilson(45, 60, 0.99).expect("trials");
        close(interval.low, 0.5862217415306676);
        close(interval.high, 0.8639928086565423);
        assert_eq!(wilson(0, 0, 0.95), None);
    }

    /// By hand: the mean of 1, 2, 3 is 2, their sd 1, so that 4 lies 2 / √(4/3) away.
    #[test]
    fn a_further_run_is_measured_against_the_spread_of_single_runs() {
        close(prediction_z(4.0, &[1.0, 2.0, 3.0]).expect("spread"), 2.0 / (4.0f64 / 3.0).sqrt());
        assert_eq!(prediction_z(4.0, &[1.0]), None, "one run has no spread");
        assert_eq!(prediction_z(4.0, &[1.0, 1.0]), None, "equal runs give no scale");
    }
}
