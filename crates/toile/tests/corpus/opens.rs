//! Every store opens, and reading it says what it said in its day.

use toile_record::State;

use crate::corpus::same::missing;
use crate::corpus::{Copy, STORES, committed, items, text};

#[test]
fn a_report_of_an_old_store_holds_every_number_that_it_held() {
    for (folder, out) in STORES {
        let copy = Copy::of(folder);
        copy.toile(&["report", out]).ok();
        let differences = missing(&committed(folder, out), &copy.results(out));
        assert!(differences.is_empty(), "{folder}/{out}: {differences:#?}");
    }
}

#[test]
fn an_old_store_lists_its_searches_and_their_trials() {
    for (folder, out) in STORES {
        let copy = Copy::of(folder);
        let listed = copy.toile(&["trials", out]).ok().out;
        for search in items(&committed(folder, out), "searches") {
            let name = text(&search["name"]);
            assert!(listed.contains(&name), "{folder}/{out}: `{name}` is not in\n{listed}");
            let trials = copy.toile(&["trials", out, "--study", &name]).ok().out;
            let n = items(search, "trials").len();
            assert_eq!(trials.lines().skip(1).count(), n, "{folder}/{out}, {name}:\n{trials}");
        }
    }
}

#[test]
fn a_search_that_was_put_aside_is_still_listed_with_its_trials() {
    let copy = Copy::of("search-changed");
    let trials = copy.toile(&["trials", "out", "--study", "longer~1"]).ok().out;
    assert_eq!(trials.lines().filter(|line| line.contains("complete")).count(), 5, "{trials}");
}

#[test]
fn a_plan_marks_what_an_old_store_holds() {
    let plan =
        |folder| Copy::of(folder).toile(&["plan", "study.toml", "--out", "out", "--no-timing"]).ok().out;
    let runs = plan("runs");
    let row = |name: &str| runs.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    for name in ["Dense", "CNN", "Stopped", "New name", "Twin", "From weights"] {
        assert!(row(name).ends_with("done"), "{name}:\n{runs}");
    }
    assert!(row("Diverges").ends_with("failed"), "{runs}");
    assert!(plan("search-finished").contains("several metrics"));
    let interrupted = plan("interrupted");
    let short = interrupted.lines().find(|line| line.starts_with("Short")).unwrap_or_default();
    assert!(short.ends_with("done"), "{interrupted}");
}

#[test]
fn what_a_killed_program_left_as_running_is_interrupted() {
    let records = Copy::of("interrupted").records("out");
    let states: Vec<_> = records.runs.iter().map(|run| (run.name.as_str(), run.state)).collect();
    let (done, waits) = (State::Complete, State::Waiting);
    let meant = [("Short", done), ("Long", waits), ("Waits", waits), ("Waits", waits), ("Waits too", waits)];
    assert_eq!(states, meant);
    assert!(records.runs[1].epochs.len() > 20, "its epochs are still there");
}
