//! Several workers on one server, where `TOILE_TEST_POSTGRES` names one: together they make the study that one makes.

use std::sync::atomic::AtomicUsize;

use toile_record::RunRecord;
use toile_store::Change;

use super::*;

/// A study of its own on the server; nothing, and a word on it, where there is none.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn on_server(runs: usize) -> Option<(String, String, String)> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Ok(server) = std::env::var("TOILE_TEST_POSTGRES") else {
        eprintln!("skipped: TOILE_TEST_POSTGRES is not set");
        return None;
    };
    let name = format!("small-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut text = STUDY.replace("name = \"small\"", &format!("name = \"{name}\""));
    (0..runs).for_each(|i| {
        text += &format!("[[runs]]\nname = \"R{i}\"\noptimizer = \"sgd\"\nseed = {i}\nepochs = 3\n")
    });
    Some((server, name, text))
}

/// Works on the study as the worker of this name, without a folder.
fn work(
    server: &str,
    text: &str,
    worker: &str,
    stop: &AtomicBool,
    events: &(dyn Fn(Event) + Sync),
) -> Outcome {
    let read = |file: &str| std::fs::read(file);
    let options = RunOptions {
        dir: None,
        threads: 1,
        only: vec![],
        open_test: false,
        stop,
        checkpoint_every: Duration::ZERO,
        checkpoints: None,
        memory: None,
        worker: worker.into(),
        lease: Duration::from_secs(1),
        clock: &NoClock,
        read: &read,
        history: &|_, _| String::new(),
        toile_version: "0".into(),
        instruction_set: "any".into(),
        machine: "any".into(),
    };
    run(&planned(text, &read), &data(), &Store::postgres(server).unwrap(), &options, events).unwrap()
}

/// What must be the same whoever trained it.
fn bits(runs: &[RunRecord]) -> Vec<RunRecord> {
    let provenance = toile_record::Provenance::default;
    let bits = |run: &RunRecord| RunRecord { provenance: provenance(), ..run.clone() };
    runs.iter().map(bits).collect()
}

/// The runs as one worker makes them in a folder.
fn alone(text: &str) -> Vec<RunRecord> {
    let dir = tempfile::tempdir().unwrap();
    go(dir.path(), text, &AtomicBool::new(false), &|_| {}).unwrap();
    Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs
}

#[test]
fn three_workers_train_each_run_once_and_make_the_study_of_one() {
    let Some((server, name, text)) = on_server(10) else { return };
    let (ended, started) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let opened = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in ["one", "two", "three"] {
            let (server, text, ended, started, opened) = (&server, &text, &ended, &started, &opened);
            scope.spawn(move || {
                let noting = |event: Event| match event {
                    Event::TrainingStarted { training: TrainingKey::Run(run), .. } => {
                        started.lock().unwrap().push(run)
                    }
                    Event::TrainingEnded(_) => ended.lock().unwrap().push(worker),
                    Event::TestOpened { .. } => drop(opened.fetch_add(1, Ordering::Relaxed)),
                    _ => {}
                };
                let outcome = work(server, text, worker, &AtomicBool::new(false), &noting);
                // One that came late has found runs that were done.
                let Outcome { completed, already_done, .. } = outcome;
                assert_eq!(outcome, Outcome { completed, already_done, ..Outcome::default() }, "{worker}");
                assert_eq!(completed + already_done, 12, "{worker}");
                let heard = ended.lock().unwrap().iter().filter(|who| **who == worker).count();
                assert_eq!(heard, completed, "{worker} hears of each end");
            });
        }
    });
    let mut started = started.into_inner().unwrap();
    started.sort_unstable();
    assert_eq!(started, (0..12).collect::<Vec<_>>(), "each run begins once");
    let store = Store::postgres(&server).unwrap();
    let runs = store.runs(&name).unwrap();
    assert_eq!(bits(&runs), bits(&alone(&text)));
    let openings = store.test_openings(&name).unwrap();
    assert_eq!((opened.into_inner(), openings.len()), (12, 12), "each run is tested once");
    for run in &runs {
        let weights = store.weights(&name, &run.id).unwrap().expect("they lie in the database");
        assert_eq!(Some(toile_store::sha256_hex(&weights)), run.weights_sha256);
    }
}

#[test]
fn a_run_whose_worker_died_goes_on_at_its_last_checkpoint_with_the_same_bits() {
    let Some((server, name, text)) = on_server(0) else { return };
    // The first worker is stopped after epoch 3 of `B`; then a second one takes the run, and dies before it does
    // anything.
    let stop = AtomicBool::new(false);
    let stopping = |event: Event| match event {
        Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } if epoch.epoch == 3 => {
            stop.store(true, Ordering::Relaxed)
        }
        _ => {}
    };
    assert!(work(&server, &text, "stopped", &stop, &stopping).interrupted);
    let store = Store::postgres(&server).unwrap();
    let run = store.runs(&name).unwrap().into_iter().find(|run| run.name == "B").unwrap();
    let dead = store.claim_run(&name, &run.id, "dead", false).unwrap().expect("it waits");
    let epochs = Mutex::new(Vec::new());
    let noting = |event: Event| {
        if let Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } = event {
            epochs.lock().unwrap().push(epoch.epoch);
        }
    };
    let outcome = work(&server, &text, "heir", &AtomicBool::new(false), &noting);
    assert_eq!((outcome.completed + outcome.already_done, outcome.waiting), (2, 0));
    assert_eq!(epochs.into_inner().unwrap(), [4, 5]);
    assert_eq!(bits(&store.runs(&name).unwrap()), bits(&alone(&text)));
    assert_eq!(
        store.save(&[Change::Epoch(&dead, &run.epochs[0])]).unwrap(),
        [false],
        "the dead says nothing"
    );
}
