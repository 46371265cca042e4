//! Nadam: Adam whose momentum looks one step ahead.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::optimizer::{self, NadamMoments, NadamStep};

use super::{Common, States, power};

/// With μ(t) = β₁ (1 − ½ · 0.96ᵗ) and P(t) = μ(1) … μ(t): m and v as in Adam, m̂ = μ(t+1) m / (1 − P(t+1)) + (1 − μ(t))
/// g / (1 − P(t)), w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε).
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

/// The factors of one step: of m and g in m̂, and 1 − β₂ᵗ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NadamFactors {
    m: f32,
    g: f32,
    v: f32,
}

impl Nadam {
    pub(crate) fn common(&self) -> Common {
        Common::new(
            self.learning_rate,
            self.weight_decay,
            self.clipnorm,
            self.clipvalue,
            self.global_clipnorm,
        )
    }

    /// m and v.
    pub(crate) fn n_states(&self) -> usize {
        2
    }

    /// μ(t) in f32, as Keras computes it.
    fn momentum(&self, t: u64) -> f32 {
        self.beta_1 as f32 * (1.0 - 0.5 * power(0.96, t))
    }

    /// The factors of step t, counted from 1; `product` is P(t − 1) and becomes P(t).
    pub(crate) fn factors(&self, t: u64, product: &mut f32) -> NadamFactors {
        let (now, next) = (self.momentum(t), self.momentum(t + 1));
        *product *= now;
        NadamFactors {
            m: next / (1.0 - *product * next),
            g: (1.0 - now) / (1.0 - *product),
            v: 1.0 - power(self.beta_2, t),
        }
    }

    pub(crate) fn apply(
        &self,
        at: NadamFactors,
        learning_rate: f32,
        w: &mut [f32],
        g: &[f32],
        [m, v, _]: States,
    ) {
        let step = NadamStep {
            learning_rate,
            one_minus_beta_1: 1.0 - self.beta_1 as f32,
            one_minus_beta_2: 1.0 - self.beta_2 as f32,
            m_factor: at.m,
            g_factor: at.g,
            v_divisor: at.v,
            epsilon: self.epsilon as f32,
        };
        optimizer::nadam(w, g, NadamMoments { m, v }, step);
    }
}
