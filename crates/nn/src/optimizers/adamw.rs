//! AdamW: Adam with decoupled weight decay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Adam;

/// Adam after w ← w − `weight_decay` η w (Loshchilov and Hutter 2019). Keras' default decay is 0.004, PyTorch's 0.01.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdamW {
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
    #[serde(default = "weight_decay")]
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

impl AdamW {
    /// The same as Adam, whose weight decay is decoupled too; only the default differs.
    pub(crate) fn as_adam(&self) -> Adam {
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

fn weight_decay() -> Option<f64> {
    Some(0.004)
}
