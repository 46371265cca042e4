//! CategoricalFocalCrossentropy: what is predicted well already counts less.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::loss::{CrossentropyResults, CrossentropyTargets, Focal, softmax_focal_crossentropy};

use super::LossSettings;

/// The form of Keras' `CategoricalFocalCrossentropy`, in which p is cut to between 1e-7 and 1 − 1e-7.
///
/// A class that is cut has no part in the gradient, as in Keras: one that is predicted with less than 1e-7 is not
/// learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CategoricalFocalCrossentropy {
    /// The factor of all classes.
    #[schemars(range(min = 0.0))]
    pub alpha: f32,
    /// How much less a class counts the better it is predicted; 0 is no difference.
    #[schemars(range(min = 0.0))]
    pub gamma: f32,
}

/// Keras' defaults.
impl Default for CategoricalFocalCrossentropy {
    fn default() -> CategoricalFocalCrossentropy {
        CategoricalFocalCrossentropy { alpha: 0.25, gamma: 2.0 }
    }
}

impl LossSettings for CategoricalFocalCrossentropy {
    fn compute(
        &self,
        logits: &[f32],
        labels: &[u8],
        targets: CrossentropyTargets,
        results: CrossentropyResults,
    ) {
        let focal = Focal { alpha: self.alpha, gamma: self.gamma };
        softmax_focal_crossentropy(focal, logits, labels, targets, results);
    }
}
