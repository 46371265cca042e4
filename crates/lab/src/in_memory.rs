//! A training on data that a program holds in memory, outside of a study: nothing is recorded.

use toile_nn::{
    Examples, ExamplesError, FitConfig, FitEvent, Flow, Model, StateError, Threads, TrainingState,
};
use toile_record::{End, Epoch};

use crate::training::how_it_ended;

/// What a training in memory came to.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryFit {
    /// A row for each epoch that has ended, as a study records it: a number that is not finite is missing. There is no
    /// clock: `seconds` is 0.
    pub epochs: Vec<Epoch>,
    /// How it ended, as a study records it; `None` if the observer stopped it.
    pub end: Option<End>,
    /// Whether the weights are those of a good epoch: not so where the loss became infinite or NaN and no callback went
    /// back to an epoch before.
    pub has_weights: bool,
    /// The epoch whose weights a callback went back to, if one did.
    pub restored_epoch: Option<usize>,
}

/// Why a training in memory cannot begin.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MemoryFault {
    /// The examples do not fit the model, or each other.
    #[error(transparent)]
    Examples(#[from] ExamplesError),
    /// The state is that of another training.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Trains a model on examples in memory, bytes or floats: from its weights as they are, or on from a `state` that a
/// training has left.
///
/// A run of a study with the same layers, settings, seed and data ends with the same weights, bit for bit: with `model`
/// as [`Model::build`] starts it from the seed, `config` as [`fit_config`](crate::fit_config) makes it from the run's
/// settings, and the examples divided by `toile_data::split`. Then [`weights_file`](crate::weights_file) gives the
/// bytes whose SHA-256 the study records.
///
/// The observer sees the beginning of each epoch, each batch and the end of each epoch, and stops the training by
/// [`Flow::Stop`]; the model keeps the weights that it has then.
///
/// # Errors
/// If the examples do not fit the model, or each other, or the state is not one of such a training: nothing is trained.
///
/// # Panics
/// If a setting is impossible: a batch of 0 images, or a number of class weights that is neither 0 nor that of the
/// classes.
pub fn fit_in_memory<'a>(
    model: &mut Model,
    train: &Examples<'_>,
    validation: Option<&Examples<'_>>,
    config: &FitConfig,
    state: Option<TrainingState>,
    threads: impl Into<Threads<'a>>,
    observer: &mut dyn FnMut(FitEvent<'_>) -> Flow,
) -> Result<MemoryFit, MemoryFault> {
    train.fits(model)?;
    validation.map_or(Ok(()), |examples| examples.fits(model))?;
    let mut epochs = Vec::new();
    let mut observer = |event: FitEvent<'_>| {
        if let FitEvent::EpochEnd(epoch, _) = event {
            epochs.push(epoch.finite());
        }
        observer(event)
    };
    let outcome = match state {
        Some(state) => toile_nn::fit_from(model, train, validation, config, threads, state, &mut observer)?,
        None => toile_nn::fit(model, train, validation, config, threads, &mut observer),
    };
    let validates = validation.is_some_and(|examples| !examples.is_empty());
    let ended = how_it_ended(outcome, &epochs, validates);
    let has_weights = ended.as_ref().is_none_or(|(_, has_weights)| *has_weights);
    let end = ended.map(|(end, _)| end);
    Ok(MemoryFit { epochs, end, has_weights, restored_epoch: outcome.restored_epoch })
}
