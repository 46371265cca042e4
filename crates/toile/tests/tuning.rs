//! Trying settings out: which learning rates a run bears, and what limits a model.

use crate::common;

use std::fs;

use common::{Place, STUDY};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn a_range_test_says_the_same_for_any_number_of_threads() {
    let place = Place::new();
    let find = |threads: &str| {
        place.run(&["lr-find", "study.toml", "--run", "Conv", "--json", "--threads", threads]).ok().out
    };
    let one = find("1");
    assert_eq!(one, find("3"));
    let found = json(&one);
    let (low, high) = (found["interval"][0].as_f64().unwrap(), found["interval"][1].as_f64().unwrap());
    assert!((1e-6..high).contains(&low) && high < 10.0, "{low} to {high}");
    let seeds: Vec<&Value> = found["sweeps"].as_array().unwrap().iter().map(|sweep| &sweep["seed"]).collect();
    assert_eq!(seeds, [7, 8, 9]);
    assert_ne!(found["sweeps"][0]["losses"], found["sweeps"][1]["losses"], "each seed has its own weights");
    assert!(!place.path("results").exists(), "nothing is kept");
}

#[test]
fn the_runs_own_rate_is_placed_and_another_one_suggested() {
    let study = STUDY.replace("learning_rate = 0.1, momentum = 0.9", "learning_rate = 9.0, momentum = 0.9");
    let place = Place::with_study(&study);
    let said = place.run(&["lr-find", "study.toml", "--run", "Conv", "--seeds", "2"]).ok().out;
    assert!(said.contains("learning_rate = 9 lies above: at such rates the loss rises; try 0."), "{said}");
    assert!(said.contains("for all 2 seeds") && said.contains("training works ["), "{said}");
    for line in said.lines().take_while(|line| !line.starts_with("Training works")) {
        assert!(line.chars().count() <= 84, "{line}");
    }
}

/// Whatever a study file may say of a training: optimizers, schedules, losses, dropout, weights of classes.
#[test]
fn every_optimizer_is_swept_and_the_schedule_left_out() {
    for optimizer in ["sgd", "adam", "adamw", "nadam", "rmsprop"] {
        let run = format!(
            "\n[[runs]]\nname = \"It\"\nmodel = \"conv\"\noptimizer = \"{optimizer}\"\n\
             schedule = {{ cosine = {{ decay_steps = 10 }} }}\nlabel_smoothing = 0.1\nclass_weight = {{ 1 = 2.0 }}\n\
             loss = \"categorical_focal_crossentropy\"\ncallbacks = [{{ early_stopping = {{ patience = 1 }} }}]\n"
        );
        let place = Place::with_study(&format!("{STUDY}{run}"));
        let found =
            json(&place.run(&["lr-find", "study.toml", "--run", "It", "--seeds", "1", "--json"]).ok().out);
        assert!(found["interval"].is_array(), "{optimizer}: {}", found["sentences"]);
        let said = found["sentences"].to_string();
        assert!(said.contains("The run's schedule, cosine, is left out"), "{said}");
        assert_eq!(found["optimizer"], optimizer);
    }
}

#[test]
fn a_page_and_a_picture_need_nothing_else() {
    let place = Place::new();
    for file in ["rates.html", "rates.svg"] {
        place.run(&["lr-find", "study.toml", "--run", "Dense", "--seeds", "2", "--out", file]).ok();
        let text = fs::read_to_string(place.path(file)).unwrap();
        assert!(text.contains("seed 8") && text.contains("learning_rate = 0.001"), "{text}");
        assert_eq!(text.matches("<svg").count(), 1);
        for never in ["<script", "src=\"http", "url(", "NaN"] {
            assert!(!text.contains(never), "`{never}` in {file}");
        }
    }
    let picture = fs::read_to_string(place.path("rates.svg")).unwrap();
    assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && picture.contains("--paper:"));
}

#[test]
fn a_range_test_that_cannot_be_says_why() {
    let place = Place::new();
    place
        .run(&["lr-find", "study.toml", "--run", "Dens"])
        .refused(&["no run is named `Dens`", "did you mean `Dense`?"]);
    place.run(&["lr-find", "study.toml"]).refused(&["several runs", "--run NAME", "Dense; Conv"]);
    place.run(&["lr-find", "study.toml", "--run", "Dense", "--out", "rates.png"]).refused(&[
        "rates.png",
        ".html",
        ".svg",
    ]);
    place
        .run(&["lr-find", "study.toml", "--run", "Dense", "--out", "no/a.svg"])
        .refused(&["there is no folder `no`"]);
    place.run(&["lr-find", "--run", "joint"]).refused(&["`joint` is a search"]);
    assert!(!place.path("rates.png").exists());
}

/// Three widths of a small network; the whole takes seconds.
const CAPACITY: [&str; 10] =
    ["capacity", "study.toml", "--model", "dense", "--widths", "0.5,2", "--epochs", "6", "--out", "out"];

#[test]
fn the_widths_of_a_model_are_trained_once_and_read_again() {
    let place = Place::new();
    let first = place.run(&[&CAPACITY[..], &["--json"]].concat()).ok();
    assert!(first.err.contains("3 widths, 24 trainings"), "{}", first.err);
    let found = json(&first.out);
    assert_eq!(found["model"], "dense");
    let widths = found["widths"].as_array().unwrap();
    let models: Vec<&Value> = widths.iter().map(|width| &width["model"]).collect();
    assert_eq!(models, ["dense x0.5", "dense", "dense x2"]);
    for width in widths {
        assert_eq!((&width["runs"], &width["rates_tried"]), (&3.into(), &5.into()), "{width}");
        assert!(width["val_accuracy"].as_f64().unwrap() > 0.25, "{width}");
    }
    let limits = ["capacity-limited", "data-limited", "optimisation-limited", "not established"];
    assert!(limits.iter().any(|limit| found["limit"] == *limit), "{found}");

    // The claim of its study file, in the report, comes to the same.
    let report = fs::read_to_string(place.path("out").join("report.md")).unwrap();
    let first_sentence = found["sentences"][0].as_str().unwrap();
    let start: String = first_sentence.chars().take(40).collect();
    assert!(report.contains(&start), "`{start}` is not in\n{report}");

    // Read again, trained again: nothing moves.
    assert_eq!(json(&place.run(&["capacity", "out", "--json"]).ok().out), found);
    let weights = place.weights("out");
    let again = place.run(&[&CAPACITY[..], &["--json"]].concat()).ok();
    assert_eq!(json(&again.out), found);
    assert!(
        again.err.contains("goes on with out/study.toml") && again.err.contains("nothing to train"),
        "{}",
        again.err
    );
    assert_eq!(place.weights("out"), weights);

    // Its file is a study like any other.
    place.run(&["run", "out/study.toml", "--out", "out"]).ok();
    assert_eq!(place.weights("out"), weights);
    place.run(&[&CAPACITY[..], &["--seeds", "4"]].concat()).refused(&[
        "asks another question",
        "--out DIR",
        "toile capacity out",
    ]);
    place
        .run(&["capacity", "out", "--model", "dens"])
        .refused(&["trains a model `dens`", "did you mean `dense`?"]);
}

#[test]
fn a_model_whose_widths_cannot_be_compared_is_refused_before_anything_is_trained() {
    let place = Place::new();
    let refused = |args: &[&str], words: &[&str]| {
        place.run(&[&["capacity", "study.toml"], args].concat()).refused(words);
    };
    refused(&["--model", "dens"], &["no model `dens`", "did you mean `dense`?"]);
    refused(&[], &["several models", "--model NAME"]);
    refused(&["--run", "Den"], &["no run is named `Den`", "did you mean `Dense`?"]);
    refused(&["--model", "conv", "--run", "Dense"], &["run `Dense` trains model `dense`, not `conv`"]);
    refused(&["--model", "dense", "--widths", "0.5,0.25"], &["one of them above 1"]);
    refused(&["--model", "dense", "--widths", "2"], &["2 different widths"]);
    refused(&["--model", "dense", "--widths", "1,2,-4"], &["a width of -4", "0.01 to 100"]);
    assert!(!place.path("results").exists());

    let place = Place::with_study(&STUDY.replace("validation_split = 0.2\n", ""));
    place
        .run(&["capacity", "study.toml", "--model", "dense"])
        .refused(&["no validation images", "validation_split = 0.1"]);
    let one = STUDY.replace("{ dense = { units = 8, activation = \"relu\" } }, ", "");
    let place = Place::with_study(&one);
    place.run(&["capacity", "study.toml", "--model", "dense"]).refused(&["no hidden layer"]);
}

/// A study without other widths is told what is missing.
#[test]
fn a_study_of_one_width_establishes_nothing() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let said = place.run(&["capacity", "out", "--model", "dense"]).ok().out;
    assert!(
        said.starts_with("Not established, in either direction: no other widths of dense were trained"),
        "{said}"
    );
}

/// Stopped among its trials, it goes on with the same command, and comes to the same bits as one that was not.
#[cfg(unix)]
#[test]
fn an_interrupted_experiment_goes_on() {
    let place = Place::new();
    let args = |out: &'static str| {
        [
            "capacity",
            "study.toml",
            "--model",
            "dense",
            "--widths",
            "0.5,2",
            "--epochs",
            "150",
            "--json",
            "--out",
            out,
        ]
    };
    let child = place.start(&args("stopped"));
    place.wait_for("stopped", |records| records.searches.iter().any(|search| search.trials.len() > 1));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let said = common::Said::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}\n{}", said.out, said.err);
    assert_eq!(said.out, "", "there is no answer yet");
    let resumed = place.run(&args("stopped")).ok();
    let whole = place.run(&args("whole")).ok();
    assert_eq!(json(&resumed.out), json(&whole.out));
    assert_eq!(place.weights("stopped"), place.weights("whole"));
}
