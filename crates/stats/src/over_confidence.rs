//! Over-confidence: how much surer a classifier is than it is right.

use crate::scoring::are_probabilities;
use crate::{Crossed, Interval, RunScores, mean_interval};

/// Mean confidence against the share that is right, over runs and images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverConfidence {
    /// Mean probability of the predicted class.
    pub confidence: f64,
    /// The share of predictions that are right.
    pub accuracy: f64,
    /// Confidence less accuracy: above 0 for a classifier that is too sure.
    pub difference: f64,
    /// Its interval at 95 %. Of one run over images (Student); of several over seeds and images ([`Crossed`] against
    /// nothing). `None` for one image.
    pub interval: Option<Interval>,
}

/// The over-confidence of runs on the same images: each with the probability of the predicted class per image, and
/// whether that class is right.
///
/// `None` without runs or images, where lists differ in length, or for a confidence outside 0 to 1.
pub fn over_confidence(runs: &[(&[f64], &[bool])]) -> Option<OverConfidence> {
    let images = runs.first()?.0.len();
    let is_whole = |(sure, right): &(&[f64], &[bool])| sure.len() == images && right.len() == images;
    if images == 0 || !runs.iter().all(|run| is_whole(run) && are_probabilities(run.0)) {
        return None;
    }
    let all = (runs.len() * images) as f64;
    let confidence = runs.iter().flat_map(|run| run.0).sum::<f64>() / all;
    let accuracy = runs.iter().flat_map(|run| run.1).filter(|right| **right).count() as f64 / all;
    let differences: Vec<Vec<f64>> = runs
        .iter()
        .map(|(sure, right)| sure.iter().zip(*right).map(|(c, r)| c - f64::from(*r)).collect())
        .collect();
    let interval = match &differences[..] {
        [one] => mean_interval(one, 0.95),
        several => crossed_interval(several),
    };
    Some(OverConfidence { confidence, accuracy, difference: confidence - accuracy, interval })
}

/// The interval of a mean over runs and images: the comparison with runs that are 0 on every image.
fn crossed_interval(differences: &[Vec<f64>]) -> Option<Interval> {
    let own = RunScores::of_values(differences.iter().map(|run| run.iter().copied())).ok()?;
    let nothing = RunScores::of_values([0, 1].map(|_| differences[0].iter().map(|_| 0.0))).ok()?;
    Crossed::new(&own, &nothing).ok()?.interval(0.95)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.ttest_1samp([-.1, -.2, .7, -.4], 0).confidence_interval(.95)`: 0 ± 3.18245 · 0.24152.
    #[test]
    fn one_run_has_students_interval_over_its_images() {
        let found = over_confidence(&[(&[0.9, 0.8, 0.7, 0.6], &[true, true, false, true])]).expect("images");
        assert!((found.confidence - 0.75).abs() < 1e-15 && found.accuracy == 0.75);
        let interval = found.interval.expect("four images");
        assert!(found.difference.abs() < 1e-15 && (interval.high - 0.768_624).abs() < 1e-5, "{interval:?}");
    }

    /// Equal runs vary by nothing but the images: the normal interval of the mean of one of them.
    #[test]
    fn equal_runs_have_the_interval_of_their_images() {
        let right: Vec<bool> = (0..400).map(|i| i % 4 > 0).collect();
        let sure = vec![0.9; 400];
        let found = over_confidence(&[(&sure, &right), (&sure, &right), (&sure, &right)]).expect("images");
        assert!((found.difference - 0.15).abs() < 1e-12);
        // The standard deviation of 400 numbers of which a quarter is 1: sqrt(.1875 · 400/399).
        let half = 1.959_964 * (0.1875f64 * 400.0 / 399.0 / 400.0).sqrt();
        let interval = found.interval.expect("three runs");
        assert!((interval.high - interval.low - 2.0 * half).abs() < 1e-6, "{interval:?}");
    }

    #[test]
    fn runs_that_differ_widen_the_interval() {
        let right: Vec<bool> = (0..400).map(|i| i % 4 > 0).collect();
        let of = |sure: [f64; 3]| {
            let sure: Vec<Vec<f64>> = sure.iter().map(|c| vec![*c; 400]).collect();
            let runs: Vec<(&[f64], &[bool])> = sure.iter().map(|run| (&run[..], &right[..])).collect();
            over_confidence(&runs).and_then(|found| found.interval).expect("three runs")
        };
        let (near, far) = (of([0.9, 0.9, 0.9]), of([0.8, 0.9, 1.0]));
        assert!(far.low < near.low && far.high > near.high, "{near:?} {far:?}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for runs in
            [vec![], vec![(&[][..], &[][..])], vec![(&[0.5][..], &[][..])], vec![(&[1.5][..], &[true][..])]]
        {
            assert_eq!(over_confidence(&runs), None);
        }
        let nan: [(&[f64], &[bool]); 1] = [(&[f64::NAN], &[true])];
        assert_eq!(over_confidence(&nan), None);
    }
}
