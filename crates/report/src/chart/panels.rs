//! Small multiples: one panel per run, all others in grey behind it, so that each is seen against all.

use super::measure::fit;
use super::scale::Scale;
use super::svg::{Anchor, Svg, path_data};
use crate::format;
use crate::view::CurvePoint;

const WIDTH: f64 = 220.0;
const HEIGHT: f64 = 148.0;
const LEFT: f64 = 32.0;
const RIGHT: f64 = 214.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 126.0;

/// One panel.
pub(crate) struct CurvePanel<'a> {
    /// The run's name.
    pub name: &'a str,
    /// Its line.
    pub points: &'a [CurvePoint],
}

/// The shared lines, to stand once in the page, and one picture per panel. Empty if there is nothing to draw.
///
/// Epochs are on a logarithmic axis: so runs of 5 and of 50 epochs both show how they learn.
pub(crate) fn panels(panels: &[CurvePanel], what: &str, procedural: bool) -> (String, Vec<String>) {
    let drawn: Vec<&CurvePanel> = panels.iter().filter(|panel| !panel.points.is_empty()).collect();
    let Some((x, y)) = scales(&drawn) else { return (String::new(), Vec::new()) };
    let lines = drawn.iter().map(|panel| {
        format!("<path class=\"other\" d=\"{}\"/>\n", path_data(&places(panel.points, &x, &y), false))
    });
    let shared = format!(
        "<svg width=\"0\" height=\"0\" class=\"defs\" aria-hidden=\"true\" focusable=\"false\"><defs>\
         <g id=\"all-curves\">\n{}</g></defs></svg>",
        lines.collect::<String>()
    );
    let pictures = drawn.iter().map(|panel| picture(panel, &x, &y, what, procedural)).collect();
    (shared, pictures)
}

fn scales(panels: &[&CurvePanel]) -> Option<(Scale, Scale)> {
    let points = || panels.iter().flat_map(|panel| panel.points);
    let last = points().map(|point| point.epoch).max()? as f64;
    let low = points().map(|point| point.mean).fold(f64::INFINITY, f64::min);
    let high = points().map(|point| point.mean).fold(f64::NEG_INFINITY, f64::max);
    let x = Scale::log(1.0, last, (LEFT + 4.0, RIGHT - 6.0));
    Some((x, Scale::linear(low, high, (BOTTOM, TOP)).nice(4)))
}

fn places(points: &[CurvePoint], x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    points.iter().map(|point| (x.at(point.epoch as f64), y.at(point.mean))).collect()
}

fn picture(panel: &CurvePanel, x: &Scale, y: &Scale, what: &str, procedural: bool) -> String {
    let last = panel.points.last().map_or(0.0, |point| point.mean);
    let epoch = panel.points.last().map_or(0, |point| point.epoch);
    let value = format::metric(last);
    let description = format!("{what} {value} after epoch {epoch}, with the lines of all other runs behind.");
    let mut svg = Svg::new("panel", WIDTH, HEIGHT, &format!("{}: {what}", panel.name), &description);
    for tick in y.ticks(4) {
        let at = y.at(tick.value);
        svg.line("grid", (LEFT, at), (RIGHT, at));
        svg.label("tick", LEFT - 5.0, at + 3.5, Anchor::End, &tick.label);
    }
    for tick in x.whole_ticks(6) {
        svg.label("tick", x.at(tick.value), BOTTOM + 14.0, Anchor::Middle, &tick.label);
    }
    svg.markup("<use href=\"#all-curves\"/>");
    let line = places(panel.points, x, y);
    svg.path("line val", &line, false);
    if let Some(end) = line.last() {
        svg.circle("dot val", *end, 3.0, &format!("epoch {epoch}: {value}"));
    }
    svg.label("panel-name", 2.0, 12.0, Anchor::Start, &fit(panel.name, 13.5, RIGHT - 54.0));
    svg.label("panel-value", RIGHT, 12.0, Anchor::End, &value);
    svg.notice(procedural, RIGHT, BOTTOM - 4.0);
    svg.finish()
}
