//! How long a search's transactions take, and how long a large one is to open and to read: times in milliseconds.
//!
//! `storage_speed [PLACE [TRIALS [EPOCHS]]]`: PLACE is a folder (a temporary one if none is given) or a server's
//! address. Beside it, Optuna's own: `benches/optuna_storage.py`.
#![allow(clippy::print_stdout)] // an example is a program

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use toile_record::*;
use toile_store::*;

type Failure = Box<dyn std::error::Error>;

/// Milliseconds per call, of each call.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn take<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0.push(start.elapsed().as_secs_f64() * 1e3);
        result
    }

    fn show(&mut self, what: &str) {
        self.0.sort_by(f64::total_cmp);
        let at = |share: f64| self.0[((self.0.len() - 1) as f64 * share) as usize];
        println!("{what:<52} median {:>8.3}   95 % {:>8.3}   ({} times)", at(0.5), at(0.95), self.0.len());
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let temporary = tempfile::tempdir()?;
    let place = arguments.first().cloned().unwrap_or_else(|| temporary.path().display().to_string());
    let trials = arguments.get(1).map_or(Ok(10_000), |text| text.parse())?;
    let epochs = arguments.get(2).map_or(Ok(50), |text| text.parse())?;
    let storage = open(&place)?;
    let small = storage.ensure_search("speed", &record("small"))?;
    one_by_one(&storage, small)?;
    let large = storage.ensure_search("speed", &record("large"))?;
    let start = Instant::now();
    for number in 0..trials {
        whole_trial(&storage, large, number, epochs)?;
    }
    println!("{trials} trials of {epochs} epochs, recorded in {:.1} s", start.elapsed().as_secs_f64());
    drop(storage);
    read_large(&place, large)
}

fn open(place: &str) -> Result<Store, StoreError> {
    match place.starts_with("postgres") {
        true => Store::postgres(place),
        false => Store::sqlite(&Path::new(place).join(STORE_FILE)),
    }
}

/// Trials as a worker records them: begun, an epoch, the end, each a transaction.
fn one_by_one(storage: &Store, id: SearchId) -> Result<(), Failure> {
    let [mut create, mut report, mut heartbeat, mut finish, mut whole, mut history] =
        [(); 6].map(|()| Times::default());
    let mut known = HistoryCache::default();
    for number in 0..300 {
        let start = Instant::now();
        let claim = create.take(|| storage.create_trial(id, &trial(number), "speed"))?.ok_or("no trial")?;
        report.take(|| storage.report(&claim, &[said(1)]))?;
        finish.take(|| storage.finish(&claim, &ending()))?;
        whole.0.push(start.elapsed().as_secs_f64() * 1e3);
        history.take(|| storage.history(id, &mut known))?;
    }
    let claim = storage.create_trial(id, &trial(300), "speed")?.ok_or("no trial")?;
    for _ in 0..300 {
        assert!(heartbeat.take(|| storage.heartbeat(&claim))?, "the trial is ours");
    }
    create.show("begin a trial of 6 parameters");
    report.show("record an epoch");
    heartbeat.show("heartbeat");
    finish.show("finish a trial");
    whole.show("begin, one epoch, finish: three transactions");
    history.show("history, brought up to date");
    Ok(())
}

fn read_large(place: &str, id: SearchId) -> Result<(), Failure> {
    let [mut opened, mut listed, mut first, mut again, mut create] = [(); 5].map(|()| Times::default());
    for _ in 0..5 {
        let storage = opened.take(|| open(place))?;
        listed.take(|| storage.optuna_studies().and_then(|_| storage.searches(None)))?;
        let mut known = HistoryCache::default();
        first.take(|| storage.history(id, &mut known))?;
        let number = known.trials().len();
        let claim = create.take(|| storage.create_trial(id, &trial(number), "speed"))?.ok_or("no trial")?;
        again.take(|| storage.history(id, &mut known))?;
        storage.finish(&claim, &ending())?;
    }
    opened.show("open");
    listed.show("list studies and searches");
    first.show("history, for the first time");
    again.show("history, brought up to date");
    create.show("begin one more trial");
    println!("memory so far: {}", peak_memory());
    let mut all = Times::default();
    let trials = all.take(|| open(place).and_then(|storage| storage.trials(id)))?;
    all.show(&format!("all {} trials in detail, for a report", trials.len()));
    println!("memory with them: {}", peak_memory());
    Ok(())
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".into(), |line| line.trim().to_owned())
}

fn whole_trial(storage: &Store, id: SearchId, number: usize, epochs: i64) -> Result<(), Failure> {
    let claim = storage.create_trial(id, &trial(number), "speed")?.ok_or("no trial")?;
    let reports: Vec<_> = (1..=epochs).map(said).collect();
    storage.report(&claim, &reports)?;
    storage.finish(&claim, &ending())?;
    Ok(())
}

fn record(name: &str) -> SearchRecord {
    SearchRecord {
        name: name.into(),
        position: 0,
        note: None,
        published: None,
        objectives: vec![ObjectiveRecord { metric: "val_accuracy".into(), maximize: true }],
        space: json!({ "params": [] }),
        sampler: json!({ "tpe": {} }),
        pruner: json!("none"),
        n_trials: 10_000,
        lag: None,
        seeds: 1,
        seed: 7,
        plan: json!({}),
        fingerprint: "aa".into(),
        space_fingerprint: "bb".into(),
    }
}

fn trial(number: usize) -> NewTrial {
    let float = json!({ "name": "FloatDistribution",
        "attributes": { "step": null, "low": 1e-5, "high": 1.0, "log": true } });
    let kind =
        json!({ "name": "CategoricalDistribution", "attributes": { "choices": ["sgd", "adam", "nadam"] } });
    let names = ["learning_rate", "momentum", "dropout", "weight_decay", "epsilon"];
    let value = |index: usize| 1e-5 + ((number * 7919 + index * 104_729) % 99_991) as f64 / 99_991.0;
    let param = |(index, name): (usize, &&str)| ParamRecord {
        name: (*name).into(),
        value: value(index),
        distribution: float.clone(),
    };
    let mut params: Vec<_> = names.iter().enumerate().map(param).collect();
    params.push(ParamRecord { name: "optimizer".into(), value: (number % 3) as f64, distribution: kind });
    NewTrial { number, params, seed: number as u64, relative_params: None }
}

fn said(step: i64) -> Report {
    let value = 0.5 + 0.001 * step as f64;
    let epoch = Epoch {
        epoch: step as usize,
        loss: Some(1.0 - value),
        accuracy: Some(value),
        train_loss: Some(1.0 - value),
        train_accuracy: Some(value),
        val_loss: Some(1.0 - value),
        val_accuracy: Some(value),
        learning_rate: 0.1,
        seconds: 0.5,
        ..Epoch::default()
    };
    Report { step, value: Some(value), epoch: Some(epoch), ..Report::default() }
}

fn ending() -> TrialResult {
    let side = TrialSide { wall_seconds: 1.0, ..TrialSide::default() };
    TrialResult { state: State::Complete, values: vec![0.9], side, user_attributes: Vec::new() }
}
