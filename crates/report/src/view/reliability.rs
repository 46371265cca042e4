//! Whether a run is as often right as it says: confidence against the share that is right, on the images of the test
//! or, while that is sealed, of validation.

use toile_record::{DataRecord, Part, Records, RunRecord};
use toile_stats::{Binning, Calibration, OverConfidence, calibration, over_confidence};

use super::Estimate;
use crate::format;
use crate::plan::is_plain_crossentropy;

/// Bins of equal width, as Guo et al. (2017) draw them.
pub(crate) const BINS: usize = 15;

/// The reliability of a run over its seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// Which images.
    pub part: Part,
    /// How many.
    pub images: usize,
    /// The images of all seeds together in fifteen bins.
    pub together: Calibration,
    /// The expected calibration error of each seed.
    pub error: Estimate,
    /// The error that chance alone would give to each seed if its confidences were true: the mean.
    pub by_chance: f64,
    /// The negative log-likelihood of the labels, where the loss is that.
    pub nll: Option<Estimate>,
    /// How much surer it is than right.
    pub over: OverConfidence,
}

/// The same of one training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrainingReliability {
    pub confidences: Vec<f64>,
    pub right: Vec<bool>,
    pub calibration: Calibration,
    pub nll: Option<f64>,
}

/// The labels of a part.
pub(crate) fn labels(data: &DataRecord, part: Part) -> &[u8] {
    match part {
        Part::Validation => &data.split.validation_labels,
        Part::Test => &data.test_labels,
    }
}

/// What the confidences of one training on a part are worth; `None` where they are not known of every image.
pub(crate) fn of_training(data: &DataRecord, run: &RunRecord, part: Part) -> Option<TrainingReliability> {
    let (evidence, labels) = (run.evidence(part)?, labels(data, part));
    let n = labels.len();
    if n == 0 || [evidence.predictions.len(), evidence.confidences.len()] != [n; 2] {
        return None;
    }
    // Rounding may add the probabilities up to a little more than 1.
    let share = |c: &f32| if *c > 1.0 && *c < 1.001 { 1.0 } else { f64::from(*c) };
    let confidences: Vec<f64> = evidence.confidences.iter().map(share).collect();
    let right: Vec<bool> = evidence.predictions.iter().zip(labels).map(|(p, l)| p == l).collect();
    let calibration = calibration(&confidences, &right, BINS, Binning::EqualWidth)?;
    let is_known = evidence.losses.len() == n && is_plain_crossentropy(&run.plan);
    let nll = evidence.losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / n as f64;
    Some(TrainingReliability {
        confidences,
        right,
        calibration,
        nll: Some(nll).filter(|nll| is_known && nll.is_finite()),
    })
}

/// The reliability over the complete `runs` of one name: on the test images if any of them has seen these.
pub(super) fn reliability(records: &Records, runs: &[&RunRecord]) -> Option<Reliability> {
    let data = &records.study.data;
    [Part::Test, Part::Validation].into_iter().find_map(|part| of_part(data, runs, part))
}

fn of_part(data: &DataRecord, runs: &[&RunRecord], part: Part) -> Option<Reliability> {
    let seeds: Vec<TrainingReliability> =
        runs.iter().filter_map(|run| of_training(data, run, part)).collect();
    let lists: Vec<(&[f64], &[bool])> =
        seeds.iter().map(|seed| (&seed.confidences[..], &seed.right[..])).collect();
    let all = |seeds: &[TrainingReliability]| {
        let confidences: Vec<f64> = seeds.iter().flat_map(|seed| seed.confidences.iter().copied()).collect();
        let right: Vec<bool> = seeds.iter().flat_map(|seed| seed.right.iter().copied()).collect();
        calibration(&confidences, &right, BINS, Binning::EqualWidth)
    };
    let by_chance =
        seeds.iter().map(|seed| seed.calibration.error_by_chance()).sum::<f64>() / seeds.len() as f64;
    let has_nll = seeds.iter().all(|seed| seed.nll.is_some());
    Some(Reliability {
        part,
        images: seeds.first()?.right.len(),
        together: all(&seeds)?,
        error: Estimate::of(seeds.iter().map(|seed| Some(seed.calibration.expected_error)))?,
        by_chance,
        nll: Estimate::of(seeds.iter().map(|seed| seed.nll)).filter(|_| has_nll),
        over: over_confidence(&lists)?,
    })
}

impl Reliability {
    /// How many seeds.
    pub fn seeds(&self) -> usize {
        self.error.n()
    }

    /// `Over-confident by 3.1 points [2.7 to 3.5]: …`
    pub fn sentence(&self) -> String {
        let OverConfidence { confidence, accuracy, difference, interval } = self.over;
        let points = |value: f64| format!("{:.1}", 100.0 * value + 0.0).replace('-', "−");
        let says = format!(
            "its mean confidence is {}, and {} of the {} images are right",
            format::percent(confidence),
            format::percent(accuracy),
            self.part.name()
        );
        let Some(interval) = interval else { return format!("Of one image nothing can be told: {says}.") };
        let by = |low: f64, high: f64| {
            format!("{} points [{} to {}]", points(difference.abs()), points(low), points(high))
        };
        match interval {
            of if of.low > 0.0 => format!("Over-confident by {}: {says}.", by(of.low, of.high)),
            of if of.high < 0.0 => format!("Under-confident by {}: {says}.", by(-of.high, -of.low)),
            of => format!(
                "Neither over- nor under-confident as far as can be told: {says}, a difference of {} points [{} to {}].",
                points(difference),
                points(of.low),
                points(of.high)
            ),
        }
    }

    /// `Calibration error (ECE) 0.0312 ± 0.0021; chance alone would give 0.0060. NLL 0.3561 ± 0.0012.`
    pub fn numbers(&self) -> String {
        let nll = self.nll.as_ref().map_or_else(String::new, |nll| format!(" NLL {}.", nll.text()));
        format!(
            "Calibration error (ECE) {}; chance alone would give about {}.{nll}",
            self.error.text(),
            format::metric(self.by_chance)
        )
    }
}
