//! SGD, with momentum and Nesterov's form of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::optimizer;

use super::{Common, States};

/// w ← w − η g; with momentum μ: v ← μ v − η g, w ← w + v; Nesterov: w ← w + μ v − η g (with the new v).
///
/// Keras' form: η stands inside v, PyTorch's stands outside; they differ when η changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sgd {
    /// η
    #[serde(default = "learning_rate")]
    #[schemars(range(min = 0.0))]
    pub learning_rate: f64,
    /// μ, from 0 to 1
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub momentum: f64,
    /// Look one step ahead.
    #[serde(default)]
    pub nesterov: bool,
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

impl Sgd {
    pub(crate) fn common(&self) -> Common {
        Common::new(
            self.learning_rate,
            self.weight_decay,
            self.clipnorm,
            self.clipvalue,
            self.global_clipnorm,
        )
    }

    /// The velocity v, if there is momentum.
    pub(crate) fn n_states(&self) -> usize {
        (self.momentum > 0.0) as usize
    }

    pub(crate) fn apply(&self, learning_rate: f32, w: &mut [f32], g: &[f32], [v, _, _]: States) {
        if self.momentum > 0.0 {
            optimizer::sgd_momentum(w, v, g, learning_rate, self.momentum as f32, self.nesterov);
        } else {
            optimizer::sgd(w, g, learning_rate);
        }
    }
}

fn learning_rate() -> f64 {
    0.01
}
