//! Trainings as TensorBoard sees them: hyperparameters, numbers by step, times.

use serde_json::{Map, Value};
use toile_record::{Epoch, Metric, Records, RunRecord, SearchRecords, State, TrialRecord};

use super::MOST_TRIALS;
use super::time::seconds;

/// A hyperparameter's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HparamValue {
    Number(f64),
    Text(String),
    Bool(bool),
}

/// Numbers of one step.
pub(super) struct SessionPoint {
    pub step: i64,
    pub time: f64,
    pub scalars: Vec<(String, f64)>,
}

/// One training: a folder.
pub(super) struct BoardSession {
    pub folder: String,
    /// Trainings of one group are shown as their mean.
    pub group: String,
    pub hparams: Vec<(String, HparamValue)>,
    pub started: f64,
    pub ended: f64,
    pub succeeded: bool,
    pub points: Vec<SessionPoint>,
}

/// All trainings that have begun, and how many trials were left out.
pub(super) fn sessions(records: &Records) -> (Vec<BoardSession>, usize) {
    let begun = |run: &&RunRecord| !run.epochs.is_empty();
    let mut all: Vec<BoardSession> = records.runs.iter().filter(begun).map(of_run).collect();
    let mut left_out = 0;
    for search in &records.searches {
        let mut trials: Vec<&TrialRecord> = search
            .trials
            .iter()
            .filter(|trial| trial.side.as_ref().is_some_and(|s| !s.epochs.is_empty()))
            .collect();
        left_out += trials.len().saturating_sub(MOST_TRIALS);
        best_first(search, &mut trials);
        trials.truncate(MOST_TRIALS);
        trials.sort_by_key(|trial| trial.number);
        all.extend(trials.into_iter().map(|trial| of_trial(search, trial)));
    }
    (all, left_out)
}

/// Complete ones by their value, then the others.
fn best_first(search: &SearchRecords, trials: &mut [&TrialRecord]) {
    let maximize = search.search.objectives.first().is_some_and(|objective| objective.maximize);
    let key = |trial: &TrialRecord| match trial.values.first() {
        Some(value) if trial.state == State::Complete && !value.is_nan() => {
            if maximize {
                -value
            } else {
                *value
            }
        }
        _ => f64::INFINITY,
    };
    trials.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.number.cmp(&b.number)));
}

fn points(epochs: &[Epoch], started: f64) -> Vec<SessionPoint> {
    let mut time = started;
    // Starting weights that were not trained are step 0.
    let first = epochs.first().map_or(1, |row| row.epoch.min(1));
    let point = |(i, epoch): (usize, &Epoch)| {
        time += if epoch.seconds.is_finite() { epoch.seconds } else { 0.0 };
        let measured =
            Metric::of_epoch().filter_map(|metric| Some((metric.name().to_owned(), metric.of(epoch)?)));
        let mut scalars: Vec<(String, f64)> = measured.collect();
        scalars.push(("learning_rate".into(), epoch.learning_rate));
        // A trial of several seeds has epochs of the same number: they are counted on.
        SessionPoint { step: (i + first) as i64, time, scalars }
    };
    epochs.iter().enumerate().map(point).collect()
}

fn of_run(run: &RunRecord) -> BoardSession {
    let started = seconds(&run.provenance.started).unwrap_or(0.0);
    let mut points = points(&run.epochs, started);
    let mut hparams = vec![("model".to_owned(), HparamValue::Text(run.model.clone()))];
    if let Value::Object(plan) = &run.plan {
        for (key, value) in plan.iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())) {
            add(&mut hparams, key, value);
        }
    }
    if let (Some(last), Some(test)) = (points.last_mut(), &run.test) {
        last.scalars.extend(test.loss.map(|loss| ("test_loss".to_owned(), loss)));
        last.scalars.push(("test_accuracy".into(), test.accuracy));
    }
    let wall = if run.provenance.wall_seconds.is_finite() { run.provenance.wall_seconds } else { 0.0 };
    let last = points.last().map_or(started, |point| point.time);
    BoardSession {
        folder: run.folder.strip_prefix("runs/").unwrap_or(&run.folder).to_owned(),
        group: run.name.clone(),
        hparams,
        started,
        ended: last.max(started + wall),
        succeeded: run.state == State::Complete,
        points,
    }
}

/// Settings that are no hyperparameters: trainings of one name differ in the seed alone.
const LEFT_OUT: [&str; 4] = ["seed", "model", "data", "layers"];

/// Settings under dotted names. A choice (`{"adam": {…}}`) is its name, and its settings follow; what is not there is
/// left out, for TensorBoard makes texts of numbers otherwise.
fn add(all: &mut Vec<(String, HparamValue)>, key: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(value) => all.push((key.into(), HparamValue::Bool(*value))),
        Value::Number(number) => all.extend(number.as_f64().map(|n| (key.into(), HparamValue::Number(n)))),
        Value::String(text) => all.push((key.into(), HparamValue::Text(text.clone()))),
        Value::Array(items) if items.is_empty() => {}
        Value::Array(_) => all.push((key.into(), HparamValue::Text(value.to_string()))),
        Value::Object(map) => match choice(map) {
            Some((name, inner)) => {
                all.push((key.into(), HparamValue::Text(name.into())));
                inner.iter().for_each(|(inner, value)| add(all, &format!("{key}.{inner}"), value));
            }
            None => map.iter().for_each(|(inner, value)| add(all, &format!("{key}.{inner}"), value)),
        },
    }
}

fn choice(map: &Map<String, Value>) -> Option<(&str, &Map<String, Value>)> {
    match map.iter().next() {
        Some((name, Value::Object(inner))) if map.len() == 1 => Some((name, inner)),
        _ => None,
    }
}

fn of_trial(search: &SearchRecords, trial: &TrialRecord) -> BoardSession {
    let started = trial.started.as_deref().and_then(seconds).unwrap_or(0.0);
    let epochs = trial.side.as_ref().map_or(&[][..], |side| &side.epochs);
    let mut points = points(epochs, started);
    if let Some(last) = points.last_mut() {
        for (objective, value) in search.search.objectives.iter().zip(&trial.values) {
            last.scalars.push((format!("objective/{}", objective.metric), *value));
        }
    }
    let hparams = trial.params.iter().map(|param| {
        // A choice is kept as its place among the choices.
        let choices = param.distribution["attributes"]["choices"].as_array();
        let chosen = choices.and_then(|choices| choices.get(param.value as usize));
        let value = match chosen {
            None => HparamValue::Number(param.value),
            Some(Value::Bool(value)) => HparamValue::Bool(*value),
            Some(Value::String(text)) => HparamValue::Text(text.clone()),
            Some(other) => {
                other.as_f64().map_or_else(|| HparamValue::Text(other.to_string()), HparamValue::Number)
            }
        };
        (param.name.clone(), value)
    });
    let name: String =
        search.search.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let last = points.last().map_or(started, |point| point.time);
    BoardSession {
        folder: format!("searches/{}-{}/trial-{:04}", search.search.position, name, trial.number),
        group: format!("{}, trial {}", search.search.name, trial.number),
        hparams: hparams.collect(),
        started,
        ended: trial.completed.as_deref().and_then(seconds).unwrap_or(last),
        succeeded: trial.state == State::Complete,
        points,
    }
}
