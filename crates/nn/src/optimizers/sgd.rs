//! SGD, with momentum and Nesterov's form of it.

use toile_kernels::optimizer;

use super::common::optimizer;
use super::{Common, OptimizerSettings, Slots, StepFactors};

optimizer! {
    /// w ← w − η g; with momentum μ: v ← μ v − η g, w ← w + v; Nesterov: w ← w + μ v − η g (with the new v).
    ///
    /// Keras' form: η stands inside v, PyTorch's stands outside; they differ when η changes.
    pub struct Sgd {
        learning_rate: 0.01,
        weight_decay: None,
        /// μ, from 0 to 1
        #[schemars(range(min = 0.0, max = 1.0))]
        momentum: f64 = 0.0,
        /// Look one step ahead.
        nesterov: bool = false,
    }
}

impl OptimizerSettings for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn common(&self) -> Common {
        self.common()
    }

    /// The velocity v, if there is momentum.
    fn slots(&self) -> [bool; 3] {
        [self.momentum > 0.0, false, false]
    }

    fn factors(&self, _: u64, learning_rate: f32, _: &mut f32) -> StepFactors {
        [learning_rate, 0.0, 0.0, 0.0]
    }

    fn apply(&self, [learning_rate, ..]: StepFactors, w: &mut [f32], g: &[f32], [v, _, _]: Slots) {
        if self.momentum > 0.0 {
            optimizer::sgd_momentum(w, v, g, learning_rate, self.momentum as f32, self.nesterov);
        } else {
            optimizer::sgd(w, g, learning_rate);
        }
    }
}
