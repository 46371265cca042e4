//! Claims: a trial begun, taken from the queue, taken over from the dead, kept alive, put back.

use std::time::Duration;

use crate::db::{Cell, Db, Result, cells, undecodable};
use crate::{Claim, NewTrial, SearchId, Store, StoreError, json, read, results};
use toile_record::ParamRecord;

impl Store {
    /// Begins a trial with parameters that somebody proposed. `None`: there is a trial of this number already, or one
    /// before it is missing still.
    pub fn create_trial(
        &self,
        id: SearchId,
        trial: &NewTrial,
        worker: &str,
    ) -> std::result::Result<Option<Claim>, StoreError> {
        self.write("begin a trial in", |db| create(db, id, trial, worker))
    }

    /// Takes the first trial that waits: queued by somebody, or put back.
    pub fn claim_waiting(
        &self,
        id: SearchId,
        worker: &str,
    ) -> std::result::Result<Option<Claim>, StoreError> {
        self.write("claim a trial in", |db| claim(db, id, worker))
    }

    /// Takes over a running trial whose worker, one of ours, has not been heard of for `grace`.
    pub fn take_over(
        &self,
        id: SearchId,
        grace: Duration,
        worker: &str,
    ) -> std::result::Result<Option<Claim>, StoreError> {
        self.write("take over a trial in", |db| take_over(db, id, grace, worker))
    }

    /// Takes over all running trials of ours, whenever their workers were last heard of: for somebody who knows that he
    /// is the only one. By number.
    pub fn inherit(&self, id: SearchId, worker: &str) -> std::result::Result<Vec<Claim>, StoreError> {
        self.write("take over the trials of", |db| inherit(db, id, worker))
    }

    /// Fails the running trials of others whose heartbeat is older than `grace`, as each Optuna worker with heartbeats
    /// does before it asks for a trial; how many there were.
    pub fn fail_foreign_stale(&self, id: SearchId, grace: Duration) -> std::result::Result<u64, StoreError> {
        self.write("look after the trials in", |db| fail_foreign_stale(db, id, grace))
    }

    /// Says that the worker lives. `false`: the trial is no longer its own.
    pub fn heartbeat(&self, claim: &Claim) -> std::result::Result<bool, StoreError> {
        self.write("keep a trial in", |db| {
            let owns = owns(db, claim)?;
            if owns {
                beat(db, claim.trial_id)?;
            }
            Ok(owns)
        })
    }

    /// Puts the trial back to the queue: number, parameters and reports stay, a checkpoint replaces the one before.
    pub fn put_back(
        &self,
        claim: &Claim,
        checkpoint: Option<&[u8]>,
    ) -> std::result::Result<bool, StoreError> {
        self.write("put a trial back in", |db| {
            let owns = owns(db, claim)?;
            if owns {
                put_back(db, claim, checkpoint)?;
            }
            Ok(owns)
        })
    }
}

/// Whether the claim still holds. On a server the rows are locked from here to the transaction's end, so that whoever
/// takes over or finishes meanwhile waits, and then sees what happened.
pub(crate) fn owns(db: &mut Db<'_>, claim: &Claim) -> Result<bool> {
    let sql = "SELECT 1 FROM trials t JOIN toile_trial s ON s.trial_id = t.trial_id
        WHERE t.trial_id = $1 AND t.state = 'RUNNING' AND s.attempt = $2 AND s.worker IS NOT NULL
        FOR UPDATE OF t, s";
    Ok(db.first(sql, cells![claim.trial_id, claim.attempt], |_| Ok(()))?.is_some())
}

/// The worker lives.
pub(crate) fn beat(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    beat_by(db, trial_id, "UPDATE toile_trial SET heartbeat = NOW_SECONDS WHERE trial_id = $1")
}

/// The worker lives, and an epoch has ended: the trial does not kill its worker before anything comes of it.
pub(crate) fn move_on(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    let sql = "UPDATE toile_trial SET heartbeat = NOW_SECONDS, fruitless = 0 WHERE trial_id = $1";
    beat_by(db, trial_id, sql)
}

/// Both heartbeats: ours, by the database's clock, and Optuna's in Optuna's manner.
fn beat_by(db: &mut Db<'_>, trial_id: i64, ours: &str) -> Result<()> {
    db.execute(ours, cells![trial_id])?;
    let sql = "INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES ($1, NOW_BEAT)
        ON CONFLICT (trial_id) DO UPDATE SET heartbeat = NOW_BEAT";
    db.execute(sql, cells![trial_id]).map(drop)
}

/// The number of a trial that is to come. Until the transaction ends nobody else has one, in Python neither: numbers
/// are counted under the lock that Optuna takes as well.
pub(crate) fn next_number(db: &mut Db<'_>, id: SearchId) -> Result<usize> {
    let lock = "SELECT study_id FROM studies WHERE study_id = $1 FOR UPDATE";
    if db.first(lock, cells![id.0], |_| Ok(()))?.is_none() {
        return Err(StoreError::UnknownSearch { id: id.0 }.into());
    }
    let count = "SELECT count(*) FROM trials WHERE study_id = $1";
    Ok(db.first(count, cells![id.0], |row| row.count(0))?.unwrap_or_default())
}

fn create(db: &mut Db<'_>, id: SearchId, trial: &NewTrial, worker: &str) -> Result<Option<Claim>> {
    if next_number(db, id)? != trial.number {
        return Ok(None);
    }
    let sql = "INSERT INTO trials (number, study_id, state, datetime_start)
        VALUES ($1, $2, 'RUNNING', NOW_UTC) RETURNING trial_id";
    let trial_id = db.first(sql, cells![trial.number, id.0], |row| row.int(0))?;
    let trial_id = trial_id.ok_or_else(|| undecodable(0, "a new trial has no key".into()))?;
    put_params(db, trial_id, &trial.params)?;
    if let Some(text) = &trial.relative_params {
        put_relative_params(db, trial_id, text)?;
    }
    let sql = "INSERT INTO toile_trial (trial_id, attempt, worker) VALUES ($1, 1, $2)";
    db.execute(sql, cells![trial_id, worker])?;
    results::put_seed(db, trial_id, trial.seed)?;
    beat(db, trial_id)?;
    Ok(Some(Claim {
        trial_id,
        number: trial.number,
        attempt: 1,
        params: trial.params.clone(),
        seed: Some(trial.seed),
        ..Claim::default()
    }))
}

pub(crate) fn put_params(db: &mut Db<'_>, trial_id: i64, params: &[ParamRecord]) -> Result<()> {
    let sql = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
        VALUES ($1, $2, $3, $4) ON CONFLICT (trial_id, param_name)
        DO UPDATE SET param_value = excluded.param_value, distribution_json = excluded.distribution_json";
    let ranges: Vec<String> = params.iter().map(|param| json::to_text(&param.distribution)).collect();
    let mut rows: Vec<Vec<Cell<'_>>> = Vec::with_capacity(params.len());
    for (param, range) in params.iter().zip(&ranges) {
        rows.push(cells![trial_id, &param.name, param.value, range].to_vec());
    }
    db.execute_many(sql, &rows).map(drop)
}

/// Optuna cuts the text, because older databases held no longer ones.
fn put_relative_params(db: &mut Db<'_>, trial_id: i64, text: &str) -> Result<()> {
    let letters: Vec<char> = text.chars().collect();
    for (index, part) in letters.chunks(2045).enumerate() {
        let part: String = part.iter().collect();
        let key = format!("tpe:relative_params:{index}");
        results::put_system_attribute(db, trial_id, &key, &json::to_text(&part))?;
    }
    Ok(())
}

fn claim(db: &mut Db<'_>, id: SearchId, worker: &str) -> Result<Option<Claim>> {
    let sql = "UPDATE trials SET state = 'RUNNING', datetime_start = NOW_UTC WHERE trial_id = (
            SELECT trial_id FROM trials WHERE study_id = $1 AND state = 'WAITING'
            ORDER BY trial_id LIMIT 1 FOR UPDATE SKIP LOCKED)
        AND state = 'WAITING' RETURNING trial_id, number";
    let Some((trial_id, number)) = db.first(sql, cells![id.0], |row| Ok((row.int(0)?, row.count(1)?)))?
    else {
        return Ok(None);
    };
    claimed(db, trial_id, number, worker)
}

/// Takes this trial, if it waits.
pub(crate) fn claim_trial(db: &mut Db<'_>, trial_id: i64, worker: &str) -> Result<Option<Claim>> {
    let sql = "UPDATE trials SET state = 'RUNNING', datetime_start = NOW_UTC
        WHERE trial_id = $1 AND state = 'WAITING' RETURNING number";
    match db.first(sql, cells![trial_id], |row| row.count(0))? {
        Some(number) => claimed(db, trial_id, number, worker),
        None => Ok(None),
    }
}

/// A trial begins for nobody: what came of it is known already.
pub(crate) fn begin_trial(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    let sql = "UPDATE trials SET state = 'RUNNING' WHERE trial_id = $1 AND state = 'WAITING'";
    db.execute(sql, cells![trial_id]).map(drop)
}

/// A trial that was taken out of the queue has a worker from now on.
fn claimed(db: &mut Db<'_>, trial_id: i64, number: usize, worker: &str) -> Result<Option<Claim>> {
    let sql = "INSERT INTO toile_trial (trial_id, attempt, worker) VALUES ($1, 1, $2)
        ON CONFLICT (trial_id) DO UPDATE SET attempt = toile_trial.attempt + 1, worker = excluded.worker
        RETURNING attempt";
    held(db, trial_id, number, sql, worker)
}

pub(crate) fn take_over(
    db: &mut Db<'_>,
    id: SearchId,
    grace: Duration,
    worker: &str,
) -> Result<Option<Claim>> {
    let sql = "SELECT t.trial_id, t.number FROM trials t JOIN toile_trial s ON s.trial_id = t.trial_id
        WHERE t.study_id = $1 AND t.state = 'RUNNING' AND s.worker IS NOT NULL
            AND s.heartbeat <= NOW_SECONDS - $2::float8
        ORDER BY t.trial_id LIMIT 1 FOR UPDATE OF t, s SKIP LOCKED";
    let found = db.first(sql, cells![id.0, seconds(grace)], |row| Ok((row.int(0)?, row.count(1)?)))?;
    let Some((trial_id, number)) = found else { return Ok(None) };
    held(db, trial_id, number, NEXT_ATTEMPT, worker)
}

/// Whoever had it has died: without an epoch, unless that is known.
const NEXT_ATTEMPT: &str =
    "UPDATE toile_trial SET attempt = attempt + 1, worker = $2, fruitless = fruitless + 1
    WHERE trial_id = $1 RETURNING attempt";

fn inherit(db: &mut Db<'_>, id: SearchId, worker: &str) -> Result<Vec<Claim>> {
    let sql = "SELECT t.trial_id, t.number FROM trials t JOIN toile_trial s ON s.trial_id = t.trial_id
        WHERE t.study_id = $1 AND t.state = 'RUNNING' AND s.worker IS NOT NULL
        ORDER BY t.number, t.trial_id FOR UPDATE OF t, s";
    let found = db.query(sql, cells![id.0], |row| Ok((row.int(0)?, row.count(1)?)))?;
    let mut claims = Vec::new();
    for (trial_id, number) in found {
        claims.extend(held(db, trial_id, number, NEXT_ATTEMPT, worker)?);
    }
    Ok(claims)
}

/// Makes a trial the worker's own by a statement that answers with the attempt, and gathers what is known of it.
fn held(db: &mut Db<'_>, trial_id: i64, number: usize, sql: &str, worker: &str) -> Result<Option<Claim>> {
    let attempt = db.first(sql, cells![trial_id, worker], |row| row.count(0))?;
    let attempt = attempt.ok_or_else(|| undecodable(0, "a claim has no number".into()))?;
    beat(db, trial_id)?;
    read::claim(db, trial_id, number, attempt).map(Some)
}

fn fail_foreign_stale(db: &mut Db<'_>, id: SearchId, grace: Duration) -> Result<u64> {
    let age = match db.is_postgres() {
        true => "extract(epoch FROM NOW_BEAT::timestamp - h.heartbeat)::float8",
        false => "(julianday('now') - julianday(h.heartbeat)) * 86400.0",
    };
    let sql = format!(
        "UPDATE trials SET state = 'FAIL', datetime_complete = NOW_UTC WHERE trial_id IN (
            SELECT t.trial_id FROM trials t JOIN trial_heartbeats h ON h.trial_id = t.trial_id
            LEFT JOIN toile_trial s ON s.trial_id = t.trial_id
            WHERE t.study_id = $1 AND t.state = 'RUNNING' AND s.worker IS NULL AND {age} > $2::float8)
        AND state = 'RUNNING'"
    );
    db.execute(&sql, cells![id.0, seconds(grace)])
}

pub(crate) fn put_back(db: &mut Db<'_>, claim: &Claim, checkpoint: Option<&[u8]>) -> Result<()> {
    wait_again(db, claim.trial_id)?;
    db.execute("UPDATE toile_trial SET fruitless = 0 WHERE trial_id = $1", cells![claim.trial_id])?;
    match checkpoint {
        Some(data) => results::put_checkpoint(db, claim.trial_id, data),
        None => Ok(()),
    }
}

/// The heartbeat goes with the worker: whoever claims the trial next may have none, and must not look dead.
pub(crate) fn wait_again(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    let waiting = "UPDATE trials SET state = 'WAITING', datetime_start = NULL WHERE trial_id = $1";
    db.execute(waiting, cells![trial_id])?;
    let free = "UPDATE toile_trial SET worker = NULL, heartbeat = NULL WHERE trial_id = $1";
    db.execute(free, cells![trial_id])?;
    db.execute("DELETE FROM trial_heartbeats WHERE trial_id = $1", cells![trial_id]).map(drop)
}

/// Seconds of a duration, for the database's clock.
fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
