//! The bootstrap interval of a mean, corrected for bias and skew (BCa). Over a handful of seeds it is too narrow:
//! shown, never the verdict.

use crate::interval::is_level;
use crate::sample::are_finite;
use crate::{Interval, mean, normal_cdf, normal_quantile, quantile};

/// A BCa interval with its two corrections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bca {
    /// The correction of bias: the normal quantile of the share of resampled means below the mean. `None` if all
    /// numbers are equal.
    pub z0: Option<f64>,
    /// The acceleration, from the jackknife. `None` if all numbers are equal.
    pub acceleration: Option<f64>,
    /// The interval; without width if all numbers are equal.
    pub interval: Interval,
}

/// `count` resamples of `n` indices below `n`, with replacement, for [`bca`].
///
/// `below(n)` gives an unbiased random number of 0..n, such as `|n| stream.below(n)`.
pub fn resamples(n: u32, count: usize, mut below: impl FnMut(u32) -> u32) -> Vec<Vec<usize>> {
    (0..count).map(|_| (0..n).map(|_| below(n) as usize).collect()).collect()
}

/// The BCa interval of the mean of `x` (Efron 1987) from the given resamples, each a list of indices into `x`.
///
/// Resampled means equal to the mean count half below it; the ends interpolate linearly between the sorted resampled
/// means. `None` for fewer than two numbers, numbers that are not finite, no resamples, an empty one or an index out of
/// range, a `confidence` that is not strictly between 0 and 1, or when all resampled means lie on one side of the mean.
pub fn bca(x: &[f64], resamples: &[Vec<usize>], confidence: f64) -> Option<Bca> {
    if !are_finite(x) || x.len() < 2 || !is_level(confidence) || resamples.is_empty() {
        return None;
    }
    if x.iter().all(|v| *v == x[0]) {
        return Some(Bca { z0: None, acceleration: None, interval: Interval::around(x[0], 0.0) });
    }
    let means: Vec<f64> =
        resamples.iter().map(|indices| resampled_mean(x, indices)).collect::<Option<_>>()?;
    let z0 = bias(&means, mean(x)?)?;
    let acceleration = acceleration(x)?;
    let end = |z: f64| {
        let shifted = z0 + z;
        quantile(&means, normal_cdf(z0 + shifted / (1.0 - acceleration * shifted)))
    };
    let z = normal_quantile(0.5 + 0.5 * confidence);
    let interval = Interval { low: end(-z)?, high: end(z)? };
    Some(Bca { z0: Some(z0), acceleration: Some(acceleration), interval })
}

fn resampled_mean(x: &[f64], indices: &[usize]) -> Option<f64> {
    mean(&indices.iter().map(|i| x.get(*i).copied()).collect::<Option<Vec<f64>>>()?)
}

fn bias(means: &[f64], centre: f64) -> Option<f64> {
    let below =
        means.iter().filter(|m| **m < centre).count() + means.iter().filter(|m| **m <= centre).count();
    let share = below as f64 / (2 * means.len()) as f64;
    is_level(share).then(|| normal_quantile(share))
}

/// Σu³ / (6 (Σu²)^1.5) of the jackknife's deviations u.
fn acceleration(x: &[f64]) -> Option<f64> {
    let without =
        |i: usize| mean(&x.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, v)| *v).collect::<Vec<_>>());
    let jackknife: Vec<f64> = (0..x.len()).map(without).collect::<Option<_>>()?;
    let centre = mean(&jackknife)?;
    let power = |n: i32| jackknife.iter().map(|m| (centre - m).powi(n)).sum::<f64>();
    Some(power(3) / (6.0 * power(2).powf(1.5))).filter(|a| a.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resamples_are_as_many_and_as_long_as_asked_for() {
        let mut next = 0;
        let made = resamples(3, 4, |n| {
            next += 1;
            next % n
        });
        assert_eq!(made, [[1, 2, 0], [1, 2, 0], [1, 2, 0], [1, 2, 0]]);
        assert_eq!(resamples(0, 2, |_| 0), [[], []] as [[usize; 0]; 2]);
    }

    #[test]
    fn resamples_that_do_not_fit_are_refused() {
        let x = [1.0, 2.0];
        assert_eq!(
            (bca(&x, &[vec![2, 0]], 0.95), bca(&x, &[vec![]], 0.95), bca(&x, &[], 0.95)),
            (None, None, None)
        );
        assert_eq!(bca(&x, &[vec![0, 0], vec![0, 0]], 0.95), None, "all on one side");
        assert_eq!((bca(&[1.0], &[vec![0]], 0.95), bca(&[1.0, f64::NAN], &[vec![0]], 0.95)), (None, None));
    }

    #[test]
    fn the_order_of_resamples_does_not_matter() {
        let x = [0.71, 0.74, 0.72];
        let all: Vec<Vec<usize>> = (0..27).map(|i| vec![i % 3, i / 3 % 3, i / 9]).collect();
        let turned: Vec<Vec<usize>> = all.iter().rev().cloned().collect();
        let found = bca(&x, &all, 0.9).expect("an interval");
        assert_eq!(Some(found), bca(&x, &turned, 0.9));
        assert!(found.interval.contains(mean(&x).expect("a mean")));
    }
}
