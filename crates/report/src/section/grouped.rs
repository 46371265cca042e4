//! The learning curves by a setting: of each of its values the mean of the runs that have it, with their range.

use toile_record::Metric;

use super::learning::{epoch_cost, metric_of};
use super::{FigureChoice, SectionContext, SectionFigure};
use crate::chart::{self, EpochCost, Overlay, OverlayLine};
use crate::format::{NONE, plural};
use crate::text::sentence_case;
use crate::view::{CurvePoint, RunGroup};

/// More values of a setting are not told apart by colour.
const MOST_VALUES: usize = 8;

/// The runs of one value.
struct ValueRuns<'a> {
    name: String,
    anchor: String,
    runs: Vec<&'a RunGroup>,
}

/// A choice for each setting that has a few values, at least one of them in several runs.
pub(super) fn choices(context: &SectionContext, metrics: &[[Metric; 2]]) -> Vec<FigureChoice> {
    let drawn = context.drawn();
    let choice = |label: &str| {
        let values = by_value(&drawn, label);
        let is_grouping = (2..=MOST_VALUES).contains(&values.len()) && values.len() < drawn.len();
        let figure = |of: &[Metric; 2]| figure(context, label, &values, metric_of(&drawn, *of)?, of[0]);
        let figures: Vec<SectionFigure> =
            if is_grouping { metrics.iter().filter_map(figure).collect() } else { Vec::new() };
        (!figures.is_empty()).then(|| FigureChoice { name: label.to_owned(), figures })
    };
    labels(drawn.iter().copied()).into_iter().filter_map(choice).collect()
}

/// The model, and the settings that any of these runs has, in the order in which they come.
pub(crate) fn labels<'a>(groups: impl Iterator<Item = &'a RunGroup>) -> Vec<&'a str> {
    let mut labels: Vec<&str> = vec!["Model"];
    for (label, _) in groups.flat_map(|group| &group.settings) {
        if !labels.contains(&label.as_str()) {
            labels.push(label);
        }
    }
    labels
}

/// The runs by the value of a setting, in the order in which the values come.
fn by_value<'a>(drawn: &[&'a RunGroup], label: &str) -> Vec<ValueRuns<'a>> {
    let mut values: Vec<(&str, Vec<&RunGroup>)> = Vec::new();
    for group in drawn {
        let value = value(group, label);
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, runs)) => runs.push(group),
            None => values.push((value, vec![group])),
        }
    }
    let named = values.into_iter().enumerate().map(|(i, (value, runs))| ValueRuns {
        name: format!("{value} ({})", plural(runs.len(), "run", "runs")),
        anchor: format!("value-{}", i + 1),
        runs,
    });
    named.collect()
}

/// A setting of a run, or its model.
pub(crate) fn value<'a>(group: &'a RunGroup, label: &str) -> &'a str {
    if label == "Model" {
        return &group.model;
    }
    let found = group.settings.iter().find(|(name, _)| name == label);
    found.map_or(NONE, |(_, value)| value.as_str())
}

fn figure(
    context: &SectionContext,
    label: &str,
    values: &[ValueRuns],
    metric: Metric,
    wanted: Metric,
) -> Option<SectionFigure> {
    let of_runs = |value: &ValueRuns| mean_curve(value.runs.iter().map(|run| run.curves.of(metric)));
    let curves: Vec<Vec<CurvePoint>> = values.iter().map(of_runs).collect();
    let lines = values.iter().zip(&curves).enumerate().map(|(i, (value, points))| OverlayLine {
        name: &value.name,
        anchor: &value.anchor,
        points,
        seeds: value.runs.len(),
        colour: Some(i),
        cost: common_cost(context, &value.runs),
    });
    let lines: Vec<OverlayLine> = lines.collect();
    let what = sentence_case(metric.label());
    let title = format!("{what} by {}", label.to_lowercase());
    let higher_is_better = wanted == Metric::ValAccuracy;
    let is_log = super::learning::is_log(&lines);
    let procedural = context.is_procedural();
    let overlay = Overlay { title: &title, higher_is_better, is_log, procedural, lines };
    let svg = chart::overlay(&overlay)?.svg;
    let caption = format!(
        "{title}: of each value the mean of the runs that have it, by epoch, and the range of these runs. The runs may \
         differ in other settings too."
    );
    Some(SectionFigure::half(svg, caption))
}

/// The mean of the runs that were still training after each epoch, from the lowest to the highest of them.
fn mean_curve<'a>(runs: impl Iterator<Item = &'a [CurvePoint]>) -> Vec<CurvePoint> {
    let mut all: Vec<CurvePoint> = runs.flatten().copied().collect();
    all.sort_by_key(|point| point.epoch);
    let at_epoch = |points: &[CurvePoint]| CurvePoint {
        epoch: points[0].epoch,
        mean: points.iter().map(|point| point.mean).sum::<f64>() / points.len() as f64,
        low: points.iter().map(|point| point.mean).fold(f64::INFINITY, f64::min),
        high: points.iter().map(|point| point.mean).fold(f64::NEG_INFINITY, f64::max),
    };
    all.chunk_by(|a, b| a.epoch == b.epoch).map(at_epoch).collect()
}

/// What an epoch takes, where it is the same for all runs of a value.
fn common_cost(context: &SectionContext, runs: &[&RunGroup]) -> EpochCost {
    let mut costs = runs.iter().map(|run| epoch_cost(context, run));
    let first = costs.next().unwrap_or_default();
    let is_same = |of: fn(&EpochCost) -> Option<f64>| {
        runs.iter().all(|run| of(&epoch_cost(context, run)) == of(&first))
    };
    EpochCost {
        updates: first.updates.filter(|_| is_same(|cost| cost.updates)),
        seconds: None,
        operations: first.operations.filter(|_| is_same(|cost| cost.operations)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<CurvePoint> {
        let point =
            |(i, mean): (usize, &f64)| CurvePoint { epoch: i + 1, mean: *mean, low: *mean, high: *mean };
        values.iter().enumerate().map(point).collect()
    }

    /// By hand: epoch 1 is of both runs, epoch 2 of the longer one alone.
    #[test]
    fn a_mean_is_over_the_runs_that_were_still_training() {
        let runs = [points(&[0.5, 0.75]), points(&[1.0])];
        let found = mean_curve(runs.iter().map(Vec::as_slice));
        let by_hand = [
            CurvePoint { epoch: 1, mean: 0.75, low: 0.5, high: 1.0 },
            CurvePoint { epoch: 2, mean: 0.75, low: 0.75, high: 0.75 },
        ];
        assert_eq!(found, by_hand);
    }
}
