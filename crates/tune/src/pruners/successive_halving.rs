//! Asynchronous successive halving: at each rung a trial must be among the best 1 / η of all that came as far.
//!
//! Li et al., "A system for massively parallel hyperparameter tuning" (2020), in Optuna's form: nobody waits at a rung, so
//! the first to arrive always passes, and those who fail it end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Look, Verdict};
use crate::{Direction, State, Trial};

/// Asynchronous successive halving (ASHA).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessiveHalvingPruner {
    /// Steps before the first decision; a hundredth of the longest complete trial if it is not said.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_resource: Option<usize>,
    /// η: one of so many goes on.
    #[schemars(range(min = 2, max = 1000))]
    pub reduction_factor: usize,
    /// The first decision comes at `min_resource` η^`min_early_stopping_rate` steps.
    #[schemars(range(min = 0, max = 20))]
    pub min_early_stopping_rate: usize,
    /// Trials that must have come to a decision before one goes on.
    #[schemars(range(min = 0, max = 100_000))]
    pub bootstrap_count: usize,
}

impl Default for SuccessiveHalvingPruner {
    fn default() -> Self {
        SuccessiveHalvingPruner {
            min_resource: None,
            reduction_factor: 4,
            min_early_stopping_rate: 0,
            bootstrap_count: 0,
        }
    }
}

impl SuccessiveHalvingPruner {
    pub(super) fn decide(&self, look: &Look) -> Verdict {
        let min_resource = self.min_resource.or_else(|| hundredth(look.history));
        min_resource.map_or_else(Verdict::default, |min_resource| {
            Ladder {
                min_resource,
                reduction_factor: self.reduction_factor,
                first: self.min_early_stopping_rate,
                bootstrap_count: self.bootstrap_count,
            }
            .climb(look, |_| true)
        })
    }
}

/// A hundredth of the longest complete trial, if there is one.
fn hundredth(history: &[Trial]) -> Option<usize> {
    longest(history).map(|steps| usize::try_from(steps / 100).unwrap_or(0).max(1))
}

/// The largest step of all complete trials.
pub(super) fn longest(history: &[Trial]) -> Option<i64> {
    let complete = history.iter().filter(|trial| trial.state == State::Complete);
    complete.filter_map(|trial| trial.last_step()).map(|(step, _)| step).max()
}

/// The rungs of one bracket.
pub(super) struct Ladder {
    pub min_resource: usize,
    pub reduction_factor: usize,
    /// Rung 0 is at `min_resource` η^`first` steps.
    pub first: usize,
    pub bootstrap_count: usize,
}

impl Ladder {
    /// Takes the trial up all rungs that its last step has reached, among the trials that compete with it.
    pub fn climb(&self, look: &Look, competes: impl Fn(&Trial) -> bool) -> Verdict {
        let mut verdict = Verdict::default();
        let Some((step, value)) = look.trial.last_step() else { return verdict };
        loop {
            let rung = look.trial.rungs.len() + verdict.rungs.len();
            if step < self.steps(rung) {
                return verdict;
            }
            if value.is_nan() {
                return Verdict { prune: true, ..verdict };
            }
            verdict.rungs.push(value);
            let others = look.history.iter().filter(|trial| competes(trial));
            let others = others.filter_map(|trial| trial.rungs.get(rung).copied()).collect();
            if !self.passes(value, others, look.direction) {
                return Verdict { prune: true, ..verdict };
            }
        }
    }

    fn steps(&self, rung: usize) -> i64 {
        let factor = (self.reduction_factor as i64).saturating_pow((self.first + rung) as u32);
        factor.saturating_mul(self.min_resource as i64)
    }

    /// Whether the value is among the best 1 / η; while there are fewer than η, whether it is the best.
    fn passes(&self, value: f64, others: Vec<f64>, direction: Direction) -> bool {
        let count = others.len() + 1;
        let better = others.into_iter().filter(|&other| direction.is_better(other, value)).count();
        count > self.bootstrap_count && better < (count / self.reduction_factor).max(1)
    }
}
