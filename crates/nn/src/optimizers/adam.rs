//! Adam.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::optimizer::{self, AdamMoments, AdamStep};

use super::{Common, States, power};

/// m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), α = η √(1 − β₂ᵗ) / (1 − β₁ᵗ), w ← w − α m / (√v + ε).
///
/// Kingma and Ba (2015) in Keras' form ("epsilon hat", 1e-7); PyTorch adds ε (1e-8) after the correction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adam {
    /// η
    #[serde(default = "super::rate_001")]
    #[schemars(range(min = 0.0))]
    pub learning_rate: f64,
    /// β₁
    #[serde(default = "super::beta_1")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub beta_1: f64,
    /// β₂
    #[serde(default = "super::beta_2")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub beta_2: f64,
    /// ε
    #[serde(default = "super::epsilon")]
    #[schemars(range(min = 0.0))]
    pub epsilon: f64,
    /// Use the largest v so far (Reddi et al. 2018).
    #[serde(default)]
    pub amsgrad: bool,
    /// Decoupled: w ← w − `weight_decay` η w before each update.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub weight_decay: Option<f64>,
    /// Each weight tensor's gradient is scaled down to at most this norm.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub clipnorm: Option<f64>,
    /// Each gradient value is cut to ± this.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub clipvalue: Option<f64>,
    /// The whole gradient is scaled down to at most this norm.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub global_clipnorm: Option<f64>,
}

impl Adam {
    pub(crate) fn common(&self) -> Common {
        Common::new(
            self.learning_rate,
            self.weight_decay,
            self.clipnorm,
            self.clipvalue,
            self.global_clipnorm,
        )
    }

    /// m, v, and with `amsgrad` the largest v so far.
    pub(crate) fn n_states(&self) -> usize {
        2 + self.amsgrad as usize
    }

    /// α at step t, counted from 1. Keras takes the powers of the betas in f32, but 1 − β in f64.
    pub(crate) fn alpha(&self, t: u64, learning_rate: f32) -> f32 {
        learning_rate * (1.0 - power(self.beta_2, t)).sqrt() / (1.0 - power(self.beta_1, t))
    }

    pub(crate) fn apply(&self, alpha: f32, w: &mut [f32], g: &[f32], [m, v, largest]: States) {
        let step = AdamStep {
            alpha,
            one_minus_beta_1: (1.0 - self.beta_1) as f32,
            one_minus_beta_2: (1.0 - self.beta_2) as f32,
            epsilon: self.epsilon as f32,
        };
        optimizer::adam(w, g, AdamMoments { m, v, vhat: self.amsgrad.then_some(largest) }, step);
    }
}
