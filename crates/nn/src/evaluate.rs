//! Evaluation: what the weights make of images, in inference mode.

use toile_rng::Seed;

use crate::engine::{BatchPass, Executor, Tracer, WatchedUnits};
use crate::measure::UnitCounts;
use crate::score::{MeanScore, Score};
use crate::{Examples, Loss, Model, Threads};

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
    /// The loss of each example, without penalties.
    pub losses: Vec<f32>,
}

/// Evaluates a model on some examples: by this loss, with label smoothing s from 0 to 1, on up to so many threads.
///
/// # Panics
/// If the examples do not fit the model: [`Examples::fits`] says it beforehand.
pub fn evaluate<'a>(
    model: &Model,
    examples: &Examples,
    loss: &Loss,
    label_smoothing: f32,
    threads: impl Into<Threads<'a>>,
) -> Evaluation {
    let n = examples.len();
    let mut predictions = Vec::with_capacity(n);
    let (mut confidences, mut losses) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let task = EvaluationTask { examples, loss, label_smoothing, threads: threads.into() };
    let score = Evaluator::new(model).evaluate(model, &task, &mut |images| {
        predictions.extend_from_slice(images.predicted);
        confidences.extend_from_slice(images.confidence);
        losses.extend_from_slice(images.loss);
    });
    Evaluation { loss: score.loss, accuracy: score.accuracy, predictions, confidences, losses }
}

/// What an evaluation says of some images, one by one.
pub(crate) struct EvaluatedImages<'a> {
    pub predicted: &'a [u8],
    pub confidence: &'a [f32],
    pub loss: &'a [f32],
    /// Of all classes; none where the evaluator has no room for them.
    pub probabilities: &'a [f32],
}

/// What is evaluated, and how.
pub(crate) struct EvaluationTask<'a> {
    pub examples: &'a Examples<'a>,
    pub loss: &'a Loss,
    pub label_smoothing: f32,
    pub threads: Threads<'a>,
}

impl<'a> EvaluationTask<'a> {
    fn pass(&self, indices: &'a [u32], is_probe: bool) -> BatchPass<'a> {
        BatchPass {
            examples: self.examples,
            indices,
            augmentation: None,
            loss: self.loss,
            label_smoothing: self.label_smoothing,
            class_weights: None,
            is_probe,
            step: 0,
            seed: Seed::new(0),
            threads: self.threads.now(),
            tracer: Tracer::default(),
        }
    }
}

/// Keeps the memory of an evaluation from one epoch to the next.
pub(crate) struct Evaluator {
    executor: Executor,
}

impl Evaluator {
    pub(crate) fn new(model: &Model) -> Evaluator {
        Evaluator { executor: Executor::for_inference(model.program(BATCH), BATCH) }
    }

    /// With room for the probabilities of all classes.
    pub(crate) fn with_probabilities(model: &Model) -> Evaluator {
        let mut evaluator = Evaluator::new(model);
        evaluator.executor.make_room_for_probabilities();
        evaluator
    }

    /// The mean score, penalties included; hands on what it says of the images, some of them at a time.
    pub(crate) fn evaluate(
        &mut self,
        model: &Model,
        task: &EvaluationTask,
        each: &mut dyn FnMut(EvaluatedImages<'_>),
    ) -> MeanScore {
        let examples = task.examples;
        examples.check(model.shapes[0].values(), model.classes());
        self.executor.derive(&model.weights, task.threads.now(), Tracer::default());
        let mut score = Score::default();
        for indices in examples.indices.chunks(BATCH) {
            let pass = task.pass(indices, false);
            score = score.and(self.executor.infer(&pass, &model.weights));
            for chunk in self.executor.chunks.iter().take(self.executor.n_chunks(indices.len())) {
                let n = chunk.images;
                each(EvaluatedImages {
                    predicted: &chunk.predicted[..n],
                    confidence: &chunk.confidence[..n],
                    loss: &chunk.loss[..n],
                    probabilities: chunk.probabilities.get(..n * model.classes()).unwrap_or_default(),
                });
            }
        }
        let mean = score.mean(examples.len());
        MeanScore { loss: mean.loss + model.penalty(&model.weights), ..mean }
    }
    /// Counts what the outputs of each unit are watched for.
    pub(crate) fn count_units(&mut self, model: &Model, task: &EvaluationTask) -> Vec<UnitCounts> {
        self.executor.derive(&model.weights, task.threads.now(), Tracer::default());
        let program = &self.executor.program;
        let of = |op: usize, watched: WatchedUnits| UnitCounts {
            layer: program.layers[op],
            watch: watched.watch,
            counts: vec![0; watched.units],
            outputs: (task.examples.len() * program.sizes[op + 1] / watched.units.max(1)) as u64,
        };
        let watched = program.watched.iter().enumerate();
        let (ops, mut counted): (Vec<usize>, Vec<UnitCounts>) =
            watched.filter_map(|(op, watched)| Some((op, of(op, (*watched)?)))).unzip();
        for indices in task.examples.indices.chunks(BATCH) {
            self.executor.infer(&task.pass(indices, true), &model.weights);
            let n = self.executor.n_chunks(indices.len());
            for chunk in self.executor.chunks.iter_mut().take(n) {
                for (op, units) in ops.iter().zip(&mut counted) {
                    let new = chunk.units[*op].iter_mut().map(std::mem::take);
                    units.counts.iter_mut().zip(new).for_each(|(sum, new)| *sum += u64::from(new));
                }
            }
        }
        counted
    }
}

/// ⌈part × n⌉ of the indices, at equal distances: the same ones every time.
pub(crate) fn evenly_spaced(indices: &[u32], part: f64) -> Vec<u32> {
    let n = indices.len();
    let wanted = ((part * n as f64).ceil() as usize).clamp(1.min(n), n);
    (0..wanted).map(|i| indices[i * n / wanted]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evaluated_part_of_the_training_set_is_evenly_spaced() {
        let all: Vec<u32> = (0..10).collect();
        assert_eq!(evenly_spaced(&all, 0.3), [0, 3, 6]);
        assert_eq!(evenly_spaced(&all, 1.0), all);
        assert_eq!(evenly_spaced(&all, 0.0), [0]);
        assert_eq!(evenly_spaced(&[], 0.5), [0u32; 0]);
    }
}
