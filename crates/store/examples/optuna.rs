//! A worker without a model: what `.ci/optuna-roundtrip.py` needs of a program that is not Python.
//!
//! `optuna COMMAND PLACE SEARCH …`, where PLACE is a study's folder or a server's address: `make` (a search with trials
//! of every kind, and declared runs in a folder), `list` (trials as JSON), `claim WORKER [MS]` (ends all waiting
//! trials, with a pause after each, and prints their numbers), `create N` (begins and ends N more), `queue N` (leaves N
//! trials waiting), `begin` (leaves one running, as the dead do), `take-over SECONDS` (prints the numbers taken over).
#![allow(clippy::print_stdout)] // an example is a program

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use toile_record::*;
use toile_store::*;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [command, place, search, rest @ ..] = &arguments[..] else {
        return Err("usage: optuna COMMAND PLACE SEARCH …".into());
    };
    let storage = open(place)?;
    match (*command, rest) {
        ("make", []) => make(&storage, place, search),
        ("list", []) => list(&storage, search),
        ("claim", [worker]) => claim(&storage, search, worker, 0),
        ("claim", [worker, pause]) => claim(&storage, search, worker, pause.parse()?),
        ("create", [count]) => create(&storage, search, count.parse()?),
        ("queue", [count]) => queue(&storage, search, count.parse()?),
        ("begin", []) => next(&storage, find(&storage, search)?).map(drop),
        ("take-over", [grace]) => take_over(&storage, search, Duration::from_secs_f64(grace.parse()?)),
        (command, _) => Err(format!("no command is called `{command}`").into()),
    }
}

fn open(place: &str) -> Result<Store, StoreError> {
    match place.starts_with("postgres") {
        true => Store::postgres(place),
        false => Store::sqlite(&Path::new(place).join(STORE_FILE)),
    }
}

/// Any study of Optuna's tables, whoever made it.
fn find(storage: &Store, name: &str) -> Result<SearchId, Failure> {
    let studies = storage.optuna_studies()?;
    let study = studies.iter().find(|study| study.name == name);
    Ok(study.ok_or_else(|| format!("no study is called `{name}`: {studies:?}"))?.id)
}

fn record(name: &str, metrics: &[(&str, bool)]) -> SearchRecord {
    SearchRecord {
        name: name.into(),
        position: 0,
        note: None,
        published: None,
        objectives: metrics
            .iter()
            .map(|(metric, maximize)| ObjectiveRecord { metric: (*metric).into(), maximize: *maximize })
            .collect(),
        space: json!({ "params": [] }),
        sampler: json!({ "tpe": {} }),
        pruner: json!("none"),
        n_trials: 20,
        lag: None,
        seeds: 1,
        seed: 7,
        plan: json!({}),
        fingerprint: "aa".into(),
        space_fingerprint: "bb".into(),
    }
}

fn params(number: usize) -> Vec<ParamRecord> {
    let param = |name: &str, value: f64, kind: &str, attributes: Value| ParamRecord {
        name: name.into(),
        value,
        distribution: json!({ "name": kind, "attributes": attributes }),
    };
    let n = number as f64;
    let choices = json!(["sgd", "adam", null, true, 3, 0.5, "naïve"]);
    let lr = 1e-5 * 10f64.powf(4.0 * ((n * 0.37) % 1.0));
    let mut all = vec![
        param("lr", lr, "FloatDistribution", json!({ "step": null, "low": 1e-5, "high": 0.1, "log": true })),
        param(
            "dropout",
            0.1 * (number % 6) as f64,
            "FloatDistribution",
            json!({ "step": 0.1, "low": 0.0, "high": 0.5, "log": false }),
        ),
        param(
            "units",
            32.0 * (1 + number % 4) as f64,
            "IntDistribution",
            json!({ "log": false, "step": 32, "low": 32, "high": 128 }),
        ),
        param(
            "batch",
            16.0 + 7.0 * n,
            "IntDistribution",
            json!({ "log": true, "step": 1, "low": 16, "high": 512 }),
        ),
        param("optimizer", (number % 7) as f64, "CategoricalDistribution", json!({ "choices": choices })),
    ];
    if number.is_multiple_of(2) {
        all.push(param(
            "momentum",
            (n * 0.11) % 0.99,
            "FloatDistribution",
            json!({ "step": null, "low": 0.0, "high": 0.99, "log": false }),
        ));
    }
    all
}

fn value_of(number: usize) -> f64 {
    0.5 + 0.4 * (number as f64 * 0.7).sin()
}

/// Begins the trial that comes next.
fn next(storage: &Store, id: SearchId) -> Result<Claim, Failure> {
    loop {
        let number = storage.trials(id)?.len();
        let params = params(number);
        let relative =
            params.iter().map(|p| (p.name.clone(), json!(p.value))).collect::<serde_json::Map<_, _>>();
        let relative_params = Some(Value::Object(relative).to_string());
        let trial = NewTrial { number, params, seed: number as u64, relative_params };
        if let Some(claim) = storage.create_trial(id, &trial, "example")? {
            return Ok(claim);
        }
    }
}

fn report(step: i64, value: f64) -> Report {
    let epoch = Epoch {
        epoch: step as usize,
        loss: Some(1.0),
        accuracy: Some(value),
        train_loss: None,
        train_accuracy: None,
        val_loss: Some(1.0),
        val_accuracy: Some(value),
        learning_rate: 0.1,
        seconds: 0.5,
        ..Epoch::default()
    };
    Report { step, value: Some(value), epoch: Some(epoch), ..Report::default() }
}

fn end(storage: &Store, claim: &Claim, state: State, values: &[f64]) -> Result<bool, StoreError> {
    let side = TrialSide { seed: 7, wall_seconds: 1.0, ..TrialSide::default() };
    let user_attributes = vec![("by".to_string(), json!("toile, naïve"))];
    storage.finish(claim, &TrialResult { state, values: values.to_vec(), side, user_attributes })
}

/// Reports and ends; `false`: somebody else has the trial now.
fn run(storage: &Store, claim: &Claim, state: State) -> Result<bool, StoreError> {
    let value = value_of(claim.number);
    let reports: Vec<_> = (1..=4).map(|step| report(step, value * step as f64 / 4.0)).collect();
    let reported = if state == State::Pruned { &reports[..2] } else { &reports[..] };
    let last = reported.last().and_then(|report| report.value).unwrap_or(f64::NAN);
    let values = if state == State::Failed { &[] } else { std::slice::from_ref(&last) };
    Ok(storage.report(claim, reported)? && end(storage, claim, state, values)?)
}

fn make(storage: &Store, place: &str, name: &str) -> Result<(), Failure> {
    let id = storage.ensure_search("roundtrip", &record(name, &[("val_accuracy", true)]))?;
    for number in 0..20 {
        let claim = next(storage, id)?;
        run(
            storage,
            &claim,
            match number {
                3 | 8 | 13 => State::Pruned,
                5 => State::Failed,
                _ => State::Complete,
            },
        )?;
    }
    let odd = next(storage, id)?;
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.25];
    let reports: Vec<_> = values.iter().zip(1..).map(|(value, step)| report(step, *value)).collect();
    storage.report(&odd, &[Report { rungs: vec![0.5, f64::NAN], ..reports[0].clone() }])?;
    storage.report(&odd, &reports[1..])?;
    end(storage, &odd, State::Complete, &[f64::NEG_INFINITY])?;
    queue(storage, name, 1)?;
    let front = record("front", &[("parameters", false), ("val_accuracy", true)]);
    let front = storage.ensure_search("roundtrip", &front)?;
    for _ in 0..8 {
        let claim = next(storage, front)?;
        let value = value_of(claim.number);
        end(storage, &claim, State::Complete, &[1000.0 * value * value, value])?;
    }
    match place.starts_with("postgres") {
        true => Ok(()),
        false => declare(Path::new(place)),
    }
}

/// A study with declared runs in the same file.
fn declare(dir: &Path) -> Result<(), Failure> {
    let store = Store::open(dir)?;
    let split = SplitRecord {
        how: "last".into(),
        fraction: 0.1,
        fingerprint: "11".into(),
        train_counts: vec![9],
        validation_counts: vec![1],
        test_counts: vec![1],
        validation_images: vec![],
        validation_labels: vec![],
    };
    let data = DataRecord {
        name: "d".into(),
        title: "D".into(),
        fingerprint: "00".into(),
        source: "drawn".into(),
        procedural: true,
        shape: [1, 1, 1],
        class_names: vec!["a".into()],
        n_train: 10,
        n_test: 1,
        reading: Default::default(),
        split,
        warnings: vec![],
        test_labels: vec![0],
    };
    store.save_study(&StudyRecord {
        seeds: None,
        name: "roundtrip".into(),
        question: None,
        file: String::new(),
        toile_version: "0".into(),
        data,
    })?;
    let runs: Vec<_> = (0..6).map(declared).collect();
    store.save_plan("roundtrip", &runs)?;
    for run in &runs {
        let claim = store.claim_run("roundtrip", &run.id, "example", false)?.ok_or("nobody else is here")?;
        let fresh = RunRecord { epochs: Vec::new(), ..run.clone() };
        store.save(&[Change::Begin(&claim, &fresh)])?;
        for epoch in &run.epochs {
            store.save(&[Change::Epoch(&claim, epoch)])?;
        }
        store.save(&[Change::Finish(&claim, run, None)])?;
    }
    Ok(())
}

fn declared(position: usize) -> RunRecord {
    let optimizer = ["sgd", "adam"][position % 2];
    let rate = 0.1 / (position + 1) as f64;
    let epochs: Vec<_> =
        (1..=3).filter_map(|step| report(step, 0.1 * (position as f64 + step as f64)).epoch).collect();
    RunRecord {
        id: format!("id-{position}"),
        name: format!("Run {position}"),
        position,
        seed: 7,
        model: ["dense", "wide", "deep"][position % 3].into(),
        plan: json!({ "batch_size": 32 << (position % 3), "optimizer": { optimizer: { "learning_rate": rate } } }),
        summary: SummaryRecord::default(),
        published: None,
        note: None,
        state: State::Complete,
        end: None,
        restored_epoch: None,
        epochs,
        layers: Vec::new(),
        validation: None,
        test: None,
        weights_sha256: None,
        folder: format!("runs/{position}"),
        provenance: Provenance::default(),
    }
}

/// Trials that are begun, have said something, and wait again.
fn queue(storage: &Store, name: &str, count: usize) -> Result<(), Failure> {
    let id = find(storage, name)?;
    let claims = (0..count).map(|_| next(storage, id)).collect::<Result<Vec<_>, _>>()?;
    for claim in &claims {
        assert!(storage.put_back(claim, Some(b"checkpoint"))?);
    }
    Ok(())
}

fn list(storage: &Store, name: &str) -> Result<(), Failure> {
    let trials = storage.trials(find(storage, name)?)?;
    let rows = trials.iter().map(|trial| {
        let values: Vec<_> = trial.values.iter().map(f64::to_string).collect();
        let params: serde_json::Map<_, _> = trial.params.iter().map(|p| (p.name.clone(), json!(p.value))).collect();
        json!({
            "number": trial.number, "state": trial.state, "values": values, "params": params,
            "intermediate": trial.intermediate.iter().map(|(step, value)| (step, value.to_string())).collect::<Vec<_>>(),
            "user": trial.user_attributes, "started": trial.started, "ours": trial.side.is_some(),
            "attempt": trial.side.as_ref().map(|side| side.attempt),
        })
    });
    println!("{}", Value::Array(rows.collect()));
    Ok(())
}

fn claim(storage: &Store, name: &str, worker: &str, pause_ms: u64) -> Result<(), Failure> {
    let id = find(storage, name)?;
    while let Some(claim) = storage.claim_waiting(id, worker)? {
        let decided = !claim.params.is_empty() || storage.decide_params(&claim, &params(claim.number), 7)?;
        match decided && run(storage, &claim, State::Complete)? {
            true => println!("{}", claim.number),
            false => println!("lost {}", claim.number),
        }
        std::thread::sleep(Duration::from_millis(pause_ms));
    }
    Ok(())
}

fn create(storage: &Store, name: &str, count: usize) -> Result<(), Failure> {
    let id = find(storage, name)?;
    for _ in 0..count {
        let claim = next(storage, id)?;
        run(storage, &claim, State::Complete)?;
        println!("{}", claim.number);
    }
    Ok(())
}

fn take_over(storage: &Store, name: &str, grace: Duration) -> Result<(), Failure> {
    let id = find(storage, name)?;
    while let Some(claim) = storage.take_over(id, grace, "heir")? {
        run(storage, &claim, State::Complete)?;
        println!("{}", claim.number);
    }
    Ok(())
}
