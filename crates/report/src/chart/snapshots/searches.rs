//! Small charts of searches.

use toile_record::State;

use super::check;
use crate::chart::*;
use crate::view::*;

fn metric(maximize: bool) -> ObjectiveView {
    ObjectiveView { key: "val_accuracy".into(), name: "validation <accuracy>".into(), maximize }
}

fn axis(name: &str, kind: AxisKind, low: f64, high: f64) -> ParameterAxis {
    let text = |text: &str| text.to_owned();
    ParameterAxis {
        name: text(name),
        kind,
        low,
        high,
        is_whole: false,
        range: text("a range"),
        scale: text("a scale"),
        condition: String::new(),
    }
}

fn rate() -> ParameterAxis {
    axis("learning_rate", AxisKind::Log, 1e-4, 0.1)
}

fn names() -> ParameterAxis {
    axis("optimizer & co", AxisKind::Bands(vec!["sgd".into(), "<adam>".into()]), 0.0, 1.0)
}

/// Three trials with words: complete, pruned, the best.
fn spots() -> Vec<Spot> {
    let spot = |number, x, y, is_pruned, is_best| Spot {
        number,
        x,
        y,
        is_pruned,
        is_best,
        title: format!("trial {number} <i>"),
    };
    vec![spot(0, 0.25, 0.8, false, false), spot(1, 0.75, 0.7, true, false), spot(2, 0.5, 0.9, false, true)]
}

fn silent() -> Vec<Spot> {
    spots().into_iter().map(|spot| Spot { title: String::new(), ..spot }).collect()
}

const RANGE: Range = Range { low: 0.7, high: 0.9, outside: 0 };

#[test]
fn optimisation_history() {
    let spots = spots().into_iter().map(|spot| Spot { x: spot.number as f64, ..spot }).collect();
    let best = vec![(0.0, 0.8), (2.0, 0.9)];
    let chart = History { spots, failed: vec![3.0], best, last: 4.0, range: RANGE, note: String::new() };
    check("history", &history(&chart, &metric(true), "History of <A>", true));
}

#[test]
fn slices_by_parameter() {
    let panel = |axis, spots| ParameterSlice { axis, spots };
    let panels = vec![panel(rate(), spots()), panel(names(), silent())];
    let chart = Slices { panels, range: RANGE, note: String::new() };
    check("slices", &slices(&chart, &metric(true), true).join("\n"));
}

#[test]
fn parallel_coordinates() {
    let thread = |parts: [Option<f64>; 3], quarter, is_best, title: &str| Thread {
        parts: parts.to_vec(),
        quarter,
        is_best,
        title: title.to_owned(),
    };
    let threads = vec![
        thread([Some(0.2), Some(0.75), Some(0.1)], 3, false, "trial 0"),
        thread([None, Some(0.25), Some(0.5)], 1, false, ""),
        thread([Some(0.6), Some(0.75), Some(1.0)], 0, true, "trial 2"),
    ];
    let chart = Parallel { axes: vec![rate(), names()], threads, range: RANGE, note: String::new() };
    check("parallel", &parallel(&chart, &metric(true), "Parallel coordinates of <A>", true));
}

#[test]
fn contours() {
    let cells = vec![Some(0), Some(6), None, Some(3), Some(3), None];
    let bounds = (0..=BANDS).map(|i| 0.1 * i as f64).collect();
    let chart = Contour { x: rate(), y: names(), size: (3, 2), cells, bounds, spots: spots(), n: 3 };
    check("contour", &contour(&chart, &metric(false), true));
}

#[test]
fn importance_with_intervals() {
    let share = |name: &str, value, interval| Share { name: name.to_owned(), value, interval };
    let shares = [share("learning_rate", 0.7, (0.5, 0.9)), share("a <b> name", 0.3, (0.1, 0.5))];
    check("importance", &importance(&shares, "Importance", true).expect("shares"));
    assert_eq!(importance(&[], "Importance", false), None);
}

#[test]
fn learning_curves_of_trials() {
    let curve = |points: &[(f64, f64)], state, is_best| TrialCurve {
        points: points.to_vec(),
        state,
        is_best,
        title: "a <trial>".to_owned(),
    };
    let curves = vec![
        curve(&[(1.0, 0.7), (2.0, 0.72)], State::Pruned, false),
        curve(&[(1.0, 0.75)], State::Failed, false),
        curve(&[(1.0, 0.8), (2.0, 0.85), (3.0, 0.9)], State::Complete, true),
    ];
    let chart = TrialCurves { curves, step_name: "epoch", range: RANGE, note: String::new() };
    check("trial_curves", &trial_curves(&chart, &metric(true), "Curves of <A>", true));
}

#[test]
fn timeline_of_workers() {
    let stretch = |row, from, to, state| Stretch { row, from, to, state, title: "a <trial>".to_owned() };
    let stretches = vec![
        stretch(0, 0.0, 40.0, State::Complete),
        stretch(0, 45.0, 60.0, State::Pruned),
        stretch(1, 5.0, 30.0, State::Failed),
        stretch(2, 20.0, 100.0, State::Running),
    ];
    let rows = vec!["host-a <1>".to_owned(), "host-b".to_owned(), String::new()];
    let chart = Timeline { rows, stretches, length: 100.0, note: String::new() };
    check("timeline", &timeline(&chart, "Timeline of <A>", true));
}

#[test]
fn named_lines() {
    let line = |name: &str, points: &[(f64, f64)], is_stepped| NamedLine {
        name: name.to_owned(),
        points: points.to_vec(),
        is_stepped,
    };
    let drawn = [
        line("TPE <joint>", &[(1.0, 0.7), (5.0, 0.85), (10.0, 0.85)], true),
        line("random", &[(1.0, 0.65), (10.0, 0.84)], false),
        line("empty", &[], false),
    ];
    let chart = LineChart {
        title: "Best <A>".into(),
        lines: &drawn,
        x_name: "trials",
        x_whole: true,
        x_range: None,
        y_range: None,
        procedural: true,
    };
    check("lines", &lines(&chart).expect("points"));
    assert_eq!(lines(&LineChart { lines: &[], ..chart }), None);
}

#[test]
fn front_of_two_objectives() {
    let spots = spots().into_iter().map(|spot| Spot { x: 1_000.0 * (spot.x + 0.05), ..spot }).collect();
    let x = Range { low: 10.0, high: 1_000.0, outside: 0 };
    let chart =
        ParetoFront { spots, line: vec![(300.0, 0.8), (550.0, 0.9)], x, y: RANGE, note: "Two.".into() };
    let small = ObjectiveView { key: "parameters".into(), name: "parameters".into(), maximize: false };
    check("pareto", &pareto(&chart, &[metric(true), small], "Front of <A>", true));
}
