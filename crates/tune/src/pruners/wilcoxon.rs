//! Wilcoxon: a trial ends once its values are significantly worse than those of the best trial at the same steps.
//!
//! Here a step is a repetition (a seed, a fold), not an epoch. The test is repeated with each further value, so that
//! its threshold is not the rate of false alarms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision, signed_rank};
use crate::{Direction, Trial};

/// Wilcoxon's signed-rank test between the seeds of a trial and the same seeds of the best one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WilcoxonPruner {
    /// Trials whose p is below are pruned.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_threshold: f64,
    /// Seeds before which no trial is pruned.
    #[schemars(range(min = 0, max = 1000))]
    pub n_startup_steps: usize,
}

impl Default for WilcoxonPruner {
    fn default() -> Self {
        WilcoxonPruner { p_threshold: 0.1, n_startup_steps: 2 }
    }
}

impl PruningAlgorithm for WilcoxonPruner {
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        self.prunes(context).into()
    }

    fn check(&self) -> Result<(), PrunerSettingsError> {
        Ok(())
    }

    fn check_effect(&self) -> Result<(), PrunerSettingsError> {
        Ok(())
    }

    fn compares_seeds(&self) -> bool {
        true
    }

    fn depends_on_name(&self) -> bool {
        false
    }
}

impl WilcoxonPruner {
    /// Trials with a NaN or an infinity, on either side, are left alone; so is one whose mean is not worse than the
    /// best one's.
    fn prunes(&self, context: &PruningContext) -> bool {
        let Some(best) = best_trial(context.history, context.direction) else { return false };
        if !is_finite(context.trial) || !is_finite(best) {
            return false;
        }
        let losses = losses(context.trial, best, context.direction);
        let enough = losses.len() >= self.n_startup_steps.max(2);
        let worse = context.direction.is_better(mean(best), mean(context.trial));
        enough && worse && signed_rank::p_greater(&losses) < self.p_threshold
    }
}

/// The feasible complete trial with the best value; of several, the first.
fn best_trial(history: &[Trial], direction: Direction) -> Option<&Trial> {
    let feasible = |trial: &&Trial| trial.constraints.iter().all(|&violation| violation <= 0.0);
    let known = history.iter().filter(feasible).filter_map(|trial| Some((trial, trial.value()?)));
    let best = known.reduce(|a, b| if direction.is_better(b.1, a.1) { b } else { a });
    best.map(|(trial, _)| trial)
}

fn is_finite(trial: &Trial) -> bool {
    !trial.intermediate.is_empty() && trial.intermediate.values().all(|value| value.is_finite())
}

fn mean(trial: &Trial) -> f64 {
    trial.intermediate.values().sum::<f64>() / trial.intermediate.len() as f64
}

/// By how much the trial is worse than the best one, at each step that both have.
fn losses(trial: &Trial, best: &Trial, direction: Direction) -> Vec<f64> {
    let both =
        trial.intermediate.iter().filter_map(|(step, &value)| Some((value, *best.intermediate.get(step)?)));
    both.map(|(value, best)| direction.loss(value - best)).collect()
}
