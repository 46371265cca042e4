//! One training: of a declared run, or of a repetition of a trial. There is no other place that trains.

use std::sync::atomic::{AtomicUsize, Ordering};

use toile_data::{DataSet, Split};
use toile_nn::{FitConfig, FitEnd, FitEvent, FitOutcome, Flow, Model, Snapshot, TrainingState};
use toile_record::{End, Epoch};
use toile_study::RunPlan;

use crate::memory::TrainingKind;
use crate::runner::{Cores, Meter, RunError, engine};

/// What is trained, on what, and from where it goes on.
pub(crate) struct SingleTraining<'a> {
    /// The settings and the seed.
    pub run: &'a RunPlan,
    pub data: &'a DataSet,
    pub split: &'a Split,
    /// Reads a file that lies in the study file's folder: the initial weights.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    /// Threads that it may use: read at every step.
    pub threads: &'a AtomicUsize,
}

/// Where a training's numbers go, and what may stop it.
pub(crate) trait Sink {
    /// The model is built, nothing is trained yet.
    fn built(&mut self, _model: &Model) {}

    /// Whose training it is: of a run the layers are measured.
    fn kind(&self) -> TrainingKind;

    /// Whether no other training shares the machine's clock at this moment.
    fn is_alone(&self) -> bool;

    /// One update of the weights.
    fn step(&mut self, _epoch: usize, _batch: usize, _n_batches: usize) {}

    /// An epoch has ended; the training can be continued from the snapshot.
    fn epoch(&mut self, epoch: Epoch, snapshot: &Snapshot<'_>);

    /// The epochs that have ended; those of the training under way come last.
    fn epochs(&self) -> &[Epoch];

    /// Whether to stop; asked after everything that happens.
    fn stops(&mut self) -> bool;
}

/// How a training ended.
pub(crate) enum Trained {
    /// Through all its epochs, or early: because a callback said so, or because the loss was no longer a number and a
    /// callback went back to an epoch before.
    Through {
        model: Box<Model>,
        end: End,
        /// The epoch whose weights the model has, if a callback went back to it.
        restored_epoch: Option<usize>,
    },
    /// Its loss is no longer a number, and there is no good epoch that a callback went back to.
    Diverged(End),
    /// The sink stopped it.
    Stopped,
}

/// What keeps a training from beginning.
pub(crate) enum TrainingFault {
    /// Its layers do not fit the images, wherever it is trained.
    Model(Box<RunError>),
    /// Here: a file that it starts from cannot be read.
    Place(Box<RunError>),
    /// The state that it was to go on from is of another training.
    State,
}

impl From<RunError> for TrainingFault {
    fn from(error: RunError) -> TrainingFault {
        match error {
            RunError::Model { .. } => TrainingFault::Model(Box::new(error)),
            RunError::Store(_)
            | RunError::Data(_)
            | RunError::Thread(_)
            | RunError::InitialWeights { .. } => TrainingFault::Place(Box::new(error)),
        }
    }
}

impl SingleTraining<'_> {
    /// Trains to the end, or until the sink stops it: from the state after some epoch, or from the first one.
    pub(crate) fn train(
        &self,
        state: Option<TrainingState>,
        meter: &mut Meter<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Trained, TrainingFault> {
        let mut model = engine::starting_model(self.run, engine::image_shape(self.data), self.read)?;
        sink.built(&model);
        let train = engine::examples(self.data, &self.data.train, &self.split.train);
        let validation = engine::examples(self.data, &self.data.train, &self.split.validation);
        let validation = (!self.split.validation.is_empty()).then_some(&validation);
        let config = engine::fit_config(&self.run.settings, self.data.class_names.len());
        let config = FitConfig { measures_layers: sink.kind().measures_layers(), ..config };
        let mut observer = |event: FitEvent<'_>| self.observe(event, meter, sink);
        let outcome = match state {
            Some(state) => toile_nn::fit_from(
                &mut model,
                &train,
                validation,
                &config,
                self.threads,
                state,
                &mut observer,
            )
            .map_err(|_| TrainingFault::State)?,
            None => toile_nn::fit(&mut model, &train, validation, &config, self.threads, &mut observer),
        };
        Ok(trained(outcome, model, sink.epochs(), validation.is_some()))
    }

    fn observe(&self, event: FitEvent<'_>, meter: &mut Meter<'_>, sink: &mut dyn Sink) -> Flow {
        match event {
            FitEvent::EpochBegin { .. } => meter.epoch_begins(),
            FitEvent::Step { epoch, batch, n_batches, .. } => {
                meter.uses(self.cores(sink));
                sink.step(epoch, batch, n_batches);
            }
            FitEvent::TrainingEnd { .. } => meter.training_ends(),
            FitEvent::EpochEnd(epoch, snapshot) => {
                sink.epoch(Epoch { seconds: meter.epoch_seconds(), ..epoch.finite() }, &snapshot);
            }
        }
        if sink.stops() { Flow::Stop } else { Flow::Continue }
    }

    fn cores(&self, sink: &dyn Sink) -> Cores {
        match self.threads.load(Ordering::Relaxed) {
            1 => Cores::One,
            _ if sink.is_alone() => Cores::All,
            _ => Cores::Some,
        }
    }
}

/// What a training came to. As in Keras, one that overflows ends with the best weights where a callback keeps them
/// (`EarlyStopping.on_train_end`, after `TerminateOnNaN` has stopped it): their epoch must have finite losses.
fn trained(outcome: FitOutcome, model: Model, epochs: &[Epoch], validates: bool) -> Trained {
    match how_it_ended(outcome, epochs, validates) {
        None => Trained::Stopped,
        Some((end, false)) => Trained::Diverged(end),
        Some((end, true)) => {
            Trained::Through { model: Box::new(model), end, restored_epoch: outcome.restored_epoch }
        }
    }
}

/// How a training ended, and whether it has weights to show for it; `None` if the observer stopped it.
pub(crate) fn how_it_ended(outcome: FitOutcome, epochs: &[Epoch], validates: bool) -> Option<(End, bool)> {
    let restored_epoch = outcome.restored_epoch;
    let is_kept = |row: &&Epoch| Some(row.epoch) == restored_epoch;
    let keeps_a_good_one =
        || epochs.iter().rev().find(is_kept).is_some_and(|row| row.has_finite_losses(validates));
    match outcome.end {
        FitEnd::Interrupted => None,
        FitEnd::NonFinite { epoch, batch } => Some((End::Diverged { epoch, batch }, keeps_a_good_one())),
        FitEnd::Finished => Some((End::Finished, true)),
        FitEnd::Stopped { by, epoch } => Some((End::Stopped { by: by.into(), epoch }, true)),
    }
}
