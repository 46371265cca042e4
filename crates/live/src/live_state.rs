//! How trainings and the study stand: by their records, and by who is at work.

use serde::Serialize;
use toile_record::State;

/// A training that has said nothing for so many times its usual epoch has stalled.
const STALLED_AFTER: f64 = 5.0;

/// But not before so many seconds: epochs reach the store a few at a time.
const LEAST_SILENCE: f64 = 10.0;

/// How a training stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveState {
    /// Planned or queued.
    Waiting,
    /// Somebody is at work on it.
    Running,
    /// Somebody has it, but there is no news of it for five times its usual epoch.
    Stalled,
    /// It had begun, and nobody is at work on it any more.
    Stopped,
    /// Trained to its end.
    Complete,
    /// Stopped early by a pruner.
    Pruned,
    /// Ended without a result.
    Failed,
}

impl LiveState {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            LiveState::Waiting => "waiting",
            LiveState::Running => "running",
            LiveState::Stalled => "stalled",
            LiveState::Stopped => "stopped",
            LiveState::Complete => "done",
            LiveState::Pruned => "pruned",
            LiveState::Failed => "failed",
        }
    }

    /// The sign before the word, so that colour is never alone.
    pub fn sign(self) -> char {
        match self {
            LiveState::Waiting | LiveState::Complete | LiveState::Running => ' ',
            LiveState::Stalled => '?',
            LiveState::Stopped => '-',
            LiveState::Pruned => 'x',
            LiveState::Failed => '!',
        }
    }

    /// Whether somebody has it now.
    pub fn is_under_way(self) -> bool {
        match self {
            LiveState::Running | LiveState::Stalled => true,
            LiveState::Waiting | LiveState::Stopped => false,
            LiveState::Complete | LiveState::Pruned | LiveState::Failed => false,
        }
    }

    /// Whether nothing will change any more.
    pub fn has_ended(self) -> bool {
        match self {
            LiveState::Complete | LiveState::Pruned | LiveState::Failed => true,
            LiveState::Waiting | LiveState::Running | LiveState::Stalled | LiveState::Stopped => false,
        }
    }
}

/// What a state is told from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signs {
    pub state: State,
    /// Whether it has epochs, or was begun.
    pub has_begun: bool,
    /// Whether anybody is at work on the study.
    pub study_is_worked_on: bool,
    /// Whether whoever has this training lives.
    pub worker_lives: bool,
    /// Seconds since there was news of it.
    pub silence: f64,
    /// Seconds that its epochs take.
    pub usual_epoch: Option<f64>,
}

pub(crate) fn live_state(signs: Signs) -> LiveState {
    match signs.state {
        State::Complete => LiveState::Complete,
        State::Pruned => LiveState::Pruned,
        State::Failed => LiveState::Failed,
        State::Waiting if signs.has_begun && !signs.study_is_worked_on => LiveState::Stopped,
        State::Waiting => LiveState::Waiting,
        State::Running if !signs.worker_lives => LiveState::Stopped,
        State::Running if is_stalled(signs.silence, signs.usual_epoch) => LiveState::Stalled,
        State::Running => LiveState::Running,
    }
}

/// Before anything is known of its epochs nothing can be said.
fn is_stalled(silence: f64, usual_epoch: Option<f64>) -> bool {
    usual_epoch.is_some_and(|usual| silence > (STALLED_AFTER * usual).max(LEAST_SILENCE))
}

/// How a study stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StudyState {
    /// Nothing is planned yet.
    Empty,
    /// Somebody is at work, and no epoch has ended.
    Beginning,
    /// Somebody is at work.
    Running,
    /// Of nothing under way there is any news.
    Stalled,
    /// Nobody is at work, and not all is done.
    Stopped,
    /// All trainings have ended; what comes after them is under way.
    Finishing,
    /// All is done.
    Finished,
}

impl StudyState {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            StudyState::Empty => "empty",
            StudyState::Beginning => "beginning",
            StudyState::Running => "running",
            StudyState::Stalled => "stalled",
            StudyState::Stopped => "stopped",
            StudyState::Finishing => "finishing",
            StudyState::Finished => "finished",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Signs {
        Signs {
            state: State::Running,
            has_begun: true,
            study_is_worked_on: true,
            worker_lives: true,
            silence: 3.0,
            usual_epoch: Some(4.0),
        }
    }

    #[test]
    fn no_news_for_five_usual_epochs_is_stalled() {
        assert_eq!(live_state(running()), LiveState::Running);
        assert_eq!(live_state(Signs { silence: 19.9, ..running() }), LiveState::Running);
        assert_eq!(live_state(Signs { silence: 20.1, ..running() }), LiveState::Stalled);
        let quick = Signs { usual_epoch: Some(0.03), ..running() };
        assert_eq!(live_state(Signs { silence: 9.0, ..quick }), LiveState::Running, "saved a few at a time");
        assert_eq!(live_state(Signs { silence: 1e9, usual_epoch: None, ..running() }), LiveState::Running);
    }

    #[test]
    fn what_nobody_is_at_work_on_does_not_run_whatever_is_recorded() {
        assert_eq!(live_state(Signs { worker_lives: false, ..running() }), LiveState::Stopped);
        let waits = Signs { state: State::Waiting, ..running() };
        assert_eq!(live_state(waits), LiveState::Waiting, "put back, and taken up again soon");
        assert_eq!(live_state(Signs { study_is_worked_on: false, ..waits }), LiveState::Stopped);
        let fresh = Signs { has_begun: false, study_is_worked_on: false, ..waits };
        assert_eq!(live_state(fresh), LiveState::Waiting);
        let ended = Signs { state: State::Failed, worker_lives: false, ..running() };
        assert_eq!(live_state(ended), LiveState::Failed);
    }
}
