//! Trials from rows: one at a time for whoever claims it, all with every detail for the report.

use std::collections::HashMap;

use serde_json::Value;

use crate::db::{Cell, Db, DbRow, Result, cells, undecodable};
use crate::epochs::EpochColumns;
use crate::{Claim, SearchId, Store, StoreError, ending, json};
use toile_record::{ParamRecord, State, TrainingRecord, TrialRecord, TrialSide};

impl Store {
    /// All trials of a search, or of any study in Optuna's tables, with every detail, by number.
    pub fn trials(&self, id: SearchId) -> std::result::Result<Vec<TrialRecord>, StoreError> {
        self.read("read the trials from", |db| trials(db, id))
    }

    /// The seed of a trial's first repetition, if toile trained it.
    pub fn trial_seed(&self, trial_id: i64) -> std::result::Result<Option<u64>, StoreError> {
        self.read("read a trial from", |db| {
            let sql = "SELECT seed FROM toile_training WHERE trial_id = $1 AND repetition = 0";
            Ok(db.first(sql, cells![trial_id], |row| row.maybe_int(0))?.flatten().map(|seed| seed as u64))
        })
    }

    /// Processor time of all trials of a search that have ended.
    pub fn cpu_seconds(&self, id: SearchId) -> std::result::Result<f64, StoreError> {
        self.read("read the times of trials from", |db| {
            let sql = "SELECT coalesce(sum(s.cpu_seconds), 0.0) FROM toile_training s
                JOIN trials t ON t.trial_id = s.trial_id WHERE t.study_id = $1";
            Ok(db.first(sql, cells![id.0], |row| row.real(0))?.unwrap_or(0.0))
        })
    }
}

pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Waiting => "WAITING",
        State::Running => "RUNNING",
        State::Complete => "COMPLETE",
        State::Pruned => "PRUNED",
        State::Failed => "FAIL",
    }
}

pub(crate) fn state(row: &DbRow<'_>, index: usize) -> Result<State> {
    match row.text(index)? {
        "WAITING" => Ok(State::Waiting),
        "RUNNING" => Ok(State::Running),
        "COMPLETE" => Ok(State::Complete),
        "PRUNED" => Ok(State::Pruned),
        "FAIL" => Ok(State::Failed),
        other => Err(undecodable(index, format!("`{other}` is no state of a trial"))),
    }
}

/// A number of Optuna's two columns: the value, or what its type says instead.
pub(crate) fn typed(row: &DbRow<'_>, value: usize) -> Result<f64> {
    Ok(match row.text(value + 1)? {
        "NAN" => f64::NAN,
        "INF_POS" => f64::INFINITY,
        "INF_NEG" => f64::NEG_INFINITY,
        _ => row.real(value)?,
    })
}

/// `2026-11-22 10:38:49.061143` with the marks of RFC 3339; engines leave zeros out at the end.
fn time(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{}.{fraction:0<6}Z", whole.replacen(' ', "T", 1))
}

pub(crate) fn claim(db: &mut Db<'_>, trial_id: i64, number: usize, attempt: usize) -> Result<Claim> {
    let params = "SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = $1 ORDER BY param_id";
    let fixed =
        "SELECT value_json FROM trial_system_attributes WHERE trial_id = $1 AND \"key\" = 'fixed_params'";
    let fixed =
        db.first(fixed, cells![trial_id], |row| Ok(row.maybe_text(0)?.map_or(Value::Null, json::parse)))?;
    let checkpoint = "SELECT data FROM toile_checkpoint WHERE trial_id = $1";
    let checkpoint =
        db.first(checkpoint, cells![trial_id], |row| Ok(row.maybe_bytes(0)?.map(<[u8]>::to_vec)))?;
    let fruitless = "SELECT fruitless FROM toile_trial WHERE trial_id = $1";
    let fruitless = db.first(fruitless, cells![trial_id], |row| row.count(0))?.unwrap_or_default();
    let seed = "SELECT seed FROM toile_training WHERE trial_id = $1 AND repetition = 0";
    let seed = db.first(seed, cells![trial_id], |row| row.maybe_int(0))?.flatten();
    Ok(Claim {
        trial_id,
        number,
        attempt,
        params: db.query(params, cells![trial_id], |row| param(row, 0))?,
        fixed: match fixed {
            Some(Value::Object(fixed)) => fixed.into_iter().collect(),
            _ => Vec::new(),
        },
        reported: intermediate(db, trial_id)?,
        checkpoint: checkpoint.flatten(),
        rungs: rungs(db, trial_id)?,
        fruitless,
        seed: seed.map(|seed| seed as u64),
    })
}

fn param(row: &DbRow<'_>, at: usize) -> Result<ParamRecord> {
    Ok(ParamRecord {
        name: row.string(at)?,
        value: row.real(at + 1)?,
        distribution: json::parse(row.text(at + 2)?),
    })
}

/// What a trial reported, by step.
pub(crate) fn intermediate(db: &mut Db<'_>, trial_id: i64) -> Result<Vec<(i64, f64)>> {
    let sql = "SELECT step, intermediate_value, intermediate_value_type FROM trial_intermediate_values
        WHERE trial_id = $1 ORDER BY step";
    db.query(sql, cells![trial_id], |row| Ok((row.int(0)?, typed(row, 1)?)))
}

/// The values with which a trial completed its rungs, by rung.
pub(crate) fn rungs(db: &mut Db<'_>, trial_id: i64) -> Result<Vec<f64>> {
    let sql = "SELECT \"key\", value_json FROM trial_system_attributes
        WHERE trial_id = $1 AND \"key\" LIKE 'completed_rung_%'";
    let rungs = db.query(sql, cells![trial_id], |row| Ok(rung(row.text(0)?, row.maybe_text(1)?)))?;
    Ok(in_order(rungs.into_iter().flatten().collect()))
}

/// The rung and its value, if the attribute is one.
pub(crate) fn rung(key: &str, value: Option<&str>) -> Option<(usize, f64)> {
    let rung = key.strip_prefix("completed_rung_")?.parse().ok()?;
    Some((rung, json::number(&json::parse(value?))?))
}

/// Rungs without a gap: what lies behind one was not reached.
pub(crate) fn in_order(mut rungs: Vec<(usize, f64)>) -> Vec<f64> {
    rungs.sort_by_key(|(rung, _)| *rung);
    let gapless = rungs.into_iter().enumerate().take_while(|(index, (rung, _))| index == rung);
    gapless.map(|(_, (_, value))| value).collect()
}

pub(crate) fn trials(db: &mut Db<'_>, id: SearchId) -> Result<Vec<TrialRecord>> {
    let columns = EpochColumns::of(db)?;
    some_trials(db, "t.study_id = $1", cells![id.0], &columns)
}

/// The trials of a range of keys, both ends included.
pub(crate) fn trials_between(
    db: &mut Db<'_>,
    id: SearchId,
    low: i64,
    high: i64,
    columns: &EpochColumns,
) -> Result<Vec<TrialRecord>> {
    some_trials(db, "t.study_id = $1 AND t.trial_id BETWEEN $2 AND $3", cells![id.0, low, high], columns)
}

/// One trial, of a database that is written into.
pub(crate) fn trial(db: &mut Db<'_>, trial_id: i64) -> Result<Option<TrialRecord>> {
    Ok(some_trials(db, "t.trial_id = $1", cells![trial_id], &EpochColumns::all())?.pop())
}

/// The trials of which this holds, with these values.
fn some_trials(
    db: &mut Db<'_>,
    which: &str,
    values: &[Cell<'_>],
    columns: &EpochColumns,
) -> Result<Vec<TrialRecord>> {
    let mut all = heads(db, which, values)?;
    if all.is_empty() {
        return Ok(all);
    }
    let places: HashMap<i64, usize> =
        all.iter().enumerate().map(|(place, trial)| (trial.trial_id, place)).collect();
    for detail in DETAILS {
        let Detail { table, columns, order, put } = detail;
        let sql = format!(
            "SELECT x.trial_id, {columns} FROM trials t JOIN {table} x ON x.trial_id = t.trial_id
                WHERE {which} ORDER BY {order}"
        );
        db.each(&sql, values, |row| match places.get(&row.int(0)?) {
            Some(&place) => put(&mut all[place], row),
            None => Ok(()),
        })?;
    }
    let sql = format!(
        "SELECT x.trial_id, {} FROM trials t JOIN toile_epoch x ON x.trial_id = t.trial_id
            WHERE {which} ORDER BY x.trial_id, x.repetition, x.epoch",
        columns.names()
    );
    db.each(&sql, values, |row| {
        let Some(&place) = places.get(&row.int(0)?) else { return Ok(()) };
        all[place].side.get_or_insert_default().epochs.push(columns.read(row, 1)?);
        Ok(())
    })?;
    Ok(all)
}

/// A table whose rows belong to trials, the first column telling to which.
struct Detail {
    table: &'static str,
    columns: &'static str,
    order: &'static str,
    put: fn(&mut TrialRecord, &DbRow<'_>) -> Result<()>,
}

const DETAILS: [Detail; 6] = [
    Detail {
        table: "trial_params",
        columns: "x.param_name, x.param_value, x.distribution_json",
        order: "x.param_id",
        put: |trial, row| param(row, 1).map(|param| trial.params.push(param)),
    },
    Detail {
        table: "trial_values",
        columns: "x.value, x.value_type",
        order: "x.trial_id, x.objective",
        put: |trial, row| typed(row, 1).map(|value| trial.values.push(value)),
    },
    Detail {
        table: "trial_intermediate_values",
        columns: "x.step, x.intermediate_value, x.intermediate_value_type",
        order: "x.trial_id, x.step",
        put: |trial, row| {
            trial.intermediate.push((row.int(1)?, typed(row, 2)?));
            Ok(())
        },
    },
    Detail {
        table: "trial_user_attributes",
        columns: "x.\"key\", x.value_json",
        order: "x.trial_user_attribute_id",
        put: |trial, row| attribute(row).map(|attribute| trial.user_attributes.push(attribute)),
    },
    Detail {
        table: "trial_system_attributes",
        columns: "x.\"key\", x.value_json",
        order: "x.trial_system_attribute_id",
        put: |trial, row| attribute(row).map(|attribute| trial.system_attributes.push(attribute)),
    },
    Detail {
        table: "toile_training",
        columns: "x.seed, x.wall_seconds, x.cpu_seconds, x.parameters, x.ended, x.weights_sha256",
        order: "x.trial_id, x.repetition",
        put: put_training,
    },
];

fn attribute(row: &DbRow<'_>) -> Result<(String, Value)> {
    Ok((row.string(1)?, row.maybe_text(2)?.map_or(Value::Null, json::parse)))
}

/// The trials with what stands in their own row and in ours of it.
fn heads(db: &mut Db<'_>, which: &str, values: &[Cell<'_>]) -> Result<Vec<TrialRecord>> {
    let sql = format!(
        "SELECT t.trial_id, t.number, t.state, t.datetime_start::text, t.datetime_complete::text, s.attempt, s.worker
        FROM trials t LEFT JOIN toile_trial s ON s.trial_id = t.trial_id
        WHERE {which} ORDER BY t.number, t.trial_id"
    );
    db.query(&sql, values, |row| {
        Ok(TrialRecord {
            trial_id: row.int(0)?,
            number: row.count(1)?,
            state: state(row, 2)?,
            params: Vec::new(),
            values: Vec::new(),
            intermediate: Vec::new(),
            started: row.maybe_text(3)?.map(time),
            completed: row.maybe_text(4)?.map(time),
            user_attributes: Vec::new(),
            system_attributes: Vec::new(),
            side: side(row)?,
        })
    })
}

fn side(row: &DbRow<'_>) -> Result<Option<TrialSide>> {
    let Some(attempt) = row.maybe_int(5)? else { return Ok(None) };
    let end = ending::of_trial(None, state(row, 2)?, 0);
    let (attempt, worker) = (attempt as usize, row.maybe_string(6)?);
    Ok(Some(TrialSide { attempt, worker, end, ..TrialSide::default() }))
}

/// A trial's trainings, one per repetition: its times are theirs together, it ended as the last of them did.
fn put_training(trial: &mut TrialRecord, row: &DbRow<'_>) -> Result<()> {
    let last_step = trial.intermediate.last().map_or(0, |&(step, _)| step);
    let training = TrainingRecord {
        seed: row.int(1)? as u64,
        wall_seconds: row.maybe_real(2)?.unwrap_or_default(),
        cpu_seconds: row.maybe_real(3)?,
        end: row.maybe_text(5)?.and_then(|text| ending::of_trial(Some(text), trial.state, last_step)),
        weights_sha256: row.maybe_string(6)?,
    };
    let side = trial.side.get_or_insert_default();
    side.parameters = side.parameters.or(row.maybe_int(4)?.map(|count| count as usize));
    side.add(training);
    Ok(())
}
