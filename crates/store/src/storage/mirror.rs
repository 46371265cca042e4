//! Declared runs as trials of an Optuna study, so that Optuna's tools show them beside the searches.
//!
//! The study has the name of ours (with ` (runs)` behind it where a search is called so). A run is a trial: its
//! settings are parameters, as far as they differ among the runs of the plan; its value is the last validation
//! accuracy, or the training accuracy where nothing was held out. It is a copy for others to look at: nothing of ours
//! reads it.

use serde_json::{Map, Value, json};

use super::db::{Db, Result, cells};
use super::{json as text, results, searches};
use crate::store::Change;
use toile_record::{Epoch, RunRecord, State, StudyRecord};

/// Makes the study if there are runs, and spells out the ranges of their settings. What a killed program left as
/// running waits again.
pub(crate) fn save_plan(db: &mut Db<'_>, study: &StudyRecord, runs: &[RunRecord]) -> Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let known = of_study(db, &study.name)?;
    let mut space = known.as_ref().map(|known| known.space.clone()).unwrap_or_default();
    widen(&mut space, runs);
    let space = Value::Object(space).to_string();
    if let Some(known) = known {
        let sql = "UPDATE toile_runs_study SET space = $2 WHERE study = $1";
        db.execute(sql, cells![&study.name, &space])?;
        return wait_again(db, known.study_id);
    }
    let has_validation = study.data.split.validation_counts.iter().sum::<usize>() > 0;
    let metric = if has_validation { "val_accuracy" } else { "accuracy" };
    let name = match searches::is_taken(db, &study.name)? {
        true => searches::free_name(db, &format!("{} (runs)", study.name))?,
        false => study.name.clone(),
    };
    let study_id = searches::new_study(db, &name, &[true], &[metric])?;
    let sql = "INSERT INTO toile_runs_study (study, study_id, metric, space) VALUES ($1, $2, $3, $4)";
    db.execute(sql, cells![&study.name, study_id, metric, &space]).map(drop)
}

/// Follows a change of a run.
pub(crate) fn put(db: &mut Db<'_>, change: &Change<'_>) -> Result<()> {
    match *change {
        Change::Begin(run) | Change::Continue(run) => begin(db, run).map(drop),
        Change::Epoch(id, epoch) => put_epoch(db, id, epoch),
        Change::Finish(run) => finish(db, run),
        Change::Checkpoint(id, bytes) => put_checkpoint(db, id, bytes),
        Change::Suspend(id, bytes) => {
            bytes.map_or(Ok(()), |bytes| put_checkpoint(db, id, bytes))?;
            suspend(db, id)
        }
        Change::Images(_) | Change::Opening { .. } => Ok(()),
    }
}

/// The Optuna study of our runs.
struct RunsStudy {
    study_id: i64,
    metric: String,
    /// Parameter → its range, in Optuna's JSON.
    space: Map<String, Value>,
}

fn of_study(db: &mut Db<'_>, study: &str) -> Result<Option<RunsStudy>> {
    let sql = "SELECT study_id, metric, space FROM toile_runs_study WHERE study = $1";
    db.first(sql, cells![study], |row| {
        let space = text::parse(row.text(2)?);
        let space = space.as_object().cloned().unwrap_or_default();
        Ok(RunsStudy { study_id: row.int(0)?, metric: row.string(1)?, space })
    })
}

/// The study of this file, if a plan was recorded in it.
fn present(db: &mut Db<'_>) -> Result<Option<RunsStudy>> {
    match db.first("SELECT name FROM toile_study", &[], |row| row.string(0))? {
        Some(name) => of_study(db, &name),
        None => Ok(None),
    }
}

fn wait_again(db: &mut Db<'_>, study_id: i64) -> Result<()> {
    let sql = "UPDATE trials SET state = 'WAITING', datetime_start = NULL WHERE study_id = $1 AND state = 'RUNNING'";
    db.execute(sql, cells![study_id]).map(drop)
}

/// The trial of a run, and whether it has ended.
fn of_run(db: &mut Db<'_>, id: &str) -> Result<Option<(i64, bool)>> {
    let sql = "SELECT t.trial_id, t.state FROM toile_run_trial r JOIN trials t ON t.trial_id = r.trial_id
        WHERE r.run_id = $1";
    db.first(sql, cells![id], |row| {
        let state = super::read::state(row, 1)?;
        Ok((row.int(0)?, !matches!(state, State::Waiting | State::Running)))
    })
}

/// A trial that has ended is never changed: a run that begins again after that is a new one.
fn begin(db: &mut Db<'_>, run: &RunRecord) -> Result<Option<i64>> {
    let Some(study) = present(db)? else { return Ok(None) };
    let trial_id = match of_run(db, &run.id)? {
        Some((trial_id, false)) => {
            start_anew(db, trial_id)?;
            trial_id
        }
        _ => new_trial(db, study.study_id, &run.id)?,
    };
    for (name, value, range) in params(&study.space, &run.plan, &run.model) {
        let sql = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
            VALUES ($1, $2, $3, $4)";
        db.execute(sql, cells![trial_id, &name, value, &range.to_string()])?;
    }
    for (key, value) in [("name", json!(run.name)), ("seed", json!(run.seed)), ("run", json!(run.id))] {
        results::put_user_attribute(db, trial_id, key, &value.to_string())?;
    }
    Ok(Some(trial_id))
}

fn start_anew(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    for table in ["trial_intermediate_values", "trial_params"] {
        db.execute(&format!("DELETE FROM {table} WHERE trial_id = $1"), cells![trial_id])?;
    }
    let wait = "UPDATE trials SET state = 'WAITING' WHERE trial_id = $1";
    db.execute(wait, cells![trial_id])?;
    let run = "UPDATE trials SET state = 'RUNNING', datetime_start = NOW_UTC WHERE trial_id = $1";
    db.execute(run, cells![trial_id]).map(drop)
}

fn new_trial(db: &mut Db<'_>, study_id: i64, run_id: &str) -> Result<i64> {
    let sql = "INSERT INTO trials (number, study_id, state, datetime_start)
        VALUES ((SELECT count(*) FROM trials WHERE study_id = $1), $1, 'RUNNING', NOW_UTC) RETURNING trial_id";
    let trial_id = db.first(sql, cells![study_id], |row| row.int(0))?.unwrap_or_default();
    let sql = "INSERT INTO toile_run_trial (run_id, trial_id) VALUES ($1, $2)
        ON CONFLICT (run_id) DO UPDATE SET trial_id = excluded.trial_id";
    db.execute(sql, cells![run_id, trial_id])?;
    Ok(trial_id)
}

fn metric_of(metric: &str, epoch: &Epoch) -> f64 {
    let value = if metric == "val_accuracy" { epoch.val_accuracy } else { epoch.accuracy };
    value.unwrap_or(f64::NAN)
}

fn put_epoch(db: &mut Db<'_>, id: &str, epoch: &Epoch) -> Result<()> {
    let sql = "SELECT t.trial_id, s.metric FROM toile_run_trial r JOIN trials t ON t.trial_id = r.trial_id
        JOIN toile_runs_study s ON s.study_id = t.study_id WHERE r.run_id = $1 AND t.state = 'RUNNING'";
    let Some((trial_id, metric)) = db.first(sql, cells![id], |row| Ok((row.int(0)?, row.string(1)?)))? else {
        return Ok(());
    };
    results::put_intermediate(db, trial_id, epoch.epoch as i64, metric_of(&metric, epoch)).map(drop)
}

fn finish(db: &mut Db<'_>, run: &RunRecord) -> Result<()> {
    let Some(study) = present(db)? else { return Ok(()) };
    let trial_id = match of_run(db, &run.id)? {
        Some((_, true)) => return Ok(()),
        Some((trial_id, false)) => trial_id,
        None => match begin(db, run)? {
            Some(trial_id) => trial_id,
            None => return Ok(()),
        },
    };
    for epoch in &run.epochs {
        let value = metric_of(&study.metric, epoch);
        results::put_intermediate(db, trial_id, epoch.epoch as i64, value)?;
    }
    let value = run.epochs.last().map_or(f64::NAN, |epoch| metric_of(&study.metric, epoch));
    if run.state.is_finished() {
        db.execute("DELETE FROM toile_checkpoint WHERE trial_id = $1", cells![trial_id])?;
    }
    match run.state {
        State::Waiting | State::Running => Ok(()),
        State::Complete | State::Pruned if !value.is_nan() => {
            results::put_values(db, trial_id, &[value])?;
            results::set_finished(db, trial_id, run.state)
        }
        _ => results::set_finished(db, trial_id, State::Failed),
    }
}

fn put_checkpoint(db: &mut Db<'_>, id: &str, bytes: &[u8]) -> Result<()> {
    match of_run(db, id)? {
        Some((trial_id, false)) => results::put_checkpoint(db, trial_id, bytes),
        _ => Ok(()),
    }
}

/// The last checkpoint of a run that has not ended.
pub(crate) fn checkpoint(db: &mut Db<'_>, id: &str) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT c.data FROM toile_run_trial r JOIN toile_checkpoint c ON c.trial_id = r.trial_id
        WHERE r.run_id = $1";
    Ok(db.first(sql, cells![id], |row| Ok(row.maybe_bytes(0)?.map(<[u8]>::to_vec)))?.flatten())
}

fn suspend(db: &mut Db<'_>, id: &str) -> Result<()> {
    let sql = "UPDATE trials SET state = 'WAITING', datetime_start = NULL
        WHERE state = 'RUNNING' AND trial_id = (SELECT trial_id FROM toile_run_trial WHERE run_id = $1)";
    db.execute(sql, cells![id]).map(drop)
}

/// The settings of a run that are single values, by name. `{"adam": {"learning_rate": …}}` is the name `adam` and the
/// settings below it; those of the optimizer keep their own names, as one says them.
fn settings(plan: &Value, model: &str) -> Vec<(String, Value)> {
    let mut all = vec![("model".to_owned(), json!(model))];
    for (key, value) in plan.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "model" | "seed" | "data") {
            flatten(key, value, &mut all);
        }
    }
    all
}

fn flatten(path: &str, value: &Value, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(_) => {}
        Value::Object(map) => {
            let only = map.iter().next().filter(|(_, below)| map.len() == 1 && below.is_object());
            if let Some((name, _)) = only {
                all.push((path.to_owned(), json!(name)));
            }
            let below = only.map_or(map, |(_, below)| below.as_object().unwrap_or(map));
            for (key, value) in below {
                let is_own = path == "optimizer";
                flatten(&if is_own { key.clone() } else { format!("{path}.{key}") }, value, all);
            }
        }
        single => all.push((path.to_owned(), single.clone())),
    }
}

/// Widens the ranges by the settings of these runs: of settings that differ among them, and of the model.
fn widen(space: &mut Map<String, Value>, runs: &[RunRecord]) {
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in runs.iter().flat_map(|run| settings(&run.plan, &run.model)) {
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => found.push((name, vec![value])),
        }
    }
    for (name, values) in found {
        let known = space.get(&name).map(ends).unwrap_or_default();
        let is_new = known.is_empty();
        let mut all = known;
        all.extend(values.into_iter().filter(|value| !all.contains(value)).collect::<Vec<_>>());
        if !is_new || all.len() > 1 || name == "model" {
            space.insert(name, range(&all));
        }
    }
}

/// The values that a range was made of: its bounds or its choices.
fn ends(range: &Value) -> Vec<Value> {
    let attributes = &range["attributes"];
    match attributes["choices"].as_array() {
        Some(choices) => choices.clone(),
        None => vec![attributes["low"].clone(), attributes["high"].clone()],
    }
}

/// The range of these values: numbers from the smallest to the largest, anything else one of them.
fn range(values: &[Value]) -> Value {
    let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    let Some(numbers) = numbers else {
        return json!({ "name": "CategoricalDistribution", "attributes": { "choices": values } });
    };
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match values.iter().all(|value| value.is_i64() || value.is_u64()) {
        true => json!({ "name": "IntDistribution",
            "attributes": { "log": false, "step": 1, "low": low as i64, "high": high as i64 } }),
        false => json!({ "name": "FloatDistribution",
            "attributes": { "step": null, "low": low, "high": high, "log": false } }),
    }
}

/// The parameters of a run: name, internal value, range.
fn params<'s>(space: &'s Map<String, Value>, plan: &Value, model: &str) -> Vec<(String, f64, &'s Value)> {
    let internal = |name: &str, value: &Value| {
        let range = space.get(name)?;
        let value = match range["attributes"]["choices"].as_array() {
            Some(choices) => choices.iter().position(|choice| choice == value)? as f64,
            None => value.as_f64()?,
        };
        Some((value, range))
    };
    let all = settings(plan, model).into_iter();
    all.filter_map(|(name, value)| internal(&name, &value).map(|(value, range)| (name, value, range)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_one_says_them() {
        let plan = json!({
            "seed": 7, "optimizer": { "adam": { "learning_rate": 0.1, "clipnorm": null } }, "layers": [1],
            "schedule": { "cosine": { "steps": 3 } }, "class_weight": {}, "batch_size": 32,
        });
        let names: Vec<_> =
            settings(&plan, "dense").into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let meant = [
            "model=\"dense\"",
            "optimizer=\"adam\"",
            "learning_rate=0.1",
            "clipnorm=null",
            "schedule=\"cosine\"",
            "schedule.steps=3",
            "batch_size=32",
        ];
        assert_eq!(names, meant);
    }

    #[test]
    fn ranges_hold_all_values_and_numbers_of_both_kinds_are_real() {
        assert_eq!(range(&[json!(3), json!(1)])["attributes"]["low"], json!(1));
        assert_eq!(range(&[json!(3), json!(0.5)])["name"], json!("FloatDistribution"));
        assert_eq!(range(&[json!(null), json!(0.5)])["attributes"]["choices"], json!([null, 0.5]));
    }
}
