//! Callbacks: decisions after each epoch, with Keras' exact rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A decision taken after each epoch, as the study file writes it: `{ early_stopping = { patience = 5 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// Stops when a metric no longer improves.
    EarlyStopping(EarlyStopping),
    /// Multiplies the learning rate when a metric no longer improves.
    #[serde(rename = "reduce_lr_on_plateau")]
    ReduceLrOnPlateau(ReduceLrOnPlateau),
    /// At the end, goes back to the weights of the best epoch.
    BestWeights(BestWeights),
}

/// A number of each epoch that a callback can watch. Losses are better when lower, accuracies when higher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Running training loss.
    Loss,
    /// Running training accuracy.
    Accuracy,
    /// Validation loss.
    #[default]
    ValLoss,
    /// Validation accuracy.
    ValAccuracy,
}

/// Keras' `EarlyStopping`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The number to watch.
    #[serde(default)]
    pub monitor: Monitor,
    /// A change of at most this is no improvement.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
    /// Epochs without improvement after which training stops.
    #[serde(default)]
    pub patience: usize,
    /// The number must also become better than this for the wait to start anew.
    #[serde(default)]
    pub baseline: Option<f64>,
    /// At the end, go back to the weights of the best epoch.
    #[serde(default)]
    pub restore_best_weights: bool,
    /// Epochs before the watch begins.
    #[serde(default)]
    pub start_from_epoch: usize,
}

/// Keras' `ReduceLROnPlateau`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReduceLrOnPlateau {
    /// The number to watch.
    #[serde(default)]
    pub monitor: Monitor,
    /// The learning rate is multiplied by this; below 1.
    #[serde(default = "factor")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub factor: f64,
    /// Epochs without improvement after which it is reduced.
    #[serde(default = "patience")]
    pub patience: usize,
    /// A change of at most this is no improvement.
    #[serde(default = "min_delta")]
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
    /// Epochs to wait after a reduction.
    #[serde(default)]
    pub cooldown: usize,
    /// The rate is never reduced below this.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min_lr: f64,
}

/// Keras' `ModelCheckpoint(save_best_only=True)` followed by loading the best weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestWeights {
    /// The number to watch.
    #[serde(default)]
    pub monitor: Monitor,
}

fn factor() -> f64 {
    0.1
}

fn patience() -> usize {
    10
}

fn min_delta() -> f64 {
    1e-4
}
