//! What happened, one thing at a time: the lines of `toile watch --json`, and the list that people read.

use serde::Serialize;
use serde_json::{Map, Value};
use toile_record::Epoch;
use toile_report::format::plural;
use toile_report::format::terminal::{duration_of, metric};

use crate::{LiveState, StudyState};

/// One thing that happened. docs/watching.md describes the fields; names stay, new ones may come.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum WatchEvent {
    /// The study, first of all, and again where the study file has changed.
    Study {
        /// When it was looked, RFC 3339.
        time: String,
        /// Its name.
        study: String,
        /// The question it asks.
        question: Option<String>,
        /// The metric that runs are compared by.
        metric: String,
        /// Runs of the plan.
        runs: usize,
        /// Trials that all searches ask for.
        trials: usize,
    },
    /// The study stands otherwise than before.
    State {
        /// When that was seen.
        time: String,
        /// How it stands.
        state: StudyState,
        /// The same in words.
        sentence: String,
    },
    /// A run stands otherwise than before, or was not known. Of its epochs those after `epoch` no longer count.
    Run {
        /// When, as far as it is recorded; else when it was seen.
        time: String,
        /// Its id.
        id: String,
        /// Its name in the study file.
        run: String,
        /// Its seed.
        seed: u64,
        /// How it stands.
        state: LiveState,
        /// Epochs that have ended.
        epoch: usize,
        /// Epochs of the plan.
        epochs: usize,
        /// Seconds that it took so far.
        seconds: f64,
        /// The study's metric at the epoch of its weights, once it has ended.
        value: Option<f64>,
        /// Why it failed or ended early.
        reason: Option<String>,
    },
    /// The same of a trial.
    Trial {
        /// As of a run.
        time: String,
        /// Its search.
        search: String,
        /// Its number.
        trial: usize,
        /// How it stands.
        state: LiveState,
        /// Epochs that have ended, over all repetitions.
        epoch: usize,
        /// Epochs in all; 0 if that is not known.
        epochs: usize,
        /// Seconds that it took so far.
        seconds: f64,
        /// Its value for each objective, once it has ended; what is not finite is null.
        values: Vec<f64>,
        /// Its parameters, as they are shown.
        params: Map<String, Value>,
        /// Why it failed or ended early.
        reason: Option<String>,
    },
    /// An epoch has ended: of a run, or of a trial.
    Epoch {
        /// The run's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The run's name.
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<String>,
        /// The search of the trial.
        #[serde(skip_serializing_if = "Option::is_none")]
        search: Option<String>,
        /// The trial's number.
        #[serde(skip_serializing_if = "Option::is_none")]
        trial: Option<usize>,
        /// Counted from 1 over all repetitions.
        step: usize,
        /// Its numbers.
        #[serde(flatten)]
        numbers: Epoch,
    },
    /// Something is new of a search.
    Search {
        /// Its name.
        search: String,
        /// Trials that have ended.
        ended: usize,
        /// Trials that it asks for.
        trials: usize,
        /// The best trial so far.
        best_trial: Option<usize>,
        /// Its value.
        best_value: Option<f64>,
        /// Why no new trials begin, if they do not.
        stopped: Option<String>,
    },
    /// The test part was opened for a run.
    Opening {
        /// When.
        time: String,
        /// The run's id.
        id: String,
        /// Its name.
        run: String,
        /// Why.
        why: String,
    },
    /// How far everything is.
    Progress {
        /// When it was looked.
        time: String,
        /// The part of the whole time that is over.
        fraction: Option<f64>,
        /// Seconds that everything will still take.
        left_seconds: Option<f64>,
        /// Runs that have ended.
        runs_ended: usize,
        /// Trials that have ended.
        trials_ended: usize,
        /// Runs and trials that have failed.
        failed: usize,
        /// Runs and trials under way.
        under_way: usize,
        /// The run that is best so far, among those that have ended.
        best_run: Option<String>,
        /// The study's metric of it.
        best_value: Option<f64>,
    },
}

impl WatchEvent {
    /// The event on one line for people; nothing of those that only count.
    pub fn line(&self) -> Option<String> {
        match self {
            WatchEvent::State { sentence, .. } => Some(sentence.clone()),
            WatchEvent::Run { run, state, epoch, seconds, value, reason, .. } => {
                one_training(run, *state, *epoch, *seconds, *value, reason.as_deref())
            }
            WatchEvent::Trial { search, trial, state, epoch, seconds, values, reason, .. } => {
                let name = format!("{search}, trial {trial}");
                one_training(&name, *state, *epoch, *seconds, values.first().copied(), reason.as_deref())
            }
            WatchEvent::Opening { run, why, .. } => Some(format!("test part opened for {run}: {why}")),
            WatchEvent::Search { search, stopped: Some(why), .. } => {
                Some(format!("search {search} begins no more trials: {why}"))
            }
            WatchEvent::Study { .. }
            | WatchEvent::Epoch { .. }
            | WatchEvent::Search { stopped: None, .. }
            | WatchEvent::Progress { .. } => None,
        }
    }

    /// Whether it is about something that went wrong.
    pub fn is_fault(&self) -> bool {
        match self {
            WatchEvent::Run { state, .. } | WatchEvent::Trial { state, .. } => *state == LiveState::Failed,
            WatchEvent::State { state, .. } => matches!(state, StudyState::Stalled | StudyState::Stopped),
            WatchEvent::Study { .. }
            | WatchEvent::Epoch { .. }
            | WatchEvent::Search { .. }
            | WatchEvent::Opening { .. }
            | WatchEvent::Progress { .. } => false,
        }
    }
}

fn one_training(
    name: &str,
    state: LiveState,
    epoch: usize,
    seconds: f64,
    value: Option<f64>,
    reason: Option<&str>,
) -> Option<String> {
    let why = reason.map(|why| format!(": {why}")).unwrap_or_default();
    let epochs = || plural(epoch, "epoch", "epochs");
    Some(match state {
        LiveState::Waiting if epoch == 0 => return None,
        LiveState::Waiting => format!("{name} waits, with {}", epochs()),
        LiveState::Running if epoch == 0 => format!("{name} has begun"),
        LiveState::Running => format!("{name} goes on after {}", epochs()),
        LiveState::Stalled => format!("{name}: no news"),
        LiveState::Stopped if epoch == 0 => format!("{name} was stopped"),
        LiveState::Stopped => format!("{name} was stopped after {}", epochs()),
        LiveState::Complete => {
            let time = duration_of(seconds);
            let value = value.map(|value| format!(", {}", metric(value))).unwrap_or_default();
            let why = reason.map(|why| format!(" ({why})")).unwrap_or_default();
            format!("{name} done: {} in {time}{value}{why}", epochs())
        }
        LiveState::Pruned => format!("{name} pruned after {}{why}", epochs()),
        LiveState::Failed => format!("{name} failed{why}"),
    })
}
