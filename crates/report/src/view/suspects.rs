//! Images whose label nearly all trainings call wrong, each sure of it: candidates for a wrong label, and how many
//! ordinary mistakes would give.
//!
//! This is confident learning (Northcutt, Jiang and Chuang 2021) with what is kept of an image: the class that a
//! training predicts, its probability, and the loss. The threshold t_j of a class is, for each training, the mean
//! probability of the label over the images labelled j. A training *calls* an image j if it predicts j with a
//! probability of t_j or more. Where the loss is not plain cross-entropy, the probability of the label is known only of
//! images that are classified correctly: the threshold is then their mean, which is higher.

use std::collections::BTreeSet;

use toile_record::{Evidence, Part, Records, RunRecord, State};
use toile_stats::{Interval, normal_quantile};

use super::NAME_LENGTH;
use super::confusion::image_at;
use super::reliability::labels;
use super::warnings::chance;
use crate::plan::is_plain_crossentropy;
use crate::{image, text};

/// Fewer trainings say too little.
const FEWEST: usize = 3;

/// Candidates that are listed, and pictures of them.
const MOST: usize = 60;
const MOST_IMAGES: usize = 40;

/// Candidates of all parts that were looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspects {
    /// What came of each part.
    pub parts: Vec<SuspectPart>,
    /// The candidates, those that most trainings call so first, then by how sure they are. Not more than 60.
    pub candidates: Vec<Suspect>,
    /// How many there are in all.
    pub n: usize,
}

/// What came of one part of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct SuspectPart {
    /// Which.
    pub part: Part,
    /// Its images.
    pub images: usize,
    /// Complete trainings that are better than chance, each once.
    pub trainings: usize,
    /// How many of them have to call an image the same: four fifths.
    pub needed: usize,
    /// Images that so many call the same.
    pub agreed: usize,
    /// Those of them whose label is another class.
    pub contradicted: usize,
    /// How many of them would be mistakes if the confidences were true: Σ (1 − mean confidence).
    pub expected: f64,
    /// Where that number would lie in 95 of 100 cases if the images were independent.
    pub range: Interval,
}

/// An image whose label may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Which part it is in.
    pub part: Part,
    /// Its place in the test part, or among the training images before the split; `None` where that is not known.
    pub index: Option<usize>,
    /// The name of its label, and of the class that it is called.
    pub names: [String; 2],
    /// The trainings that call it so, and all of them.
    pub votes: usize,
    /// All trainings that looked.
    pub of: usize,
    /// The mean probability that those which call it so give to that class.
    pub confidence: f64,
    /// The mean probability of its label, over the trainings of which it is known.
    pub self_confidence: Option<f64>,
    /// A PNG as `data:` address, where the picture is kept.
    pub png: Option<String>,
}

/// One training's look at a part.
struct Look<'a> {
    evidence: &'a Evidence,
    /// The threshold of each class; infinite where there is none.
    thresholds: Vec<f64>,
    has_self_confidence: bool,
}

/// An image that trainings call something.
struct Call {
    place: usize,
    class: u8,
    votes: usize,
    confidence: f64,
}

/// The candidates; `None` where fewer than three trainings looked at any part.
pub(super) fn suspects(records: &Records) -> Option<Suspects> {
    let mut found = Suspects { parts: Vec::new(), candidates: Vec::new(), n: 0 };
    let able = able(records);
    for part in Part::ALL {
        look_at(records, &able, part, &mut found);
    }
    let key = |one: &Suspect| (one.votes as f64 / one.of as f64, one.confidence);
    found.candidates.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    found.candidates.truncate(MOST);
    pictures(records, &mut found.candidates);
    (!found.parts.is_empty()).then_some(found)
}

/// The complete runs that are better than chance. Equal weights are one opinion, however many runs have them.
fn able(records: &Records) -> Vec<&RunRecord> {
    let mut weights = BTreeSet::new();
    let sound = records.runs.iter().filter(|run| run.state == State::Complete);
    let once = sound.filter(|run| run.weights_sha256.as_ref().is_none_or(|sha| weights.insert(sha.as_str())));
    once.filter(|run| chance(&records.study.data, run).is_none()).collect()
}

fn look_at(records: &Records, able: &[&RunRecord], part: Part, found: &mut Suspects) {
    let (data, labels) = (&records.study.data, labels(&records.study.data, part));
    let looks: Vec<Look> = able
        .iter()
        .copied()
        .filter_map(|run| Look::new(run, run.evidence(part)?, labels, data.class_names.len()))
        .collect();
    if looks.len() < FEWEST {
        return;
    }
    let needed = (4 * looks.len()).div_ceil(5);
    let classes = data.class_names.len();
    let calls: Vec<Call> =
        (0..labels.len()).filter_map(|place| call(&looks, place, classes, needed)).collect();
    if calls.is_empty() {
        return;
    }
    let expected: f64 = calls.iter().map(|call| 1.0 - call.confidence).sum();
    let variance: f64 = calls.iter().map(|call| call.confidence * (1.0 - call.confidence)).sum();
    let half = normal_quantile(0.975) * variance.sqrt();
    let mut against: Vec<&Call> = calls.iter().filter(|call| call.class != labels[call.place]).collect();
    found.n += against.len();
    found.parts.push(SuspectPart {
        part,
        images: labels.len(),
        trainings: looks.len(),
        needed,
        agreed: calls.len(),
        contradicted: against.len(),
        expected,
        range: Interval { low: (expected - half).max(0.0), high: expected + half },
    });
    against.sort_by(|a, b| b.votes.cmp(&a.votes).then(b.confidence.total_cmp(&a.confidence)));
    let name = |class: u8| {
        data.class_names
            .get(usize::from(class))
            .map_or_else(String::new, |name| text::name(name, NAME_LENGTH))
    };
    let suspect = |call: &&Call| Suspect {
        part,
        index: match part {
            Part::Test => Some(call.place),
            Part::Validation => data.split.validation_images.get(call.place).map(|place| *place as usize),
        },
        names: [name(labels[call.place]), name(call.class)],
        votes: call.votes,
        of: looks.len(),
        confidence: call.confidence,
        self_confidence: self_confidence(&looks, call.place),
        png: None,
    };
    found.candidates.extend(against.iter().take(MOST).map(suspect));
}

impl<'a> Look<'a> {
    fn new(run: &RunRecord, evidence: &'a Evidence, labels: &[u8], classes: usize) -> Option<Self> {
        let n = labels.len();
        let is_sound = |evidence: &Evidence| {
            evidence.predictions.iter().chain(labels).all(|class| usize::from(*class) < classes)
                && evidence.confidences.iter().all(|confidence| confidence.is_finite())
        };
        if n == 0 || [evidence.predictions.len(), evidence.confidences.len()] != [n; 2] || !is_sound(evidence)
        {
            return None;
        }
        let mut look = Self {
            evidence,
            thresholds: Vec::new(),
            has_self_confidence: evidence.losses.len() == n && is_plain_crossentropy(&run.plan),
        };
        let mut sums = vec![(0.0, 0usize); classes];
        for (place, label) in labels.iter().enumerate() {
            let own = match look.self_confidence(place) {
                Some(own) => own,
                None if evidence.predictions[place] == *label => look.confidence(place),
                None => continue,
            };
            let (sum, n) = &mut sums[usize::from(*label)];
            (*sum, *n) = (*sum + own, *n + 1);
        }
        let threshold = |(sum, n): (f64, usize)| if n > 0 { sum / n as f64 } else { f64::INFINITY };
        look.thresholds = sums.into_iter().map(threshold).collect();
        Some(look)
    }

    /// The probability of the label of an image, where the loss tells it.
    fn self_confidence(&self, place: usize) -> Option<f64> {
        let loss = *self.evidence.losses.get(place).filter(|_| self.has_self_confidence)?;
        Some((-f64::from(loss)).exp()).filter(|p| p.is_finite()).map(|p| p.min(1.0))
    }

    /// The probability of the class that it predicts, which rounding may have put above 1.
    fn confidence(&self, place: usize) -> f64 {
        f64::from(self.evidence.confidences[place]).min(1.0)
    }

    /// The class that it calls an image.
    fn call(&self, place: usize) -> Option<(usize, f64)> {
        let class = usize::from(self.evidence.predictions[place]);
        let confidence = self.confidence(place);
        (confidence >= self.thresholds[class]).then_some((class, confidence))
    }
}

/// What so many trainings call an image, if they do.
fn call(looks: &[Look], place: usize, classes: usize, needed: usize) -> Option<Call> {
    let mut calls = vec![(0usize, 0.0); classes];
    for (class, confidence) in looks.iter().filter_map(|look| look.call(place)) {
        calls[class].0 += 1;
        calls[class].1 += confidence;
    }
    let class = calls.iter().position(|call| call.0 >= needed)?;
    let (votes, sum) = calls[class];
    Some(Call { place, class: class as u8, votes, confidence: sum / votes as f64 })
}

fn self_confidence(looks: &[Look], place: usize) -> Option<f64> {
    let known: Vec<f64> = looks.iter().filter_map(|look| look.self_confidence(place)).collect();
    toile_stats::mean(&known)
}

/// Adds the pictures of the first candidates of the test part: of others none is kept.
fn pictures(records: &Records, candidates: &mut [Suspect]) {
    let of_test = candidates.iter_mut().filter(|one| one.part == Part::Test);
    for one in of_test.take(MOST_IMAGES) {
        let Some(index) = one.index else { continue };
        let kept = image_at(&records.images, index);
        one.png = kept.and_then(|kept| image::data_uri(&kept.pixels, records.study.data.shape));
    }
}

impl SuspectPart {
    /// What came of it, and what it says.
    pub fn sentence(&self) -> String {
        use crate::format::{count, plural};
        let whole = |value: f64| count(value.round() as u64);
        let found = self.contradicted as f64;
        let says = match found {
            found if found > self.range.high => format!(
                "{} more than foretold: wrong labels, or confidences that are too high; only looking tells these apart",
                whole(found - self.expected)
            ),
            _ => "no more than foretold, so that ordinary mistakes may account for all of them".to_owned(),
        };
        let (low, high) = (whole(self.range.low), whole(self.range.high));
        format!(
            "Of {}, at least {} of {} trainings call {} the same, each at least as sure as it is on average of the label of such \
             images. If their confidences were true, {} of these would be mistakes ({low} to {high} at 95 %); {} of them have \
             another label: {says}.",
            plural(
                self.images,
                &format!("{} image", self.part.name()),
                &format!("{} images", self.part.name())
            ),
            count(self.needed as u64),
            count(self.trainings as u64),
            count(self.agreed as u64),
            whole(self.expected),
            count(self.contradicted as u64),
        )
    }
}
