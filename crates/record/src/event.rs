//! What happens while a study runs, as plain data for everyone who follows it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Epoch, Published, State};

/// Which training an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingKey {
    /// A run: its place in the plan.
    Run(usize),
    /// A trial.
    Trial {
        /// The search's place in the plan.
        search: usize,
        /// The trial's number within the search.
        number: usize,
    },
}

/// A run, as those who follow a study know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedRun {
    /// The name in the study file; repetitions share it.
    pub name: String,
    /// The place in the study file; repetitions share it.
    pub position: usize,
    /// Its seed.
    pub seed: u64,
    /// Its epochs, if no callback ends it early.
    pub epochs: usize,
    /// Its work, in the unit of all runs and trials of the study.
    pub work: f64,
}

/// A search, as those who follow a study know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedSearch {
    /// Its place in the plan.
    pub search: usize,
    /// Trials in all.
    pub n_trials: usize,
    /// The expected work of one trial, all repetitions together, in the unit of the runs.
    pub trial_work: f64,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The study begins; these searches were asked for, and are worked on after the runs.
    StudyStarted {
        /// Them, with what is expected of them.
        searches: Vec<PlannedSearch>,
    },
    /// Runs begin: everything is checked and recorded, nothing is trained yet. What searches have chosen begins later.
    RunsStarted {
        /// All runs of the plan.
        runs: Vec<PlannedRun>,
        /// Places of the runs that will be trained; the others are done, or were not asked for.
        to_do: Vec<usize>,
    },
    /// A run that was done is trained once more.
    Repeated {
        /// Which.
        training: TrainingKey,
        /// Why: its weights are gone, or its record is not as it was written.
        why: String,
    },
    /// Of a finished run it stays unknown what its weights make of each image.
    EvidenceMissing {
        /// Which.
        training: TrainingKey,
        /// Why: its weights cannot be read, or they do not give the recorded numbers.
        why: String,
    },
    /// The test part was opened for a finished run, and what its weights make of it is on the disk.
    TestOpened {
        /// Which.
        training: TrainingKey,
        /// Accuracy on the test images.
        accuracy: f64,
        /// Loss on the test images, where it is finite.
        loss: Option<f64>,
        /// What a publication gives for the run.
        published: Option<Published>,
    },
    /// The settings of a search have changed: its trials are put aside under another name, and it begins again.
    PutAside {
        /// Its name.
        search: String,
        /// Trials that are put aside.
        n_trials: usize,
    },
    /// None of these runs is trained any more: they have ended, or the user has stopped.
    RunsEnded,
    /// A search begins, or goes on.
    SearchStarted {
        /// Its place in the plan.
        search: usize,
        /// Trials that have ended already.
        finished: usize,
        /// Trials in all.
        n_trials: usize,
        /// The best so far, by number and value.
        best: Option<(usize, f64)>,
        /// Trials of the same name that have ended and do not count: they do not lie in its ranges as they are now.
        others: usize,
    },
    /// A training begins, or goes on from where it was left.
    TrainingStarted {
        /// Which.
        training: TrainingKey,
        /// Which attempt this is, from 1: more if it was interrupted, or a worker was lost.
        attempt: usize,
        /// Whether the worker of the last attempt was lost, and did not put it back.
        lost: bool,
        /// Of a trial: its parameters as the study file spells them.
        params: Vec<(String, Value)>,
    },
    /// One update of the weights of a run.
    Step {
        /// Which training.
        training: TrainingKey,
        /// From 1.
        epoch: usize,
        /// From 1.
        batch: usize,
        /// Updates in this epoch.
        n_batches: usize,
    },
    /// An epoch was evaluated, and is on its way to the disk.
    EpochEnded {
        /// Which training.
        training: TrainingKey,
        /// From 1, over all repetitions.
        step: usize,
        /// The steps of the whole training.
        steps: usize,
        /// Its numbers.
        epoch: Epoch,
    },
    /// A training has ended, and all of it is on the disk. Meanwhile the next may have begun.
    TrainingEnded(Box<TrainingEnd>),
    /// A training was interrupted and waits again.
    TrainingSuspended {
        /// Which.
        training: TrainingKey,
    },
    /// Another worker has taken a training over: what was trained here is dropped.
    TrainingLost {
        /// Which.
        training: TrainingKey,
    },
    /// The checkpoint of a training is not used: it is damaged, gone, or another training's. It begins at its start.
    CheckpointRefused {
        /// Which.
        training: TrainingKey,
    },
    /// No trial can begin until one that another program has under way has ended.
    ForeignAwaited {
        /// The search's place in the plan.
        search: usize,
        /// The other program's trial.
        number: usize,
    },
    /// The store cannot be reached; it is asked again.
    Unreachable {
        /// Why.
        error: String,
    },
    /// The search is not worked on here any more: it is over, or the user has stopped.
    SearchLeft {
        /// Its place in the plan.
        search: usize,
    },
    /// No trial of the search will begin any more.
    SearchEnded {
        /// Its place in the plan.
        search: usize,
        /// The rule that ended it, if not the number of trials.
        reason: Option<String>,
    },
}

/// What a training came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingEnd {
    /// Which.
    pub training: TrainingKey,
    /// Complete, pruned or failed.
    pub state: State,
    /// Why it has no result, or ended before its last epoch.
    pub reason: Option<String>,
    /// Epochs that were trained.
    pub epochs: usize,
    /// Wall time.
    pub seconds: f64,
    /// Of a trial: its value for each objective.
    pub values: Vec<f64>,
    /// Of a run: accuracy of its weights on the validation images, where there are any.
    pub val_accuracy: Option<f64>,
    /// Of a run: loss of its weights on the validation images, where there are any and it is finite.
    pub val_loss: Option<f64>,
    /// Of a run: what a publication gives for it.
    pub published: Option<Published>,
    /// Of a trial: the best so far, by number and value.
    pub best: Option<(usize, f64)>,
    /// Of a trial: trials of its search that have ended.
    pub finished: usize,
}
