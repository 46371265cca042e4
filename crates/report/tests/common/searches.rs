//! Searches of a made-up study: a formula says how good a configuration is, noise says the rest. Nothing was trained.

use serde_json::{Value, json};
use toile_record::*;

use super::Noise;

/// A parameter of a made-up space: its name, its distribution in Optuna's JSON, and its condition.
struct Param(&'static str, Value, Value);

fn float(low: f64, high: f64, log: bool) -> Value {
    json!({"name": "FloatDistribution", "attributes": {"step": null, "low": low, "high": high, "log": log}})
}

fn choices(choices: Value) -> Value {
    json!({"name": "CategoricalDistribution", "attributes": {"choices": choices}})
}

/// Learning rate per optimizer, batch size and optimizer together, dropout.
fn joint_space() -> Vec<Param> {
    let when = |index: usize| json!([{"parent": "optimizer", "is": {"choice": index}}]);
    vec![
        Param("optimizer", choices(json!(["sgd", "adam", "nadam", "rmsprop"])), json!([])),
        Param("optimizer.sgd.learning_rate", float(1e-4, 1.0, true), when(0)),
        Param("optimizer.adam.learning_rate", float(1e-5, 0.1, true), when(1)),
        Param("optimizer.nadam.learning_rate", float(1e-5, 0.1, true), when(2)),
        Param("optimizer.rmsprop.learning_rate", float(1e-5, 0.1, true), when(3)),
        Param("batch_size", choices(json!([32, 64, 128, 256])), json!([])),
        Param("dropout", float(0.0, 0.6, false), json!([])),
    ]
}

fn space(params: &[Param]) -> Value {
    let param = |param: &Param| json!({"name": param.0, "distribution": param.1, "when": param.2});
    json!({"params": params.iter().map(param).collect::<Vec<_>>()})
}

/// A search without trials.
pub fn blank(name: &str, position: usize, sampler: Value) -> SearchRecords {
    SearchRecords {
        search: SearchRecord {
            name: name.into(),
            position,
            note: None,
            published: None,
            objectives: vec![ObjectiveRecord { metric: "val_accuracy".into(), maximize: true }],
            space: space(&joint_space()),
            sampler,
            pruner: json!("none"),
            n_trials: 60,
            lag: Some(3),
            seeds: 1,
            seed: 7,
            plan: json!({"epochs": 10, "timeout": null}),
            fingerprint: "5e1f".repeat(16),
            space_fingerprint: String::new(),
        },
        trials: vec![],
        chosen_run: None,
    }
}

/// Draws parameters, nearer to good ones the better `skill` is; then what the trial reports and ends with.
fn trial(number: usize, skill: f64, prunes: bool, noise: &mut Noise) -> TrialRecord {
    let unit = |noise: &mut Noise| 0.5 + 0.5 * noise.next();
    let pull = |at: f64, to: f64| at + (to - at) * skill;
    let optimizer = if unit(noise) < skill { 1 } else { noise.below(4) };
    let names = ["sgd", "adam", "nadam", "rmsprop"];
    let rate = pull(unit(noise), if optimizer == 0 { 0.75 } else { 0.52 });
    let (low, high) = if optimizer == 0 { (1e-4f64, 1.0f64) } else { (1e-5, 0.1) };
    let learning_rate = (low.ln() + rate * (high.ln() - low.ln())).exp();
    let batch = if unit(noise) < skill { 2 } else { noise.below(4) };
    let dropout = 0.6 * pull(unit(noise), 0.3);
    let off = (rate - if optimizer == 0 { 0.75 } else { 0.5 }).powi(2) * 0.5
        + 0.01 * [0.6, 0.0, 0.1, 0.4][optimizer]
        + 0.004 * (batch as f64 - 2.0).abs()
        + 0.06 * (dropout - 0.2).powi(2);
    let end = if rate > 0.93 { 0.1 } else { 0.885 - off + 0.0025 * noise.next() };
    let bare = joint_space();
    let param = |at: usize, value: f64| ParamRecord {
        name: bare[at].0.into(),
        value,
        distribution: bare[at].1.clone(),
    };
    let params = vec![
        param(0, optimizer as f64),
        param(1 + optimizer, learning_rate),
        param(5, batch as f64),
        param(6, dropout),
    ];
    assert_eq!(names.len(), 4);
    ended(number, params, end, prunes && end < 0.84, number % 29 == 17, noise)
}

/// Ten epochs towards `end`; pruned ones stop after some, failed ones without a value.
fn ended(
    number: usize,
    params: Vec<ParamRecord>,
    end: f64,
    is_pruned: bool,
    is_failed: bool,
    noise: &mut Noise,
) -> TrialRecord {
    let steps = if is_pruned {
        2 + noise.below(4)
    } else if is_failed {
        1
    } else {
        10
    };
    let value =
        |step: usize| end - (end - 0.1) * 0.45 / (step as f64).powf(1.3) + 0.002 * noise_of(number, step);
    let intermediate: Vec<(i64, f64)> =
        (1..=steps).map(|step| (step as i64, if step == 10 { end } else { value(step) })).collect();
    let last = intermediate.last().map_or(f64::NAN, |step| step.1);
    let wall = 0.9 * steps as f64 * (1.0 + 0.2 * noise.next());
    let begin = number as f64 * 4.9;
    let state = match (is_failed, is_pruned) {
        (true, _) => State::Failed,
        (_, true) => State::Pruned,
        _ => State::Complete,
    };
    TrialRecord {
        trial_id: number as i64 + 1,
        number,
        state,
        params,
        values: if is_failed { vec![] } else { vec![last] },
        intermediate,
        started: Some(moment(begin)),
        completed: Some(moment(begin + wall)),
        user_attributes: vec![],
        system_attributes: vec![],
        side: Some(TrialSide {
            trainings: vec![],
            seed: 7 + number as u64,
            attempt: if number % 41 == 23 { 2 } else { 1 },
            worker: Some(["host-a 4711 amber", "host-a 4711 basil", "host-b 99 clover"][number % 3].into()),
            wall_seconds: wall,
            cpu_seconds: Some(1.9 * wall),
            parameters: Some(25_450),
            end: is_failed
                .then(|| End::Other { words: "the loss is not finite: NaN at update 212 of epoch 2".into() }),
            weights_sha256: None,
            epochs: vec![],
        }),
    }
}

fn noise_of(number: usize, step: usize) -> f64 {
    Noise((number * 1_000 + step) as u64).next()
}

/// Seconds after ten o'clock as RFC 3339.
pub fn moment(seconds: f64) -> String {
    let whole = seconds as u64;
    let (day, rest) = (22 + whole / 86_400, whole % 86_400 + 36_000);
    let (day, rest) = (day + rest / 86_400, rest % 86_400);
    format!(
        "2026-11-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        rest / 3_600,
        rest % 3_600 / 60,
        rest % 60,
        (seconds.fract() * 1e6) as u32
    )
}

/// A search of `n` trials whose sampler learns by `skill`.
pub fn search(
    name: &str,
    position: usize,
    sampler: Value,
    n: usize,
    skill: f64,
    prunes: bool,
) -> SearchRecords {
    let mut records = blank(name, position, sampler);
    let mut noise = Noise(31 * position as u64 + n as u64);
    let learned =
        |number: usize| skill * (number as f64 / n as f64).min(1.0) * if number < 10 { 0.0 } else { 1.0 };
    records.search.n_trials = n;
    if prunes {
        records.search.pruner = json!({"median": {"n_startup_trials": 5, "n_warmup_steps": 0, "interval_steps": 1, "n_min_trials": 1}});
    }
    records.trials = (0..n).map(|number| trial(number, learned(number), prunes, &mut noise)).collect();
    records
}

pub fn tpe() -> Value {
    json!({"tpe": {"n_startup_trials": 10, "n_ei_candidates": 24, "multivariate": true, "group": false, "constant_liar": true, "numpy_compatible": false}})
}

/// Every batch size once: exhaustive, and one factor at a time.
fn grid(position: usize) -> SearchRecords {
    let mut records = blank("batch size", position, json!({"grid": {}}));
    let distribution = choices(json!([32, 64, 128, 256]));
    records.search.space = space(&[Param("batch_size", distribution.clone(), json!([]))]);
    records.search.n_trials = 4;
    records.search.lag = Some(0);
    let published = Published { test_accuracy: Some(0.858), test_loss: Some(0.402), ..Published::default() };
    records.search.published = Some(published);
    let mut noise = Noise(5);
    records.trials = (0..4)
        .map(|i| {
            let params = vec![ParamRecord {
                name: "batch_size".into(),
                value: i as f64,
                distribution: distribution.clone(),
            }];
            ended(i, params, [0.861, 0.866, 0.864, 0.852][i], false, false, &mut noise)
        })
        .collect();
    records
}

/// Accuracy against parameters, still running.
fn front(position: usize) -> SearchRecords {
    let mut records =
        search("small and good", position, json!({"nsga2": {"population_size": 20}}), 48, 0.4, false);
    records.search.lag = None;
    records.search.n_trials = 60;
    records.search.objectives.push(ObjectiveRecord { metric: "parameters".into(), maximize: false });
    let distribution =
        json!({"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 8, "high": 512}});
    let param = json!({"name": "units", "distribution": distribution, "when": []});
    records.search.space["params"].as_array_mut().expect("a list").push(param);
    let mut noise = Noise(77);
    for trial in &mut records.trials {
        let units = (8.0 * 64f64.powf(0.5 + 0.5 * noise.next())).round();
        trial.params.push(ParamRecord {
            name: "units".into(),
            value: units,
            distribution: distribution.clone(),
        });
        if let Some(value) = trial.values.first_mut() {
            *value -= 0.05 / units.sqrt();
            trial.values.push(785.0 * units + 10.0 * units + 10.0);
        }
        trial.intermediate.clear();
    }
    let last = records.trials.len() - 1;
    (records.trials[last].state, records.trials[last].completed) = (State::Running, None);
    records.trials[last].values.clear();
    records
}

/// Adds the searches to a study: joint and the same at random, a grid, two objectives; and who opened the test set.
pub fn add(records: &mut Records) {
    let mut joint = search("joint", 0, tpe(), 60, 0.9, true);
    joint.search.note = Some("Learning rate per optimizer, batch size and dropout, all at once.".into());
    let published = Published { test_accuracy: Some(0.867), test_loss: Some(0.374), ..Published::default() };
    joint.search.published = Some(published);
    let random = search("joint at random", 1, json!({"random": {}}), 60, 0.0, false);
    records.searches = vec![joint, random, grid(2), front(3)];
    let declared = records.runs.iter().filter(|run| run.test.is_some()).enumerate();
    records.test_openings = declared
        .map(|(i, run)| TestOpening {
            time: moment(i as f64 * 30.0),
            run_id: run.id.clone(),
            why: "declared run".into(),
        })
        .collect();
    for (place, from) in [(0usize, 5usize), (2, 4)] {
        choose(records, place, from);
    }
}

/// The chosen configuration of a search as a run, tested once.
fn choose(records: &mut Records, place: usize, like: usize) {
    let mut run = records.runs[like].clone();
    let name = &records.searches[place].search.name;
    let position = records.runs.iter().map(|run| run.position).max().unwrap_or(0) + 1;
    (run.id, run.name, run.position) = (format!("chosen-{place}"), format!("{name}: best"), position);
    run.published = records.searches[place].search.published;
    run.note = None;
    records.test_openings.push(TestOpening {
        time: moment(2_000.0 + place as f64),
        run_id: run.id.clone(),
        why: format!("chosen by the search `{name}`"),
    });
    records.searches[place].chosen_run = Some(run.id.clone());
    records.runs.push(run);
}
