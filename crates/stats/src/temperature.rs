//! Temperature scaling: one number that makes probabilities honest and leaves every decision as it is.

use crate::root::root;
use crate::scoring::{labelled_rows, largest, surprise};

/// The temperature of a classifier on one part of the data, and what dividing by it gains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// T, above 1 for a classifier that is too sure. `None` if no T is best: every image is classified correctly (T
    /// falls to 0), or the logits point away from the labels (T grows without end).
    pub temperature: Option<f64>,
    /// Mean negative log-likelihood of softmax(logits / T), in nats.
    pub nll: Option<f64>,
    /// The same at T = 1, as the classifier is.
    pub nll_at_1: f64,
}

/// The T > 0 that minimises the negative log-likelihood of softmax(logits / T) (Guo et al. 2017).
///
/// Choose it on the validation part, never on test. `logits` holds `classes` numbers per image, image after image. The
/// likelihood is convex in b = 1/T, and b is the root of the mean of Σ_k p_k z_k − z_y. `None` without images, where
/// the lists do not fit, for a label that is not below `classes`, or logits that are not finite.
pub fn temperature(logits: &[f64], classes: usize, labels: &[u8]) -> Option<Temperature> {
    let rows = labelled_rows(logits, classes, labels)?;
    let n = labels.len() as f64;
    let nll = |b: f64| rows.clone().map(|(row, label)| surprise(row, label, b)).sum::<f64>() / n;
    let slope = |b: f64| rows.clone().map(|(row, label)| expected(row, b) - row[label]).sum::<f64>() / n;
    let wrong = rows.clone().any(|(row, label)| row[label] < largest(row));
    let b = if wrong && slope(0.0) < 0.0 { slope_root(slope) } else { None };
    Some(Temperature { temperature: b.map(f64::recip), nll: b.map(nll), nll_at_1: nll(1.0) })
}

/// Σ p_k z_k under softmax(b z).
fn expected(row: &[f64], b: f64) -> f64 {
    let top = largest(row);
    let weight = |z: f64| (b * (z - top)).exp();
    let total: f64 = row.iter().map(|z| weight(*z)).sum();
    row.iter().map(|z| weight(*z) * z).sum::<f64>() / total
}

/// The root of a rising function between the powers of two around it.
fn slope_root(slope: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (1.0, 1.0);
    while slope(low) > 0.0 && low > 1e-300 {
        low *= 0.5;
    }
    while slope(high) < 0.0 && high < 1e300 {
        high *= 2.0;
    }
    root(slope, low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f64; 9] = [2.0, 0.5, 0.1, 0.3, 1.0, 0.9, 1.5, 0.2, 1.4];
    const LABELS: [u8; 3] = [0, 1, 2];

    #[test]
    fn logits_times_three_are_three_times_as_hot() {
        let one = temperature(&LOGITS, 3, &LABELS).and_then(|found| found.temperature).expect("one is wrong");
        let three = temperature(&LOGITS.map(|z| 3.0 * z), 3, &LABELS).and_then(|found| found.temperature);
        assert!((three.expect("one is wrong") / one - 3.0).abs() < 1e-12);
    }

    #[test]
    fn it_never_makes_the_likelihood_worse() {
        let found = temperature(&LOGITS, 3, &LABELS).expect("images");
        assert!(found.nll.expect("a best one") <= found.nll_at_1);
    }

    #[test]
    fn no_best_temperature_is_none() {
        let right = temperature(&[2.0, 0.0, 0.0, 1.0], 2, &[0, 1]).expect("images");
        let away = temperature(&[2.0, 0.0, 0.0, 1.0], 2, &[1, 0]).expect("images");
        let flat = temperature(&[1.0, 1.0], 2, &[0]).expect("images");
        assert_eq!((right.temperature, away.temperature, flat.temperature), (None, None, None));
        assert_eq!((temperature(&[], 2, &[]), temperature(&[f64::NAN, 1.0], 2, &[0])), (None, None));
    }
}
