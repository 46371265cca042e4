//! The tables of both engines: Optuna's as its version 5.0.0 makes them, and ours.
//!
//! Optuna's schema is version 12, `v3.2.0.a` in alembic's words, and has not changed since Optuna 3.2. Extra tables and
//! indices do not disturb it. What Optuna deletes, we forget: on PostgreSQL by `ON DELETE CASCADE`, on SQLite, where
//! Python leaves foreign keys unchecked, by triggers (or a deleted trial's number could be found again with our row).

use crate::StoreError;
mod optuna;
mod ours;

use self::optuna::{OPTUNA, TYPES};
use self::ours::{EVIDENCE, FOLDER, FORGET_TRIAL, SEARCHES, TRAININGS, TRIGGERS};
use crate::db::{Db, Result, cells};
use toile_record::Metric;

/// The version of Optuna's tables that this program writes, in alembic's words.
pub(crate) const OPTUNA_HEAD: &str = "v3.2.0.a";

/// The same, as `version_info` counts it.
const OPTUNA_SCHEMA: i64 = 12;

/// The Optuna whose tables and times these are.
const OPTUNA_LIBRARY: &str = "5.0.0";

/// The words of the two engines for what stands in braces above.
const WORDS: [(&str, [&str; 2]); 9] = [
    ("{id}", ["INTEGER", "SERIAL"]),
    ("{float}", ["FLOAT", "FLOAT(53)"]),
    ("{time}", ["DATETIME", "TIMESTAMP WITHOUT TIME ZONE"]),
    ("{direction}", ["VARCHAR(8)", "studydirection"]),
    ("{state}", ["VARCHAR(8)", "trialstate"]),
    ("{value_type}", ["VARCHAR(7)", "trialvaluetype"]),
    ("{intermediate_type}", ["VARCHAR(7)", "trialintermediatevaluetype"]),
    ("{bytes}", ["BLOB", "BYTEA"]),
    ("{double}", ["REAL", "DOUBLE PRECISION"]),
];

fn spelled(db: &Db<'_>, sql: &str) -> String {
    let engine = usize::from(db.is_postgres());
    let sql = sql.replace("{without_rowid}", [" WITHOUT ROWID", ""][engine]);
    WORDS.iter().fold(sql, |sql, (name, words)| sql.replace(name, words[engine]))
}

pub(crate) fn table_exists(db: &mut Db<'_>, name: &str) -> Result<bool> {
    let sql = match db.is_postgres() {
        true => "SELECT 1 WHERE to_regclass($1::text) IS NOT NULL",
        false => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
    };
    Ok(db.first(sql, cells![name], |_| Ok(()))?.is_some())
}

/// The names of a table's columns.
pub(crate) fn columns(db: &mut Db<'_>, table: &str) -> Result<Vec<String>> {
    let sql = match db.is_postgres() {
        true => {
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1::text)
                AND attnum > 0 AND NOT attisdropped"
        }
        false => "SELECT name FROM pragma_table_info($1)",
    };
    db.query(sql, cells![table], |row| row.string(0))
}

/// Those of these columns that a table does not have.
fn lacking(db: &mut Db<'_>, table: &str, names: &[&'static str]) -> Result<Vec<&'static str>> {
    let there = columns(db, table)?;
    Ok(names.iter().copied().filter(|name| !there.iter().any(|other| other == name)).collect())
}

/// Columns that came after their table, in a version of toile that needed no step for them.
struct LateColumns {
    table: &'static str,
    names: Vec<&'static str>,
    kind: &'static str,
}

fn late_columns() -> Vec<LateColumns> {
    let late = |table, names: &[&'static str], kind| LateColumns { table, names: names.to_vec(), kind };
    let metrics: Vec<_> = Metric::of_epoch().map(Metric::name).collect();
    vec![
        late("toile_epoch", &metrics, "{double}"),
        late("toile_run", &["evidence_checksum"], "TEXT"),
        late("toile_search", &["checksum"], "TEXT"),
        late("toile_opening", &["checksum"], "TEXT"),
        late("toile_image", &["checksum"], "TEXT"),
        late("toile_study", &["validation_images", "validation_labels"], "{bytes}"),
        late("toile_study", &["seeds"], "TEXT"),
    ]
}

/// Whether the tables have all columns of this version.
pub(crate) fn has_late_columns(db: &mut Db<'_>) -> Result<bool> {
    late_columns()
        .iter()
        .try_fold(true, |all, late| Ok(all && lacking(db, late.table, &late.names)?.is_empty()))
}

/// Adds the columns that the tables do not have.
pub(crate) fn add_late_columns(db: &mut Db<'_>) -> Result<()> {
    for LateColumns { table, names, kind } in late_columns() {
        for name in lacking(db, table, &names)? {
            let sql = spelled(db, &format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"));
            db.batch(&sql)?;
        }
    }
    Ok(())
}

/// The version of Optuna's tables, if it is told.
pub(crate) fn optuna_head(db: &mut Db<'_>) -> Result<Option<String>> {
    match table_exists(db, "alembic_version")? {
        true => db.first("SELECT version_num FROM alembic_version", &[], |row| row.string(0)),
        false => Ok(None),
    }
}

/// Refuses tables of another Optuna than the one that we write for.
pub(crate) fn check_optuna(db: &mut Db<'_>, place: &str) -> Result<()> {
    let refuse = |found: String| {
        Err(StoreError::OtherOptuna { place: place.into(), found, known: OPTUNA_HEAD.into() }.into())
    };
    match optuna_head(db)? {
        Some(head) if head != OPTUNA_HEAD => refuse(head),
        Some(_) => Ok(()),
        None if table_exists(db, "version_info")? => {
            let found = db.first("SELECT schema_version FROM version_info", &[], |row| row.maybe_int(0))?;
            match found.flatten() {
                Some(found) if found != OPTUNA_SCHEMA => refuse(format!("schema version {found}")),
                _ => Ok(()),
            }
        }
        None => Ok(()),
    }
}

/// Makes Optuna's tables and version rows where they are missing.
pub(crate) fn create_optuna(db: &mut Db<'_>) -> Result<()> {
    if db.is_postgres() {
        for (name, members) in TYPES {
            let known =
                db.first("SELECT 1 WHERE to_regtype($1::text) IS NOT NULL", cells![name], |_| Ok(()))?;
            if known.is_none() {
                db.batch(&format!("CREATE TYPE {name} AS ENUM ({members})"))?;
            }
        }
    }
    let tables = spelled(db, OPTUNA);
    db.batch(&tables)?;
    db.batch(&format!(
        "INSERT INTO version_info (version_info_id, schema_version, library_version)
             VALUES (1, {OPTUNA_SCHEMA}, '{OPTUNA_LIBRARY}') ON CONFLICT DO NOTHING;
         INSERT INTO alembic_version (version_num)
             SELECT '{OPTUNA_HEAD}' WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"
    ))
}

/// Step 1 of the schema's history: a server had no runs.
pub(crate) fn create_folder_tables(db: &mut Db<'_>) -> Result<()> {
    if db.is_postgres() { Ok(()) } else { db.batch(FOLDER) }
}

/// Step 2.
pub(crate) fn create_search_tables(db: &mut Db<'_>) -> Result<()> {
    let tables = spelled(db, SEARCHES);
    db.batch(&tables)?;
    match db.is_postgres() {
        true => Ok(()),
        false => db.batch(TRIGGERS),
    }
}

/// The tables of step 3; what they replace is gone.
pub(crate) fn create_training_tables(db: &mut Db<'_>) -> Result<()> {
    let tables = spelled(db, TRAININGS);
    db.batch(&tables)?;
    create_evidence(db)
}

/// The table of step 4, if it is missing, and what is forgotten with a trial.
pub(crate) fn create_evidence(db: &mut Db<'_>) -> Result<()> {
    let table = spelled(db, EVIDENCE);
    db.batch(&table)?;
    match db.is_postgres() {
        true => Ok(()),
        false => db.batch(FORGET_TRIAL),
    }
}

/// Ours, empty, for one connection that only reads.
pub(crate) fn create_temporary(db: &mut Db<'_>) -> Result<()> {
    let tables = spelled(db, &format!("{SEARCHES}{TRAININGS}{EVIDENCE}"));
    let tables = tables.replace("IF NOT EXISTS ", "").replace("CREATE TABLE", "CREATE TEMP TABLE");
    let tables: Vec<&str> = tables.lines().filter(|line| !line.contains(" INDEX ")).collect();
    db.batch(&tables.join("\n"))
}

/// The Optuna that made the tables.
pub(crate) fn library_version(db: &mut Db<'_>) -> Result<Option<String>> {
    let found = db.first("SELECT library_version FROM version_info", &[], |row| row.maybe_string(0))?;
    Ok(found.flatten())
}
