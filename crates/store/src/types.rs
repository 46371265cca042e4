//! What passes between a storage and those who work on a search.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use toile_record::{Epoch, ParamRecord, State, TrialSide};

/// Key of a search in the database: Optuna's `study_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchId(pub i64);

/// The right to work on a trial. It lasts until the trial is finished, put back, or taken over because no heartbeat
/// came; after that every method that is given it answers `false` and writes nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    /// Key of the trial.
    pub trial_id: i64,
    /// Its number within the search.
    pub number: usize,
    /// Which claim of this trial it is, from 1: the fencing token.
    pub attempt: usize,
    /// The parameters that are decided already.
    pub params: Vec<ParamRecord>,
    /// What somebody queued it with: parameters by name, as the study file would spell them.
    pub fixed: Vec<(String, Value)>,
    /// What earlier attempts reported, by step.
    pub reported: Vec<(i64, f64)>,
    /// The last checkpoint of an earlier attempt.
    pub checkpoint: Option<Vec<u8>>,
    /// The values with which the rungs of successive halving were completed, by rung.
    pub rungs: Vec<f64>,
    /// How many workers have died with it, one after the other, before an epoch ended.
    pub fruitless: usize,
    /// The seed that was decided together with the parameters.
    pub seed: Option<u64>,
}

/// A trial that is to begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTrial {
    /// Its number: as many trials as there are.
    pub number: usize,
    /// All its parameters.
    pub params: Vec<ParamRecord>,
    /// The seed of its first repetition.
    pub seed: u64,
    /// Its parameters as the JSON text that Optuna's samplers leave for each other (`tpe:relative_params`); not
    /// needed where `params` holds them all.
    pub relative_params: Option<String>,
}

/// What a trial says after an epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Counted from 1 over all repetitions.
    pub step: i64,
    /// The value that pruners compare; may be NaN or infinite. None where nothing is compared at this step.
    pub value: Option<f64>,
    /// Which of the trial's trainings the epoch is of, from 0.
    pub repetition: usize,
    /// All numbers of the epoch.
    pub epoch: Option<Epoch>,
    /// The values with which rungs of successive halving were completed at this step.
    pub rungs: Vec<f64>,
    /// All that is needed to go on from here; it replaces the one before.
    pub checkpoint: Option<Vec<u8>>,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialResult {
    /// Complete, pruned or failed.
    pub state: State,
    /// Its value for each objective; of a pruned trial the last reported one; of a failed one none. A NaN makes a
    /// complete trial a failed one, as in Optuna, which has no place for it.
    pub values: Vec<f64>,
    /// What Optuna has no columns for. `attempt` and `worker` are taken from the claim; `epochs`, where there are any,
    /// replace the reported ones.
    pub side: TrialSide,
    /// Attributes that anybody may read, by key.
    pub user_attributes: Vec<(String, Value)>,
}

/// A study that stands in Optuna's tables, whoever made it.
#[derive(Clone, Debug, PartialEq)]
pub struct OptunaStudy {
    /// Its key.
    pub id: SearchId,
    /// Its name in Optuna.
    pub name: String,
    /// Whether larger is better, for each objective; `None` where that was never said.
    pub maximize: Vec<Option<bool>>,
    /// Names of the objectives, if they have any.
    pub metrics: Vec<String>,
    /// How many trials it holds.
    pub n_trials: usize,
    /// Whether a toile made it.
    pub ours: bool,
}

/// A parameter of a [`PastTrial`]; equal names and ranges share their memory.
#[derive(Clone, Debug, PartialEq)]
pub struct PastParam {
    /// Its name.
    pub name: Arc<str>,
    /// Its internal value.
    pub value: f64,
    /// Its range, in Optuna's JSON.
    pub distribution: Arc<Value>,
}

/// A trial as samplers and pruners want it: without epochs, times and attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct PastTrial {
    /// Key in the database.
    pub trial_id: i64,
    /// Its number within the search.
    pub number: usize,
    /// Where it is.
    pub state: State,
    /// The parameters that are decided.
    pub params: Vec<PastParam>,
    /// Of a trial of Python's that runs: parameters that it will have, by name, as the study file would spell them.
    pub relative: Vec<(String, Value)>,
    /// Its value for each objective.
    pub values: Vec<f64>,
    /// What it reported, by step.
    pub intermediate: Vec<(i64, f64)>,
    /// The values with which it completed rungs of successive halving, by rung.
    pub rungs: Vec<f64>,
    /// Constraints: it is feasible if none is above 0.
    pub constraints: Vec<f64>,
    /// Which claim of ours it is or was; 0 for trials that only others had, or that one of them has now.
    pub attempt: usize,
}

impl PastTrial {
    /// Whether nothing will ever change about it.
    pub fn is_finished(&self) -> bool {
        !matches!(self.state, State::Waiting | State::Running)
    }
}

/// What a worker knows of a search's trials. [`crate::Store::history`] brings it up to date and reads again only what
/// was unfinished, or is new.
#[derive(Debug, Default)]
pub struct HistoryCache {
    pub(super) trials: Vec<PastTrial>,
    pub(super) changed: Vec<usize>,
    pub(super) names: HashMap<String, Arc<str>>,
    pub(super) distributions: HashMap<String, Arc<Value>>,
}

impl HistoryCache {
    /// The trials, by number.
    pub fn trials(&self) -> &[PastTrial] {
        &self.trials
    }

    /// The places in [`HistoryCache::trials`] that the last call of [`crate::Store::history`] read anew.
    pub fn changed(&self) -> &[usize] {
        &self.changed
    }
}
