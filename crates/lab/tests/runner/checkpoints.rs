//! Runs that were stopped or killed: where they go on, and that no bit changes.

use super::*;

/// Everything of the runs that does not depend on time.
fn results(dir: &Path) -> Vec<(State, Option<String>, Vec<toile_record::Epoch>, usize)> {
    let runs = Store::open_read_only(dir).unwrap().records(None).unwrap().runs;
    let parameters = |run: &toile_record::RunRecord| run.summary.trainable;
    runs.into_iter()
        .map(|run| (run.state, run.weights_sha256.clone(), run.epochs.clone(), parameters(&run)))
        .collect()
}

/// Copies the store as a killed program would leave it: the file and its log, whatever they hold at this moment.
fn copy_store(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("store.sqlite") && !name.ends_with("-shm") {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_after_its_last_epoch_with_the_same_bits() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    go(whole.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap();
    let stop = AtomicBool::new(false);
    let stopping = |event: Event| match event {
        Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } if epoch.epoch == 3 => {
            stop.store(true, Ordering::Relaxed)
        }
        _ => {}
    };
    let outcome = go(parts.path(), STUDY, &stop, &stopping).unwrap();
    assert!(outcome.interrupted);
    let epochs = Mutex::new(Vec::new());
    let noting = |event: Event| {
        if let Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } = event {
            epochs.lock().unwrap().push(epoch.epoch);
        }
    };
    go(parts.path(), STUDY, &AtomicBool::new(false), &noting).unwrap();
    assert_eq!(epochs.into_inner().unwrap(), [4, 5]);
    assert_eq!(results(parts.path()), results(whole.path()));
}

/// 500 epochs on few images are measured four times, and one more attempt measures what is left.
#[test]
fn a_run_that_was_stopped_has_the_layers_that_were_measured_before_and_after() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let long = STUDY.replace("epochs = 5", "epochs = 500");
    go(whole.path(), &long, &AtomicBool::new(false), &|_| {}).unwrap();
    let stop = AtomicBool::new(false);
    let stopping = |event: Event| match event {
        Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } if epoch.epoch == 200 => {
            stop.store(true, Ordering::Relaxed)
        }
        _ => {}
    };
    go(parts.path(), &long, &stop, &stopping).unwrap();
    go(parts.path(), &long, &AtomicBool::new(false), &|_| {}).unwrap();
    let layers = |dir: &Path| {
        let runs = Store::open_read_only(dir).unwrap().records(None).unwrap().runs;
        runs.into_iter().map(|run| run.layers).collect::<Vec<_>>()
    };
    let measured = layers(whole.path());
    let epochs = |i: usize| measured[i].iter().map(|record| record.epoch).collect::<Vec<_>>();
    assert_eq!((epochs(0), epochs(1)), (vec![2], vec![1, 167, 333, 500]));
    assert_eq!(measured[1][0].layers[0].layer, "dense");
    assert_eq!(layers(parts.path()), measured);
}

/// `kill -9` at any moment costs the epoch under way and what came after the last checkpoint, and no bit.
#[test]
fn a_run_that_was_killed_goes_on_from_its_last_checkpoint_with_the_same_bits() {
    let read = |file: &str| std::fs::read(file);
    let whole = tempfile::tempdir().unwrap();
    let killed = [2, 4].map(|epoch| (epoch, tempfile::tempdir().unwrap()));
    let copying = |event: Event| {
        let Event::Step { training: TrainingKey::Run(1), epoch, batch: 5, .. } = event else { return };
        if let Some((_, to)) = killed.iter().find(|(at, _)| *at == epoch) {
            copy_store(whole.path(), to.path());
        }
    };
    let never = AtomicBool::new(false);
    go_saving(whole.path(), STUDY, &never, Duration::ZERO, &read, &copying).unwrap();
    for (epoch, dir) in &killed {
        let epochs = Mutex::new(Vec::new());
        let noting = |event: Event| {
            if let Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } = event {
                epochs.lock().unwrap().push(epoch.epoch);
            }
        };
        go(dir.path(), STUDY, &never, &noting).unwrap();
        let epochs = epochs.into_inner().unwrap();
        assert_eq!(epochs.last(), Some(&5), "killed in epoch {epoch}");
        assert_eq!(results(dir.path()), results(whole.path()), "killed in epoch {epoch}");
    }
}

#[test]
fn a_checkpoint_of_another_training_is_put_aside_and_the_run_begins_at_its_start() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    go(whole.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap();
    let stop = AtomicBool::new(false);
    let stopping = |event: Event| match event {
        Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } if epoch.epoch == 2 => {
            stop.store(true, Ordering::Relaxed)
        }
        _ => {}
    };
    go(parts.path(), STUDY, &stop, &stopping).unwrap();
    let store = Store::open(parts.path()).unwrap();
    let runs = store.records(None).unwrap().runs;
    let waiting = runs.iter().find(|run| run.name == "B").expect("the run");
    let kept = store.checkpoint("small", &waiting.id).unwrap().expect("a checkpoint");
    let (tensors, mut facts) = toile_store::checkpoint_from_bytes(&kept).unwrap();
    facts["training"]["step"] = 1_000_000.into();
    let claim = store.claim_run("small", &waiting.id, "here", false).unwrap().expect("it waits");
    assert!(store.put_back(&claim, Some(&toile_store::checkpoint_to_bytes(tensors, &facts))).unwrap());
    drop(store);
    go(parts.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap();
    assert_eq!(results(parts.path()), results(whole.path()));
}
