//! What was complete or had failed is not trained again: the record stays the one that was made then, times and all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use toile_record::Part;

use crate::corpus::common::Said;
use crate::corpus::same::missing;
use crate::corpus::{Copy, assert_ended_as, committed, items, text};

/// The trainings of a document that have ended, by a name: each with everything that is known of it.
pub fn ended(results: &Value) -> BTreeMap<String, &Value> {
    let is_over = |one: &&Value| matches!(text(&one["state"]).as_str(), "complete" | "pruned" | "failed");
    let runs = items(results, "runs").iter().filter(is_over);
    let mut all: BTreeMap<_, _> = runs.map(|run| (format!("run {}", run["id"]), run)).collect();
    for search in items(results, "searches") {
        let trials = items(search, "trials").iter().filter(is_over);
        all.extend(trials.map(|trial| (format!("trial {} {}", search["name"], trial["number"]), trial)));
    }
    all
}

/// Asserts that every training that had ended is what it was: when it began, how long it took, what came of it.
pub fn assert_kept(old: &Value, new: &Value) {
    let (old, new) = (ended(old), ended(new));
    assert!(!old.is_empty());
    for (name, then) in old {
        let now = new.get(&name).unwrap_or_else(|| panic!("{name} is gone"));
        let differences = missing(then, now);
        assert!(differences.is_empty(), "{name} was trained again: {differences:#?}");
    }
}

/// Asserts that a program that went on with a study began no training.
fn assert_idle(said: &Said) {
    let began = said.err.lines().filter(|line| line.starts_with("start ")).collect::<Vec<_>>();
    assert!(began.is_empty(), "{began:?}\n{}", said.err);
}

/// Every weights file of the corpus lies where it lay, and has the bytes that it had.
fn assert_weights_kept(copy: &Copy, folder: &str, out: &str) {
    let runs = crate::corpus::corpus().join(folder).join(out).join("runs");
    let mut n = 0;
    for run in fs::read_dir(&runs).unwrap().map(|entry| entry.unwrap().file_name()) {
        let file = Path::new(&run).join("weights.safetensors");
        let (then, now) = (fs::read(runs.join(&file)), fs::read(copy.path(out).join("runs").join(&file)));
        assert!(then.unwrap() == now.unwrap(), "{}", file.display());
        n += 1;
    }
    assert!(n > 0);
}

/// What the weights make of each image was not kept then: it was made again, and agrees with the record.
fn assert_evidence_made(copy: &Copy, out: &str) {
    let records = copy.records(out);
    let trained: Vec<_> = records.runs.iter().filter(|run| run.weights_sha256.is_some()).collect();
    assert!(!trained.is_empty());
    for run in trained {
        for part in Part::ALL {
            let n = records.study.data.n_images(part);
            assert!(
                n > 0 && run.evidence(part).is_some_and(|evidence| evidence.is_whole(n)),
                "{}: {part:?}",
                run.name
            );
        }
        let at_the_end = run.kept_epoch().and_then(|epoch| epoch.val_accuracy);
        assert_eq!(run.validation.as_ref().map(|validation| validation.accuracy), at_the_end, "{}", run.name);
    }
}

#[test]
fn runs_that_are_over_are_left_alone_also_the_one_that_failed() {
    let copy = Copy::of("runs");
    let said = copy.toile(&["run", "study.toml", "--out", "out"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert_idle(&said);
    assert_kept(&committed("runs", "out"), &copy.results("out"));
    assert_ended_as(&copy.results("out"), "runs/expected.txt");
    assert_weights_kept(&copy, "runs", "out");
    assert_evidence_made(&copy, "out");
}

#[test]
fn a_run_that_had_left_the_study_file_comes_back_with_its_results() {
    let copy = Copy::of("runs");
    let said = copy.toile(&["run", "earlier.toml", "--out", "out"]).ok();
    assert_idle(&said);
    assert!(said.err.contains("nothing to train: 5 runs done before"), "{}", said.err);
    assert_ended_as(&copy.results("out"), "runs/earlier.expected.txt");
    assert_weights_kept(&copy, "runs", "out");
}

#[test]
fn a_store_of_the_first_version_of_the_tables_is_a_study_that_is_done() {
    let copy = Copy::with_store_of("runs", "out", "version-1");
    let said = copy.toile(&["run", "study.toml", "--out", "out"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert_idle(&said);
    assert_kept(&committed("runs", "out"), &copy.results("out"));
    assert_ended_as(&copy.results("out"), "runs/expected.txt");
    assert_weights_kept(&copy, "runs", "out");
}

/// Their checksums covered what the weights make of the images, and the test part was opened at the end of each run.
#[test]
fn a_store_of_the_fourth_version_of_the_tables_is_intact_and_a_study_that_is_done() {
    let copy = Copy::with_store_of("runs", "out", "version-4");
    copy.toile(&["verify", "out"]).ok();
    let said = copy.toile(&["run", "study.toml", "--out", "out"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert_idle(&said);
    assert!(!said.err.lines().any(|line| line.starts_with("test ")), "{}", said.err);
    assert_kept(&committed("runs", "out"), &copy.results("out"));
    assert_ended_as(&copy.results("out"), "runs/expected.txt");
    assert_weights_kept(&copy, "runs", "out");
    assert_evidence_made(&copy, "out");
    copy.toile(&["verify", "out"]).ok();
}

/// A run whose numbers diverged would diverge again; one in which toile itself broke is tried again.
#[test]
fn a_run_in_which_toile_itself_broke_is_tried_again_and_no_other() {
    let copy = Copy::with_store_of("runs", "out", "broken");
    copy.toile(&["report", "out"]).ok();
    let why = |copy: &Copy| {
        let results = copy.results("out");
        let run = items(&results, "runs").iter().find(|run| run["name"] == "Diverges");
        text(&run.expect("the run")["failure"])
    };
    assert!(why(&copy).starts_with("toile itself broke: index out of bounds"), "{}", why(&copy));
    let said = copy.toile(&["run", "study.toml", "--out", "out"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    let began: Vec<&str> = said.err.lines().filter_map(|line| line.strip_prefix("start ")).collect();
    assert_eq!(began.iter().map(|name| name.trim()).collect::<Vec<_>>(), ["Diverges"], "{}", said.err);
    assert_ended_as(&copy.results("out"), "runs/expected.txt");
    assert!(!why(&copy).contains("broke"), "{}", why(&copy));
}

#[test]
fn searches_that_are_over_are_left_alone_and_so_is_what_they_chose() {
    let copy = Copy::of("search-finished");
    let said = copy.toile(&["run", "study.toml", "--out", "out"]).ok();
    assert_idle(&said);
    assert!(said.err.contains("nothing to train: 12 runs done before"), "{}", said.err);
    let (old, new) = (committed("search-finished", "out"), copy.results("out"));
    assert_kept(&old, &new);
    assert_ended_as(&new, "search-finished/expected.txt");
    assert_eq!(missing(&old["test_openings"], &new["test_openings"]), [""; 0], "nobody opened the test set");
    assert_weights_kept(&copy, "search-finished", "out");
}

/// The searches of the built-in study had other names in 0.1.0.
#[test]
fn searches_that_have_other_names_now_keep_their_trials_and_their_choice() {
    let copy = Copy::of("search-finished");
    let study = fs::read_to_string(copy.path("study.toml")).unwrap();
    let (head, searches) = study.split_once("[[searches]]").expect("searches");
    // Hyperband's brackets come from the name.
    let renamed = searches.replace("\nname = \"", "\nname = \"now ").replace("now halving", "halving");
    fs::write(copy.path("renamed.toml"), format!("{head}[[searches]]{renamed}")).unwrap();
    let old = committed("search-finished", "out");
    let said = copy.toile(&["run", "renamed.toml", "--out", "out"]).ok();
    assert_idle(&said);
    let new = copy.results("out");
    let names = |results: &Value, prefix: &str| -> Vec<String> {
        let all = items(results, "searches").iter().map(|one| text(&one["name"]));
        all.map(|name| if name == "halving" { name } else { format!("{prefix}{name}") }).collect()
    };
    assert_eq!(names(&new, ""), names(&old, "now "));
    let without = |mut results: Value| {
        for search in results["searches"].as_array_mut().expect("searches") {
            search["name"] = search["position"].clone();
        }
        for run in results["runs"].as_array_mut().expect("runs") {
            // A chosen run is called after its search.
            (run["name"], run["note"]) = (Value::Null, Value::Null);
        }
        results
    };
    assert_kept(&without(old.clone()), &without(new.clone()));
    for (then, now) in items(&old, "searches").iter().zip(items(&new, "searches")) {
        assert_eq!((&then["final"]["id"], &then["best"]), (&now["final"]["id"], &now["best"]));
    }
    let listed = copy.toile(&["trials", "out"]).ok();
    assert!(names(&new, "").iter().all(|name| listed.out.contains(name.as_str())), "{}", listed.out);
}

#[test]
fn a_folder_with_copies_of_searches_on_a_server_is_a_study_that_is_done() {
    let copy = Copy::of("server");
    let said = copy.toile(&["run", "finished.toml", "--out", "finished"]).ok();
    assert_idle(&said);
    assert_kept(&committed("server", "finished"), &copy.results("finished"));
    assert_ended_as(&copy.results("finished"), "server/finished.expected.txt");
    assert_weights_kept(&copy, "server", "finished");
}
