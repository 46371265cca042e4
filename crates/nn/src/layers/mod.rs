//! The layers: one file each, one list of all.

mod average_pooling2d;
mod batch_normalization;
mod conv2d;
mod dense;
mod dropout;
mod flatten;
mod global_average_pooling2d;
mod max_pooling2d;

pub use average_pooling2d::AveragePooling2D;
pub use batch_normalization::BatchNormalization;
pub use conv2d::Conv2D;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use max_pooling2d::MaxPooling2D;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Activation;

/// A layer of a model, as the study file writes it: `{ dense = { units = 10, activation = "softmax" } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Every output sees every input.
    Dense(Dense),
    /// The same small kernel at every place of the image.
    #[serde(rename = "conv2d")]
    Conv2D(Conv2D),
    /// The largest value of each window.
    #[serde(rename = "max_pooling2d")]
    MaxPooling2D(MaxPooling2D),
    /// The mean of each window.
    #[serde(rename = "average_pooling2d")]
    AveragePooling2D(AveragePooling2D),
    /// The mean of each channel over the whole image.
    #[serde(rename = "global_average_pooling2d")]
    GlobalAveragePooling2D(GlobalAveragePooling2D),
    /// The image as one row.
    Flatten(Flatten),
    /// Random zeros while training.
    Dropout(Dropout),
    /// Each channel with mean 0 and variance 1 over the batch.
    BatchNormalization(BatchNormalization),
    /// An activation as a layer of its own: `{ activation = "relu" }`.
    Activation(Activation),
}

/// What a window does at the edge of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Only places where the window fits.
    #[default]
    Valid,
    /// As many places as ⌈size / stride⌉, with zeros around the image (TensorFlow's rule: the odd one after).
    Same,
}
