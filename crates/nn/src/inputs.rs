//! The values of images, as the engine sees them: bytes or floats that stay so until a batch is gathered.

use std::fmt;

use toile_kernels::gather::ImageValues;

use crate::ImageShape;

/// The values of images or of rows of features, one after the other: height × width × channels values each, row by row,
/// channels last.
///
/// A row of n features is an image of 1 × 1 pixel with n channels ([`ImageShape::row`]).
///
/// Bytes and the floats that they become are the same inputs: the bytes k and the floats k as f32 / 255 give the same
/// weights, losses and predictions, bit for bit.
#[derive(Clone, Copy, Debug)]
pub enum Inputs<'a> {
    /// One byte per value. A byte b becomes b / 255, an f32 that is rounded once.
    Bytes(&'a [u8]),
    /// Four bytes per value, used as they are: nothing is scaled.
    Floats(FiniteFloats<'a>),
}

/// Floats of whole images, none of them infinite or NaN.
#[derive(Clone, Copy, Debug)]
pub struct FiniteFloats<'a> {
    values: &'a [f32],
}

/// Why floats cannot be inputs.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InputError {
    /// A value is infinite or NaN: the first one.
    #[error(
        "{} is {value}, expected a finite number; put a number in its place, or leave the example out \
         (an f32 holds magnitudes up to 3.4e38)",
        ValuePlace { example: *.example, position: *.position, shape: *.shape }
    )]
    NotFinite {
        /// The example that has it, counted from 0.
        example: usize,
        /// Its place among the example's values, counted from 0.
        position: usize,
        /// The shape of an example.
        shape: ImageShape,
        /// What it is.
        value: f32,
    },
    /// The values do not divide into examples of this shape.
    #[error(
        "{values} values are no whole number of examples of {} x {} x {} values (height x width x channels); give \
         each example all of its values, in this order",
        .shape.height, .shape.width, .shape.channels
    )]
    NotWhole {
        /// How many there are.
        values: usize,
        /// The shape of an example.
        shape: ImageShape,
    },
}

/// A value of an example in words.
struct ValuePlace {
    example: usize,
    position: usize,
    shape: ImageShape,
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ValuePlace { example, position, shape: ImageShape { height, width, channels } } = *self;
        if (height, width) == (1, 1) {
            return write!(f, "feature {position} of example {example} (both counted from 0)");
        }
        let (pixel, channel) = (position / channels, position % channels);
        let (row, column) = (pixel / width, pixel % width);
        write!(f, "row {row}, column {column}, channel {channel} of example {example} (all counted from 0)")
    }
}

impl<'a> Inputs<'a> {
    /// Floats of examples of this shape, checked: one pass over all values.
    ///
    /// ```
    /// use toile_nn::{ImageShape, Inputs};
    /// let rows = [0.5, -1.5, 2.0, 0.25, f32::NAN, 7.0];
    /// assert_eq!(Inputs::floats(&rows[..3], ImageShape::row(3)).unwrap().len(), 3);
    /// let error = Inputs::floats(&rows, ImageShape::row(3)).unwrap_err().to_string();
    /// assert!(error.starts_with("feature 1 of example 1 (both counted from 0) is NaN"));
    /// ```
    ///
    /// # Errors
    /// If they are no whole number of examples, or one of them is infinite or NaN: the first such value is named.
    pub fn floats(values: &'a [f32], shape: ImageShape) -> Result<Inputs<'a>, InputError> {
        FiniteFloats::new(values, shape).map(Inputs::Floats)
    }

    /// Number of values of all images together.
    pub fn len(&self) -> usize {
        match self {
            Inputs::Bytes(bytes) => bytes.len(),
            Inputs::Floats(floats) => floats.values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that they take, in bytes: one per value, or four.
    pub fn n_bytes(&self) -> usize {
        match self {
            Inputs::Bytes(bytes) => size_of_val(*bytes),
            Inputs::Floats(floats) => size_of_val(floats.values),
        }
    }

    /// As the kernels take them.
    pub(crate) fn values(self) -> ImageValues<'a> {
        match self {
            Inputs::Bytes(bytes) => ImageValues::Bytes(bytes),
            Inputs::Floats(floats) => ImageValues::Floats(floats.values),
        }
    }
}

impl<'a> FiniteFloats<'a> {
    /// As [`Inputs::floats`].
    ///
    /// # Errors
    /// As [`Inputs::floats`].
    pub fn new(values: &'a [f32], shape: ImageShape) -> Result<FiniteFloats<'a>, InputError> {
        let size = shape.values();
        let is_whole = values.len().checked_rem(size).map_or(values.is_empty(), |rest| rest == 0);
        if !is_whole {
            return Err(InputError::NotWhole { values: values.len(), shape });
        }
        // Without an exit within a chunk, which the compiler turns into vectors.
        let is_finite = |chunk: &[f32]| chunk.iter().fold(true, |all, value| all & value.is_finite());
        if values.chunks(4096).all(is_finite) {
            return Ok(FiniteFloats { values });
        }
        let first = values.iter().enumerate().find(|(_, value)| !value.is_finite());
        let (at, value) = first.map_or((0, f32::NAN), |(at, value)| (at, *value));
        Err(InputError::NotFinite { example: at / size, position: at % size, shape, value })
    }

    /// The floats.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }
}

impl<'a> From<&'a [u8]> for Inputs<'a> {
    fn from(bytes: &'a [u8]) -> Inputs<'a> {
        Inputs::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Inputs<'a> {
    fn from(bytes: &'a Vec<u8>) -> Inputs<'a> {
        Inputs::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Inputs<'a> {
    fn from(bytes: &'a [u8; N]) -> Inputs<'a> {
        Inputs::Bytes(bytes)
    }
}

impl<'a> From<FiniteFloats<'a>> for Inputs<'a> {
    fn from(floats: FiniteFloats<'a>) -> Inputs<'a> {
        Inputs::Floats(floats)
    }
}
