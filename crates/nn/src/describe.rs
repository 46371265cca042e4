//! A model as others write it down: layer by layer, what it is, where its windows stand, and its weights. The one thing
//! that all exporters read.

use crate::shape::Window;
use crate::summary::numbered_names;
use crate::{ImageShape, Layer, Model, Shape, Tensor};

/// All of a model that another program needs to compute the same.
///
/// The computation, in words: a byte b of an image becomes b / 255 (f32), a float stays as it is; the layers follow one
/// another; values lie channels last, (height, width, channels), and `flatten` takes them in that order.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDescription {
    /// The images that it takes.
    pub image: ImageShape,
    /// Number of classes: what its last layer gives, as probabilities.
    pub classes: usize,
    /// Its layers, in order.
    pub layers: Vec<DescribedLayer>,
}

/// A layer with all that follows from where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedLayer {
    /// `conv2d_1`: the name in the summary, numbered from the second of its kind on.
    pub name: String,
    /// The layer, every setting spelled out.
    pub layer: Layer,
    /// What goes in. A model that begins with a dense layer takes an image as a row of values.
    pub input: Shape,
    /// What comes out.
    pub output: Shape,
    /// The window that a convolution or pooling moves over its input. (Of a separable convolution that of its first
    /// part; the second looks at single pixels.)
    pub window: Option<PlacedWindow>,
    /// Its weights, in Keras' layout and order; see [`Tensor`].
    pub tensors: Vec<Tensor>,
}

/// Where a window stands on its input. The padding counts as zeros for a convolution; a pooling leaves it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedWindow {
    /// Height and width.
    pub size: [usize; 2],
    /// Steps down and across.
    pub strides: [usize; 2],
    /// Rows and columns around the input: top, left, bottom, right. What the last window does not reach is not padded
    /// and not read.
    pub pads: [usize; 4],
}

impl DescribedLayer {
    /// The tensor of this kind (`kernel`, `bias`, `gamma`, …), if the layer has one.
    pub fn tensor(&self, kind: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.kind() == kind)
    }
}

impl Tensor {
    /// `kernel` of `2.kernel`.
    pub fn kind(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

impl Model {
    /// What another program needs to compute the same; the weights are copies.
    pub fn describe(&self) -> ModelDescription {
        let mut tensors = self.weights().into_iter();
        let described = |(i, (layer, name)): (usize, (&Layer, String))| {
            let (input, output) = (self.shapes[i], self.shapes[i + 1]);
            let window = layer.window().and_then(|window| placed(window, input, output));
            let tensors = tensors.by_ref().take(self.parameters[i].len()).collect();
            DescribedLayer { name, layer: layer.spelled_out(), input, output, window, tensors }
        };
        let layers = self.layers.iter().zip(numbered_names(&self.layers)).enumerate().map(described);
        ModelDescription { image: self.image, classes: self.classes(), layers: layers.collect() }
    }
}

/// The window on an input that it fits.
fn placed(window: Window, input: Shape, output: Shape) -> Option<PlacedWindow> {
    let (Shape::Image(input), Shape::Image(output)) = (input, output) else { return None };
    let Window { size, strides, .. } = window;
    let ([top, left], _) = window.places("", "", input).ok()?;
    let after = |axis: usize, length: usize, places: usize, before: usize| {
        ((places - 1) * strides[axis] + size[axis]).saturating_sub(length + before)
    };
    let bottom = after(0, input.height, output.height, top);
    let right = after(1, input.width, output.width, left);
    Some(PlacedWindow { size, strides, pads: [top, left, bottom, right] })
}
