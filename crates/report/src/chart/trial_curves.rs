//! Learning curves of all trials of a search: pruned ones end with a triangle, failed ones with a cross, the best is
//! bold.

use toile_record::State;

use super::frame::ChartFrame;
use super::marks::{cross, triangle};
use super::scale::Scale;
use super::svg::{Anchor, Svg, path_data};
use crate::view::{ObjectiveView, TrialCurves};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 262.0;
const FRAME: ChartFrame = ChartFrame { left: 50.0, right: 452.0, top: 34.0, bottom: 226.0 };

/// The chart.
pub(crate) fn trial_curves(
    chart: &TrialCurves,
    metric: &ObjectiveView,
    title: &str,
    procedural: bool,
) -> String {
    let steps = || chart.curves.iter().flat_map(|curve| &curve.points).map(|point| point.0);
    let (first, last) = (steps().fold(f64::INFINITY, f64::min), steps().fold(f64::NEG_INFINITY, f64::max));
    let x = Scale::linear(first, last, (FRAME.left + 6.0, FRAME.right - 8.0));
    let y = Scale::linear(chart.range.low, chart.range.high, (FRAME.bottom - 4.0, FRAME.top + 4.0));
    let mut svg = Svg::new("trial-curves", WIDTH, HEIGHT, title, &description(chart, metric));
    FRAME.up(&mut svg, &y, 5);
    FRAME.across(&mut svg, &x, 6, true, chart.step_name);
    for curve in &chart.curves {
        let points: Vec<(f64, f64)> =
            curve.points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
        let class = if curve.is_best { "curve best" } else { "curve" };
        svg.shape(class, &path_data(&points, false), &curve.title);
        let Some(end) = points.last().copied() else { continue };
        match curve.state {
            State::Pruned => svg.shape("trial pruned", &triangle(end, 3.2), ""),
            State::Failed => svg.shape("trial failed", &cross(end, 2.8), ""),
            _ if points.len() == 1 || curve.is_best => svg.circle("trial", end, 2.6, &curve.title),
            _ => {}
        }
    }
    key(&mut svg, chart);
    svg.notice(procedural, WIDTH - 4.0, HEIGHT - 4.0);
    svg.finish()
}

fn key(svg: &mut Svg, chart: &TrialCurves) {
    let any = |state| chart.curves.iter().any(|curve| curve.state == state);
    let mut x = FRAME.left;
    let mut word = |svg: &mut Svg, mark: &str, words: &str| {
        match mark {
            "pruned" => svg.shape("trial pruned", &triangle((x + 8.0, 14.0), 3.4), ""),
            "failed" => svg.shape("trial failed", &cross((x + 8.0, 14.0), 3.0), ""),
            class => svg.line(class, (x, 14.0), (x + 16.0, 14.0)),
        }
        svg.label("key", x + 21.0, 18.0, Anchor::Start, words);
        x += 32.0 + super::measure::width(words, 12.0);
    };
    word(svg, "curve", "one trial");
    if chart.curves.iter().any(|curve| curve.is_best) {
        word(svg, "curve best", "the best");
    }
    if any(State::Pruned) {
        word(svg, "pruned", "pruned here");
    }
    if any(State::Failed) {
        word(svg, "failed", "failed here");
    }
}

fn description(chart: &TrialCurves, metric: &ObjectiveView) -> String {
    let best = chart.curves.iter().find(|curve| curve.is_best).and_then(|curve| curve.points.last());
    let best = best.map_or_else(String::new, |(step, value)| {
        format!(" The best one ends with {} at {} {step}.", metric.text(*value), chart.step_name)
    });
    format!("{} learning curves.{best}", chart.curves.len())
}
