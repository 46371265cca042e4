//! Copies: searches that lie on a server, in a study's folder; and databases that are only looked at.

use std::path::Path;

use rusqlite::Connection;

use super::db::{Db, Result, cells};
use super::searches::ensure;
use super::{Engine, SearchId, Storage, claims, json, read, results, tables};
use crate::{StoreError, file, schema};
use toile_record::{SearchRecords, State, TrialRecord};

impl Storage {
    /// Opens a SQLite file of toile's or Optuna's to read, and writes nothing into it.
    pub fn read_only(path: &Path) -> std::result::Result<Storage, StoreError> {
        let sqlite = |error| file::sqlite("open", path, error);
        let connection = file::open_to_read(path).map_err(sqlite)?;
        schema::check(&connection, path)?;
        let from_db = |error| file::from_db("open", path, error);
        lend_ours(&connection).map_err(from_db)?;
        // What is lent is not to be written to either: it would be lost.
        connection.pragma_update(None, "query_only", true).map_err(sqlite)?;
        let library_version = tables::library_version(&mut Db::Sqlite(&connection)).map_err(from_db)?;
        let engine = Engine::Sqlite { path: path.into(), connection: std::sync::Mutex::new(connection) };
        Ok(Storage { engine, library_version })
    }

    /// Makes searches that lie elsewhere part of this database, with their trials as they are; what was copied before
    /// and had ended then is left alone.
    pub fn copy_searches(
        &self,
        study: &str,
        searches: &[SearchRecords],
    ) -> std::result::Result<(), StoreError> {
        self.write("copy searches to", |db| searches.iter().try_for_each(|records| copy(db, study, records)))
    }
}

/// A file that only Optuna has written lacks our tables: this connection has empty ones of its own.
fn lend_ours(connection: &Connection) -> Result<()> {
    let db = &mut Db::Sqlite(connection);
    if !tables::table_exists(db, "studies")? {
        return Err(StoreError::NoSearches { place: String::new() }.into());
    }
    match tables::table_exists(db, "toile_search")? {
        true => Ok(()),
        false => tables::create_temporary(db),
    }
}

fn copy(db: &mut Db<'_>, study: &str, records: &SearchRecords) -> Result<()> {
    let id = ensure(db, study, &records.search)?;
    for trial in &records.trials {
        copy_trial(db, id, trial)?;
    }
    Ok(())
}

fn copy_trial(db: &mut Db<'_>, id: SearchId, trial: &TrialRecord) -> Result<()> {
    let known = "SELECT trial_id, state FROM trials WHERE study_id = $1 AND number = $2";
    let known = db.first(known, cells![id.0, trial.number], |row| Ok((row.int(0)?, read::state(row, 1)?)))?;
    match known {
        Some((_, State::Complete | State::Pruned | State::Failed)) => return Ok(()),
        Some((trial_id, _)) => forget(db, trial_id)?,
        None => {}
    }
    let sql = "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
        VALUES ($1, $2, $3, $4, $5) RETURNING trial_id";
    let state = read::state_name(trial.state);
    let (began, ended) = (naive(&trial.started), naive(&trial.completed));
    let values = cells![trial.number, id.0, state, began.as_deref(), ended.as_deref()];
    let trial_id = db.first(sql, values, |row| row.int(0))?.unwrap_or_default();
    claims::put_params(db, trial_id, &trial.params)?;
    results::put_values(db, trial_id, &trial.values)?;
    for &(step, value) in &trial.intermediate {
        results::put_intermediate(db, trial_id, step, value)?;
    }
    for (key, value) in &trial.user_attributes {
        results::put_user_attribute(db, trial_id, key, &json::to_text(value))?;
    }
    for (key, value) in &trial.system_attributes {
        results::put_system_attribute(db, trial_id, key, &json::to_text(value))?;
    }
    results::copy_side(db, trial_id, trial)
}

/// A copy of a trial that had not ended yet.
fn forget(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    for table in [
        "trial_params",
        "trial_values",
        "trial_intermediate_values",
        "trial_user_attributes",
        "trial_system_attributes",
        "trial_heartbeats",
        "toile_trial_epoch",
        "toile_trial",
        "trials",
    ] {
        db.execute(&format!("DELETE FROM {table} WHERE trial_id = $1"), cells![trial_id])?;
    }
    Ok(())
}

/// RFC 3339 in UTC as Optuna writes it.
fn naive(time: &Option<String>) -> Option<String> {
    time.as_ref().map(|time| time.trim_end_matches('Z').replacen('T', " ", 1))
}
