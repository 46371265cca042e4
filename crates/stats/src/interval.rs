//! Intervals: how far a mean, an accuracy or a single further run may lie from what was measured.

use crate::distribution::two_sided_quantile;
use crate::{mean, sample_sd, standard_error, student_quantile};

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval `half` to either side of `centre`.
    pub fn around(centre: f64, half: f64) -> Interval {
        Interval { low: centre - half, high: centre + half }
    }

    /// Whether `x` lies in it, ends included.
    pub fn contains(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }
}

/// Whether `p` is strictly between 0 and 1, as the confidence of an interval must be.
pub(crate) fn is_level(p: f64) -> bool {
    p > 0.0 && p < 1.0
}

/// Student's interval of the mean at `confidence` (such as 0.95): mean ± t sd / √n; without width if all are equal.
///
/// `None` for fewer than two numbers, or a `confidence` that is not strictly between 0 and 1.
pub fn mean_interval(x: &[f64], confidence: f64) -> Option<Interval> {
    let centre = mean(x)?;
    let error = standard_error(x).filter(|_| is_level(confidence))?;
    if error == 0.0 {
        return Some(Interval::around(x[0], 0.0));
    }
    Some(Interval::around(centre, error * student_quantile(0.5 + 0.5 * confidence, (x.len() - 1) as f64)))
}

/// Wilson's interval of a proportion of `hits` among `n` trials, at `confidence`.
///
/// Holds near 0 and 1 and for few trials, where the usual ± 1.96 standard errors does not (Wilson 1927). `None` without
/// trials, for more hits than trials, or a `confidence` that is not strictly between 0 and 1.
pub fn wilson(hits: usize, n: usize, confidence: f64) -> Option<Interval> {
    wilson_of_share(hits as f64 / n as f64, n as f64, confidence)
}

/// The same for a share of `n` trials that need not be a whole number of hits, because ties count half.
pub(crate) fn wilson_of_share(p: f64, n: f64, confidence: f64) -> Option<Interval> {
    if !(n > 0.0 && (0.0..=1.0).contains(&p) && is_level(confidence)) {
        return None;
    }
    let z = two_sided_quantile(confidence);
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // The ends are exactly 0 and 1 when no trial or every trial hits; rounding must not step over them.
    let low = if p == 0.0 { 0.0 } else { ((centre - half) / scale).max(0.0) };
    let high = if p == 1.0 { 1.0 } else { ((centre + half) / scale).min(1.0) };
    Some(Interval { low, high })
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

    #[test]
    fn what_is_no_proportion_and_no_confidence_has_no_interval() {
        assert_eq!(wilson(3, 2, 0.95), None);
        for confidence in [0.0, 1.0, -0.5, 2.0, f64::NAN] {
            assert_eq!(
                (wilson(1, 2, confidence), mean_interval(&X, confidence)),
                (None, None),
                "{confidence}"
            );
        }
    }

    /// By hand: the mean of 1, 2, 3 is 2, their sd 1, so that 4 lies 2 / √(4/3) away.
    #[test]
    fn a_further_run_is_measured_against_the_spread_of_single_runs() {
        close(prediction_z(4.0, &[1.0, 2.0, 3.0]).expect("spread"), 2.0 / (4.0f64 / 3.0).sqrt());
        assert_eq!(prediction_z(4.0, &[1.0]), None, "one run has no spread");
        assert_eq!(prediction_z(4.0, &[1.0, 1.0]), None, "equal runs give no scale");
    }
}
