//! What a trial reports and how it ends, written only by whoever holds the latest claim.

use crate::db::{Cell, Db, Result, cells};
use crate::{Claim, Report, Store, StoreError, TrialResult, checksums, claims, ending, epochs, json, read};
use toile_record::{End, ParamRecord, State, TrialRecord, TrialSide};

impl Store {
    /// Records the parameters of a claimed trial that had none, or not all, and the seed.
    pub fn decide_params(
        &self,
        claim: &Claim,
        params: &[ParamRecord],
        seed: u64,
    ) -> std::result::Result<bool, StoreError> {
        self.write("record parameters in", |db| {
            let owns = claims::owns(db, claim)?;
            if owns {
                claims::put_params(db, claim.trial_id, params)?;
                put_seed(db, claim.trial_id, seed)?;
            }
            Ok(owns)
        })
    }

    /// Forgets all that earlier attempts decided and reported: the trial is to be trained with other parameters.
    pub fn forget(&self, claim: &Claim) -> std::result::Result<bool, StoreError> {
        self.write("begin a trial anew in", |db| {
            let owns = claims::owns(db, claim)?;
            if owns {
                forget(db, claim.trial_id)?;
            }
            Ok(owns)
        })
    }

    /// Records epochs, all or none. The first report of a step stays, as in Optuna; a later one brings only its epoch
    /// and its checkpoint. `false`: the trial is no longer the worker's own.
    pub fn report(&self, claim: &Claim, reports: &[Report]) -> std::result::Result<bool, StoreError> {
        self.write("record epochs in", |db| {
            let owns = claims::owns(db, claim)?;
            if owns {
                reports.iter().try_for_each(|report| put_report(db, claim.trial_id, report))?;
                claims::move_on(db, claim.trial_id)?;
            }
            Ok(owns)
        })
    }

    /// Ends the trial. `false`: it is no longer the worker's own, and nothing was written. To say it twice, because the
    /// connection was lost before the answer came, is as good as once.
    pub fn finish(&self, claim: &Claim, ending: &TrialResult) -> std::result::Result<bool, StoreError> {
        self.write("finish a trial in", |db| match claims::owns(db, claim)? {
            true => put_ending(db, claim, ending).map(|()| true),
            false => has_ended_it(db, claim),
        })
    }

    /// Adds to the attributes of a trial that anybody may read.
    pub fn set_user_attribute(
        &self,
        claim: &Claim,
        key: &str,
        value: &serde_json::Value,
    ) -> std::result::Result<bool, StoreError> {
        self.write("record an attribute in", |db| {
            let owns = claims::owns(db, claim)?;
            if owns {
                put_user_attribute(db, claim.trial_id, key, &json::to_text(value))?;
            }
            Ok(owns)
        })
    }
}

fn forget(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    let of_trial =
        ["trial_params", "trial_intermediate_values", "toile_epoch", "toile_training", "toile_checkpoint"];
    for table in of_trial {
        db.execute(&format!("DELETE FROM {table} WHERE trial_id = $1"), cells![trial_id])?;
    }
    let attributes = "DELETE FROM trial_system_attributes WHERE trial_id = $1
        AND (\"key\" LIKE 'completed_rung_%' OR \"key\" LIKE 'tpe:relative_params:%')";
    db.execute(attributes, cells![trial_id]).map(drop)
}

pub(crate) fn has_ended_it(db: &mut Db<'_>, claim: &Claim) -> Result<bool> {
    let sql = "SELECT 1 FROM toile_trial WHERE trial_id = $1 AND ended = $2";
    Ok(db.first(sql, cells![claim.trial_id, claim.attempt], |_| Ok(()))?.is_some())
}

fn put_report(db: &mut Db<'_>, trial_id: i64, report: &Report) -> Result<()> {
    let is_new = match report.value {
        Some(value) => put_intermediate(db, trial_id, report.step, value)?,
        None => false,
    };
    if is_new && !report.rungs.is_empty() {
        let done = read::rungs(db, trial_id)?.len();
        for (index, value) in report.rungs.iter().enumerate() {
            let key = format!("completed_rung_{}", done + index);
            put_system_attribute(db, trial_id, &key, &json::of_number(*value))?;
        }
    }
    if let Some(epoch) = &report.epoch {
        epochs::put(db, trial_id, report.repetition, epoch)?;
    }
    match &report.checkpoint {
        Some(data) => put_checkpoint(db, trial_id, data),
        None => Ok(()),
    }
}

/// A number as Optuna's two columns hold it: none of the special ones is a value, the type tells them.
fn typed(value: f64) -> (Option<f64>, &'static str) {
    match value {
        _ if value.is_nan() => (None, "NAN"),
        f64::INFINITY => (None, "INF_POS"),
        f64::NEG_INFINITY => (None, "INF_NEG"),
        _ => (Some(value), "FINITE"),
    }
}

const PUT_INTERMEDIATE: &str =
    "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type)
    VALUES ($1, $2, $3, $4) ON CONFLICT (trial_id, step) DO NOTHING";

/// Whether the step was new.
pub(crate) fn put_intermediate(db: &mut Db<'_>, trial_id: i64, step: i64, value: f64) -> Result<bool> {
    let (value, kind) = typed(value);
    Ok(db.execute(PUT_INTERMEDIATE, cells![trial_id, step, value, kind])? == 1)
}

/// Several steps at once: those that are new.
pub(crate) fn put_intermediates(db: &mut Db<'_>, trial_id: i64, reported: &[(i64, f64)]) -> Result<()> {
    let row = |&(step, value): &(i64, f64)| {
        let (value, kind) = typed(value);
        cells![trial_id, step, value, kind].to_vec()
    };
    let rows: Vec<_> = reported.iter().map(row).collect();
    db.execute_many(PUT_INTERMEDIATE, &rows).map(drop)
}

pub(crate) fn put_system_attribute(db: &mut Db<'_>, trial_id: i64, key: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES ($1, $2, $3)
        ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json";
    db.execute(sql, cells![trial_id, key, value]).map(drop)
}

pub(crate) fn put_user_attribute(db: &mut Db<'_>, trial_id: i64, key: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES ($1, $2, $3)
        ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json";
    db.execute(sql, cells![trial_id, key, value]).map(drop)
}

pub(crate) fn put_checkpoint(db: &mut Db<'_>, trial_id: i64, data: &[u8]) -> Result<()> {
    db.execute("DELETE FROM toile_checkpoint WHERE trial_id = $1", cells![trial_id])?;
    db.insert_bytes("toile_checkpoint", "trial_id", "data", trial_id, data)
}

fn put_ending(db: &mut Db<'_>, claim: &Claim, ending: &TrialResult) -> Result<()> {
    let is_undefined = ending.values.iter().any(|value| value.is_nan());
    let (state, values) = match ending.state {
        State::Complete if is_undefined => (State::Failed, &[][..]),
        State::Pruned if is_undefined => (State::Pruned, &[][..]),
        State::Failed => (State::Failed, &[][..]),
        state => (state, &ending.values[..]),
    };
    for (key, value) in &ending.user_attributes {
        put_user_attribute(db, claim.trial_id, key, &json::to_text(value))?;
    }
    put_values(db, claim.trial_id, values)?;
    put_side(db, claim, &ending.side, state != ending.state)?;
    db.execute("DELETE FROM toile_checkpoint WHERE trial_id = $1", cells![claim.trial_id])?;
    set_finished(db, claim.trial_id, state)?;
    checksums::seal_trial(db, claim.trial_id)
}

pub(crate) fn put_values(db: &mut Db<'_>, trial_id: i64, values: &[f64]) -> Result<()> {
    for (objective, value) in values.iter().enumerate() {
        let (value, kind) = typed(*value);
        let sql = "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES ($1, $2, $3, $4)";
        db.execute(sql, cells![trial_id, objective, value, kind])?;
    }
    Ok(())
}

pub(crate) fn set_finished(db: &mut Db<'_>, trial_id: i64, state: State) -> Result<()> {
    let sql = "UPDATE trials SET state = $2, datetime_complete = NOW_UTC WHERE trial_id = $1";
    db.execute(sql, cells![trial_id, read::state_name(state)]).map(drop)
}

fn put_side(db: &mut Db<'_>, claim: &Claim, side: &TrialSide, is_undefined: bool) -> Result<()> {
    let id = claim.trial_id;
    if !side.epochs.is_empty() {
        epochs::replace(db, id, &side.epochs)?;
    }
    let undefined = End::Other { words: "its value is not a number".into() };
    let trainings = side.all_trainings();
    for (repetition, training) in trainings.iter().enumerate() {
        let mut end = training.end.as_ref();
        if is_undefined && repetition + 1 == trainings.len() {
            end = end.filter(|end| **end != End::Finished).or(Some(&undefined));
        }
        let row = TrainingRow {
            seed: training.seed,
            wall_seconds: Some(training.wall_seconds),
            cpu_seconds: training.cpu_seconds,
            parameters: side.parameters,
            ended: ending::to_text(end, None, &[]),
            weights_sha256: training.weights_sha256.as_deref(),
        };
        put_training(db, id, repetition, &row)?;
    }
    pack_reported(db, id)?;
    db.execute("UPDATE toile_trial SET ended = $2 WHERE trial_id = $1", cells![id, claim.attempt]).map(drop)
}

/// The seed of a training that is to come.
pub(crate) fn put_seed(db: &mut Db<'_>, trial_id: i64, seed: u64) -> Result<()> {
    let sql = "INSERT INTO toile_training (trial_id, repetition, seed) VALUES ($1, 0, $2)
        ON CONFLICT (trial_id, repetition) DO UPDATE SET seed = excluded.seed";
    db.execute(sql, cells![trial_id, seed as i64]).map(drop)
}

/// One seed of a trial, as its table has it.
pub(crate) struct TrainingRow<'a> {
    pub seed: u64,
    pub wall_seconds: Option<f64>,
    pub cpu_seconds: Option<f64>,
    pub parameters: Option<usize>,
    pub ended: Option<String>,
    pub weights_sha256: Option<&'a str>,
}

pub(crate) fn put_training(
    db: &mut Db<'_>,
    trial_id: i64,
    repetition: usize,
    row: &TrainingRow<'_>,
) -> Result<()> {
    let sql = "INSERT INTO toile_training (trial_id, repetition, seed, wall_seconds, cpu_seconds, parameters, ended,
            weights_sha256)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (trial_id, repetition) DO UPDATE SET
            seed = excluded.seed, wall_seconds = excluded.wall_seconds, cpu_seconds = excluded.cpu_seconds,
            parameters = excluded.parameters, ended = excluded.ended, weights_sha256 = excluded.weights_sha256";
    let values = cells![
        trial_id,
        repetition,
        row.seed as i64,
        row.wall_seconds,
        row.cpu_seconds,
        row.parameters,
        row.ended.as_deref(),
        row.weights_sha256,
    ];
    db.execute(sql, values).map(drop)
}

/// Keeps what a trial reported in its own row: ten thousand trials are then read in one go.
pub(crate) fn pack_reported(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    let reported = packed(&read::intermediate(db, trial_id)?);
    let sql = "UPDATE toile_trial SET reported = $2 WHERE trial_id = $1";
    db.execute(sql, cells![trial_id, Cell::Bytes(&reported)]).map(drop)
}

/// What toile knew of a trial elsewhere.
pub(crate) fn copy_side(db: &mut Db<'_>, trial_id: i64, trial: &TrialRecord) -> Result<()> {
    let Some(side) = &trial.side else { return Ok(()) };
    let worker = side.worker.as_deref();
    let sql = "INSERT INTO toile_trial (trial_id, attempt, worker) VALUES ($1, $2, $3)";
    db.execute(sql, cells![trial_id, side.attempt, worker])?;
    let claim = Claim { trial_id, attempt: side.attempt, ..Claim::default() };
    put_side(db, &claim, side, false)
}

/// Steps and values as sixteen little-endian bytes each.
fn packed(reported: &[(i64, f64)]) -> Vec<u8> {
    reported.iter().flat_map(|(step, value)| [step.to_le_bytes(), value.to_le_bytes()]).flatten().collect()
}

pub(crate) fn unpacked(bytes: &[u8]) -> Vec<(i64, f64)> {
    let word = |bytes: &[u8]| bytes.first_chunk::<8>().copied().unwrap_or_default();
    let pair = |pair: &[u8]| (i64::from_le_bytes(word(pair)), f64::from_le_bytes(word(&pair[8..])));
    bytes.chunks_exact(16).map(pair).collect()
}
