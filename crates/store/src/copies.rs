//! Copies between a server and a study's folder: searches, and runs.

use crate::db::{Db, Result, cells};
use crate::searches::ensure;
use crate::{Change, SearchId, Store, StoreError, checksums, claims, evidence, json, read, results, runs};
use toile_record::{Records, RunRecord, SearchRecords, State, StudyRecord, TrialRecord};

impl Store {
    /// Makes searches that lie elsewhere part of this database, with their trials as they are; what was copied before
    /// and had ended then is left alone.
    pub fn copy_searches(
        &self,
        study: &str,
        searches: &[SearchRecords],
    ) -> std::result::Result<(), StoreError> {
        self.write("copy searches to", |db| searches.iter().try_for_each(|records| copy(db, study, records)))
    }

    /// Makes everything that is known of a study elsewhere part of this database: its runs and their plan, its
    /// searches, its images and openings. What has ended here is left alone, but for what its weights make of each
    /// image, if only the copy knows that.
    pub fn copy_study(&self, records: &Records) -> std::result::Result<(), StoreError> {
        let study = records.study.name.as_str();
        self.copy_runs(&records.study, &records.runs)?;
        self.save_plan(study, &records.runs)?;
        self.copy_searches(study, &records.searches)?;
        for search in &records.searches {
            if let Some(run_id) = &search.chosen_run {
                self.save_chosen_run(study, &search.search.name, run_id)?;
            }
        }
        let openings = records.test_openings.iter().map(|opening| Change::Opening(study, opening));
        let changes: Vec<_> = openings.chain([Change::Images(study, &records.images)]).collect();
        self.save(&changes).map(drop)
    }

    /// Makes runs that were trained elsewhere part of this database, with the study that they are of; a run that has
    /// ended here only gets what its weights make of each image, if it lacks that. The ids of those that were copied.
    pub fn copy_runs(
        &self,
        study: &StudyRecord,
        runs: &[RunRecord],
    ) -> std::result::Result<Vec<String>, StoreError> {
        self.save_study(study)?;
        self.write("copy runs to", |db| {
            let mut copied = Vec::new();
            for run in runs {
                let known = runs::trial(db, &study.name, &run.id)?;
                let takes = |(_, state): (i64, State)| {
                    state == State::Waiting || (state == State::Failed && run.state == State::Complete)
                };
                if run.state.is_finished() && known.is_none_or(takes) {
                    let waiting = known.filter(|(_, state)| *state == State::Waiting);
                    runs::import(db, &study.name, run, known.is_some(), waiting)?;
                    copied.push(run.id.clone());
                }
            }
            evidence::add_of_copies(db, &study.name, runs)?;
            Ok(copied)
        })
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
    results::put_intermediates(db, trial_id, &trial.intermediate)?;
    for (key, value) in &trial.user_attributes {
        results::put_user_attribute(db, trial_id, key, &json::to_text(value))?;
    }
    for (key, value) in &trial.system_attributes {
        results::put_system_attribute(db, trial_id, key, &json::to_text(value))?;
    }
    results::copy_side(db, trial_id, trial)?;
    checksums::seal_trial(db, trial_id)
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
        "toile_epoch",
        "toile_evidence",
        "toile_training",
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
