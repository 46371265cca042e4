//! AdamW: Adam with decoupled weight decay.

use super::common::optimizer;
use super::{Adam, Common, OptimizerSettings, Slots, StepFactors};

optimizer! {
    /// Adam after w ← w − `weight_decay` η w (Loshchilov and Hutter 2019). Keras' default decay is 0.004, PyTorch's
    /// 0.01.
    pub struct AdamW {
        learning_rate: 0.001,
        weight_decay: Some(0.004),
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

impl AdamW {
    /// The same as Adam, whose weight decay is decoupled too; only the default differs.
    fn as_adam(&self) -> Adam {
        Adam {
            learning_rate: self.learning_rate,
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
            amsgrad: self.amsgrad,
            weight_decay: self.weight_decay,
            clipnorm: self.clipnorm,
            clipvalue: self.clipvalue,
            global_clipnorm: self.global_clipnorm,
        }
    }
}

impl OptimizerSettings for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn common(&self) -> Common {
        self.common()
    }

    fn slots(&self) -> [bool; 3] {
        self.as_adam().slots()
    }

    fn factors(&self, t: u64, learning_rate: f32, momentum_product: &mut f32) -> StepFactors {
        self.as_adam().factors(t, learning_rate, momentum_product)
    }

    fn apply(&self, factors: StepFactors, w: &mut [f32], g: &[f32], slots: Slots) {
        self.as_adam().apply(factors, w, g, slots);
    }
}
