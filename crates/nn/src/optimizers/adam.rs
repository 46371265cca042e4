//! Adam.

use toile_kernels::optimizer::{self, AdamMoments, AdamStep};

use super::common::optimizer;
use super::{Common, OptimizerSettings, Slots, StepFactors, power};

optimizer! {
    /// m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), α = η √(1 − β₂ᵗ) / (1 − β₁ᵗ), w ← w − α m / (√v + ε).
    ///
    /// Kingma and Ba (2015) in Keras' form ("epsilon hat", 1e-7); PyTorch adds ε (1e-8) after the correction.
    pub struct Adam {
        learning_rate: 0.001,
        weight_decay: None,
        /// β₁
        #[schemars(range(min = 0.0, max = 1.0))]
        beta_1: f64 = 0.9,
        /// β₂
        #[schemars(range(min = 0.0, max = 1.0))]
        beta_2: f64 = 0.999,
        /// ε
        #[schemars(range(min = 0.0))]
        epsilon: f64 = 1e-7,
        /// Use the largest v so far (Reddi et al. 2018).
        amsgrad: bool = false,
    }
}

impl OptimizerSettings for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn common(&self) -> Common {
        self.common()
    }

    /// m, v, and with `amsgrad` the largest v so far.
    fn slots(&self) -> [bool; 3] {
        [true, true, self.amsgrad]
    }

    /// α. Keras takes the powers of the betas in f32, but 1 − β in f64.
    fn factors(&self, t: u64, learning_rate: f32, _: &mut f32) -> StepFactors {
        let alpha = learning_rate * (1.0 - power(self.beta_2, t)).sqrt() / (1.0 - power(self.beta_1, t));
        [alpha, 0.0, 0.0, 0.0]
    }

    fn apply(&self, [alpha, ..]: StepFactors, w: &mut [f32], g: &[f32], [m, v, largest]: Slots) {
        let step = AdamStep {
            alpha,
            one_minus_beta_1: (1.0 - self.beta_1) as f32,
            one_minus_beta_2: (1.0 - self.beta_2) as f32,
            epsilon: self.epsilon as f32,
        };
        optimizer::adam(w, g, AdamMoments { m, v, vhat: self.amsgrad.then_some(largest) }, step);
    }
}
