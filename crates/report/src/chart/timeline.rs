//! The timeline: when each trial ran and on which worker. Bars of complete trials are full, of pruned ones hollow, of
//! failed ones crossed out, of running ones dashed.

use toile_record::State;

use super::frame::{ChartFrame, fitting_ticks};
use super::measure::{fit, width};
use super::scale::Scale;
use super::svg::{Anchor, Svg, path_data};
use crate::format;
use crate::view::Timeline;

const WIDTH: f64 = 760.0;
const TOP: f64 = 32.0;
const ROW: f64 = 18.0;
const LONGEST_NAME: f64 = 200.0;
const FONT: f64 = 12.0;
const GAP: f64 = 1.2;
/// What a further row of one worker is called.
const SAME: &str = "the same";
const STATES: [State; 5] = [State::Complete, State::Pruned, State::Failed, State::Running, State::Waiting];

/// The chart.
pub(crate) fn timeline(chart: &Timeline, title: &str, procedural: bool) -> String {
    let label = |name: &String| if name.is_empty() { SAME.to_owned() } else { name.clone() };
    let rows: Vec<String> = chart.rows.iter().map(label).collect();
    let names = rows.iter().map(|name| width(name, FONT)).fold(0.0, f64::max).min(LONGEST_NAME);
    let frame = ChartFrame {
        left: names + 14.0,
        right: WIDTH - 14.0,
        top: TOP,
        bottom: TOP + ROW * chart.rows.len() as f64,
    };
    let (unit, word) = unit(chart.length);
    let x = Scale::linear(0.0, (chart.length / unit).max(1e-9), (frame.left, frame.right));
    let mut svg = Svg::new("timeline", WIDTH, frame.bottom + 40.0, title, &description(chart));
    for tick in fitting_ticks(&x, 8, 11.0) {
        let at = x.at(tick.value);
        svg.line("grid", (at, frame.top), (at, frame.bottom));
        svg.label("tick", at, frame.bottom + 16.0, Anchor::Middle, &tick.label);
    }
    svg.label("tick", 0.5 * (frame.left + frame.right), frame.bottom + 32.0, Anchor::Middle, word);
    for (row, name) in rows.iter().enumerate() {
        let y = frame.top + ROW * row as f64 + 13.0;
        svg.label("row-name", frame.left - 8.0, y, Anchor::End, &fit(name, FONT, names + 4.0));
    }
    for stretch in &chart.stretches {
        let (from, to) = (x.at(stretch.from / unit), x.at(stretch.to / unit));
        let y = frame.top + ROW * stretch.row as f64 + 3.0;
        // A gap, so that trials that follow each other at once are told apart.
        bar(&mut svg, stretch.state, (from, y), (to - from - GAP).max(0.8), &stretch.title);
    }
    key(&mut svg, chart, frame.left);
    svg.notice(procedural, WIDTH - 4.0, frame.bottom + 36.0);
    svg.finish()
}

fn unit(length: f64) -> (f64, &'static str) {
    match length {
        s if s < 300.0 => (1.0, "seconds since the first start"),
        s if s < 18_000.0 => (60.0, "minutes since the first start"),
        s if s < 400_000.0 => (3_600.0, "hours since the first start"),
        _ => (86_400.0, "days since the first start"),
    }
}

fn bar(svg: &mut Svg, state: State, (x, y): (f64, f64), wide: f64, title: &str) {
    let high = ROW - 6.0;
    svg.rect(&format!("stretch {}", state.name()), x, y, wide, high, title);
    if state == State::Failed {
        let data = path_data(&[(x, y), (x + wide, y + high)], false)
            + &path_data(&[(x, y + high), (x + wide, y)], false);
        svg.shape("crossed", &data, "");
    }
}

fn key(svg: &mut Svg, chart: &Timeline, mut x: f64) {
    for state in STATES.into_iter().filter(|state| chart.stretches.iter().any(|bar| bar.state == *state)) {
        bar(svg, state, (x, 8.0), 18.0, "");
        svg.label("key", x + 24.0, 18.0, Anchor::Start, state.name());
        x += 40.0 + width(state.name(), 12.0);
    }
}

fn description(chart: &Timeline) -> String {
    let workers = chart.rows.iter().filter(|name| !name.is_empty()).count();
    format!(
        "{} on {}, {} from the first start to the last end.",
        format::plural(chart.stretches.len(), "trial", "trials"),
        format::plural(workers, "worker", "workers"),
        format::duration(chart.length)
    )
}
