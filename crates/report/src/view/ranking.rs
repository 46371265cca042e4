//! All groups by validation accuracy. The test set is not used for it.

use toile_record::{Part, Records};
use toile_stats::normal_quantile;

use super::RunGroup;
use crate::format;

/// Index of validation and test accuracy among the columns of the comparison.
pub(crate) const VAL_ACCURACY: usize = 3;
pub(crate) const TEST_ACCURACY: usize = 5;

/// The ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Best first; groups without a validation accuracy at the end, in the study's order.
    pub rows: Vec<Rank>,
    /// Validation accuracies closer to the best one than this are within the sampling error; `None` without validation.
    pub margin: Option<f64>,
    /// Images of the validation part.
    pub n_validation: usize,
}

/// One line of the ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Rank {
    /// The group's index in the view.
    pub group: usize,
    /// `1`, or a dash without a validation accuracy. Equal means share their rank.
    pub rank: String,
    /// Whether no other has a higher mean: the best, and all that equal it.
    pub is_best: bool,
    /// Whether another is better, but by less than the margin.
    pub is_near_best: bool,
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
    let margin = best.and_then(|best| margin(best, n_validation));
    let rows = order.iter().map(|&i| {
        let better = order.iter().filter(|&&j| accuracy(j) > accuracy(i)).count();
        let is_near_best =
            better > 0 && accuracy(i).zip(best).zip(margin).is_some_and(|((a, b), m)| b - a < m);
        let is_best = better == 0 && accuracy(i).is_some();
        let rank = accuracy(i).map_or_else(|| format::NONE.to_owned(), |_| (better + 1).to_string());
        Rank { group: i, rank, is_best, is_near_best, place: place(accuracy(i), worst, best) }
    });
    Ranking { rows: rows.collect(), margin, n_validation }
}

/// To nine decimals: in which order the seeds were added up must not decide which of two equal runs is better.
fn compared(mean: f64) -> f64 {
    (1e9 * mean).round() / 1e9
}

/// 1.96 standard errors of the difference of two accuracies of about `p`, each on `n` images of its own.
fn margin(p: f64, n: usize) -> Option<f64> {
    (n > 0).then(|| normal_quantile(0.975) * (2.0 * p * (1.0 - p) / n as f64).max(0.0).sqrt())
}

fn place(accuracy: Option<f64>, worst: Option<f64>, best: Option<f64>) -> Option<f64> {
    let (accuracy, worst, best) = (accuracy?, worst?, best?);
    Some(if best > worst { (accuracy - worst) / (best - worst) } else { 1.0 })
}

impl Ranking {
    /// What the order means and what the mark ≈ means.
    pub fn footnote(&self) -> String {
        let Some(margin) = self.margin else {
            let why = match self.n_validation {
                0 => "Without a validation part there is nothing to rank by",
                _ => "No run with a validation accuracy is complete yet",
            };
            return format!("{why}: the runs stand in the study's order.");
        };
        format!(
            "Ranked by mean validation accuracy; the test set is not used for it. ≈ marks runs that lie less than {} behind \
             the best: the 95 % sampling error of a difference between two accuracies on {}, if the images were drawn again for each.",
            format::metric(margin),
            format::plural(self.n_validation, "image", "images")
        )
    }

    /// The best groups: one, or several that are equal; none without a validation accuracy.
    pub fn best(&self) -> Vec<usize> {
        self.rows.iter().filter(|row| row.is_best).map(|row| row.group).collect()
    }
}
