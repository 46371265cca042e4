//! Small multiples: one panel per run, all others in grey behind it, so that each is seen against all.

use super::measure::wrap;
use super::palette::run_class;
use super::readings::{ReadableLine, readings};
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

const FONT: f64 = 13.5;
const NAME: f64 = RIGHT - 54.0;
const MOST_LINES: usize = 3;
const LINE: f64 = 15.0;

/// One panel.
pub(crate) struct CurvePanel<'a> {
    /// The run's name.
    pub name: &'a str,
    /// Its line.
    pub points: &'a [CurvePoint],
    /// The colour that it has in the picture of all runs, if it has one there.
    pub colour: Option<usize>,
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
    let titles: Vec<Vec<String>> =
        drawn.iter().map(|panel| wrap(panel.name, FONT, NAME, MOST_LINES)).collect();
    // All panels leave as much room above as the longest name takes.
    let lines = titles.iter().map(Vec::len).max().unwrap_or(1);
    let scales = (&x, &y);
    let pictures = drawn
        .iter()
        .zip(&titles)
        .map(|(panel, title)| picture(&PanelPicture { panel, title, lines, scales, what, procedural }));
    (shared, pictures.collect())
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

/// What is needed to draw a panel.
struct PanelPicture<'a> {
    panel: &'a CurvePanel<'a>,
    title: &'a [String],
    lines: usize,
    scales: (&'a Scale, &'a Scale),
    what: &'a str,
    procedural: bool,
}

fn picture(picture: &PanelPicture) -> String {
    let PanelPicture { panel, title, lines, scales: (x, y), what, procedural } = *picture;
    let last = panel.points.last().map_or(0.0, |point| point.mean);
    let epoch = panel.points.last().map_or(0, |point| point.epoch);
    let value = format::metric(last);
    let description = format!("{what} {value} after epoch {epoch}, with the lines of all other runs behind.");
    let above = LINE * (lines.max(1) - 1) as f64;
    let name = format!("{}: {what}", panel.name);
    let mut svg = Svg::below("panel", (WIDTH, HEIGHT), above, &name, &description);
    for tick in y.ticks(4) {
        let at = y.at(tick.value);
        svg.line("grid", (LEFT, at), (RIGHT, at));
        svg.label("tick", LEFT - 5.0, at + 3.5, Anchor::End, &tick.label);
    }
    for tick in x.whole_ticks(6) {
        svg.label("tick", x.at(tick.value), BOTTOM + 14.0, Anchor::Middle, &tick.label);
    }
    svg.markup("<use href=\"#all-curves\"/>");
    let colour = run_class(panel.colour);
    let line = places(panel.points, x, y);
    svg.path(&format!("line val{colour}"), &line, false);
    if let Some(end) = line.last() {
        svg.circle(&format!("dot val{colour}"), *end, 3.0, &format!("epoch {epoch}: {value}"));
    }
    let up = LINE * (title.len().max(1) - 1) as f64;
    svg.label_lines("panel-name", (2.0, 12.0 - up), LINE, Anchor::Start, title);
    svg.label(&format!("panel-value{colour}"), RIGHT, 12.0, Anchor::End, &value);
    readings(
        &mut svg,
        &[ReadableLine { name: panel.name, about: String::new(), class: colour, points: panel.points }],
        x,
        y,
    );
    svg.notice(procedural, RIGHT, BOTTOM - 4.0);
    svg.finish()
}
