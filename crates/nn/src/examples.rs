//! Labelled images, as the engine sees them.

use crate::{ImageShape, Inputs, Model};

/// Some of a data set's images with their labels. Cheap to copy: the data are shared.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    /// All images, or rows of features, one after the other: bytes or finite floats, height × width × channels each.
    pub images: Inputs<'a>,
    /// The class of each image.
    pub labels: &'a [u8],
    /// Which images these examples are.
    pub indices: &'a [u32],
    /// The shape of an image.
    pub shape: ImageShape,
    /// Number of classes; every label is below it.
    pub classes: usize,
}

/// Why examples fit no model, or not this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExamplesError {
    /// The model takes images of another size.
    #[error(
        "the images do not fit the model: they have {found} values each ({} x {} x {}), the model takes {expected}; \
         build it for images of this shape",
        .shape.height, .shape.width, .shape.channels
    )]
    Size {
        /// The examples' shape.
        shape: ImageShape,
        /// Its values.
        found: usize,
        /// The model's.
        expected: usize,
    },
    /// There are more images than labels, or fewer.
    #[error(
        "images and labels differ in number: {values} values are not {labels} images of {size} values; give each \
         image one label"
    )]
    Number {
        /// Values of all images together.
        values: usize,
        /// Labels.
        labels: usize,
        /// Values of an image.
        size: usize,
    },
    /// The model has more classes, or fewer.
    #[error(
        "the data set and the model differ in classes: {found} and {expected}; give the last layer a unit per class"
    )]
    Classes {
        /// The examples'.
        found: usize,
        /// The model's.
        expected: usize,
    },
    /// An index names no image.
    #[error("an index lies outside the data set: {index}, expected one below {images}")]
    Index {
        /// The first such index.
        index: u32,
        /// Number of images.
        images: usize,
    },
    /// A label is not below the number of classes.
    #[error(
        "a label lies outside the classes: {label} of image {image} (counted from 0), expected one below {classes}"
    )]
    Label {
        /// The first such image.
        image: u32,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
}

impl<'a> Examples<'a> {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Other images of the same data set.
    pub fn with_indices<'b>(&self, indices: &'b [u32]) -> Examples<'b>
    where
        'a: 'b,
    {
        Examples { indices, ..*self }
    }

    /// Whether [`fit`](crate::fit()) and [`evaluate`](crate::evaluate()) of this model take these examples, or would
    /// panic.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn fits(&self, model: &Model) -> Result<(), ExamplesError> {
        self.fits_sizes(model.shapes[0].values(), model.classes())
    }

    fn fits_sizes(&self, inputs: usize, classes: usize) -> Result<(), ExamplesError> {
        let Examples { images, labels, indices, shape, .. } = *self;
        if shape.values() != inputs {
            return Err(ExamplesError::Size { shape, found: shape.values(), expected: inputs });
        }
        if labels.len().checked_mul(inputs) != Some(images.len()) {
            return Err(ExamplesError::Number { values: images.len(), labels: labels.len(), size: inputs });
        }
        if self.classes != classes {
            return Err(ExamplesError::Classes { found: self.classes, expected: classes });
        }
        for &index in indices {
            match labels.get(index as usize) {
                None => return Err(ExamplesError::Index { index, images: labels.len() }),
                Some(&label) if usize::from(label) >= classes => {
                    return Err(ExamplesError::Label { image: index, label, classes });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// # Panics
    /// If the slices do not fit each other, or do not fit a model with so many inputs and classes.
    pub(crate) fn check(&self, inputs: usize, classes: usize) {
        if let Err(error) = self.fits_sizes(inputs, classes) {
            panic!("{error}");
        }
    }
}
