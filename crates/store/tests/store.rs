//! The store as its users see it: what was saved is there, whatever happened in between.

use std::path::Path;

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
    let epoch = |epoch: usize| EpochRecord {
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
        state: RunState::Complete,
        failure: None,
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
    assert_eq!((found.state, found.epochs), (RunState::Running, run.epochs[..1].to_vec()));
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
    assert_eq!((found.state, &found.epochs[..]), (RunState::Running, &run.epochs[..1]));
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
    assert_eq!(store.run_state(&run.id).unwrap(), Some(RunState::Waiting));
    store.begin_run(&run).unwrap();
    let found = store.run(&run.id).unwrap().unwrap();
    assert_eq!((found.state, found.epochs.len(), found.test), (RunState::Running, 0, None));
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
        RunRecord { name: "A better name".into(), position: 1, state: RunState::Waiting, ..kept.clone() };
    let new = RunRecord { epochs: vec![], test: None, ..run(0, 8, 0) };
    store.save_plan(&[new.clone(), renamed]).unwrap();
    let runs = store.records().unwrap().runs;
    assert_eq!(runs[0], RunRecord { state: RunState::Waiting, ..new });
    assert_eq!(runs[1], RunRecord { name: "A better name".into(), position: 1, ..kept });
    assert_eq!(runs.len(), 2);
    assert_eq!(store.run_state(&dropped.id).unwrap(), Some(RunState::Complete));
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
    assert_eq!((found.state, found.epochs.len()), (RunState::Waiting, 1));
}
