//! What was interrupted goes on, to the bits to which version 0.1.0 took it.

use toile_record::{Epoch, TrialRecord};

use crate::corpus::nothing_again::assert_kept;
use crate::corpus::{Copy, assert_ended_as, committed, expected, items};

#[test]
fn a_killed_study_goes_on_with_what_was_not_done() {
    let copy = Copy::of("interrupted");
    let said = copy.toile(&["run", "study.toml", "--out", "out"]).ok();
    assert!(said.err.contains("start   Long") && !said.err.contains("start   Short"), "{}", said.err);
    assert_kept(&committed("interrupted", "out"), &copy.results("out"));
    assert_ended_as(&copy.results("out"), "interrupted/expected.txt");
}

/// Epochs of each trial of the first search, by number.
fn epochs(copy: &Copy, out: &str) -> Vec<Vec<Epoch>> {
    let trials = copy.records(out).searches.swap_remove(0).trials;
    let epochs = |trial: TrialRecord| trial.side.map(|side| side.epochs).unwrap_or_default();
    trials.into_iter().map(epochs).collect()
}

/// How many of the first epochs are the very ones that were trained then: no two take the same time.
pub fn taken_over(then: &[Epoch], now: &[Epoch]) -> usize {
    then.iter().zip(now).take_while(|(then, now)| then == now).count()
}

#[test]
fn trials_that_were_put_back_go_on_from_their_checkpoints() {
    let copy = Copy::of("search-half");
    let then = epochs(&copy, "sigint");
    assert_eq!(then.len(), 6, "four trials that ended, two that were under way");
    copy.toile(&["run", "study.toml", "--out", "sigint"]).ok();
    assert_kept(&committed("search-half", "sigint"), &copy.results("sigint"));
    assert_ended_as(&copy.results("sigint"), "search-half/expected.txt");
    let now = epochs(&copy, "sigint");
    for (number, (then, now)) in then.iter().zip(&now).enumerate() {
        assert!(then.len() >= 5, "trial {number} was not under way");
        assert_eq!(taken_over(then, now), then.len(), "trial {number} began from nothing");
    }
}

/// The checkpoints in this store are those that the first interruption left: the killed process had written none.
#[test]
fn trials_of_a_killed_process_go_on_from_the_last_checkpoint() {
    let copy = Copy::of("search-half");
    let kept = epochs(&copy, "sigint");
    let (then, n) = (epochs(&copy, "kill"), kept.len());
    assert!((4..n).all(|trial| then[trial].len() > kept[trial].len()), "they had gone on");
    copy.toile(&["run", "study.toml", "--out", "kill"]).ok();
    assert_kept(&committed("search-half", "kill"), &copy.results("kill"));
    assert_ended_as(&copy.results("kill"), "search-half/expected.txt");
    let now = epochs(&copy, "kill");
    for trial in 0..n {
        assert_eq!(taken_over(&kept[trial], &now[trial]), kept[trial].len(), "trial {trial}");
    }
    let attempts = |trial: usize| copy.results("kill")["searches"][0]["trials"][trial]["attempt"].clone();
    assert_eq!([attempts(3), attempts(4), attempts(5)], [1, 3, 3]);
}

/// Earlier trials are used under new ranges, and a search that trains something else now was begun again.
#[test]
fn a_search_that_was_changed_goes_on_with_its_earlier_trials() {
    let copy = Copy::of("search-changed");
    let old = committed("search-changed", "out");
    let n = |results: &serde_json::Value| -> Vec<usize> {
        items(results, "searches").iter().map(|search| items(search, "trials").len()).collect()
    };
    assert_eq!(n(&old), [11, 3]);
    copy.toile(&["run", "study.toml", "--out", "out"]).ok();
    let new = copy.results("out");
    assert_eq!(n(&new), [16, 8]);
    // What the searches chose before is no longer the choice, and no longer in the plan.
    let without_runs = |results: &serde_json::Value| {
        let mut results = results.clone();
        results["runs"] = Vec::<serde_json::Value>::new().into();
        results
    };
    assert_kept(&without_runs(&old), &without_runs(&new));
    assert_ended_as(&new, "search-changed/expected.txt");
    let aside = copy.toile(&["trials", "out", "--study", "longer~1"]).ok().out;
    assert_eq!(aside.lines().filter(|line| line.contains("complete")).count(), 5, "{aside}");
}

/// Both ways to the end are one: the expectation of the interrupted search is that of the killed one too.
#[test]
fn the_expectations_hold_runs_and_trials() {
    for (file, runs, trials) in [("search-half/expected.txt", 3, 10), ("server/half.expected.txt", 1, 9)] {
        let lines = expected(file);
        let count = |what: &str| lines.iter().filter(|line| line.starts_with(what)).count();
        assert_eq!((count("run\t"), count("trial\t")), (runs, trials), "{file}");
    }
}
