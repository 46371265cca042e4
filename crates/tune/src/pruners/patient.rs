//! Patience: another pruner decides, but only about trials that have not improved for a while.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Look, Pruner, Verdict};

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
    /// Compares the best of the last `patience + 1` steps with the best before them; without numbers on either side the
    /// trial goes on. While patience lasts, the other pruner is not asked, so that no rung is completed.
    pub(super) fn decide(&self, look: &Look) -> Verdict {
        let values: Vec<f64> =
            look.trial.intermediate.values().map(|&value| look.direction.loss(value)).collect();
        let Some(before) = values.len().checked_sub(self.patience + 1) else { return Verdict::default() };
        let best = |losses: &[f64]| losses.iter().copied().reduce(f64::min).unwrap_or(f64::NAN);
        if best(&values[..before]) + self.min_delta < best(&values[before..]) {
            self.pruner.as_ref().map_or(true.into(), |pruner| pruner.decide(look))
        } else {
            Verdict::default()
        }
    }
}
