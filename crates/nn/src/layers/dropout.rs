//! Dropout: random zeros while training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// While training, sets each value to 0 with probability `rate` and divides the others by 1 − `rate`; otherwise does nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// The part that is dropped, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate: f32,
}
