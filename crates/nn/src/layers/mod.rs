//! The layers: one file each, one list of all.

mod activation;
mod average_pooling2d;
mod batch_normalization;
mod conv2d;
mod dense;
mod dropout;
mod flatten;
mod global_average_pooling2d;
mod max_pooling2d;
mod pooling2d;

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

use self::activation::{Activate, ActivationOperation};
use crate::engine::Op;
use crate::parameters::{Parameter, Wanted};
use crate::shape::{ShapeError, image};
use crate::{Activation, Shape};

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

/// Where a layer stands in its model.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub layer: usize,
    /// Whether it works on the images themselves.
    pub is_first: bool,
    /// Whether its softmax is part of the loss.
    pub is_last: bool,
}

impl Layer {
    /// The layer's name in the study file.
    pub fn name(&self) -> &'static str {
        match self {
            Layer::Dense(_) => "dense",
            Layer::Conv2D(_) => "conv2d",
            Layer::MaxPooling2D(_) => "max_pooling2d",
            Layer::AveragePooling2D(_) => "average_pooling2d",
            Layer::GlobalAveragePooling2D(_) => "global_average_pooling2d",
            Layer::Flatten(_) => "flatten",
            Layer::Dropout(_) => "dropout",
            Layer::BatchNormalization(_) => "batch_normalization",
            Layer::Activation(_) => "activation",
        }
    }

    /// The name of Keras' class.
    pub fn class_name(&self) -> &'static str {
        match self {
            Layer::Dense(_) => "Dense",
            Layer::Conv2D(_) => "Conv2D",
            Layer::MaxPooling2D(_) => "MaxPooling2D",
            Layer::AveragePooling2D(_) => "AveragePooling2D",
            Layer::GlobalAveragePooling2D(_) => "GlobalAveragePooling2D",
            Layer::Flatten(_) => "Flatten",
            Layer::Dropout(_) => "Dropout",
            Layer::BatchNormalization(_) => "BatchNormalization",
            Layer::Activation(_) => "Activation",
        }
    }

    /// The activation that the layer ends with.
    pub fn activation(&self) -> Activation {
        match self {
            Layer::Dense(layer) => layer.activation,
            Layer::Conv2D(layer) => layer.activation,
            Layer::Activation(activation) => *activation,
            _ => Activation::Linear,
        }
    }

    /// The weight tensors that the layer wants.
    pub(crate) fn wanted(&self, input: Shape) -> Vec<Wanted> {
        match self {
            Layer::Dense(layer) => layer.wanted(input),
            Layer::Conv2D(layer) => layer.wanted(input),
            Layer::BatchNormalization(layer) => layer.wanted(input),
            _ => Vec::new(),
        }
    }

    /// Whether the layer that follows is computed in the same pass.
    pub(crate) fn takes_in(&self, input: Shape, next: Option<&Layer>) -> bool {
        matches!(self, Layer::Conv2D(layer) if layer.takes_in(input, next))
    }

    /// The layer ready to run; nothing for one that moves no value. A last layer leaves its softmax to the loss.
    pub(crate) fn operation(
        &self,
        place: Place,
        input: Shape,
        parameters: &[Parameter],
        next: Option<&Layer>,
    ) -> Result<Option<Op>, ShapeError> {
        let plain: Box<dyn crate::engine::Operation> = match self {
            Layer::Dense(layer) => Box::new(layer.operation(input, parameters, place)),
            Layer::Conv2D(layer) => {
                Box::new(layer.operation(input, parameters, self.takes_in(input, next))?)
            }
            Layer::MaxPooling2D(layer) => Box::new(layer.operation(input)?),
            Layer::AveragePooling2D(layer) => Box::new(layer.operation(input)?),
            Layer::GlobalAveragePooling2D(layer) => {
                Box::new(layer.operation(image("global_average_pooling2d", input)?))
            }
            Layer::Flatten(_) => return Ok(None),
            Layer::Dropout(layer) => Box::new(layer.operation(place.layer, input.values())),
            Layer::BatchNormalization(layer) => {
                return Ok(Some(Op::Normalize(layer.operation(input, parameters))));
            }
            Layer::Activation(_) if place.is_last => return Ok(None),
            Layer::Activation(activation) => {
                Box::new(ActivationOperation(Activate::new(*activation, input.channels())))
            }
        };
        Ok(Some(Op::Plain(plain)))
    }
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
