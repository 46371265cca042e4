//! The charts of a search as numbers: history, slices, parallel coordinates.

use toile_record::State;

use super::analysis::SearchAnalysis;
use super::spots::{MOST, Range, Spot, at_the_edge, range, spots, thin, thinned};
use super::{ObjectiveView, ParameterAxis};

/// Panels beyond these are left out.
const MOST_SLICES: usize = 16;
/// Axes beyond these are left out.
const MOST_AXES: usize = 10;
/// Lines beyond these are thinned out.
const MOST_LINES: usize = 600;

/// Each trial's value by its number, with the best so far.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Trials with a value.
    pub spots: Vec<Spot>,
    /// Numbers of failed trials.
    pub failed: Vec<f64>,
    /// The best so far: where it improves.
    pub best: Vec<(f64, f64)>,
    /// The largest number.
    pub last: f64,
    /// What the axis of values shows.
    pub range: Range,
    /// What is not drawn, or at the edge.
    pub note: String,
}

/// The value against one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSlice {
    /// The parameter.
    pub axis: ParameterAxis,
    /// Trials that have it; `x` is the part of the axis.
    pub spots: Vec<Spot>,
}

/// All slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// One per parameter that any trial with a value has.
    pub panels: Vec<ParameterSlice>,
    /// What the axis of values shows.
    pub range: Range,
    /// What is not drawn, or at the edge.
    pub note: String,
}

/// One trial across all axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Parts of the axes, the value's last; `None` where the trial does not have the parameter.
    pub parts: Vec<Option<f64>>,
    /// The quarter of the ranking it is in, from 0, the best.
    pub quarter: usize,
    /// Whether it is the best.
    pub is_best: bool,
    /// What it is; empty where there are too many.
    pub title: String,
}

/// Parallel coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// The parameters.
    pub axes: Vec<ParameterAxis>,
    /// Worst first, so that the best is drawn last.
    pub threads: Vec<Thread>,
    /// What the axis of values shows.
    pub range: Range,
    /// What is not drawn, or at the edge.
    pub note: String,
}

/// The history of the objective at `place`.
pub(super) fn history(analysis: &SearchAnalysis, place: usize) -> Option<History> {
    let metric = &analysis.metrics[place];
    let value = |i: usize| objective(analysis, i, place);
    let valued: Vec<usize> = (0..analysis.trials.len()).filter(|&i| value(i).is_some()).collect();
    let range = range(&valued.iter().filter_map(|&i| value(i)).collect::<Vec<_>>(), metric)?;
    let drawn = thin(&valued, MOST, analysis.best);
    let number = |i: usize| analysis.trials[i].record.number as f64;
    let failed: Vec<usize> =
        (0..analysis.trials.len()).filter(|&i| analysis.trials[i].record.state == State::Failed).collect();
    Some(History {
        spots: spots(analysis, &drawn, |i| Some(number(i)), value),
        failed: thin(&failed, 200, None).into_iter().map(number).collect(),
        best: running_best(analysis, place, metric),
        last: analysis.trials.iter().map(|trial| trial.record.number as f64).fold(0.0, f64::max),
        range,
        note: format!("{}{}", thinned(valued.len(), drawn.len()), at_the_edge(&range, metric)),
    })
}

/// The value of an objective of a complete trial, or the first one of a pruned trial.
fn objective(analysis: &SearchAnalysis, trial: usize, place: usize) -> Option<f64> {
    let found = &analysis.trials[trial];
    match place {
        0 => found.shown,
        _ if found.record.state != State::Complete => None,
        place => found.record.values.get(place).copied().filter(|value| value.is_finite()),
    }
}

/// Where the best of the complete trials improves: number and value that counts.
fn running_best(analysis: &SearchAnalysis, place: usize, metric: &ObjectiveView) -> Vec<(f64, f64)> {
    let mut best: Vec<(f64, f64)> = Vec::new();
    let complete = (0..analysis.trials.len()).filter(|&i| analysis.trials[i].value.is_some());
    for (i, value) in complete.filter_map(|i| Some((i, analysis.trials[i].counted[place]?))) {
        if best.last().is_none_or(|last| metric.is_better(value, last.1)) {
            best.push((analysis.trials[i].record.number as f64, value));
        }
    }
    best
}

/// One panel per parameter.
pub(super) fn slices(analysis: &SearchAnalysis) -> Option<Slices> {
    let metric = analysis.metric();
    let valued: Vec<usize> =
        (0..analysis.trials.len()).filter(|&i| analysis.trials[i].shown.is_some()).collect();
    let range = range(&valued.iter().filter_map(|&i| analysis.trials[i].shown).collect::<Vec<_>>(), metric)?;
    let drawn = thin(&valued, MOST, analysis.best);
    let has = |axis: &usize| valued.iter().any(|&i| analysis.trials[i].params[*axis].is_some());
    let shown: Vec<usize> = (0..analysis.axes.len()).filter(has).collect();
    let panels: Vec<ParameterSlice> =
        shown.iter().take(MOST_SLICES).map(|&axis| slice(analysis, axis, &drawn)).collect();
    let left_out = match shown.len().saturating_sub(MOST_SLICES) {
        0 => String::new(),
        n => not_drawn(n, shown.len()),
    };
    let note = format!("{}{}{left_out}", thinned(valued.len(), drawn.len()), at_the_edge(&range, metric));
    (!panels.is_empty()).then_some(Slices { panels, range, note })
}

fn slice(analysis: &SearchAnalysis, axis: usize, drawn: &[usize]) -> ParameterSlice {
    let x = |i: usize| analysis.trials[i].params[axis].map(|value| analysis.axes[axis].part(value));
    ParameterSlice {
        axis: analysis.axes[axis].clone(),
        spots: spots(analysis, drawn, x, |i| analysis.trials[i].shown),
    }
}

/// All complete trials across all parameters.
pub(super) fn parallel(analysis: &SearchAnalysis) -> Option<Parallel> {
    let ranked = analysis.ranked();
    let values: Vec<f64> = ranked.iter().filter_map(|&i| analysis.trials[i].counted[0]).collect();
    let range = range(&values, analysis.metric())?;
    let has = |axis: &usize| ranked.iter().any(|&i| analysis.trials[i].params[*axis].is_some());
    let shown: Vec<usize> = (0..analysis.axes.len()).filter(has).collect();
    let axes: Vec<usize> = shown.iter().copied().take(MOST_AXES).collect();
    let places: Vec<usize> = (0..ranked.len()).collect();
    let drawn = thin(&places, MOST_LINES, Some(0));
    let threads =
        drawn.iter().rev().map(|&place| thread(analysis, &ranked, place, &axes, &range, drawn.len()));
    let left_out = match shown.len().saturating_sub(axes.len()) {
        0 => String::new(),
        n => not_drawn(n, shown.len()),
    };
    let edge = at_the_edge(&range, analysis.metric());
    // One parameter alone has its slice.
    (axes.len() > 1).then(|| Parallel {
        threads: threads.collect(),
        axes: axes.iter().map(|&axis| analysis.axes[axis].clone()).collect(),
        range,
        note: format!("{}{edge}{left_out}", thinned(ranked.len(), drawn.len())),
    })
}

fn thread(
    analysis: &SearchAnalysis,
    ranked: &[usize],
    place: usize,
    axes: &[usize],
    range: &Range,
    n: usize,
) -> Thread {
    let trial = ranked[place];
    let found = &analysis.trials[trial];
    let value = found.counted[0].unwrap_or(range.low);
    // By halves, so that no difference overflows.
    let span = 0.5 * range.high - 0.5 * range.low;
    let up = if span > 0.0 { ((0.5 * value - 0.5 * range.low) / span).clamp(0.0, 1.0) } else { 0.5 };
    let part = |&axis: &usize| found.params[axis].map(|value| analysis.axes[axis].part(value));
    Thread {
        parts: axes.iter().map(part).chain([Some(up)]).collect(),
        quarter: 4 * place / ranked.len(),
        is_best: place == 0,
        title: if n <= 200 { analysis.title(trial) } else { String::new() },
    }
}

fn not_drawn(n: usize, of: usize) -> String {
    format!(" {n} of {of} parameters {} not drawn.", if n == 1 { "is" } else { "are" })
}
