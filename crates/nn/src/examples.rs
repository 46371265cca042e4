//! Labelled images, as the engine sees them.

use crate::{ImageShape, Inputs};

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

    /// # Panics
    /// If the slices do not fit each other, or do not fit a model with so many inputs and classes.
    pub(crate) fn check(&self, inputs: usize, classes: usize) {
        assert_eq!(self.shape.values(), inputs, "the images do not fit the model");
        assert_eq!(self.images.len(), self.labels.len() * inputs, "images and labels differ in number");
        assert_eq!(self.classes, classes, "the data set and the model differ in classes");
        assert!(
            self.indices.iter().all(|i| (*i as usize) < self.labels.len()),
            "an index lies outside the data set"
        );
        let of_label = |i: &u32| self.labels[*i as usize] as usize;
        assert!(self.indices.iter().all(|i| of_label(i) < classes), "a label lies outside the classes");
    }
}
