//! Learning curves: lines over epochs with bands, named at their ends.

use super::epochs::{ends_text, epoch_axes};
use super::frame::ChartFrame;
use super::marks::cross;
use super::measure::{fit, spread, width};
use super::readings::{ReadableLine, readings};
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;
use crate::view::CurvePoint;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 46.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 214.0;
const FONT: f64 = 12.0;

/// Which of the page's line styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineStyle {
    /// Dashed: the running training metric.
    Running,
    /// Solid and thin: the training set, evaluated.
    Train,
    /// Solid and strong, with dots: validation.
    Validation,
}

/// One line of a chart.
pub(crate) struct CurveLine<'a> {
    /// What stands at its end.
    pub name: &'a str,
    /// How it is drawn.
    pub style: LineStyle,
    /// Its points.
    pub points: &'a [CurvePoint],
    /// From which epoch on a seed has no finite number.
    pub not_finite: Option<usize>,
    /// The published number, marked at the last epoch.
    pub published: Option<f64>,
}

/// A chart of several lines.
pub(crate) struct CurveChart<'a> {
    /// What it shows, for the title: `Loss of Model 1`.
    pub title: String,
    /// The lines.
    pub lines: Vec<CurveLine<'a>>,
    /// Whether small and large values are both of interest: a logarithmic axis if they differ much.
    pub may_be_log: bool,
    /// Whether the data is procedural.
    pub procedural: bool,
}

impl LineStyle {
    fn class(self) -> &'static str {
        match self {
            LineStyle::Running => "run",
            LineStyle::Train => "train",
            LineStyle::Validation => "val",
        }
    }
}

/// The chart, or `None` if no line has a point.
pub(crate) fn curves(chart: &CurveChart) -> Option<String> {
    let lines: Vec<&CurveLine> = chart.lines.iter().filter(|line| !line.points.is_empty()).collect();
    let right = WIDTH - 12.0 - lines.iter().map(|line| width(line.name, FONT)).fold(0.0, f64::max);
    let (x, y) = scales(&lines, chart.may_be_log, right)?;
    let mut svg = Svg::new("curves", WIDTH, HEIGHT, &chart.title, &description(&lines));
    let frame = ChartFrame { left: LEFT, right, top: TOP, bottom: BOTTOM };
    epoch_axes(&mut svg, &x, &y, frame);
    for line in &lines {
        draw(&mut svg, line, &x, &y);
    }
    for line in &lines {
        mark_not_finite(&mut svg, line, &x, &y);
    }
    for line in &lines {
        mark_published(&mut svg, line, &x, &y);
    }
    names(&mut svg, &lines, &x, &y, right);
    let named = lines.iter().map(|line| ReadableLine {
        name: line.name,
        about: String::new(),
        class: line.style.class().to_owned(),
        points: line.points,
    });
    readings(&mut svg, &named.collect::<Vec<_>>(), &x, &y);
    svg.notice(chart.procedural, WIDTH - 4.0, HEIGHT - 6.0);
    Some(svg.finish())
}

fn scales(lines: &[&CurveLine], may_be_log: bool, right: f64) -> Option<(Scale, Scale)> {
    let points = || lines.iter().flat_map(|line| line.points);
    let broken = lines.iter().filter_map(|line| line.not_finite);
    let last = points().map(|point| point.epoch).chain(broken).max()? as f64;
    let low = points()
        .map(|point| point.low)
        .chain(lines.iter().filter_map(|l| l.published))
        .fold(f64::INFINITY, f64::min);
    let high = points()
        .map(|p| p.high)
        .chain(lines.iter().filter_map(|l| l.published))
        .fold(f64::NEG_INFINITY, f64::max);
    let x = Scale::linear(1.0, last, (LEFT + 6.0, right - 8.0));
    let range = (BOTTOM, TOP);
    let y = if may_be_log && low > 0.0 && high / low > 12.0 {
        Scale::log(low / 1.05, high * 1.05, range)
    } else {
        Scale::linear(low, high, range).nice(5)
    };
    Some((x, y))
}

fn draw(svg: &mut Svg, line: &CurveLine, x: &Scale, y: &Scale) {
    let class = line.style.class();
    let at = |point: &CurvePoint, value: f64| (x.at(point.epoch as f64), y.at(value));
    if line.points.iter().any(|point| point.high > point.low) {
        let upper = line.points.iter().map(|point| at(point, point.high));
        let lower = line.points.iter().rev().map(|point| at(point, point.low));
        svg.path(&format!("band {class}"), &upper.chain(lower).collect::<Vec<_>>(), true);
    }
    let middle: Vec<(f64, f64)> = line.points.iter().map(|point| at(point, point.mean)).collect();
    svg.path(&format!("line {class}"), &middle, false);
    let every =
        if line.style == LineStyle::Validation { middle.len().div_ceil(8).max(1) } else { middle.len() };
    // Dots on the validation line distinguish it without colour; a single epoch is a dot on every line.
    if line.style == LineStyle::Validation || middle.len() == 1 {
        middle
            .iter()
            .rev()
            .step_by(every.max(1))
            .for_each(|place| svg.circle(&format!("dot {class}"), *place, 2.6, ""));
    }
}

/// A cross where the numbers end, at the height of the last one, and the reason in words above the lower edge.
fn mark_not_finite(svg: &mut Svg, line: &CurveLine, x: &Scale, y: &Scale) {
    let Some(epoch) = line.not_finite else { return };
    let before = line.points.iter().rev().find(|point| point.epoch < epoch).or(line.points.first());
    let height = before.map_or(BOTTOM, |point| y.at(point.mean));
    let title = format!("{}: not finite from epoch {epoch}", line.name);
    svg.shape("trial failed", &cross((x.at(epoch as f64), height), 3.6), &title);
    if line.style == LineStyle::Validation || line.style == LineStyle::Running {
        let row = if line.style == LineStyle::Validation { 0.0 } else { 1.0 };
        svg.label("tick halo", x.ends().1, BOTTOM - 6.0 - 13.0 * row, Anchor::End, &title);
    }
}

fn mark_published(svg: &mut Svg, line: &CurveLine, x: &Scale, y: &Scale) {
    if let (Some(value), Some(last)) = (line.published, line.points.last()) {
        let title = format!("published, {}: {}", line.name, format::published(value));
        svg.diamond(
            &format!("published {}", line.style.class()),
            (x.at(last.epoch as f64), y.at(value)),
            5.0,
            &title,
        );
    }
}

fn names(svg: &mut Svg, lines: &[&CurveLine], x: &Scale, y: &Scale, right: f64) {
    let ends: Vec<(f64, f64)> = lines
        .iter()
        .filter_map(|line| line.points.last())
        .map(|point| (x.at(point.epoch as f64), y.at(point.mean)))
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|end| end.1).collect();
    for ((line, end), place) in
        lines.iter().zip(&ends).zip(spread(&wanted, FONT + 2.0, TOP + 2.0, BOTTOM - 2.0))
    {
        svg.line("leader", (end.0 + 3.0, end.1), (right + 2.0, place));
        let name = fit(line.name, FONT, WIDTH - right);
        svg.label(&format!("name {}", line.style.class()), right + 5.0, place + 4.0, Anchor::Start, &name);
    }
}

fn description(lines: &[&CurveLine]) -> String {
    let ends = lines.iter().filter_map(|line| Some(format!("{}: {}", line.name, ends_text(line.points)?)));
    format!("{}.", ends.collect::<Vec<_>>().join("; "))
}
