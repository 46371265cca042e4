//! The test part: sealed until all runs have ended, then opened from their saved weights.
//!
//! The validation images of the data here are the test images over again: what a training says of those at its end, by
//! the weights that it has in memory, is what the saved weights must say of these, bit for bit.

use toile_record::{RunRecord, TestOpening};

use super::*;

const ALL: [&str; 0] = [];

/// Works on [`STUDY`] in a folder: on the runs of these names, and opens the test part early or not.
fn work(
    dir: &Path,
    only: &[&str],
    open_test: bool,
    stop: &AtomicBool,
    events: &(dyn Fn(Event) + Sync),
) -> Outcome {
    let read = |file: &str| std::fs::read(file);
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    let options = RunOptions { only, open_test, ..options(dir, stop, &read) };
    run(&planned(STUDY, &read), &data(), &Store::open(dir).unwrap(), &options, events).unwrap()
}

fn records(dir: &Path) -> toile_record::Records {
    Store::open_read_only(dir).unwrap().records(None).unwrap()
}

/// Whether each run has been tested.
fn tested(dir: &Path) -> [bool; 2] {
    [0, 1].map(|run| records(dir).runs[run].test.is_some())
}

/// What the runs have of the test part must be what they have of the validation part.
fn assert_tested_to_the_bits(dir: &Path) {
    let data = data();
    assert_eq!(data.train.images[48 * 4..], data.test.images);
    assert_eq!(data.train.labels[48..], data.test.labels);
    for run in records(dir).runs {
        assert!(run.test.is_some(), "{}", run.name);
        assert_eq!(run.test, run.validation, "{}", run.name);
    }
}

/// The reasons of all openings, by the name of the run.
fn openings(dir: &Path) -> Vec<(String, String)> {
    let records = records(dir);
    let name = |opening: &TestOpening| {
        records.runs.iter().find(|run| run.id == opening.run_id).map(|run| run.name.clone()).unwrap()
    };
    records.test_openings.iter().map(|opening| (name(opening), opening.why.clone())).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, why)| (name.to_owned(), why.to_owned())).to_vec()
}

#[test]
fn nothing_is_known_of_the_test_until_all_runs_have_ended() {
    let dir = tempfile::tempdir().unwrap();
    let opened = Mutex::new(Vec::new());
    let looking = |event: Event| match event {
        Event::TrainingEnded(_) => {
            let records = records(dir.path());
            let is_known = |run: &RunRecord| run.test.is_some();
            assert!(!records.runs.iter().any(is_known));
            assert_eq!((records.images, records.test_openings), (vec![], vec![]));
        }
        Event::TestOpened { training: TrainingKey::Run(place), accuracy, loss, .. } => {
            assert_eq!(states(dir.path()), [State::Complete; 2]);
            let test = records(dir.path()).runs[place].test.clone().expect("what is told is on the disk");
            assert_eq!((test.accuracy, test.loss), (accuracy, loss));
            opened.lock().unwrap().push(place);
        }
        _ => {}
    };
    work(dir.path(), &ALL, false, &AtomicBool::new(false), &looking);
    assert_eq!(opened.into_inner().unwrap(), [0, 1]);
    assert_tested_to_the_bits(dir.path());
    assert_eq!(openings(dir.path()), pairs([("A", "declared run"), ("B", "declared run")]));
}

#[test]
fn a_run_that_alone_is_asked_for_stays_sealed() {
    let (dir, never) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    for _ in 0..2 {
        work(dir.path(), &["A"], false, &never, &|_| {});
        assert_eq!(states(dir.path()), [State::Complete, State::Waiting]);
        assert_eq!(tested(dir.path()), [false; 2]);
    }
    // Whoever ends the last one opens it for all.
    work(dir.path(), &["B"], false, &never, &|_| {});
    assert_tested_to_the_bits(dir.path());
    assert_eq!(openings(dir.path()), pairs([("A", "declared run"), ("B", "declared run")]));
}

#[test]
fn a_run_that_has_failed_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    work(dir.path(), &ALL, false, &AtomicBool::new(false), &|event| {
        if let Event::Step { training: TrainingKey::Run(0), .. } = event {
            panic!("on purpose");
        }
    });
    assert_eq!(states(dir.path()), [State::Failed, State::Complete]);
    assert_eq!(tested(dir.path()), [false, true]);
}

/// Stopped after the last training and before the first test, or between two of them.
#[test]
fn a_study_that_is_stopped_before_its_test_is_tested_by_the_same_call_again() {
    let whole = tempfile::tempdir().unwrap();
    work(whole.path(), &ALL, false, &AtomicBool::new(false), &|_| {});
    for tests in [0, 1] {
        let (dir, stop) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
        let (ended, opened) = (Mutex::new(0), Mutex::new(0));
        let stopping = |event: Event| {
            match event {
                Event::TrainingEnded(_) => *ended.lock().unwrap() += 1,
                Event::TestOpened { .. } => *opened.lock().unwrap() += 1,
                _ => return,
            }
            if (*ended.lock().unwrap(), *opened.lock().unwrap()) == (2, tests) {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let outcome = work(dir.path(), &ALL, false, &stop, &stopping);
        assert_eq!(outcome, Outcome { completed: 2, interrupted: true, ..Outcome::default() });
        assert_eq!(tested(dir.path()), [tests == 1, false]);
        let outcome = work(dir.path(), &ALL, false, &AtomicBool::new(false), &|_| {});
        assert_eq!(outcome, Outcome { already_done: 2, ..Outcome::default() });
        assert_eq!(records(dir.path()), records(whole.path()));
    }
}

#[test]
fn an_early_opening_is_recorded_as_one_and_stays_the_only_one_of_its_run() {
    let (dir, never) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    work(dir.path(), &["A"], true, &never, &|_| {});
    assert_eq!(tested(dir.path()), [true, false]);
    work(dir.path(), &ALL, true, &never, &|_| {});
    assert_tested_to_the_bits(dir.path());
    let early = "opened early with --open-test: 1 of 2 trainings had not ended";
    assert_eq!(openings(dir.path()), pairs([("A", early), ("B", "declared run")]));
    let records = records(dir.path());
    assert_eq!([0, 1].map(|i| records.test_openings[i].is_early()), [true, false]);
}

#[test]
fn an_early_opening_is_of_the_runs_that_are_asked_for() {
    let (dir, never) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    work(dir.path(), &["A"], false, &never, &|_| {});
    let text = format!("{STUDY}\n[[runs]]\nname = \"C\"\noptimizer = \"nadam\"\n");
    let read = |file: &str| std::fs::read(file);
    let options =
        RunOptions { only: vec!["B".into()], open_test: true, ..options(dir.path(), &never, &read) };
    run(&planned(&text, &read), &data(), &Store::open(dir.path()).unwrap(), &options, &|_| {}).unwrap();
    assert_eq!(tested(dir.path()), [false, true]);
}

/// Its new trial knows nothing of the test, and the study is open until it has ended again.
#[test]
fn a_run_that_is_trained_again_is_tested_again_and_that_is_no_new_opening() {
    let (dir, never) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    work(dir.path(), &ALL, false, &never, &|_| {});
    let before = records(dir.path());
    std::fs::remove_file(dir.path().join("runs/b-seed-1/weights.safetensors")).unwrap();
    let outcome = work(dir.path(), &ALL, false, &never, &|event| {
        if let Event::TrainingEnded(_) = event {
            assert_eq!(tested(dir.path()), [true, false]);
        }
    });
    assert_eq!(outcome, Outcome { completed: 1, already_done: 1, ..Outcome::default() });
    assert_tested_to_the_bits(dir.path());
    assert_eq!(records(dir.path()).test_openings, before.test_openings);
}
