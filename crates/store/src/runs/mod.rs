//! Declared runs: each is a trial of an Optuna study that has the study's name, with one training.
//!
//! The study is called as ours (with ` (runs)` behind it where a search is called so). The settings of a run are the
//! trial's parameters, as far as they differ among the runs of the plan; its value is the last validation accuracy, or
//! the training accuracy where nothing was held out. A run waits from the plan on; whoever claims it is its worker, as
//! with the trials of searches.

mod changes;
mod params;
mod plan;
mod read;

pub use changes::Change;
pub(crate) use plan::import;

use std::time::Duration;

use serde_json::json;

use crate::db::{Db, Result, cells};
use crate::{Claim, SearchId, Store, StoreError, claims, results};
use toile_record::{RunRecord, State};

impl Store {
    /// Makes `runs` the plan of a study, which must be recorded: new ones wait; those that are known keep their state
    /// and results and take the names, places and remarks given here; all others stay, but leave [`Store::records`]. In
    /// a folder, which is this program's alone, what a killed one left as running waits again.
    pub fn save_plan(&self, study: &str, runs: &[RunRecord]) -> std::result::Result<(), StoreError> {
        let is_alone = self.is_first_here();
        self.write("record the plan in", |db| plan::save(db, study, runs, is_alone))
    }

    /// Takes a run that waits; `again`: also one that has ended, which is a new trial then, as a finished one is never
    /// changed. `None`: somebody else has it, or it has ended.
    pub fn claim_run(
        &self,
        study: &str,
        run_id: &str,
        worker: &str,
        again: bool,
    ) -> std::result::Result<Option<Claim>, StoreError> {
        self.write("claim a run in", |db| claim(db, study, run_id, worker, again))
    }

    /// Takes over a run whose worker has not been heard of for `grace`: its id and the claim.
    pub fn take_over_run(
        &self,
        study: &str,
        grace: Duration,
        worker: &str,
    ) -> std::result::Result<Option<(String, Claim)>, StoreError> {
        self.write("take over a run in", |db| {
            let Some(runs) = plan::of_study(db, study)? else { return Ok(None) };
            let Some(claim) = claims::take_over(db, SearchId(runs.study_id), grace, worker)? else {
                return Ok(None);
            };
            let sql = "SELECT id FROM toile_run WHERE trial_id = $1";
            let id = db.first(sql, cells![claim.trial_id], |row| row.string(0))?;
            Ok(id.map(|id| (id, claim)))
        })
    }

    /// The last checkpoint of a run that has not ended.
    pub fn checkpoint(&self, study: &str, run_id: &str) -> std::result::Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT c.data FROM toile_run r JOIN toile_checkpoint c ON c.trial_id = r.trial_id
            WHERE r.study = $1 AND r.id = $2";
        self.read("read a checkpoint from", |db| bytes_of_run(db, sql, study, run_id))
    }

    /// The weights of a run as a safetensors file, where they are kept in the database.
    pub fn weights(&self, study: &str, run_id: &str) -> std::result::Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT w.data FROM toile_run r JOIN toile_weights w ON w.trial_id = r.trial_id
            WHERE r.study = $1 AND r.id = $2";
        self.read("read weights from", |db| bytes_of_run(db, sql, study, run_id))
    }

    /// Keeps the weights of a run, a safetensors file.
    pub fn put_weights(&self, study: &str, run_id: &str, data: &[u8]) -> std::result::Result<(), StoreError> {
        self.write("keep weights in", |db| match trial(db, study, run_id)? {
            Some((trial_id, _)) => changes::put_weights(db, trial_id, data),
            None => Err(StoreError::UnknownRun { id: run_id.into() }.into()),
        })
    }

    /// One run, whether or not the plan still holds it.
    pub fn run(&self, study: &str, run_id: &str) -> std::result::Result<Option<RunRecord>, StoreError> {
        self.read("read a run from", |db| read::run(db, study, run_id))
    }

    /// A run without its epochs, and without what its weights make of each image: what is small of it.
    pub fn run_head(&self, study: &str, run_id: &str) -> std::result::Result<Option<RunRecord>, StoreError> {
        self.read("read a run from", |db| read::head(db, study, run_id))
    }

    /// The state of a run, if it is known.
    pub fn run_state(&self, study: &str, run_id: &str) -> std::result::Result<Option<State>, StoreError> {
        self.read("read a run from", |db| read::state(db, study, run_id))
    }

    /// Id and folder of every run that has ended, whether or not the plan still holds it.
    pub fn ended_runs(&self, study: &str) -> std::result::Result<Vec<(String, String)>, StoreError> {
        self.read("read the runs from", |db| read::ended(db, study))
    }

    /// The runs of the plan, by position and seed.
    pub fn runs(&self, study: &str) -> std::result::Result<Vec<RunRecord>, StoreError> {
        self.read("read the runs from", |db| read::planned(db, study))
    }

    /// Every run that was ever recorded, with its epochs.
    pub fn all_runs(&self, study: &str) -> std::result::Result<Vec<RunRecord>, StoreError> {
        self.read("read the runs from", |db| read::all(db, study))
    }
}

fn bytes_of_run(db: &mut Db<'_>, sql: &str, study: &str, run_id: &str) -> Result<Option<Vec<u8>>> {
    let bytes = db.first(sql, cells![study, run_id], |row| Ok(row.maybe_bytes(0)?.map(<[u8]>::to_vec)))?;
    Ok(bytes.flatten())
}

pub(crate) use read::{all, former, of_trial, planned, trial};

fn claim(db: &mut Db<'_>, study: &str, run_id: &str, worker: &str, again: bool) -> Result<Option<Claim>> {
    let Some((trial_id, state)) = trial(db, study, run_id)? else {
        return Err(StoreError::UnknownRun { id: run_id.into() }.into());
    };
    let trial_id = match state {
        State::Waiting => trial_id,
        State::Running => return Ok(None),
        State::Complete | State::Pruned | State::Failed if !again => return Ok(None),
        State::Complete | State::Pruned | State::Failed => match plan::of_study(db, study)? {
            Some(runs) => plan::new_trial_of(db, &runs, study, run_id)?,
            None => return Ok(None),
        },
    };
    let Some(claim) = claims::claim_trial(db, trial_id, worker)? else { return Ok(None) };
    describe(db, study, run_id, trial_id)?;
    Ok(Some(claim))
}

/// The parameters and names of a run's trial, for Optuna's tools.
fn describe(db: &mut Db<'_>, study: &str, run_id: &str, trial_id: i64) -> Result<()> {
    let (Some(runs), Some(run)) = (plan::of_study(db, study)?, read::head(db, study, run_id)?) else {
        return Ok(());
    };
    db.execute("DELETE FROM trial_params WHERE trial_id = $1", cells![trial_id])?;
    let sql = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
        VALUES ($1, $2, $3, $4)";
    let params = params::params(&runs.space, &run.plan, &run.model);
    let ranges: Vec<String> = params.iter().map(|(_, _, range)| range.to_string()).collect();
    let rows: Vec<_> = params
        .iter()
        .zip(&ranges)
        .map(|((name, value, _), range)| cells![trial_id, name, *value, range].to_vec())
        .collect();
    db.execute_many(sql, &rows)?;
    for (key, value) in [("name", json!(run.name)), ("seed", json!(run.seed)), ("run", json!(run.id))] {
        results::put_user_attribute(db, trial_id, key, &value.to_string())?;
    }
    Ok(())
}
