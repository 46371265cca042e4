//! What to be careful of in the numbers of a run: a batch that is larger than the training part, an accuracy at chance,
//! classes that are never predicted.
//!
//! An accuracy is *at chance* if it is not distinguishable from that of always saying the most frequent class: if its
//! 95 % interval (Wilson 1927) does not lie above the share of that class among the images. A run is judged by its
//! test, or by its validation images where it has no test.

use toile_record::{DataRecord, Records, RunRecord, State};

use super::NAME_LENGTH;
use crate::facts::{accuracy_interval, confusion, last_numbers, saturating_sum, train_images};
use crate::format::{self, plural};
use crate::plan::planned_batch;
use crate::text;

/// Different sentences of one kind on the seeds of a run.
const MOST_SENTENCES: usize = 2;
/// Names of classes in one sentence.
const MOST_CLASSES: usize = 8;

/// What is wrong with the numbers of one run. Each is a sentence about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RunWarnings {
    /// Its batch is larger than the training part.
    pub batch: Option<String>,
    /// Its accuracy is at chance.
    pub chance: Option<String>,
    /// Classes of the test part that it never predicts.
    pub unpredicted: Option<String>,
}

/// The warnings of a run, from its records.
pub(crate) fn run_warnings(records: &Records, run: &RunRecord) -> RunWarnings {
    let data = &records.study.data;
    let batch = planned_batch(&run.plan).and_then(|batch| batch_warning(batch, train_images(data)));
    if run.state != State::Complete {
        return RunWarnings { batch, ..RunWarnings::default() };
    }
    RunWarnings { batch, chance: chance(data, run), unpredicted: unpredicted(data, run) }
}

impl RunWarnings {
    /// All of them.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &String> {
        self.batch.iter().chain(&self.chance).chain(&self.unpredicted)
    }
}

/// `its batch of 100,000 is larger than the training part of 54,000 images: …`; `None` if it is not.
pub fn batch_warning(batch: u64, images: u64) -> Option<String> {
    (images > 0 && batch > images).then(|| {
        format!(
            "a batch of {} is larger than the training part of {}: one update per epoch",
            format::count(batch),
            plural(images as usize, "image", "images")
        )
    })
}

/// Whether the accuracy of a complete run is at chance, in words.
pub(super) fn chance(data: &DataRecord, run: &RunRecord) -> Option<String> {
    let numbers = last_numbers(run);
    let test = numbers[5].and_then(|accuracy| chance_of(accuracy, &data.split.test_counts, "test"));
    match numbers[5] {
        Some(_) if saturating_sum(&data.split.test_counts) > 0 => test,
        _ => validation_chance(data, numbers[3]?),
    }
}

/// Whether an accuracy on the validation images is at chance, in words.
pub(super) fn validation_chance(data: &DataRecord, accuracy: f64) -> Option<String> {
    chance_of(accuracy, &data.split.validation_counts, "validation")
}

/// Whether an accuracy on images of so many in each class is at chance, in words.
fn chance_of(accuracy: f64, counts: &[usize], part: &str) -> Option<String> {
    let (n, most) = (saturating_sum(counts) as usize, *counts.iter().max()?);
    let interval = accuracy_interval(accuracy, n)?;
    let share = most as f64 / n as f64;
    (interval.low <= share).then(|| {
        format!(
            "its {part} accuracy of {} is at chance: always saying the most frequent class would reach {}, and the 95 % \
             interval of the accuracy is {} to {} ({})",
            format::metric(accuracy),
            format::metric(share),
            format::metric(interval.low),
            format::metric(interval.high),
            plural(n, &format!("{part} image"), &format!("{part} images"))
        )
    })
}

/// Classes of the test part that are never predicted.
fn unpredicted(data: &DataRecord, run: &RunRecord) -> Option<String> {
    let matrix = confusion(data, run)?;
    let name = |class: usize| format!("“{}”", text::name(&data.class_names[class], NAME_LENGTH));
    let classes = || 0..matrix.classes();
    let is_predicted = |class: &usize| classes().any(|truth| matrix.count(truth, *class) > 0);
    let predicted: Vec<usize> = classes().filter(is_predicted).collect();
    let never: Vec<usize> = classes().filter(|c| !is_predicted(c) && matrix.row_total(*c) > 0).collect();
    match (&predicted[..], never.len()) {
        (_, 0) => None,
        ([one], _) => Some(format!("it takes every test image for {}", name(*one))),
        (_, n) => {
            let names: Vec<String> = never.iter().take(MOST_CLASSES).map(|class| name(*class)).collect();
            let more = n.saturating_sub(MOST_CLASSES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let of = plural(matrix.classes(), "class", "classes");
            Some(format!("it never predicts {n} of {of}: {}{more}", names.join(", ")))
        }
    }
}

/// What is wrong with the numbers of a run over its seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupWarnings {
    /// Every sentence once, with the seeds that it is about unless these are all.
    pub sentences: Vec<String>,
    /// Whether its batch is larger than the training part.
    pub has_large_batch: bool,
    /// Whether all its complete seeds are at chance.
    pub is_at_chance: bool,
    /// Whether a complete seed never predicts a class of the test part.
    pub misses_class: bool,
}

/// The warnings of the `runs` of one name.
pub(super) fn group_warnings(records: &Records, runs: &[&RunRecord]) -> GroupWarnings {
    let all: Vec<(&RunRecord, RunWarnings)> =
        runs.iter().map(|run| (*run, run_warnings(records, run))).collect();
    let complete = || all.iter().filter(|(run, _)| run.state == State::Complete);
    GroupWarnings {
        sentences: with_seeds(&all),
        has_large_batch: all.iter().any(|(_, warnings)| warnings.batch.is_some()),
        is_at_chance: complete().next().is_some()
            && complete().all(|(_, warnings)| warnings.chance.is_some()),
        misses_class: all.iter().any(|(_, warnings)| warnings.unpredicted.is_some()),
    }
}

/// The sentences of each kind.
fn with_seeds(all: &[(&RunRecord, RunWarnings)]) -> Vec<String> {
    let kinds: [fn(&RunWarnings) -> Option<&String>; 3] =
        [|of| of.batch.as_ref(), |of| of.chance.as_ref(), |of| of.unpredicted.as_ref()];
    kinds.into_iter().flat_map(|kind| of_kind(all, kind)).collect()
}

/// Each sentence of a kind once, in order of appearance, behind the seeds that it is about. Of many only the first are
/// said.
fn of_kind(all: &[(&RunRecord, RunWarnings)], kind: impl Fn(&RunWarnings) -> Option<&String>) -> Vec<String> {
    let mut found: Vec<(&String, Vec<u64>)> = Vec::new();
    for (run, sentence) in all.iter().filter_map(|(run, of)| Some((run, kind(of)?))) {
        match found.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, seeds)) => seeds.push(run.seed),
            None => found.push((sentence, vec![run.seed])),
        }
    }
    let line = |(sentence, seeds): &(&String, Vec<u64>)| match &seeds[..] {
        seeds if seeds.len() == all.len() => format!("{}.", text::sentence_case(sentence)),
        [seed] => format!("Seed {seed}: {sentence}."),
        [first, others @ ..] => {
            format!("Seed {first} and {}: {sentence}.", plural(others.len(), "other", "others"))
        }
        [] => format!("{}.", text::sentence_case(sentence)),
    };
    let more: usize = found.iter().skip(MOST_SENTENCES).map(|(_, seeds)| seeds.len()).sum();
    let more = (more > 0).then(|| format!("{} likewise.", plural(more, "more seed", "more seeds")));
    found.iter().take(MOST_SENTENCES).map(line).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `statsmodels.stats.proportion.proportion_confint(hits, n, method="wilson")`: 24 of 100 begin at 0.1669, 35 of
    /// 100 at 0.2636.
    #[test]
    fn an_accuracy_is_at_chance_where_its_interval_reaches_down_to_the_most_frequent_class() {
        let of = |accuracy| chance_of(accuracy, &[25, 25, 25, 25], "test");
        let text = of(0.24).expect("at chance");
        assert!(text.contains("0.2400 is at chance") && text.contains("0.1669 to"), "{text}");
        assert!(of(0.0).is_some(), "worse than chance is no better");
        assert_eq!(of(0.35), None, "0.2636 lies above 0.25");
        assert!(chance_of(0.35, &[70, 10, 10, 10], "test").is_some(), "of which 70 are of one class");
        assert!(chance_of(1.0, &[9, 0], "test").is_some(), "with one class nothing can be learnt");
        assert_eq!((chance_of(0.5, &[], "test"), chance_of(0.5, &[0, 0], "test")), (None, None));
    }

    #[test]
    fn a_batch_of_all_images_is_no_warning_and_a_larger_one_is() {
        assert_eq!((batch_warning(54_000, 54_000), batch_warning(1, 0)), (None, None));
        let text = batch_warning(100_000, 54_000).expect("larger");
        assert_eq!(
            text,
            "a batch of 100,000 is larger than the training part of 54,000 images: one update per epoch"
        );
    }
}
