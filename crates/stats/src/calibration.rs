//! Calibration: whether a classifier is as often right as it says.

use crate::scoring::are_probabilities;

/// How images are put into bins by their confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binning {
    /// Bins of equal width on 0 to 1: bin ⌈c M⌉, the first for c = 0, so that upper edges belong to the bin.
    EqualWidth,
    /// Bins of equally many images in the order of confidence; sizes differ by at most one, larger ones first.
    EqualMass,
}

/// One bin that holds images: a point of the reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// How many images.
    pub images: usize,
    /// Their mean confidence, from 0 to 1.
    pub confidence: f64,
    /// The share of them that was classified correctly.
    pub accuracy: f64,
}

/// Confidence against accuracy, bin by bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The bins that hold images, in ascending confidence.
    pub bins: Vec<CalibrationBin>,
    /// Expected calibration error: Σ (images/n) |accuracy − confidence| (Naeini et al. 2015; Guo et al. 2017).
    pub expected_error: f64,
    /// The largest |accuracy − confidence| of a bin.
    pub largest_error: f64,
}

/// Calibration of `confidence`, the probability of the predicted class per image, against whether it was `right`.
///
/// `None` without images or bins, for lists of different length, or a confidence outside 0 to 1.
pub fn calibration(confidence: &[f64], right: &[bool], bins: usize, binning: Binning) -> Option<Calibration> {
    let fits = are_probabilities(confidence) && confidence.len() == right.len();
    if !fits || confidence.is_empty() || bins == 0 {
        return None;
    }
    let groups = match binning {
        Binning::EqualWidth => by_width(confidence, bins),
        Binning::EqualMass => by_mass(confidence, bins),
    };
    let bins: Vec<CalibrationBin> =
        groups.iter().filter(|group| !group.is_empty()).map(|group| bin(group, confidence, right)).collect();
    let gap = |bin: &CalibrationBin| (bin.accuracy - bin.confidence).abs();
    let expected_error = bins.iter().map(|b| b.images as f64 / right.len() as f64 * gap(b)).sum();
    let largest_error = bins.iter().map(gap).fold(0.0, f64::max);
    Some(Calibration { bins, expected_error, largest_error })
}

impl Calibration {
    /// The expected calibration error that so many images would show by chance if every confidence were the probability
    /// of being right: Σ (images/n) √(2 c (1 − c) / (π images)), the mean distance of a normal number from its centre,
    /// with c the mean confidence of a bin. A little too large where confidences inside a bin differ.
    pub fn error_by_chance(&self) -> f64 {
        let n: usize = self.bins.iter().map(|bin| bin.images).sum();
        let of = |bin: &CalibrationBin| {
            let variance = bin.confidence * (1.0 - bin.confidence) / bin.images as f64;
            bin.images as f64 / n as f64 * (2.0 * variance / std::f64::consts::PI).sqrt()
        };
        self.bins.iter().map(of).sum()
    }
}

fn by_width(confidence: &[f64], bins: usize) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); bins];
    for (i, c) in confidence.iter().enumerate() {
        let place = (c * bins as f64).ceil() as usize;
        groups[place.clamp(1, bins) - 1].push(i);
    }
    groups
}

fn by_mass(confidence: &[f64], bins: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..confidence.len()).collect();
    order.sort_by(|a, b| confidence[*a].total_cmp(&confidence[*b]));
    let (size, larger) = (order.len() / bins, order.len() % bins);
    let start = |bin: usize| bin * size + bin.min(larger);
    (0..bins).map(|bin| order[start(bin)..start(bin + 1)].to_vec()).collect()
}

fn bin(group: &[usize], confidence: &[f64], right: &[bool]) -> CalibrationBin {
    let images = group.len();
    let hits = group.iter().filter(|i| right[**i]).count();
    let sum: f64 = group.iter().map(|i| confidence[*i]).sum();
    CalibrationBin { images, confidence: sum / images as f64, accuracy: hits as f64 / images as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_edges_belong_to_the_bin_and_nothing_to_the_first() {
        let found =
            calibration(&[0.0, 0.5, 0.5000001, 1.0], &[false, true, true, true], 2, Binning::EqualWidth);
        let sizes: Vec<usize> = found.expect("images").bins.iter().map(|bin| bin.images).collect();
        assert_eq!(sizes, [2, 2]);
    }

    #[test]
    fn bins_of_equal_mass_differ_by_one_image_at_most() {
        let confidence: Vec<f64> = (0..11).map(|i| f64::from(i * 7 % 11) / 11.0).collect();
        let found = calibration(&confidence, &[true; 11], 4, Binning::EqualMass).expect("images");
        assert_eq!(found.bins.iter().map(|bin| bin.images).collect::<Vec<_>>(), [3, 3, 3, 2]);
        assert!(found.bins.windows(2).all(|pair| pair[0].confidence < pair[1].confidence));
    }

    #[test]
    fn every_image_is_in_one_bin_and_the_mean_error_below_the_largest() {
        let confidence: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        let right: Vec<bool> = (0..100).map(|i| i % 3 > 0).collect();
        for (bins, binning) in
            [(15, Binning::EqualWidth), (15, Binning::EqualMass), (300, Binning::EqualMass)]
        {
            let found = calibration(&confidence, &right, bins, binning).expect("images");
            assert_eq!(found.bins.iter().map(|bin| bin.images).sum::<usize>(), 100);
            assert!(found.expected_error <= found.largest_error + 1e-15 && found.largest_error <= 1.0);
        }
    }

    /// The naive twin: the mean of |hits/n − c| over all numbers of hits, each with its binomial probability.
    #[test]
    fn the_error_by_chance_is_that_of_the_binomial() {
        let exact = |n: usize, c: f64| {
            let (mut p, mut mean) = ((1.0 - c).powi(n as i32), 0.0);
            for hits in 0..=n {
                mean += p * (hits as f64 / n as f64 - c).abs();
                p *= (n - hits) as f64 / (hits + 1) as f64 * c / (1.0 - c);
            }
            mean
        };
        for (n, c) in [(50, 0.5), (200, 0.7), (200, 0.9)] {
            let found = calibration(&vec![c; n], &vec![true; n], 15, Binning::EqualWidth).expect("images");
            let (by_chance, exact) = (found.error_by_chance(), exact(n, c));
            assert!((by_chance - exact).abs() < 0.03 * exact, "{n}, {c}: {by_chance} against {exact}");
        }
    }

    #[test]
    fn what_is_no_confidence_is_refused() {
        let refused = |c: &[f64], r: &[bool], bins| calibration(c, r, bins, Binning::EqualWidth).is_none();
        assert!(refused(&[], &[], 15) && refused(&[0.5], &[true], 0) && refused(&[0.5], &[], 15));
        assert!(
            refused(&[f64::NAN], &[true], 15)
                && refused(&[1.1], &[true], 15)
                && refused(&[-0.1], &[true], 15)
        );
    }
}
