//! A made-up study to be drawn: six runs, one of which has failed, and a search.

use serde_json::json;
use toile_live::{Watching, answer};
use toile_record::*;
use toile_store::{AtWork, Followed, SearchId};

use crate::terminal::dashboard::Scene;

pub(super) const NOW: f64 = 1_800_000_000.0;

fn study() -> StudyRecord {
    let split = SplitRecord {
        how: "last".into(),
        fraction: 0.1,
        fingerprint: "11".repeat(32),
        train_counts: vec![540],
        validation_counts: vec![60],
        test_counts: vec![100],
        validation_images: (0..60).collect(),
        validation_labels: vec![0; 60],
    };
    StudyRecord {
        seeds: None,
        name: "fashion-mnist".into(),
        question: Some(
            "How far do learning rate, batch size and optimizer carry a small dense network?".into(),
        ),
        file: "[study]\n".into(),
        toile_version: "0.2.0".into(),
        data: DataRecord {
            name: "drawn-garments".into(),
            title: "Drawn garments".into(),
            fingerprint: "00".repeat(32),
            source: "drawn".into(),
            procedural: true,
            shape: [28, 28, 1],
            class_names: vec!["shirt".into(), "bag".into()],
            n_train: 600,
            n_test: 100,
            reading: Default::default(),
            split,
            warnings: vec![],
            test_labels: vec![0; 100],
        },
    }
}

/// A curve that rises to a value, quicker or slower.
fn epochs(done: usize, top: f64, pace: f64) -> Vec<Epoch> {
    let epoch = |epoch: usize| {
        let part = 1.0 - (-(epoch as f64) / pace).exp();
        Epoch {
            epoch,
            loss: Some(2.3 - 2.0 * part),
            val_loss: Some(2.3 - 1.9 * part),
            val_accuracy: Some(0.6 + (top - 0.6) * part),
            learning_rate: 0.001,
            seconds: 1.5,
            ..Epoch::default()
        }
    };
    (1..=done).map(epoch).collect()
}

fn run(position: usize, name: &str, optimizer: &str, state: State, done: usize, top: f64) -> RunRecord {
    let planned = if name == "CNN" { 10 } else { 50 };
    let mut settings = serde_json::Map::new();
    settings.insert(optimizer.into(), json!({ "learning_rate": 0.001 }));
    let started = if state == State::Waiting { "" } else { "2027-01-15T07:56:00Z" };
    RunRecord {
        id: format!("id-{position}"),
        name: name.into(),
        position,
        seed: 7,
        model: "dense".into(),
        plan: json!({ "optimizer": settings, "batch_size": 256, "epochs": planned }),
        summary: SummaryRecord { training_flops: 1000, ..SummaryRecord::default() },
        published: None,
        note: None,
        state,
        end: (state == State::Complete).then_some(End::Finished),
        restored_epoch: None,
        epochs: epochs(done, top, 4.0 + position as f64),
        layers: vec![],
        validation: None,
        test: None,
        weights_sha256: None,
        folder: format!("runs/{position}"),
        provenance: Provenance {
            started: started.into(),
            wall_seconds: if state.is_finished() { 2.0 * done as f64 } else { 0.0 },
            ..Provenance::default()
        },
    }
}

fn trial(number: usize, state: State, done: usize) -> TrialRecord {
    let distribution = json!({ "name": "FloatDistribution", "attributes": { "step": null, "low": 1e-5, "high": 1.0, "log": true } });
    let top = 0.8 + 0.01 * ((number * 7) % 9) as f64;
    let has_ended = state.is_finished();
    TrialRecord {
        trial_id: 100 + number as i64,
        number,
        state,
        params: vec![ParamRecord {
            name: "learning_rate".into(),
            value: 0.001 * (number + 1) as f64,
            distribution,
        }],
        values: if state == State::Complete { vec![top] } else { vec![] },
        intermediate: (1..=done as i64).map(|step| (step, 0.5)).collect(),
        started: Some("2027-01-15T07:58:00.000000Z".into()),
        completed: has_ended.then(|| format!("2027-01-15T07:59:{:02}.000000Z", number)),
        user_attributes: vec![],
        system_attributes: vec![],
        side: Some(TrialSide {
            attempt: 1,
            wall_seconds: if has_ended { 20.0 } else { 0.0 },
            epochs: epochs(done, top, 3.0),
            end: (state == State::Pruned).then_some(End::Pruned { step: done as i64 }),
            ..TrialSide::default()
        }),
    }
}

fn search() -> SearchRecord {
    SearchRecord {
        name: "joint".into(),
        position: 0,
        note: None,
        published: None,
        objectives: vec![ObjectiveRecord { metric: "val_accuracy".into(), maximize: true }],
        space: json!({ "params": [] }),
        sampler: json!({ "tpe": {} }),
        pruner: json!("none"),
        n_trials: 40,
        lag: Some(1),
        seeds: 1,
        seed: 7,
        plan: json!({ "template": { "settings": { "epochs": 10 } } }),
        fingerprint: "aa".into(),
        space_fingerprint: "bb".into(),
    }
}

pub(super) fn records() -> Records {
    let mut failed = run(2, "Model 3", "sgd", State::Failed, 3, 0.7);
    failed.end = Some(End::Diverged { epoch: 3, batch: 17 });
    failed.epochs[2] = Epoch { epoch: 3, seconds: 1.5, learning_rate: 0.1, ..Epoch::default() };
    let trials = vec![
        trial(0, State::Complete, 10),
        trial(1, State::Complete, 10),
        trial(2, State::Pruned, 4),
        trial(3, State::Complete, 10),
        trial(4, State::Running, 6),
    ];
    Records {
        study: study(),
        runs: vec![
            run(0, "Model 1", "sgd", State::Complete, 50, 0.862),
            run(1, "Model 2", "adam", State::Complete, 50, 0.884),
            failed,
            run(3, "CNN", "adam", State::Running, 4, 0.93),
            run(4, "Deeper, with a name that is longer than any column", "rmsprop", State::Running, 31, 0.88),
            run(5, "Model 6", "nadam", State::Waiting, 0, 0.0),
        ],
        images: vec![],
        searches: vec![SearchRecords { search: search(), trials, chosen_run: None }],
        test_openings: vec![],
        former_runs: vec![],
        pictures: vec![],
    }
}

/// The study in a folder that somebody holds, or not.
pub(super) fn watched(records: Records, is_held: bool) -> Watching {
    let trial_of_run = records.runs.iter().enumerate().map(|(i, run)| (run.id.clone(), i as i64)).collect();
    let n = records.searches.len();
    let at_work = AtWork { is_held: Some(is_held), leases: Default::default(), trial_of_run };
    let search_ids = (0..n).map(|i| SearchId(i as i64)).collect();
    let followed = Followed { records, search_ids, stopped: vec![None; n], at_work };
    Watching::new(followed, NOW).0
}

/// What is drawn of it.
pub(super) fn with_scene<T>(watching: &Watching, now: f64, with: impl FnOnce(&Scene<'_>) -> T) -> T {
    let said = answer(watching.records(), false);
    let sentence = toile_live::sentence(watching, "`toile run FILE --out DIR`");
    with(&Scene {
        watching,
        study: &watching.study(now),
        answer: &said,
        sentence,
        trouble: None,
        said: None,
        now,
    })
}
