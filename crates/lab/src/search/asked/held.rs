//! The trials that a caller has under way, and the thread that keeps them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use toile_record::{End, State, TrialSide};
use toile_store::{Claim, Store, TrialResult};
use toile_tune::{Params, Trial};

use super::words::ToldEnd;
use crate::lease::{Bell, lock};

/// The trials that were asked for and not told yet, and whether the search is left.
#[derive(Default)]
pub(super) struct HeldTrials {
    pub trials: Mutex<BTreeMap<usize, HeldTrial>>,
    /// Rings when the search is left.
    pub left: Bell,
}

pub(super) struct HeldTrial {
    pub claim: Claim,
    pub seed: u64,
    pub params: Params,
    pub reported: BTreeMap<i64, f64>,
    pub rungs: Vec<f64>,
}

impl HeldTrials {
    /// The life of the thread that says, for each trial, that its program lives.
    pub(super) fn keep(&self, storage: &Store, interval: Duration) {
        while self.left.pause(interval) {
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
        let rungs = self.rungs.clone();
        Trial { intermediate, rungs, ..Trial::running(self.claim.number, self.params.clone()) }
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
