//! `fit`: epochs of batches, with Keras' numbers after each.

use std::borrow::Borrow;
use std::cell::Cell;

use toile_record::Epoch;
use toile_rng::Seed;

use crate::state::{Snapshot, StateError, TrainingState};
use crate::training::Training;
use crate::{Augmentation, Callback, Examples, Loss, Model, Optimizer, Schedule, Threads};

/// Everything that decides how a model is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct FitConfig {
    /// Images per update; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Passes over the training examples. With 0 nothing is trained: the weights are evaluated as they are, and the
    /// observer sees one row, of epoch 0.
    pub epochs: usize,
    /// Whether each epoch takes the examples in a new random order.
    pub shuffle: bool,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// The learning rate over the updates.
    pub schedule: Schedule,
    /// What is made small.
    pub loss: Loss,
    /// s: targets become y (1 − s) + s / classes.
    pub label_smoothing: f32,
    /// A factor of each class' losses while training, in label order; none if empty.
    pub class_weight: Vec<f32>,
    /// Decisions after each epoch.
    pub callbacks: Vec<Callback>,
    /// What is done to each training image.
    pub augmentation: Augmentation,
    /// The root of shuffling and dropout.
    pub seed: Seed,
    /// The part of the training examples (evenly spaced) that is evaluated after each epoch; all after the last.
    /// Callbacks that watch a `train_…` metric see that of the part, after the last epoch too.
    pub train_evaluation: f64,
    /// Whether units, gradients and weights of the layers are measured after a few of the epochs
    /// ([`Snapshot::layers`]). It moves nothing that trains.
    pub measures_layers: bool,
}

impl FitConfig {
    /// Keras' defaults around an optimizer: batches of 32, shuffled, one epoch; a tenth of the training set evaluated.
    pub fn new(optimizer: impl Into<Optimizer>) -> FitConfig {
        FitConfig {
            batch_size: 32,
            epochs: 1,
            shuffle: true,
            optimizer: optimizer.into(),
            schedule: Schedule::Constant,
            loss: Loss::default(),
            label_smoothing: 0.0,
            class_weight: Vec::new(),
            callbacks: Vec::new(),
            augmentation: Augmentation::None,
            seed: Seed::new(0),
            train_evaluation: 0.1,
            measures_layers: false,
        }
    }
}

/// What the observer sees while a model trains.
#[derive(Clone, Copy, Debug)]
pub enum FitEvent<'a> {
    /// An epoch begins.
    EpochBegin {
        /// Counted from 1.
        epoch: usize,
        /// The rate that the schedule starts from: the optimizer's, or what it was set to since. Whoever sets it sets
        /// it from this epoch on; under [`Schedule::Constant`] it is the rate of the epoch's updates.
        learning_rate: &'a Cell<f64>,
    },
    /// A batch was trained on.
    Step {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        batch: usize,
        /// Batches in the epoch.
        n_batches: usize,
        /// The batch's mean loss, penalties included, with the weights before the update.
        loss: f64,
    },
    /// The training part of the epoch is over; its evaluations follow.
    TrainingEnd {
        /// Counted from 1.
        epoch: usize,
    },
    /// The epoch is over; from here the training can be taken along.
    ///
    /// The numbers are as they were computed, NaN and infinities included; the caller, who has a clock, adds `seconds`.
    EpochEnd(&'a Epoch, Snapshot<'a>),
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
        /// The callback's name in the study file.
        by: &'static str,
        /// Counted from 1.
        epoch: usize,
    },
    /// The observer stopped it; the epoch may be incomplete.
    Interrupted,
    /// The loss was not a finite number in this batch, or on the training examples after the last batch of all.
    NonFinite {
        /// Counted from 1; 0 if it were the starting weights.
        epoch: usize,
        /// Counted from 1; 0 if it were the starting weights.
        batch: usize,
    },
}

/// The end of a training, and which epoch's weights the model has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitOutcome {
    /// Why it ended.
    pub end: FitEnd,
    /// The epoch whose weights a callback went back to, if one did: also after a loss that was not finite, as Keras
    /// does after `TerminateOnNaN`. Whether that epoch is good is in its row.
    pub restored_epoch: Option<usize>,
}

/// Trains a model.
///
/// `threads` is a plain number, or one that is read at each update and may change at any time: the results do not
/// depend on it. `observer` sees every batch and epoch and may stop the training.
///
/// # Panics
/// If the examples do not fit the model or each other ([`Examples::fits`] says it beforehand), or a setting is
/// impossible (a batch of 0 images, a learning rate that is set to a negative number or NaN).
pub fn fit<'a>(
    model: &mut Model,
    train: &Examples,
    validation: Option<&Examples>,
    config: &FitConfig,
    threads: impl Into<Threads<'a>>,
    observer: &mut dyn FnMut(FitEvent) -> Flow,
) -> FitOutcome {
    Training::checked(model, train, validation, config, threads.into()).end(observer)
}

/// Goes on with a training after the last epoch of `state`: with the same layers, examples and settings as before, the
/// model gets the same weights bit for bit, and the observer sees the epochs that are left, as if the training had
/// never stopped. A state of a training that had ended gives its end again.
///
/// ```
/// use toile_nn::*;
/// use toile_rng::Seed;
/// let shape = ImageShape { height: 2, width: 2, channels: 1 };
/// let layers = [Layer::Dense(Dense { activation: Activation::Softmax, ..Dense::new(2) })];
/// let images = [0, 50, 100, 150, 200, 250, 30, 60];
/// let train = Examples { images: Inputs::Bytes(&images), labels: &[0, 1], indices: &[0, 1], shape, classes: 2 };
/// let config = FitConfig { epochs: 3, ..FitConfig::new(Adam::default()) };
///
/// let (mut whole, mut states) = (Model::build(&layers, shape, Seed::new(1))?, Vec::new());
/// fit(&mut whole, &train, None, &config, 1, &mut |event| {
///     if let FitEvent::EpochEnd(_, snapshot) = event {
///         states.push(snapshot.take());
///     }
///     Flow::Continue
/// });
/// let mut other = Model::build(&layers, shape, Seed::new(2))?;
/// fit_from(&mut other, &train, None, &config, 2, &states[0], &mut |_| Flow::Continue)?;
/// assert_eq!(other.weights(), whole.weights());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the state is not one of a training of this model with these settings, as far as that shows: the state may
/// come from anywhere. The model is unchanged then.
///
/// # Panics
/// As [`fit()`].
pub fn fit_from<'a>(
    model: &mut Model,
    train: &Examples,
    validation: Option<&Examples>,
    config: &FitConfig,
    threads: impl Into<Threads<'a>>,
    state: impl Borrow<TrainingState>,
    observer: &mut dyn FnMut(FitEvent) -> Flow,
) -> Result<FitOutcome, StateError> {
    let mut training = Training::checked(model, train, validation, config, threads.into());
    training.restore(state.borrow())?;
    // One that was given away takes no memory while the training goes on.
    drop(state);
    Ok(training.end(observer))
}
