//! Flatten: an image as one row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// (height, width, channels) becomes (height × width × channels), row by row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flatten {}
