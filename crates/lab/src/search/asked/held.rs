//! The trials that a caller has under way, and the thread that keeps them.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use toile_record::{End, State, TrialSide};
use toile_store::{Claim, Store, TrialResult};
use toile_tune::{Params, Trial};

use super::words::ToldEnd;
use crate::lease::lock;

/// The trials that were asked for and not told yet, and whether the search is left.
#[derive(Default)]
pub(super) struct HeldTrials {
    pub trials: Mutex<BTreeMap<usize, HeldTrial>>,
    is_left: Mutex<bool>,
    leaves: Condvar,
}

pub(super) struct HeldTrial {
    pub claim: Claim,
    pub seed: u64,
    pub params: Params,
    pub reported: BTreeMap<i64, f64>,
    pub rungs: Vec<f64>,
}

impl HeldTrials {
    /// Ends the thread.
    pub(super) fn leave(&self) {
        *lock(&self.is_left) = true;
        self.leaves.notify_all();
    }

    /// The life of the thread that says, for each trial, that its program lives.
    pub(super) fn keep(&self, storage: &Store, interval: Duration) {
        loop {
            let is_left = self.leaves.wait_timeout_while(lock(&self.is_left), interval, |left| !*left);
            if is_left.is_ok_and(|(left, _)| *left) {
                return;
            }
            let claims: Vec<Claim> = lock(&self.trials).values().map(|held| held.claim.clone()).collect();
            for claim in &claims {
                // Whether the trial is still ours is said where something is told of it.
                let _ = storage.heartbeat(claim);
            }
        }
    }
}

impl HeldTrial {
    /// As a pruner is to see it, with one more value. The first value of a step stays.
    pub(super) fn with_report(&self, step: i64, value: f64) -> Trial {
        let mut intermediate = self.reported.clone();
        intermediate.entry(step).or_insert(value);
        Trial {
            number: self.claim.number,
            state: State::Running,
            params: self.params.clone(),
            values: Vec::new(),
            intermediate,
            rungs: self.rungs.clone(),
            constraints: Vec::new(),
        }
    }

    pub(super) fn result(&self, end: ToldEnd, wall_seconds: f64) -> TrialResult {
        let last = self.reported.last_key_value();
        let (state, values, end) = match end {
            ToldEnd::Complete(values) if values.iter().any(|value| value.is_nan()) => {
                (State::Failed, Vec::new(), End::Undefined)
            }
            ToldEnd::Complete(values) => (State::Complete, values, End::Finished),
            // As Optuna does it: a pruned trial has the last value that it reported.
            ToldEnd::Pruned => {
                let end = End::Pruned { step: last.map_or(0, |(step, _)| *step) };
                (State::Pruned, last.map(|(_, value)| *value).into_iter().collect(), end)
            }
            ToldEnd::Failed(words) => (State::Failed, Vec::new(), End::Other { words }),
        };
        let side = TrialSide { seed: self.seed, wall_seconds, end: Some(end), ..TrialSide::default() };
        TrialResult { state, values, side, user_attributes: Vec::new() }
    }
}
