//! The one way of images into the engine: values of the data set become a batch, changed as the augmentation says.

use std::ops::Range;

use toile_kernels::gather;

use super::executor::BatchPass;

impl BatchPass<'_> {
    /// The images at these positions of the batch, one after the other.
    pub(crate) fn gather_images(&self, positions: Range<usize>, x: &mut [f32]) {
        let (examples, size) = (self.examples, self.examples.shape.values());
        gather::gather_images(examples.images.values(), size, &self.indices[positions.clone()], x);
        let Some(augmentation) = self.augmentation else { return };
        let seed = self.seed.derive("augmentation", self.step);
        for (position, image) in positions.zip(x.chunks_exact_mut(size)) {
            augmentation.apply(image, examples.shape, &mut seed.stream("image", position as u64));
        }
    }

    /// The same images as plates: for programs that take them so, which none does that changes them.
    pub(crate) fn gather_plates(&self, positions: Range<usize>, plates: &mut [f32]) {
        let (examples, size) = (self.examples, self.examples.shape.values());
        gather::gather_plates(examples.images.values(), size, &self.indices[positions], plates);
    }

    /// Some values of each of these images, `row` floats apart: for programs that take images in slices, which none
    /// does that changes them.
    pub(crate) fn gather_columns(
        &self,
        positions: Range<usize>,
        columns: Range<usize>,
        x: &mut [f32],
        row: usize,
    ) {
        let (examples, size) = (self.examples, self.examples.shape.values());
        let indices = &self.indices[positions.start..];
        gather::gather_columns(examples.images.values(), size, indices, positions.len(), columns, x, row);
    }

    /// The labels of these images.
    pub(crate) fn gather_labels(&self, positions: Range<usize>, labels: &mut [u8]) {
        gather::gather_labels(self.examples.labels, &self.indices[positions], labels);
    }
}
