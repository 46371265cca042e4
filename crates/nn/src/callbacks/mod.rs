//! Callbacks: decisions after each epoch, with Keras' exact rules.

#[cfg(test)]
mod keras;
mod plateau;
mod stopping;

use plateau::PlateauState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stopping::StoppingState;

use crate::state::possible;
use crate::{EpochRow, Exact, StateError};

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

/// What a callback remembers from epoch to epoch, beside the best weights themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CallbackFacts {
    /// Of `early_stopping` and `best_weights`.
    Stopping {
        /// Epochs since the last improvement.
        wait: usize,
        /// The best number so far.
        best: Option<Exact>,
        /// The epoch whose weights are kept.
        best_epoch: Option<usize>,
    },
    /// Of `reduce_lr_on_plateau`.
    Plateau {
        /// Epochs since the last improvement or reduction.
        wait: usize,
        /// Epochs left to wait after a reduction.
        cooldown: usize,
        /// The best number so far.
        best: Option<Exact>,
    },
}

/// What the callbacks decide after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Continue,
    Stop,
}

/// All callbacks of a training, at work.
pub(crate) struct Callbacks {
    active: Vec<Active>,
    learning_rate: f64,
}

enum Active {
    Stopping(StoppingState),
    Plateau(PlateauState),
}

impl Monitor {
    /// The number in an epoch's row.
    pub fn value(self, row: &EpochRow) -> Option<f64> {
        match self {
            Monitor::Loss => Some(row.loss),
            Monitor::Accuracy => Some(row.accuracy),
            Monitor::ValLoss => row.val_loss,
            Monitor::ValAccuracy => row.val_accuracy,
        }
    }

    /// Whether larger is better.
    pub fn higher_is_better(self) -> bool {
        matches!(self, Monitor::Accuracy | Monitor::ValAccuracy)
    }

    /// Keras' test: better than the best by more than `min_delta`.
    pub(crate) fn improved(self, value: f64, best: Option<f64>, min_delta: f64) -> bool {
        match best {
            None => true,
            Some(best) if self.higher_is_better() => value - min_delta.abs() > best,
            Some(best) => value + min_delta.abs() < best,
        }
    }
}

impl Callbacks {
    /// `learning_rate` is the optimizer's.
    pub(crate) fn new(callbacks: &[Callback], learning_rate: f64) -> Callbacks {
        let active = callbacks.iter().map(|callback| match callback {
            Callback::EarlyStopping(stopping) => Active::Stopping(StoppingState::new(stopping.clone())),
            Callback::BestWeights(best) => Active::Stopping(StoppingState::best_weights(best.monitor)),
            Callback::ReduceLrOnPlateau(plateau) => Active::Plateau(PlateauState::new(plateau.clone())),
        });
        Callbacks { active: active.collect(), learning_rate }
    }

    /// The rate that the schedule starts from: the optimizer's, or what it was reduced to.
    pub(crate) fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    pub(crate) fn after_epoch(&mut self, row: &EpochRow, weights: &[f32]) -> Decision {
        let mut decision = Decision::Continue;
        for active in &mut self.active {
            match active {
                Active::Stopping(state) => {
                    if state.after_epoch(row, weights) {
                        decision = Decision::Stop;
                    }
                }
                Active::Plateau(state) => {
                    if let Some(reduced) = state.after_epoch(row, self.learning_rate) {
                        self.learning_rate = reduced;
                    }
                }
            }
        }
        decision
    }

    pub(crate) fn facts(&self) -> Vec<CallbackFacts> {
        let facts = |active: &Active| match active {
            Active::Stopping(state) => state.facts(),
            Active::Plateau(state) => state.facts(),
        };
        self.active.iter().map(facts).collect()
    }

    /// Goes on from what as many callbacks remembered after `epoch`, with room for best weights of so many floats.
    pub(crate) fn resume(
        &mut self,
        facts: &[CallbackFacts],
        epoch: usize,
        learning_rate: f64,
        weights: usize,
    ) -> Result<(), StateError> {
        self.learning_rate = learning_rate;
        for (i, (active, facts)) in self.active.iter_mut().zip(facts).enumerate() {
            let fits = match active {
                Active::Stopping(state) => state.restore(facts, epoch, weights),
                Active::Plateau(state) => state.restore(facts, epoch),
            };
            possible(&format!("callback {i} at"), format!("{facts:?}"), fits)?;
        }
        Ok(())
    }

    /// The best weights that callbacks keep, with these callbacks' places.
    pub(crate) fn best_weights(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.active.iter().enumerate().filter_map(|(i, active)| match active {
            Active::Stopping(state) => state.best_weights.as_ref().map(|(_, weights)| (i, &weights[..])),
            Active::Plateau(_) => None,
        })
    }

    /// The same, to be written.
    pub(crate) fn best_weights_mut(&mut self) -> impl Iterator<Item = (usize, &mut [f32])> {
        self.active.iter_mut().enumerate().filter_map(|(i, active)| match active {
            Active::Stopping(state) => state.best_weights.as_mut().map(|(_, weights)| (i, &mut weights[..])),
            Active::Plateau(_) => None,
        })
    }

    /// At the end: back to the best weights, if a callback wants them; gives their epoch.
    pub(crate) fn restore(&mut self, weights: &mut [f32]) -> Option<usize> {
        let mut restored = None;
        for active in &mut self.active {
            if let Active::Stopping(state) = active
                && let Some((epoch, best)) = state.best_weights.take()
            {
                weights.copy_from_slice(&best);
                restored = Some(epoch);
            }
        }
        restored
    }
}
