//! Searches that are stopped, taken over, cut off, and go on.

use std::sync::mpsc;

use super::*;

const LINES: &str = "sampler = { tpe = { n_startup_trials = 3 } }\npruner = { median = { n_startup_trials = 2 } }\nepochs = 4\nlag = 1\nn_trials = 8";

fn lines() -> String {
    format!("{SPACE}{LINES}")
}

fn undisturbed() -> (Vec<Facts>, usize) {
    let bench = Bench::new(&lines());
    let counted = Counted::default();
    bench.work(&How { events: &|event| counted.note(&event), ..How::default() });
    (bench.facts(), counted.epochs.into_inner())
}

/// Stops the search after every so many events until it is over; how many epochs were trained.
fn interrupted(bench: &Bench, every: usize, threads: usize, checkpoints: Option<&Path>) -> usize {
    let counted = Counted::default();
    loop {
        let (stop, events) = (AtomicBool::new(false), AtomicUsize::new(0));
        let note = |event: Event| {
            counted.note(&event);
            if events.fetch_add(1, Ordering::Relaxed) + 1 >= every {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let checkpoint_every = Duration::MAX;
        let how =
            How { threads, stop: &stop, events: &note, checkpoint_every, checkpoints, ..How::default() };
        let outcome = bench.work(&how);
        assert!(bench.trials().iter().all(|trial| trial.state != State::Running));
        if outcome.waiting == 0 {
            assert!(!outcome.interrupted);
            return counted.epochs.into_inner();
        }
        assert!(outcome.interrupted);
    }
}

#[test]
fn a_search_that_is_interrupted_anywhere_goes_on_to_the_same_study() {
    let (whole, epochs) = undisturbed();
    for every in [3, 4, 5, 6, 7, 11, 17, 29] {
        let bench = Bench::new(&lines());
        let trained = interrupted(&bench, every, 1, None);
        assert_eq!(bench.facts(), whole, "every {every} events");
        assert_eq!(trained, epochs, "no epoch is trained twice");
        let attempts = bench.trials().into_iter().map(|trial| trial.side.unwrap().attempt).max();
        assert!(attempts > Some(1), "{attempts:?}");
    }
}

#[test]
fn so_does_one_with_several_threads_and_checkpoints_in_a_folder() {
    let (whole, epochs) = undisturbed();
    let folder = tempfile::tempdir().unwrap();
    for every in [5, 8, 12] {
        let bench = Bench::new(&lines());
        assert_eq!(interrupted(&bench, every, 2, Some(folder.path())), epochs);
        assert_eq!(bench.facts(), whole, "every {every} events");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "the checkpoints of trials that have ended are gone");
    }
}

/// A worker that is stopped in the middle of a trial while another one finishes the search.
fn overtaken(checkpoint_every: Duration, checkpoints: Option<&Path>) -> (Bench, Counted, Counted) {
    let bench = Bench::new(&lines());
    let (first, second) = (Counted::default(), Counted::default());
    let (frozen, is_frozen) = mpsc::channel();
    let (thaw, may_thaw) = mpsc::channel::<()>();
    let (frozen, may_thaw) = (Mutex::new(frozen), Mutex::new(may_thaw));
    let freeze = |event: Event| {
        first.note(&event);
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 1, .. }, step: 3, .. })
        {
            frozen.lock().unwrap().send(()).unwrap();
            may_thaw.lock().unwrap().recv().unwrap();
        }
    };
    std::thread::scope(|scope| {
        let how = How { alone: false, checkpoint_every, checkpoints, events: &freeze, ..How::default() };
        let slow = scope.spawn(|| bench.work(&{ how }));
        is_frozen.recv().unwrap();
        // The writer comes by every quarter of a second.
        std::thread::sleep(Duration::from_millis(400));
        let events = |event: Event| second.note(&event);
        let outcome = bench.work(&How { worker: "v", checkpoints, events: &events, ..How::default() });
        assert_eq!(outcome.waiting, 0);
        thaw.send(()).unwrap();
        let outcome = slow.join().unwrap();
        assert_eq!((outcome.trained, outcome.waiting), (1, 0));
    });
    (bench, first, second)
}

#[test]
fn a_worker_that_was_declared_dead_is_refused() {
    let (whole, epochs) = undisturbed();
    let (bench, first, second) = overtaken(Duration::MAX, None);
    assert_eq!(bench.facts(), whole);
    assert_eq!(first.lost.into_inner().unwrap(), [1]);
    assert_eq!(second.started.into_inner().unwrap()[0], (1, 2));
    assert!(first.epochs.into_inner() + second.epochs.into_inner() > epochs);
    let trials = bench.trials();
    let sides: Vec<_> = trials.iter().map(|trial| trial.side.as_ref().unwrap()).collect();
    assert_eq!((sides[1].attempt, sides[1].worker.as_deref()), (2, Some("v")));
    assert_eq!((sides[0].attempt, sides[0].worker.as_deref()), (1, Some("w")));
}

#[test]
fn whoever_takes_over_goes_on_from_the_last_checkpoint() {
    let (whole, epochs) = undisturbed();
    let folder = tempfile::tempdir().unwrap();
    for checkpoints in [None, Some(folder.path())] {
        let (bench, first, second) = overtaken(Duration::ZERO, checkpoints);
        assert_eq!(bench.facts(), whole);
        // The checkpoint has two of four epochs; the others are trained by both.
        let both = first.epochs.into_inner() + second.epochs.into_inner();
        assert!(both <= epochs + 2, "{both} epochs in place of {epochs}");
    }
}

/// What dead processes left behind is taken up once each, whatever their clocks said.
#[test]
fn an_only_worker_inherits_each_trial_once() {
    let bench = Bench::new(&lines());
    let (whole, _) = undisturbed();
    let stop = AtomicBool::new(false);
    let after_one = |event: Event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 2, .. }, step: 2, .. })
        {
            stop.store(true, Ordering::Relaxed);
        }
    };
    bench.work(&How { threads: 2, stop: &stop, events: &after_one, ..How::default() });
    let (storage, id) = (bench.storage(), bench.id());
    let ended = bench.trials().iter().filter(|trial| trial.state != State::Waiting).count();
    let mut died = Vec::new();
    while let Some(claim) = storage.claim_waiting(id, "dead").unwrap() {
        died.push((claim.number, claim.attempt + 1));
    }
    assert!(!died.is_empty());
    bench.sql("UPDATE toile_trial SET heartbeat = heartbeat + 1e6");
    let counted = Counted::default();
    let outcome = bench.work(&How { events: &|event| counted.note(&event), ..How::default() });
    assert_eq!(outcome.waiting, 0);
    assert_eq!(bench.facts(), whole);
    let started = counted.started.into_inner().unwrap();
    assert_eq!(started[..died.len()], died);
    assert_eq!(started.len(), 8 - ended, "each trial that had not ended, once");
}

/// Two queued trials of which the second must wait for the first, whose worker dies: the one that waits must help.
#[test]
fn a_worker_with_a_trial_that_must_wait_is_free_for_the_trial_that_it_waits_for() {
    let lines = format!("{SPACE}lag = 0\nn_trials = 3");
    let queue = || (0..3).map(|number| enqueued(number, serde_json::json!({}))).collect::<Vec<_>>();
    let calm = Bench::new(&lines);
    calm.add(queue());
    calm.work(&How::default());
    let bench = Bench::new(&lines);
    bench.add(queue());
    let (storage, id) = (bench.storage(), bench.id());
    let [mut dead, mut held] = [0, 1].map(|_| storage.claim_waiting(id, "dead").unwrap().unwrap());
    // The later one is found first: its worker is known to be dead sooner.
    std::mem::swap(&mut dead, &mut held);
    assert_eq!((dead.number, held.number), (1, 0));
    bench.sql("UPDATE toile_trial SET heartbeat = heartbeat - 1000 WHERE attempt = 1");
    storage.heartbeat(&held).unwrap();
    std::thread::scope(|scope| {
        let work = || bench.work(&How { alone: false, lease: Duration::from_millis(700), ..How::default() });
        let workers = [0, 1].map(|_| scope.spawn(work));
        workers.into_iter().for_each(|worker| assert_eq!(worker.join().unwrap().waiting, 0));
    });
    assert_eq!(bench.facts(), calm.facts());
}

#[test]
fn a_store_that_refuses_ends_the_search_with_an_error_and_loses_nothing() {
    let (whole, _) = undisturbed();
    let refuse = |what: &str| {
        format!("CREATE TRIGGER refuse BEFORE {what} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    };
    for (threads, what) in [
        (1, "UPDATE OF state ON trials WHEN new.state = 'COMPLETE' AND new.number = 3"),
        (2, "UPDATE OF state ON trials WHEN new.state = 'COMPLETE' AND new.number = 3"),
        (2, "INSERT ON trials WHEN new.number = 5"),
        (1, "INSERT ON trial_intermediate_values WHEN new.trial_id > 3"),
    ] {
        let bench = Bench::new(&lines());
        bench.id();
        bench.sql(&refuse(what));
        let error = bench.try_work(&How { threads, ..How::default() }).unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
        let before = bench.facts();
        let ended = |facts: &&Facts| !matches!(facts.state, State::Running | State::Waiting);
        assert!(before.iter().filter(ended).count() >= 2);
        before.iter().filter(ended).for_each(|facts| assert_eq!(facts, &whole[facts.number]));
        bench.sql("DROP TRIGGER refuse");
        assert_eq!(bench.work(&How { threads, ..How::default() }).waiting, 0);
        assert_eq!(bench.facts(), whole, "{what}");
    }
}

/// The writer meets an error that is gone when the trial ends: its steps are all there.
#[test]
fn steps_that_could_not_be_written_are_written_later() {
    let (whole, _) = undisturbed();
    let bench = Bench::new(&lines());
    bench.id();
    bench.sql("CREATE TRIGGER refuse BEFORE INSERT ON trial_intermediate_values BEGIN SELECT RAISE(ABORT, 'no'); END");
    let mend = |event: Event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 0, .. }, step: 2, .. })
        {
            std::thread::sleep(Duration::from_millis(600));
            bench.sql("DROP TRIGGER refuse");
        }
    };
    bench.work(&How { events: &mend, ..How::default() });
    assert_eq!(bench.facts(), whole);
}

/// Python's Optuna may claim what was put back, and toile must then wait for it and say so.
#[test]
fn a_trial_that_another_program_took_from_the_queue_is_waited_for() {
    let bench = Bench::new(&lines());
    let stop = AtomicBool::new(false);
    let in_trial_2 = |event: Event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 2, .. }, step: 2, .. })
        {
            stop.store(true, Ordering::Relaxed);
        }
    };
    bench.work(&How { stop: &stop, events: &in_trial_2, ..How::default() });
    bench.sql("UPDATE trials SET state = 'RUNNING' WHERE state = 'WAITING'");
    let awaited = Mutex::new(Vec::new());
    let note = |event: Event| {
        if let Event::ForeignAwaited { number, .. } = event {
            awaited.lock().unwrap().push(number);
            bench.sql("UPDATE trials SET state = 'FAIL' WHERE state = 'RUNNING' AND number = 2");
        }
    };
    let outcome = bench.work(&How { events: &note, ..How::default() });
    assert_eq!((outcome.failed, outcome.waiting, awaited.into_inner().unwrap()), (1, 0, vec![2]));
}

/// Stops a search of two threads as soon as so many epochs have ended.
fn stopped_after(bench: &Bench, epochs: usize, checkpoints: Option<&Path>) {
    let (stop, ended) = (AtomicBool::new(false), AtomicUsize::new(0));
    let note = |event: Event| {
        if matches!(event, Event::EpochEnded { .. }) && ended.fetch_add(1, Ordering::Relaxed) + 1 == epochs {
            stop.store(true, Ordering::Relaxed);
        }
    };
    bench.work(&How { threads: 2, stop: &stop, events: &note, checkpoints, ..How::default() });
}

#[test]
fn two_databases_with_a_search_of_one_name_do_not_touch_each_others_checkpoints() {
    let (whole, epochs) = undisturbed();
    let folder = tempfile::tempdir().unwrap();
    let benches = [Bench::new(&lines()), Bench::new(&lines())];
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    stopped_after(&benches[0], 3, Some(folder.path()));
    let first = files();
    stopped_after(&benches[1], 3, Some(folder.path()));
    assert!(first > 0 && files() > first, "{first} files, then {}", files());
    for bench in &benches {
        let counted = Counted::default();
        let note = |event: Event| {
            assert!(!matches!(event, Event::CheckpointRefused { .. }), "{event:?}");
            counted.note(&event);
        };
        bench.work(&How { checkpoints: Some(folder.path()), events: &note, ..How::default() });
        assert_eq!(bench.facts(), whole);
        assert!(counted.epochs.into_inner() < epochs);
    }
    assert_eq!(files(), 0);
}

/// Stops a search of one thread in the middle of this trial; the trial's checkpoint.
fn checkpoint_of(bench: &Bench, trial: usize) -> Vec<u8> {
    let stop = AtomicBool::new(false);
    let note = |event: Event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number, .. }, step: 2, .. } if number == trial)
        {
            stop.store(true, Ordering::Relaxed);
        }
    };
    bench.work(&How { stop: &stop, events: &note, ..How::default() });
    let database = rusqlite::Connection::open(&bench.path).unwrap();
    database.query_row("SELECT data FROM toile_checkpoint", [], |row| row.get(0)).unwrap()
}

/// Whose a checkpoint is, is in it: its trial, parameters and seed.
#[test]
fn a_checkpoint_of_another_trial_is_refused_and_this_is_told() {
    let (whole, _) = undisturbed();
    let [bench, other] = [Bench::new(&lines()), Bench::new(&lines())];
    let (own, foreign) = (checkpoint_of(&bench, 0), checkpoint_of(&other, 1));
    assert_ne!(own, foreign);
    let database = rusqlite::Connection::open(&bench.path).unwrap();
    database.execute("UPDATE toile_checkpoint SET data = ?1", [foreign]).unwrap();
    let refused = AtomicUsize::new(0);
    let note = |event: Event| {
        if matches!(event, Event::CheckpointRefused { training: TrainingKey::Trial { number: 0, .. } }) {
            refused.fetch_add(1, Ordering::Relaxed);
        }
    };
    bench.work(&How { events: &note, ..How::default() });
    assert_eq!(refused.into_inner(), 1);
    assert_eq!(bench.facts(), whole);
}
