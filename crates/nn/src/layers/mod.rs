//! The layers: one file each, one list of all.

mod activation;
mod average_pooling2d;
mod batch_normalization;
mod context;
mod conv2d;
mod convolution;
mod dense;
mod depthwise_conv2d;
mod dropout;
mod flatten;
mod global_average_pooling2d;
mod max_pooling2d;
mod plates;
mod pooling2d;
mod separable_conv2d;

pub use average_pooling2d::AveragePooling2D;
pub use batch_normalization::BatchNormalization;
pub(crate) use context::{LayerContext, Operations};
pub use conv2d::Conv2D;
pub use dense::Dense;
pub use depthwise_conv2d::DepthwiseConv2D;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use max_pooling2d::MaxPooling2D;
use schemars::JsonSchema;
pub use separable_conv2d::SeparableConv2D;
use serde::{Deserialize, Serialize};

use crate::parameters::Wanted;
use crate::shape::{ShapeError, Window};
use crate::{Activation, ImageShape, MOST_VALUES, Shape};

/// A layer of a model, as the study file writes it: `{ dense = { units = 10, activation = "softmax" } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Every output sees every input.
    Dense(Dense),
    /// The same small kernel at every place of the image.
    #[serde(rename = "conv2d")]
    Conv2D(Conv2D),
    /// Small kernels for each channel by itself.
    #[serde(rename = "depthwise_conv2d")]
    DepthwiseConv2D(DepthwiseConv2D),
    /// Small kernels for each channel by itself, then sums over the channels.
    #[serde(rename = "separable_conv2d")]
    SeparableConv2D(SeparableConv2D),
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

/// What each layer's settings say. Only what a layer does differently has to be written down.
trait LayerSettings {
    /// The name in the study file.
    fn name(&self) -> &'static str;

    /// The name of Keras' class.
    fn class_name(&self) -> &'static str;

    /// The shape that comes out for a shape that goes in.
    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError>;

    /// The layer ready to run; nothing for one that moves no value. A last layer leaves its softmax to the loss.
    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError>;

    /// The weight tensors that it has.
    fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let _ = input;
        Vec::new()
    }

    /// The shape in which the layer takes the images if it is the first.
    fn shape_of_images(&self, images: ImageShape) -> Shape {
        Shape::Image(images)
    }

    /// The activation that it ends with.
    fn activation(&self) -> Activation {
        Activation::Linear
    }

    /// Whether it can be the last layer: it leaves its softmax to the loss then.
    fn can_be_last(&self) -> bool {
        false
    }

    /// The number of its outputs, where they are a row of any number.
    fn units(&self) -> Option<usize> {
        None
    }

    /// Whether its kernel is moved over the image.
    fn is_convolution(&self) -> bool {
        false
    }

    /// Whether each channel has filters of its own, which do not see the others.
    fn filters_each_channel(&self) -> bool {
        false
    }

    /// Whether it belongs to the convolution that it follows: it changes values where they stand.
    fn completes_convolution(&self) -> bool {
        false
    }

    /// The window that it moves over the image, if it does.
    fn window(&self) -> Option<Window> {
        None
    }

    /// Whether the layer that follows is computed in the same pass.
    fn takes_in(&self, input: Shape, next: &Layer) -> bool {
        let _ = (input, next);
        false
    }

    /// Whether it computes with the values before it, as flattening does not.
    fn moves_values(&self) -> bool {
        true
    }

    /// Whether its operation can round its outputs to plates.
    fn writes_plates(&self) -> bool {
        false
    }

    /// Whether its operation can take its inputs as plates.
    fn reads_plates(&self, input: Shape) -> bool {
        let _ = input;
        false
    }

    /// Whether it is a max pooling of 2 × 2 pixels, side by side, and all within the image.
    fn is_pooling_by_two(&self) -> bool {
        false
    }

    /// The same layer with every setting in it, where one is left to follow from others.
    fn spelled_out(&self) -> Option<Layer> {
        None
    }
}

impl Layer {
    /// The one list that ties the names to what they do.
    fn settings(&self) -> &dyn LayerSettings {
        match self {
            Layer::Dense(settings) => settings,
            Layer::Conv2D(settings) => settings,
            Layer::DepthwiseConv2D(settings) => settings,
            Layer::SeparableConv2D(settings) => settings,
            Layer::MaxPooling2D(settings) => settings,
            Layer::AveragePooling2D(settings) => settings,
            Layer::GlobalAveragePooling2D(settings) => settings,
            Layer::Flatten(settings) => settings,
            Layer::Dropout(settings) => settings,
            Layer::BatchNormalization(settings) => settings,
            Layer::Activation(settings) => settings,
        }
    }

    /// The layer's name in the study file.
    pub fn name(&self) -> &'static str {
        self.settings().name()
    }

    /// The name of Keras' class.
    pub fn class_name(&self) -> &'static str {
        self.settings().class_name()
    }

    /// The activation that the layer ends with.
    pub fn activation(&self) -> Activation {
        self.settings().activation()
    }

    /// The number of its outputs, where they are a row of any number (`dense`).
    pub fn units(&self) -> Option<usize> {
        self.settings().units()
    }

    /// Whether its kernel is moved over the image.
    pub fn is_convolution(&self) -> bool {
        self.settings().is_convolution()
    }

    /// Whether each channel has filters of its own.
    pub(crate) fn filters_each_channel(&self) -> bool {
        self.settings().filters_each_channel()
    }

    /// Whether it belongs to the convolution that it follows.
    pub(crate) fn completes_convolution(&self) -> bool {
        self.settings().completes_convolution()
    }

    /// The same layer with every setting in it: the steps of a pooling window are its size if nothing else is stated.
    pub fn spelled_out(&self) -> Layer {
        self.settings().spelled_out().unwrap_or_else(|| self.clone())
    }

    /// How many weights the layer has for an input that it can take, whether or not they are trained.
    ///
    /// In 128 bits, because a model that is only described may be larger than any memory.
    pub fn parameter_count(&self, input: Shape) -> u128 {
        let values = |tensor: &Wanted| tensor.shape.iter().map(|&n| n as u128).product::<u128>();
        self.wanted(input).iter().map(values).sum()
    }

    /// The shape that comes out for a shape that goes in.
    ///
    /// # Errors
    /// If the layer cannot take the shape.
    pub fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        within_limits(self.settings().output_shape(input)?)
    }

    /// The shape in which the layer takes the images if it is the first.
    pub(crate) fn shape_of_images(&self, images: ImageShape) -> Shape {
        self.settings().shape_of_images(images)
    }

    /// Whether it can be the last layer of a model: with a softmax that it leaves to the loss.
    pub(crate) fn can_be_last(&self) -> bool {
        self.settings().can_be_last() && self.activation() == Activation::Softmax
    }

    /// The weight tensors that the layer wants.
    pub(crate) fn wanted(&self, input: Shape) -> Vec<Wanted> {
        self.settings().wanted(input)
    }

    /// The window that the layer moves over the image, if it does.
    pub(crate) fn window(&self) -> Option<Window> {
        self.settings().window()
    }

    /// Whether the layer that follows is computed in the same pass.
    pub(crate) fn takes_in(&self, input: Shape, next: Option<&Layer>) -> bool {
        next.is_some_and(|next| self.settings().takes_in(input, next))
    }

    /// Whether it computes with the values before it, as flattening does not.
    pub(crate) fn moves_values(&self) -> bool {
        self.settings().moves_values()
    }

    /// Whether its operation can round its outputs to plates.
    pub(crate) fn writes_plates(&self) -> bool {
        self.settings().writes_plates()
    }

    /// Whether its operation can take its inputs as plates.
    pub(crate) fn reads_plates(&self, input: Shape) -> bool {
        self.settings().reads_plates(input)
    }

    /// Whether it is a max pooling of 2 × 2 pixels, side by side, and all within the image.
    pub(crate) fn is_pooling_by_two(&self) -> bool {
        self.settings().is_pooling_by_two()
    }

    /// The layer ready to run; nothing for one that moves no value.
    pub(crate) fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        self.settings().operations(context)
    }
}

/// The shape, unless it has no values or more than there may be.
fn within_limits(output: Shape) -> Result<Shape, ShapeError> {
    if output.values() == 0 || output.values() > MOST_VALUES {
        let message = format!("the layer gives {} values per image", output.values());
        return Err(ShapeError::new(message, format!("between 1 and {MOST_VALUES} values are possible")));
    }
    Ok(output)
}

fn one() -> usize {
    1
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
