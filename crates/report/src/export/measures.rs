//! Parts of `results.json`: how well each class is found, whether confidences are true, whose labels may be wrong.

use serde::Serialize;
use toile_record::{Part, Records, RunRecord};
use toile_stats::{CalibrationBin, ClassMetrics, Confusion};

use crate::view::{Suspect, SuspectPart, Suspects, of_training};

/// Precision, recall and F1 on the test part.
#[derive(Serialize)]
pub(super) struct ClassificationJson {
    classes: Vec<ClassJson>,
    macro_precision: f64,
    macro_recall: f64,
    macro_f1: f64,
}

#[derive(Serialize)]
struct ClassJson {
    precision: f64,
    recall: f64,
    f1: f64,
    images: usize,
}

/// Confidence against the share that is right.
#[derive(Serialize)]
pub(super) struct CalibrationJson {
    part: Part,
    expected_error: f64,
    expected_error_by_chance: f64,
    nll: Option<f64>,
    mean_confidence: f64,
    accuracy: f64,
    bins: Vec<BinJson>,
}

#[derive(Serialize)]
struct BinJson {
    images: usize,
    confidence: f64,
    accuracy: f64,
}

/// Images whose labels may be wrong.
#[derive(Serialize)]
pub(super) struct SuspectsJson<'a> {
    parts: Vec<SuspectPartJson>,
    candidates: Vec<SuspectJson<'a>>,
}

#[derive(Serialize)]
struct SuspectPartJson {
    part: Part,
    images: usize,
    trainings: usize,
    needed: usize,
    agreed: usize,
    contradicted: usize,
    expected_mistakes: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct SuspectJson<'a> {
    part: Part,
    image: Option<usize>,
    label: &'a str,
    called: &'a str,
    trainings: usize,
    confidence: f64,
    label_confidence: Option<f64>,
}

pub(super) fn classification(matrix: &Confusion) -> Option<ClassificationJson> {
    let found = matrix.classification()?;
    let class = |one: &ClassMetrics| ClassJson {
        precision: one.precision,
        recall: one.recall,
        f1: one.f1,
        images: one.support,
    };
    Some(ClassificationJson {
        classes: found.classes.iter().map(class).collect(),
        macro_precision: found.macro_average.precision,
        macro_recall: found.macro_average.recall,
        macro_f1: found.macro_average.f1,
    })
}

/// On the test images or, while these are sealed, on those of validation.
pub(super) fn calibration(records: &Records, run: &RunRecord) -> Option<CalibrationJson> {
    let of = |part| Some((part, of_training(&records.study.data, run, part)?));
    let (part, found) = of(Part::Test).or_else(|| of(Part::Validation))?;
    let n = found.right.len() as f64;
    let bin = |bin: &CalibrationBin| BinJson {
        images: bin.images,
        confidence: bin.confidence,
        accuracy: bin.accuracy,
    };
    Some(CalibrationJson {
        part,
        expected_error: found.calibration.expected_error,
        expected_error_by_chance: found.calibration.error_by_chance(),
        nll: found.nll,
        mean_confidence: found.confidences.iter().sum::<f64>() / n,
        accuracy: found.right.iter().filter(|right| **right).count() as f64 / n,
        bins: found.calibration.bins.iter().map(bin).collect(),
    })
}

pub(super) fn suspects(found: &Suspects) -> SuspectsJson<'_> {
    let part = |one: &SuspectPart| SuspectPartJson {
        part: one.part,
        images: one.images,
        trainings: one.trainings,
        needed: one.needed,
        agreed: one.agreed,
        contradicted: one.contradicted,
        expected_mistakes: one.expected,
        low: one.range.low,
        high: one.range.high,
    };
    SuspectsJson {
        parts: found.parts.iter().map(part).collect(),
        candidates: found.candidates.iter().map(suspect).collect(),
    }
}

fn suspect(one: &Suspect) -> SuspectJson<'_> {
    let [label, called] = &one.names;
    SuspectJson {
        part: one.part,
        image: one.index,
        label,
        called,
        trainings: one.votes,
        confidence: one.confidence,
        label_confidence: one.self_confidence,
    }
}
