//! The table in the document's own form: ours, the published numbers, the difference.

use toile_judge::Reproduction;
use toile_record::RunRecord;
use toile_stats::{prediction_z, student_quantile};

use super::Estimate;
use crate::facts::{METRICS, last_numbers};
use crate::format;

/// One column: a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonColumn {
    /// `Validation loss`
    pub label: &'static str,
    /// Over the complete seeds.
    pub ours: Option<Estimate>,
    /// The end-of-epoch weights on the training set, for the two training columns.
    pub evaluated: Option<Estimate>,
    /// What the publication gives.
    pub published: Option<f64>,
    /// Ours minus published.
    pub difference: Option<f64>,
    /// How many standard deviations the published run lies from our seeds; see [`prediction_z`].
    pub z: Option<f64>,
    /// Whether it does not come out again: it lies outside what our seeds predict, after Holm's correction over all
    /// published numbers.
    pub is_outside: bool,
}

/// The six columns of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// In the document's order.
    pub columns: Vec<ComparisonColumn>,
    /// How many complete seeds.
    pub n: usize,
    /// Whether the publication gives anything.
    pub has_published: bool,
    /// The |z| that 95 % of single runs like ours stay below; `None` for fewer than two seeds.
    pub z_limit: Option<f64>,
}

/// Compares the complete `runs` of a group with what was published (which a group without a complete run has too).
pub(super) fn comparison(runs: &[&RunRecord], published: [Option<f64>; 6]) -> Comparison {
    let numbers: Vec<[Option<f64>; 6]> = runs.iter().map(|run| last_numbers(run)).collect();
    let columns = (0..METRICS.len())
        .map(|i| {
            column(
                METRICS[i].1,
                Estimate::of(numbers.iter().map(|row| row[i])),
                published[i],
                evaluated(runs, i),
            )
        })
        .collect();
    Comparison {
        columns,
        n: runs.len(),
        has_published: published.iter().any(Option::is_some),
        z_limit: limit(runs.len()),
    }
}

fn column(
    label: &'static str,
    ours: Option<Estimate>,
    published: Option<f64>,
    evaluated: Option<Estimate>,
) -> ComparisonColumn {
    let pair = ours.as_ref().zip(published);
    let z =
        pair.and_then(|(ours, published)| prediction_z(published, &ours.values)).filter(|z| z.is_finite());
    ComparisonColumn {
        label,
        evaluated,
        published,
        difference: pair
            .map(|(ours, published)| ours.mean - published)
            .filter(|difference| difference.is_finite()),
        z,
        is_outside: false,
        ours,
    }
}

fn evaluated(runs: &[&RunRecord], metric: usize) -> Option<Estimate> {
    let last = runs.iter().map(|run| run.kept_epoch());
    match METRICS[metric].0 {
        "loss" => Estimate::of(last.map(|epoch| epoch?.train_loss)),
        "accuracy" => Estimate::of(last.map(|epoch| epoch?.train_accuracy)),
        _ => None,
    }
}

/// Student's two-sided 95 % limit for one more run after `n`.
fn limit(n: usize) -> Option<f64> {
    (n >= 2).then(|| student_quantile(0.975, (n - 1) as f64))
}

impl ComparisonColumn {
    /// The published number as the publication writes it, or a dash.
    pub fn published_text(&self) -> String {
        self.published.map_or_else(|| format::NONE.to_owned(), format::published)
    }

    /// The difference with its sign, or a dash.
    pub fn difference_text(&self) -> String {
        self.difference.map_or_else(|| format::NONE.to_owned(), format::signed)
    }

    /// z with its sign, or a dash; a star marks the ones outside.
    pub fn z_text(&self) -> String {
        let mark = if self.is_outside { "*" } else { "" };
        self.z.map_or_else(|| format::NONE.to_owned(), |z| format!("{}{mark}", format::z(z)))
    }

    /// Ours, or a dash.
    pub fn ours_text(&self) -> String {
        Estimate::text_or_none(self.ours.as_ref())
    }
}

impl Comparison {
    /// Marks the published numbers that do not come out again.
    pub(super) fn mark(&mut self, reproductions: &[&Reproduction]) {
        for (column, (name, _)) in self.columns.iter_mut().zip(METRICS) {
            let of_column = reproductions.iter().find(|one| one.metric.name() == name);
            column.is_outside = of_column.is_some_and(|one| one.comes_out == Some(false));
        }
    }

    /// What the first column calls our row.
    pub fn ours_label(&self) -> String {
        match self.n {
            0 if !self.has_published => "no complete seed".to_owned(),
            1 if !self.has_published => "1 seed".to_owned(),
            n if !self.has_published => format!("mean ± sd, {n} seeds"),
            0 => "ours".to_owned(),
            1 => "ours (1 seed)".to_owned(),
            n => format!("ours (mean ± sd, {n} seeds)"),
        }
    }

    /// Whether any column has a z.
    pub fn has_z(&self) -> bool {
        self.columns.iter().any(|column| column.z.is_some())
    }

    /// Whether the end-of-epoch weights were evaluated on the training set.
    pub fn has_evaluated(&self) -> bool {
        self.columns.iter().any(|column| column.evaluated.is_some())
    }

    /// The limit of |z| in words.
    pub fn z_limit_text(&self) -> String {
        self.z_limit.map(|limit| format!("{limit:.2}")).unwrap_or_default()
    }
}
