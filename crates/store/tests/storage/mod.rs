//! Searches and trials, on SQLite and, where `TOILE_TEST_POSTGRES` names a server, on PostgreSQL: the same demands.

use crate::fixtures;

mod altered;
mod changes;
mod claims;
mod contest;
mod copies;
mod database;
mod failures;
mod history;
mod sealed;
mod since;
mod trials;

use database::{Database, on_each_engine};
use serde_json::{Value, json};
use toile_record::*;
use toile_store::*;

fn float(low: f64, high: f64) -> Value {
    json!({ "name": "FloatDistribution", "attributes": { "step": null, "low": low, "high": high, "log": true } })
}

fn search(name: &str) -> SearchRecord {
    SearchRecord {
        name: name.into(),
        position: 0,
        note: None,
        published: Some(Published { val_accuracy: Some(0.9), ..Default::default() }),
        objectives: vec![ObjectiveRecord { metric: "val_accuracy".into(), maximize: true }],
        space: json!({ "params": [] }),
        sampler: json!({ "tpe": { "seed": 1 } }),
        pruner: json!("none"),
        n_trials: 20,
        lag: Some(1),
        seeds: 1,
        seed: u64::MAX,
        plan: json!({ "b": 1, "a": [0.1] }),
        fingerprint: "aa".into(),
        space_fingerprint: "bb".into(),
    }
}

fn param(name: &str, value: f64) -> ParamRecord {
    ParamRecord { name: name.into(), value, distribution: float(1e-4, 1.0) }
}

fn new_trial(number: usize) -> NewTrial {
    let params = vec![param("learning_rate", 0.01 * (number + 1) as f64), param("a", 0.5)];
    NewTrial { number, params, seed: u64::MAX - number as u64, relative_params: None }
}

fn epoch(epoch: usize) -> Epoch {
    Epoch { accuracy: Some(0.1), train_loss: None, ..fixtures::epoch(epoch) }
}

fn report(step: i64, value: f64) -> Report {
    Report { step, value: Some(value), epoch: Some(epoch(step as usize)), ..Report::default() }
}

fn ending(value: f64) -> TrialResult {
    let side = TrialSide {
        seed: 7,
        wall_seconds: 1.5,
        cpu_seconds: Some(2.5),
        parameters: Some(7850),
        end: Some(End::Finished),
        ..Default::default()
    };
    TrialResult {
        state: State::Complete,
        values: vec![value],
        side,
        user_attributes: vec![("note".into(), json!("é"))],
    }
}

/// A storage with one search.
fn begun(database: &Database) -> (Store, SearchId) {
    let storage = database.open();
    let id = storage.ensure_search("quick", &search("joint")).unwrap();
    (storage, id)
}

/// Runs a trial to its end.
fn complete(storage: &Store, claim: &Claim, value: f64) {
    assert!(storage.report(claim, &[report(1, value / 2.0), report(2, value)]).unwrap());
    assert!(storage.finish(claim, &ending(value)).unwrap());
}
