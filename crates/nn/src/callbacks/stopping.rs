//! Early stopping and keeping the best weights, by Keras' rules.

use super::{CallbackFacts, EarlyStopping, Monitor};
use crate::{EpochRow, Exact};

/// `EarlyStopping` at work. As in Keras: the first epoch never stops a training, and without `restore_best_weights`
/// the last weights stay.
pub(crate) struct StoppingState {
    config: EarlyStopping,
    stops: bool,
    wait: usize,
    best: Option<f64>,
    /// The epoch and the weights to go back to.
    pub best_weights: Option<(usize, Vec<f32>)>,
}

impl StoppingState {
    pub(crate) fn new(config: EarlyStopping) -> StoppingState {
        StoppingState { config, stops: true, wait: 0, best: None, best_weights: None }
    }

    /// Keeps the best weights and never stops.
    pub(crate) fn best_weights(monitor: Monitor) -> StoppingState {
        let config = EarlyStopping {
            monitor,
            min_delta: 0.0,
            patience: 0,
            baseline: None,
            restore_best_weights: true,
            start_from_epoch: 0,
        };
        StoppingState { stops: false, ..StoppingState::new(config) }
    }

    pub(crate) fn facts(&self) -> CallbackFacts {
        let best_epoch = self.best_weights.as_ref().map(|(epoch, _)| *epoch);
        CallbackFacts::Stopping { wait: self.wait, best: self.best.map(Exact), best_epoch }
    }

    /// Goes on from these, with room for the best weights; false if they are another callback's, or no such callback
    /// comes to them.
    pub(crate) fn restore(&mut self, facts: &CallbackFacts, epoch: usize, weights: usize) -> bool {
        let CallbackFacts::Stopping { wait, best, best_epoch } = *facts else { return false };
        (self.wait, self.best) = (wait, best.map(|best| best.0));
        self.best_weights = best_epoch.map(|epoch| (epoch, vec![0.0; weights]));
        let keeps = best_epoch.is_some() == (self.config.restore_best_weights && best.is_some());
        wait <= epoch && keeps && best_epoch.is_none_or(|best| (1..=epoch).contains(&best))
    }

    /// Whether training is to stop after this epoch.
    pub(crate) fn after_epoch(&mut self, row: &EpochRow, weights: &[f32]) -> bool {
        let config = &self.config;
        let index = row.epoch - 1;
        let Some(value) = config.monitor.value(row) else { return false };
        if index < config.start_from_epoch {
            return false;
        }
        if config.restore_best_weights && self.best_weights.is_none() {
            self.best_weights = Some((row.epoch, weights.to_vec()));
        }
        self.wait += 1;
        if config.monitor.improved(value, self.best, config.min_delta) {
            self.best = Some(value);
            if let Some((epoch, best)) = &mut self.best_weights {
                *epoch = row.epoch;
                best.copy_from_slice(weights);
            }
            if config.baseline.is_none_or(|base| config.monitor.improved(value, Some(base), config.min_delta))
            {
                self.wait = 0;
            }
            return false;
        }
        self.stops && self.wait >= config.patience && index > 0
    }
}
