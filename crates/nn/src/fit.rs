//! `fit`: epochs of batches, with Keras' numbers after each.

use std::sync::atomic::{AtomicUsize, Ordering};

use toile_rng::Seed;

use crate::callbacks::{Callbacks, Decision};
use crate::engine::{Executor, Pass, Tracer, Updater};
use crate::evaluate::Evaluator;
use crate::optimizers::OptimizerState;
use crate::{Callback, Examples, Model, Optimizer, Schedule};

/// Everything that decides how a model is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct FitConfig {
    /// Images per update; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Passes over the training examples.
    pub epochs: usize,
    /// Whether each epoch takes the examples in a new random order.
    pub shuffle: bool,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// The learning rate over the updates.
    pub schedule: Schedule,
    /// s: targets become y (1 − s) + s / classes.
    pub label_smoothing: f32,
    /// A factor of each class' losses while training, in label order; none if empty.
    pub class_weight: Vec<f32>,
    /// Decisions after each epoch.
    pub callbacks: Vec<Callback>,
    /// The root of shuffling and dropout.
    pub seed: Seed,
    /// The part of the training examples (evenly spaced) that is evaluated after each epoch; all after the last.
    pub train_evaluation: f64,
}

impl FitConfig {
    /// Keras' defaults around an optimizer: batches of 32, shuffled, one epoch; a tenth of the training set evaluated.
    pub fn new(optimizer: Optimizer) -> FitConfig {
        FitConfig {
            batch_size: 32,
            epochs: 1,
            shuffle: true,
            optimizer,
            schedule: Schedule::Constant,
            label_smoothing: 0.0,
            class_weight: Vec::new(),
            callbacks: Vec::new(),
            seed: Seed::new(0),
            train_evaluation: 0.1,
        }
    }
}

/// The numbers of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRow {
    /// Counted from 1.
    pub epoch: usize,
    /// Keras' running loss: the mean over the epoch while the weights changed, dropout active, penalties included.
    pub loss: f64,
    /// Keras' running accuracy.
    pub accuracy: f64,
    /// Loss of the end-of-epoch weights on training examples, in inference mode.
    pub train_loss: f64,
    /// Accuracy of the end-of-epoch weights on training examples.
    pub train_accuracy: f64,
    /// Validation loss, if there are validation examples.
    pub val_loss: Option<f64>,
    /// Validation accuracy, if there are validation examples.
    pub val_accuracy: Option<f64>,
    /// The learning rate of the last update.
    pub learning_rate: f64,
}

/// What the observer is told while a model trains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FitEvent<'a> {
    /// An epoch begins.
    EpochBegin {
        /// Counted from 1.
        epoch: usize,
    },
    /// A batch was trained on.
    Step {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        batch: usize,
        /// Batches in the epoch.
        n_batches: usize,
    },
    /// The training part of the epoch is over; its evaluations follow.
    TrainingEnd {
        /// Counted from 1.
        epoch: usize,
    },
    /// The epoch is over.
    EpochEnd(&'a EpochRow),
}

/// The observer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Stop at once.
    Stop,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitEnd {
    /// After its last epoch.
    Finished,
    /// A callback stopped it after this epoch.
    Stopped {
        /// Counted from 1.
        epoch: usize,
    },
    /// The observer stopped it; the epoch may be incomplete.
    Interrupted,
    /// The loss was not a finite number in this batch, or on the training examples after the last batch of all.
    NonFinite {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        batch: usize,
    },
}

/// The end of a training, and which epoch's weights the model has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitOutcome {
    /// Why it ended.
    pub end: FitEnd,
    /// The epoch whose weights a callback went back to, if one did.
    pub restored_epoch: Option<usize>,
}

/// Trains a model.
///
/// `threads` is read at each update and may change at any time: the results do not depend on it. `observer` is told of
/// every batch and epoch and may stop the training.
///
/// # Panics
/// If the examples do not fit the model or each other, or a setting is impossible (a batch of 0 images).
pub fn fit(
    model: &mut Model,
    train: &Examples,
    validation: Option<&Examples>,
    config: &FitConfig,
    threads: &AtomicUsize,
    observer: &mut dyn FnMut(FitEvent) -> Flow,
) -> FitOutcome {
    train.check(model.shapes[0].values(), model.classes());
    assert!(config.batch_size > 0, "a batch of 0 images");
    let classes = model.classes();
    assert!(config.class_weight.is_empty() || config.class_weight.len() == classes, "a class has no weight");
    let mut training = Training::new(model, train, validation, config, threads);
    let end = training.run(observer);
    let restored_epoch = training.callbacks.restore(&mut model.weights);
    FitOutcome { end, restored_epoch }
}

/// A training under way.
pub(crate) struct Training<'a> {
    model: &'a mut Model,
    train: &'a Examples<'a>,
    validation: Option<&'a Examples<'a>>,
    config: &'a FitConfig,
    threads: &'a AtomicUsize,
    executor: Executor,
    evaluator: Evaluator,
    updater: Updater,
    optimizer: OptimizerState,
    callbacks: Callbacks,
    order: Vec<u32>,
    learning_rate: f64,
    pub tracer: Tracer<'a>,
}

/// The running sums of an epoch.
#[derive(Default)]
pub(crate) struct Running {
    loss: f64,
    correct: usize,
}

/// How the training part of an epoch ended.
pub(crate) enum EpochEnd {
    Done(Running),
    Early(FitEnd),
}

impl<'a> Training<'a> {
    pub(crate) fn new(
        model: &'a mut Model,
        train: &'a Examples<'a>,
        validation: Option<&'a Examples<'a>>,
        config: &'a FitConfig,
        threads: &'a AtomicUsize,
    ) -> Training<'a> {
        let n_weights = model.weights.len();
        let common = config.optimizer.common();
        let batch = config.batch_size.min(train.len().max(1));
        let program = model.program(batch);
        let updater = Updater::new(&program, &model.parameters, n_weights, common.clipping);
        let executor = Executor::for_training(program, batch, n_weights);
        let evaluator = Evaluator::new(model);
        Training {
            train,
            validation: validation.filter(|examples| !examples.is_empty()),
            config,
            threads,
            executor,
            evaluator,
            updater,
            optimizer: OptimizerState::new(&config.optimizer, n_weights),
            callbacks: Callbacks::new(&config.callbacks, common.learning_rate),
            order: train.indices.to_vec(),
            learning_rate: common.learning_rate,
            tracer: Tracer::default(),
            model,
        }
    }

    fn run(&mut self, observer: &mut dyn FnMut(FitEvent) -> Flow) -> FitEnd {
        for epoch in 1..=self.config.epochs {
            if observer(FitEvent::EpochBegin { epoch }) == Flow::Stop {
                return FitEnd::Interrupted;
            }
            let running = match self.train_epoch(epoch, observer) {
                EpochEnd::Done(running) => running,
                EpochEnd::Early(end) => return end,
            };
            if observer(FitEvent::TrainingEnd { epoch }) == Flow::Stop {
                return FitEnd::Interrupted;
            }
            let (row, decision) = self.evaluate_epoch(epoch, running);
            let flow = observer(FitEvent::EpochEnd(&row));
            if self.is_last(epoch, decision) && !row.train_loss.is_finite() {
                return FitEnd::NonFinite { epoch, batch: self.n_batches() };
            }
            if decision == Decision::Stop {
                return FitEnd::Stopped { epoch };
            }
            if flow == Flow::Stop && epoch < self.config.epochs {
                return FitEnd::Interrupted;
            }
        }
        FitEnd::Finished
    }

    /// Every batch of an epoch, in the epoch's order.
    pub(crate) fn train_epoch(
        &mut self,
        epoch: usize,
        observer: &mut dyn FnMut(FitEvent) -> Flow,
    ) -> EpochEnd {
        self.order.copy_from_slice(self.train.indices);
        if self.config.shuffle {
            self.config.seed.stream("shuffle", epoch as u64).shuffle(&mut self.order);
        }
        let order = std::mem::take(&mut self.order);
        let mut running = Running::default();
        let mut early = None;
        let n_batches = self.n_batches();
        for (i, indices) in order.chunks(self.config.batch_size).enumerate() {
            let batch = i + 1;
            if !self.train_batch(indices, &mut running) {
                early = Some(FitEnd::NonFinite { epoch, batch });
            } else if observer(FitEvent::Step { epoch, batch, n_batches }) == Flow::Stop {
                early = Some(FitEnd::Interrupted);
            }
            if early.is_some() {
                break;
            }
        }
        self.order = order;
        early.map_or(EpochEnd::Done(running), EpochEnd::Early)
    }

    /// One update; false if the loss is not finite (the weights are left as they were).
    fn train_batch(&mut self, indices: &[u32], running: &mut Running) -> bool {
        let threads = self.executor.worthwhile(self.threads.load(Ordering::Relaxed), indices.len());
        let step = self.optimizer.step;
        if step == 0 {
            self.executor.derive(&self.model.weights, threads, self.tracer);
        }
        let pass = Pass {
            examples: self.train,
            indices,
            label_smoothing: self.config.label_smoothing,
            class_weights: (!self.config.class_weight.is_empty()).then_some(&self.config.class_weight),
            step,
            seed: self.config.seed,
            threads,
            tracer: self.tracer,
        };
        let penalty = self.model.penalty(&self.model.weights);
        let totals = self.executor.train(&pass, &self.model.weights);
        let loss = totals.loss + penalty * indices.len() as f64;
        if !loss.is_finite() {
            return false;
        }
        self.executor.move_averages(&mut self.model.weights);
        running.loss += loss;
        running.correct += totals.correct;
        self.learning_rate = self.config.schedule.rate(self.callbacks.learning_rate(), step);
        let gradients = self.executor.gradients(indices.len());
        let (weights, rate) = (&mut self.model.weights, self.learning_rate as f32);
        self.updater.apply(gradients, threads, weights, &mut self.optimizer, rate, self.tracer);
        self.executor.derive(&self.model.weights, threads, self.tracer);
        true
    }

    /// The numbers after an epoch, and what the callbacks make of them.
    fn evaluate_epoch(&mut self, epoch: usize, running: Running) -> (EpochRow, Decision) {
        let n = self.train.len().max(1) as f64;
        let validation = self.validation.map(|examples| self.evaluate(examples));
        let mut row = EpochRow {
            epoch,
            loss: running.loss / n,
            accuracy: running.correct as f64 / n,
            train_loss: 0.0,
            train_accuracy: 0.0,
            val_loss: validation.map(|(loss, _)| loss),
            val_accuracy: validation.map(|(_, accuracy)| accuracy),
            learning_rate: self.learning_rate,
        };
        let decision = self.callbacks.after_epoch(&row, &self.model.weights);
        let part = if self.is_last(epoch, decision) { 1.0 } else { self.config.train_evaluation };
        let indices = evenly_spaced(self.train.indices, part);
        (row.train_loss, row.train_accuracy) = self.evaluate(&self.train.with_indices(&indices));
        (row, decision)
    }

    fn is_last(&self, epoch: usize, decision: Decision) -> bool {
        epoch == self.config.epochs || decision == Decision::Stop
    }

    fn n_batches(&self) -> usize {
        self.train.len().div_ceil(self.config.batch_size)
    }

    fn evaluate(&mut self, examples: &Examples) -> (f64, f64) {
        let evaluation =
            self.evaluator.evaluate(self.model, examples, self.config.label_smoothing, self.threads);
        (evaluation.loss, evaluation.accuracy)
    }
}

/// ⌈part × n⌉ of the indices, at equal distances: the same ones every time.
fn evenly_spaced(indices: &[u32], part: f64) -> Vec<u32> {
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
