//! GlobalAveragePooling2D: one number per channel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The mean of each channel over the whole image: (height, width, channels) becomes (channels).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalAveragePooling2D {}
