//! Disks, other programs and strangers: what was written is checked when it is read, and what is lost is said.
#![cfg(unix)]

use crate::common;

use std::fs;
use std::path::PathBuf;

use common::{Place, STUDY};

/// What another program does to the store of a study.
fn sql(place: &Place, out: &str, sql: &str) {
    rusqlite::Connection::open(place.path(out).join("store.sqlite")).unwrap().execute_batch(sql).unwrap();
}

fn weights_files(place: &Place, out: &str) -> Vec<PathBuf> {
    let runs = fs::read_dir(place.path(out).join("runs")).unwrap();
    let mut files: Vec<_> = runs.map(|run| run.unwrap().path().join("weights.safetensors")).collect();
    files.sort();
    files
}

#[test]
fn weights_that_are_gone_or_damaged_are_noticed_and_made_again_to_the_same_bits() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    let [first, second] = &weights_files(&place, "o")[..] else { panic!("two runs") };
    let whole = [first, second].map(|file| fs::read(file).unwrap());
    let mut flipped = whole[1].clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::remove_file(first).unwrap();
    fs::write(second, flipped).unwrap();
    let said = place.run(&["report", "o"]).ok();
    assert!(said.err.contains("its weights are gone") && said.err.contains("not those"), "{}", said.err);
    let said = place.run(&["verify", "o"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("seed 7: its weights are gone"), "{}", said.out);
    let said = place.run(&["run", "study.toml", "--out", "o"]).ok();
    assert!(said.err.contains("Dense: its weights are not those that were written"), "{}", said.err);
    assert_eq!([first, second].map(|file| fs::read(file).unwrap()), whole);
    place.run(&["verify", "o"]).ok();
}

#[test]
fn a_run_whose_record_was_altered_is_trained_again_and_never_reported_as_it_stands() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    let before = place.results("o");
    for change in [
        "UPDATE toile_epoch SET val_loss = val_loss * 2 WHERE epoch = 2",
        "UPDATE toile_run SET plan = replace(plan, '\"epochs\":3', '\"epochs\":4'), seed = -5",
        "UPDATE toile_run SET folder = 'runs/elsewhere' WHERE name = 'Conv'",
    ] {
        sql(&place, "o", change);
        for command in [&["report", "o"][..], &["verify", "o"]] {
            let said = place.run(command);
            assert_eq!(said.code, Some(1));
            assert!(said.err.contains("not as") && said.err.contains("written"), "{}", said.err);
        }
        let said = place.run(&["run", "study.toml", "--out", "o"]).ok();
        assert!(said.err.contains("Conv: its record is not as it was written"), "{}", said.err);
        assert_eq!(place.results("o"), before);
        place.run(&["verify", "o"]).ok();
    }
}

#[test]
fn a_database_that_vanishes_under_a_running_study_is_an_error() {
    for fate in ["delete", "move the folder"] {
        let place = Place::with_study(&STUDY.replace("epochs = 3", "epochs = 400"));
        let child = place.start(&["run", "study.toml", "--out", "o"]);
        place.wait_for_epochs("o", 3);
        match fate {
            "delete" => fs::remove_file(place.path("o/store.sqlite")).unwrap(),
            _ => fs::rename(place.path("o"), place.path("moved")).unwrap(),
        }
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{fate}: {err}");
        assert!(
            err.contains("o/store.sqlite") && err.contains("deleted while it was in use"),
            "{fate}: {err}"
        );
    }
}

#[test]
fn the_report_of_a_strangers_folder_writes_nothing_outside_of_it() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    let absolute = place.path("outside").display().to_string();
    for folder in ["../outside", &absolute, "runs/../../outside", "link/outside"] {
        let _ = std::os::unix::fs::symlink(place.path("."), place.path("o/link"));
        // The stranger knows of the checksums.
        let unsealed = "UPDATE toile_run SET checksum = NULL; UPDATE toile_trial SET ended = NULL";
        sql(&place, "o", &format!("UPDATE toile_run SET folder = '{folder}' WHERE position = 0; {unsealed}"));
        let said = place.run(&["report", "o"]);
        assert_eq!(said.code, Some(1), "{folder}");
        assert!(said.err.contains("leads out of the study's folder"), "{folder}: {}", said.err);
        assert!(!place.path("outside").exists(), "{folder}");
    }
}

#[test]
fn what_a_killed_process_left_half_written_is_removed() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    let run = weights_files(&place, "o")[0].parent().unwrap().to_path_buf();
    let left = [place.path("o/.report.html.999999999.part"), run.join(".weights.safetensors.999999999.part")];
    left.iter().for_each(|file| fs::write(file, "half").unwrap());
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    assert!(left.iter().all(|file| !file.exists()));
}

#[test]
fn weights_to_start_from_that_are_a_pipe_or_endless_are_refused() {
    let text = STUDY.replacen("optimizer = \"adam\"", "optimizer = \"adam\"\ninitial_weights = \"start\"", 1);
    let place = Place::with_study(&text);
    std::os::unix::fs::symlink("/dev/zero", place.path("start")).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "o"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("not a regular file"), "{}", said.err);
}

/// A choice that gains a table keeps the trials of the others.
#[test]
fn a_search_with_one_more_optimizer_goes_on() {
    let search = |more: &str, n: usize| {
        let head = STUDY.split("[[runs]]").next().unwrap();
        format!(
            "{head}[[searches]]\nname = \"S\"\nmodel = \"dense\"\nn_trials = {n}\nepochs = 1\noptimizer = {{ choices = [\n\
             {{ sgd = {{ learning_rate = {{ low = 0.01, high = 0.1 }} }} }}, {{ adam = {{ learning_rate = 0.01 }} }}{more}] }}\n"
        )
    };
    let place = Place::with_study(&search("", 4));
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    let before = place.records("o").searches.remove(0).trials;
    fs::write(place.path("study.toml"), search(", \"rmsprop\"", 6)).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "o"]).ok();
    assert!(said.err.contains("S, 6 trials, 4 done before"), "{}", said.err);
    let after = place.records("o").searches.remove(0).trials;
    assert_eq!((after.len(), &after[..4]), (6, &before[..]));
    place.run(&["run", "study.toml", "--out", "new"]).ok();
}

#[test]
fn a_search_in_which_nothing_came_to_a_value_does_not_end_as_a_success() {
    let head = STUDY.split("[[runs]]").next().unwrap();
    let text = format!(
        "{head}[[searches]]\nname = \"S\"\nmodel = \"dense\"\nn_trials = 3\nepochs = 2\n\
         optimizer = {{ sgd = {{ learning_rate = {{ low = 1e30, high = 1e35, log = true }} }} }}\n"
    );
    let said = Place::with_study(&text).run(&["run", "study.toml", "--out", "o"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("S: no trial came to a value, so nothing was chosen"), "{}", said.err);
    assert!(said.err.contains("the loss was no longer a finite number (3 trials)"), "{}", said.err);
}

#[test]
fn a_search_whose_settings_changed_says_that_its_trials_are_put_aside() {
    let search = |epochs: usize| {
        let head = STUDY.split("[[runs]]").next().unwrap();
        format!(
            "{head}[[searches]]\nname = \"S\"\nmodel = \"dense\"\nn_trials = 2\nepochs = {epochs}\n\
             optimizer = {{ sgd = {{ learning_rate = {{ low = 0.01, high = 0.1 }} }} }}\n"
        )
    };
    let place = Place::with_study(&search(1));
    place.run(&["run", "study.toml", "--out", "o"]).ok();
    fs::write(place.path("study.toml"), search(2)).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "o"]).ok();
    assert!(said.err.contains("S: its settings have changed, so its 2 trials are put aside"), "{}", said.err);
}

/// What `toile data check` knows, the run and its report say as well.
#[test]
fn data_that_should_be_examined_are_said_to_be() {
    let place = Place::new();
    let labels = place.path("data/train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[8..].sort_unstable();
    fs::write(&labels, bytes).unwrap();
    let said = place.run(&["run", "study.toml", "--out", "o"]).ok();
    assert!(said.err.contains("validation: all images are of the class"), "{}", said.err);
    assert!(said.err.contains("training: the images are sorted by class"), "{}", said.err);
    let report = fs::read_to_string(place.path("o/report.md")).unwrap();
    assert!(report.contains("validation: all images are of the class"), "{report}");
}
