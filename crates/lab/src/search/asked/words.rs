//! What is asked and told: the plan of such a search, its trials, how they end, and what cannot be.

use serde_json::{Value, json};
use toile_record::{Direction, ObjectiveRecord, SearchRecord, State};
use toile_store::{PastTrial, StoreError, sha256_hex};
use toile_tune::{Choice, Distribution, Params, Pruner, Sampler, Space};

use crate::search::propose::Proposer;

/// The study, in the database, of all searches whose trials a caller tries.
pub(super) const STUDY: &str = "ask and tell";

/// What is searched, and how.
#[derive(Clone, Debug)]
pub struct AskedPlan {
    /// The search's name: a search that is there under it is gone on with.
    pub name: String,
    /// The parameters.
    pub space: Space,
    /// How trials are proposed.
    pub sampler: Sampler,
    /// When they are stopped.
    pub pruner: Pruner,
    /// Where better lies, for each value.
    pub directions: Vec<Direction>,
    /// How many trials there will be, where that is known.
    pub n_trials: Option<usize>,
    /// Where the search's chance starts.
    pub seed: u64,
}

/// What there is to try next.
#[derive(Clone, Debug, PartialEq)]
pub enum AskedTrial {
    /// A trial: its number, and its parameters in the order of the space.
    Try(usize, Vec<(String, Choice)>),
    /// Nothing, until trials of other workers have ended, or can be taken over.
    Wait,
    /// Nothing: there are as many trials as there shall be, or a grid has no further point.
    Over,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ToldEnd {
    /// With its values. One that is not a number makes it a failed trial, as in Optuna.
    Complete(Vec<f64>),
    /// Stopped early.
    Pruned,
    /// Without a result, for this reason.
    Failed(String),
}

/// A trial as it stands in the database.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedTrial {
    /// Counted from 0.
    pub number: usize,
    /// Where it is.
    pub state: State,
    /// Its parameters.
    pub params: Vec<(String, Choice)>,
    /// Its values; of a pruned trial the last one that it reported.
    pub values: Vec<f64>,
    /// What it reported, by step.
    pub reported: Vec<(i64, f64)>,
}

/// Why something cannot be asked or told.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It has ended.
    #[error("trial {0} has been told already")]
    Told(usize),
    /// There is none of this number.
    #[error("there is no trial {0}: it was never asked for")]
    Unknown(usize),
    /// Another worker has it.
    #[error(
        "trial {0} is in other hands: another worker asked for it, or took it over because no heartbeat came"
    )]
    Lost(usize),
    /// More or fewer values than directions.
    #[error("the objective gave {found} values, expected {expected}")]
    Values {
        /// How many it gave.
        found: usize,
        /// How many the search has.
        expected: usize,
    },
    /// Pruners compare single values.
    #[error("a search for several values prunes no trial")]
    SeveralValues,
    /// Someone asks for a trial that the search cannot have.
    #[error("the trial cannot be queued: {0}")]
    Misfit(String),
}

impl AskedPlan {
    pub(super) fn proposer(&self) -> Proposer<'_> {
        Proposer {
            space: &self.space,
            sampler: &self.sampler,
            directions: self.directions.clone(),
            n_trials: self.n_trials,
            seed: self.seed,
            seeds: 1,
            fixed: Params::new(),
            first: &[],
        }
    }

    /// What an objective computes is not known here: searches of one name and the same directions are one.
    pub(super) fn to_record(&self) -> SearchRecord {
        let objective = |direction: &Direction| ObjectiveRecord {
            metric: "value".into(),
            maximize: *direction == Direction::Maximize,
        };
        let hash = |all: &Value| sha256_hex(all.to_string().as_bytes())[..16].to_owned();
        let (space, sampler, pruner) = (json!(self.space), json!(self.sampler), json!(self.pruner));
        SearchRecord {
            name: self.name.clone(),
            position: 0,
            note: None,
            published: None,
            objectives: self.directions.iter().map(objective).collect(),
            n_trials: self.n_trials.unwrap_or_default(),
            lag: None,
            seeds: 1,
            seed: self.seed,
            plan: Value::Null,
            fingerprint: hash(&json!(STUDY)),
            space_fingerprint: hash(&json!([space, sampler, pruner, self.seed])),
            space,
            sampler,
            pruner,
        }
    }
}

/// Parameters come in the order of the space; those of another one, which the trial has besides, at the end.
pub(super) fn listed(trial: &PastTrial, space: &Space) -> ListedTrial {
    let place = |name: &str| space.params.iter().position(|param| param.name == name).unwrap_or(usize::MAX);
    let spelled = |value: f64, range: &Value| {
        let range = Distribution::try_from(range.clone()).ok()?;
        range.contains(value).then(|| range.external(value))
    };
    let mut params: Vec<(String, Choice)> = trial
        .params
        .iter()
        .filter_map(|param| Some((param.name.to_string(), spelled(param.value, &param.distribution)?)))
        .collect();
    params.sort_by_key(|(name, _)| place(name));
    ListedTrial {
        number: trial.number,
        state: trial.state,
        params,
        values: trial.values.clone(),
        reported: trial.intermediate.clone(),
    }
}
