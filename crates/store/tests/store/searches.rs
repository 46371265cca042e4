//! Searches in a folder, runs as trials of an Optuna study, and stores of earlier versions.

use super::*;

/// The trials of the Optuna study in which the declared runs are shown.
fn shown(store: &Store, name: &str) -> Vec<TrialRecord> {
    let storage = store.storage().unwrap();
    let studies = storage.optuna_studies().unwrap();
    let study =
        studies.iter().find(|study| study.name == name).unwrap_or_else(|| panic!("{name}: {studies:?}"));
    assert_eq!(
        (&study.maximize[..], &study.metrics[..]),
        (&[Some(true)][..], &["val_accuracy".to_string()][..])
    );
    storage.trials(study.id).unwrap()
}

#[test]
fn declared_runs_are_trials_of_an_optuna_study() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let with = |position: usize, rate: f64, model: &str| {
        let plan = serde_json::json!({ "batch_size": 32, "optimizer": { "sgd": { "learning_rate": rate } } });
        RunRecord { plan, model: model.into(), ..run(position, 7, 3) }
    };
    let runs = [with(0, 0.1, "dense"), with(1, 0.5, "wide"), with(2, 0.25, "dense"), with(3, 0.1, "dense")];
    store.save_plan(&runs).unwrap();
    train(&store, &runs[0]);
    store.begin_run(&runs[1]).unwrap();
    store.save_epoch(&runs[1].id, &runs[1].epochs[0]).unwrap();
    store.suspend_run(&runs[1].id).unwrap();
    let failed = RunRecord { state: State::Failed, test: None, ..runs[2].clone() };
    train(&store, &failed);
    train(&store, &runs[0]);
    let trials = shown(&store, "quick");
    let states: Vec<_> =
        trials.iter().map(|trial| (trial.number, trial.state, trial.intermediate.len())).collect();
    let meant =
        [(0, State::Complete, 3), (1, State::Waiting, 1), (2, State::Failed, 3), (3, State::Complete, 3)];
    assert_eq!(states, meant, "a run that is trained again is a new trial: the old one is never changed");
    assert_eq!(trials[0].values, [1.0 / 3.0]);
    let params: Vec<_> = trials[1].params.iter().map(|param| (param.name.as_str(), param.value)).collect();
    assert_eq!(params, [("model", 1.0), ("learning_rate", 0.5)], "what differs, and the model");
    assert_eq!(trials[0].params[1].distribution["attributes"]["high"], 0.5);
    assert!(trials[0].user_attributes.contains(&("name".into(), "Model 0".into())));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    store.begin_run(&runs[1]).unwrap();
    store.save_plan(&runs).unwrap();
    assert_eq!(shown(&store, "quick")[1].state, State::Waiting, "the program was killed");
    train(&store, &runs[1]);
    assert_eq!(shown(&store, "quick")[1].state, State::Complete);
    assert_eq!(store.records().unwrap().searches, []);
}

fn search(name: &str) -> SearchRecord {
    SearchRecord {
        name: name.into(),
        position: 0,
        note: None,
        published: None,
        objectives: vec![ObjectiveRecord { metric: "val_accuracy".into(), maximize: true }],
        space: serde_json::json!({ "params": [] }),
        sampler: serde_json::json!({ "random": {} }),
        pruner: serde_json::json!("none"),
        n_trials: 2,
        lag: None,
        seeds: 1,
        seed: 7,
        plan: serde_json::json!({}),
        fingerprint: "aa".into(),
        space_fingerprint: "bb".into(),
    }
}

#[test]
fn a_search_of_the_studys_name_takes_the_name_from_the_runs() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let run = run(0, 7, 3);
    store.save_plan(std::slice::from_ref(&run)).unwrap();
    train(&store, &run);
    store.storage().unwrap().ensure_search("quick", &search("quick")).unwrap();
    assert_eq!(shown(&store, "quick (runs)").len(), 1);
    assert_eq!(shown(&store, "quick").len(), 0);
}

#[test]
fn the_records_hold_searches_their_chosen_run_and_the_openings() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let storage = store.storage().unwrap();
    let id = storage.ensure_search("quick", &search("joint")).unwrap();
    let trial = NewTrial { number: 0, seed: 3, ..NewTrial::default() };
    storage.create_trial(id, &trial, "here").unwrap().unwrap();
    store.save_chosen_run("joint", "id-0-7").unwrap();
    let why = "chosen by search \"joint\"";
    for _ in 0..2 {
        store.save_test_opening("id-0-7", "2026-01-01T00:00:00Z", why).unwrap();
    }
    let reader = Store::open_read_only(dir.path()).unwrap();
    let records = reader.records().unwrap();
    let [found] = &records.searches[..] else { panic!("one search") };
    assert_eq!((&found.search, found.chosen_run.as_deref()), (&search("joint"), Some("id-0-7")));
    assert_eq!((found.trials.len(), found.trials[0].state), (1, State::Running));
    let opening =
        TestOpening { time: "2026-01-01T00:00:00Z".into(), run_id: "id-0-7".into(), why: why.into() };
    assert_eq!(records.test_openings, [opening]);
}

/// The file as the first version of the tables left it.
fn of_version_1(dir: &Path) {
    let connection = rusqlite::Connection::open(dir.join(STORE_FILE)).unwrap();
    connection.execute_batch(include_str!("../golden/version-1.sql")).unwrap();
}

#[test]
fn a_store_of_the_first_version_is_read_and_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    of_version_1(dir.path());
    let old = Store::open_read_only(dir.path()).unwrap().records().unwrap();
    assert_eq!((old.runs.len(), old.runs[0].epochs.len(), old.searches.len()), (1, 2, 0));
    let store = Store::open(dir.path()).unwrap();
    store.storage().unwrap().ensure_search("quick", &search("joint")).unwrap();
    let new = store.records().unwrap();
    assert_eq!((new.runs, new.searches.len()), (old.runs, 1));
}

#[test]
fn a_file_that_optuna_made_becomes_a_store_and_keeps_its_studies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(STORE_FILE);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(include_str!("../golden/optuna-5.0.0.sql"))
        .unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let storage = store.storage().unwrap();
    let studies = storage.optuna_studies().unwrap();
    let found: Vec<_> =
        studies.iter().map(|s| (s.name.as_str(), s.n_trials, s.maximize.clone(), s.ours)).collect();
    let meant =
        [("fashion-mnist", 10, vec![Some(true)], false), ("multi", 1, vec![Some(false), Some(true)], false)];
    assert_eq!(found, meant);
    let trials = storage.trials(studies[0].id).unwrap();
    assert_eq!(trials[1].values, [f64::INFINITY]);
    assert!(trials[1].intermediate[1].1.is_nan());
    assert_eq!(trials[0].started.as_deref(), Some("2026-11-22T10:38:49.061143Z"));
    assert_eq!(trials[6].params[5].distribution["attributes"]["choices"][6], "na\u{ef}ve");
    let mut history = HistoryCache::default();
    storage.history(studies[0].id, &mut history).unwrap();
    assert_eq!(history.trials().len(), 10);
    // Nobody's empty folder: it is not discarded.
    drop(storage);
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("DELETE FROM toile_study", []).unwrap();
    Store::open(dir.path()).unwrap().discard_if_empty();
    assert!(path.is_file());
}
