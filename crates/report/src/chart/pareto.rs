//! Two objectives against each other: the front is a dashed line through large dots, all other trials are small ones.

use super::frame::ChartFrame;
use super::marks::marks;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::view::{ObjectiveView, ParetoFront, Spot};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 262.0;
const FRAME: ChartFrame = ChartFrame { left: 50.0, right: 452.0, top: 34.0, bottom: 226.0 };

/// The chart: the first objective upwards, the second across.
pub(crate) fn pareto(
    front: &ParetoFront,
    metrics: &[ObjectiveView],
    title: &str,
    procedural: bool,
) -> String {
    let ratio = front.x.high / front.x.low;
    let range = (FRAME.left + 8.0, FRAME.right - 8.0);
    let x = if front.x.low > 0.0 && ratio > 12.0 {
        Scale::log(front.x.low, front.x.high, range)
    } else {
        Scale::linear(front.x.low, front.x.high, range)
    };
    let y = Scale::linear(front.y.low, front.y.high, (FRAME.bottom - 8.0, FRAME.top + 6.0)).nice(5);
    let mut svg = Svg::new("pareto", WIDTH, HEIGHT, title, &description(front, metrics));
    FRAME.up(&mut svg, &y, 5);
    let name = metrics.get(1).map_or("", |metric| metric.name.as_str());
    FRAME.across(&mut svg, &x, 6, false, name);
    let others: Vec<Spot> = front.spots.iter().filter(|spot| !spot.is_best).cloned().collect();
    marks(&mut svg, &others, |spot| (x.at(spot.x), y.at(spot.y)));
    let line: Vec<(f64, f64)> = front.line.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
    svg.path("front", &line, false);
    for spot in front.spots.iter().filter(|spot| spot.is_best) {
        svg.circle("on-front", (x.at(spot.x), y.at(spot.y)), 4.6, &spot.title);
    }
    svg.circle("on-front", (FRAME.left + 6.0, 14.0), 4.6, "");
    svg.label("key", FRAME.left + 16.0, 18.0, Anchor::Start, "on the front");
    svg.circle("trial", (FRAME.left + 112.0, 14.0), 2.8, "");
    svg.label("key", FRAME.left + 121.0, 18.0, Anchor::Start, "behind it");
    svg.notice(procedural, WIDTH - 4.0, HEIGHT - 4.0);
    svg.finish()
}

fn description(front: &ParetoFront, metrics: &[ObjectiveView]) -> String {
    let [first, second] = metrics else { return front.note.clone() };
    let points =
        front.line.iter().take(20).map(|(x, y)| format!("{} and {}", first.text(*y), second.text(*x)));
    format!("{} and {} on the front: {}.", first.name, second.name, points.collect::<Vec<_>>().join("; "))
}
