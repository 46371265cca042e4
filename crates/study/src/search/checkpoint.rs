//! The state of a trial between two epochs, as bytes that another worker can go on from.

use serde::{Deserialize, Serialize};
use serde_json::json;
use toile_nn::{StateFacts, Tensor, TrainingState};
use toile_store::{EpochRecord, checkpoint_from_bytes, checkpoint_to_bytes};

/// Everything that a trial has done so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Repetitions that are done: what each ended with, for each objective.
    pub finals: Vec<Vec<f64>>,
    /// Every epoch so far, of all repetitions.
    pub epochs: Vec<EpochRecord>,
    /// What was reported, by step; none inside where it was not a number.
    pub reported: Vec<(i64, Option<f64>)>,
    /// Rungs of successive halving that were completed.
    pub rungs: Vec<f64>,
    /// Wall and processor seconds that were spent.
    pub wall_seconds: f64,
    pub cpu_seconds: Option<f64>,
}

/// A checkpoint: the progress, and the training that is under way, if one is.
pub(super) fn to_bytes(progress: &Progress, state: Option<&TrainingState>) -> Vec<u8> {
    let tensors = state.map_or(&[][..], |state| &state.tensors);
    let named: Vec<_> =
        tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
    let facts = json!({ "progress": progress, "training": state.map(|state| &state.facts) });
    checkpoint_to_bytes(&named, &facts)
}

/// What [`to_bytes`] wrote; nothing if the bytes are something else: the trial then begins anew, and ends the same.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<(Progress, Option<TrainingState>)> {
    let (tensors, mut facts) = checkpoint_from_bytes(bytes).ok()?;
    let progress: Progress = serde_json::from_value(facts["progress"].take()).ok()?;
    let training: Option<StateFacts> = serde_json::from_value(facts["training"].take()).ok()?;
    let tensor = |(name, shape, values)| Tensor { name, shape, values };
    let state =
        training.map(|facts| TrainingState { facts, tensors: tensors.into_iter().map(tensor).collect() });
    Some((progress, state))
}
