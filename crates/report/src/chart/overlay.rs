//! The learning curves of all runs in one picture: runs in colour are named at the ends of their lines, the others are
//! grey.

use super::choices::{Effort, EpochCost, choices};
use super::epochs::{ends_text, epoch_axes, tenth, thinned};
use super::frame::ChartFrame;
use super::measure::{spread_sizes, width, wrap};
use super::overlay_frame::{ShownRange, inside, window};
use super::palette::run_class;
use super::readings::{ReadableLine, readings};
use super::scale::Scale;
use super::svg::{Anchor, Svg, path_data};
use crate::format;
use crate::text::escape_xml;
use crate::view::CurvePoint;

const WIDTH: f64 = 480.0;
const LEAST_HEIGHT: f64 = 270.0;
const LEFT: f64 = 46.0;
const TOP: f64 = 12.0;
/// From the lower edge of the plot to that of the picture.
const BELOW: f64 = 38.0;
const FONT: f64 = 11.5;
const LINE: f64 = 13.0;
/// How much wider the names are for their weight.
const BOLD: f64 = 1.08;
const LONGEST_NAME: f64 = 140.0;
const MOST_LINES: usize = 4;
/// Points of a line in colour, and of a grey one.
const MOST_POINTS: [usize; 2] = [120, 40];

/// One run.
pub(crate) struct OverlayLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// The name of its part of the page.
    pub anchor: &'a str,
    /// Its mean over the seeds, with their range.
    pub points: &'a [CurvePoint],
    /// How many seeds there are: of one there is no band, and the line is thin and dashed.
    pub seeds: usize,
    /// Its colour; grey and without a name if it has none.
    pub colour: Option<usize>,
    /// What one of its epochs takes.
    pub cost: EpochCost,
}

/// All runs.
pub(crate) struct Overlay<'a> {
    /// What it shows.
    pub title: &'a str,
    /// The runs.
    pub lines: Vec<OverlayLine<'a>>,
    /// Whether large values are good; it is the bad ones of the first epochs that may be cut off.
    pub higher_is_better: bool,
    /// Whether the axis of epochs is logarithmic.
    pub is_log: bool,
    /// Whether the data is procedural.
    pub procedural: bool,
}

/// The picture, and what is not in it.
pub(crate) struct OverlayPicture {
    /// SVG.
    pub svg: String,
    /// Where the first epochs are cut off.
    pub cut_at: Option<f64>,
}

/// The picture, or `None` if no line has a point.
pub(crate) fn overlay(chart: &Overlay) -> Option<OverlayPicture> {
    let lines: Vec<&OverlayLine> = chart.lines.iter().filter(|line| !line.points.is_empty()).collect();
    let named: Vec<&OverlayLine> = lines.iter().copied().filter(|line| line.colour.is_some()).collect();
    let last = lines.iter().filter_map(|line| line.points.last()).map(|point| point.epoch).max()? as f64;
    let ShownRange { low, high, cut_at } = window(&lines, chart.higher_is_better)?;
    let labels: Vec<Vec<String>> =
        named.iter().map(|line| wrap(line.name, FONT, LONGEST_NAME, MOST_LINES)).collect();
    let words = labels.iter().flatten().map(|words| BOLD * width(words, FONT)).fold(0.0, f64::max);
    let sizes: Vec<f64> = labels.iter().map(|words| LINE * words.len() as f64 + 2.0).collect();
    let height = LEAST_HEIGHT.max(sizes.iter().sum::<f64>() + TOP + BELOW);
    let frame = ChartFrame { left: LEFT, right: WIDTH - 12.0 - words, top: TOP, bottom: height - BELOW };
    let across = (LEFT + 6.0, frame.right - 8.0);
    let x = if chart.is_log { Scale::log(1.0, last, across) } else { Scale::linear(1.0, last, across) };
    let y = Scale::linear(low, high, (frame.bottom, TOP)).nice(5);
    let mut svg = Svg::new("overlay", WIDTH, height, chart.title, &description(&named, lines.len()));
    epoch_axes(&mut svg, &x, &y, frame);
    let grey = lines.iter().filter(|line| line.colour.is_none());
    grey.for_each(|line| of_run(&mut svg, line, |svg| draw(svg, line, &x, &y)));
    let banded = named.iter().filter(|line| line.seeds > 1);
    banded.for_each(|line| of_run(&mut svg, line, |svg| band(svg, line, &x, &y)));
    named.iter().for_each(|line| of_run(&mut svg, line, |svg| draw(svg, line, &x, &y)));
    names(&mut svg, &named, &labels, &sizes, (&x, &y), frame);
    choices(&mut svg, &lines, &x, &y);
    let read = lines.iter().map(|line| ReadableLine {
        name: line.name,
        about: about(line),
        class: run_class(line.colour),
        points: line.points,
    });
    readings(&mut svg, &read.collect::<Vec<_>>(), &x, &y);
    svg.notice(chart.procedural, WIDTH - 4.0, height - 4.0);
    Some(OverlayPicture { svg: svg.finish(), cut_at })
}

/// The classes of a line: its colour, and whether it is of one seed.
fn class(of: &str, line: &OverlayLine) -> String {
    let one = if line.seeds < 2 { " one" } else { "" };
    format!("{of}{}{one}", run_class(line.colour))
}

/// Whose line it is, and what its epochs take.
fn about(line: &OverlayLine) -> String {
    let each = Effort::ALL.into_iter().skip(1).filter_map(|effort| {
        let name = effort.name().split(' ').next()?;
        Some(format!(" data-{name}=\"{}\"", effort.of(&line.cost)?))
    });
    format!(" data-run=\"{}\"{}", escape_xml(line.anchor), each.collect::<String>())
}

/// What is drawn of a run, together, so that the page's script finds it.
fn of_run(svg: &mut Svg, line: &OverlayLine, draw: impl FnOnce(&mut Svg)) {
    svg.markup(&format!("<g data-run=\"{}\">", escape_xml(line.anchor)));
    draw(svg);
    svg.markup("</g>");
}

fn band(svg: &mut Svg, line: &OverlayLine, x: &Scale, y: &Scale) {
    let points = thinned(line.points, MOST_POINTS[0]);
    let at = |point: &CurvePoint, value: f64| (x.at(point.epoch as f64), y.at(value));
    let upper = points.iter().map(|point| at(point, point.high));
    let lower = points.iter().rev().map(|point| at(point, point.low));
    svg.path(&class("range", line), &upper.chain(lower).collect::<Vec<_>>(), true);
}

fn draw(svg: &mut Svg, line: &OverlayLine, x: &Scale, y: &Scale) {
    let of = if line.colour.is_some() { "one-run" } else { "other" };
    let points = thinned(line.points, MOST_POINTS[usize::from(line.colour.is_none())]);
    let places: Vec<(f64, f64)> =
        points.iter().map(|point| (tenth(x.at(point.epoch as f64)), tenth(y.beyond(point.mean)))).collect();
    let data: String = inside(&places, y.ends()).iter().map(|part| path_data(part, false)).collect();
    if !data.is_empty() {
        svg.shape(&class(of, line), &data, "");
    }
    let Some(end) = places.last().filter(|_| line.colour.is_some() || places.len() == 1) else { return };
    let radius = if line.seeds < 2 { 2.2 } else { 3.0 };
    if y.is_within(end.1) {
        svg.circle(&class("end", line), *end, radius, "");
    }
}

fn names(
    svg: &mut Svg,
    lines: &[&OverlayLine],
    labels: &[Vec<String>],
    sizes: &[f64],
    (x, y): (&Scale, &Scale),
    frame: ChartFrame,
) {
    let end = |line: &&OverlayLine| {
        line.points.last().map_or((0.0, 0.0), |last| (x.at(last.epoch as f64), y.at(last.mean)))
    };
    let ends: Vec<(f64, f64)> = lines.iter().map(end).collect();
    let wanted: Vec<f64> = ends.iter().map(|end| end.1).collect();
    let places = spread_sizes(&wanted, sizes, frame.top - 6.0, frame.bottom + 6.0);
    for (i, line) in lines.iter().enumerate() {
        let first = places[i] - 0.5 * LINE * (labels[i].len() as f64 - 1.0) + 4.0;
        of_run(svg, line, |svg| {
            svg.line("leader", (ends[i].0 + 3.5, ends[i].1), (frame.right + 2.0, places[i]));
            let at = (frame.right + 5.0, first);
            svg.label_lines(&class("run-name", line), at, LINE, Anchor::Start, &labels[i]);
        });
    }
}

fn description(named: &[&OverlayLine], all: usize) -> String {
    let ends = named.iter().filter_map(|line| {
        let seeds = format::plural(line.seeds, "seed", "seeds");
        Some(format!("{} ({seeds}): {}", line.name, ends_text(line.points)?))
    });
    let grey = match all - named.len() {
        0 => String::new(),
        n => format!(" {} grey.", format::plural(n, "other run is", "other runs are")),
    };
    format!("{}.{grey}", ends.collect::<Vec<_>>().join("; "))
}
