//! Nadam: Adam whose momentum looks one step ahead.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// With μ(t) = β₁ (1 − ½ · 0.96ᵗ) and P(t) = μ(1) … μ(t): m and v as in Adam, m̂ = μ(t+1) m / (1 − P(t+1)) + (1 − μ(t)) g / (1 − P(t)),
/// w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε).
///
/// Dozat (2016) in Keras' form. PyTorch uses 0.96^(0.004 t), Optax a constant β₁: other optimizers in the first steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nadam {
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
