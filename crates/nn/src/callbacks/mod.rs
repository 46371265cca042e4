//! Callbacks: decisions after each epoch, with Keras' exact rules. One file each, one list of all.

mod best_weights;
mod early_stopping;
#[cfg(test)]
mod keras;
mod reduce_lr_on_plateau;

pub use best_weights::BestWeights;
pub use early_stopping::EarlyStopping;
pub use reduce_lr_on_plateau::ReduceLrOnPlateau;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_record::{Direction, Epoch, Metric};

use crate::state::possible;
use crate::{Exact, StateError};

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

impl Callback {
    /// The one list that ties the names to what they do.
    fn settings(&self) -> &dyn CallbackSettings {
        match self {
            Callback::EarlyStopping(settings) => settings,
            Callback::ReduceLrOnPlateau(settings) => settings,
            Callback::BestWeights(settings) => settings,
        }
    }

    /// The name in the study file.
    pub fn name(&self) -> &'static str {
        self.settings().name()
    }

    /// The number that it watches.
    pub fn monitor(&self) -> Metric {
        self.settings().monitor()
    }

    /// Whether it changes the learning rate: no schedule can set it then.
    pub fn sets_learning_rate(&self) -> bool {
        self.settings().sets_learning_rate()
    }
}

/// What each callback's settings say.
trait CallbackSettings {
    /// The name in the study file.
    fn name(&self) -> &'static str;

    /// The number that it watches.
    fn monitor(&self) -> Metric;

    /// Whether it changes the learning rate.
    fn sets_learning_rate(&self) -> bool {
        false
    }

    /// The callback as it is before the first epoch.
    fn start(&self) -> Box<dyn CallbackState>;
}

/// A callback while a model trains.
trait CallbackState: Send + Sync {
    /// What it decides after an epoch; it may change the rate that the schedule starts from.
    fn after_epoch(&mut self, epoch: &Epoch, weights: &[f32], learning_rate: &mut f64) -> Decision;

    /// What it remembers, without the best weights themselves.
    fn facts(&self) -> CallbackFacts;

    /// Goes on from what it remembered after `epoch`, with room for best weights of so many floats. False if the facts
    /// are another callback's, or no such callback comes to them.
    fn restore(&mut self, facts: &CallbackFacts, epoch: usize, weights: usize) -> bool;

    /// The best epoch so far, if it keeps its weights.
    fn best_epoch(&self) -> Option<&BestEpoch> {
        None
    }

    /// The same, to be written.
    fn best_epoch_mut(&mut self) -> Option<&mut BestEpoch> {
        None
    }
}

/// The epoch to go back to at the end.
struct BestEpoch {
    epoch: usize,
    weights: Vec<f32>,
}

/// What a callback remembers from epoch to epoch, without the best weights themselves.
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

/// What a callback decides after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Continue,
    Stop,
}

/// Keras' test: better than the best by more than `min_delta`. The first value is better than none, even if it is NaN.
fn improved(metric: Metric, value: f64, best: Option<f64>, min_delta: f64) -> bool {
    match (best, metric.direction()) {
        (None, _) => true,
        (Some(best), Direction::Maximize) => value - min_delta.abs() > best,
        (Some(best), Direction::Minimize) => value + min_delta.abs() < best,
    }
}

/// All callbacks of a training.
pub(crate) struct Callbacks {
    /// With their names in the study file.
    states: Vec<(&'static str, Box<dyn CallbackState>)>,
    learning_rate: f64,
}

impl Callbacks {
    /// `learning_rate` is the optimizer's.
    pub(crate) fn new(callbacks: &[Callback], learning_rate: f64) -> Callbacks {
        let states = callbacks.iter().map(|callback| (callback.name(), callback.settings().start()));
        Callbacks { states: states.collect(), learning_rate }
    }

    /// The rate that the schedule starts from: the optimizer's, or what it was reduced to.
    pub(crate) fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// # Panics
    /// If it is no learning rate.
    pub(crate) fn set_learning_rate(&mut self, rate: f64) {
        assert!(rate.is_finite() && rate >= 0.0, "a learning rate of {rate}");
        self.learning_rate = rate;
    }

    /// The name of the first callback that stops the training after this epoch, if one does.
    pub(crate) fn after_epoch(&mut self, epoch: &Epoch, weights: &[f32]) -> Option<&'static str> {
        let mut stopped_by = None;
        for (name, state) in &mut self.states {
            if state.after_epoch(epoch, weights, &mut self.learning_rate) == Decision::Stop {
                stopped_by = stopped_by.or(Some(*name));
            }
        }
        stopped_by
    }

    /// The callback of this name, if there is one.
    pub(crate) fn named(&self, name: &str) -> Option<&'static str> {
        self.states.iter().map(|(own, _)| *own).find(|own| *own == name)
    }

    pub(crate) fn facts(&self) -> Vec<CallbackFacts> {
        self.states.iter().map(|(_, state)| state.facts()).collect()
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
        for (i, ((_, state), facts)) in self.states.iter_mut().zip(facts).enumerate() {
            let fits = state.restore(facts, epoch, weights);
            possible(&format!("callback {i} at"), format!("{facts:?}"), fits)?;
        }
        Ok(())
    }

    /// The best weights that callbacks keep, with these callbacks' positions.
    pub(crate) fn best_weights(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let states = self.states.iter().enumerate();
        states.filter_map(|(i, (_, state))| Some((i, state.best_epoch()?.weights.as_slice())))
    }

    /// The same, to be written.
    pub(crate) fn best_weights_mut(&mut self) -> impl Iterator<Item = (usize, &mut [f32])> {
        let states = self.states.iter_mut().enumerate();
        states.filter_map(|(i, (_, state))| Some((i, state.best_epoch_mut()?.weights.as_mut_slice())))
    }

    /// At the end: back to the best weights, if a callback wants them; gives their epoch.
    pub(crate) fn restore(&self, weights: &mut [f32]) -> Option<usize> {
        // Each goes back in turn: the last one decides.
        let best = self.states.iter().filter_map(|(_, state)| state.best_epoch()).next_back()?;
        weights.copy_from_slice(&best.weights);
        Some(best.epoch)
    }
}
