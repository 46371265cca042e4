//! The test part as a user sees it: sealed until the study has ended, opened early on demand only, never in silence.

use crate::common;

use std::fs;

use common::{Place, Said};
use serde_json::Value;

const STUDY: [&str; 4] = ["run", "study.toml", "--out", "out"];

fn run(place: &Place, more: &[&str]) -> Said {
    place.run(&[&STUDY[..], more].concat())
}

/// Test accuracy and the number of openings in every file that a program may read.
fn told(place: &Place) -> ([bool; 2], usize) {
    let results = place.results("out");
    let number = |run: usize| match &results["runs"][run]["final"]["test_accuracy"] {
        Value::Null => false,
        number => number.is_number(),
    };
    let table = fs::read_to_string(place.path("out/results.csv")).unwrap();
    let column = table.lines().next().unwrap().split(',').position(|name| name == "test_accuracy").unwrap();
    let cells: Vec<bool> =
        table.lines().skip(1).map(|line| !line.split(',').nth(column).unwrap().is_empty()).collect();
    assert_eq!(cells, [number(0), number(1)], "{table}");
    ([number(0), number(1)], results["test_openings"].as_array().unwrap().len())
}

#[test]
fn part_of_a_study_shows_no_test_and_says_why_and_the_rest_opens_it() {
    let place = Place::new();
    let said = run(&place, &["--only", "Dense"]).ok();
    assert!(
        said.err.contains("done    Dense: 3 epochs in") && said.err.contains("val accuracy"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("test accuracy") && !said.out.contains("test accuracy"), "{}", said.out);
    let why = "The test part is sealed until all trainings of the study have ended";
    assert!(said.out.contains(why) && said.out.contains("--open-test"), "{}", said.out);
    assert_eq!(told(&place), ([false, false], 0));
    for file in ["report.md", "report.html"] {
        assert!(fs::read_to_string(place.path("out").join(file)).unwrap().contains(why), "{file}");
    }
    // Neither reading nor checking opens it.
    place.run(&["report", "out", "--predictions", "csv"]).ok();
    place.run(&["verify", "out"]).ok();
    assert_eq!(told(&place), ([false, false], 0));
    let said = run(&place, &[]).ok();
    assert!(
        said.err.contains("test    Dense: test accuracy ") && said.err.contains("(published 0.9)"),
        "{}",
        said.err
    );
    assert!(said.out.contains("test accuracy") && !said.out.contains(why), "{}", said.out);
    assert_eq!(told(&place), ([true, true], 2));
    assert!(!fs::read_to_string(place.path("out/report.md")).unwrap().contains(why));
}

#[test]
fn an_early_opening_is_said_and_kept() {
    let place = Place::new();
    run(&place, &["--only", "Dense"]).ok();
    let said = run(&place, &["--only", "Dense", "--open-test"]).ok();
    assert!(said.err.contains("test    Dense: test accuracy "), "{}", said.err);
    assert_eq!(told(&place), ([true, false], 1));
    let report = |place: &Place| fs::read_to_string(place.path("out/report.md")).unwrap();
    let why = "opened early with --open-test: 1 of 2 trainings had not ended";
    assert!(report(&place).contains(why), "{}", report(&place));
    run(&place, &[]).ok();
    assert_eq!(told(&place), ([true, true], 2));
    assert!(
        report(&place).contains(why) && !report(&place).contains("after training only"),
        "{}",
        report(&place)
    );
}

/// A test that was falsified is not shown; the run is trained again, and tested when that has ended.
#[test]
fn a_test_that_was_altered_is_noticed_and_made_again() {
    let place = Place::new();
    run(&place, &[]).ok();
    let before = place.results("out");
    for change in [
        "UPDATE toile_evidence SET accuracy = 1.0 WHERE part = 'test'",
        "DELETE FROM toile_evidence WHERE part = 'test'",
    ] {
        let store = rusqlite::Connection::open(place.path("out/store.sqlite")).unwrap();
        store.execute_batch(change).unwrap();
        drop(store);
        for command in ["report", "verify"] {
            let said = place.run(&[command, "out"]);
            assert_eq!(said.code, Some(1), "{change}");
            assert!(said.err.contains("not as") && said.err.contains("written"), "{}", said.err);
        }
        run(&place, &[]).ok();
        assert_eq!(place.results("out"), before, "{change}");
    }
}
