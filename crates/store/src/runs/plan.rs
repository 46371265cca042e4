//! The plan of a study's runs, and the Optuna study that they are trials of.

use serde_json::{Map, Value};

use super::{changes, describe, params, read};
use crate::db::{Db, Result, cells};
use crate::{StoreError, checksums, evidence, json as text, searches, studies};
use toile_record::{Part, RunRecord, State};

/// The Optuna study of a study's runs.
pub(crate) struct RunsStudy {
    pub study_id: i64,
    /// `val_accuracy` or `accuracy`: the value of its trials.
    pub metric: String,
    /// Parameter → its range, in Optuna's JSON.
    pub space: Map<String, Value>,
}

pub(super) fn of_study(db: &mut Db<'_>, study: &str) -> Result<Option<RunsStudy>> {
    let sql = "SELECT study_id, metric, space FROM toile_runs_study WHERE study = $1";
    db.first(sql, cells![study], |row| {
        let space = text::parse(row.text(2)?);
        let space = space.as_object().cloned().unwrap_or_default();
        Ok(RunsStudy { study_id: row.int(0)?, metric: row.string(1)?, space })
    })
}

pub(super) fn save(db: &mut Db<'_>, study: &str, runs: &[RunRecord], is_alone: bool) -> Result<()> {
    db.execute("UPDATE toile_run SET planned = 0 WHERE study = $1", cells![study])?;
    let of_runs = match (of_study(db, study)?, runs) {
        (None, []) => return Ok(()),
        _ => ensure_study(db, study, runs)?,
    };
    if is_alone {
        wait_again(db, of_runs.study_id)?;
    }
    for run in runs {
        match read::words(db, study, &run.id)? {
            None => {
                let trial_id = new_trial(db, &of_runs)?;
                put_row(db, study, trial_id, run)?;
                update_row(db, study, run)?;
            }
            Some(known) => update(db, study, &known, run)?,
        }
    }
    Ok(())
}

/// What the file says of a known run. Where that is new, a run that has ended and is intact gets a new checksum.
fn update(db: &mut Db<'_>, study: &str, known: &read::RunWords, run: &RunRecord) -> Result<()> {
    let is_to_be_sealed =
        known.state.is_finished() && !known.are_of(run) && !checksums::is_altered_run(db, known.trial_id)?;
    update_row(db, study, run)?;
    match is_to_be_sealed {
        true => checksums::seal_run(db, known.trial_id),
        false => Ok(()),
    }
}

/// Makes the Optuna study if it is missing, and widens the ranges of the runs' settings.
pub(crate) fn ensure_study(db: &mut Db<'_>, study: &str, runs: &[RunRecord]) -> Result<RunsStudy> {
    if db.is_postgres() {
        db.batch("SELECT pg_advisory_xact_lock(8243121638)")?;
    }
    let mut of_runs = match of_study(db, study)? {
        Some(known) => known,
        None => new_study(db, study)?,
    };
    params::widen(&mut of_runs.space, runs);
    let space = Value::Object(of_runs.space.clone()).to_string();
    db.execute("UPDATE toile_runs_study SET space = $2 WHERE study = $1", cells![study, &space])?;
    Ok(of_runs)
}

fn new_study(db: &mut Db<'_>, study: &str) -> Result<RunsStudy> {
    let Some(record) = studies::study(db, Some(study))? else {
        return Err(StoreError::NoStudy { path: study.into() }.into());
    };
    let has_validation = record.data.n_images(Part::Validation) > 0;
    let metric = if has_validation { "val_accuracy" } else { "accuracy" };
    let name = match searches::is_taken(db, study)? {
        true => searches::free_name(db, &format!("{study} (runs)"))?,
        false => study.to_owned(),
    };
    let study_id = searches::new_study(db, &name, &[true], &[metric])?;
    let sql = "INSERT INTO toile_runs_study (study, study_id, metric, space) VALUES ($1, $2, $3, '{}')";
    db.execute(sql, cells![study, study_id, metric])?;
    Ok(RunsStudy { study_id, metric: metric.into(), space: Map::new() })
}

/// Nobody else can be at work: what is under way was killed.
fn wait_again(db: &mut Db<'_>, study_id: i64) -> Result<()> {
    let running = "SELECT trial_id FROM trials WHERE study_id = $1 AND state = 'RUNNING'";
    for trial_id in db.query(running, cells![study_id], |row| row.int(0))? {
        crate::claims::wait_again(db, trial_id)?;
        let sql = "UPDATE toile_trial SET fruitless = fruitless + 1 WHERE trial_id = $1";
        db.execute(sql, cells![trial_id])?;
    }
    Ok(())
}

/// Numbers are counted by one at a time.
fn new_trial(db: &mut Db<'_>, of_runs: &RunsStudy) -> Result<i64> {
    let lock = "SELECT study_id FROM studies WHERE study_id = $1 FOR UPDATE";
    db.first(lock, cells![of_runs.study_id], |_| Ok(()))?;
    let sql = "INSERT INTO trials (number, study_id, state)
        VALUES ((SELECT count(*) FROM trials WHERE study_id = $1), $1, 'WAITING') RETURNING trial_id";
    Ok(db.first(sql, cells![of_runs.study_id], |row| row.int(0))?.unwrap_or_default())
}

/// A run that has ended is to be trained again: its trial stays as it is, the run has another one now.
pub(super) fn new_trial_of(db: &mut Db<'_>, of_runs: &RunsStudy, study: &str, run_id: &str) -> Result<i64> {
    if let Some((old, _)) = read::trial(db, study, run_id)? {
        evidence::forget(db, old)?;
    }
    let trial_id = new_trial(db, of_runs)?;
    let sql = "UPDATE toile_run SET trial_id = $3, checksum = NULL, evidence_checksum = NULL
        WHERE study = $1 AND id = $2";
    db.execute(sql, cells![study, run_id, trial_id])?;
    Ok(trial_id)
}

fn put_row(db: &mut Db<'_>, study: &str, trial_id: i64, run: &RunRecord) -> Result<()> {
    let from = &run.provenance;
    let sql =
        "INSERT INTO toile_run (study, id, trial_id, planned, position, name, seed, model, plan, summary,
            folder, toile_version, instruction_set, threads, machine, started)
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let (plan, summary) = (text::to_text(&run.plan), text::to_text(&run.summary));
    let values = cells![
        study,
        &run.id,
        trial_id,
        run.position,
        &run.name,
        run.seed as i64,
        &run.model,
        &plan,
        &summary,
        &run.folder,
        &from.toile_version,
        &from.instruction_set,
        from.threads,
        &from.machine,
        &from.started,
    ];
    db.execute(sql, values).map(drop)
}

fn update_row(db: &mut Db<'_>, study: &str, run: &RunRecord) -> Result<()> {
    let published = run.published.as_ref().map(text::to_text);
    let sql = "UPDATE toile_run SET planned = 1, position = $3, name = $4, published = $5, note = $6,
            folder = CASE WHEN (SELECT state FROM trials t WHERE t.trial_id = toile_run.trial_id)
                IN ('WAITING', 'RUNNING') THEN $7 ELSE folder END
        WHERE study = $1 AND id = $2";
    let values = cells![
        study,
        &run.id,
        run.position,
        &run.name,
        published.as_deref(),
        run.note.as_deref(),
        &run.folder,
    ];
    db.execute(sql, values).map(drop)
}

/// Records a run that was trained elsewhere, or by an earlier version, with all that is known of it. Its trial is
/// `trial`, if that one is as far as the run is, or a new one.
pub(crate) fn import(
    db: &mut Db<'_>,
    study: &str,
    run: &RunRecord,
    is_planned: bool,
    trial: Option<(i64, State)>,
) -> Result<()> {
    let of_runs = ensure_study(db, study, std::slice::from_ref(run))?;
    let has_ended = |state: State| !matches!(state, State::Waiting | State::Running);
    let (trial_id, state) = match trial.filter(|(_, state)| has_ended(run.state) || !has_ended(*state)) {
        Some(found) => found,
        None => (new_trial(db, &of_runs)?, State::Waiting),
    };
    db.execute("DELETE FROM toile_run WHERE study = $1 AND id = $2", cells![study, &run.id])?;
    put_row(db, study, trial_id, run)?;
    update_row(db, study, run)?;
    if !is_planned {
        db.execute("UPDATE toile_run SET planned = 0 WHERE study = $1 AND id = $2", cells![study, &run.id])?;
    }
    if state == State::Running {
        crate::claims::wait_again(db, trial_id)?;
    }
    if !has_ended(run.state) {
        return changes::put_progress(db, trial_id, &of_runs.metric, run);
    }
    changes::put_results(db, trial_id, run)?;
    if !has_ended(state) {
        describe(db, study, &run.id, trial_id)?;
        crate::claims::begin_trial(db, trial_id)?;
        changes::end(db, trial_id, &of_runs.metric, run)?;
    }
    let sql = "UPDATE toile_trial SET ended = attempt WHERE trial_id = $1 AND ended IS NULL";
    db.execute(sql, cells![trial_id])?;
    checksums::seal_run(db, trial_id)
}
