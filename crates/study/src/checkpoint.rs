//! A training's state as the bytes of a checkpoint, and back.

use toile_nn::{Tensor, TrainingState};
use toile_store::{StoreError, checkpoint_from_bytes, checkpoint_to_bytes};

/// The state as one file with a checksum.
pub fn state_to_bytes(state: &TrainingState) -> Vec<u8> {
    let facts = serde_json::to_value(&state.facts).expect("facts are numbers and words");
    let tensors: Vec<_> =
        state.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
    checkpoint_to_bytes(&tensors, &facts)
}

/// The state in a checkpoint, to be given to [`toile_nn::fit_from`], which says whether it fits.
///
/// # Errors
/// If the bytes are no checkpoint, damaged, or of another version.
pub fn state_from_bytes(bytes: &[u8]) -> Result<TrainingState, StoreError> {
    let (tensors, facts) = checkpoint_from_bytes(bytes)?;
    let facts =
        serde_json::from_value(facts).map_err(|e| StoreError::Checkpoint { reason: e.to_string() })?;
    let tensor = |(name, shape, values)| Tensor { name, shape, values };
    Ok(TrainingState { facts, tensors: tensors.into_iter().map(tensor).collect() })
}
