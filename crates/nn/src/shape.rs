//! Shapes: what goes into a layer and what comes out, checked once, when the model is built.

use std::fmt;

use crate::{Layer, Padding};

/// Height, width and channels of an image; in memory row by row, channels last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageShape {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
}

/// The shape of one image's activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A map of height × width × channels.
    Image(ImageShape),
    /// A row of values.
    Flat(usize),
}

/// No model may hold more values per image or per weight tensor than this, so that no product of sizes overflows.
pub const MOST_VALUES: usize = 1 << 31;

/// Why a layer cannot follow what comes before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ShapeError {
    /// What does not fit, with the sizes found and expected.
    pub message: String,
    /// How to fix it.
    pub help: String,
}

impl ShapeError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> ShapeError {
        ShapeError { message: message.into(), help: help.into() }
    }
}

impl ImageShape {
    /// The shape of a row of so many features: one pixel, with a channel for each.
    pub fn row(features: usize) -> ImageShape {
        ImageShape { height: 1, width: 1, channels: features }
    }

    /// height × width × channels; the largest number there is where that overflows.
    pub fn values(self) -> usize {
        self.height.saturating_mul(self.width).saturating_mul(self.channels)
    }
}

/// Height, width and channels, as records hold them.
impl From<[usize; 3]> for ImageShape {
    fn from([height, width, channels]: [usize; 3]) -> ImageShape {
        ImageShape { height, width, channels }
    }
}

impl From<ImageShape> for [usize; 3] {
    fn from(ImageShape { height, width, channels }: ImageShape) -> [usize; 3] {
        [height, width, channels]
    }
}

impl Shape {
    /// Values per image.
    pub fn values(self) -> usize {
        match self {
            Shape::Image(image) => image.values(),
            Shape::Flat(values) => values,
        }
    }

    /// The size of the last axis.
    pub fn channels(self) -> usize {
        match self {
            Shape::Image(image) => image.channels,
            Shape::Flat(values) => values,
        }
    }
}

/// As Keras prints it: `(None, 26, 26, 32)`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Image(ImageShape { height, width, channels }) => {
                write!(f, "(None, {height}, {width}, {channels})")
            }
            Shape::Flat(values) => write!(f, "(None, {values})"),
        }
    }
}

/// The shapes between the layers of a model: what goes into the first, then what comes out of each.
///
/// A model that begins with a dense layer takes the images as rows of values, as if a flatten layer stood before it.
///
/// # Errors
/// The position of the first layer that does not fit, and why.
pub fn shapes(layers: &[Layer], input: ImageShape) -> Result<Vec<Shape>, (usize, ShapeError)> {
    let mut shape = layers.first().map_or(Shape::Image(input), |first| first.shape_of_images(input));
    let mut all = vec![shape];
    for (i, layer) in layers.iter().enumerate() {
        shape = layer.output_shape(shape).map_err(|error| (i, error))?;
        all.push(shape);
    }
    Ok(all)
}

/// The input as an image, for a layer that needs one.
pub(crate) fn image(layer: &str, input: Shape) -> Result<ImageShape, ShapeError> {
    match input {
        Shape::Image(image) => Ok(image),
        Shape::Flat(values) => Err(ShapeError::new(
            format!("`{layer}` needs an image (height, width, channels), but gets a row of {values} values"),
            "put it before `flatten`, `dense` and `global_average_pooling2d`",
        )),
    }
}

/// Where a window of `size` stands along an axis of `length`: (padding before, number of places).
pub(crate) fn places(length: usize, size: usize, stride: usize, padding: Padding) -> Option<(usize, usize)> {
    match padding {
        Padding::Valid => (size <= length).then(|| (0, (length - size) / stride + 1)),
        Padding::Same => {
            let places = length.div_ceil(stride);
            let needed = (places - 1) * stride + size;
            Some((needed.saturating_sub(length) / 2, places))
        }
    }
}

/// A window that is moved over an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Height and width.
    pub size: [usize; 2],
    /// Steps down and across.
    pub strides: [usize; 2],
    pub padding: Padding,
}

impl Window {
    /// Where it stands: padding above and left, output height and width. `what` it is of which `layer` is for the words
    /// of an error.
    pub(crate) fn places(
        self,
        layer: &str,
        what: &str,
        input: ImageShape,
    ) -> Result<([usize; 2], [usize; 2]), ShapeError> {
        let Window { size, strides, padding } = self;
        if size.contains(&0) || strides.contains(&0) {
            let message = format!("`{layer}` has a {what} of {size:?} and strides of {strides:?}");
            return Err(ShapeError::new(message, "each must be at least 1"));
        }
        let limit = [input.height.max(1 << 12), input.width.max(1 << 12)];
        let rows = places(input.height, size[0], strides[0], padding);
        let columns = places(input.width, size[1], strides[1], padding);
        match (rows, columns) {
            (Some((top, out_h)), Some((left, out_w))) if size[0] <= limit[0] && size[1] <= limit[1] => {
                Ok(([top, left], [out_h, out_w]))
            }
            _ => Err(ShapeError::new(
                format!(
                    "the {what} of {} x {} is larger than its map of {} x {}",
                    size[0], size[1], input.height, input.width
                ),
                format!(
                    "use a smaller {what}, `padding = \"same\"`, or fewer layers that shrink the map before it"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TensorFlow's rule, as documented for `tf.nn.convolution`: total = max((⌈n/s⌉ − 1) s + k − n, 0), less before.
    #[test]
    fn same_padding_puts_the_odd_row_after() {
        assert_eq!(places(28, 3, 1, Padding::Same), Some((1, 28)));
        assert_eq!(places(28, 3, 2, Padding::Same), Some((0, 14)));
        assert_eq!(places(5, 2, 1, Padding::Same), Some((0, 5)));
        assert_eq!(places(5, 4, 2, Padding::Same), Some((1, 3)));
        assert_eq!(places(3, 1, 2, Padding::Same), Some((0, 2)));
    }

    #[test]
    fn valid_padding_keeps_whole_windows_only() {
        assert_eq!(places(28, 3, 1, Padding::Valid), Some((0, 26)));
        assert_eq!(places(5, 2, 2, Padding::Valid), Some((0, 2)));
        assert_eq!(places(2, 3, 1, Padding::Valid), None);
    }

    #[test]
    fn a_kernel_larger_than_its_map_is_refused_with_both_sizes() {
        let input = ImageShape { height: 2, width: 2, channels: 1 };
        let window = Window { size: [3, 3], strides: [1, 1], padding: Padding::Valid };
        let error = window.places("conv2d", "kernel", input).unwrap_err();
        assert_eq!(error.message, "the kernel of 3 x 3 is larger than its map of 2 x 2");
    }
}
