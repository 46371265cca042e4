//! The learning curves of all runs in one picture: runs in colour are named at the ends of their lines, the others are
//! grey.

use super::measure::{spread_sizes, width, wrap};
use super::overlay_frame::{ShownRange, thinned, window};
use super::palette::RUN_COLOURS;
use super::scale::Scale;
use super::svg::{Anchor, Svg, path_data};
use crate::format;
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
const MOST_READOUTS: usize = 25;
/// Points of a line in colour, and of a grey one.
const MOST_POINTS: [usize; 2] = [120, 40];

/// One run.
pub(crate) struct OverlayLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its mean over the seeds, with their range.
    pub points: &'a [CurvePoint],
    /// How many seeds there are: of one there is no band, and the line is thin and dashed.
    pub seeds: usize,
    /// Its colour; grey and without a name if it has none.
    pub colour: Option<usize>,
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
    let (right, bottom) = (WIDTH - 12.0 - words, height - BELOW);
    let across = (LEFT + 6.0, right - 8.0);
    let x = if chart.is_log { Scale::log(1.0, last, across) } else { Scale::linear(1.0, last, across) };
    let y = Scale::linear(low, high, (bottom, TOP)).nice(5);
    let mut svg = Svg::new("overlay", WIDTH, height, chart.title, &description(&named, lines.len()));
    axes(&mut svg, &x, &y, (right, bottom));
    let grey = lines.iter().filter(|line| line.colour.is_none());
    grey.for_each(|line| draw(&mut svg, line, &x, &y));
    named.iter().for_each(|line| band(&mut svg, line, &x, &y));
    named.iter().for_each(|line| draw(&mut svg, line, &x, &y));
    names(&mut svg, &named, &labels, &sizes, (&x, &y), (right, bottom));
    readouts(&mut svg, &named, &x, (right, bottom));
    svg.notice(chart.procedural, WIDTH - 4.0, height - 4.0);
    Some(OverlayPicture { svg: svg.finish(), cut_at })
}

fn axes(svg: &mut Svg, x: &Scale, y: &Scale, (right, bottom): (f64, f64)) {
    for tick in y.ticks(5) {
        let at = y.at(tick.value);
        svg.line("grid", (LEFT, at), (right, at));
        svg.label("tick", LEFT - 6.0, at + 4.0, Anchor::End, &tick.label);
    }
    svg.line("axis", (LEFT, bottom), (right, bottom));
    for tick in x.whole_ticks(6) {
        let at = x.at(tick.value);
        svg.line("axis", (at, bottom), (at, bottom + 4.0));
        svg.label("tick", at, bottom + 17.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (LEFT + right), bottom + 32.0, Anchor::Middle, "epoch");
}

/// The classes of a line: its colour, and whether it is of one seed.
fn class(of: &str, line: &OverlayLine) -> String {
    let colour = line.colour.map_or_else(String::new, |colour| format!(" c{}", colour % RUN_COLOURS));
    let one = if line.seeds < 2 { " one" } else { "" };
    format!("{of}{colour}{one}")
}

fn band(svg: &mut Svg, line: &OverlayLine, x: &Scale, y: &Scale) {
    if line.seeds < 2 {
        return;
    }
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
    let data: String =
        super::overlay_frame::inside(&places, y.ends()).iter().map(|part| path_data(part, false)).collect();
    if !data.is_empty() {
        svg.shape(&class(of, line), &data, "");
    }
    let Some(end) = places.last().filter(|_| line.colour.is_some() || places.len() == 1) else { return };
    let radius = if line.seeds < 2 { 2.2 } else { 3.0 };
    if y.is_within(end.1) {
        svg.circle(&class("end", line), *end, radius, "");
    }
}

fn tenth(value: f64) -> f64 {
    (10.0 * value).round() / 10.0
}

fn names(
    svg: &mut Svg,
    lines: &[&OverlayLine],
    labels: &[Vec<String>],
    sizes: &[f64],
    (x, y): (&Scale, &Scale),
    (right, bottom): (f64, f64),
) {
    let end = |line: &&OverlayLine| {
        line.points.last().map_or((0.0, 0.0), |last| (x.at(last.epoch as f64), y.at(last.mean)))
    };
    let ends: Vec<(f64, f64)> = lines.iter().map(end).collect();
    let wanted: Vec<f64> = ends.iter().map(|end| end.1).collect();
    let places = spread_sizes(&wanted, sizes, TOP - 6.0, bottom + 6.0);
    for (i, line) in lines.iter().enumerate() {
        svg.line("leader", (ends[i].0 + 3.5, ends[i].1), (right + 2.0, places[i]));
        let first = places[i] - 0.5 * LINE * (labels[i].len() as f64 - 1.0) + 4.0;
        for (row, words) in labels[i].iter().enumerate() {
            svg.label(&class("run-name", line), right + 5.0, first + LINE * row as f64, Anchor::Start, words);
        }
    }
}

/// Invisible strips whose tooltip says the numbers of an epoch.
fn readouts(svg: &mut Svg, lines: &[&OverlayLine], x: &Scale, (right, bottom): (f64, f64)) {
    let Some(longest) = lines.iter().map(|line| line.points).max_by_key(|points| points.len()) else {
        return;
    };
    let shown = thinned(longest, MOST_READOUTS);
    for (i, point) in shown.iter().enumerate() {
        let at = x.at(point.epoch as f64);
        let from = if i == 0 { LEFT } else { 0.5 * (at + x.at(shown[i - 1].epoch as f64)) };
        let to = shown.get(i + 1).map_or(right, |next| 0.5 * (at + x.at(next.epoch as f64)));
        let numbers = lines.iter().filter_map(|line| {
            let place = line.points.binary_search_by_key(&point.epoch, |p| p.epoch).ok()?;
            Some(format!("\n{} {}", line.name, format::metric(line.points[place].mean)))
        });
        let title = format!("epoch {}{}", point.epoch, numbers.collect::<String>());
        svg.rect("hit", from, TOP, to - from, bottom - TOP, &title);
    }
}

fn description(named: &[&OverlayLine], all: usize) -> String {
    let ends = named.iter().filter_map(|line| {
        let (first, last) = (line.points.first()?, line.points.last()?);
        Some(format!(
            "{} ({}): {} after epoch {}, {} after epoch {}",
            line.name,
            format::plural(line.seeds, "seed", "seeds"),
            format::metric(first.mean),
            first.epoch,
            format::metric(last.mean),
            last.epoch
        ))
    });
    let grey = match all - named.len() {
        0 => String::new(),
        n => format!(" {} grey.", format::plural(n, "other run is", "other runs are")),
    };
    format!("{}.{grey}", ends.collect::<Vec<_>>().join("; "))
}
