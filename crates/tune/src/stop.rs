//! Rules by which a search stops: how many trials, how long, and how long without an improvement.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::budget::is_feasible;
use crate::front::{dominates, losses};
use crate::{Direction, State, Trial};

/// When a search starts no further trials. Each rule holds by itself; what is absent never stops it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopRules {
    /// Trials in all, however they end.
    pub n_trials: Option<usize>,
    /// Seconds since the search began.
    pub timeout: Option<f64>,
    /// Seconds of processor time of all its trials.
    pub cpu_timeout: Option<f64>,
    /// Finished trials in a row, by number, without a better one.
    pub stagnation: Option<usize>,
}

/// What the rules decide from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SearchProgress {
    /// Finished trials.
    pub finished: usize,
    /// Those of them, by number, that came after the last improvement; all if there was none.
    pub since_improved: usize,
    /// Seconds since the search began.
    pub wall_seconds: f64,
    /// Seconds of processor time of all its trials.
    pub cpu_seconds: f64,
}

/// The rule that was met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All trials are finished.
    Trials(usize),
    /// So many finished trials brought nothing better.
    Stagnation(usize),
    /// So many seconds have passed.
    Timeout(f64),
    /// So many seconds of processor time were used.
    CpuTimeout(f64),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopReason::Trials(1) => write!(f, "its one trial is finished"),
            StopReason::Trials(trials) => write!(f, "all {trials} trials are finished"),
            StopReason::Stagnation(1) => write!(f, "the last trial was not better than the best before it"),
            StopReason::Stagnation(trials) => {
                write!(f, "the last {trials} trials were not better than the best before them")
            }
            StopReason::Timeout(seconds) => write!(f, "its time of {seconds} s is over"),
            StopReason::CpuTimeout(seconds) => write!(f, "its processor time of {seconds} s is used up"),
        }
    }
}

impl SearchProgress {
    /// Of the trials by number; those under way do not count.
    ///
    /// A trial improves a search if it is feasible and better than all feasible ones before it; with several
    /// objectives, if none of them is as good for each objective.
    pub fn of(
        trials: &[Trial],
        directions: &[Direction],
        wall_seconds: f64,
        cpu_seconds: f64,
    ) -> SearchProgress {
        let mut progress = SearchProgress { wall_seconds, cpu_seconds, ..SearchProgress::default() };
        let mut front: Vec<Vec<f64>> = Vec::new();
        for trial in trials.iter().filter(|trial| trial.state != State::Running) {
            progress.finished += 1;
            progress.since_improved += 1;
            if let Some(found) = candidate(trial, directions).filter(|found| is_new(found, &front)) {
                front.retain(|other| !dominates(&found, other));
                front.push(found);
                progress.since_improved = 0;
            }
        }
        progress
    }
}

fn candidate(trial: &Trial, directions: &[Direction]) -> Option<Vec<f64>> {
    let found = losses(&trial.values, directions);
    let counts = trial.state == State::Complete && is_feasible(trial) && !found.is_empty();
    (counts && found.iter().all(|loss| loss.is_finite())).then_some(found)
}

fn is_new(found: &[f64], front: &[Vec<f64>]) -> bool {
    !front.iter().any(|other| other == found || dominates(other, found))
}

impl StopRules {
    /// The first rule that is met: first those that do not depend on the machine.
    pub fn decide(&self, so_far: &SearchProgress) -> Option<StopReason> {
        let trials = self.n_trials.filter(|&n| so_far.finished >= n).map(StopReason::Trials);
        let stagnation = self.stagnation.filter(|&n| so_far.since_improved >= n);
        let timeout = self.timeout.filter(|&limit| so_far.wall_seconds >= limit).map(StopReason::Timeout);
        let cpu = self.cpu_timeout.filter(|&limit| so_far.cpu_seconds >= limit).map(StopReason::CpuTimeout);
        trials.or(stagnation.map(StopReason::Stagnation)).or(timeout).or(cpu)
    }
}
