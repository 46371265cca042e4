//! RMSprop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::optimizer::{self, RmspropMoments, RmspropStep};

use super::{Common, States};

/// v ← ρ v + (1 − ρ) g², step = η g / √(v + ε) (centered: v − a² + ε, with a the mean of g); with momentum: b ← μ b +
/// step.
///
/// Tieleman and Hinton (2012) in Keras' form: ε stands inside the root, ρ is 0.9. PyTorch: outside, 0.99.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RmsProp {
    /// η
    #[serde(default = "super::rate_001")]
    #[schemars(range(min = 0.0))]
    pub learning_rate: f64,
    /// ρ
    #[serde(default = "rho")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rho: f64,
    /// μ
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub momentum: f64,
    /// ε
    #[serde(default = "super::epsilon")]
    #[schemars(range(min = 0.0))]
    pub epsilon: f64,
    /// Subtract the squared mean of the gradient.
    #[serde(default)]
    pub centered: bool,
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

impl RmsProp {
    pub(crate) fn common(&self) -> Common {
        Common::new(
            self.learning_rate,
            self.weight_decay,
            self.clipnorm,
            self.clipvalue,
            self.global_clipnorm,
        )
    }

    /// v, then a if centered, then b if there is momentum; each in its own place.
    pub(crate) fn uses(&self) -> [bool; 3] {
        [true, self.centered, self.momentum > 0.0]
    }

    pub(crate) fn apply(&self, learning_rate: f32, w: &mut [f32], g: &[f32], [v, a, b]: States) {
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

fn rho() -> f64 {
    0.9
}
