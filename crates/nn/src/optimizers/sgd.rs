//! SGD, with momentum and Nesterov's form of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

fn learning_rate() -> f64 {
    0.01
}
