//! When the trials of a search ran, and on which worker.

use toile_record::State;

use super::analysis::SearchAnalysis;
use super::clock;
use super::spots::{MOST, thin, thinned};

/// Rows of the timeline.
const MOST_ROWS: usize = 48;

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
    pub state: State,
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

/// When each trial ran, and where.
pub(super) fn timeline(analysis: &SearchAnalysis) -> Option<Timeline> {
    let time = |text: &Option<String>| text.as_deref().and_then(clock::seconds);
    let moments =
        |i: usize| (time(&analysis.trials[i].record.started), time(&analysis.trials[i].record.completed));
    let begun: Vec<usize> = (0..analysis.trials.len()).filter(|&i| moments(i).0.is_some()).collect();
    let drawn = thin(&begun, MOST, analysis.best);
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
    let (rows, places) = lanes(analysis, &spans);
    let hidden = places.iter().filter(|row| row.is_none()).count();
    let stretch = |(span, row): (&(usize, f64, f64), &Option<usize>)| {
        let (i, from, to) = *span;
        let title = if spans.len() <= 300 { analysis.title(i) } else { String::new() };
        Some(Stretch { row: (*row)?, from, to, state: analysis.trials[i].record.state, title })
    };
    Some(Timeline {
        stretches: spans.iter().zip(&places).filter_map(stretch).collect(),
        rows,
        length,
        note: thinned(begun.len(), drawn.len().saturating_sub(hidden)),
    })
}

/// A row per worker, and more where its trials overlap; `None` for what finds no row any more.
fn lanes(analysis: &SearchAnalysis, spans: &[(usize, f64, f64)]) -> (Vec<String>, Vec<Option<usize>>) {
    let worker = |i: usize| {
        let side = analysis.trials[i].record.side.as_ref();
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
