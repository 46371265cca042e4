//! The schema's history: numbered steps from an empty database to the newest version, the same on both engines.

use crate::db::{Db, Result, cells};
use crate::{StoreError, checksums, evidence, migration, tables};

/// Step `i` leads from version `i` to version `i + 1`. A published step never changes; changes are new steps.
const STEPS: [fn(&mut Db<'_>) -> Result<()>; 5] = [
    tables::create_folder_tables,
    tables::create_search_tables,
    migration::runs_become_trials,
    evidence::tests_move,
    checksums::evidence_is_apart,
];

/// The newest version that this program knows.
pub(crate) const NEWEST: i64 = STEPS.len() as i64;

/// The version of a database; 0 for one without our tables.
pub(crate) fn version(db: &mut Db<'_>) -> Result<i64> {
    if !tables::table_exists(db, "toile_schema")? {
        return Ok(0);
    }
    let version = db.first("SELECT max(version) FROM toile_schema", &[], |row| row.maybe_int(0))?;
    Ok(version.flatten().unwrap_or(0))
}

/// Refuses a database that a newer program wrote, and tables of another Optuna.
pub(crate) fn check(db: &mut Db<'_>, place: &str) -> Result<()> {
    let found = version(db)?;
    if found > NEWEST {
        return Err(StoreError::Newer { path: place.into(), found, known: NEWEST }.into());
    }
    tables::check_optuna(db, place)
}

/// Whether [`migrate`] has nothing to do.
pub(crate) fn is_newest(db: &mut Db<'_>) -> Result<bool> {
    Ok(version(db)? == NEWEST && tables::optuna_head(db)?.is_some() && tables::has_late_columns(db)?)
}

/// Takes the missing steps. The caller has a transaction, and keeps others of ours away.
pub(crate) fn migrate(db: &mut Db<'_>) -> Result<()> {
    db.batch("CREATE TABLE IF NOT EXISTS toile_schema (version INTEGER PRIMARY KEY)")?;
    let from = version(db)?;
    tables::create_optuna(db)?;
    for (step, take) in STEPS.iter().enumerate().skip(from as usize) {
        take(db)?;
        db.execute("INSERT INTO toile_schema (version) VALUES ($1)", cells![step + 1])?;
    }
    tables::add_late_columns(db)
}
