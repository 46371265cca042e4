//! The losses: one file each, one list of all.

mod categorical_crossentropy;
mod categorical_focal_crossentropy;

use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_focal_crossentropy::CategoricalFocalCrossentropy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::loss::{CrossentropyResults, CrossentropyTargets};

/// What a training makes small: a number for each image, from the probabilities p of the last layer's softmax and the
/// target y = (1 − s) onehot(label) + s / classes, with s = `label_smoothing`. It is computed from the values before
/// the softmax.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// −Σ y log p.
    #[default]
    CategoricalCrossentropy,
    /// −Σ y `alpha` (1 − p)^`gamma` log p: what is predicted well already counts less (Lin et al. 2017).
    CategoricalFocalCrossentropy(CategoricalFocalCrossentropy),
}

/// What each loss' settings say.
trait LossSettings {
    /// The losses of rows of logits, their predictions, and in training the gradient with respect to the logits.
    fn compute(
        &self,
        logits: &[f32],
        labels: &[u8],
        targets: CrossentropyTargets,
        results: CrossentropyResults,
    );
}

impl Loss {
    /// The one list that ties the names to what they do.
    fn settings(&self) -> &dyn LossSettings {
        match self {
            Loss::CategoricalCrossentropy => &CategoricalCrossentropy,
            Loss::CategoricalFocalCrossentropy(settings) => settings,
        }
    }

    /// The losses of rows of logits, their predictions, and in training the gradient with respect to the logits.
    pub(crate) fn compute(
        &self,
        logits: &[f32],
        labels: &[u8],
        targets: CrossentropyTargets,
        results: CrossentropyResults,
    ) {
        self.settings().compute(logits, labels, targets, results);
    }
}
