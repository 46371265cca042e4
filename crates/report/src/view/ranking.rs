//! All groups by validation accuracy. The test set is not used for it.

use toile_record::{Part, Records};

use super::RunGroup;

/// The place of the validation accuracy among the columns of a comparison.
pub const VAL_ACCURACY: usize = 3;
/// The same of the test accuracy.
pub const TEST_ACCURACY: usize = 5;

/// The ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Best first; groups without a validation accuracy at the end, in the study's order.
    pub rows: Vec<Rank>,
    /// Images of the validation part.
    pub n_validation: usize,
}

/// One line of the ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Rank {
    /// The group's index in the view.
    pub group: usize,
    /// Whether no other has a higher mean: the best, and all that equal it.
    pub is_best: bool,
    /// Where the mean validation accuracy lies between the smallest (0) and the largest (1) of the ranking.
    pub place: Option<f64>,
}

/// Ranks `groups`.
pub(super) fn ranking(records: &Records, groups: &[RunGroup]) -> Ranking {
    let accuracy = |i: usize| groups[i].metric(VAL_ACCURACY).map(|estimate| compared(estimate.mean));
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |i| accuracy(i).unwrap_or(f64::NEG_INFINITY);
        key(b).total_cmp(&key(a)).then(a.cmp(&b))
    });
    let n_validation = records.study.data.n_images(Part::Validation);
    let best = order.first().and_then(|&i| accuracy(i));
    let worst = order.iter().rev().find_map(|&i| accuracy(i));
    let rows = order.iter().map(|&i| {
        let better = order.iter().filter(|&&j| accuracy(j) > accuracy(i)).count();
        let is_best = better == 0 && accuracy(i).is_some();
        Rank { group: i, is_best, place: place(accuracy(i), worst, best) }
    });
    Ranking { rows: rows.collect(), n_validation }
}

/// To nine decimals: in which order the seeds were added up must not decide which of two equal runs is better.
fn compared(mean: f64) -> f64 {
    (1e9 * mean).round() / 1e9
}

fn place(accuracy: Option<f64>, worst: Option<f64>, best: Option<f64>) -> Option<f64> {
    let (accuracy, worst, best) = (accuracy?, worst?, best?);
    Some(if best > worst { (accuracy - worst) / (best - worst) } else { 1.0 })
}

impl Ranking {
    /// Whether anything is ranked.
    pub fn has_ranks(&self) -> bool {
        self.rows.iter().any(|row| row.place.is_some())
    }

    /// Why nothing can be chosen by validation, if so.
    pub fn why_none(&self) -> Option<String> {
        let why = match self.n_validation {
            _ if self.has_ranks() => return None,
            0 => "Without a validation part there is nothing to rank by",
            _ => "No run with a validation accuracy is complete yet",
        };
        Some(format!("{why}: the runs stand in the study's order."))
    }

    /// The best groups: one, or several that are equal; none without a validation accuracy.
    pub fn best(&self) -> Vec<usize> {
        self.rows.iter().filter(|row| row.is_best).map(|row| row.group).collect()
    }
}
