//! The learning curves of all trials of a search: what they reported, and which of it counts.

use toile_record::{Metric, State};

use super::ObjectiveView;
use super::analysis::SearchAnalysis;
use super::spots::{Range, range, thin, thinned};
use crate::{chart, format};

/// Learning curves beyond these are thinned out.
const MOST_CURVES: usize = 200;
/// Points of one learning curve.
const MOST_POINTS: usize = 60;

/// What one trial reported.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialCurve {
    /// Step and value.
    pub points: Vec<(f64, f64)>,
    /// How it ended.
    pub state: State,
    /// Whether it is the best.
    pub is_best: bool,
    /// What it is.
    pub title: String,
}

/// Learning curves of all trials.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialCurves {
    /// One per trial, the best last.
    pub curves: Vec<TrialCurve>,
    /// `epoch`, or `step` where a step is something else.
    pub step_name: &'static str,
    /// What the axis of values shows.
    pub range: Range,
    /// What is not drawn, or at the edge.
    pub note: String,
}

/// What all trials reported on the way.
pub(super) fn curves(analysis: &SearchAnalysis) -> Option<TrialCurves> {
    let number = |&i: &usize| {
        let reported = &analysis.trials[i].record.intermediate;
        reported.iter().filter(|(_, value)| value.is_finite()).count() > 0
    };
    let reported: Vec<usize> = (0..analysis.trials.len()).filter(number).collect();
    let mut drawn = thin(&reported, MOST_CURVES, analysis.best);
    drawn.sort_by_key(|&i| analysis.best == Some(i));
    let values: Vec<f64> = drawn.iter().flat_map(|&i| finite(analysis, i)).map(|point| point.1).collect();
    let range = round_ends(range(&values, analysis.metric())?, &values, analysis.metric());
    let note = format!(
        "{}{}{}{}",
        what_counts(analysis),
        seeds_note(analysis),
        beyond(&range, analysis.metric()),
        thinned(reported.len(), drawn.len())
    );
    let curve = |&i: &usize| TrialCurve {
        points: fewer(finite(analysis, i).collect()),
        state: analysis.trials[i].record.state,
        is_best: analysis.best == Some(i),
        title: analysis.title(i),
    };
    Some(TrialCurves {
        curves: drawn.iter().map(curve).collect(),
        range,
        step_name: step_name(analysis),
        note,
    })
}

/// Whether a step is an epoch, as in our own searches with one seed per trial.
fn are_epochs(analysis: &SearchAnalysis) -> bool {
    let is_ours = analysis.trials.iter().all(|trial| trial.record.side.is_some());
    let metric = Metric::from_name(&analysis.metric().key);
    is_ours && analysis.records.search.seeds <= 1 && metric.is_some_and(|metric| metric.is_per_epoch())
}

/// Which of the reported values became the value of a trial; nothing where it is none of them, or a mean.
fn what_counts(analysis: &SearchAnalysis) -> String {
    let ends = analysis.trials.iter().enumerate().filter_map(|(i, trial)| Some((i, trial.value?)));
    let of = |(i, value)| {
        let mut reported: Vec<f64> = finite(analysis, i).map(|point| point.1).collect();
        let last = reported.pop()?;
        Some((last == value, last == value || reported.contains(&value)))
    };
    let found: Vec<(bool, bool)> = ends.filter_map(of).collect();
    let earlier = found.iter().filter(|(is_last, _)| !is_last).count();
    let step = step_name(analysis);
    match found.iter().all(|(_, is_reported)| *is_reported) {
        _ if found.is_empty() || analysis.records.search.seeds > 1 => String::new(),
        false => String::new(),
        true if earlier == 0 => format!(" The last {step} of a trial counts."),
        true => format!(
            " The {step} whose weights are kept counts: in {earlier} of {} an earlier one than the last.",
            format::plural(found.len(), "complete trial", "complete trials")
        ),
    }
}

fn step_name(analysis: &SearchAnalysis) -> &'static str {
    if are_epochs(analysis) { "epoch" } else { "step" }
}

fn seeds_note(analysis: &SearchAnalysis) -> String {
    match analysis.records.search.seeds {
        0 | 1 => String::new(),
        seeds => format!(" Steps are numbered through the {seeds} seeds of a trial."),
    }
}

/// The same up to the next ticks, where the axis ends.
fn round_ends(range: Range, values: &[f64], metric: &ObjectiveView) -> Range {
    let (low, high) = chart::round_ends(range.low, range.high);
    let worst = if metric.maximize { low } else { high };
    Range { low, high, outside: values.iter().filter(|&&value| metric.is_better(worst, value)).count() }
}

/// `Values below 0.83 lie on the lower edge.`, or nothing.
fn beyond(range: &Range, metric: &ObjectiveView) -> String {
    let (side, end, edge) = match metric.maximize {
        true => ("below", range.low, "lower"),
        false => ("above", range.high, "upper"),
    };
    match range.outside {
        0 => String::new(),
        _ => format!(" Values {side} {} lie on the {edge} edge.", format::significant(end)),
    }
}

fn finite<'a>(analysis: &'a SearchAnalysis, trial: usize) -> impl Iterator<Item = (f64, f64)> + 'a {
    let reported = analysis.trials[trial].record.intermediate.iter();
    reported.filter(|(_, value)| value.is_finite()).map(|(step, value)| (*step as f64, *value))
}

/// At most so many points of a curve, the last one among them.
fn fewer(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let every = points.len().div_ceil(MOST_POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let kept = |(i, point): (usize, (f64, f64))| (i.is_multiple_of(every) || i == last).then_some(point);
    points.into_iter().enumerate().filter_map(kept).collect()
}
