//! The probability that a run of A is above a run of B, with its interval. Shown, never the verdict.

use crate::Interval;
use crate::distribution::two_sided_quantile;
use crate::interval::{is_level, wilson_of_share};
use crate::root::root;
use crate::sample::are_finite;

/// An estimate of P(A > B), ties counted half.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbabilityBetter {
    /// The share of pairs at which A is above B.
    pub estimate: f64,
    /// Its interval, within 0 and 1.
    pub interval: Interval,
}

/// P(A > B) of two independent samples: Mann and Whitney's U over n_A n_B, with Newcombe's interval (2006, method 5).
///
/// The ends are the θ with |estimate − θ| = z √(θ(1 − θ)(1 + N(1 − θ)/(2 − θ) + Nθ/(1 + θ)) / (n_A n_B)),
/// N = (n_A + n_B)/2 − 1; 0 at an estimate of 0, and 1 at one of 1. `None` for an empty sample, numbers that are not
/// finite, or a `confidence` that is not strictly between 0 and 1.
pub fn probability_better(a: &[f64], b: &[f64], confidence: f64) -> Option<ProbabilityBetter> {
    if !are_finite(a) || !are_finite(b) || !is_level(confidence) {
        return None;
    }
    let wins: f64 = a.iter().flat_map(|x| b.iter().map(move |y| win(*x, *y))).sum();
    let pairs = (a.len() * b.len()) as f64;
    let (estimate, z) = (wins / pairs, two_sided_quantile(confidence));
    let more = 0.5 * (a.len() + b.len()) as f64 - 1.0;
    let excess = |t: f64| {
        let spread = 1.0 + more * (1.0 - t) / (2.0 - t) + more * t / (1.0 + t);
        (estimate - t) * (estimate - t) - z * z * t * (1.0 - t) * spread / pairs
    };
    // θ = 1 solves it too at an estimate of 1, and θ = 0 at one of 0: the end is the other solution.
    let low = if estimate == 0.0 { 0.0 } else { root(excess, 1e-15, estimate.min(1.0 - 1e-9))? };
    let high = if estimate == 1.0 { 1.0 } else { root(excess, estimate.max(1e-9), 1.0 - 1e-15)? };
    Some(ProbabilityBetter { estimate, interval: Interval { low, high } })
}

/// The share of seeds at which A is above B, ties counted half, with Wilson's interval.
///
/// `None` without pairs, for lists of different length, numbers that are not finite, or a `confidence` that is not
/// strictly between 0 and 1.
pub fn probability_better_paired(a: &[f64], b: &[f64], confidence: f64) -> Option<ProbabilityBetter> {
    if a.len() != b.len() || !are_finite(a) || !are_finite(b) {
        return None;
    }
    let estimate = a.iter().zip(b).map(|(x, y)| win(*x, *y)).sum::<f64>() / a.len() as f64;
    Some(ProbabilityBetter { estimate, interval: wilson_of_share(estimate, a.len() as f64, confidence)? })
}

fn win(x: f64, y: f64) -> f64 {
    0.5 * (f64::from(u8::from(x > y)) + f64::from(u8::from(x >= y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanging_the_samples_mirrors_estimate_and_interval() {
        let (a, b) = ([0.71, 0.74, 0.72], [0.715, 0.70, 0.705, 0.69]);
        let one = probability_better(&a, &b, 0.95).expect("samples");
        let other = probability_better(&b, &a, 0.95).expect("samples");
        assert!((one.estimate + other.estimate - 1.0).abs() < 1e-15);
        assert!((one.interval.low + other.interval.high - 1.0).abs() < 1e-12, "{one:?} {other:?}");
        assert!(one.interval.contains(one.estimate) && other.interval.contains(other.estimate));
    }

    #[test]
    fn certainty_in_the_sample_is_an_end_and_not_an_interval_of_no_width() {
        let all = probability_better(&[2.0, 3.0], &[0.0, 1.0], 0.95).expect("samples");
        assert_eq!((all.estimate, all.interval.high), (1.0, 1.0));
        assert!(all.interval.low < 0.7, "{all:?}");
        let none = probability_better(&[0.0], &[1.0], 0.95).expect("samples");
        assert_eq!((none.estimate, none.interval.low), (0.0, 0.0));
    }

    #[test]
    fn no_numbers_give_no_probability() {
        assert_eq!(
            (probability_better(&[], &[1.0], 0.95), probability_better_paired(&[], &[], 0.95)),
            (None, None)
        );
        assert_eq!(probability_better(&[f64::NAN], &[1.0], 0.95), None);
        assert_eq!(probability_better(&[1.0], &[1.0], 1.0), None);
        assert_eq!(probability_better_paired(&[1.0], &[1.0, 2.0], 0.95), None);
    }
}
