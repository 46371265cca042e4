//! Trials as samplers, pruners and importance see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toile_record::{Direction, State};
use toile_rng::Seed;

use crate::{Params, Space};

/// What is known of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Counted from 0 within its search.
    pub number: usize,
    /// Where it is; one that waits is shown to no sampler.
    pub state: State,
    /// Its parameters.
    pub params: Params,
    /// Its value for each objective; empty unless it is complete.
    pub values: Vec<f64>,
    /// What it reported on the way, by step; NaN and infinities may be among them.
    pub intermediate: BTreeMap<i64, f64>,
    /// The values with which it completed rungs of successive halving, by rung.
    pub rungs: Vec<f64>,
    /// Constraints: it is feasible if none is above 0.
    pub constraints: Vec<f64>,
}

impl Trial {
    /// A trial under way, of which nothing is known but its parameters.
    pub fn running(number: usize, params: Params) -> Trial {
        Trial {
            number,
            state: State::Running,
            params,
            values: Vec::new(),
            intermediate: BTreeMap::new(),
            rungs: Vec::new(),
            constraints: Vec::new(),
        }
    }

    /// The value of a trial with one objective, once it is complete.
    pub fn value(&self) -> Option<f64> {
        self.values.first().copied().filter(|_| self.state == State::Complete)
    }

    /// The largest step that was reported, and its value.
    pub fn last_step(&self) -> Option<(i64, f64)> {
        self.intermediate.last_key_value().map(|(&step, &value)| (step, value))
    }
}

/// What a sampler proposes from: the space, the trials that may be known, and the trial whose parameters are wanted.
#[derive(Clone, Copy, Debug)]
pub struct SamplingContext<'a> {
    /// The search space.
    pub space: &'a Space,
    /// Where better lies, for each objective.
    pub directions: &'a [Direction],
    /// The trials that may be known, by number. Those before `number` that are not among them are unknown by rule.
    pub history: &'a [Trial],
    /// The number of the trial that is wanted.
    pub number: usize,
    /// The seed of the search; the trial's streams of random numbers are derived from it and from `number`.
    pub seed: Seed,
    /// How many trials the search has in all, if it says so.
    pub n_trials: Option<usize>,
    /// Parameters that are decided already.
    pub fixed: &'a Params,
}
