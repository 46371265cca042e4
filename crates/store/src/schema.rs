//! The tables, as numbered steps from an empty file to the newest version.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::storage::db::{self, Db};
use crate::storage::tables;
use crate::{StoreError, epoch_columns, file};

/// The tables of a study's folder: step 1.
const FOLDER: &str = "
CREATE TABLE toile_study (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    name             TEXT NOT NULL,
    question         TEXT,
    file             TEXT NOT NULL,
    toile_version    TEXT NOT NULL,
    data_fingerprint TEXT NOT NULL,
    data             TEXT NOT NULL,     -- JSON
    test_labels      BLOB NOT NULL      -- one byte per test image
) STRICT;

CREATE TABLE toile_run (
    id              TEXT PRIMARY KEY,
    planned         INTEGER NOT NULL,   -- 0: recorded earlier, no longer part of the study file
    position        INTEGER NOT NULL,
    name            TEXT NOT NULL,
    seed            INTEGER NOT NULL,
    model           TEXT NOT NULL,
    plan            TEXT NOT NULL,      -- JSON
    summary         TEXT NOT NULL,      -- JSON
    published       TEXT,               -- JSON
    note            TEXT,
    folder          TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'complete', 'pruned', 'failed')),
    failure         TEXT,
    test_loss       REAL,
    test_accuracy   REAL,
    predictions     BLOB,               -- one byte per test image
    confidences     BLOB,               -- one little-endian f32 per test image
    weights_sha256  TEXT,
    toile_version   TEXT NOT NULL,
    instruction_set TEXT NOT NULL,
    threads         INTEGER NOT NULL,
    machine         TEXT NOT NULL,
    started         TEXT NOT NULL,
    wall_seconds    REAL NOT NULL,
    cpu_seconds     REAL
) STRICT;

CREATE TABLE toile_epoch (
    run_id         TEXT NOT NULL REFERENCES toile_run (id) ON DELETE CASCADE,
    epoch          INTEGER NOT NULL,    -- from 1
    loss           REAL,
    accuracy       REAL,
    train_loss     REAL,
    train_accuracy REAL,
    val_loss       REAL,
    val_accuracy   REAL,
    learning_rate  REAL,
    seconds        REAL,
    PRIMARY KEY (run_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE toile_image (
    id     INTEGER PRIMARY KEY,         -- position in the test part
    pixels BLOB NOT NULL                -- height x width x channels
) STRICT;
";

/// Step `i` leads from version `i` to version `i + 1`. A published step never changes; changes are new steps.
const STEPS: [fn(&Connection) -> db::Result<()>; 2] = [
    |connection| Ok(connection.execute_batch(FOLDER)?),
    |connection| tables::create_ours(&mut Db::Sqlite(connection)),
];

/// The newest version that this program knows.
pub(crate) const NEWEST: i64 = STEPS.len() as i64;

/// The version from which on a file has the tables of searches.
pub(crate) const WITH_SEARCHES: i64 = 2;

/// Files up to this size are looked through for damage when they are opened; in larger ones it is found when it is met.
const LOOKED_THROUGH: u64 = 16 << 20;

/// The version of a file; 0 for one without our tables.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let known: Option<i64> = connection
        .query_row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'toile_schema'", [], |r| {
            r.get(0)
        })
        .optional()?;
    if known.is_none() {
        return Ok(0);
    }
    connection.query_row("SELECT coalesce(max(version), 0) FROM toile_schema", [], |r| r.get(0))
}

/// Refuses a damaged file, and one that a newer program wrote.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection).map_err(|e| file::sqlite("open", path, e))?;
    if found > NEWEST {
        return Err(StoreError::Newer { path: path.into(), found, known: NEWEST });
    }
    tables::check_optuna(&mut Db::Sqlite(connection), &path.display().to_string())
        .map_err(|e| file::from_db("open", path, e))?;
    if path.metadata().is_ok_and(|file| file.len() > LOOKED_THROUGH) {
        return Ok(());
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |r| r.get(0))
        .map_err(|e| file::sqlite("check", path, e))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged { path: path.into(), reason: verdict });
    }
    Ok(())
}

/// Takes the missing steps, all or none.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    take_steps(connection).map_err(|error| file::from_db("update the tables of", path, error))
}

fn take_steps(connection: &mut Connection) -> db::Result<()> {
    let is_newest = version(connection)? == NEWEST;
    let db = &mut Db::Sqlite(connection);
    if is_newest && tables::optuna_head(db)?.is_some() && epoch_columns::are_complete(db)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .execute_batch("CREATE TABLE IF NOT EXISTS toile_schema (version INTEGER PRIMARY KEY) STRICT")?;
    let from = version(&transaction)?;
    tables::create_optuna(&mut Db::Sqlite(&transaction))?;
    for (step, take) in STEPS.iter().enumerate().skip(from as usize) {
        take(&transaction)?;
        transaction.execute("INSERT INTO toile_schema (version) VALUES (?1)", [step as i64 + 1])?;
    }
    epoch_columns::add_missing(&mut Db::Sqlite(&transaction))?;
    Ok(transaction.commit()?)
}
