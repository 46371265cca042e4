//! A learning-rate range test: a line for each seed over the rates, with the interval and the run's own rate.

use super::frame::ChartFrame;
use super::measure::spread;
use super::palette::RUN_COLOURS;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;
use crate::range_test::{RangeTestView, SweepView, rate};

const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 312.0;
const FRAME: ChartFrame = ChartFrame { left: 50.0, right: 552.0, top: 34.0, bottom: 270.0 };
/// What rises higher than so many times the level at the start is cut off.
const HIGHEST: f64 = 1.3;

/// The chart.
pub(crate) fn range_test(view: &RangeTestView) -> String {
    let x = Scale::log(1e-6, 10.0, (FRAME.left + 4.0, FRAME.right - 4.0));
    let (low, high) = range(view);
    let y = Scale::linear(low, high, (FRAME.bottom - 3.0, FRAME.top + 3.0)).nice(5);
    let title = format!("Range test of the learning rate of {}", view.run);
    let mut svg = Svg::new("range-test", WIDTH, HEIGHT, &title, &view.sentences.join(" "));
    if let Some([from, to]) = view.interval {
        let words = format!("training works from {} to {}", rate(from), rate(to));
        svg.rect(
            "band-ground",
            x.at(from),
            FRAME.top,
            x.at(to) - x.at(from),
            FRAME.bottom - FRAME.top,
            &words,
        );
    }
    FRAME.up(&mut svg, &y, 5);
    FRAME.across(&mut svg, &x, 8, false, "learning rate");
    lines(&mut svg, view, &x, (&y, high));
    own(&mut svg, view, &x);
    svg.label("tick", 4.0, 14.0, Anchor::Start, "loss of a batch, median of 15");
    svg.notice(view.procedural, WIDTH - 4.0, HEIGHT - 3.0);
    svg.finish()
}

/// The level at the start and what lies below it; what rises far above is cut off.
fn range(view: &RangeTestView) -> (f64, f64) {
    let all = || view.sweeps.iter().flat_map(shown);
    let first = view.sweeps.iter().filter_map(|sweep| shown(sweep).first()).copied().fold(0.0, f64::max);
    let (low, high) = (all().copied().fold(f64::INFINITY, f64::min), all().copied().fold(0.0, f64::max));
    if low.is_finite() { (low, high.min(HIGHEST * first)) } else { (0.0, 1.0) }
}

/// The medians; of a sweep that is too short for them, the losses.
fn shown(sweep: &SweepView) -> &[f64] {
    if sweep.medians.is_empty() { &sweep.losses } else { &sweep.medians }
}

/// A line for each seed, up to the loss `top`.
fn lines(svg: &mut Svg, view: &RangeTestView, x: &Scale, (y, top): (&Scale, f64)) {
    let mut ends = Vec::new();
    for (i, sweep) in view.sweeps.iter().enumerate() {
        let points = sweep.rates.iter().zip(shown(sweep)).take_while(|(_, loss)| **loss <= top);
        let points: Vec<(f64, f64)> = points.map(|(rate, loss)| (x.at(*rate), y.at(*loss))).collect();
        svg.path(&format!("line l{}", i % RUN_COLOURS), &points, false);
        ends.extend(points.last().map(|end| (i, sweep.seed, *end)));
    }
    let wanted: Vec<f64> = ends.iter().map(|(_, _, end)| end.1).collect();
    let places = spread(&wanted, 14.0, FRAME.top + 4.0, FRAME.bottom - 2.0);
    for ((i, seed, end), place) in ends.into_iter().zip(places) {
        svg.line("leader", (end.0 + 2.0, end.1), (FRAME.right + 2.0, place));
        svg.label(
            &format!("name l{}", i % RUN_COLOURS),
            FRAME.right + 5.0,
            place + 4.0,
            Anchor::Start,
            &format!("seed {seed}"),
        );
    }
}

/// The run's own rate: a line across, named above.
fn own(svg: &mut Svg, view: &RangeTestView, x: &Scale) {
    let at = x.at(view.learning_rate);
    svg.line("axis", (at, FRAME.top - 4.0), (at, FRAME.bottom));
    let anchor = match at {
        at if at < FRAME.left + 90.0 => Anchor::Start,
        at if at > FRAME.right - 60.0 => Anchor::End,
        _ => Anchor::Middle,
    };
    let words = format!("learning_rate = {}", format::setting(view.learning_rate));
    svg.label("axis-name", at, FRAME.top - 8.0, anchor, &words);
}
