//! Slices: the value against each parameter, one small panel each, all with the same axis of values.

use super::frame::ChartFrame;
use super::marks::marks;
use super::measure::fit;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format::plural;
use crate::view::{AxisKind, ObjectiveView, ParameterSlice, Slices};

const WIDTH: f64 = 220.0;
const HEIGHT: f64 = 166.0;
const FRAME: ChartFrame = ChartFrame { left: 36.0, right: 214.0, top: 24.0, bottom: 142.0 };
const FONT: f64 = 9.5;

/// One picture per parameter.
pub(crate) fn slices(slices: &Slices, metric: &ObjectiveView, procedural: bool) -> Vec<String> {
    slices.panels.iter().map(|slice| panel(slice, slices, metric, procedural)).collect()
}

fn panel(slice: &ParameterSlice, all: &Slices, metric: &ObjectiveView, procedural: bool) -> String {
    let y = Scale::linear(all.range.low, all.range.high, (FRAME.bottom - 5.0, FRAME.top + 5.0)).nice(4);
    let title = format!("{} by {}", metric.name, slice.axis.name);
    let mut svg = Svg::new("panel slice", WIDTH, HEIGHT, &title, &description(slice, metric));
    if let AxisKind::Bands(names) = &slice.axis.kind {
        bands(&mut svg, names.len());
    }
    for tick in y.ticks(4) {
        let at = y.at(tick.value);
        svg.line("grid", (FRAME.left, at), (FRAME.right, at));
        svg.label("tick", FRAME.left - 4.0, at + 3.5, Anchor::End, &tick.label);
    }
    FRAME.across_axis(&mut svg, &slice.axis, FONT);
    let inner = |part: f64| FRAME.left + 5.0 + part * (FRAME.right - FRAME.left - 10.0);
    let is_named = matches!(slice.axis.kind, AxisKind::Bands(_));
    let half = 0.3 * (FRAME.right - FRAME.left) / bands_of(slice).max(1) as f64;
    marks(&mut svg, &slice.spots, |spot| {
        // Trials of one name would lie on each other: they are spread over its band by their numbers.
        let aside = if is_named { half * shift(spot.number) } else { 0.0 };
        (if is_named { FRAME.x(spot.x) + aside } else { inner(spot.x) }, y.at(spot.y))
    });
    svg.label("panel-name", 2.0, 12.0, Anchor::Start, &fit(&slice.axis.name, 13.0, WIDTH - 6.0));
    svg.notice(procedural, FRAME.right, FRAME.bottom - 4.0);
    svg.finish()
}

fn bands_of(slice: &ParameterSlice) -> usize {
    match &slice.axis.kind {
        AxisKind::Bands(names) => names.len(),
        _ => 1,
    }
}

/// Every other band has a ground of its own.
fn bands(svg: &mut Svg, n: usize) {
    let width = (FRAME.right - FRAME.left) / n.max(1) as f64;
    for i in (0..n.min(60)).step_by(2) {
        svg.rect(
            "band-ground",
            FRAME.left + i as f64 * width,
            FRAME.top,
            width,
            FRAME.bottom - FRAME.top,
            "",
        );
    }
}

/// From −1 to 1, evenly over any run of numbers (the golden section).
fn shift(number: usize) -> f64 {
    2.0 * (number as f64 * 0.618_033_988_749_895).fract() - 1.0
}

fn description(slice: &ParameterSlice, metric: &ObjectiveView) -> String {
    let best = slice.spots.iter().find(|spot| spot.is_best);
    let best =
        best.map_or_else(String::new, |spot| format!(" The best, {}, is marked.", metric.text(spot.y)));
    format!("{}, {}.{best}", plural(slice.spots.len(), "trial", "trials"), slice.axis.range)
}
