//! A search and its trials.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{End, Epoch, Published, State};

/// One objective of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectiveRecord {
    /// `val_accuracy`, `parameters` and so on.
    pub metric: String,
    /// Whether larger is better.
    pub maximize: bool,
}

/// One search: what the study file says of it, every setting spelled out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchRecord {
    /// The name in the study file, and of the study in Optuna's tables.
    pub name: String,
    /// Place among the searches of the study, from 0.
    pub position: usize,
    /// The file's remark on it.
    pub note: Option<String>,
    /// What a publication gives for the chosen configuration.
    pub published: Option<Published>,
    /// What is optimised.
    pub objectives: Vec<ObjectiveRecord>,
    /// The search space: `{"params": [{"name", "distribution", "when"}]}`, distributions in Optuna's JSON.
    pub space: Value,
    /// The sampler: `{"tpe": {…}}`.
    pub sampler: Value,
    /// The pruner: `"none"` or `{"median": {…}}`.
    pub pruner: Value,
    /// Trials in all.
    pub n_trials: usize,
    /// Trial n knows the trials up to n − 1 − lag; without one, whatever is finished when it begins: order-dependent.
    pub lag: Option<usize>,
    /// Repetitions of each trial with different seeds; its value is their mean.
    pub seeds: usize,
    /// Where the search's chance starts.
    pub seed: u64,
    /// Everything else that the plan says: settings with their ranges, rules for stopping.
    pub plan: Value,
    /// Hash of all that decides a trial's value, given its parameters: data, settings, objectives, repetitions. Under
    /// another one, trials cannot be compared: the Optuna study is put aside as `NAME~1`, and a fresh one is begun.
    pub fingerprint: String,
    /// Hash of all that decides which parameters are tried: space, sampler, pruner, lag, seed. Under another one the
    /// Optuna study goes on with its trials and numbers, and the earlier record is kept beside.
    #[serde(default)]
    pub space_fingerprint: String,
}

/// A parameter of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamRecord {
    /// Its name.
    pub name: String,
    /// Its internal value: a number, or the index of a choice.
    pub value: f64,
    /// Its range, in Optuna's JSON.
    pub distribution: Value,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Key in the database.
    pub trial_id: i64,
    /// Counted from 0 within the search, without gaps.
    pub number: usize,
    /// Where it is.
    pub state: State,
    /// Its parameters, in the order in which they were asked for.
    pub params: Vec<ParamRecord>,
    /// Its value for each objective (infinities are possible); of a pruned trial, the last reported one.
    pub values: Vec<f64>,
    /// What it reported, by step from 1 (an epoch; over several seeds they are counted on); NaN and infinities may be
    /// among them.
    pub intermediate: Vec<(i64, f64)>,
    /// When it began, RFC 3339 in UTC.
    pub started: Option<String>,
    /// When it ended.
    pub completed: Option<String>,
    /// Attributes that people and programs attached, by key.
    pub user_attributes: Vec<(String, Value)>,
    /// Attributes of Optuna and of toile, by key.
    pub system_attributes: Vec<(String, Value)>,
    /// What only toile knows; absent for trials of other programs.
    pub side: Option<TrialSide>,
}

impl TrialRecord {
    /// Its epochs, those of all repetitions one after another; none of a trial of another program's.
    pub fn epochs(&self) -> &[Epoch] {
        self.side.as_ref().map_or(&[], |side| &side.epochs)
    }

    /// What its constraints came to, in the present form of Optuna's attributes and in the old one.
    ///
    /// A trial is feasible if none is above 0.
    pub fn constraints(&self) -> Vec<f64> {
        let of = |(key, value): &(String, Value)| match value {
            value if key.starts_with("constraints:") => value.as_f64().into_iter().collect(),
            Value::Array(items) if key == "constraints" => items.iter().filter_map(Value::as_f64).collect(),
            _ => Vec::new(),
        };
        self.system_attributes.iter().flat_map(of).collect()
    }
}

/// What toile records of a trial beside Optuna's columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialSide {
    /// The seed of its first repetition.
    pub seed: u64,
    /// Which attempt ended it, from 1: more than 1 if a worker died.
    pub attempt: usize,
    /// The worker: host, process and a name of its own.
    pub worker: Option<String>,
    /// Wall time of its training.
    pub wall_seconds: f64,
    /// Processor time of its training, where the platform tells it.
    pub cpu_seconds: Option<f64>,
    /// Parameters of its model.
    pub parameters: Option<usize>,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// SHA-256 of the weights it ended with.
    pub weights_sha256: Option<String>,
    /// Every number of each epoch, of all repetitions in their order.
    pub epochs: Vec<Epoch>,
    /// Its trainings, one per repetition that has begun; the numbers above are those of all of them together.
    #[serde(default)]
    pub trainings: Vec<TrainingRecord>,
}

/// One seed of a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// The seed of its weights, its order of examples and its dropout.
    pub seed: u64,
    /// Wall time of its training.
    pub wall_seconds: f64,
    /// Processor time of its training, where the platform knows it.
    pub cpu_seconds: Option<f64>,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// SHA-256 of the weights it ended with.
    pub weights_sha256: Option<String>,
}

impl TrainingRecord {
    /// That its loss overflowed after the epoch whose weights it kept, if it did.
    fn overflow(&self) -> Option<String> {
        let end = self.end.as_ref().filter(|end| matches!(end, End::Diverged { .. }))?;
        self.weights_sha256.as_ref()?;
        end.reason(0).map(|why| format!("{why}; its best epoch counts"))
    }
}

impl TrialSide {
    /// Its trainings; of a trial of which only the sums are known, one with these.
    pub fn all_trainings(&self) -> Vec<TrainingRecord> {
        if !self.trainings.is_empty() {
            return self.trainings.clone();
        }
        vec![TrainingRecord {
            seed: self.seed,
            wall_seconds: self.wall_seconds,
            cpu_seconds: self.cpu_seconds,
            end: self.end.clone(),
            weights_sha256: self.weights_sha256.clone(),
        }]
    }

    /// Counts one more training in.
    pub fn add(&mut self, training: TrainingRecord) {
        if self.trainings.is_empty() {
            self.seed = training.seed;
        }
        self.wall_seconds += training.wall_seconds;
        self.cpu_seconds = match (self.cpu_seconds, training.cpu_seconds) {
            (Some(before), Some(more)) => Some(before + more),
            (before, more) => before.or(more),
        };
        self.end = training.end.clone().or(self.end.take());
        self.weights_sha256 = training.weights_sha256.clone();
        self.trainings.push(training);
    }

    /// Why it failed, why it was stopped, or that the loss of one of its trainings overflowed of which an earlier epoch
    /// counts.
    pub fn reason(&self) -> Option<String> {
        let overflowed = || self.trainings.iter().find_map(TrainingRecord::overflow);
        let whole = || self.end.as_ref().and_then(|end| end.reason(self.epochs.len()));
        match self.weights_sha256 {
            Some(_) => overflowed().or_else(whole),
            None => whole(),
        }
    }
}

/// A search with its trials, as the report reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchRecords {
    /// The search.
    pub search: SearchRecord,
    /// Its trials, by number.
    pub trials: Vec<TrialRecord>,
    /// Id of the run in which the chosen configuration was trained and tested, once that was done.
    pub chosen_run: Option<String>,
}
