//! Trainings on data in memory: the weights and the rows of a run with the same settings, from bytes and from floats.

use toile_lab::{MemoryFault, examples, fit_config, fit_in_memory, image_shape, split, weights_file};
use toile_nn::{Examples, ExamplesError, FitEvent, Flow, Inputs, Model};
use toile_record::{End, Epoch, RunRecord};
use toile_rng::Seed;

use super::*;

const CALLBACKS: &str = "callbacks = [{ early_stopping = { monitor = \"val_loss\", patience = 1, min_delta = 1.0, \
    restore_best_weights = true } }]\nlabel_smoothing = 0.1\nclass_weight = { 1 = 2.0 }\n";

/// The runs of a study: one goes through its epochs, one is stopped by a callback.
fn recorded(text: &str) -> Vec<RunRecord> {
    let dir = tempfile::tempdir().unwrap();
    go(dir.path(), text, &AtomicBool::new(false), &|_| {}).unwrap();
    Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs
}

fn text() -> String {
    format!("{STUDY}{CALLBACKS}")
}

#[test]
fn a_training_in_memory_ends_with_the_weights_of_the_run() {
    let (data, plan) = (data(), planned(&text(), &|_| unreachable!()));
    let floats: Vec<f32> = data.train.images.iter().map(|byte| f32::from(*byte) / 255.0).collect();
    let floats = Inputs::floats(&floats, image_shape(&data)).unwrap();
    let split = split(&plan, &data).unwrap();
    let recorded = recorded(&text());
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[1].end, Some(End::Stopped { by: "early_stopping".into(), epoch: 2 }));
    for (run, record) in plan.runs.iter().zip(&recorded) {
        for (images, threads) in [(Inputs::Bytes(&data.train.images), 1), (floats, 2)] {
            let of = |indices| Examples { images, ..examples(&data, &data.train, indices) };
            let (train, validation) = (of(&split.train), of(&split.validation));
            let seed = Seed::new(run.settings.seed);
            let mut model = Model::build(&run.settings.layers, image_shape(&data), seed).unwrap();
            let config = fit_config(&run.settings, data.class_names.len());
            let (mut steps, mut ends) = (0, 0);
            let observer = &mut |event: FitEvent<'_>| {
                match event {
                    FitEvent::Step { .. } => steps += 1,
                    FitEvent::EpochEnd(..) => ends += 1,
                    FitEvent::EpochBegin { .. } | FitEvent::TrainingEnd { .. } => {}
                }
                Flow::Continue
            };
            let fit = fit_in_memory(&mut model, &train, Some(&validation), &config, None, threads, observer)
                .unwrap();
            let rows: Vec<Epoch> = record.epochs.iter().map(|row| Epoch { seconds: 0.0, ..*row }).collect();
            assert_eq!(fit.epochs, rows);
            assert_eq!((fit.end, fit.restored_epoch), (record.end.clone(), record.restored_epoch));
            assert!(fit.has_weights);
            assert_eq!((steps, ends), (6 * rows.len(), rows.len()));
            let sha256 = toile_store::sha256_hex(&weights_file(&model, data.procedural));
            assert_eq!(Some(sha256), record.weights_sha256);
        }
    }
}

#[test]
fn the_observer_stops_a_training_in_memory_after_any_batch() {
    let (data, plan) = (data(), planned(STUDY, &|_| unreachable!()));
    let all: Vec<u32> = (0..64).collect();
    let train = examples(&data, &data.train, &all);
    let mut model = Model::build(&plan.runs[0].settings.layers, image_shape(&data), Seed::new(1)).unwrap();
    let start = model.weights();
    let config = fit_config(&plan.runs[0].settings, 3);
    let fit = fit_in_memory(&mut model, &train, None, &config, None, 1, &mut |event| match event {
        FitEvent::Step { epoch: 2, batch: 3, .. } => Flow::Stop,
        _ => Flow::Continue,
    })
    .unwrap();
    assert_eq!((fit.end, fit.epochs.len(), fit.has_weights), (None, 1, true));
    assert_ne!(model.weights(), start);
}

#[test]
fn examples_that_do_not_fit_are_refused_and_nothing_is_trained() {
    let (data, plan) = (data(), planned(STUDY, &|_| unreachable!()));
    let all: Vec<u32> = (0..64).collect();
    let train = examples(&data, &data.train, &all);
    let mut labels = data.train.labels.clone();
    labels[5] = 3;
    let mut model = Model::build(&plan.runs[0].settings.layers, image_shape(&data), Seed::new(1)).unwrap();
    let start = model.weights();
    let config = fit_config(&plan.runs[0].settings, 3);
    let mut refused = |train: &Examples<'_>, validation: Option<&Examples<'_>>| {
        fit_in_memory(&mut model, train, validation, &config, None, 1, &mut |_| panic!("it trains"))
            .unwrap_err()
    };
    let of_label = MemoryFault::from(ExamplesError::Label { image: 5, label: 3, classes: 3 });
    assert_eq!(refused(&Examples { labels: &labels, ..train }, None), of_label);
    assert_eq!(refused(&train, Some(&Examples { labels: &labels, ..train })), of_label);
    let few = Examples { labels: &labels[..9], ..train };
    assert_eq!(
        refused(&few, None).to_string(),
        "images and labels differ in number: 256 values are not 9 images of 4 values; give each image one label"
    );
    let index = refused(&train.with_indices(&[3, 64]), None);
    assert_eq!(index, ExamplesError::Index { index: 64, images: 64 }.into());
    assert_eq!(model.weights(), start);
}
