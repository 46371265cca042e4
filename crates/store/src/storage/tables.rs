//! The tables of a search: Optuna's as its version 5.0.0 makes them, and ours beside them.
//!
//! Optuna's schema is version 12, `v3.2.0.a` in alembic's words, and has not changed since Optuna 3.2. Extra tables and
//! indices do not disturb it. What Optuna deletes, we forget: on PostgreSQL by `ON DELETE CASCADE`, on SQLite, where
//! Python leaves foreign keys unchecked, by triggers (or a deleted trial's number could be found again with our row).

use super::db::{Db, Result};
use crate::StoreError;

/// The version of Optuna's tables that this program writes, in alembic's words.
pub(crate) const OPTUNA_HEAD: &str = "v3.2.0.a";

/// The same, as `version_info` counts it.
const OPTUNA_SCHEMA: i64 = 12;

/// The Optuna whose tables and times these are.
const OPTUNA_LIBRARY: &str = "5.0.0";

/// Optuna's tables, in the words of `storages/_rdb/models.py`.
const OPTUNA: &str = "
CREATE TABLE IF NOT EXISTS studies (
    study_id {id} NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id)
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_studies_study_name ON studies (study_name);
CREATE TABLE IF NOT EXISTS version_info (
    version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
    PRIMARY KEY (version_info_id), CHECK (version_info_id=1)
);
CREATE TABLE IF NOT EXISTS study_directions (
    study_direction_id {id} NOT NULL, direction {direction} NOT NULL, study_id INTEGER NOT NULL,
    objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE IF NOT EXISTS study_user_attributes (
    study_user_attribute_id {id} NOT NULL, study_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, \"key\"),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE IF NOT EXISTS study_system_attributes (
    study_system_attribute_id {id} NOT NULL, study_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, \"key\"),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE IF NOT EXISTS trials (
    trial_id {id} NOT NULL, number INTEGER, study_id INTEGER, state {state} NOT NULL,
    datetime_start {time}, datetime_complete {time}, PRIMARY KEY (trial_id),
    FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE INDEX IF NOT EXISTS ix_trials_study_id ON trials (study_id);
CREATE TABLE IF NOT EXISTS trial_user_attributes (
    trial_user_attribute_id {id} NOT NULL, trial_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, \"key\"),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE IF NOT EXISTS trial_system_attributes (
    trial_system_attribute_id {id} NOT NULL, trial_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, \"key\"),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE IF NOT EXISTS trial_params (
    param_id {id} NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value {float},
    distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE IF NOT EXISTS trial_values (
    trial_value_id {id} NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value {float},
    value_type {value_type} NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE IF NOT EXISTS trial_intermediate_values (
    trial_intermediate_value_id {id} NOT NULL, trial_id INTEGER NOT NULL, step INTEGER NOT NULL,
    intermediate_value {float}, intermediate_value_type {intermediate_type} NOT NULL,
    PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE IF NOT EXISTS trial_heartbeats (
    trial_heartbeat_id {id} NOT NULL, trial_id INTEGER NOT NULL, heartbeat {time} NOT NULL,
    PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE IF NOT EXISTS alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
";

/// PostgreSQL's enumerations; `CREATE TYPE` knows no `IF NOT EXISTS`.
const TYPES: [(&str, &str); 4] = [
    ("studydirection", "'NOT_SET', 'MINIMIZE', 'MAXIMIZE'"),
    ("trialstate", "'RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING'"),
    ("trialvaluetype", "'FINITE', 'INF_POS', 'INF_NEG'"),
    ("trialintermediatevaluetype", "'FINITE', 'INF_POS', 'INF_NEG', 'NAN'"),
];

/// Our tables beside Optuna's: step 2 of the schema's history (`schema.rs`). A published step never changes.
const OURS: &str = "
CREATE TABLE toile_search (
    study_id          INTEGER PRIMARY KEY REFERENCES studies (study_id) ON DELETE CASCADE,
    study             TEXT NOT NULL,      -- the study in whose file the search stands
    name              TEXT NOT NULL,      -- in the study file; Optuna's name may differ where that was taken
    position          INTEGER NOT NULL,
    fingerprint       TEXT NOT NULL,
    record            TEXT NOT NULL,      -- JSON: what the study file says
    retired           INTEGER NOT NULL,   -- 1: put aside, for its trials cannot be compared with the present settings'
    stopped           TEXT,               -- why no new trials are begun
    chosen_run        TEXT                -- the run in which the chosen configuration was tested
);
CREATE UNIQUE INDEX toile_ix_search ON toile_search (study, name) WHERE retired = 0;
CREATE TABLE toile_search_change (        -- what the study file said earlier
    study_id          INTEGER NOT NULL REFERENCES studies (study_id) ON DELETE CASCADE,
    n_trials          INTEGER NOT NULL,   -- trials there were when it changed
    record            TEXT NOT NULL,      -- JSON
    changed           {time} NOT NULL
);
CREATE TABLE toile_trial (                -- a trial that some worker of ours had
    trial_id          INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    attempt           INTEGER NOT NULL,   -- fencing token: each claim raises it
    worker            TEXT,               -- who has it; none while it waits
    heartbeat         {double},           -- seconds since 1970 by the database's clock
    ended             INTEGER,            -- the attempt that ended it
    seed              BIGINT,
    wall_seconds      {double},
    cpu_seconds       {double},
    parameters        BIGINT,
    reason            TEXT,
    weights_sha256    TEXT,
    reported          {bytes}             -- of a finished trial: its intermediate values, to be read at once
);
CREATE TABLE toile_trial_epoch (
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE,
    step              INTEGER NOT NULL,   -- from 1, over all repetitions
    epoch             INTEGER NOT NULL,
    loss              {double},
    accuracy          {double},
    train_loss        {double},
    train_accuracy    {double},
    val_loss          {double},
    val_accuracy      {double},
    learning_rate     {double},
    seconds           {double},
    PRIMARY KEY (trial_id, step)
){without_rowid};
CREATE TABLE toile_checkpoint (
    trial_id          INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    data              {bytes} NOT NULL
);
CREATE TABLE toile_run_trial (            -- declared runs as trials of an Optuna study
    run_id            TEXT PRIMARY KEY,
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE
);
CREATE TABLE toile_runs_study (           -- the Optuna study that shows a study's declared runs
    study             TEXT PRIMARY KEY,
    study_id          INTEGER NOT NULL REFERENCES studies (study_id) ON DELETE CASCADE,
    metric            TEXT NOT NULL,
    space             TEXT NOT NULL       -- JSON: the ranges of the runs' settings
);
CREATE TABLE toile_test_opening (
    opening_id        {id} NOT NULL,
    run_id            TEXT NOT NULL,
    why               TEXT NOT NULL,
    time              TEXT NOT NULL,      -- RFC 3339
    PRIMARY KEY (opening_id),
    UNIQUE (run_id, why)
);
CREATE TABLE toile_study_file (           -- study files, for workers that have none
    study             TEXT PRIMARY KEY,
    file_name         TEXT NOT NULL,
    file              TEXT NOT NULL
);
CREATE INDEX toile_ix_trials ON trials (study_id, state);
";

/// What Python's deletions take with them, on SQLite.
const TRIGGERS: &str = "
CREATE TRIGGER toile_forget_trial AFTER DELETE ON trials BEGIN
    DELETE FROM toile_trial WHERE trial_id = old.trial_id;
    DELETE FROM toile_trial_epoch WHERE trial_id = old.trial_id;
    DELETE FROM toile_checkpoint WHERE trial_id = old.trial_id;
    DELETE FROM toile_run_trial WHERE trial_id = old.trial_id;
END;
CREATE TRIGGER toile_forget_study AFTER DELETE ON studies BEGIN
    DELETE FROM toile_search WHERE study_id = old.study_id;
    DELETE FROM toile_search_change WHERE study_id = old.study_id;
    DELETE FROM toile_runs_study WHERE study_id = old.study_id;
END;
";

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
    Ok(db.first(sql, super::db::cells![name], |_| Ok(()))?.is_some())
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
                db.first("SELECT 1 WHERE to_regtype($1::text) IS NOT NULL", super::db::cells![name], |_| {
                    Ok(())
                })?;
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

/// Makes our tables, step 2 of the schema's history.
pub(crate) fn create_ours(db: &mut Db<'_>) -> Result<()> {
    let tables = spelled(db, OURS);
    db.batch(&tables)?;
    match db.is_postgres() {
        true => Ok(()),
        false => db.batch(TRIGGERS),
    }
}

/// The same, empty, for one connection that only reads.
pub(crate) fn create_temporary(db: &mut Db<'_>) -> Result<()> {
    let tables = spelled(db, OURS).replace("CREATE TABLE", "CREATE TEMP TABLE");
    let tables: Vec<&str> = tables.split(';').filter(|sql| sql.contains("CREATE TEMP TABLE")).collect();
    db.batch(&tables.join(";"))
}

/// The Optuna that made the tables.
pub(crate) fn library_version(db: &mut Db<'_>) -> Result<Option<String>> {
    let found = db.first("SELECT library_version FROM version_info", &[], |row| row.maybe_string(0))?;
    Ok(found.flatten())
}
