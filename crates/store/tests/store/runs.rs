//! Runs: what was saved is there, whatever happened in between.

use super::*;

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
