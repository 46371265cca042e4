//! Curves of trainings: dots, each line ending in its number, the best so far as a dotted line across.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use toile_live::Point;
use toile_report::format;

use super::raster::Raster;
use crate::terminal::dashboard::ink::{bold, dim};

/// Columns of the labels of the vertical axis, and the axis.
const MARGIN: u16 = 8;

/// A line of a chart.
pub(super) struct ChartLine {
    /// Stands at its end.
    pub label: String,
    pub points: Vec<Point>,
    /// What it is the mean of lies between these, where it is one.
    pub range: Vec<Vec<Point>>,
    pub colour: Color,
    /// Its last place is not its end: values behind it are not finite.
    pub is_broken: bool,
}

impl ChartLine {
    /// All its points, those of its range too.
    fn all(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().chain(self.range.iter().flatten())
    }
}

/// A chart.
pub(super) struct CurvePlot<'c> {
    pub lines: &'c [ChartLine],
    /// Drawn across, if it lies in the picture.
    pub across: Option<f64>,
    /// The least right end of the horizontal axis.
    pub right: f64,
    pub axis: &'c str,
    pub is_log: bool,
    /// What is said where there is nothing to be drawn.
    pub empty: &'c str,
}

/// Where a chart is drawn, and what its axes hold.
struct PlotFrame {
    area: Rect,
    x: (f64, f64),
    y: (f64, f64),
    is_log: bool,
}

impl PlotFrame {
    fn place(&self, point: Point) -> (f64, f64) {
        let part = |value: f64, (low, high): (f64, f64)| (value - low) / (high - low);
        let (x, ends) = match self.is_log {
            true => (point.x.max(self.x.0).ln(), (self.x.0.ln(), self.x.1.ln())),
            false => (point.x, self.x),
        };
        (part(x, ends), part(point.y, self.y))
    }
}

/// Draws it into an area, its axis in the last two rows.
pub(super) fn chart(buffer: &mut Buffer, area: Rect, chart: &CurvePlot<'_>) {
    if area.height < 4 || area.width < MARGIN + 12 {
        return;
    }
    let plot = Rect::new(area.x + MARGIN, area.y, area.width - MARGIN - 1, area.height - 2);
    let all = || chart.lines.iter().flat_map(ChartLine::all);
    let least_x = if chart.is_log {
        all().map(|point| point.x).fold(f64::INFINITY, f64::min).clamp(1e-3, 1.0)
    } else {
        0.0
    };
    let right = all().map(|point| point.x).fold(chart.right, f64::max).max(least_x + 1.0);
    let frame = PlotFrame { area: plot, x: (least_x, right), y: heights(chart), is_log: chart.is_log };
    axes(buffer, &frame, chart);
    if let Some(value) = chart.across {
        across(buffer, &frame, value);
    }
    for line in chart.lines {
        curve(buffer, &frame, line);
    }
    if all().next().is_none() {
        let room = plot.width as usize;
        buffer.set_stringn(plot.x + 1, plot.y + plot.height / 2, chart.empty, room, dim());
    }
}

/// From a little below the lowest value to a little above the highest.
fn heights(chart: &CurvePlot<'_>) -> (f64, f64) {
    let values = || chart.lines.iter().flat_map(ChartLine::all).map(|point| point.y).chain(chart.across);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return (0.0, 1.0);
    }
    let room = if high > low { 0.05 * (high - low) } else { (0.05 * high.abs()).max(1e-6) };
    (low - room, high + room)
}

fn axes(buffer: &mut Buffer, frame: &PlotFrame, chart: &CurvePlot<'_>) {
    let plot = frame.area;
    let n_ticks = match plot.height {
        0..=3 => 2,
        4..=9 => 3,
        _ => 5,
    };
    let tick_rows: Vec<u16> = (0..n_ticks).map(|i| i * (plot.height - 1) / (n_ticks - 1)).collect();
    for row in 0..plot.height {
        let is_tick = tick_rows.contains(&row);
        if is_tick {
            let part = 1.0 - f64::from(row) / f64::from((plot.height - 1).max(1));
            let value = frame.y.0 + part * (frame.y.1 - frame.y.0);
            let text = format::terminal::metric(value);
            let text: String = text.chars().take(MARGIN as usize - 2).collect();
            buffer.set_string(plot.x - 2 - text.len() as u16, plot.y + row, &text, dim());
        }
        buffer.set_string(plot.x - 1, plot.y + row, if is_tick { "┤" } else { "│" }, dim());
    }
    let below = plot.y + plot.height;
    let line = "─".repeat(plot.width as usize);
    buffer.set_string(plot.x - 1, below, format!("└{line}"), dim());
    let word = if chart.is_log { format!("{}, log", chart.axis) } else { chart.axis.to_owned() };
    let room = (plot.width as usize).saturating_sub(word.len() + 1);
    for (x, text) in ticks(frame) {
        let at = frame.place(Point { x, y: frame.y.0 }).0;
        let column = (at * f64::from(plot.width - 1)).round() as usize;
        let start = column.saturating_sub(text.len() / 2);
        buffer.set_string(plot.x + column as u16, below, "┬", dim());
        if start + text.len() < room {
            buffer.set_string(plot.x + start as u16, below + 1, &text, dim());
        }
    }
    buffer.set_string(plot.x + plot.width - word.len() as u16, below + 1, &word, dim());
}

/// Round places along the horizontal axis.
fn ticks(frame: &PlotFrame) -> Vec<(f64, String)> {
    let (low, high) = frame.x;
    let text = |x: f64| match x.abs() {
        x if x >= 1e6 => format::flops(x as u64).replace("FLOP", "").replace(' ', ""),
        x if x >= 1.0 || x == 0.0 => format!("{x:.0}"),
        _ => format::significant(x),
    };
    if frame.is_log {
        let decades = (low.log10().ceil() as i32)..=(high.log10().floor() as i32);
        return decades.map(|decade| 10f64.powi(decade)).map(|x| (x, text(x))).collect();
    }
    let rough = (high - low) / (f64::from(frame.area.width) / 14.0).clamp(1.0, 8.0);
    let decade = 10f64.powf(rough.max(1e-9).log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|n| n * decade).into_iter().find(|step| *step >= rough).unwrap_or(decade);
    // There is no part of an epoch, of an update or of an operation.
    let step = step.max(1.0);
    let n = ((high - low) / step).floor() as usize;
    (0..=n.min(40)).map(|i| low + i as f64 * step).map(|x| (x, text(x))).collect()
}

fn across(buffer: &mut Buffer, frame: &PlotFrame, value: f64) {
    let (_, y) = frame.place(Point { x: frame.x.0, y: value });
    let row = ((1.0 - y.clamp(0.0, 1.0)) * f64::from(frame.area.height - 1)).round() as u16;
    for column in (0..frame.area.width).step_by(2) {
        buffer.set_string(frame.area.x + column, frame.area.y + row, "·", dim());
    }
}

fn curve(buffer: &mut Buffer, frame: &PlotFrame, line: &ChartLine) {
    let Some(last) = line.points.last() else { return };
    let style = Style::new().fg(line.colour);
    for edge in &line.range {
        drawn(frame, edge).put(buffer, frame.area, style.patch(dim()));
    }
    drawn(frame, &line.points).put(buffer, frame.area, style);
    let (x, y) = frame.place(*last);
    let column = (x * f64::from(frame.area.width - 1)).round() as u16 + 1;
    let row = ((1.0 - y) * f64::from(frame.area.height - 1)).round() as u16;
    let label = if line.is_broken { format!("{}! NaN", line.label) } else { line.label.clone() };
    let room = frame.area.width.saturating_sub(label.len() as u16);
    buffer.set_string(frame.area.x + column.min(room), frame.area.y + row, label, bold().fg(line.colour));
}

fn drawn(frame: &PlotFrame, points: &[Point]) -> Raster {
    let mut raster = Raster::new(frame.area.width as usize, frame.area.height as usize);
    let places: Vec<(f64, f64)> = points.iter().map(|point| frame.place(*point)).collect();
    match &places[..] {
        [only] => raster.line(*only, *only),
        places => places.windows(2).for_each(|pair| raster.line(pair[0], pair[1])),
    }
    raster
}
