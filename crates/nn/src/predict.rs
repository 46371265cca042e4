//! Prediction: the probabilities of all classes for images without labels.

use crate::evaluate::{EvaluationTask, Evaluator};
use crate::{Examples, Inputs, Loss, Model, Threads};

/// The probability of each class for each image: rows of `model.classes()` numbers.
///
/// `images` holds whole images, one after the other, height × width × channels values each: bytes, or floats that
/// [`Inputs::floats`] has checked. They go through the very program of [`evaluate`](crate::evaluate): the greatest
/// number of a row (the first of equals) is its `predictions`, and has the bits of its `confidences`. A row is NaN
/// where the network gives no finite numbers.
///
/// # Panics
/// If the values are no whole number of the model's images.
pub fn predict<'i, 'a>(
    model: &Model,
    images: impl Into<Inputs<'i>>,
    threads: impl Into<Threads<'a>>,
) -> Vec<f32> {
    let images = images.into();
    let (size, classes) = (model.image.values(), model.classes());
    assert!(images.len().is_multiple_of(size), "{} values are no whole images of {size}", images.len());
    let n = images.len() / size;
    // The loss is computed along with the probabilities, for any label.
    let labels = vec![0; n];
    let indices: Vec<u32> = (0..n as u32).collect();
    let examples = Examples { images, labels: &labels, indices: &indices, shape: model.image, classes };
    let loss = &Loss::CategoricalCrossentropy;
    let task = EvaluationTask { examples: &examples, loss, label_smoothing: 0.0, threads: threads.into() };
    let mut probabilities = Vec::with_capacity(n * classes);
    let mut evaluator = Evaluator::with_probabilities(model);
    evaluator.evaluate(model, &task, &mut |images| probabilities.extend_from_slice(images.probabilities));
    probabilities
}
