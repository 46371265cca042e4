//! Searches for programs: their part of `results.json`.

use serde::Serialize;
use serde_json::Value;
use toile_record::{
    ObjectiveRecord, Published, Records, RunRecord, SearchRecords, State, TrialRecord, TrialSide,
};

use super::json::number;
use crate::facts::last_numbers;
use crate::view::{belonging, best_trial, external, metrics, notes};

#[derive(Serialize)]
pub(super) struct SearchJson<'a> {
    name: &'a str,
    position: usize,
    note: Option<&'a str>,
    objectives: &'a [ObjectiveRecord],
    space: &'a Value,
    sampler: &'a Value,
    pruner: &'a Value,
    n_trials: usize,
    lag: Option<usize>,
    seeds: usize,
    seed: u64,
    plan: &'a Value,
    fingerprint: &'a str,
    published: Option<&'a Published>,
    trials: Vec<TrialJson<'a>>,
    best: Option<BestTrialJson>,
    #[serde(rename = "final")]
    last: Option<ChosenRunJson<'a>>,
    warnings: Vec<String>,
    importance: Vec<ImportanceJson>,
}

#[derive(Serialize)]
struct ImportanceJson {
    param: String,
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct TrialJson<'a> {
    number: usize,
    state: State,
    params: ParamsJson,
    value: Value,
    values: Vec<Value>,
    intermediate: Vec<(i64, Value)>,
    started: Option<&'a str>,
    completed: Option<&'a str>,
    seed: Option<u64>,
    attempt: Option<usize>,
    worker: Option<&'a str>,
    seconds: Option<f64>,
    cpu_seconds: Option<f64>,
    parameters: Option<usize>,
    weights_sha256: Option<&'a str>,
    reason: Option<String>,
}

/// Parameters by name, as the study file spells them.
type ParamsJson = serde_json::Map<String, Value>;

#[derive(Serialize)]
struct BestTrialJson {
    number: usize,
    params: ParamsJson,
    value: Value,
    values: Vec<Value>,
}

#[derive(Serialize)]
struct ChosenRunJson<'a> {
    id: &'a str,
    name: &'a str,
    test_loss: Option<f64>,
    test_accuracy: Option<f64>,
    published: Option<&'a Published>,
    difference: Option<f64>,
}

/// The searches of a study, with what limits them and which parameters matter.
pub(super) fn searches(records: &Records) -> Vec<SearchJson<'_>> {
    records.searches.iter().map(|search| one(records, search)).collect()
}

fn one<'a>(records: &'a Records, found: &'a SearchRecords) -> SearchJson<'a> {
    let search = &found.search;
    let (warnings, shares) = notes(&records.study.data, found);
    let importance = shares.into_iter().map(|share| {
        let (low, high) = share.interval;
        ImportanceJson { param: share.name, value: share.value, low, high }
    });
    SearchJson {
        name: &search.name,
        position: search.position,
        note: search.note.as_deref(),
        objectives: &search.objectives,
        space: &search.space,
        sampler: &search.sampler,
        pruner: &search.pruner,
        n_trials: search.n_trials,
        lag: search.lag,
        seeds: search.seeds,
        seed: search.seed,
        plan: &search.plan,
        fingerprint: &search.fingerprint,
        published: search.published.as_ref(),
        trials: found.trials.iter().map(trial).collect(),
        best: best(found),
        last: last(records, found),
        warnings,
        importance: importance.collect(),
    }
}

fn trial(trial: &TrialRecord) -> TrialJson<'_> {
    let side = trial.side.as_ref();
    TrialJson {
        number: trial.number,
        state: trial.state,
        params: params(trial),
        value: trial.values.first().map_or(Value::Null, |value| number(*value)),
        values: trial.values.iter().copied().map(number).collect(),
        intermediate: trial.intermediate.iter().map(|(step, value)| (*step, number(*value))).collect(),
        started: trial.started.as_deref(),
        completed: trial.completed.as_deref(),
        seed: side.map(|side| side.seed),
        attempt: side.map(|side| side.attempt),
        worker: side.and_then(|side| side.worker.as_deref()),
        seconds: side.map(|side| side.wall_seconds),
        cpu_seconds: side.and_then(|side| side.cpu_seconds),
        parameters: side.and_then(|side| side.parameters),
        weights_sha256: side.and_then(|side| side.weights_sha256.as_deref()),
        reason: side.and_then(TrialSide::reason),
    }
}

fn params(trial: &TrialRecord) -> ParamsJson {
    trial
        .params
        .iter()
        .map(|param| (param.name.clone(), external(&param.distribution, param.value)))
        .collect()
}

fn best(found: &SearchRecords) -> Option<BestTrialJson> {
    let (found, _) = belonging(found);
    let (place, values) = best_trial(&found.trials, &metrics(&found.search))?;
    let best = &found.trials[place];
    Some(BestTrialJson {
        number: best.number,
        params: params(best),
        value: number(values[0]),
        values: values.into_iter().map(number).collect(),
    })
}

fn last<'a>(records: &'a Records, found: &'a SearchRecords) -> Option<ChosenRunJson<'a>> {
    let id = found.chosen_run.as_ref()?;
    let run: &RunRecord = records.runs.iter().find(|run| run.id == *id)?;
    let published = found.search.published.as_ref().or(run.published.as_ref());
    let numbers = last_numbers(run);
    let difference =
        numbers[5].zip(published.and_then(|p| p.test_accuracy)).map(|(ours, theirs)| ours - theirs);
    Some(ChosenRunJson {
        id: &run.id,
        name: &run.name,
        test_loss: numbers[4],
        test_accuracy: numbers[5],
        published,
        difference,
    })
}
