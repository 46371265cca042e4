//! Small charts as text, next to the files that they must equal: a change of a chart is a change that one sees.

mod searches;

use toile_stats::{CalibrationBin, Confusion};

use super::*;
use crate::view::CurvePoint;

/// Compares with the file of that name in this folder; a difference is written out, to look at and to copy here.
fn check(name: &str, svg: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/chart/snapshots");
    let expected = std::fs::read_to_string(format!("{folder}/{name}.svg")).unwrap_or_default();
    if format!("{svg}\n") != expected {
        let found = std::env::temp_dir().join(format!("toile-{name}.svg"));
        std::fs::write(&found, format!("{svg}\n")).expect("a place for temporary files");
        panic!("the chart differs from {folder}/{name}.svg; if it is right, copy {} there", found.display());
    }
}

fn points(values: &[(f64, f64)]) -> Vec<CurvePoint> {
    let point = |(i, (mean, half)): (usize, &(f64, f64))| CurvePoint {
        epoch: i + 1,
        mean: *mean,
        low: mean - half,
        high: mean + half,
    };
    values.iter().enumerate().map(point).collect()
}

#[test]
fn learning_curves() {
    let (running, validation) =
        (points(&[(1.2, 0.0), (0.8, 0.0), (0.6, 0.0)]), points(&[(0.9, 0.1), (0.7, 0.05), (0.65, 0.02)]));
    let line =
        |name, style, points, published| CurveLine { name, style, points, not_finite: None, published };
    let chart = CurveChart {
        title: "Loss of <A & B>".to_owned(),
        lines: vec![
            line("train, running", LineStyle::Running, &running, Some(0.55)),
            line("validation", LineStyle::Validation, &validation, None),
        ],
        may_be_log: true,
        procedural: true,
    };
    check("curves", &curves(&chart).expect("points"));
    assert_eq!(curves(&CurveChart { lines: vec![], ..chart }), None);
}

#[test]
fn a_line_that_ends_in_numbers_that_are_none() {
    let (running, validation) = (points(&[(1.2, 0.0), (0.8, 0.0)]), points(&[(0.9, 0.0), (0.7, 0.0)]));
    let line = |name, style, points| CurveLine { name, style, points, not_finite: Some(3), published: None };
    let chart = CurveChart {
        title: "Loss of a run that diverged".to_owned(),
        lines: vec![
            line("train, running", LineStyle::Running, &running),
            line("validation", LineStyle::Validation, &validation),
        ],
        may_be_log: true,
        procedural: false,
    };
    check("not-finite", &curves(&chart).expect("points"));
}

#[test]
fn small_multiples() {
    let (one, other) = (points(&[(0.5, 0.0), (0.7, 0.0), (0.8, 0.0)]), points(&[(0.6, 0.0)]));
    let (shared, pictures) = panels(
        &[
            CurvePanel { name: "three epochs", points: &one, colour: Some(2) },
            CurvePanel { name: "one epoch, with a name of two lines", points: &other, colour: None },
        ],
        "validation accuracy",
        false,
    );
    check("panels", &format!("{shared}\n{}", pictures.join("\n")));
    assert_eq!(panels(&[], "nothing", false), (String::new(), vec![]));
}

#[test]
fn all_runs_in_one_picture() {
    let (one, other) = (points(&[(0.5, 0.1), (0.7, 0.05), (0.8, 0.02)]), points(&[(0.6, 0.0), (0.75, 0.0)]));
    let cost = EpochCost { updates: Some(469.0), seconds: Some(0.25), operations: None };
    let line =
        |name, points, seeds, colour| OverlayLine { name, anchor: "run-1", points, seeds, colour, cost };
    let chart = Overlay {
        title: "Validation accuracy of all runs",
        lines: vec![
            line("three seeds", &one, 3, Some(0)),
            line("one seed, thin and dashed", &other, 1, Some(1)),
            line("grey", &other, 1, None),
        ],
        higher_is_better: true,
        is_log: false,
        procedural: true,
    };
    let picture = overlay(&chart).expect("points");
    check("overlay", &picture.svg);
    assert_eq!(picture.cut_at, None);
    assert!(overlay(&Overlay { lines: vec![], ..chart }).is_none());
}

#[test]
fn reliability_diagram() {
    let bin = |images, confidence, accuracy| CalibrationBin { images, confidence, accuracy };
    let bins = [bin(3, 0.2, 1.0 / 3.0), bin(400, 0.62, 0.5), bin(12_345, 1.0, 0.97)];
    let title = "Reliability of <A>".to_owned();
    let chart = ReliabilityChart { title, bins: &bins, all_bins: 15, seeds: 2, procedural: true };
    check("reliability", &reliability(&chart).expect("images"));
    assert_eq!(reliability(&ReliabilityChart { bins: &[], ..chart }), None);
}

#[test]
fn dot_plot() {
    let row = |name, ours, sd, published| Dot { name, ours, sd, published };
    let rows = vec![
        row("both", Some(0.875), Some(0.002), Some(0.877)),
        row("ours alone", Some(0.9), None, None),
        row("published alone", None, None, Some(0.85)),
        row("neither", None, None, None),
    ];
    let chart = DotChart { title: "Test Accuracy".to_owned(), rows, is_log: false, procedural: false };
    check("dots", &dots(&chart).expect("rows"));
    assert_eq!(dots(&DotChart { rows: vec![], ..chart }), None);
}

#[test]
fn time_bars() {
    let chart = [
        Bar { name: "Model 1", part: 0.35, whole: 0.5 },
        Bar { name: "a network with a name that is too long", part: 120.0, whole: 150.0 },
    ];
    check("bars", &bars("Time of one run", &chart, true).expect("bars"));
    assert_eq!(bars("Time", &[], false), None);
    assert_eq!(bars("Time", &[Bar { name: "no time", part: 0.0, whole: 0.0 }], false), None);
}

#[test]
fn confusion_matrix() {
    let matrix = Confusion::new(&[0, 0, 0, 1, 1], &[0, 0, 1, 1, 1], 2).expect("labels");
    let classes = ["T-shirt/top", "Bag & <case>"].map(str::to_owned);
    check("heat_map", &heat_map(&matrix, &classes, "Confusion matrix of A", true).expect("two classes"));
    assert_eq!(heat_map_png(&matrix), None);
}
