//! Reducing the learning rate on a plateau, by Keras' rules.

use super::{CallbackFacts, ReduceLrOnPlateau};
use crate::{EpochRow, Exact};

/// `ReduceLROnPlateau` at work.
pub(crate) struct PlateauState {
    config: ReduceLrOnPlateau,
    wait: usize,
    cooldown: usize,
    best: Option<f64>,
}

impl PlateauState {
    pub(crate) fn new(config: ReduceLrOnPlateau) -> PlateauState {
        PlateauState { config, wait: 0, cooldown: 0, best: None }
    }

    pub(crate) fn facts(&self) -> CallbackFacts {
        CallbackFacts::Plateau { wait: self.wait, cooldown: self.cooldown, best: self.best.map(Exact) }
    }

    /// Goes on from these; false if they are another callback's, or no such callback comes to them.
    pub(crate) fn restore(&mut self, facts: &CallbackFacts, epoch: usize) -> bool {
        let CallbackFacts::Plateau { wait, cooldown, best } = *facts else { return false };
        (self.wait, self.cooldown, self.best) = (wait, cooldown, best.map(|best| best.0));
        wait <= epoch && cooldown <= self.config.cooldown
    }

    /// The reduced learning rate, if it is to be reduced from `rate` now.
    pub(crate) fn after_epoch(&mut self, row: &EpochRow, rate: f64) -> Option<f64> {
        let value = self.config.monitor.value(row)?;
        if self.cooldown > 0 {
            self.cooldown -= 1;
            self.wait = 0;
        }
        if self.config.monitor.improved(value, self.best, self.config.min_delta) {
            self.best = Some(value);
            self.wait = 0;
            return None;
        }
        if self.cooldown > 0 {
            return None;
        }
        self.wait += 1;
        // Keras holds the rate in f32.
        let (rate, lowest) = (rate as f32, self.config.min_lr as f32);
        if self.wait < self.config.patience || rate <= lowest {
            return None;
        }
        self.cooldown = self.config.cooldown;
        self.wait = 0;
        Some((rate as f64 * self.config.factor).max(self.config.min_lr))
    }
}
