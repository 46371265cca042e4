//! The frame that charts of searches share: a box with ticks and the names of its axes.

use super::measure::{fit, width};
use super::scale::{Scale, Tick};
use super::svg::{Anchor, Svg};
use crate::view::{AxisKind, ParameterAxis};

/// The place of a plot inside its picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ChartFrame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// A tick of a parameter's axis: the part of the axis, and what is written there.
pub(super) struct PartTick {
    pub part: f64,
    pub label: String,
}

impl ChartFrame {
    /// Lines across, with numbers at the left.
    pub(super) fn up(&self, svg: &mut Svg, y: &Scale, n: usize) {
        for tick in y.ticks(n) {
            let at = y.at(tick.value);
            svg.line("grid", (self.left, at), (self.right, at));
            svg.label("tick", self.left - 6.0, at + 4.0, Anchor::End, &tick.label);
        }
    }

    /// The line below, with numbers and a name.
    pub(super) fn across(&self, svg: &mut Svg, x: &Scale, n: usize, whole: bool, name: &str) {
        svg.line("axis", (self.left, self.bottom), (self.right, self.bottom));
        for tick in fitting(n, |n| if whole { x.whole_ticks(n) } else { x.ticks(n) }, x, 11.0) {
            let at = x.at(tick.value);
            svg.line("axis", (at, self.bottom), (at, self.bottom + 4.0));
            svg.label("tick", at, self.bottom + 17.0, Anchor::Middle, &tick.label);
        }
        svg.label("tick", 0.5 * (self.left + self.right), self.bottom + 32.0, Anchor::Middle, name);
    }

    /// The axis of a parameter below, of which `part_at` gives the place.
    pub(super) fn across_axis(&self, svg: &mut Svg, axis: &ParameterAxis, font: f64) {
        svg.line("axis", (self.left, self.bottom), (self.right, self.bottom));
        let ticks = part_ticks(axis, self.right - self.left, font);
        let space = (self.right - self.left) / ticks.len().max(1) as f64;
        for tick in &ticks {
            let at = self.x(tick.part);
            svg.line("axis", (at, self.bottom), (at, self.bottom + 3.0));
            let label = if is_named(axis) { fit(&tick.label, font, space - 2.0) } else { tick.label.clone() };
            svg.label("tick", at, self.bottom + font + 4.5, Anchor::Middle, &label);
        }
    }

    /// The axis of a parameter at the left.
    pub(super) fn up_axis(&self, svg: &mut Svg, axis: &ParameterAxis, font: f64, room: f64) {
        svg.line("axis", (self.left, self.top), (self.left, self.bottom));
        for tick in part_ticks(axis, 3.0 * (self.bottom - self.top), font) {
            let at = self.y(tick.part);
            svg.line("axis", (self.left - 3.0, at), (self.left, at));
            let label = fit(&tick.label, font, room);
            svg.label("tick", self.left - 5.0, at + 0.35 * font, Anchor::End, &label);
        }
    }

    /// The place of a part of the width.
    pub(super) fn x(&self, part: f64) -> f64 {
        self.left + part * (self.right - self.left)
    }

    /// The place of a part of the height, from below.
    pub(super) fn y(&self, part: f64) -> f64 {
        self.bottom - part * (self.bottom - self.top)
    }
}

/// At most about `n` ticks of an axis across, fewer where their labels would come near each other.
pub(super) fn fitting_ticks(scale: &Scale, n: usize, font: f64) -> Vec<Tick> {
    fitting(n, |n| scale.ticks(n), scale, font)
}

fn fitting(n: usize, ticks: impl Fn(usize) -> Vec<Tick>, scale: &Scale, font: f64) -> Vec<Tick> {
    let is_apart = |pair: &[Tick]| {
        let apart = (scale.at(pair[1].value) - scale.at(pair[0].value)).abs();
        apart >= 0.5 * (width(&pair[0].label, font) + width(&pair[1].label, font)) + font
    };
    let fits = |ticks: &Vec<Tick>| ticks.windows(2).all(is_apart);
    (1..=n).rev().map(&ticks).find(fits).unwrap_or_else(|| ticks(1).into_iter().take(1).collect())
}

fn is_named(axis: &ParameterAxis) -> bool {
    matches!(axis.kind, AxisKind::Bands(_))
}

/// As many ticks as have room along `length`; of many names every so many.
pub(super) fn part_ticks(axis: &ParameterAxis, length: f64, font: f64) -> Vec<PartTick> {
    if let AxisKind::Bands(names) = &axis.kind {
        let every = (names.len() as f64 * 2.2 * font / length).ceil().max(1.0) as usize;
        let tick = |(i, name): (usize, &String)| PartTick { part: axis.part(i as f64), label: name.clone() };
        return names.iter().enumerate().step_by(every).map(tick).collect();
    }
    let scale = match axis.kind {
        AxisKind::Log => Scale::log(axis.low, axis.high, (0.0, 1.0)),
        _ => Scale::linear(axis.low, axis.high, (0.0, 1.0)),
    };
    let widest = |n: usize| {
        let ticks = if axis.is_whole { scale.whole_ticks(n) } else { scale.ticks(n) };
        let room = ticks.iter().map(|tick| width(&tick.label, font) + 0.6 * font).sum::<f64>();
        (room <= length).then_some(ticks)
    };
    let ticks = (2..=6).rev().find_map(widest).unwrap_or_default();
    ticks.into_iter().map(|tick| PartTick { part: scale.at(tick.value), label: tick.label }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels of six characters: over 300 units there is room for five of them, over 90 for two.
    #[test]
    fn labels_of_an_axis_do_not_come_near_each_other() {
        for length in [300.0, 200.0, 90.0, 30.0] {
            let scale = Scale::linear(0.8801, 0.8859, (0.0, length));
            let ticks = fitting_ticks(&scale, 5, 11.0);
            assert!(!ticks.is_empty(), "{length}");
            for pair in ticks.windows(2) {
                let apart = scale.at(pair[1].value) - scale.at(pair[0].value);
                assert!(apart >= width(&pair[0].label, 11.0) + 11.0, "{length}: {apart}");
            }
        }
        assert!(fitting_ticks(&Scale::linear(0.8801, 0.8859, (0.0, 300.0)), 5, 11.0).len() >= 3);
    }
}
