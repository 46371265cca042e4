//! Ask and tell: trials that the caller tries, in memory and on a database that several programs share.

use std::time::Duration;

use serde_json::{Value, json};
use toile_lab::{AskError, AskedPlan, AskedSearch, AskedTrial, ListedTrial, ToldEnd};
use toile_record::{Direction, State};
use toile_store::{Store, StoreError};
use toile_tune::{Choice, Distribution, Param, Pruner, Sampler, Space};

const LONG: Duration = Duration::from_secs(600);

fn plan() -> AskedPlan {
    let param = |name: &str, distribution| Param { name: name.into(), distribution, when: Vec::new() };
    let x = Distribution::float(-5.0, 5.0, false, None).expect("a range");
    let n = Distribution::int(1, 8, false, 1).expect("a range");
    AskedPlan {
        name: "bowl".into(),
        space: Space { params: vec![param("x", x), param("n", n)] },
        sampler: serde_json::from_value(json!({ "tpe": { "n_startup_trials": 4 } })).expect("a sampler"),
        pruner: Pruner::None,
        directions: vec![Direction::Minimize],
        n_trials: None,
        seed: 3,
    }
}

fn begin(plan: AskedPlan, storage: Option<Store>, worker: &str) -> AskedSearch {
    AskedSearch::begin(plan, storage, worker.into(), LONG).expect("a search")
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn open(&self) -> Option<Store> {
        Some(Store::sqlite(&self.0.path().join("search.sqlite")).expect("a database"))
    }
}

fn number(params: &[(String, Choice)], name: &str) -> f64 {
    let value = params.iter().find(|(known, _)| known == name).map(|(_, value)| json!(value));
    value.and_then(|value| value.as_f64()).expect("a number")
}

fn ask(search: &AskedSearch) -> (usize, Vec<(String, Choice)>) {
    match search.ask(None).expect("a trial") {
        AskedTrial::Try(number, params) => (number, params),
        other => panic!("{other:?}"),
    }
}

fn tell(search: &AskedSearch, number: usize, value: f64) {
    search.tell(number, ToldEnd::Complete(vec![value]), 0.0).expect("told");
}

fn try_some(search: &AskedSearch, count: usize) {
    for _ in 0..count {
        let (trial, params) = ask(search);
        tell(search, trial, (number(&params, "x") - 1.0).powi(2) + (number(&params, "n") - 3.0).powi(2));
    }
}

fn states(search: &AskedSearch) -> Vec<State> {
    search.trials().expect("trials").iter().map(|trial| trial.state).collect()
}

#[test]
fn memory_a_file_and_a_file_that_is_opened_again_give_the_same_trials() {
    let memory = begin(plan(), None, "a");
    try_some(&memory, 24);
    let (place, again) = (Place::new(), Place::new());
    let file = begin(plan(), place.open(), "a");
    try_some(&file, 24);
    for round in 0..4 {
        try_some(&begin(plan(), again.open(), &format!("a{round}")), 6);
    }
    let trials = |search: &AskedSearch| -> Vec<ListedTrial> { search.trials().expect("trials") };
    assert_eq!(trials(&memory).len(), 24);
    assert_eq!(trials(&memory), trials(&file));
    assert_eq!(trials(&memory), trials(&begin(plan(), again.open(), "b")));
}

#[test]
fn programs_share_a_search_and_no_number_is_given_twice() {
    let place = Place::new();
    share(&|worker| begin(plan(), place.open(), worker));
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn programs_share_a_search_on_a_server() {
    let Ok(server) = std::env::var("TOILE_TEST_POSTGRES") else {
        eprintln!("skipped: TOILE_TEST_POSTGRES is not set");
        return;
    };
    let name = format!("bowl-{}", std::process::id());
    share(&|worker| {
        let store = Store::postgres(&server).expect("a server");
        begin(AskedPlan { name: name.clone(), ..plan() }, Some(store), worker)
    });
}

/// Three workers try thirty trials.
fn share(begin: &dyn Fn(&str) -> AskedSearch) {
    let workers: Vec<AskedSearch> = (0..3).map(|worker| begin(&worker.to_string())).collect();
    let tried: Vec<usize> = std::thread::scope(|scope| {
        let work = |search: &AskedSearch| {
            let mut numbers = Vec::new();
            loop {
                match search.ask(Some(30)).expect("an answer") {
                    AskedTrial::Try(trial, params) => {
                        tell(search, trial, number(&params, "x"));
                        numbers.push(trial);
                    }
                    AskedTrial::Wait => std::thread::yield_now(),
                    AskedTrial::Over => break numbers,
                }
            }
        };
        let threads: Vec<_> = workers.iter().map(|search| scope.spawn(move || work(search))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker")).collect()
    });
    let mut sorted = tried;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..30).collect::<Vec<_>>());
    assert_eq!(states(&workers[0]), [State::Complete; 30]);
}

#[test]
fn a_trial_whose_program_died_is_given_out_again_with_its_parameters() {
    let place = Place::new();
    let dead = begin(plan(), place.open(), "dead");
    try_some(&dead, 5);
    let (lost, params) = ask(&dead);
    // Its thread goes with it, as it would with its program.
    drop(dead);
    let heir = AskedSearch::begin(plan(), place.open(), "heir".into(), Duration::ZERO).expect("a search");
    assert_eq!(ask(&heir), (lost, params));
    tell(&heir, lost, 0.5);
    assert_eq!(states(&heir), [State::Complete; 6]);
}

#[test]
fn who_stood_still_for_too_long_is_told_so_and_changes_nothing() {
    let place = Place::new();
    let slow = begin(plan(), place.open(), "slow");
    let (trial, _) = ask(&slow);
    let heir = AskedSearch::begin(plan(), place.open(), "heir".into(), Duration::ZERO).expect("a search");
    assert_eq!(ask(&heir).0, trial);
    let late = slow.tell(trial, ToldEnd::Complete(vec![9.0]), 0.0);
    assert!(matches!(late, Err(AskError::Lost(0))), "{late:?}");
    tell(&heir, trial, 0.25);
    assert_eq!(heir.trials().expect("trials")[0].values, [0.25]);
    let twice = slow.tell(trial, ToldEnd::Complete(vec![9.0]), 0.0);
    assert!(matches!(twice, Err(AskError::Told(0))), "{twice:?}");
}

#[test]
fn enough_trials_are_waited_for_while_others_have_them() {
    let place = Place::new();
    let (one, two) = (begin(plan(), place.open(), "one"), begin(plan(), place.open(), "two"));
    let (trial, _) = ask(&one);
    assert_eq!(one.ask(Some(1)).expect("an answer"), AskedTrial::Over, "its own trial is its own affair");
    assert_eq!(two.ask(Some(1)).expect("an answer"), AskedTrial::Wait);
    tell(&one, trial, 1.0);
    assert_eq!(two.ask(Some(1)).expect("an answer"), AskedTrial::Over);
}

#[test]
fn what_is_queued_is_tried_first_and_completed_by_the_sampler() {
    let place = Place::new();
    let search = begin(plan(), place.open(), "a");
    let queued = search.enqueue_trial(&[("n".into(), json!(7))]).expect("queued");
    let (trial, params) = ask(&search);
    assert_eq!((trial, number(&params, "n")), (queued, 7.0));
    assert!((-5.0..=5.0).contains(&number(&params, "x")));
    let refused = |params: Value| {
        let params: Vec<(String, Value)> = params.as_object().expect("a table").clone().into_iter().collect();
        search.enqueue_trial(&params).expect_err("it does not fit").to_string()
    };
    assert!(refused(json!({ "n": 9 })).contains("whole numbers from 1 to 8"));
    assert!(refused(json!({ "units": 9 })).contains("it has x, n"));
    assert_eq!(search.trials().expect("trials").len(), 1);
}

#[test]
fn a_trial_put_back_waits_with_its_parameters() {
    let search = begin(plan(), None, "a");
    let asked = ask(&search);
    search.put_back(asked.0).expect("put back");
    assert_eq!(states(&search), [State::Waiting]);
    assert_eq!(ask(&search), asked);
}

/// As Optuna does it: median of the others at the same step, the first value of a step counts, and a pruned trial has
/// the last value that it reported.
#[test]
fn a_pruner_is_asked_with_all_that_has_ended() {
    let pruner: Pruner =
        serde_json::from_value(json!({ "median": { "n_startup_trials": 3 } })).expect("a pruner");
    let place = Place::new();
    let search = begin(AskedPlan { pruner, ..plan() }, place.open(), "a");
    for value in [1.0, 2.0, 3.0] {
        let (trial, _) = ask(&search);
        assert!(!search.report(trial, 1, value).expect("reported"));
        assert!(!search.report(trial, 1, 100.0).expect("reported"), "the first value of a step stays");
        tell(&search, trial, value);
    }
    let (good, _) = ask(&search);
    assert!(!search.report(good, 1, 1.5).expect("reported"));
    let (bad, _) = ask(&search);
    assert!(search.report(bad, 1, 2.5).expect("reported"));
    search.tell(bad, ToldEnd::Pruned, 0.0).expect("told");
    let listed = search.trials().expect("trials");
    assert_eq!((listed[4].state, &listed[4].values[..]), (State::Pruned, &[2.5][..]));
    assert_eq!(listed[0].reported, [(1, 1.0)]);
}

#[test]
fn another_range_keeps_the_trials_that_fit_and_other_directions_begin_anew() {
    let place = Place::new();
    try_some(&begin(plan(), place.open(), "a"), 8);
    let mut wider = plan();
    wider.space.params[0].distribution = Distribution::float(-9.0, 9.0, false, None).expect("a range");
    let search = begin(wider, place.open(), "b");
    assert_eq!(ask(&search).0, 8);
    let directions = vec![Direction::Maximize];
    let other = begin(AskedPlan { directions, ..plan() }, place.open(), "c");
    assert_eq!(ask(&other).0, 0);
}

#[test]
fn a_study_of_optuna_s_with_other_directions_is_refused() {
    let place = Place::new();
    let store = place.open().expect("a database");
    drop(begin(plan(), Some(store), "a"));
    // What is left of a search of that name when nobody of ours has it: a study of Optuna's.
    let connection = rusqlite::Connection::open(place.0.path().join("search.sqlite")).expect("a database");
    connection.execute("DELETE FROM toile_search", []).expect("deleted");
    drop(connection);
    let directions = vec![Direction::Minimize; 2];
    let sampler = Sampler::default();
    let asked = AskedPlan { directions, sampler, ..plan() };
    let refused = AskedSearch::begin(asked, place.open(), "b".into(), LONG).err();
    assert!(matches!(refused, Some(StoreError::OtherDirections { .. })), "{refused:?}");
}
