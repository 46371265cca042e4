//! `toile run` and `toile report`, as a user sees them.

use crate::common;

use std::fs;

use common::{Place, STUDY};
use toile_record::State;

#[test]
fn a_study_runs_and_leaves_its_report_its_results_and_its_weights() {
    let place = Place::new();
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    for file in ["report.html", "report.md", "results.csv", "results.json", "store.sqlite"] {
        assert!(place.path("out").join(file).is_file(), "{file} is missing");
    }
    for run in ["dense-seed-7", "conv-seed-7"] {
        let folder = place.path("out/runs").join(run);
        let history = fs::read_to_string(folder.join("history.csv")).unwrap();
        assert_eq!(history.lines().count(), 1 + 3);
        let weights =
            toile_store::weights_from_safetensors(&fs::read(folder.join("weights.safetensors")).unwrap());
        assert!(weights.unwrap().iter().all(|(_, _, values)| values.iter().all(|v| v.is_finite())));
    }
    assert!(said.out.contains("Dense") && said.out.contains("0.900"), "{}", said.out);
    for part in ["training 320, by class ", "validation 80 (last), by class ", "test 80, by class "] {
        let counts = said.err.split(part).nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
        assert_eq!(counts.split(' ').count(), 4, "{part}: {}", said.err);
    }
}

#[test]
fn the_recorded_hash_is_that_of_the_weights_file() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    for run in place.records("out").runs {
        let bytes = fs::read(place.path("out").join(&run.folder).join("weights.safetensors")).unwrap();
        assert_eq!(run.weights_sha256, Some(toile_store::sha256_hex(&bytes)), "{}", run.name);
    }
}

/// It ended with exit code 3 because of a run that nobody had asked for.
#[test]
fn a_run_that_failed_earlier_does_not_count_when_another_is_asked_for() {
    let place =
        Place::with_study(&STUDY.replace("learning_rate = 0.1, momentum = 0.9", "learning_rate = 1e30"));
    let said = place.run(&["run", "study.toml", "--out", "out"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    place.run(&["run", "study.toml", "--out", "out", "--only", "Dense"]).ok();
    assert_eq!(place.run(&["run", "study.toml", "--out", "out", "--only", "Conv"]).code, Some(3));
}

#[test]
fn what_is_done_is_not_done_again() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let before = place.records("out");
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(said.err.contains("nothing to train"), "{}", said.err);
    assert_eq!(place.records("out"), before);
}

#[test]
fn a_run_that_is_added_is_the_only_one_to_train() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let more = format!("{STUDY}\n[[runs]]\nname = \"More\"\nmodel = \"dense\"\noptimizer = \"nadam\"\n");
    fs::write(place.path("study.toml"), more).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(said.err.contains("start   More") && !said.err.contains("start   Dense"), "{}", said.err);
    assert_eq!(place.records("out").runs.len(), 3);
}

#[test]
fn seeds_and_only_say_which_runs_there_are_and_which_are_trained() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out", "--seeds", "3", "--only", "Dense"]).ok();
    let runs = place.records("out").runs;
    let states: Vec<_> = runs.iter().map(|run| (run.name.as_str(), run.seed, run.state)).collect();
    let (done, waits) = (State::Complete, State::Waiting);
    let expected = [("Dense", 7, done), ("Dense", 8, done), ("Dense", 9, done)];
    assert_eq!(states[..3], expected);
    assert_eq!(states[3..], [("Conv", 7, waits), ("Conv", 8, waits), ("Conv", 9, waits)]);
}

#[test]
fn threads_and_instruction_sets_do_not_move_a_bit() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "one", "--threads", "1"]).ok();
    place.run(&["run", "study.toml", "--out", "three", "--threads", "3"]).ok();
    let mut plain = place.toile(&["run", "study.toml", "--out", "plain", "--threads", "2"]);
    assert!(plain.env("TOILE_ISA", "portable").output().unwrap().status.success());
    assert_eq!(place.results("one"), place.results("three"));
    assert_eq!(place.weights("one"), place.weights("plain"));
}

#[test]
fn two_runs_of_the_same_settings_are_both_trained_to_the_same_bits() {
    let twin = "\n[[runs]]\nname = \"Twin\"\nmodel = \"dense\"\noptimizer = \"adam\"\n";
    let place = Place::with_study(&(STUDY.to_owned() + twin));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let weights = place.weights("out");
    assert_eq!(weights.len(), 3);
    assert!(weights[0].1.is_some());
    assert_eq!(weights[0].1, weights[2].1);
}

#[test]
fn a_run_can_start_from_the_weights_of_another() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "first"]).ok();
    fs::copy(place.path("first/runs/dense-seed-7/weights.safetensors"), place.path("start.safetensors"))
        .unwrap();
    let from = STUDY.replace(
        "optimizer = \"adam\"",
        "optimizer = { sgd = { learning_rate = 0 } }\ninitial_weights = \"start.safetensors\"",
    );
    fs::write(place.path("study.toml"), &from).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "second", "--only", "Dense"]);
    if said.code == Some(0) {
        assert_eq!(place.weights("first")[0], place.weights("second")[0], "a rate of 0 moves nothing");
    } else {
        // A rate of 0 may be refused by the study file's rules; then a tiny one must do.
        fs::write(place.path("study.toml"), from.replace("learning_rate = 0 ", "learning_rate = 1e-30 "))
            .unwrap();
        place.run(&["run", "study.toml", "--out", "second", "--only", "Dense"]).ok();
        assert_eq!(place.weights("first")[0], place.weights("second")[0], "a rate of 1e-30 moves nothing");
    }
}

#[test]
fn a_report_is_written_anew_from_the_store_alone() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let read = |file: &str| fs::read(place.path("out").join(file)).unwrap();
    let files = ["report.html", "report.md", "results.csv", "results.json", "runs/conv-seed-7/history.csv"];
    let before: Vec<_> = files.map(read).into();
    files.iter().for_each(|file| fs::remove_file(place.path("out").join(file)).unwrap());
    place.run(&["report", "out"]).ok();
    assert_eq!(files.map(read).to_vec(), before);
}

#[test]
fn early_stopping_ends_a_run_and_says_so() {
    let stop = "callbacks = [{ early_stopping = { monitor = \"val_loss\", patience = 1, min_delta = 10.0 } }]\n[[runs]]\nname = \"Conv\"";
    let place = Place::with_study(&STUDY.replace("[[runs]]\nname = \"Conv\"", stop));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let dense = &place.records("out").runs[0];
    assert_eq!((dense.state, dense.epochs.len()), (State::Complete, 2));
    assert_eq!(dense.reason().as_deref(), Some("a callback stopped it after epoch 2 of 3"));
}

#[test]
fn piped_output_has_no_escape_codes_and_no_moving_lines() {
    let place = Place::new();
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    for text in [&said.out, &said.err] {
        assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
    }
}

/// The old record vanished from all tables, and nothing said so.
#[test]
fn a_run_that_has_left_the_file_is_said_once_in_the_terminal_and_in_the_report() {
    let place = Place::new();
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(!said.out.contains("earlier run"), "{}", said.out);
    fs::write(place.path("study.toml"), STUDY.replace("momentum = 0.9", "momentum = 0.8")).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    let sentence = "1 earlier run is no longer in the file, or not with these settings: “Conv”, seed 7 (runs/conv-seed-7).";
    assert_eq!(said.out.matches(sentence).count(), 1, "{}", said.out);
    assert!(fs::read_to_string(place.path("out/report.md")).unwrap().contains("1 earlier run is no longer"));
    assert_eq!(place.results("out")["former_runs"][0]["name"], "Conv");
    assert!(place.path("out/runs/conv-seed-7/weights.safetensors").is_file(), "its files stay");
    fs::write(place.path("study.toml"), STUDY).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(
        said.out.contains("“Conv”, seed 7 (runs/conv-seed-7-2)"),
        "now it is the other one: {}",
        said.out
    );
}

/// With a rate of a million every image is taken for one class, and the report praised the best of these.
#[test]
fn a_run_at_chance_and_a_batch_beyond_the_data_are_said_in_the_last_lines() {
    let wild = STUDY
        .replace("optimizer = \"adam\"", "optimizer = { sgd = { learning_rate = 1e6 } }\nbatch_size = 1000");
    let place = Place::with_study(&wild);
    let batch = "a batch of 1,000 is larger than the training part of 320 images: one update per epoch";
    assert!(
        place
            .run(&["plan", "study.toml", "--no-timing"])
            .ok()
            .out
            .contains(&format!("warning: Dense: {batch}"))
    );
    let said = place.run(&["run", "study.toml", "--out", "out", "--only", "Dense", "--open-test"]).ok();
    assert!(said.err.contains(&format!("warning Dense: {batch}")), "{}", said.err);
    for words in [
        "warning: Dense: A batch of 1,000 is larger",
        "warning: Dense: Its test accuracy of",
        "is at chance",
        "warning: Dense: It takes every test image for",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let report = fs::read_to_string(place.path("out/report.md")).unwrap();
    assert!(
        report.contains("Highest on validation is “Dense”") && !report.contains("Best on validation"),
        "{report}"
    );
}

/// Their rows stood under no headings, and "S, 1 trials" above them.
#[test]
fn queued_trials_of_a_finished_search_have_headings() {
    let search = "\n[[searches]]\nname = \"S\"\nmodel = \"dense\"\nn_trials = 1\nsampler = \"random\"\n\
                  optimizer = { adam = { learning_rate = { low = 1e-4, high = 1e-2 } } }\n";
    let place = Place::with_study(&(STUDY.split("[[runs]]").next().expect("a head").to_owned() + search));
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(said.err.contains("S, 1 trial\n") && said.err.contains("trial  state"), "{}", said.err);
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(!said.err.contains("trial  state"), "a table without rows has no headings: {}", said.err);
    // As Optuna's `enqueue_trial` does it.
    let db = rusqlite::Connection::open(place.path("out/store.sqlite")).unwrap();
    db.execute_batch(
        "INSERT INTO trials (number, study_id, state) SELECT 1, study_id, 'WAITING' FROM studies WHERE study_name = 'S';
         INSERT INTO trial_system_attributes (trial_id, key, value_json)
            SELECT trial_id, 'fixed_params', '{}' FROM trials WHERE state = 'WAITING' AND number = 1;",
    )
    .unwrap();
    drop(db);
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    let (head, rows) = said.err.split_once("trial  state").expect("headings");
    assert!(!head.contains("complete ") && rows.contains("\n    1  complete"), "{}", said.err);
}

/// Label, class, probability and loss of each image of both parts, on demand; the archive holds the same bits as the
/// table.
#[test]
fn what_a_run_makes_of_each_image_is_written_for_whoever_asks() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "out", "--only", "Dense", "--open-test"]).ok();
    let file = |name: &str| place.path("out").join("runs").join("dense-seed-7").join(name);
    assert!(!file("predictions.csv").exists() && !file("predictions.npz").exists());
    let said = place.run(&["report", "out", "--predictions", "csv"]).ok();
    assert!(said.err.contains("predictions.csv of 1 run"), "{}", said.err);
    place.run(&["report", "out", "--predictions", "npz"]).ok();
    let table = std::fs::read_to_string(file("predictions.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("part,image,label,prediction,probability,loss,data_note"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let n = |part: &str| rows.iter().filter(|row| row[0] == part).count();
    assert_eq!((n("validation"), n("test"), rows.len()), (80, 80, 160));
    let (first, last) = (&rows[0], &rows[79]);
    assert_eq!((first[1], last[1]), ("320", "399"), "the last 20 % of 400");
    let archive = std::fs::read(file("predictions.npz")).unwrap();
    let bytes = |column: usize, part: &str| {
        let numbers = rows.iter().filter(|row| row[0] == part).map(|row| row[column].parse::<f32>().unwrap());
        numbers.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()
    };
    for numbers in [bytes(4, "test"), bytes(5, "test"), bytes(4, "validation"), bytes(5, "validation")] {
        assert!(archive.windows(numbers.len()).any(|window| window == numbers));
    }
    let said = place.run(&["report", "out", "--predictions", "xlsx"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("csv, npz"), "{}", said.err);
}
