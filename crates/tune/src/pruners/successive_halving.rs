//! Asynchronous successive halving: at each rung a trial must be among the best 1 / η of all that came as far.
//!
//! Li et al., "A system for massively parallel hyperparameter tuning" (2020), in Optuna's form: nobody waits at a
//! rung, so the first to arrive always passes, and those who fail it end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision, check_bootstrap};
use crate::{Direction, State, Trial};

/// Asynchronous successive halving (ASHA).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuccessiveHalvingPruner {
    /// Steps before the first decision; by default a hundredth of the longest complete trial.
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

impl PruningAlgorithm for SuccessiveHalvingPruner {
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        let min_resource = self.min_resource.or_else(|| hundredth(context.history));
        let Some(min_resource) = min_resource else { return PruningDecision::default() };
        let bracket = HalvingBracket {
            min_resource,
            reduction_factor: self.reduction_factor,
            first: self.min_early_stopping_rate,
            bootstrap_count: self.bootstrap_count,
        };
        bracket.decide(context, |_| true)
    }

    fn check(&self) -> Result<(), PrunerSettingsError> {
        check_bootstrap(self.bootstrap_count, "min_resource", self.min_resource)
    }

    fn check_effect(&self) -> Result<(), PrunerSettingsError> {
        Ok(())
    }

    fn compares_seeds(&self) -> bool {
        false
    }

    fn depends_on_name(&self) -> bool {
        false
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
pub(super) struct HalvingBracket {
    pub(super) min_resource: usize,
    pub(super) reduction_factor: usize,
    /// Rung 0 is at `min_resource` η^`first` steps.
    pub(super) first: usize,
    pub(super) bootstrap_count: usize,
}

impl HalvingBracket {
    /// Takes the trial up all rungs that its last step has reached, among the trials that compete with it.
    pub(super) fn decide(
        &self,
        context: &PruningContext,
        competes: impl Fn(&Trial) -> bool,
    ) -> PruningDecision {
        let mut decision = PruningDecision::default();
        let Some((step, value)) = context.trial.last_step() else { return decision };
        loop {
            let rung = context.trial.rungs.len() + decision.rungs.len();
            if step < self.steps(rung) {
                return decision;
            }
            if value.is_nan() {
                return PruningDecision { prune: true, ..decision };
            }
            decision.rungs.push(value);
            let others = context.history.iter().filter(|trial| competes(trial));
            let others = others.filter_map(|trial| trial.rungs.get(rung).copied()).collect();
            if !self.passes(value, others, context.direction) {
                return PruningDecision { prune: true, ..decision };
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
