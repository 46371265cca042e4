//! The store as its users see it: what was saved is there, whatever happened in between.

use std::path::Path;

use toile_record::*;
use toile_store::*;

fn study() -> StudyRecord {
    StudyRecord {
        name: "quick".into(),
        question: Some("Does it keep?".into()),
        file: "[study]\nname = \"quick\"\n".into(),
        toile_version: "0.1.0".into(),
        data: DataRecord {
            name: "drawn-garments".into(),
            title: "Drawn garments".into(),
            fingerprint: "00".repeat(32),
            source: "drawn".into(),
            procedural: true,
            shape: [28, 28, 1],
            class_names: vec!["shirt".into(), "bag".into()],
            n_train: 60,
            n_test: 4,
            split: SplitRecord {
                how: "last".into(),
                fraction: 0.1,
                fingerprint: "11".repeat(32),
                train_counts: vec![27, 27],
                validation_counts: vec![3, 3],
                test_counts: vec![2, 2],
            },
            test_labels: vec![0, 1, 1, 0],
        },
    }
}

fn run(position: usize, seed: u64, n_epochs: usize) -> RunRecord {
    let epoch = |epoch: usize| Epoch {
        epoch,
        loss: Some(1.0 / epoch as f64),
        accuracy: Some(0.1 + epoch as f64 / 1000.0),
        train_loss: Some(0.3),
        train_accuracy: None,
        val_loss: Some(f64::MIN_POSITIVE),
        val_accuracy: Some(1.0 / 3.0),
        learning_rate: 1e-3,
        seconds: 0.25,
    };
    RunRecord {
        id: format!("id-{position}-{seed}"),
        name: format!("Model {position}"),
        position,
        seed,
        model: "dense".into(),
        plan: serde_json::json!({ "batch_size": 32, "a_key_out_of_order": 0.1, "optimizer": { "sgd": { "learning_rate": 0.1 } } }),
        summary: SummaryRecord {
            rows: vec![SummaryRow {
                name: "dense".into(),
                kind: "Dense".into(),
                output_shape: "(None, 10)".into(),
                parameters: 7850,
            }],
            trainable: 7850,
            non_trainable: 0,
            forward_flops: 15_690,
            training_flops: 47_000,
        },
        published: Some(Published { loss: Some(0.3), ..Default::default() }),
        note: Some("the document is silent on this".into()),
        state: State::Complete,
        end: Some(End::Finished),
        restored_epoch: None,
        epochs: (1..=n_epochs).map(epoch).collect(),
        test: Some(TestRecord {
            loss: Some(0.37),
            accuracy: 0.75,
            predictions: vec![0, 1, 0, 0],
            confidences: vec![0.5, 1.0, 0.1, f32::MIN_POSITIVE],
        }),
        weights_sha256: Some("22".repeat(32)),
        folder: format!("runs/model-{position}-seed-{seed}"),
        provenance: Provenance {
            toile_version: "0.1.0".into(),
            instruction_set: "avx2".into(),
            threads: 2,
            machine: "a machine".into(),
            started: "2026-01-01T00:00:00Z".into(),
            wall_seconds: 12.5,
            cpu_seconds: Some(24.0),
        },
    }
}

fn train(store: &Store, run: &RunRecord) {
    store.begin_run(run).unwrap();
    run.epochs.iter().for_each(|epoch| store.save_epoch(&run.id, epoch).unwrap());
    store.finish_run(run).unwrap();
}

fn message(result: Result<Store, StoreError>) -> String {
    match result {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn thirteen_runs_of_fifty_epochs_come_back_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let runs: Vec<_> = (0..13).map(|position| run(position, u64::MAX - 7, 50)).collect();
    let images =
        vec![ImageRecord { index: 2, pixels: vec![7; 784] }, ImageRecord { index: 9, pixels: vec![8; 784] }];
    {
        let store = Store::open(dir.path()).unwrap();
        store.save_study(&study()).unwrap();
        store.save_plan(&runs).unwrap();
        runs.iter().for_each(|run| train(&store, run));
        store.save_images(&images).unwrap();
    }
    let records = Store::open_read_only(dir.path()).unwrap().records().unwrap();
    assert_eq!(records, Records { study: study(), runs, images, searches: vec![], test_openings: vec![] });
}

#[test]
fn an_epoch_outlives_the_program_that_saved_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(0, 7, 3);
    let store = Store::open(dir.path()).unwrap();
    store.begin_run(&run).unwrap();
    store.save_epoch(&run.id, &run.epochs[0]).unwrap();
    // As SIGKILL leaves it: the files as they are now, without the closing that folds the log into the database.
    let after = tempfile::tempdir().unwrap();
    for name in ["store.sqlite", "store.sqlite-wal"] {
        std::fs::copy(dir.path().join(name), after.path().join(name)).unwrap();
    }
    let found = Store::open(after.path()).unwrap().run(&run.id).unwrap().unwrap();
    assert_eq!((found.state, found.epochs), (State::Running, run.epochs[..1].to_vec()));
}

#[test]
fn changes_that_are_saved_together_are_saved_all_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (store, run) = (Store::open(dir.path()).unwrap(), run(0, 7, 3));
    let [first, ..] = &run.epochs[..] else { unreachable!() };
    let broken = [Change::Begin(&run), Change::Epoch(&run.id, first), Change::Epoch("nobody", first)];
    assert!(matches!(store.save(&broken), Err(StoreError::UnknownRun { id }) if id == "nobody"));
    assert_eq!(store.run(&run.id).unwrap(), None);
    store.save(&broken[..2]).unwrap();
    let found = store.run(&run.id).unwrap().unwrap();
    assert_eq!((found.state, &found.epochs[..]), (State::Running, &run.epochs[..1]));
    store.save(&[Change::Finish(&run)]).unwrap();
    assert_eq!(store.run(&run.id).unwrap(), Some(run));
}

#[test]
fn beginning_again_forgets_the_unfinished_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let (store, run) = (Store::open(dir.path()).unwrap(), run(0, 7, 3));
    store.begin_run(&run).unwrap();
    store.save_epoch(&run.id, &run.epochs[0]).unwrap();
    store.suspend_run(&run.id).unwrap();
    assert_eq!(store.run_state(&run.id).unwrap(), Some(State::Waiting));
    store.begin_run(&run).unwrap();
    let found = store.run(&run.id).unwrap().unwrap();
    assert_eq!((found.state, found.epochs.len(), found.test), (State::Running, 0, None));
}

#[test]
fn a_run_goes_on_after_the_epochs_of_its_checkpoint_which_is_gone_when_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (store, run) = (Store::open(dir.path()).unwrap(), run(0, 7, 3));
    store.save_study(&study()).unwrap();
    store.save_plan(std::slice::from_ref(&run)).unwrap();
    store.begin_run(&run).unwrap();
    run.epochs.iter().for_each(|epoch| store.save_epoch(&run.id, epoch).unwrap());
    assert_eq!(store.checkpoint(&run.id).unwrap(), None);
    store.save_checkpoint(&run.id, b"after the first").unwrap();
    store.save_checkpoint(&run.id, b"after the second").unwrap();
    store.suspend_run(&run.id).unwrap();
    assert_eq!(store.checkpoint(&run.id).unwrap().as_deref(), Some(&b"after the second"[..]));
    store.continue_run(&RunRecord { epochs: run.epochs[..2].to_vec(), ..run.clone() }).unwrap();
    let found = store.run(&run.id).unwrap().unwrap();
    assert_eq!((found.state, &found.epochs[..], found.test), (State::Running, &run.epochs[..2], None));
    store.finish_run(&run).unwrap();
    assert_eq!(store.checkpoint(&run.id).unwrap(), None);
    assert_eq!(store.run(&run.id).unwrap(), Some(run));
}

#[test]
fn a_diverged_loss_is_kept_as_none() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut run) = (Store::open(dir.path()).unwrap(), run(0, 7, 1));
    run.epochs[0].loss = Some(f64::NAN);
    run.epochs[0].val_loss = Some(f64::INFINITY);
    run.test.as_mut().unwrap().loss = Some(f64::NAN);
    train(&store, &run);
    let found = store.run(&run.id).unwrap().unwrap();
    assert_eq!((found.epochs[0].loss, found.epochs[0].val_loss), (None, None));
    assert_eq!(found.test.unwrap().loss, None);
}

#[test]
fn a_new_plan_keeps_results_and_takes_the_new_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let (kept, dropped) = (run(0, 7, 2), run(1, 7, 2));
    store.save_plan(&[kept.clone(), dropped.clone()]).unwrap();
    train(&store, &kept);
    train(&store, &dropped);
    let renamed =
        RunRecord { name: "A better name".into(), position: 1, state: State::Waiting, ..kept.clone() };
    let new = RunRecord { epochs: vec![], end: None, test: None, ..run(0, 8, 0) };
    store.save_plan(&[new.clone(), renamed]).unwrap();
    let runs = store.records().unwrap().runs;
    assert_eq!(runs[0], RunRecord { state: State::Waiting, ..new });
    assert_eq!(runs[1], RunRecord { name: "A better name".into(), position: 1, ..kept });
    assert_eq!(runs.len(), 2);
    assert_eq!(store.run_state(&dropped.id).unwrap(), Some(State::Complete));
}

#[test]
fn a_folder_belongs_to_one_study_on_one_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    store.save_study(&StudyRecord { file: "# a comment more".into(), ..study() }).unwrap();
    let other_name = StudyRecord { name: "slow".into(), ..study() };
    let text = store.save_study(&other_name).unwrap_err().to_string();
    assert!(text.contains("holds the study `quick`, not `slow`"), "{text}");
    let mut other_data = study();
    other_data.data.fingerprint = "ab".repeat(32);
    let error = store.save_study(&other_data).unwrap_err();
    assert!(error.to_string().contains("recorded fingerprint 000000000000…, found abababababab…"), "{error}");
    assert!(error.help().unwrap().contains("--out"));
}

#[test]
fn a_second_store_on_a_folder_names_the_process_that_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    let text = message(Store::open(dir.path()));
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    Store::open_read_only(dir.path()).unwrap();
    drop(first);
    Store::open(dir.path()).unwrap();
}

#[test]
fn the_store_of_a_newer_toile_is_refused_with_both_versions() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let connection = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    connection.execute("INSERT INTO toile_schema VALUES (99)", []).unwrap();
    for result in [Store::open(dir.path()), Store::open_read_only(dir.path())] {
        let text = message(result);
        assert!(text.contains("schema version 99") && text.contains("up to 2"), "{text}");
    }
}

#[test]
fn other_tables_in_the_file_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    connection.execute_batch("CREATE TABLE notes (note INTEGER); INSERT INTO notes VALUES (5)").unwrap();
    drop(connection);
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    assert_eq!(connection.query_row("SELECT note FROM notes", [], |r| r.get::<_, i64>(0)), Ok(5));
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join(STORE_FILE),
        "not a database, but long enough to be read as one".repeat(100),
    )
    .unwrap();
    for result in [Store::open(dir.path()), Store::open_read_only(dir.path())] {
        let text = message(result);
        assert!(text.contains("store.sqlite") && text.contains("damaged or not a store"), "{text}");
    }
}

#[test]
fn a_damaged_store_is_an_error_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    (0..5).for_each(|position| train(&store, &run(position, 7, 50)));
    drop(store);
    let path = dir.path().join(STORE_FILE);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(message(Store::open_read_only(dir.path())).contains("damaged"));
    for place in (100..whole.len()).step_by(997) {
        let mut bytes = whole.clone();
        bytes[place..(place + 16).min(whole.len())].fill(0xA5);
        std::fs::write(&path, bytes).unwrap();
        let _ = Store::open_read_only(dir.path()).and_then(|store| store.records());
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for out in [dir.path().join("file"), dir.path().join("file/below")] {
        let error = Store::open(&out).err().unwrap();
        assert!(error.to_string().contains("create the folder"), "{error}");
        assert!(error.help().is_some());
    }
}

/// The kernel's own file system refuses folders even to root, whom permission bits do not stop.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let error = Store::open(Path::new("/proc/toile-study")).err().unwrap();
    assert!(error.to_string().contains("/proc/toile-study"), "{error}");
}

#[test]
fn a_folder_without_a_store_says_how_to_make_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::open_read_only(dir.path()).err().unwrap();
    assert!(error.to_string().contains("there is no `store.sqlite`"), "{error}");
    let store = Store::open(dir.path()).unwrap();
    assert!(store.records().unwrap_err().to_string().contains("no study was recorded"));
}

#[test]
fn an_epoch_of_an_unknown_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let error = store.save_epoch("nobody", &run(0, 7, 1).epochs[0]).unwrap_err();
    assert_eq!(error.to_string(), "the store knows no run `nobody`");
}

#[test]
fn threads_share_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    let runs: Vec<_> = (0..4).map(|position| run(position, 7, 20)).collect();
    std::thread::scope(|scope| {
        runs.iter().for_each(|run| drop(scope.spawn(|| train(&store, run))));
    });
    assert_eq!(store.records().unwrap().runs, runs);
}

#[test]
fn a_run_that_has_ended_keeps_its_folder_and_one_that_waits_takes_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (ended, waits) = (run(0, 7, 2), run(1, 7, 2));
    store.save_study(&study()).unwrap();
    store.save_plan(&[ended.clone(), waits.clone()]).unwrap();
    train(&store, &ended);
    let moved = |run: &RunRecord| RunRecord { folder: format!("{}-2", run.folder), ..run.clone() };
    store.save_plan(&[moved(&ended), moved(&waits)]).unwrap();
    let folder = |run: &RunRecord| store.run(&run.id).unwrap().unwrap().folder;
    assert_eq!((folder(&ended), folder(&waits)), (ended.folder.clone(), format!("{}-2", waits.folder)));
    assert_eq!(store.ended_runs().unwrap(), [(ended.id.clone(), ended.folder.clone())]);
    store.save_plan(&[waits]).unwrap();
    assert_eq!(store.ended_runs().unwrap().len(), 1, "also when the plan no longer holds it");
}

#[test]
fn a_run_that_a_killed_program_left_as_running_waits_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, run) = (Store::open(dir.path()).unwrap(), run(0, 7, 1));
    store.begin_run(&run).unwrap();
    store.save_epoch(&run.id, &run.epochs[0]).unwrap();
    store.save_plan(std::slice::from_ref(&run)).unwrap();
    let found = store.run(&run.id).unwrap().unwrap();
    assert_eq!((found.state, found.epochs.len()), (State::Waiting, 1));
}

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
    connection.execute_batch(include_str!("golden/version-1.sql")).unwrap();
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
        .execute_batch(include_str!("golden/optuna-5.0.0.sql"))
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
