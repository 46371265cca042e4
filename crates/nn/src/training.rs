//! A training under way: epochs of batches, from wherever it stands to its end.

use std::cell::Cell;

use toile_kernels::Buffer;
use toile_record::{Epoch, LayersRecord};

use crate::callbacks::Callbacks;
use crate::engine::{BatchPass, Executor, Tracer, UpdateRun, Updater};
use crate::evaluate::{EvaluationTask, Evaluator, evenly_spaced};
use crate::measure::{self, LayerMeasure, Probe};
use crate::optimizers::OptimizerState;
use crate::score::{MeanScore, Score, Scored};
use crate::state::{FitProgress, Snapshot, StateError, TrainingState};
use crate::{Examples, FitConfig, FitEnd, FitEvent, FitOutcome, Flow, Model, Threads};

/// A training under way.
pub(crate) struct Training<'a> {
    model: &'a mut Model,
    train: &'a Examples<'a>,
    validation: Option<&'a Examples<'a>>,
    config: &'a FitConfig,
    threads: Threads<'a>,
    executor: Executor,
    evaluator: Evaluator,
    updater: Updater,
    optimizer: OptimizerState,
    callbacks: Callbacks,
    order: Vec<u32>,
    /// The weights before the epoch's last update, where layers are measured.
    before: Buffer,
    learning_rate: f64,
    progress: FitProgress,
    /// It stands where a state left it, not at its start.
    is_continued: bool,
    /// What is derived from the weights is computed.
    derived: bool,
    pub tracer: Tracer<'a>,
}

/// How the training part of an epoch ended.
pub(crate) enum EpochEnd {
    /// The score while the weights changed, penalties included.
    Done(Score),
    Early(FitEnd),
}

impl<'a> Training<'a> {
    /// # Panics
    /// If the examples do not fit the model or each other, or a setting is impossible.
    pub(crate) fn checked(
        model: &'a mut Model,
        train: &'a Examples<'a>,
        validation: Option<&'a Examples<'a>>,
        config: &'a FitConfig,
        threads: Threads<'a>,
    ) -> Training<'a> {
        train.check(model.shapes[0].values(), model.classes());
        assert!(config.batch_size > 0, "a batch of 0 images");
        let classes = model.classes();
        assert!(
            config.class_weight.is_empty() || config.class_weight.len() == classes,
            "a class has no weight"
        );
        Training::new(model, train, validation, config, threads)
    }

    pub(crate) fn new(
        model: &'a mut Model,
        train: &'a Examples<'a>,
        validation: Option<&'a Examples<'a>>,
        config: &'a FitConfig,
        threads: Threads<'a>,
    ) -> Training<'a> {
        let n_weights = model.weights.len();
        let common = config.optimizer.common();
        let batch = config.batch_size.min(train.len().max(1));
        let program = model.training_program(batch, &config.augmentation);
        let updater = Updater::new(&program, &model.parameters, n_weights, common.clipping());
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
            before: Buffer::new(if config.measures_layers { n_weights } else { 0 }),
            learning_rate: common.learning_rate,
            progress: FitProgress::default(),
            is_continued: false,
            derived: false,
            tracer: Tracer::default(),
            model,
        }
    }

    /// Goes on from this state instead of from the start.
    pub(crate) fn restore(&mut self, state: &TrainingState) -> Result<(), StateError> {
        let (n_batches, optimizer, callbacks) = (self.n_batches(), &mut self.optimizer, &mut self.callbacks);
        self.progress = state.restore(self.model, self.config, n_batches, optimizer, callbacks)?;
        self.is_continued = true;
        Ok(())
    }

    /// All epochs that are left, and the weights to end with.
    pub(crate) fn end(mut self, observer: &mut dyn FnMut(FitEvent) -> Flow) -> FitOutcome {
        let end = self.run(observer);
        FitOutcome { end, restored_epoch: self.callbacks.restore(&mut self.model.weights) }
    }

    fn run(&mut self, observer: &mut dyn FnMut(FitEvent) -> Flow) -> FitEnd {
        if self.config.epochs == 0 && !self.is_continued {
            let row = self.evaluate_start();
            observer(FitEvent::EpochEnd(&row, self.snapshot(None)));
        }
        loop {
            if let Some(end) = self.reached() {
                return end;
            }
            let epoch = self.progress.epoch + 1;
            let rate = Cell::new(self.callbacks.learning_rate());
            if observer(FitEvent::EpochBegin { epoch, learning_rate: &rate }) == Flow::Stop {
                return FitEnd::Interrupted;
            }
            self.callbacks.set_learning_rate(rate.get());
            let score = match self.train_epoch(epoch, observer) {
                EpochEnd::Done(score) => score,
                EpochEnd::Early(end) => return end,
            };
            if observer(FitEvent::TrainingEnd { epoch }) == Flow::Stop {
                return FitEnd::Interrupted;
            }
            let row = self.evaluate_epoch(epoch, score);
            let layers = self.measure_layers();
            let flow = observer(FitEvent::EpochEnd(&row, self.snapshot(layers.as_ref())));
            if flow == Flow::Stop && self.reached().is_none() {
                return FitEnd::Interrupted;
            }
        }
    }

    /// The end of the training, if it stands there.
    fn reached(&self) -> Option<FitEnd> {
        let FitProgress { epoch, stopped, diverged, .. } = self.progress;
        match (diverged, stopped) {
            (true, _) => Some(FitEnd::NonFinite { epoch, batch: self.n_batches() * epoch.min(1) }),
            (_, Some(by)) => Some(FitEnd::Stopped { by, epoch }),
            _ => (epoch >= self.config.epochs).then_some(FitEnd::Finished),
        }
    }

    fn snapshot<'s>(&'s self, layers: Option<&'s LayersRecord>) -> Snapshot<'s> {
        Snapshot {
            model: self.model,
            config: self.config,
            optimizer: &self.optimizer,
            callbacks: &self.callbacks,
            progress: self.progress,
            layers,
        }
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
        let mut score = Score::default();
        let mut early = None;
        let n_batches = self.n_batches();
        let mut batches = order.chunks(self.config.batch_size).peekable();
        let (mut batch, mut is_multiplied) = (0, false);
        while let Some(indices) = batches.next() {
            batch += 1;
            if batch == n_batches && !self.before.is_empty() {
                self.before.copy_from_slice(&self.model.weights);
            }
            // In a trace each step does the work of its own batch.
            let next = batches.peek().copied().filter(|_| self.tracer.0.is_none());
            early = match self.train_batch(indices, next, &mut is_multiplied, &mut score) {
                None => Some(FitEnd::NonFinite { epoch, batch }),
                Some(loss) => (observer(FitEvent::Step { epoch, batch, n_batches, loss }) == Flow::Stop)
                    .then_some(FitEnd::Interrupted),
            };
            if early.is_some() {
                break;
            }
        }
        self.order = order;
        early.map_or(EpochEnd::Done(score), EpochEnd::Early)
    }

    /// One update, and the batch's mean loss before it; none if it is not finite (the weights are left as they were).
    /// `is_multiplied`: the slices of the batch are; then, those of the `next` one.
    fn train_batch(
        &mut self,
        indices: &[u32],
        next: Option<&[u32]>,
        is_multiplied: &mut bool,
        running: &mut Score,
    ) -> Option<f64> {
        let threads = self.executor.worthwhile(self.threads.now(), indices.len());
        let step = self.optimizer.step;
        if !std::mem::replace(&mut self.derived, true) {
            self.executor.derive(&self.model.weights, threads, self.tracer);
        }
        let pass =
            BatchPass { tracer: self.tracer, ..pass_over(self.train, self.config, indices, step, threads) };
        let penalty = self.model.penalty(&self.model.weights);
        let mut score = self.executor.train(&pass, &self.model.weights, *is_multiplied);
        score.loss += penalty * indices.len() as f64;
        if !score.loss.is_finite() {
            return None;
        }
        self.executor.move_averages(&mut self.model.weights);
        *running = running.and(score);
        self.learning_rate = self.config.schedule.rate(self.callbacks.learning_rate(), step);
        let next = next.map(|indices| BatchPass { indices, step: step + 1, ..pass });
        let run = UpdateRun {
            threads,
            learning_rate: self.learning_rate as f32,
            tracer: self.tracer,
            next: next.as_ref(),
        };
        let trained = self.executor.trained(indices.len());
        *is_multiplied = self.updater.apply(trained, &mut self.model.weights, &mut self.optimizer, &run);
        self.executor.derive(&self.model.weights, threads, self.tracer);
        Some(score.loss / indices.len() as f64)
    }

    /// The numbers after an epoch, and where the training stands by what the callbacks make of them.
    fn evaluate_epoch(&mut self, number: usize, running: Score) -> Epoch {
        let mut epoch = Epoch { epoch: number, learning_rate: self.learning_rate, ..Epoch::default() };
        running.mean(self.train.len()).put(Scored::WhileTraining, &mut epoch);
        if let Some(examples) = self.validation {
            self.evaluate(examples).put(Scored::ValidationSet, &mut epoch);
        }
        if self.watches_training_set() {
            self.evaluate_training_set(&mut epoch, self.config.train_evaluation);
        }
        let stopped = self.callbacks.after_epoch(&epoch, &self.model.weights);
        let is_last = stopped.is_some() || number == self.config.epochs;
        if is_last || epoch.train_loss.is_none() {
            self.evaluate_training_set(&mut epoch, if is_last { 1.0 } else { self.config.train_evaluation });
        }
        let diverged = is_last && !epoch.train_loss.is_some_and(f64::is_finite);
        self.progress = FitProgress { epoch: number, stopped, diverged, ..self.progress };
        epoch
    }

    /// The numbers of the weights as they are, where nothing is to be trained: a row of epoch 0.
    fn evaluate_start(&mut self) -> Epoch {
        let mut row = Epoch { learning_rate: self.learning_rate, ..Epoch::default() };
        if let Some(examples) = self.validation {
            self.evaluate(examples).put(Scored::ValidationSet, &mut row);
        }
        self.evaluate_training_set(&mut row, 1.0);
        self.progress.diverged = !row.train_loss.is_some_and(f64::is_finite);
        row
    }

    /// Whether a callback decides by what is measured on the training set after the epoch.
    fn watches_training_set(&self) -> bool {
        self.config.callbacks.iter().any(|callback| callback.monitor().needs_train_evaluation())
    }

    /// Measures this part of the training set with the weights as they are.
    fn evaluate_training_set(&mut self, epoch: &mut Epoch, part: f64) {
        let indices = evenly_spaced(self.train.indices, part);
        self.evaluate(&self.train.with_indices(&indices)).put(Scored::TrainingSet, epoch);
    }

    /// The layers as they are after an epoch, if they are to be measured now.
    fn measure_layers(&mut self) -> Option<LayersRecord> {
        let FitConfig { epochs, batch_size, .. } = self.config;
        let (epoch, n) = (self.progress.epoch, self.train.len());
        let is_due = self.reached().is_some() || measure::is_due(epoch, *epochs, n, *batch_size);
        if !is_due || !self.config.measures_layers || n == 0 {
            return None;
        }
        let probe = Probe::of(self.train.indices, *batch_size);
        let examples = self.train.with_indices(&probe.images);
        let task = task_over(&examples, self.config, self.threads);
        let units = self.evaluator.count_units(self.model, &task);
        let threads = self.executor.worthwhile(self.threads.now(), probe.batch.len());
        let pass = BatchPass {
            augmentation: None,
            is_probe: true,
            ..pass_over(self.train, self.config, &probe.batch, self.optimizer.step, threads)
        };
        self.executor.train(&pass, &self.model.weights, false);
        let trained = self.executor.trained(probe.batch.len());
        let squares = self.updater.squares_of_layers(trained, threads, self.model.layers.len());
        let (probe, units, gradient_squares) = (&probe, &units[..], &squares[..]);
        Some(LayerMeasure { epoch, probe, units, gradient_squares, before: &self.before }.record(self.model))
    }

    fn n_batches(&self) -> usize {
        self.train.len().div_ceil(self.config.batch_size)
    }

    fn evaluate(&mut self, examples: &Examples) -> MeanScore {
        let task = task_over(examples, self.config, self.threads);
        self.evaluator.evaluate(self.model, &task, &mut |_| {})
    }
}

/// These images with the loss of a training.
fn task_over<'p>(
    examples: &'p Examples<'p>,
    config: &'p FitConfig,
    threads: Threads<'p>,
) -> EvaluationTask<'p> {
    EvaluationTask { examples, loss: &config.loss, label_smoothing: config.label_smoothing, threads }
}

/// A pass over these images with the settings of a training.
fn pass_over<'p>(
    examples: &'p Examples<'p>,
    config: &'p FitConfig,
    indices: &'p [u32],
    step: u64,
    threads: usize,
) -> BatchPass<'p> {
    BatchPass {
        examples,
        indices,
        augmentation: config.augmentation.settings(),
        loss: &config.loss,
        label_smoothing: config.label_smoothing,
        class_weights: (!config.class_weight.is_empty()).then_some(&config.class_weight),
        is_probe: false,
        step,
        seed: config.seed,
        threads,
        tracer: Tracer::default(),
    }
}
