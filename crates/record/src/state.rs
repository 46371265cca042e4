//! Where a training is in its life.

use serde::{Deserialize, Serialize};

/// The state of a run or a trial, in Optuna's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Planned or queued; not started, or put back.
    Waiting,
    /// Started; its epochs so far are recorded.
    Running,
    /// Trained to its end, with a result.
    Complete,
    /// Stopped early: by a pruner, or because a trial's loss diverged.
    Pruned,
    /// Ended without a result.
    Failed,
}

impl State {
    /// The word that stands in tables, files and messages.
    pub fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Complete => "complete",
            State::Pruned => "pruned",
            State::Failed => "failed",
        }
    }

    /// Whether nothing will change any more.
    pub fn is_finished(self) -> bool {
        match self {
            State::Waiting | State::Running => false,
            State::Complete | State::Pruned | State::Failed => true,
        }
    }
}
