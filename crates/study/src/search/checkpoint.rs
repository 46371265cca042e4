//! The state of a trial between two epochs, as bytes that another worker can go on from.

use serde::{Deserialize, Serialize};
use toile_nn::TrainingState;
use toile_store::EpochRecord;

/// Everything that a trial has done so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Repetitions that are done: what each ended with, for each objective.
    pub finals: Vec<Vec<f64>>,
    /// Every epoch so far, of all repetitions.
    pub epochs: Vec<EpochRecord>,
    /// What was reported, by step.
    pub reported: Vec<(i64, f64)>,
    /// Rungs of successive halving that were completed.
    pub rungs: Vec<f64>,
    /// Wall and processor seconds that were spent.
    pub wall_seconds: f64,
    pub cpu_seconds: Option<f64>,
}

/// A checkpoint: the progress, and the training that is under way, if one is.
pub(super) fn to_bytes(progress: &Progress, state: Option<&TrainingState>) -> Vec<u8> {
    let head = serde_json::to_vec(progress).expect("progress has string keys");
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend(head);
    if let Some(state) = state {
        bytes.extend(crate::runner::training_to_bytes(state));
    }
    bytes
}

/// What [`to_bytes`] wrote; nothing if the bytes are something else: the trial then begins anew, and ends the same.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<(Progress, Option<TrainingState>)> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (head, rest) = rest.split_at_checked(length)?;
    let progress = serde_json::from_slice(head).ok()?;
    let state = match rest.is_empty() {
        true => None,
        false => Some(crate::runner::training_from_bytes(rest)?),
    };
    Some((progress, state))
}
