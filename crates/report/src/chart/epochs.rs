//! What charts of curves over epochs share: their axes, the numbers of each epoch in tooltips, their ends in words.

use super::frame::ChartFrame;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;
use crate::view::CurvePoint;

/// Lines across with numbers at the left, and whole epochs below.
pub(super) fn epoch_axes(svg: &mut Svg, x: &Scale, y: &Scale, frame: ChartFrame) {
    frame.up(svg, y, 5);
    svg.line("axis", (frame.left, frame.bottom), (frame.right, frame.bottom));
    for tick in x.whole_ticks(6) {
        let at = x.at(tick.value);
        svg.line("axis", (at, frame.bottom), (at, frame.bottom + 4.0));
        svg.label("tick", at, frame.bottom + 17.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (frame.left + frame.right), frame.bottom + 32.0, Anchor::Middle, "epoch");
}

/// Invisible strips, one for each point that is `shown` of the longest line, whose tooltip says the numbers of its
/// epoch: of each line its name and its mean.
pub(super) fn readouts(
    svg: &mut Svg,
    lines: &[(&str, &[CurvePoint])],
    shown: fn(&[CurvePoint]) -> Vec<CurvePoint>,
    x: &Scale,
    frame: ChartFrame,
) {
    let Some(longest) = lines.iter().map(|(_, points)| *points).max_by_key(|points| points.len()) else {
        return;
    };
    let shown = shown(longest);
    for (i, point) in shown.iter().enumerate() {
        let at = x.at(point.epoch as f64);
        let from = if i == 0 { frame.left } else { 0.5 * (at + x.at(shown[i - 1].epoch as f64)) };
        let to = shown.get(i + 1).map_or(frame.right, |next| 0.5 * (at + x.at(next.epoch as f64)));
        let numbers = lines.iter().filter_map(|(name, points)| {
            let place = points.binary_search_by_key(&point.epoch, |p| p.epoch).ok()?;
            Some(format!("\n{name} {}", format::metric(points[place].mean)))
        });
        let title = format!("epoch {}{}", point.epoch, numbers.collect::<String>());
        svg.rect("hit", from, frame.top, to - from, frame.bottom - frame.top, &title);
    }
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
