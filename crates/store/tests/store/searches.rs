//! Searches in a folder, runs as trials of an Optuna study, and stores of earlier versions.

use super::*;

/// The trials of the Optuna study in which the declared runs are shown.
fn shown(store: &Store, name: &str) -> Vec<TrialRecord> {
    let studies = store.optuna_studies().unwrap();
    let study =
        studies.iter().find(|study| study.name == name).unwrap_or_else(|| panic!("{name}: {studies:?}"));
    assert_eq!(
        (&study.maximize[..], &study.metrics[..]),
        (&[Some(true)][..], &["val_accuracy".to_string()][..])
    );
    store.trials(study.id).unwrap()
}

#[test]
fn declared_runs_are_trials_of_an_optuna_study() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let with = |position: usize, rate: f64, model: &str| {
        let plan = serde_json::json!({ "batch_size": 32, "optimizer": { "sgd": { "learning_rate": rate } } });
        RunRecord { plan, model: model.into(), ..run(position, 7, 3) }
    };
    let runs = [with(0, 0.1, "dense"), with(1, 0.5, "wide"), with(2, 0.25, "dense"), with(3, 0.1, "dense")];
    store.save_plan("quick", &runs).unwrap();
    train(&store, &runs[0]);
    let claim = begin(&store, &runs[1]);
    save(&store, Change::Epoch(&claim, &runs[1].epochs[0]));
    save(&store, Change::PutBack(&claim, None));
    let failed = RunRecord { state: State::Failed, validation: None, test: None, ..runs[2].clone() };
    train(&store, &failed);
    train(&store, &runs[0]);
    let trials = shown(&store, "quick");
    let states: Vec<_> =
        trials.iter().map(|trial| (trial.number, trial.state, trial.intermediate.len())).collect();
    let meant = [
        (0, State::Complete, 3),
        (1, State::Waiting, 1),
        (2, State::Failed, 3),
        (3, State::Waiting, 0),
        (4, State::Complete, 3),
    ];
    assert_eq!(states, meant, "a run that is trained again is a new trial: the old one is never changed");
    assert_eq!(trials[0].values, [1.0 / 3.0]);
    let params: Vec<_> = trials[1].params.iter().map(|param| (param.name.as_str(), param.value)).collect();
    assert_eq!(params, [("model", 1.0), ("learning_rate", 0.5)], "what differs, and the model");
    assert_eq!(trials[0].params[1].distribution["attributes"]["high"], 0.5);
    assert!(trials[0].user_attributes.contains(&("name".into(), "Model 0".into())));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    begin(&store, &runs[1]);
    store.save_plan("quick", &runs).unwrap();
    assert_eq!(shown(&store, "quick")[1].state, State::Waiting, "the program was killed");
    train(&store, &runs[1]);
    assert_eq!(shown(&store, "quick")[1].state, State::Complete);
    assert_eq!(store.records(None).unwrap().searches, []);
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
    let store = opened(dir.path());
    let run = run(0, 7, 3);
    store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
    train(&store, &run);
    store.ensure_search("quick", &search("quick")).unwrap();
    assert_eq!(shown(&store, "quick (runs)").len(), 1);
    assert_eq!(shown(&store, "quick").len(), 0);
}

#[test]
fn the_records_hold_searches_their_chosen_run_and_the_openings() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let id = store.ensure_search("quick", &search("joint")).unwrap();
    let trial = NewTrial { number: 0, seed: 3, ..NewTrial::default() };
    store.create_trial(id, &trial, "here").unwrap().unwrap();
    store.save_chosen_run("quick", "joint", "id-0-7").unwrap();
    let why = "chosen by search \"joint\"";
    let opening =
        TestOpening { time: "2026-01-01T00:00:00Z".into(), run_id: "id-0-7".into(), why: why.into() };
    for _ in 0..2 {
        store.save_test_opening("quick", &opening).unwrap();
    }
    let reader = Store::open_read_only(dir.path()).unwrap();
    let records = reader.records(None).unwrap();
    let [found] = &records.searches[..] else { panic!("one search") };
    assert_eq!((&found.search, found.chosen_run.as_deref()), (&search("joint"), Some("id-0-7")));
    assert_eq!((found.trials.len(), found.trials[0].state), (1, State::Running));
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
    let before = std::fs::read(dir.path().join(STORE_FILE)).unwrap();
    let old = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    assert_eq!((old.runs.len(), old.runs[0].epochs.len(), old.searches.len()), (1, 2, 0));
    assert_eq!(std::fs::read(dir.path().join(STORE_FILE)).unwrap(), before, "to look changes nothing");
    let store = Store::open(dir.path()).unwrap();
    store.ensure_search("quick", &search("joint")).unwrap();
    let new = store.records(None).unwrap();
    assert_eq!((&new.runs, new.searches.len()), (&old.runs, 1));
    drop(store);
    // The file as it was is kept, and is a store.
    let kept = tempfile::tempdir().unwrap();
    std::fs::copy(dir.path().join("store.version-1.sqlite"), kept.path().join(STORE_FILE)).unwrap();
    assert_eq!(Store::open(kept.path()).unwrap().records(None).unwrap().runs, new.runs);
    assert!(!dir.path().join("store.version-1.unfinished").exists());
}

/// A step that fails, here because another program's table has the name of one of ours, leaves the file as it was.
#[test]
fn a_store_is_brought_up_to_date_wholly_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    of_version_1(dir.path());
    let sql = |sql: &str| rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap().execute_batch(sql);
    sql("CREATE TABLE toile_weights (mine INTEGER)").unwrap();
    let error = Store::open(dir.path()).err().unwrap();
    assert!(error.to_string().contains("update the tables of"), "{error}");
    sql("DROP TABLE toile_weights; SELECT failure, run_id FROM toile_run, toile_epoch LIMIT 1").unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().records(None).unwrap().runs[0].epochs.len(), 2);
}

#[test]
fn a_file_that_optuna_made_becomes_a_store_and_keeps_its_studies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(STORE_FILE);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(include_str!("../golden/optuna-5.0.0.sql"))
        .unwrap();
    let store = opened(dir.path());
    let studies = store.optuna_studies().unwrap();
    let found: Vec<_> =
        studies.iter().map(|s| (s.name.as_str(), s.n_trials, s.maximize.clone(), s.ours)).collect();
    let meant =
        [("fashion-mnist", 10, vec![Some(true)], false), ("multi", 1, vec![Some(false), Some(true)], false)];
    assert_eq!(found, meant);
    let trials = store.trials(studies[0].id).unwrap();
    assert_eq!(trials[1].values, [f64::INFINITY]);
    assert!(trials[1].intermediate[1].1.is_nan());
    assert_eq!(trials[0].started.as_deref(), Some("2026-11-22T10:38:49.061143Z"));
    assert_eq!(trials[6].params[5].distribution["attributes"]["choices"][6], "na\u{ef}ve");
    let mut history = HistoryCache::default();
    store.history(studies[0].id, &mut history).unwrap();
    assert_eq!(history.trials().len(), 10);
    // Nobody's empty folder: it is not discarded.
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("DELETE FROM toile_study", []).unwrap();
    Store::open(dir.path()).unwrap().discard_if_empty();
    assert!(path.is_file());
}
