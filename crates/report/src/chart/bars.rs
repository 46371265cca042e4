//! Horizontal bars from zero: time per run.

use super::row_names::RowNames;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;

const WIDTH: f64 = 480.0;
const TOP: f64 = 34.0;
const VALUE: f64 = 70.0;

/// One bar: a whole, and the part of it that is drawn strong.
pub(crate) struct Bar<'a> {
    /// The run's name.
    pub name: &'a str,
    /// Seconds of training.
    pub part: f64,
    /// Seconds of the whole run.
    pub whole: f64,
}

/// The chart, or `None` without a bar.
pub(crate) fn bars(title: &str, bars: &[Bar], procedural: bool) -> Option<String> {
    let longest = bars.iter().map(|bar| bar.whole.max(bar.part)).fold(0.0, f64::max);
    if bars.is_empty() || !longest.is_finite() || longest <= 0.0 {
        return None;
    }
    let names = RowNames::new(bars.iter().map(|bar| bar.name));
    let left = names.width + 12.0;
    let bottom = TOP + names.height * bars.len() as f64;
    let scale = Scale::linear(0.0, longest, (left, WIDTH - VALUE));
    let mut svg = Svg::new("bars", WIDTH, bottom + 38.0, title, &description(bars));
    key(&mut svg, left);
    for tick in scale.ticks(5) {
        let at = scale.at(tick.value);
        svg.line("grid", (at, TOP), (at, bottom));
        svg.label("tick", at, bottom + 16.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (left + WIDTH - VALUE), bottom + 32.0, Anchor::Middle, "seconds");
    for (i, bar) in bars.iter().enumerate() {
        let middle = TOP + names.height * (i as f64 + 0.5);
        names.label(&mut svg, i, left - 6.0, middle);
        draw(&mut svg, bar, middle, left, &scale);
    }
    svg.notice(procedural, WIDTH - 4.0, bottom + 34.0);
    Some(svg.finish())
}

fn key(svg: &mut Svg, left: f64) {
    svg.rect("bar", left, 8.0, 12.0, 10.0, "");
    svg.label("key", left + 18.0, 17.0, Anchor::Start, "training");
    svg.rect("bar rest", left + 84.0, 8.0, 12.0, 10.0, "");
    svg.label("key", left + 102.0, 17.0, Anchor::Start, "evaluations and the rest");
}

fn draw(svg: &mut Svg, bar: &Bar, middle: f64, left: f64, scale: &Scale) {
    let (part, whole) = (bar.part.clamp(0.0, bar.whole.max(bar.part)), bar.whole.max(bar.part));
    let title =
        format!("{}: {} of training, {} in all", bar.name, format::duration(part), format::duration(whole));
    svg.rect("bar rest", left, middle - 7.0, scale.at(whole) - left, 14.0, &title);
    svg.rect("bar", left, middle - 7.0, scale.at(part) - left, 14.0, &title);
    svg.label("difference", scale.at(whole) + 6.0, middle + 4.0, Anchor::Start, &format::duration(whole));
}

fn description(bars: &[Bar]) -> String {
    let bars = bars.iter().map(|bar| format!("{}: {}", bar.name, format::duration(bar.whole.max(bar.part))));
    format!("{}.", bars.collect::<Vec<_>>().join("; "))
}
