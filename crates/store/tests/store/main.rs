//! The store as its users see it: what was saved is there, whatever happened in between.

mod evidence;
mod refused;
mod runs;
mod searches;

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
                validation_images: vec![3, 9, 27, 81, 243, u32::MAX],
                validation_labels: vec![0, 0, 0, 1, 1, 1],
            },
            warnings: vec![],
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
        top_5_accuracy: Some(0.75),
        train_top_5_accuracy: Some(5.0 / 6.0),
        val_top_5_accuracy: Some(2.0 / 3.0),
    };
    RunRecord {
        id: format!("id-{position}-{seed}"),
        name: format!("Model {position}"),
        position,
        seed,
        model: "dense".into(),
        plan: serde_json::json!({ "batch_size": 32, "a_key_out_of_order": 0.1, "optimizer": { "sgd": { "learning_rate": 0.1 } } }),
        summary: SummaryRecord {
            rows: vec![LayerSummary {
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
        validation: Some(Evidence {
            loss: None,
            accuracy: 0.5,
            predictions: vec![0, 1, 0, 1, 0, 1],
            confidences: vec![0.9; 6],
            losses: vec![0.1, f32::MIN_POSITIVE, 3.0, f32::INFINITY, 0.0, 7.5],
        }),
        test: Some(Evidence {
            loss: Some(0.37),
            accuracy: 0.75,
            predictions: vec![0, 1, 0, 0],
            confidences: vec![0.5, 1.0, 0.1, f32::MIN_POSITIVE],
            losses: vec![0.7, 0.0, 2.5, f32::MAX],
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

/// A store in a folder, with the study in it.
fn opened(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    store.save_study(&study()).unwrap();
    store
}

/// A store whose plan is this run.
fn planned(dir: &Path, run: &RunRecord) -> Store {
    let store = opened(dir);
    store.save_plan("quick", std::slice::from_ref(run)).unwrap();
    store
}

/// The run begins, with no epochs yet.
fn begin(store: &Store, run: &RunRecord) -> Claim {
    let claim = store.claim_run("quick", &run.id, "worker", true).unwrap().expect("nobody has it");
    let fresh = RunRecord { epochs: vec![], ..run.clone() };
    assert_eq!(store.save(&[Change::Begin(&claim, &fresh)]).unwrap(), [true]);
    claim
}

fn save(store: &Store, change: Change<'_>) {
    assert_eq!(store.save(&[change]).unwrap(), [true]);
}

fn train(store: &Store, run: &RunRecord) {
    let claim = begin(store, run);
    run.epochs.iter().for_each(|epoch| save(store, Change::Epoch(&claim, epoch)));
    save(store, Change::Finish(&claim, run, None));
}

fn found(store: &Store, run: &RunRecord) -> RunRecord {
    store.run("quick", &run.id).unwrap().expect("the run is there")
}

fn message(result: Result<Store, StoreError>) -> String {
    match result {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.to_string(),
    }
}
