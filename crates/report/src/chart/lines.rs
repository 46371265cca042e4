//! Lines with names at their ends: what searches have in common, such as their budgets and the spread of their values.

use super::frame::ChartFrame;
use super::measure::{spread_sizes, width, wrap};
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;
use crate::view::NamedLine;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 262.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 222.0;
const FONT: f64 = 12.0;
const LONGEST_NAME: f64 = 150.0;
const MOST_LINES: usize = 3;
const LINE: f64 = 13.0;

/// What the lines are drawn over.
pub(crate) struct LineChart<'a> {
    /// What it shows.
    pub title: String,
    /// The lines.
    pub lines: &'a [NamedLine],
    /// The name of the axis below.
    pub x_name: &'a str,
    /// Whether the axis below has whole numbers only.
    pub x_whole: bool,
    /// The ends of the axis below; those of the lines if there is none.
    pub x_range: Option<(f64, f64)>,
    /// The ends of the axis at the left; those of the lines if there is none.
    pub y_range: Option<(f64, f64)>,
    /// Whether the data is procedural.
    pub procedural: bool,
}

/// The chart, or `None` if no line has a point.
pub(crate) fn lines(chart: &LineChart) -> Option<String> {
    let drawn: Vec<&NamedLine> = chart.lines.iter().filter(|line| !line.points.is_empty()).collect();
    let names: Vec<Vec<String>> =
        drawn.iter().map(|line| wrap(&line.name, FONT, LONGEST_NAME, MOST_LINES)).collect();
    let widest = names.iter().flatten().map(|words| width(words, FONT)).fold(0.0, f64::max);
    let frame = ChartFrame { left: LEFT, right: WIDTH - 12.0 - widest, top: TOP, bottom: BOTTOM };
    let ends = |pick: fn(&(f64, f64)) -> f64| {
        let all = || drawn.iter().flat_map(|line| &line.points).map(pick);
        Some((all().reduce(f64::min)?, all().reduce(f64::max)?))
    };
    let x = chart.x_range.or(ends(|point| point.0))?;
    let y = chart.y_range.or(ends(|point| point.1))?;
    let x = Scale::linear(x.0, x.1, (frame.left + 4.0, frame.right - 8.0));
    let y = Scale::linear(y.0, y.1, (frame.bottom - 3.0, frame.top + 3.0)).nice(5);
    let mut svg = Svg::new("lines", WIDTH, HEIGHT, &chart.title, &description(&drawn));
    frame.up(&mut svg, &y, 5);
    frame.across(&mut svg, &x, 5, chart.x_whole, chart.x_name);
    for (i, line) in drawn.iter().enumerate() {
        let points = places(line, &x, &y);
        svg.path(&format!("line l{i}"), &points, false);
        if let [only] = points[..] {
            svg.circle(&format!("dot l{i}"), only, 3.0, "");
        }
    }
    labels(&mut svg, &drawn, &names, (&x, &y), frame);
    svg.notice(chart.procedural, WIDTH - 4.0, HEIGHT - 3.0);
    Some(svg.finish())
}

/// Places that stay apart: what falls on the last one's place is left out.
fn places(line: &NamedLine, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (across, up) in &line.points {
        let place = (x.at(*across), y.at(*up));
        if line.is_stepped {
            points.extend(points.last().map(|last| (place.0, last.1)));
        }
        points.push(place);
    }
    points.dedup();
    points
}

fn labels(
    svg: &mut Svg,
    lines: &[&NamedLine],
    names: &[Vec<String>],
    (x, y): (&Scale, &Scale),
    frame: ChartFrame,
) {
    let ends: Vec<(f64, f64)> =
        lines.iter().filter_map(|line| line.points.last()).map(|end| (x.at(end.0), y.at(end.1))).collect();
    let wanted: Vec<f64> = ends.iter().map(|end| end.1).collect();
    let sizes: Vec<f64> = names.iter().map(|words| LINE * words.len() as f64 + 1.0).collect();
    let places = spread_sizes(&wanted, &sizes, TOP - 3.0, BOTTOM + 5.0);
    for (i, (words, (end, place))) in names.iter().zip(ends.iter().zip(places)).enumerate() {
        svg.line("leader", (end.0 + 2.0, end.1), (frame.right + 2.0, place));
        let first = place - 0.5 * LINE * (words.len() as f64 - 1.0) + 4.0;
        let at = (frame.right + 5.0, first);
        svg.label_lines(&format!("name l{i}"), at, LINE, Anchor::Start, words);
    }
}

fn description(lines: &[&NamedLine]) -> String {
    let ends = lines.iter().filter_map(|line| {
        let (first, last) = (line.points.first()?, line.points.last()?);
        let word = format::significant;
        Some(format!(
            "{}: from {} at {} to {} at {}",
            line.name,
            word(first.1),
            word(first.0),
            word(last.1),
            word(last.0)
        ))
    });
    format!("{}.", ends.collect::<Vec<_>>().join("; "))
}
