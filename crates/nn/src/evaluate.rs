//! Evaluation: what the weights say of images, in inference mode.

use std::sync::atomic::{AtomicUsize, Ordering};

use toile_rng::Seed;

use crate::engine::{Executor, Pass, Tracer};
use crate::{Examples, Model};

/// Images per pass: whole chunks, so that no prediction depends on it.
pub(crate) const BATCH: usize = 512;

/// Loss, accuracy and predictions on some examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss, penalties included, as Keras' `evaluate`.
    pub loss: f64,
    /// The part of the examples whose most probable class (the first of equals) is their label.
    pub accuracy: f64,
    /// The most probable class of each example.
    pub predictions: Vec<u8>,
    /// Its probability.
    pub confidences: Vec<f32>,
}

/// Evaluates a model on some examples with up to `threads` threads.
///
/// # Panics
/// If the examples do not fit the model.
pub fn evaluate(
    model: &Model,
    examples: &Examples,
    label_smoothing: f32,
    threads: &AtomicUsize,
) -> Evaluation {
    Evaluator::new(model).evaluate(model, examples, label_smoothing, threads)
}

/// Keeps the memory of an evaluation from one epoch to the next.
pub(crate) struct Evaluator {
    executor: Executor,
}

impl Evaluator {
    pub(crate) fn new(model: &Model) -> Evaluator {
        Evaluator { executor: Executor::for_inference(model.program(BATCH), BATCH) }
    }

    pub(crate) fn evaluate(
        &mut self,
        model: &Model,
        examples: &Examples,
        label_smoothing: f32,
        threads: &AtomicUsize,
    ) -> Evaluation {
        examples.check(model.shapes[0].values(), model.classes());
        let now = || threads.load(Ordering::Relaxed).max(1);
        self.executor.derive(&model.weights, now(), Tracer::default());
        let (mut loss, mut correct) = (0.0, 0);
        let mut predictions = Vec::with_capacity(examples.len());
        let mut confidences = Vec::with_capacity(examples.len());
        for indices in examples.indices.chunks(BATCH) {
            let pass = Pass {
                examples,
                indices,
                label_smoothing,
                class_weights: None,
                step: 0,
                seed: Seed::new(0),
                threads: now(),
                tracer: Tracer::default(),
            };
            let totals = self.executor.infer(&pass, &model.weights);
            loss += totals.loss;
            correct += totals.correct;
            for chunk in self.executor.chunks.iter().take(self.executor.n_chunks(indices.len())) {
                predictions.extend_from_slice(&chunk.predicted[..chunk.images]);
                confidences.extend_from_slice(&chunk.confidence[..chunk.images]);
            }
        }
        let n = examples.len().max(1) as f64;
        let loss = loss / n + model.penalty(&model.weights);
        Evaluation { loss, accuracy: correct as f64 / n, predictions, confidences }
    }
}
