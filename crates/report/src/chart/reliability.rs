//! The reliability diagram: of the images with so much confidence, the share that is right; below, how many these are.

use toile_stats::{CalibrationBin, wilson};

use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 282.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 448.0;
const TOP: f64 = 12.0;
/// The lower edge of the plot, and of the counts below it.
const BOTTOM: f64 = 178.0;
/// Of fewer images the interval is nearly the whole axis.
const FEWEST: f64 = 5.0;
const COUNTS: (f64, f64) = (202.0, 236.0);

/// A reliability diagram.
pub(crate) struct ReliabilityChart<'a> {
    /// What it shows.
    pub title: String,
    /// The bins that hold images, of all seeds together.
    pub bins: &'a [CalibrationBin],
    /// Bins on 0 to 1.
    pub all_bins: usize,
    /// Seeds that see the same images.
    pub seeds: usize,
    /// Whether the data is procedural.
    pub procedural: bool,
}

/// The diagram, or `None` without images.
pub(crate) fn reliability(chart: &ReliabilityChart) -> Option<String> {
    let most = chart.bins.iter().map(|bin| bin.images).max().filter(|n| *n > 0)? as f64;
    let (x, y) = (Scale::linear(0.0, 1.0, (LEFT, RIGHT)), Scale::linear(0.0, 1.0, (BOTTOM, TOP)));
    let mut svg = Svg::new("reliability", WIDTH, HEIGHT, &chart.title, &description(chart.bins));
    for tick in y.ticks(5) {
        let at = y.at(tick.value);
        svg.line("grid", (LEFT, at), (RIGHT, at));
        svg.label("tick", LEFT - 6.0, at + 4.0, Anchor::End, &tick.label);
    }
    for tick in x.ticks(5) {
        svg.label("tick", x.at(tick.value), COUNTS.1 + 15.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (LEFT + RIGHT), COUNTS.1 + 30.0, Anchor::Middle, "confidence");
    svg.label(
        "key",
        LEFT + 6.0,
        TOP + 12.0,
        Anchor::Start,
        "bars: the share that is right; lines: the confidence",
    );
    svg.label("key", LEFT + 6.0, COUNTS.0 + 4.0, Anchor::Start, "images");
    let height = Scale::linear(0.0, most, (0.0, COUNTS.1 - COUNTS.0));
    for bin in chart.bins {
        draw(&mut svg, bin, chart, (&x, &y), &height);
    }
    svg.line("diagonal", (LEFT, BOTTOM), (RIGHT, TOP));
    svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    svg.line("axis", (LEFT, COUNTS.1), (RIGHT, COUNTS.1));
    svg.notice(chart.procedural, WIDTH - 4.0, HEIGHT - 3.0);
    Some(svg.finish())
}

fn draw(
    svg: &mut Svg,
    bin: &CalibrationBin,
    chart: &ReliabilityChart,
    (x, y): (&Scale, &Scale),
    height: &Scale,
) {
    let bins = chart.all_bins as f64;
    let place = (bin.confidence * bins).ceil().clamp(1.0, bins) - 1.0;
    let (from, to) = (x.at(place / bins) + 1.0, x.at((place + 1.0) / bins) - 1.0);
    let title = words(bin);
    svg.rect("bar rest", from, y.at(bin.accuracy), to - from, BOTTOM - y.at(bin.accuracy), &title);
    // The seeds see the same images: the interval is that of as many images as one of them has here.
    let n = (bin.images as f64 / chart.seeds.max(1) as f64).round().max(1.0);
    let interval = wilson((bin.accuracy * n).round() as usize, n as usize, 0.95);
    if let Some(interval) = interval.filter(|_| n >= FEWEST) {
        let at = 0.5 * (from + to);
        svg.line("whisker", (at, y.at(interval.low)), (at, y.at(interval.high)));
    }
    svg.line("says", (from, y.at(bin.confidence)), (to, y.at(bin.confidence)));
    let high = height.at(bin.images as f64).max(0.6);
    svg.rect("bar", from, COUNTS.1 - high, to - from, high, &title);
    svg.label("bin-count", 0.5 * (from + to), COUNTS.1 - high - 3.0, Anchor::Middle, &short(bin.images));
}

/// A count that fits above a bin.
fn short(count: usize) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..100_000 => format!("{:.1}k", count as f64 / 1e3),
        100_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

fn words(bin: &CalibrationBin) -> String {
    format!(
        "{}: mean confidence {}, {} right",
        format::plural(bin.images, "image", "images"),
        format::metric(bin.confidence),
        format::percent(bin.accuracy)
    )
}

fn description(bins: &[CalibrationBin]) -> String {
    let bins: Vec<String> = bins.iter().map(words).collect();
    format!("{}.", bins.join("; "))
}
