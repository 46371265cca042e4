//! A study that is killed, stopped, or not alone: nothing finished is lost, and the same command goes on.
#![cfg(unix)]

use crate::common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command};

use common::{Place, STUDY, Said, wait_until};
use toile_record::{RunRecord, State};
use toile_store::Store;

/// Two runs that take a second or so.
fn long_study() -> String {
    STUDY.replace("epochs = 3", "epochs = 400")
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_killed_study_goes_on_to_the_same_bits() {
    let place = Place::with_study(&long_study());
    place.run(&["run", "study.toml", "--out", "whole"]).ok();
    // Killed over and over, each time a little later, until it gets through.
    for epochs in [1, 20, 60] {
        let mut child = place.start(&["run", "study.toml", "--out", "killed"]);
        place.wait_for_epochs("killed", epochs);
        signal(&child, "-KILL");
        assert_eq!(child.wait().unwrap().code(), None, "the study ended before it could be killed");
        let interrupted = |run: &RunRecord| run.state == State::Waiting && !run.epochs.is_empty();
        assert!(place.records("killed").runs.iter().any(interrupted));
    }
    place.run(&["run", "study.toml", "--out", "killed"]).ok();
    assert_eq!(place.results("killed"), place.results("whole"));
}

#[test]
fn a_report_can_be_read_after_a_kill() {
    let place = Place::with_study(&long_study());
    let mut child = place.start(&["run", "study.toml", "--out", "out"]);
    place.wait_for_epochs("out", 10);
    signal(&child, "-KILL");
    child.wait().unwrap();
    let said = place.run(&["report", "out"]).ok();
    let page = std::fs::read_to_string(place.path("out/report.md")).unwrap();
    assert!(page.contains("epoch") && page.contains("Dense"));
    // Nobody is at work: what ran when the program was killed no longer runs.
    assert!(page.contains("interrupted") && !page.contains("running, epoch"), "{page}");
    assert!(said.out.contains("interrupted: ") && !said.out.contains("running"), "{}", said.out);
}

#[test]
fn an_interrupted_study_keeps_what_is_done_and_goes_on_with_the_rest() {
    let place = Place::with_study(&long_study().replace("name = \"Dense\"", "name = \"Dense\"\nepochs = 2"));
    let child = place.start(&["run", "study.toml", "--out", "out", "--threads", "2"]);
    // The two runs are trained side by side, and a busy machine may leave either of them behind.
    place.wait_for("out", |records| {
        let [dense, conv] = &records.runs[..] else { return false };
        dense.state == State::Complete && conv.epochs.len() >= 20
    });
    signal(&child, "-INT");
    let said = Said::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(said.err.contains("the same command goes on with the rest"), "{}", said.err);
    let states: Vec<_> = place.records("out").runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [State::Complete, State::Waiting]);
    assert!(place.path("out/report.html").is_file());
    let said = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(said.err.contains("start   Conv") && !said.err.contains("start   Dense"), "{}", said.err);
    assert!(said.err.contains("Conv: goes on where it was interrupted, attempt 2"), "{}", said.err);
}

/// It said "taken over from another worker" of what the user had interrupted, and counted workers as lost.
#[test]
fn a_trial_that_was_interrupted_goes_on_where_it_was_and_a_killed_one_was_lost() {
    let search = "\n[[searches]]\nname = \"S\"\nmodel = \"dense\"\nn_trials = 1\nsampler = \"random\"\n\
                  optimizer = { adam = { learning_rate = { low = 1e-4, high = 1e-2 } } }\n";
    let runs = STUDY.split("[[runs]]").next().expect("a head").replace("epochs = 3", "epochs = 300000");
    let place = Place::with_study(&(runs + search));
    let run = ["run", "study.toml", "--out", "out"];
    let stopped = |signal_name: &str| {
        let before = trial_epochs(&place);
        let child = place.start(&run);
        wait_until(|| trial_epochs(&place) > before + 2);
        signal(&child, signal_name);
        Said::of(child.wait_with_output().unwrap()).err
    };
    stopped("-INT");
    let said = stopped("-KILL");
    assert!(said.contains("goes on where it was interrupted, attempt 2"), "{said}");
    let said = stopped("-INT");
    let lost = "goes on from its last checkpoint, attempt 3: the worker that had it was lost";
    assert!(said.contains(lost), "{said}");
}

/// Epochs that the search's trials have reported.
fn trial_epochs(place: &Place) -> usize {
    let records = Store::open_read_only(&place.path("out")).and_then(|store| store.records(None));
    let trials = records.map(|records| records.searches.into_iter().flat_map(|search| search.trials));
    trials.map_or(0, |trials| trials.map(|trial| trial.intermediate.len()).sum())
}

#[test]
fn a_second_process_on_the_same_folder_is_told_who_has_it() {
    let place = Place::with_study(&long_study());
    let mut first = place.start(&["run", "study.toml", "--out", "out"]);
    place.wait_for_epochs("out", 1);
    let process = format!("process {}", first.id());
    place.run(&["run", "study.toml", "--out", "out"]).refused(&["another toile", &process, "--out"]);
    // Reading is not forbidden, and tells that it runs.
    let said = place.run(&["report", "out"]).ok();
    assert!(said.out.contains("running: ") && !said.out.contains("interrupted"), "{}", said.out);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn what_kills_its_worker_before_an_epoch_ends_is_tried_three_times() {
    // An epoch of a second or more, so that there is time to die in it.
    let conv = "{ conv2d = { filters = 256, kernel_size = [3, 3], activation = \"relu\" } },";
    let text = STUDY.replace(
        "  { conv2d = { filters = 4, kernel_size = [3, 3], activation = \"relu\" } },",
        &[conv; 2].concat(),
    );
    let place = Place::with_study(&text.replace("epochs = 3", "epochs = 1"));
    let command = ["run", "study.toml", "--only", "Conv", "--out", "out"];
    for _ in 0..3 {
        let mut child = place.start(&command);
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().starts_with("start ")), "it did not begin");
        signal(&child, "-KILL");
        child.wait().unwrap();
        assert!(place.records("out").runs.iter().all(|run| run.epochs.is_empty()), "an epoch had ended");
    }
    let said = place.run(&command);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("3 workers died with it"), "{}", said.err);
    let states: Vec<_> = place.records("out").runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [State::Waiting, State::Failed]);
}
