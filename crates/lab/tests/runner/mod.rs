//! The runner: what is done once, what is done again, and what a fault in one run costs the others.

mod checkpoints;
mod evidence;
mod in_memory;
mod overflow;
mod pictures;
mod range_test;
mod sealed;
mod shared;
mod untrained;
mod writing;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use toile_data::{DataSet, LabelledImages};
use toile_lab::{NoClock, Outcome, RunError, RunOptions, run};
use toile_record::{Event, State, TrainingEnd, TrainingKey};
use toile_store::Store;
use toile_study::{DataShape, Plan, PlanOptions, check, plan};

const STUDY: &str = r#"
[study]
name = "small"
data = "./small"
validation_split = 0.25
seed = 1

[models.dense]
layers = [{ dense = { units = 3, activation = "softmax" } }]

[defaults]
model = "dense"
batch_size = 8
epochs = 2

[[runs]]
name = "A"
optimizer = "adam"

[[runs]]
name = "B"
optimizer = "sgd"
epochs = 5
"#;

/// Three classes, each with one bright pixel of four.
fn data() -> DataSet {
    let part = |n: usize| {
        let labels: Vec<u8> = (0..n).map(|i| (i * 7 % 3) as u8).collect();
        let images =
            labels.iter().flat_map(|&l| (0..4).map(move |p| if p == l { 200 } else { 20 * l })).collect();
        LabelledImages { images, labels }
    };
    let (train, test) = (part(64), part(16));
    DataSet {
        name: "small".into(),
        title: "Small".into(),
        shape: [2, 2, 1],
        class_names: vec!["a".into(), "b".into(), "c".into()],
        fingerprint: "f0".repeat(32),
        source: "made here".into(),
        procedural: true,
        own_validation: 0,
        reading: Default::default(),
        train,
        test,
    }
}

fn planned(text: &str, read: &dyn Fn(&str) -> std::io::Result<Vec<u8>>) -> Plan {
    let image = toile_nn::ImageShape { height: 2, width: 2, channels: 1 };
    let study = check(
        text,
        "small.toml",
        Some(DataShape { image, classes: 3, images: 64, first_label: 0, own_validation: 0 }),
    )
    .unwrap();
    plan(&study, &PlanOptions::default(), read).unwrap()
}

/// Runs a study in a folder; `stop` is lent to the events so that they can stop it.
fn go(
    dir: &Path,
    text: &str,
    stop: &AtomicBool,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Outcome, RunError> {
    go_with(dir, text, stop, &|file| std::fs::read(file), events)
}

/// The same, with the files beside the study file.
fn go_with(
    dir: &Path,
    text: &str,
    stop: &AtomicBool,
    read: &(dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    events: &(dyn Fn(Event) + Sync),
) -> Result<Outcome, RunError> {
    go_saving(dir, text, stop, Duration::MAX, read, events)
}

/// The same, with a checkpoint as often as that.
fn go_saving(
    dir: &Path,
    text: &str,
    stop: &AtomicBool,
    checkpoint_every: Duration,
    read: &(dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    events: &(dyn Fn(Event) + Sync),
) -> Result<Outcome, RunError> {
    let options = RunOptions { checkpoint_every, ..options(dir, stop, read) };
    run(&planned(text, read), &data(), &Store::open(dir)?, &options, events)
}

/// What the program lends to the runner here.
fn options<'a>(
    dir: &'a Path,
    stop: &'a AtomicBool,
    read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
) -> RunOptions<'a> {
    RunOptions {
        dir: Some(dir),
        threads: 2,
        only: vec![],
        open_test: false,
        stop,
        checkpoint_every: Duration::MAX,
        checkpoints: None,
        memory: None,
        worker: "here".into(),
        lease: Duration::from_secs(60),
        clock: &NoClock,
        read,
        history: &|_, run| format!("{} epochs", run.epochs.len()),
        toile_version: "0".into(),
        instruction_set: "any".into(),
        machine: "any".into(),
    }
}

fn states(dir: &Path) -> Vec<State> {
    Store::open_read_only(dir).unwrap().records(None).unwrap().runs.iter().map(|run| run.state).collect()
}

#[test]
fn a_study_is_run_once() {
    let dir = tempfile::tempdir().unwrap();
    let never = AtomicBool::new(false);
    let started = Mutex::new(Vec::new());
    let note = |event: Event| {
        if let Event::TrainingStarted { training: TrainingKey::Run(run), .. } = event {
            started.lock().unwrap().push(run);
        }
    };
    let outcome = go(dir.path(), STUDY, &never, &note).unwrap();
    assert_eq!(outcome, Outcome { completed: 2, ..Outcome::default() });
    let outcome = go(dir.path(), STUDY, &never, &note).unwrap();
    assert_eq!(outcome, Outcome { already_done: 2, ..Outcome::default() });
    let mut started = started.into_inner().unwrap();
    started.sort();
    assert_eq!(started, [0, 1]);
    let history = std::fs::read_to_string(dir.path().join("runs/b-seed-1/history.csv")).unwrap();
    assert_eq!(history, "5 epochs");
}

#[test]
fn every_run_tells_of_its_steps_and_epochs_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let told = Mutex::new(Vec::new());
    let note = |event: Event| match event {
        Event::Step { training: TrainingKey::Run(1), epoch, batch, n_batches } => {
            told.lock().unwrap().push((epoch, batch, n_batches))
        }
        Event::EpochEnded { training: TrainingKey::Run(1), epoch, .. } => {
            told.lock().unwrap().push((epoch.epoch, 0, 0))
        }
        _ => {}
    };
    go(dir.path(), STUDY, &AtomicBool::new(false), &note).unwrap();
    let told = told.into_inner().unwrap();
    // 48 training images in batches of 8.
    assert_eq!(told.len(), 5 * (6 + 1));
    assert_eq!(
        told[..8],
        [(1, 1, 6), (1, 2, 6), (1, 3, 6), (1, 4, 6), (1, 5, 6), (1, 6, 6), (1, 0, 0), (2, 1, 6)]
    );
}

#[test]
fn a_panic_in_one_run_is_recorded_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let never = AtomicBool::new(false);
    let outcome = go(dir.path(), STUDY, &never, &|event| {
        if let Event::Step { training: TrainingKey::Run(0), epoch: 2, .. } = event {
            panic!("on purpose");
        }
    });
    assert_eq!(outcome.unwrap(), Outcome { completed: 1, failed: 1, ..Outcome::default() });
    assert_eq!(states(dir.path()), [State::Failed, State::Complete]);
    let store = Store::open_read_only(dir.path()).unwrap();
    let failed = &store.records(None).unwrap().runs[0];
    assert_eq!(failed.reason().as_deref(), Some("toile itself broke: on purpose"));
    assert_eq!(failed.epochs.len(), 1);
    drop(store);
    // A version that has mended the fault tries again.
    let outcome = go(dir.path(), STUDY, &never, &|_| {}).unwrap();
    assert_eq!(outcome, Outcome { completed: 1, already_done: 1, ..Outcome::default() });
}

#[test]
fn a_stopped_study_waits_and_ends_with_the_same_bits() {
    let hashes = |dir: &Path| -> Vec<Option<String>> {
        let records = Store::open_read_only(dir).unwrap().records(None).unwrap();
        records.runs.into_iter().map(|run| run.weights_sha256).collect()
    };
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (never, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    go(whole.path(), STUDY, &never, &|_| {}).unwrap();
    let outcome = go(stopped.path(), STUDY, &stop, &|event| {
        if let Event::Step { training: TrainingKey::Run(1), epoch: 3, .. } = event {
            stop.store(true, Ordering::Relaxed);
        }
    });
    let outcome = outcome.unwrap();
    assert!(outcome.interrupted && outcome.waiting >= 1, "{outcome:?}");
    assert_eq!(states(stopped.path())[1], State::Waiting);
    go(stopped.path(), STUDY, &never, &|_| {}).unwrap();
    assert_eq!(hashes(stopped.path()), hashes(whole.path()));
}

#[test]
fn a_renamed_run_keeps_its_results_and_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let never = AtomicBool::new(false);
    go(dir.path(), STUDY, &never, &|_| {}).unwrap();
    // A becomes C; another run takes its name, and must not take its folder.
    let renamed = STUDY.replace("\"A\"", "\"C\"") + "\n[[runs]]\nname = \"A\"\noptimizer = \"nadam\"\n";
    let outcome = go(dir.path(), &renamed, &never, &|_| {}).unwrap();
    assert_eq!(outcome, Outcome { completed: 1, already_done: 2, ..Outcome::default() });
    let records = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    let folders: Vec<_> = records.runs.iter().map(|run| (run.name.as_str(), run.folder.as_str())).collect();
    assert_eq!(folders, [("C", "runs/a-seed-1"), ("B", "runs/b-seed-1"), ("A", "runs/a-seed-1-2")]);
}

/// The weights of a run lay in the folder of whichever run of its name was trained last.
#[test]
fn a_run_that_is_changed_and_changed_back_still_has_its_weights() {
    let dir = tempfile::tempdir().unwrap();
    let never = AtomicBool::new(false);
    go(dir.path(), STUDY, &never, &|_| {}).unwrap();
    go(dir.path(), &STUDY.replace("epochs = 5", "epochs = 6"), &never, &|_| {}).unwrap();
    let outcome = go(dir.path(), STUDY, &never, &|_| {}).unwrap();
    assert_eq!(outcome, Outcome { already_done: 2, ..Outcome::default() });
    for run in Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs {
        let weights = std::fs::read(dir.path().join(&run.folder).join("weights.safetensors")).unwrap();
        assert_eq!(run.weights_sha256, Some(toile_store::sha256_hex(&weights)), "{}", run.folder);
    }
    assert!(dir.path().join("runs/b-seed-1-2").is_dir(), "the changed run has a folder of its own");
}

#[test]
fn weights_that_do_not_fit_are_told_before_anything_is_trained() {
    let dir = tempfile::tempdir().unwrap();
    let file = "start.safetensors";
    let bytes = toile_store::weights_to_safetensors(&[("0.kernel", &[1], &[0.5])], None);
    let read = |_: &str| Ok(bytes.clone());
    let text = STUDY.replace("name = \"A\"", &format!("name = \"A\"\ninitial_weights = \"{file}\""));
    let never = AtomicBool::new(false);
    let started = |event: Event| panic!("{event:?}");
    let error = go_with(dir.path(), &text, &never, &read, &started).unwrap_err();
    assert!(error.to_string().contains("run `A` cannot start from `start.safetensors`"), "{error}");
    assert_eq!(states(dir.path()), [State::Waiting, State::Waiting]);
}

#[test]
fn a_run_that_an_error_has_stopped_no_longer_runs() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("runs"), "a file stands in the way").unwrap();
    go(dir.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap_err();
    assert!(!states(dir.path()).contains(&State::Running), "{:?}", states(dir.path()));
}

#[test]
fn the_record_tells_of_which_epoch_the_weights_are() {
    let dir = tempfile::tempdir().unwrap();
    // A rate of 1000 makes the loss worse with every epoch after the first few.
    let best = "optimizer = { sgd = { learning_rate = 1000.0 } }\ncallbacks = [{ best_weights = { monitor = \"loss\" } }]";
    let text = STUDY.replace("optimizer = \"sgd\"\nepochs = 5", &format!("{best}\nepochs = 40"));
    go(dir.path(), &text, &AtomicBool::new(false), &|_| {}).unwrap();
    let run = &Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs[1];
    let loss = |epoch: &toile_record::Epoch| epoch.loss.unwrap();
    let best = run.epochs.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap().epoch;
    assert_ne!(best, 40, "the last epoch is the best: this tests nothing");
    assert_eq!(run.reason(), Some(format!("its weights are those of epoch {best}")));
}
