//! What charts of curves over epochs share: their axes, and their ends in words.

use super::frame::ChartFrame;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;
use crate::view::CurvePoint;

/// Lines across with numbers at the left, and whole epochs below.
pub(super) fn epoch_axes(svg: &mut Svg, x: &Scale, y: &Scale, frame: ChartFrame) {
    svg.markup("<g class=\"y-axis\">");
    frame.up(svg, y, 5);
    svg.markup("</g>");
    svg.line("axis", (frame.left, frame.bottom), (frame.right, frame.bottom));
    svg.markup("<g class=\"x-axis\">");
    for tick in x.whole_ticks(6) {
        let at = x.at(tick.value);
        svg.line("axis", (at, frame.bottom), (at, frame.bottom + 4.0));
        svg.label("tick", at, frame.bottom + 17.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (frame.left + frame.right), frame.bottom + 32.0, Anchor::Middle, "epoch");
    svg.markup("</g>");
}

/// `0.8000 after epoch 1, 0.9000 after epoch 10`
pub(super) fn ends_text(points: &[CurvePoint]) -> Option<String> {
    let (first, last) = (points.first()?, points.last()?);
    Some(format!(
        "{} after epoch {}, {} after epoch {}",
        format::metric(first.mean),
        first.epoch,
        format::metric(last.mean),
        last.epoch
    ))
}

/// At most so many of the points, evenly, and the last.
pub(super) fn thinned(points: &[CurvePoint], most: usize) -> Vec<CurvePoint> {
    let every = points.len().div_ceil(most.max(1)).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(i, _)| i.is_multiple_of(every) || *i == last);
    kept.map(|(_, point)| *point).collect()
}

/// A place to a tenth of a unit.
pub(super) fn tenth(value: f64) -> f64 {
    (10.0 * value).round() / 10.0
}
