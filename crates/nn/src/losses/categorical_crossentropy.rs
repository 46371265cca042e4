//! CategoricalCrossentropy.

use toile_kernels::loss::{CrossentropyResults, CrossentropyTargets, softmax_crossentropy};

use super::LossSettings;

/// −Σ y log p, as Keras' `CategoricalCrossentropy(from_logits=True)`.
pub(super) struct CategoricalCrossentropy;

impl LossSettings for CategoricalCrossentropy {
    fn compute(
        &self,
        logits: &[f32],
        labels: &[u8],
        targets: CrossentropyTargets,
        results: CrossentropyResults,
    ) {
        softmax_crossentropy(logits, labels, targets, results);
    }
}
