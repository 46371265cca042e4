//! The charts of a search as numbers: history, slices, parallel coordinates, curves of all trials, timeline.

use toile_store::RunState;

use super::clock;
use super::known::Known;
use super::spots::{MOST, Range, Spot, at_the_edge, range, spots, thin, thinned};
use super::{Axis, Metric};

/// Panels beyond these are left out.
const MOST_SLICES: usize = 16;
/// Axes beyond these are left out.
const MOST_AXES: usize = 10;
/// Lines beyond these are thinned out.
const MOST_LINES: usize = 600;
/// Learning curves beyond these are thinned out.
const MOST_CURVES: usize = 200;
/// Points of one learning curve.
const MOST_POINTS: usize = 60;
/// Rows of the timeline.
const MOST_ROWS: usize = 48;

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
pub struct Slice {
    /// The parameter.
    pub axis: Axis,
    /// Trials that have it; `x` is the part of the axis.
    pub spots: Vec<Spot>,
}

/// All slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// One per parameter that any trial with a value has.
    pub panels: Vec<Slice>,
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
    pub axes: Vec<Axis>,
    /// Worst first, so that the best is drawn last.
    pub threads: Vec<Thread>,
    /// What the axis of values shows.
    pub range: Range,
    /// What is not drawn, or at the edge.
    pub note: String,
}

/// What one trial reported.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialCurve {
    /// Step and value.
    pub points: Vec<(f64, f64)>,
    /// How it ended.
    pub state: RunState,
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
    /// What the axis of values shows.
    pub range: Range,
    /// What is not drawn, or at the edge.
    pub note: String,
}

/// One trial in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The row it lies in.
    pub row: usize,
    /// Seconds from the search's start.
    pub from: f64,
    /// Where it ended, or where the search is.
    pub to: f64,
    /// How it stands.
    pub state: RunState,
    /// What it is.
    pub title: String,
}

/// Trials by worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The worker of each row; empty for further rows of the same one.
    pub rows: Vec<String>,
    /// Trials that began.
    pub stretches: Vec<Stretch>,
    /// Seconds from the first start to the last end.
    pub length: f64,
    /// What is not drawn.
    pub note: String,
}

/// The history of the objective at `place`.
pub fn history(known: &Known, place: usize) -> Option<History> {
    let metric = &known.metrics[place];
    let value = |i: usize| objective(known, i, place);
    let valued: Vec<usize> = (0..known.trials.len()).filter(|&i| value(i).is_some()).collect();
    let range = range(&valued.iter().filter_map(|&i| value(i)).collect::<Vec<_>>(), metric)?;
    let drawn = thin(&valued, MOST, known.best);
    let number = |i: usize| known.trials[i].record.number as f64;
    let failed: Vec<usize> =
        (0..known.trials.len()).filter(|&i| known.trials[i].record.state == RunState::Failed).collect();
    Some(History {
        spots: spots(known, &drawn, |i| Some(number(i)), value),
        failed: thin(&failed, 200, None).into_iter().map(number).collect(),
        best: running_best(known, place, metric),
        last: known.trials.iter().map(|trial| trial.record.number as f64).fold(0.0, f64::max),
        range,
        note: format!("{}{}", thinned(valued.len(), drawn.len()), at_the_edge(&range, metric)),
    })
}

/// The value of an objective of a complete trial, or the first one of a pruned trial.
fn objective(known: &Known, trial: usize, place: usize) -> Option<f64> {
    let found = &known.trials[trial];
    match place {
        0 => found.shown,
        _ if found.record.state != RunState::Complete => None,
        place => found.record.values.get(place).copied().filter(|value| value.is_finite()),
    }
}

/// Where the best of the complete trials improves: number and value.
fn running_best(known: &Known, place: usize, metric: &Metric) -> Vec<(f64, f64)> {
    let mut best: Vec<(f64, f64)> = Vec::new();
    let complete = (0..known.trials.len()).filter(|&i| known.trials[i].record.state == RunState::Complete);
    for (i, value) in complete.filter_map(|i| Some((i, objective(known, i, place)?))) {
        if best.last().is_none_or(|last| metric.is_better(value, last.1)) {
            best.push((known.trials[i].record.number as f64, value));
        }
    }
    best
}

/// One panel per parameter.
pub fn slices(known: &Known) -> Option<Slices> {
    let metric = known.metric();
    let valued: Vec<usize> = (0..known.trials.len()).filter(|&i| known.trials[i].shown.is_some()).collect();
    let range = range(&valued.iter().filter_map(|&i| known.trials[i].shown).collect::<Vec<_>>(), metric)?;
    let drawn = thin(&valued, MOST, known.best);
    let has = |axis: &usize| valued.iter().any(|&i| known.trials[i].params[*axis].is_some());
    let shown: Vec<usize> = (0..known.axes.len()).filter(has).collect();
    let panels: Vec<Slice> = shown.iter().take(MOST_SLICES).map(|&axis| slice(known, axis, &drawn)).collect();
    let left_out = match shown.len().saturating_sub(MOST_SLICES) {
        0 => String::new(),
        n => format!(" {} of {} parameters are not drawn.", n, shown.len()),
    };
    let note = format!("{}{}{left_out}", thinned(valued.len(), drawn.len()), at_the_edge(&range, metric));
    (!panels.is_empty()).then_some(Slices { panels, range, note })
}

fn slice(known: &Known, axis: usize, drawn: &[usize]) -> Slice {
    let x = |i: usize| known.trials[i].params[axis].map(|value| known.axes[axis].part(value));
    Slice { axis: known.axes[axis].clone(), spots: spots(known, drawn, x, |i| known.trials[i].shown) }
}

/// All complete trials across all parameters.
pub fn parallel(known: &Known) -> Option<Parallel> {
    let ranked = known.ranked();
    let values: Vec<f64> = ranked.iter().filter_map(|&i| known.trials[i].value).collect();
    let range = range(&values, known.metric())?;
    let has = |axis: &usize| ranked.iter().any(|&i| known.trials[i].params[*axis].is_some());
    let shown: Vec<usize> = (0..known.axes.len()).filter(has).collect();
    let axes: Vec<usize> = shown.iter().copied().take(MOST_AXES).collect();
    let places: Vec<usize> = (0..ranked.len()).collect();
    let drawn = thin(&places, MOST_LINES, Some(0));
    let threads = drawn.iter().rev().map(|&place| thread(known, &ranked, place, &axes, &range, drawn.len()));
    let left_out = match shown.len() - axes.len() {
        0 => String::new(),
        n => format!(" {n} of {} parameters are not drawn.", shown.len()),
    };
    let edge = at_the_edge(&range, known.metric());
    (!axes.is_empty()).then(|| Parallel {
        threads: threads.collect(),
        axes: axes.iter().map(|&axis| known.axes[axis].clone()).collect(),
        range,
        note: format!("{}{edge}{left_out}", thinned(ranked.len(), drawn.len())),
    })
}

fn thread(known: &Known, ranked: &[usize], place: usize, axes: &[usize], range: &Range, n: usize) -> Thread {
    let trial = ranked[place];
    let found = &known.trials[trial];
    let value = found.value.unwrap_or(range.low);
    let span = range.high - range.low;
    let up = if span > 0.0 { ((value - range.low) / span).clamp(0.0, 1.0) } else { 0.5 };
    let part = |&axis: &usize| found.params[axis].map(|value| known.axes[axis].part(value));
    Thread {
        parts: axes.iter().map(part).chain([Some(up)]).collect(),
        quarter: 4 * place / ranked.len(),
        is_best: place == 0,
        title: if n <= 200 { known.title(trial) } else { String::new() },
    }
}

/// What all trials reported on the way.
pub fn curves(known: &Known) -> Option<TrialCurves> {
    let number = |&i: &usize| {
        let reported = &known.trials[i].record.intermediate;
        reported.iter().filter(|(_, value)| value.is_finite()).count() > 0
    };
    let reported: Vec<usize> = (0..known.trials.len()).filter(number).collect();
    let mut drawn = thin(&reported, MOST_CURVES, known.best);
    drawn.sort_by_key(|&i| known.best == Some(i));
    let values: Vec<f64> = drawn.iter().flat_map(|&i| finite(known, i)).map(|point| point.1).collect();
    let mut range = range(&values, known.metric())?;
    range.outside = 0;
    let step = known.records.search.seeds.max(1);
    let seeds = if step > 1 {
        format!(" Steps are counted on over the {step} seeds of a trial.")
    } else {
        String::new()
    };
    let curve = |&i: &usize| TrialCurve {
        points: fewer(finite(known, i).collect()),
        state: known.trials[i].record.state,
        is_best: known.best == Some(i),
        title: known.title(i),
    };
    Some(TrialCurves {
        curves: drawn.iter().map(curve).collect(),
        range,
        note: format!("{seeds}{}", thinned(reported.len(), drawn.len())),
    })
}

fn finite<'a>(known: &'a Known, trial: usize) -> impl Iterator<Item = (f64, f64)> + 'a {
    let reported = known.trials[trial].record.intermediate.iter();
    reported.filter(|(_, value)| value.is_finite()).map(|(step, value)| (*step as f64, *value))
}

/// At most so many points of a curve, the last one among them.
fn fewer(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let every = points.len().div_ceil(MOST_POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let kept = |(i, point): (usize, (f64, f64))| (i.is_multiple_of(every) || i == last).then_some(point);
    points.into_iter().enumerate().filter_map(kept).collect()
}

/// When each trial ran, and where.
pub fn timeline(known: &Known) -> Option<Timeline> {
    let time = |text: &Option<String>| text.as_deref().and_then(clock::seconds);
    let moments = |i: usize| (time(&known.trials[i].record.started), time(&known.trials[i].record.completed));
    let begun: Vec<usize> = (0..known.trials.len()).filter(|&i| moments(i).0.is_some()).collect();
    let drawn = thin(&begun, MOST, known.best);
    let start = begun.iter().filter_map(|&i| moments(i).0).reduce(f64::min)?;
    let ends = begun.iter().flat_map(|&i| [moments(i).0, moments(i).1]).flatten();
    let length = ends.fold(start, f64::max) - start;
    let mut spans: Vec<(usize, f64, f64)> = drawn
        .iter()
        .filter_map(|&i| {
            let (from, to) = moments(i);
            let from = from? - start;
            Some((i, from, to.map_or(length, |to| to - start).max(from)))
        })
        .collect();
    spans.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let (rows, places) = lanes(known, &spans);
    let hidden = places.iter().filter(|row| row.is_none()).count();
    let stretch = |(span, row): (&(usize, f64, f64), &Option<usize>)| {
        let (i, from, to) = *span;
        let title = if spans.len() <= 300 { known.title(i) } else { String::new() };
        Some(Stretch { row: (*row)?, from, to, state: known.trials[i].record.state, title })
    };
    Some(Timeline {
        stretches: spans.iter().zip(&places).filter_map(stretch).collect(),
        rows,
        length,
        note: thinned(begun.len(), drawn.len() - hidden),
    })
}

/// A row per worker, and more where its trials overlap; `None` for what finds no row any more.
fn lanes(known: &Known, spans: &[(usize, f64, f64)]) -> (Vec<String>, Vec<Option<usize>>) {
    let worker = |i: usize| {
        let side = known.trials[i].record.side.as_ref();
        side.and_then(|side| side.worker.as_deref()).unwrap_or("another program")
    };
    let mut workers: Vec<&str> = spans.iter().map(|span| worker(span.0)).collect();
    workers.sort_unstable();
    workers.dedup();
    let mut rows = Vec::new();
    let mut places = vec![None; spans.len()];
    for name in workers {
        let mut free: Vec<(usize, f64)> = Vec::new();
        for (place, span) in spans.iter().enumerate().filter(|(_, span)| worker(span.0) == name) {
            // Clocks are rounded: a trial that begins within a millisecond of another's end comes after it.
            let lane = free.iter().position(|lane| lane.1 <= span.1 + 1e-3);
            let lane = lane.or_else(|| {
                (rows.len() < MOST_ROWS).then(|| {
                    rows.push(if free.is_empty() { crate::text::name(name, 60) } else { String::new() });
                    free.push((rows.len() - 1, 0.0));
                    free.len() - 1
                })
            });
            if let Some(lane) = lane {
                free[lane].1 = span.2;
                places[place] = Some(free[lane].0);
            }
        }
    }
    (rows, places)
}
