//! The optimizers: one file each, one list of all.

mod adam;
mod adamw;
mod nadam;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use nadam::Nadam;
pub use rmsprop::RmsProp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use sgd::Sgd;

/// How a gradient becomes a step, as the study file writes it: `{ adam = { learning_rate = 0.001 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Stochastic gradient descent, with momentum if asked for.
    Sgd(Sgd),
    /// Adam (Kingma and Ba 2015).
    Adam(Adam),
    /// Adam with decoupled weight decay.
    #[serde(rename = "adamw")]
    AdamW(AdamW),
    /// Adam with Nesterov momentum.
    Nadam(Nadam),
    /// RMSprop (Tieleman and Hinton 2012).
    #[serde(rename = "rmsprop")]
    RmsProp(RmsProp),
}

fn rate_001() -> f64 {
    0.001
}

fn beta_1() -> f64 {
    0.9
}

fn beta_2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-7
}
