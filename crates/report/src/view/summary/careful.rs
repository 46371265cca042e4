//! Which runs have numbers to be careful of.

use super::super::{GroupWarnings, RunGroup};
use super::best::listed;
use crate::format::count;

/// Whether a run has a warning of some kind.
type HasWarning = fn(&GroupWarnings) -> bool;

/// A sentence for each kind of warning that some run has.
pub(super) fn sentences(groups: &[RunGroup]) -> Vec<String> {
    let kinds: [(&str, HasWarning); 3] = [
        ("At chance, no better than always saying the most frequent class", |of| of.is_at_chance),
        ("Never predicting some class of the test set", |of| of.misses_class),
        ("With a batch larger than the training part, so that an epoch is one update", |of| {
            of.has_large_batch
        }),
    ];
    let sentence = |(what, has): (&str, HasWarning)| {
        let which: Vec<usize> = (0..groups.len()).filter(|&i| has(&groups[i].warnings)).collect();
        let names = listed(groups, &which).unwrap_or_else(|| {
            let all = count(groups.len() as u64);
            if which.len() == groups.len() {
                format!("all {all} runs")
            } else {
                format!("{} of {all} runs", count(which.len() as u64))
            }
        });
        (!which.is_empty()).then(|| format!("{what}: {names}."))
    };
    kinds.into_iter().filter_map(sentence).collect()
}
