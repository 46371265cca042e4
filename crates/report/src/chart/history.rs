//! The optimisation history: the value of each trial by its number, and the best so far.

use super::frame::ChartFrame;
use super::marks::{Key, cross, key, kinds, marks};
use super::scale::Scale;
use super::svg::Svg;
use crate::view::{History, ObjectiveView};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 262.0;
const FRAME: ChartFrame = ChartFrame { left: 50.0, right: 452.0, top: 34.0, bottom: 226.0 };

/// The chart of one objective.
pub(crate) fn history(history: &History, metric: &ObjectiveView, title: &str, procedural: bool) -> String {
    let x = Scale::linear(0.0, history.last.max(1.0), (FRAME.left + 8.0, FRAME.right - 6.0));
    let y =
        Scale::linear(history.range.low, history.range.high, (FRAME.bottom - 10.0, FRAME.top + 4.0)).nice(5);
    let mut svg = Svg::new("history", WIDTH, HEIGHT, title, &description(history, metric));
    FRAME.up(&mut svg, &y, 5);
    FRAME.across(&mut svg, &x, 6, true, "trial");
    svg.path("line best-so-far", &steps(history, &x, &y), false);
    marks(&mut svg, &history.spots, |spot| (x.at(spot.x), y.at(spot.y)));
    for number in &history.failed {
        let at = (x.at(*number), if metric.maximize { FRAME.bottom - 4.0 } else { FRAME.top });
        svg.shape("trial failed", &cross(at, 3.0), &format!("trial {number}: failed"));
    }
    let mut marks = kinds(&history.spots);
    if !history.failed.is_empty() {
        marks.push(Key::Failed);
    }
    key(&mut svg, FRAME.left, 14.0, &marks);
    svg.notice(procedural, WIDTH - 4.0, HEIGHT - 4.0);
    svg.finish()
}

/// The best so far as stairs, to the right end.
fn steps(history: &History, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (number, value) in &history.best {
        let (at, up) = (x.at(*number), y.at(*value));
        points.extend(points.last().map(|last| (at, last.1)));
        points.push((at, up));
    }
    points.extend(points.last().map(|last| (x.at(history.last), last.1)));
    points
}

fn description(history: &History, metric: &ObjectiveView) -> String {
    let steps = history.best.iter().rev().take(12).rev();
    let steps = steps.map(|(number, value)| format!("{} at trial {number}", metric.text(*value)));
    match history.best.is_empty() {
        true => "No trial is complete.".to_owned(),
        false => format!("Best so far: {}.", steps.collect::<Vec<_>>().join(", ")),
    }
}
