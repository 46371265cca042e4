//! BestWeights: the weights of the best epoch, at the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_record::Metric;

use super::early_stopping::StoppingState;
use super::{CallbackSettings, CallbackState, Decision, EarlyStopping};

/// Keras' `ModelCheckpoint(save_best_only=True)` followed by loading the best weights. A training whose loss overflows
/// (infinite or NaN) after an epoch with finite losses ends well, with the best epoch's weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BestWeights {
    /// The number to watch.
    #[schemars(schema_with = "Metric::schema_of_epoch")]
    pub monitor: Metric,
}

/// Keras' default.
impl Default for BestWeights {
    fn default() -> BestWeights {
        BestWeights { monitor: Metric::ValLoss }
    }
}

impl CallbackSettings for BestWeights {
    fn name(&self) -> &'static str {
        "best_weights"
    }

    fn monitor(&self) -> Metric {
        self.monitor
    }

    /// Early stopping that keeps the best weights and never stops.
    fn start(&self) -> Box<dyn CallbackState> {
        let settings =
            EarlyStopping { monitor: self.monitor, restore_best_weights: true, ..EarlyStopping::default() };
        Box::new(StoppingState::new(settings, Decision::Continue))
    }
}
