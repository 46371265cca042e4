//! A study whose runs come from a `[[grid]]`, through the program.

use crate::common;

use std::fs;

use common::{Place, STUDY};

/// Four runs of a grid after the two of the study, and a claim about two of them.
const GRID: &str = r#"
[[grid]]
model = "dense"
optimizer = ["sgd", "adam"]
learning_rate = [0.1, 0.01]
epochs = 2

[[claims]]
id = "rate"
says = "Adam's smaller rate is better."
better = "adam, learning_rate 0.01"
than = "adam, learning_rate 0.1"
"#;

const NAMES: [&str; 4] = [
    "sgd, learning_rate 0.1",
    "sgd, learning_rate 0.01",
    "adam, learning_rate 0.1",
    "adam, learning_rate 0.01",
];

#[test]
fn a_plan_shows_the_runs_of_a_grid_after_the_others() {
    let place = Place::with_study(&format!("{STUDY}{GRID}"));
    let said = place.run(&["plan", "study.toml", "--no-timing"]).ok();
    let at = |name: &str| said.out.find(name).unwrap_or_else(|| panic!("{name} is not in\n{}", said.out));
    let places: Vec<usize> = ["Dense", "Conv"].into_iter().chain(NAMES).map(at).collect();
    assert!(places.is_sorted(), "{}", said.out);
    assert!(said.out.contains("6 runs to train"), "{}", said.out);
}

#[test]
fn runs_of_a_grid_are_trained_and_reported_and_are_those_of_the_study_written_out() {
    let place = Place::with_study(&format!("{STUDY}{GRID}"));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let results = place.results("out");
    let report = fs::read_to_string(place.path("out/report.html")).unwrap();
    for name in NAMES {
        assert!(results["runs"].to_string().contains(&format!("\"{name}\"")), "{name}");
        assert!(report.contains(name), "{name}");
    }
    assert!(report.contains("smaller rate is better."), "the claim is weighed");

    // The same runs written out are those of the grid: nothing is left to train.
    let written = NAMES.map(|name| {
        let (optimizer, rate) = name.split_once(", learning_rate ").unwrap();
        format!(
            "[[runs]]\nname = \"{name}\"\nmodel = \"dense\"\nepochs = 2\n\
             optimizer = {{ {optimizer} = {{ learning_rate = {rate} }} }}\n"
        )
    });
    fs::write(place.path("written.toml"), format!("{STUDY}\n{}", written.concat())).unwrap();
    let said = place.run(&["plan", "written.toml", "--out", "out"]).ok();
    assert!(said.out.contains("nothing to train: all of it is done"), "{}", said.out);
}

#[test]
fn a_fault_of_a_grid_is_shown_in_its_line() {
    let place = Place::with_study(&format!("{STUDY}{}", GRID.replace("[0.1, 0.01]", "[0.1, -1]")));
    place.run(&["plan", "study.toml"]).refused(&[
        "`learning_rate` must be",
        "found -1",
        "learning_rate = [0.1, -1]",
    ]);
}
