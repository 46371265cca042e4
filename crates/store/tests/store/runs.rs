//! Runs: what was saved is there, whatever happened in between.

use super::*;

#[test]
fn thirteen_runs_of_fifty_epochs_come_back_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let runs: Vec<_> = (0..13).map(|position| run(position, u64::MAX - 7, 50)).collect();
    let images =
        vec![ImageRecord { index: 2, pixels: vec![7; 784] }, ImageRecord { index: 9, pixels: vec![8; 784] }];
    {
        let store = opened(dir.path());
        store.save_plan("quick", &runs).unwrap();
        runs.iter().for_each(|run| train(&store, run));
        store.save_images("quick", &images).unwrap();
    }
    let records = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    assert_eq!(
        records,
        Records {
            study: study(),
            runs,
            images,
            searches: vec![],
            test_openings: vec![],
            former_runs: vec![],
            pictures: vec![]
        }
    );
}

#[test]
fn an_epoch_outlives_the_program_that_saved_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(0, 7, 3);
    let store = planned(dir.path(), &run);
    let claim = begin(&store, &run);
    save(&store, Change::Epoch(&claim, &run.epochs[0]));
    // As SIGKILL leaves it: the files as they are now, without the closing that folds the log into the database.
    let after = tempfile::tempdir().unwrap();
    for name in ["store.sqlite", "store.sqlite-wal"] {
        std::fs::copy(dir.path().join(name), after.path().join(name)).unwrap();
    }
    let found = found(&Store::open(after.path()).unwrap(), &run);
    assert_eq!((found.state, found.epochs), (State::Running, run.epochs[..1].to_vec()));
}

#[test]
fn changes_that_are_saved_together_are_saved_all_or_not_at_all() {
    let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
    let store = planned(dir.path(), &run);
    let claim = store.claim_run("quick", &run.id, "worker", false).unwrap().unwrap();
    let fresh = RunRecord { epochs: vec![], ..run.clone() };
    let image = [ImageRecord { index: 2, pixels: vec![7; 784] }];
    let changes = [
        Change::Begin(&claim, &fresh),
        Change::Epoch(&claim, &run.epochs[0]),
        Change::Images("quick", &image),
    ];
    let other = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    other.execute_batch("ALTER TABLE toile_image RENAME TO away").unwrap();
    store.save(&changes).unwrap_err();
    assert_eq!(found(&store, &run).epochs, []);
    other.execute_batch("ALTER TABLE away RENAME TO toile_image").unwrap();
    assert_eq!(store.save(&changes).unwrap(), [true; 3]);
    let now = found(&store, &run);
    assert_eq!((now.state, &now.epochs[..]), (State::Running, &run.epochs[..1]));
    save(&store, Change::Finish(&claim, &run, None));
    assert_eq!(found(&store, &run), run);
}

#[test]
fn what_a_lost_claim_says_is_left_out_and_the_rest_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (store, runs) = (opened(dir.path()), [run(0, 7, 3), run(1, 7, 3)]);
    store.save_plan("quick", &runs).unwrap();
    let claims = runs.each_ref().map(|run| begin(&store, run));
    let lost = Claim { attempt: claims[0].attempt + 1, ..claims[0].clone() };
    let epochs = runs.each_ref().map(|run| run.epochs[0]);
    let said = [
        Change::Epoch(&lost, &epochs[0]),
        Change::Finish(&lost, &runs[0], None),
        Change::PutBack(&lost, None),
        Change::Epoch(&claims[1], &epochs[1]),
    ];
    assert_eq!(store.save(&said).unwrap(), [false, false, false, true]);
    let states = runs.each_ref().map(|run| (found(&store, run).state, found(&store, run).epochs.len()));
    assert_eq!(states, [(State::Running, 0), (State::Running, 1)]);
    save(&store, Change::Finish(&claims[1], &runs[1], None));
    save(&store, Change::Finish(&claims[1], &runs[1], None)); // The answer to the first was lost.
}

#[test]
fn a_run_has_one_worker_and_is_not_trained_again_unless_that_is_asked_for() {
    let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
    let store = planned(dir.path(), &run);
    let claim = begin(&store, &run);
    assert_eq!(store.claim_run("quick", &run.id, "another", true).unwrap(), None);
    save(&store, Change::Finish(&claim, &run, None));
    assert_eq!(store.claim_run("quick", &run.id, "another", false).unwrap(), None);
    let again = store.claim_run("quick", &run.id, "another", true).unwrap().unwrap();
    assert_ne!(again.trial_id, claim.trial_id, "a finished trial is never changed");
}

#[test]
fn beginning_again_forgets_the_unfinished_attempt() {
    let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
    let store = planned(dir.path(), &run);
    let claim = begin(&store, &run);
    save(&store, Change::Epoch(&claim, &run.epochs[0]));
    save(&store, Change::PutBack(&claim, None));
    assert_eq!(store.run_state("quick", &run.id).unwrap(), Some(State::Waiting));
    assert_eq!(found(&store, &run).epochs.len(), 1, "they stay readable until it begins again");
    begin(&store, &run);
    let found = found(&store, &run);
    assert_eq!((found.state, found.epochs.len(), found.test), (State::Running, 0, None));
}

#[test]
fn a_run_goes_on_after_the_epochs_of_its_checkpoint_which_is_gone_when_it_ends() {
    let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
    let store = planned(dir.path(), &run);
    let claim = begin(&store, &run);
    run.epochs.iter().for_each(|epoch| save(&store, Change::Epoch(&claim, epoch)));
    assert_eq!(store.checkpoint("quick", &run.id).unwrap(), None);
    save(&store, Change::Checkpoint(&claim, b"after the first"));
    save(&store, Change::Checkpoint(&claim, b"after the second"));
    save(&store, Change::PutBack(&claim, None));
    assert_eq!(store.checkpoint("quick", &run.id).unwrap().as_deref(), Some(&b"after the second"[..]));
    let claim = store.claim_run("quick", &run.id, "worker", false).unwrap().unwrap();
    assert_eq!((claim.attempt, claim.checkpoint.as_deref()), (2, Some(&b"after the second"[..])));
    save(&store, Change::Begin(&claim, &RunRecord { epochs: run.epochs[..2].to_vec(), ..run.clone() }));
    let now = found(&store, &run);
    assert_eq!((now.state, &now.epochs[..], now.test), (State::Running, &run.epochs[..2], None));
    save(&store, Change::Finish(&claim, &run, None));
    assert_eq!(store.checkpoint("quick", &run.id).unwrap(), None);
    assert_eq!(found(&store, &run), run);
}

#[test]
fn weights_lie_in_the_database_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (store, runs) = (opened(dir.path()), [run(0, 7, 1), run(1, 7, 1)]);
    store.save_plan("quick", &runs).unwrap();
    save(&store, Change::Finish(&begin(&store, &runs[0]), &runs[0], Some(b"its weights")));
    save(&store, Change::Finish(&begin(&store, &runs[1]), &runs[1], None));
    assert_eq!(store.weights("quick", &runs[0].id).unwrap().as_deref(), Some(&b"its weights"[..]));
    assert_eq!(store.weights("quick", &runs[1].id).unwrap(), None);
}

#[test]
fn a_diverged_loss_is_kept_as_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = run(0, 7, 1);
    let store = planned(dir.path(), &run);
    run.epochs[0].loss = Some(f64::NAN);
    run.epochs[0].val_loss = Some(f64::INFINITY);
    run.test.as_mut().unwrap().loss = Some(f64::NAN);
    train(&store, &run);
    let found = found(&store, &run);
    assert_eq!((found.epochs[0].loss, found.epochs[0].val_loss), (None, None));
    assert_eq!(found.test.unwrap().loss, None);
}

#[test]
fn a_new_plan_keeps_results_and_takes_the_new_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let (kept, dropped) = (run(0, 7, 2), run(1, 7, 2));
    store.save_plan("quick", &[kept.clone(), dropped.clone()]).unwrap();
    train(&store, &kept);
    train(&store, &dropped);
    let renamed =
        RunRecord { name: "A better name".into(), position: 1, state: State::Waiting, ..kept.clone() };
    let model = run(0, 8, 0);
    let provenance = Provenance { wall_seconds: 0.0, cpu_seconds: None, ..model.provenance.clone() };
    let new = RunRecord {
        end: None,
        layers: Vec::new(),
        validation: None,
        test: None,
        weights_sha256: None,
        provenance,
        ..model
    };
    store.save_plan("quick", &[new.clone(), renamed]).unwrap();
    let runs = store.records(None).unwrap().runs;
    assert_eq!(runs[0], RunRecord { state: State::Waiting, ..new });
    assert_eq!(runs[1], RunRecord { name: "A better name".into(), position: 1, ..kept });
    assert_eq!(runs.len(), 2);
    assert_eq!(store.run_state("quick", &dropped.id).unwrap(), Some(State::Complete));
}

#[test]
fn an_epoch_of_an_unknown_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, run) = (opened(dir.path()), run(0, 7, 1));
    let error = store.claim_run("quick", "nobody", "worker", false).unwrap_err();
    assert_eq!(error.to_string(), "the store knows no run `nobody`");
    assert_eq!(store.save(&[Change::Epoch(&Claim::default(), &run.epochs[0])]).unwrap(), [false]);
}

#[test]
fn threads_share_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let runs: Vec<_> = (0..4).map(|position| run(position, 7, 20)).collect();
    store.save_plan("quick", &runs).unwrap();
    std::thread::scope(|scope| {
        runs.iter().for_each(|run| drop(scope.spawn(|| train(&store, run))));
    });
    assert_eq!(store.records(None).unwrap().runs, runs);
}

#[test]
fn a_run_that_has_ended_keeps_its_folder_and_one_that_waits_takes_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (ended, waits) = (run(0, 7, 2), run(1, 7, 2));
    store.save_study(&study()).unwrap();
    store.save_plan("quick", &[ended.clone(), waits.clone()]).unwrap();
    train(&store, &ended);
    let moved = |run: &RunRecord| RunRecord { folder: format!("{}-2", run.folder), ..run.clone() };
    store.save_plan("quick", &[moved(&ended), moved(&waits)]).unwrap();
    let folder = |run: &RunRecord| found(&store, run).folder;
    assert_eq!((folder(&ended), folder(&waits)), (ended.folder.clone(), format!("{}-2", waits.folder)));
    assert_eq!(store.ended_runs("quick").unwrap(), [(ended.id.clone(), ended.folder.clone())]);
    store.save_plan("quick", &[waits]).unwrap();
    assert_eq!(store.ended_runs("quick").unwrap().len(), 1, "also when the plan no longer holds it");
}

#[test]
fn a_run_that_a_killed_program_left_as_running_waits_again() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(0, 7, 1);
    let store = planned(dir.path(), &run);
    let claim = begin(&store, &run);
    save(&store, Change::Epoch(&claim, &run.epochs[0]));
    // Not while it is at work: a second program on the folder must not take what the first one trains.
    store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
    assert_eq!(found(&store, &run).state, State::Running);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
    let found = found(&store, &run);
    assert_eq!((found.state, found.epochs.len()), (State::Waiting, 1));
}

#[test]
fn a_number_of_a_run_that_was_changed_is_noticed_and_never_reported() {
    for change in [
        "UPDATE toile_epoch SET val_accuracy = 0.9 WHERE epoch = 2",
        "UPDATE toile_epoch SET epoch = 9223372036854775807 WHERE epoch = 3",
        "UPDATE toile_evidence SET predictions = x'00' WHERE part = 'test'",
        "UPDATE toile_evidence SET confidences = x'0000' WHERE part = 'validation'",
        "UPDATE toile_evidence SET losses = x'00000000' WHERE part = 'test'",
        "UPDATE toile_evidence SET losses = x''",
        "UPDATE toile_evidence SET accuracy = 0.99",
        "UPDATE toile_evidence SET part = 'other' WHERE part = 'validation'",
        "DELETE FROM toile_evidence WHERE part = 'validation'",
        "UPDATE toile_run SET model = 'densf'",
        "UPDATE toile_run SET seed = -5",
        "UPDATE toile_run SET name = 'Another'",
        "UPDATE toile_run SET note = 'Better than all others'",
        "UPDATE toile_run SET published = '{\"test_accuracy\": 0.5}'",
        "UPDATE toile_evidence SET accuracy = 0.99; UPDATE toile_run SET checksum = NULL",
        "UPDATE toile_training SET wall_seconds = 1.0",
        "UPDATE toile_training SET ended = replace(ended, '\"dead\":3', '\"dead\":0')",
        "UPDATE toile_study SET test_labels = x'ff010100'",
        "UPDATE toile_study SET validation_labels = x'ff010100ffff'",
        "UPDATE toile_study SET validation_images = x''",
    ] {
        let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
        let store = planned(dir.path(), &run);
        train(&store, &run);
        assert_eq!(store.check("quick").unwrap().altered, []);
        rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap().execute_batch(change).unwrap();
        let error = store.records(None).unwrap_err();
        assert!(matches!(error, StoreError::Altered { .. }), "{change}: {error}");
        assert_eq!(store.check("quick").unwrap().altered.len(), 1, "{change}");
    }
}

#[test]
fn what_a_new_plan_may_change_of_a_run_is_no_alteration() {
    let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
    let store = planned(dir.path(), &run);
    train(&store, &run);
    let renamed = RunRecord { name: "A better name".into(), position: 3, note: None, published: None, ..run };
    store.save_plan("quick", std::slice::from_ref(&renamed)).unwrap();
    assert_eq!(store.check("quick").unwrap().altered, []);
    // What the file says is put right, but never makes an altered run an intact one.
    let file = dir.path().join(STORE_FILE);
    let sql = |sql: &str| rusqlite::Connection::open(&file).unwrap().execute(sql, []).unwrap();
    sql("UPDATE toile_run SET note = 'Better than all others'");
    store.save_plan("quick", std::slice::from_ref(&renamed)).unwrap();
    assert_eq!(store.check("quick").unwrap().altered, []);
    sql("UPDATE toile_evidence SET accuracy = 0.99");
    store.save_plan("quick", &[RunRecord { name: "Once more".into(), ..renamed }]).unwrap();
    assert_eq!(store.check("quick").unwrap().altered.len(), 1);
}

#[test]
fn a_run_that_is_trained_again_is_described_by_the_plan() {
    let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
    let store = planned(dir.path(), &run);
    train(&store, &run);
    let file = dir.path().join(STORE_FILE);
    let falsified = "UPDATE toile_run SET seed = -5, model = 'densf', plan = '{}'";
    rusqlite::Connection::open(file).unwrap().execute(falsified, []).unwrap();
    let claim = store.claim_run("quick", &run.id, "w", true).unwrap().unwrap();
    save(&store, Change::Begin(&claim, &run));
    save(&store, Change::Finish(&claim, &run, None));
    let found = found(&store, &run);
    assert_eq!((found.seed, &found.model, &found.plan), (run.seed, &run.model, &run.plan));
    assert_eq!(store.check("quick").unwrap().altered, []);
}

/// Whoever deletes or moves the folder of a running study loses what is recorded afterwards: that must not look well.
#[cfg(unix)]
#[test]
fn a_store_that_was_deleted_moved_or_replaced_takes_nothing_more() {
    type Fate = fn(&Path);
    let fates: [Fate; 3] = [
        |file| std::fs::remove_file(file).unwrap(),
        |file| std::fs::rename(file, file.with_extension("moved")).unwrap(),
        |file| {
            std::fs::copy(file, file.with_extension("copy")).unwrap();
            std::fs::rename(file.with_extension("copy"), file).unwrap();
        },
    ];
    for fate in fates {
        let (dir, run) = (tempfile::tempdir().unwrap(), run(0, 7, 3));
        let store = planned(dir.path(), &run);
        let claim = begin(&store, &run);
        fate(&dir.path().join(STORE_FILE));
        let error = store.save(&[Change::Finish(&claim, &run, None)]).unwrap_err();
        assert!(matches!(error, StoreError::Gone { .. }), "{error}");
        assert!(matches!(store.records(None).unwrap_err(), StoreError::Gone { .. }));
        assert!(matches!(store.ensure_in_place().unwrap_err(), StoreError::Gone { .. }));
    }
}
