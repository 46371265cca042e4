//! Trainings as TensorBoard sees them: hyperparameters, numbers by step, times.

use serde_json::Value;
use toile_record::{Epoch, Metric, Records, RunRecord, SearchRecords, State, TrialRecord, flat_settings};

use super::MOST_TRIALS;

/// Seconds since 1970 of an RFC 3339 date; `None` if it is none.
fn seconds(date: &str) -> Option<f64> {
    let date: jiff::Timestamp = date.parse().ok()?;
    Some(date.as_second() as f64 + f64::from(date.subsec_nanosecond()) / 1e9)
}

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
        let mut trials: Vec<&TrialRecord> =
            search.trials.iter().filter(|trial| !trial.epochs().is_empty()).collect();
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
    hparams.extend(
        flat_settings(&run.plan).into_iter().filter_map(|(name, value)| Some((name, setting(value)?))),
    );
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

/// A setting as it is shown; what is not there is left out, for TensorBoard makes texts of numbers otherwise.
fn setting(value: Value) -> Option<HparamValue> {
    match value {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Bool(value) => Some(HparamValue::Bool(value)),
        Value::Number(number) => number.as_f64().map(HparamValue::Number),
        Value::String(text) => Some(HparamValue::Text(text)),
        Value::Array(_) | Value::Object(_) => Some(HparamValue::Text(value.to_string())),
    }
}

fn of_trial(search: &SearchRecords, trial: &TrialRecord) -> BoardSession {
    let started = trial.started.as_deref().and_then(seconds).unwrap_or(0.0);
    let epochs = trial.epochs();
    let mut points = points(epochs, started);
    if let Some(last) = points.last_mut() {
        for (objective, value) in search.search.objectives.iter().zip(&trial.values) {
            last.scalars.push((format!("objective/{}", objective.metric), *value));
        }
    }
    let hparams = trial.params.iter().filter_map(|param| {
        // A choice is kept as its place among the choices.
        let choices = param.distribution["attributes"]["choices"].as_array();
        let chosen = choices.and_then(|choices| choices.get(param.value as usize));
        let value = match chosen {
            None => HparamValue::Number(param.value),
            Some(chosen) => setting(chosen.clone())?,
        };
        Some((param.name.clone(), value))
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

#[cfg(test)]
mod tests {
    use super::seconds;

    /// `date -u -d DATE +%s`
    #[test]
    fn dates_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(seconds("2026-11-29T12:00:00Z"), Some(1_795_953_600.0));
        assert_eq!(seconds("2000-02-29T23:59:59.25Z"), Some(951_868_799.25));
        assert_eq!(seconds("1999-12-31 00:00:00+00:00"), Some(946_598_400.0));
        for wrong in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-29", "2026-11-29T25:00:00Z"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
