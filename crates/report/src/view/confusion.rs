//! What a group confuses on the test part, and images of it.

use toile_record::{ImageRecord, Records, RunRecord};
use toile_stats::{ConfusedPair, Confusion};

use super::NAME_LENGTH;
use super::classes::{ClassScores, class_scores};
use crate::facts::confusion;
use crate::{format, image, text};

/// How many pairs are shown, and how many images of each.
const PAIRS: usize = 5;
const EXAMPLES: usize = 6;

/// The confusion matrix of one seed of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Confused {
    /// Names of the classes, in label order.
    pub classes: Vec<String>,
    /// The counts.
    pub matrix: Confusion,
    /// Which seed it is of, and why that one.
    pub choice: String,
    /// The pairs confused most often.
    pub pairs: Vec<PairView>,
    /// How well each class is found, over all seeds.
    pub scores: ClassScores,
}

/// One class taken for another.
#[derive(Clone, Debug, PartialEq)]
pub struct PairView {
    /// Name of the true class.
    pub truth: String,
    /// Name of the predicted class.
    pub predicted: String,
    /// How often.
    pub count: usize,
    /// Images of the true class.
    pub of: usize,
    /// How often the other way round.
    pub reverse: usize,
    /// The images that the run was most sure of, as far as they were kept.
    pub examples: Vec<Example>,
}

/// A test image that was taken for something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Position in the test part.
    pub index: usize,
    /// The probability of the predicted class.
    pub confidence: Option<f64>,
    /// A PNG as `data:` address.
    pub png: String,
}

/// The matrix of the seed with the median test accuracy among the complete `runs`, with images if they are wanted.
pub(super) fn confused(records: &Records, runs: &[&RunRecord], has_images: bool) -> Option<Confused> {
    let data = &records.study.data;
    let mut tested: Vec<(&RunRecord, Confusion)> =
        runs.iter().filter_map(|run| Some((*run, confusion(data, run)?))).collect();
    // Stable: of equal accuracies, the smaller seed comes first.
    tested.sort_by_key(|(_, matrix)| matrix.errors());
    let classes: Vec<String> = data.class_names.iter().map(|class| text::name(class, NAME_LENGTH)).collect();
    let scores = class_scores(&tested.iter().map(|(_, matrix)| matrix).collect::<Vec<_>>(), &classes)?;
    let n = tested.len();
    let is_tie = n == 2 && tested[0].1.errors() == tested[1].1.errors();
    let (run, matrix) = tested.into_iter().nth(n.checked_sub(1)? / 2)?;
    let mut pairs = pairs(&matrix, &classes);
    if has_images {
        pairs
            .iter_mut()
            .for_each(|(pair, of)| of.examples = examples(records, run, pair.truth, pair.predicted));
    }
    let pairs = pairs.into_iter().map(|(_, pair)| pair).collect();
    Some(Confused { choice: choice(run.seed, n, is_tie), classes, matrix, pairs, scores })
}

fn choice(seed: u64, n: usize, is_tie: bool) -> String {
    match n {
        2 if is_tie => format!("Seed {seed}, one of two with the same test accuracy."),
        1 => format!("Seed {seed}."),
        2 => format!("Seed {seed}, the better of two by test accuracy."),
        n if n % 2 == 0 => format!("Seed {seed}, the upper of the two middle ones of {n} by test accuracy."),
        n => format!("Seed {seed}, whose test accuracy is the median of {n}."),
    }
}

/// The pairs confused most often, still without images.
fn pairs(matrix: &Confusion, classes: &[String]) -> Vec<(ConfusedPair, PairView)> {
    let view = |pair: &ConfusedPair| PairView {
        truth: classes[pair.truth].clone(),
        predicted: classes[pair.predicted].clone(),
        count: pair.count,
        of: matrix.row_total(pair.truth),
        reverse: matrix.count(pair.predicted, pair.truth),
        examples: Vec::new(),
    };
    matrix.most_confused(PAIRS).into_iter().map(|pair| (pair, view(&pair))).collect()
}

/// The images of `truth` that `run` took for `predicted` with most confidence, among those that were kept.
fn examples(records: &Records, run: &RunRecord, truth: usize, predicted: usize) -> Vec<Example> {
    let Some(test) = &run.test else { return Vec::new() };
    let labels = records.study.data.test_labels.iter().zip(&test.predictions).enumerate();
    let mut found: Vec<(usize, Option<f32>)> = labels
        .filter(|(_, (t, p))| usize::from(**t) == truth && usize::from(**p) == predicted)
        .map(|(index, _)| (index, test.confidences.get(index).copied().filter(|c| c.is_finite())))
        .collect();
    let or_last = |confidence: Option<f32>| confidence.unwrap_or(-1.0);
    found.sort_by(|a, b| or_last(b.1).total_cmp(&or_last(a.1)));
    let shape = records.study.data.shape;
    let shown = found.into_iter().filter_map(|(index, confidence)| {
        let png = image::data_uri(&image_at(&records.images, index)?.pixels, shape)?;
        Some(Example { index, confidence: confidence.map(f64::from), png })
    });
    shown.take(EXAMPLES).collect()
}

/// The kept test image at a place; they lie by their places.
pub(crate) fn image_at(images: &[ImageRecord], index: usize) -> Option<&ImageRecord> {
    let place = images.binary_search_by_key(&index, |image| image.index).ok()?;
    images.get(place)
}

impl PairView {
    /// `123 of 1,000 (12.3 %)`
    pub fn count_text(&self) -> String {
        let (count, of) = (format::count(self.count as u64), format::count(self.of as u64));
        format!("{count} of {of} ({})", format::percent(self.count as f64 / self.of.max(1) as f64))
    }
}

impl Example {
    /// The confidence with two decimals, or a dash. Never rounded up to certainty.
    pub fn confidence_text(&self) -> String {
        match self.confidence {
            Some(c) if c < 1.0 && c > 0.99 => "> 0.99".to_owned(),
            Some(c) => format!("{c:.2}"),
            None => format::NONE.to_owned(),
        }
    }
}
