//! EarlyStopping: the end of a training when a metric no longer improves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_record::{Epoch, Metric};

use super::{BestEpoch, CallbackFacts, CallbackSettings, CallbackState, Decision, improved};
use crate::Exact;

/// Keras' `EarlyStopping`. As in Keras, the first epoch never stops a training, and without `restore_best_weights` the
/// last weights stay. With it, a training whose loss overflows (infinite or NaN) after an epoch with finite losses ends
/// well, with the best epoch's weights, as Keras' does after `TerminateOnNaN`; without it, such a training fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStopping {
    /// The number to watch.
    #[schemars(schema_with = "Metric::schema_of_epoch")]
    pub monitor: Metric,
    /// A change of at most this is no improvement.
    #[schemars(range(min = 0.0))]
    pub min_delta: f64,
    /// Epochs without improvement after which training stops.
    pub patience: usize,
    /// The number must also become better than this for the wait to start again.
    pub baseline: Option<f64>,
    /// At the end, go back to the weights of the best epoch.
    pub restore_best_weights: bool,
    /// Epochs before the watch begins.
    pub start_from_epoch: usize,
}

/// Keras' defaults.
impl Default for EarlyStopping {
    fn default() -> EarlyStopping {
        EarlyStopping {
            monitor: Metric::ValLoss,
            min_delta: 0.0,
            patience: 0,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
        }
    }
}

impl CallbackSettings for EarlyStopping {
    fn name(&self) -> &'static str {
        "early_stopping"
    }

    fn monitor(&self) -> Metric {
        self.monitor
    }

    fn start(&self) -> Box<dyn CallbackState> {
        Box::new(StoppingState::new(self.clone(), Decision::Stop))
    }
}

/// Watches a metric, and keeps the best weights if the settings say so.
pub(super) struct StoppingState {
    settings: EarlyStopping,
    /// What it decides when the patience is at its end.
    at_end: Decision,
    wait: usize,
    best: Option<f64>,
    best_epoch: Option<BestEpoch>,
}

impl StoppingState {
    pub(super) fn new(settings: EarlyStopping, at_end: Decision) -> StoppingState {
        StoppingState { settings, at_end, wait: 0, best: None, best_epoch: None }
    }
}

impl CallbackState for StoppingState {
    fn after_epoch(&mut self, epoch: &Epoch, weights: &[f32], _: &mut f64) -> Decision {
        let settings = &self.settings;
        let index = epoch.epoch - 1;
        let Some(value) = settings.monitor.of(epoch) else { return Decision::Continue };
        if index < settings.start_from_epoch {
            return Decision::Continue;
        }
        if settings.restore_best_weights && self.best_epoch.is_none() {
            self.best_epoch = Some(BestEpoch { epoch: epoch.epoch, weights: weights.to_vec() });
        }
        self.wait += 1;
        let better_than = |best| improved(settings.monitor, value, best, settings.min_delta);
        if better_than(self.best) {
            self.best = Some(value);
            if let Some(best) = &mut self.best_epoch {
                best.epoch = epoch.epoch;
                best.weights.copy_from_slice(weights);
            }
            if settings.baseline.is_none_or(|baseline| better_than(Some(baseline))) {
                self.wait = 0;
            }
            return Decision::Continue;
        }
        if self.wait >= settings.patience && index > 0 { self.at_end } else { Decision::Continue }
    }

    fn facts(&self) -> CallbackFacts {
        let best_epoch = self.best_epoch.as_ref().map(|best| best.epoch);
        CallbackFacts::Stopping { wait: self.wait, best: self.best.map(Exact), best_epoch }
    }

    fn restore(&mut self, facts: &CallbackFacts, epoch: usize, weights: usize) -> bool {
        let CallbackFacts::Stopping { wait, best, best_epoch } = *facts else { return false };
        (self.wait, self.best) = (wait, best.map(|best| best.0));
        self.best_epoch = best_epoch.map(|epoch| BestEpoch { epoch, weights: vec![0.0; weights] });
        let keeps = best_epoch.is_some() == (self.settings.restore_best_weights && best.is_some());
        wait <= epoch && keeps && best_epoch.is_none_or(|best| (1..=epoch).contains(&best))
    }

    fn best_epoch(&self) -> Option<&BestEpoch> {
        self.best_epoch.as_ref()
    }

    fn best_epoch_mut(&mut self) -> Option<&mut BestEpoch> {
        self.best_epoch.as_mut()
    }
}
