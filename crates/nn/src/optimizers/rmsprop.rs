//! RMSprop.

use toile_kernels::optimizer::{self, RmspropMoments, RmspropStep};

use super::common::optimizer;
use super::{Common, OptimizerSettings, Slots, StepFactors};

optimizer! {
    /// v ← ρ v + (1 − ρ) g², step = η g / √(v + ε) (centered: v − a² + ε, with a the mean of g); with momentum: b ← μ b
    /// + step.
    ///
    /// Tieleman and Hinton (2012) in Keras' form: ε stands inside the root, ρ is 0.9. PyTorch: outside, 0.99.
    pub struct RmsProp {
        learning_rate: 0.001,
        weight_decay: None,
        /// ρ
        #[schemars(range(min = 0.0, max = 1.0))]
        rho: f64 = 0.9,
        /// μ
        #[schemars(range(min = 0.0, max = 1.0))]
        momentum: f64 = 0.0,
        /// ε
        #[schemars(range(min = 0.0))]
        epsilon: f64 = 1e-7,
        /// Subtract the squared mean of the gradient.
        centered: bool = false,
    }
}

impl OptimizerSettings for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn common(&self) -> Common {
        self.common()
    }

    /// v, then a if centered, then b if there is momentum; each in its own slot.
    fn slots(&self) -> [bool; 3] {
        [true, self.centered, self.momentum > 0.0]
    }

    fn factors(&self, _: u64, learning_rate: f32, _: &mut f32) -> StepFactors {
        [learning_rate, 0.0, 0.0, 0.0]
    }

    fn apply(&self, [learning_rate, ..]: StepFactors, w: &mut [f32], g: &[f32], [v, a, b]: Slots) {
        let (mean, speed) = (self.centered.then_some(a), (self.momentum > 0.0).then_some(b));
        let step = RmspropStep {
            learning_rate,
            rho: self.rho as f32,
            one_minus_rho: (1.0 - self.rho) as f32,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
        };
        optimizer::rmsprop(w, g, RmspropMoments { square: v, mean, speed }, step);
    }
}
