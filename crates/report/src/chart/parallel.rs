//! Parallel coordinates: each complete trial is a line over an axis per parameter, the value's axis last.

use super::frame::{ChartFrame, part_ticks};
use super::measure::fit;
use super::scale::Scale;
use super::svg::{Anchor, Svg, path_data};
use crate::view::{ObjectiveView, Parallel, Thread};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 318.0;
const FRAME: ChartFrame = ChartFrame { left: 54.0, right: 700.0, top: 44.0, bottom: 262.0 };
/// Where lines go that do not have the parameter.
const ABSENT: f64 = 290.0;
const FONT: f64 = 11.0;

/// The chart.
pub(crate) fn parallel(chart: &Parallel, metric: &ObjectiveView, title: &str, procedural: bool) -> String {
    let n = chart.axes.len();
    let place = |i: usize| FRAME.x(i as f64 / n as f64);
    let has_absent = |i: usize| chart.threads.iter().any(|thread| thread.parts[i].is_none());
    let mut svg = Svg::new("parallel", WIDTH, HEIGHT, title, &description(chart, metric));
    threads(&mut svg, chart, &place);
    let room = (FRAME.right - FRAME.left) / n as f64;
    for (i, axis) in chart.axes.iter().enumerate() {
        let at = place(i);
        svg.line("axis", (at, FRAME.top), (at, FRAME.bottom));
        for tick in part_ticks(axis, 3.0 * (FRAME.bottom - FRAME.top), FONT) {
            let up = FRAME.y(tick.part);
            svg.line("axis", (at - 3.0, up), (at, up));
            svg.label(
                "tick halo",
                at - 5.0,
                up + 4.0,
                Anchor::End,
                &fit(&tick.label, FONT, room.min(90.0) - 12.0),
            );
        }
        if has_absent(i) {
            svg.label("tick halo", at, ABSENT + 14.0, Anchor::Middle, "absent");
            svg.line("axis", (at - 5.0, ABSENT), (at + 5.0, ABSENT));
        }
        let (anchor, x) = if i == 0 { (Anchor::Start, 2.0) } else { (Anchor::Middle, at) };
        let lift = if i % 2 == 1 { 14.0 } else { 30.0 };
        svg.label("axis-name", x, lift, anchor, &fit(&axis.name, 12.0, 1.6 * room));
    }
    value_axis(&mut svg, chart, metric, if n % 2 == 1 { 14.0 } else { 30.0 });
    svg.notice(procedural, WIDTH - 4.0, HEIGHT - 4.0);
    svg.finish()
}

fn value_axis(svg: &mut Svg, chart: &Parallel, metric: &ObjectiveView, lift: f64) {
    let y = Scale::linear(chart.range.low, chart.range.high, (FRAME.bottom, FRAME.top));
    svg.line("axis", (FRAME.right, FRAME.top), (FRAME.right, FRAME.bottom));
    for tick in y.ticks(6) {
        let up = y.at(tick.value);
        svg.line("axis", (FRAME.right, up), (FRAME.right + 3.0, up));
        svg.label("tick halo", FRAME.right + 6.0, up + 4.0, Anchor::Start, &tick.label);
    }
    svg.label("axis-name", WIDTH - 2.0, lift, Anchor::End, &fit(&metric.name, 12.0, 200.0));
}

/// Lines with words are elements of their own; many are one path per quarter of the ranking.
fn threads(svg: &mut Svg, chart: &Parallel, place: &impl Fn(usize) -> f64) {
    for quarter in (0..4).rev() {
        let mut data = String::new();
        for thread in chart.threads.iter().filter(|thread| thread.quarter == quarter && !thread.is_best) {
            let line = path_data(&points(thread, place), false);
            match thread.title.is_empty() {
                true => data.push_str(&line),
                false => svg.shape(&format!("thread q{quarter}"), &line, &thread.title),
            }
        }
        if !data.is_empty() {
            svg.shape(&format!("thread q{quarter}"), &data, "");
        }
    }
    for thread in chart.threads.iter().filter(|thread| thread.is_best) {
        let line = points(thread, place);
        svg.shape("thread best", &path_data(&line, false), &thread.title);
        line.iter().for_each(|at| svg.circle("best-dot", *at, 3.2, ""));
    }
}

fn points(thread: &Thread, place: &impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let point = |(i, part): (usize, &Option<f64>)| (place(i), part.map_or(ABSENT, |part| FRAME.y(part)));
    thread.parts.iter().enumerate().map(point).collect()
}

fn description(chart: &Parallel, metric: &ObjectiveView) -> String {
    let names: Vec<&str> = chart.axes.iter().map(|axis| axis.name.as_str()).collect();
    format!("{} lines over {}, and {} last.", chart.threads.len(), names.join(", "), metric.name)
}
