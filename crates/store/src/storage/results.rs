//! What a trial reports and how it ends, written only by whoever holds the latest claim.

use std::sync::LazyLock;

use super::db::{Cell, Db, Result, cells};
use super::{Claim, Report, Storage, TrialResult, claims, json, read};
use crate::{StoreError, ending, epoch_columns};
use toile_record::{End, Epoch, ParamRecord, State, TrialRecord, TrialSide};

impl Storage {
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
                let sql = "UPDATE toile_trial SET seed = $2 WHERE trial_id = $1";
                db.execute(sql, cells![claim.trial_id, seed as i64])?;
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
                claims::beat(db, claim.trial_id)?;
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
        ["trial_params", "trial_intermediate_values", "toile_trial_epoch", "toile_checkpoint"].into_iter();
    for table in of_trial {
        db.execute(&format!("DELETE FROM {table} WHERE trial_id = $1"), cells![trial_id])?;
    }
    let attributes = "DELETE FROM trial_system_attributes WHERE trial_id = $1
        AND (\"key\" LIKE 'completed_rung_%' OR \"key\" LIKE 'tpe:relative_params:%')";
    db.execute(attributes, cells![trial_id])?;
    db.execute("UPDATE toile_trial SET seed = NULL WHERE trial_id = $1", cells![trial_id]).map(drop)
}

fn has_ended_it(db: &mut Db<'_>, claim: &Claim) -> Result<bool> {
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
        put_epoch(db, trial_id, report.step, epoch)?;
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

/// Whether the step was new.
pub(crate) fn put_intermediate(db: &mut Db<'_>, trial_id: i64, step: i64, value: f64) -> Result<bool> {
    let (value, kind) = typed(value);
    let sql =
        "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type)
        VALUES ($1, $2, $3, $4) ON CONFLICT (trial_id, step) DO NOTHING";
    Ok(db.execute(sql, cells![trial_id, step, value, kind])? == 1)
}

pub(super) fn put_system_attribute(db: &mut Db<'_>, trial_id: i64, key: &str, value: &str) -> Result<()> {
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
    let sql = "INSERT INTO toile_checkpoint (trial_id, data) VALUES ($1, $2)
        ON CONFLICT (trial_id) DO UPDATE SET data = excluded.data";
    db.execute(sql, cells![trial_id, data]).map(drop)
}

fn put_epoch(db: &mut Db<'_>, trial_id: i64, step: i64, epoch: &Epoch) -> Result<()> {
    static PUT: LazyLock<String> = LazyLock::new(|| {
        let (names, values) = (&*epoch_columns::NAMES, epoch_columns::values(6));
        format!(
            "INSERT INTO toile_trial_epoch (trial_id, step, epoch, learning_rate, seconds, {names})
            VALUES ($1, $2, $3, $4, $5, {values}) ON CONFLICT (trial_id, step) DO UPDATE SET
                epoch = excluded.epoch, learning_rate = excluded.learning_rate, seconds = excluded.seconds, {}",
            &*epoch_columns::REPLACED
        )
    });
    let mut values = cells![trial_id, step, epoch.epoch, epoch.learning_rate, epoch.seconds].to_vec();
    values.extend(epoch_columns::cells_of(epoch));
    db.execute(&PUT, &values).map(drop)
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
    set_finished(db, claim.trial_id, state)
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
    if !side.epochs.is_empty() {
        db.execute("DELETE FROM toile_trial_epoch WHERE trial_id = $1", cells![claim.trial_id])?;
        for (index, epoch) in side.epochs.iter().enumerate() {
            put_epoch(db, claim.trial_id, index as i64 + 1, epoch)?;
        }
    }
    let reported = packed(&read::intermediate(db, claim.trial_id)?);
    let undefined = End::Other { words: "its value is not a number".into() };
    let end = if is_undefined {
        side.end.as_ref().filter(|end| **end != End::Finished).or(Some(&undefined))
    } else {
        side.end.as_ref()
    };
    let end = ending::to_text(end, None);
    let sql =
        "UPDATE toile_trial SET ended = $2, seed = $3, wall_seconds = $4, cpu_seconds = $5, parameters = $6,
        reason = $7, weights_sha256 = $8, reported = $9 WHERE trial_id = $1";
    let values = cells![
        claim.trial_id,
        claim.attempt,
        side.seed as i64,
        side.wall_seconds,
        side.cpu_seconds,
        side.parameters,
        end.as_deref(),
        side.weights_sha256.as_deref(),
        Cell::Bytes(&reported),
    ];
    db.execute(sql, values).map(drop)
}

/// What toile knew of a trial elsewhere.
pub(super) fn copy_side(db: &mut Db<'_>, trial_id: i64, trial: &TrialRecord) -> Result<()> {
    let Some(side) = &trial.side else { return Ok(()) };
    let worker = side.worker.as_deref();
    let sql = "INSERT INTO toile_trial (trial_id, attempt, worker) VALUES ($1, $2, $3)";
    db.execute(sql, cells![trial_id, side.attempt, worker])?;
    let claim = Claim { trial_id, attempt: side.attempt, ..Claim::default() };
    put_side(db, &claim, side, false)
}

/// Steps and values as sixteen little-endian bytes each: ten thousand trials are then read in one go.
fn packed(reported: &[(i64, f64)]) -> Vec<u8> {
    reported.iter().flat_map(|(step, value)| [step.to_le_bytes(), value.to_le_bytes()]).flatten().collect()
}

pub(super) fn unpacked(bytes: &[u8]) -> Vec<(i64, f64)> {
    let word = |bytes: &[u8]| bytes.first_chunk::<8>().copied().unwrap_or_default();
    let pair = |pair: &[u8]| (i64::from_le_bytes(word(pair)), f64::from_le_bytes(word(&pair[8..])));
    bytes.chunks_exact(16).map(pair).collect()
}
