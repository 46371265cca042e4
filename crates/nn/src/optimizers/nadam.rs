//! Nadam: Adam whose momentum looks one step ahead.

use toile_kernels::optimizer::{self, NadamMoments, NadamStep};

use super::common::optimizer;
use super::{Common, OptimizerSettings, Slots, StepFactors, power};

optimizer! {
    /// With μ(t) = β₁ (1 − ½ · 0.96ᵗ) and P(t) = μ(1) … μ(t): m and v as in Adam, m̂ = μ(t+1) m / (1 − P(t+1)) + (1 −
    /// μ(t)) g / (1 − P(t)), w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε).
    ///
    /// Dozat (2016) in Keras' form. PyTorch uses 0.96^(0.004 t), Optax a constant β₁: other optimizers in the first
    /// steps.
    pub struct Nadam {
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
    }
}

impl Nadam {
    /// μ(t) in f32, as Keras computes it.
    fn momentum(&self, t: u64) -> f32 {
        self.beta_1 as f32 * (1.0 - 0.5 * power(0.96, t))
    }
}

impl OptimizerSettings for Nadam {
    fn name(&self) -> &'static str {
        "nadam"
    }

    fn common(&self) -> Common {
        self.common()
    }

    /// m and v.
    fn slots(&self) -> [bool; 3] {
        [true, true, false]
    }

    /// η, the factors of m and g in m̂, and 1 − β₂ᵗ. `product` is P(t − 1) and becomes P(t).
    fn factors(&self, t: u64, learning_rate: f32, product: &mut f32) -> StepFactors {
        let (now, next) = (self.momentum(t), self.momentum(t + 1));
        *product *= now;
        let of_m = next / (1.0 - *product * next);
        let of_g = (1.0 - now) / (1.0 - *product);
        [learning_rate, of_m, of_g, 1.0 - power(self.beta_2, t)]
    }

    fn apply(&self, factors: StepFactors, w: &mut [f32], g: &[f32], [m, v, _]: Slots) {
        let [learning_rate, m_factor, g_factor, v_divisor] = factors;
        let step = NadamStep {
            learning_rate,
            one_minus_beta_1: 1.0 - self.beta_1 as f32,
            one_minus_beta_2: 1.0 - self.beta_2 as f32,
            m_factor,
            g_factor,
            v_divisor,
            epsilon: self.epsilon as f32,
        };
        optimizer::nadam(w, g, NadamMoments { m, v }, step);
    }
}
