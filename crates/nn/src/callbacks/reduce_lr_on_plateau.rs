//! ReduceLROnPlateau: a lower learning rate when a metric no longer improves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_record::{Epoch, Metric};

use super::{CallbackFacts, CallbackSettings, CallbackState, Decision, improved};
use crate::Exact;

/// Keras' `ReduceLROnPlateau`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReduceLrOnPlateau {
    /// The number to watch.
    #[schemars(schema_with = "Metric::schema_of_epoch")]
    pub monitor: Metric,
    /// The learning rate is multiplied by this; below 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub factor: f64,
    /// Epochs without improvement after which it is reduced.
    pub patience: usize,
    /// A change of at most this is no improvement.
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
    /// Epochs to wait after a reduction.
    pub cooldown: usize,
    /// The rate is never reduced below this.
    #[schemars(range(min = 0.0))]
    pub min_lr: f64,
}

/// Keras' defaults.
impl Default for ReduceLrOnPlateau {
    fn default() -> ReduceLrOnPlateau {
        ReduceLrOnPlateau {
            monitor: Metric::ValLoss,
            factor: 0.1,
            patience: 10,
            min_delta: 1e-4,
            cooldown: 0,
            min_lr: 0.0,
        }
    }
}

impl CallbackSettings for ReduceLrOnPlateau {
    fn name(&self) -> &'static str {
        "reduce_lr_on_plateau"
    }

    fn monitor(&self) -> Metric {
        self.monitor
    }

    fn sets_learning_rate(&self) -> bool {
        true
    }

    fn start(&self) -> Box<dyn CallbackState> {
        Box::new(PlateauState { settings: self.clone(), wait: 0, cooldown: 0, best: None })
    }
}

struct PlateauState {
    settings: ReduceLrOnPlateau,
    wait: usize,
    cooldown: usize,
    best: Option<f64>,
}

impl PlateauState {
    /// The reduced learning rate, if it is to be reduced from `rate` now.
    fn reduced(&mut self, epoch: &Epoch, rate: f64) -> Option<f64> {
        let value = self.settings.monitor.of(epoch)?;
        if self.cooldown > 0 {
            self.cooldown -= 1;
            self.wait = 0;
        }
        if improved(self.settings.monitor, value, self.best, self.settings.min_delta) {
            self.best = Some(value);
            self.wait = 0;
            return None;
        }
        if self.cooldown > 0 {
            return None;
        }
        self.wait += 1;
        // Keras holds the rate in f32.
        let (rate, lowest) = (rate as f32, self.settings.min_lr as f32);
        if self.wait < self.settings.patience || rate <= lowest {
            return None;
        }
        self.cooldown = self.settings.cooldown;
        self.wait = 0;
        Some((rate as f64 * self.settings.factor).max(self.settings.min_lr))
    }
}

impl CallbackState for PlateauState {
    fn after_epoch(&mut self, epoch: &Epoch, _: &[f32], learning_rate: &mut f64) -> Decision {
        if let Some(reduced) = self.reduced(epoch, *learning_rate) {
            *learning_rate = reduced;
        }
        Decision::Continue
    }

    fn facts(&self) -> CallbackFacts {
        CallbackFacts::Plateau { wait: self.wait, cooldown: self.cooldown, best: self.best.map(Exact) }
    }

    fn restore(&mut self, facts: &CallbackFacts, epoch: usize, _: usize) -> bool {
        let CallbackFacts::Plateau { wait, cooldown, best } = *facts else { return false };
        (self.wait, self.cooldown, self.best) = (wait, cooldown, best.map(|best| best.0));
        wait <= epoch && cooldown <= self.settings.cooldown
    }
}
