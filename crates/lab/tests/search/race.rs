//! Seeds that are added until comparisons are decided. Who needs more is said here by rule, not by results.

use std::collections::BTreeMap;

use toile_record::{RaceBounds, Records, Seeds};

use super::whole::{StudyWork, records, study_in};
use super::*;

const RACE: Seeds = Seeds::Race(RaceBounds { at_least: 3, at_most: 6 });

/// Two declared runs, and a search of three trials.
fn study() -> Plan {
    let runs =
        "[[runs]]\nname = \"R\"\nmodel = \"plain\"\n[[runs]]\nname = \"S\"\nmodel = \"plain\"\nepochs = 2\n";
    let shape =
        DataShape { image: image_shape(&DATA), classes: 10, images: 80, first_label: 0, own_validation: 0 };
    let text = format!("{HEAD}{SPACE}n_trials = 3\n{runs}");
    let study = check(&text, "s.toml", Some(shape)).unwrap_or_else(|faults| panic!("{faults}"));
    plan(&study, &PlanOptions { seeds: Some(RACE), only: None }, &|_| Ok(Vec::new())).unwrap()
}

/// How many runs of each name have ended.
fn ended(records: &Records) -> BTreeMap<String, usize> {
    let mut ended = BTreeMap::new();
    for run in records.runs.iter().filter(|run| run.state.is_finished()) {
        *ended.entry(run.name.clone()).or_default() += 1;
    }
    ended
}

/// S and the chosen configuration need five seeds once all have three, and S needs six once they have five.
fn needed(records: &Records) -> Vec<(String, usize)> {
    let ended = ended(records);
    let has = |name: &str, seeds: usize| ended.get(name).is_some_and(|n| *n >= seeds);
    let second = ["R", "S", "joint: best"].iter().all(|name| has(name, 3));
    let third = has("S", 5) && has("joint: best", 5);
    let needs = |second: bool, third: bool| {
        if third {
            6
        } else if second {
            5
        } else {
            3
        }
    };
    let of = |name: &str, seeds: usize| (name.to_owned(), seeds);
    vec![of("R", 3), of("S", needs(second, second && third)), of("joint: best", needs(second, false))]
}

fn work(
    plan: &Plan,
    dir: &Path,
    only: &[&str],
    stop: &AtomicBool,
    events: &(dyn Fn(Event) + Sync),
) -> StudyOutcome {
    study_in(plan, dir, &StudyWork { only, stop, seeds_needed: &needed, ..StudyWork::default() }, events)
}

/// Name, seed and weights of every run.
fn made(dir: &Path) -> Vec<(String, u64, Option<String>)> {
    records(dir).runs.into_iter().map(|run| (run.name, run.seed, run.weights_sha256)).collect()
}

#[test]
fn runs_get_seeds_look_by_look_and_the_test_part_is_sealed_until_the_last() {
    let (plan, dir) = (study(), tempfile::tempdir().unwrap());
    let outcome = work(&plan, dir.path(), &[], &NEVER, &|event| {
        if let Event::TrainingEnded(_) = event {
            assert!(records(dir.path()).runs.iter().all(|run| run.test.is_none()), "still sealed");
        }
    });
    let records = records(dir.path());
    let wanted = [("R", 3), ("S", 6), ("joint: best", 5)].map(|(name, n)| (name.to_owned(), n));
    assert_eq!(ended(&records), BTreeMap::from(wanted));
    assert_eq!((outcome.runs.completed, outcome.runs.waiting), (14, 0));
    assert!(records.runs.iter().all(|run| run.test.is_some()), "all are tested in the end");
    let seeds = |name: &str| {
        let runs = records.runs.iter().filter(|run| run.name == name);
        runs.map(|run| run.seed).collect::<Vec<_>>()
    };
    assert_eq!(seeds("S"), [3, 4, 5, 6, 7, 8]);
    assert_eq!(records.study.seeds, Some(RACE), "the command line said so, and the record does");
    let again = work(&plan, dir.path(), &[], &NEVER, &|_| {});
    assert_eq!((again.runs.completed, again.runs.already_done), (0, 14), "nothing is trained twice");
}

#[test]
fn a_race_that_was_stopped_goes_on_to_the_same_runs() {
    let (plan, whole, dir) = (study(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    work(&plan, whole.path(), &[], &NEVER, &|_| {});
    for after in [4, 3, 3, 2] {
        let (stop, ends) = (AtomicBool::new(false), AtomicUsize::new(0));
        work(&plan, dir.path(), &[], &stop, &|event| {
            if let Event::TrainingEnded(_) = event
                && ends.fetch_add(1, Ordering::Relaxed) + 1 == after
            {
                stop.store(true, Ordering::Relaxed);
            }
        });
    }
    work(&plan, dir.path(), &[], &NEVER, &|_| {});
    assert_eq!(made(dir.path()), made(whole.path()));
}

/// A look waits for what was asked for, and for nothing else; the test part waits for all.
#[test]
fn a_race_among_some_runs_does_not_wait_for_the_others() {
    let (plan, dir) = (study(), tempfile::tempdir().unwrap());
    work(&plan, dir.path(), &["R", "S"], &NEVER, &|_| {});
    let records = records(dir.path());
    let wanted = [("R", 3), ("S", 3)].map(|(name, n)| (name.to_owned(), n));
    assert_eq!(ended(&records), BTreeMap::from(wanted), "the rule asks for all three");
    assert!(records.runs.iter().all(|run| run.test.is_none()));
}
