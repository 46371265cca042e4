//! Patience: another pruner decides, but only about trials that have not improved for a while.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Pruner, PrunerSettingsError, PruningAlgorithm, PruningContext, PruningDecision};

/// Another pruner, with patience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatientPruner {
    /// The pruner that decides once patience is at its end; without one, patience alone decides.
    #[serde(default)]
    pub pruner: Option<Box<Pruner>>,
    /// Steps without improvement that are tolerated.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub patience: usize,
    /// What does not count as an improvement yet.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
}

impl PatientPruner {
    /// Patience of so many steps. Without a pruner, patience alone decides.
    pub fn new(pruner: Option<Pruner>, patience: usize) -> PatientPruner {
        PatientPruner { pruner: pruner.map(Box::new), patience, min_delta: 0.0 }
    }

    /// Whether the last `patience + 1` steps were no better than those before them. False while there are too few
    /// steps, and without numbers on either side.
    fn is_exhausted(&self, context: &PruningContext) -> bool {
        let values: Vec<f64> =
            context.trial.intermediate.values().map(|&value| context.direction.loss(value)).collect();
        let Some(before) = values.len().checked_sub(self.patience + 1) else { return false };
        let best = |losses: &[f64]| losses.iter().copied().reduce(f64::min).unwrap_or(f64::NAN);
        best(&values[..before]) + self.min_delta < best(&values[before..])
    }
}

impl PruningAlgorithm for PatientPruner {
    /// While patience lasts, the other pruner is not asked, so that no rung is completed.
    fn decide(&self, context: &PruningContext) -> PruningDecision {
        match (self.is_exhausted(context), &self.pruner) {
            (false, _) => PruningDecision::default(),
            (true, None) => true.into(),
            (true, Some(pruner)) => pruner.decide(context),
        }
    }

    fn check(&self) -> Result<(), PrunerSettingsError> {
        self.pruner.as_ref().map_or(Ok(()), |pruner| pruner.check())
    }

    fn check_effect(&self) -> Result<(), PrunerSettingsError> {
        self.pruner.as_ref().map_or(Ok(()), |pruner| pruner.check_effect())
    }

    fn compares_seeds(&self) -> bool {
        self.pruner.as_ref().is_some_and(|pruner| pruner.compares_seeds())
    }

    fn depends_on_name(&self) -> bool {
        self.pruner.as_ref().is_some_and(|pruner| pruner.depends_on_name())
    }
}
