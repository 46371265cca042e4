//! The state of a training between two epochs: what to take along to go on later, or elsewhere, with the same bits.

use serde::{Deserialize, Serialize};
use toile_record::LayersRecord;

use crate::callbacks::{CallbackFacts, Callbacks};
use crate::optimizers::OptimizerState;
use crate::{DtypePolicy, FitConfig, Model, NUMERICS, NUMERICS_BF16, Tensor, WeightsError};

/// Everything that a training carries from one epoch to the next.
///
/// Plain data, to be written in any form that keeps every f32: the facts as JSON, the tensors as they are. Shuffling
/// and dropout need no place here, as their streams are functions of seed, epoch and update.
///
/// What the plan says (layers, settings, data) is not in it: [`fit_from`](crate::fit_from) is given the same again, and
/// refuses what it can see to be another.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState {
    /// Counts, flags and single numbers.
    pub facts: StateFacts,
    /// The weights (`weights/0.kernel`), what the optimizer remembers of each (`optimizer.0/0.kernel`), and the best
    /// weights that a callback keeps (`callback.2/0.kernel`); in the order of these names.
    pub tensors: Vec<Tensor>,
}

/// The part of a training's state that is not tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateFacts {
    /// [`NUMERICS`] of the engine that trained: another one would go on with other bits.
    pub numerics: u32,
    /// [`NUMERICS_BF16`], where that is what it computes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerics_bf16: Option<u32>,
    /// The root of shuffling and dropout.
    pub seed: u64,
    /// Epochs behind it.
    pub epoch: usize,
    /// The name of the callback that has stopped it, if one has.
    #[serde(deserialize_with = "stopped_by")]
    pub stopped: Option<String>,
    /// Its last loss of all is not a finite number.
    pub diverged: bool,
    /// The optimizer's name in the study file.
    pub optimizer: String,
    /// Updates behind it.
    pub step: u64,
    /// Nadam's product of momenta; 1 for all others.
    pub momentum_product: Exact,
    /// The rate that the schedule starts from: the optimizer's, or what a callback reduced it to.
    pub learning_rate: Exact,
    /// What each callback remembers, in the order of the settings.
    pub callbacks: Vec<CallbackFacts>,
    /// Where it began, if it goes on from the end of another training ([`TrainingState::followed`]) whose epochs may
    /// have had another number of updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TrainedBefore>,
}

/// What lies behind a training that goes on from another one's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainedBefore {
    /// Epochs, from the optimizer's beginning.
    pub epochs: usize,
    /// Updates in them.
    pub updates: u64,
}

/// Earlier versions wrote whether a callback had stopped it: only `early_stopping` could.
fn stopped_by<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum StoppedFact {
        OrNot(bool),
        By(Option<String>),
    }
    Ok(match StoppedFact::deserialize(deserializer)? {
        StoppedFact::OrNot(stopped) => stopped.then(|| "early_stopping".into()),
        StoppedFact::By(callback) => callback,
    })
}

/// A number that is written as its bits in hexadecimal, so that it comes back the same, infinities and NaN too. Equal
/// are the same bits.
#[derive(Clone, Copy, Debug)]
pub struct Exact(pub f64);

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0.to_bits()))
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_whole = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let bits = u64::from_str_radix(&text, 16).ok().filter(|_| is_whole);
        let wrong = || serde::de::Error::custom(format!("expected 16 hexadecimal digits, found `{text}`"));
        bits.map(|bits| Exact(f64::from_bits(bits))).ok_or_else(wrong)
    }
}

/// Why a training cannot go on from a state.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StateError {
    /// A fact is another than the plan's.
    #[error("the state has {what} {found}, expected {expected}")]
    Other {
        /// Which fact.
        what: &'static str,
        /// The state's.
        found: String,
        /// The plan's.
        expected: String,
    },
    /// A number that no training can have come to.
    #[error("the state has {what} {found}: no training comes to that")]
    Impossible {
        /// Which number.
        what: String,
        /// The state's.
        found: String,
    },
    /// The tensors are not those of the model, the optimizer and the callbacks.
    #[error("the state does not fit: {0}")]
    Tensors(#[from] WeightsError),
}

/// The plan's callback of the name that the state says.
fn stopping_callback(name: Option<&str>, callbacks: &Callbacks) -> Result<Option<&'static str>, StateError> {
    let Some(name) = name else { return Ok(None) };
    let known = callbacks.named(name);
    possible("stopped by", name, known.is_some())?;
    Ok(known)
}

/// Gives an error unless the state's fact is the plan's.
fn same<T: PartialEq + ToString>(what: &'static str, found: T, expected: T) -> Result<(), StateError> {
    if found == expected {
        return Ok(());
    }
    Err(StateError::Other { what, found: found.to_string(), expected: expected.to_string() })
}

/// Gives an error unless the number may be.
pub(crate) fn possible(what: &str, found: impl ToString, may_be: bool) -> Result<(), StateError> {
    if may_be {
        return Ok(());
    }
    Err(StateError::Impossible { what: what.into(), found: found.to_string() })
}

/// Where a training stands between two epochs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FitProgress {
    /// Epochs behind it.
    pub epoch: usize,
    /// The callback that has stopped it, if one has.
    pub stopped: Option<&'static str>,
    /// Its last loss of all is not a finite number.
    pub diverged: bool,
    /// Where it began, if that was with other numbers of updates per epoch than its own.
    pub before: Option<TrainedBefore>,
}

/// A training at the end of an epoch, whose state can be taken. It costs nothing until then.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    pub(crate) model: &'a Model,
    pub(crate) config: &'a FitConfig,
    pub(crate) optimizer: &'a OptimizerState,
    pub(crate) callbacks: &'a Callbacks,
    pub(crate) progress: FitProgress,
    pub(crate) layers: Option<&'a LayersRecord>,
}

impl std::fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot(after epoch {})", self.progress.epoch)
    }
}

impl Snapshot<'_> {
    /// The model, with the weights that the epoch left.
    pub fn model(&self) -> &Model {
        self.model
    }

    /// What was measured of the layers: after the first and the last epoch and up to two between them, where
    /// [`FitConfig::measures_layers`] is set. Of a short training on few images only after the last.
    pub fn layers(&self) -> Option<&LayersRecord> {
        self.layers
    }

    /// Copies the state: as many floats as there are weights, once more for each number that the optimizer remembers
    /// per weight, and once more for each callback that keeps the best weights.
    pub fn take(&self) -> TrainingState {
        let slots = self.optimizer.slots().map(|(i, slot)| (optimizer_group(i), slot));
        let best = self.callbacks.best_weights().map(|(i, weights)| (callback_group(i), weights));
        let weights = (WEIGHTS.to_string(), &self.model.weights[..]);
        let groups = std::iter::once(weights).chain(slots).chain(best);
        let mut tensors: Vec<_> =
            groups.flat_map(|(group, values)| self.model.tensors(&group, values)).collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        TrainingState { facts: self.facts(), tensors }
    }

    fn facts(&self) -> StateFacts {
        StateFacts {
            numerics: NUMERICS,
            numerics_bf16: numerics_bf16(self.model),
            seed: self.config.seed.value(),
            epoch: self.progress.epoch,
            stopped: self.progress.stopped.map(String::from),
            diverged: self.progress.diverged,
            optimizer: self.config.optimizer.name().into(),
            step: self.optimizer.step,
            momentum_product: Exact(f64::from(self.optimizer.momentum_product)),
            learning_rate: Exact(self.callbacks.learning_rate()),
            callbacks: self.callbacks.facts(),
            before: self.progress.before,
        }
    }
}

/// The version of what a model computes besides `NUMERICS`.
fn numerics_bf16(model: &Model) -> Option<u32> {
    (!model.dtype_policy.is_float32()).then_some(NUMERICS_BF16)
}

/// The updates of so many epochs.
fn updates_of(epochs: usize, n_batches: usize) -> u128 {
    epochs as u128 * n_batches as u128
}

pub(crate) const WEIGHTS: &str = "weights/";

fn optimizer_group(slot: usize) -> String {
    format!("optimizer.{slot}/")
}

fn callback_group(callback: usize) -> String {
    format!("callback.{callback}/")
}

impl TrainingState {
    /// Puts optimizer and callbacks, as they start, where the state says; then the model's weights. Updates in an
    /// epoch: `n_batches`. The model is unchanged if there is an error.
    pub(crate) fn restore(
        &self,
        model: &mut Model,
        config: &FitConfig,
        n_batches: usize,
        optimizer: &mut OptimizerState,
        callbacks: &mut Callbacks,
    ) -> Result<FitProgress, StateError> {
        self.check(model, config, n_batches)?;
        let facts = &self.facts;
        let mut groups = 1;
        for (i, slot) in optimizer.slots_mut() {
            model.fill(&optimizer_group(i), &self.tensors, slot)?;
            groups += 1;
        }
        let stopped = stopping_callback(facts.stopped.as_deref(), callbacks)?;
        callbacks.resume(&facts.callbacks, facts.epoch, facts.learning_rate.0, model.weights.len())?;
        for (i, best) in callbacks.best_weights_mut() {
            model.fill(&callback_group(i), &self.tensors, best)?;
            groups += 1;
        }
        let mut weights = model.weights.clone();
        model.fill(WEIGHTS, &self.tensors, &mut weights)?;
        self.check_number(model, groups)?;
        (optimizer.step, optimizer.momentum_product) = (facts.step, facts.momentum_product.0 as f32);
        model.weights = weights;
        let before =
            facts.before.filter(|before| updates_of(before.epochs, n_batches) != before.updates.into());
        Ok(FitProgress { epoch: facts.epoch, stopped, diverged: facts.diverged, before })
    }

    fn check(&self, model: &Model, config: &FitConfig, n_batches: usize) -> Result<(), StateError> {
        let facts = &self.facts;
        let policy = match facts.numerics_bf16 {
            Some(_) => DtypePolicy::MixedBfloat16,
            None => DtypePolicy::Float32,
        };
        same("dtype_policy", policy.name(), model.dtype_policy.name())?;
        if let (Some(found), Some(expected)) = (facts.numerics_bf16, numerics_bf16(model)) {
            same("numerics of bfloat16", found, expected)?;
        }
        same("numerics", facts.numerics, NUMERICS)?;
        same("seed", facts.seed, config.seed.value())?;
        same("optimizer", facts.optimizer.as_str(), config.optimizer.name())?;
        same("callbacks", facts.callbacks.len(), config.callbacks.len())?;
        // Only where nothing is to be trained is there a state before the first epoch.
        let planned = (config.epochs.min(1)..=config.epochs).contains(&facts.epoch);
        possible("epoch", format!("{} of {}", facts.epoch, config.epochs), planned)?;
        let before = facts.before.unwrap_or_default();
        let own = facts.epoch.checked_sub(before.epochs);
        possible("epochs before it", before.epochs, own.is_some())?;
        // Another count means another batch size or number of images.
        let updates = u128::from(before.updates) + updates_of(own.unwrap_or(0), n_batches);
        same("updates", u128::from(facts.step), updates)?;
        let product = facts.momentum_product.0;
        possible("product of momenta", product, (0.0..=1.0).contains(&product))?;
        let rate = facts.learning_rate.0;
        possible("learning rate", rate, rate.is_finite() && rate >= 0.0)
    }

    /// All tensors that belong to the state are there: the others do not.
    fn check_number(&self, model: &Model, groups: usize) -> Result<(), StateError> {
        let expected = groups * model.parameters.iter().flatten().count();
        same("tensors", self.tensors.len(), expected)
    }
}
