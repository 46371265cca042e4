//! What an optimizer remembers, in Keras' order: so that Keras goes on with the same numbers.

use std::collections::HashMap;

use serde_json::{Value, json};
use toile_nn::{DescribedLayer, ModelDescription, Optimizer, Schedule, Tensor, TrainingState};

use crate::hdf5::{Hdf5Array, Hdf5Group, Hdf5Item, Hdf5Numbers, read_hdf5};
use crate::{ExchangeError, archive};

/// Where a training stood when the weights were made.
#[derive(Clone, Copy, Debug)]
pub struct KerasMemory<'a> {
    /// Its state after the epoch of the weights.
    pub state: &'a TrainingState,
    /// Its schedule of the learning rate.
    pub schedule: &'a Schedule,
}

/// Tensors of these kinds are not trained: no optimizer remembers anything of them.
const UNTRAINED: [&str; 2] = ["moving_mean", "moving_variance"];

impl KerasMemory<'_> {
    /// The learning rate that is written as a number: that of the last update, or what a callback has reduced it to.
    /// `None` where Keras knows the schedule.
    pub fn learning_rate(&self) -> Option<f64> {
        let facts = &self.state.facts;
        match self.schedule {
            Schedule::Constant => Some(facts.learning_rate.0),
            // Keras has none of the kind.
            Schedule::OneCycle(_) => {
                Some(self.schedule.rate(facts.learning_rate.0, facts.step.saturating_sub(1)))
            }
            Schedule::Cosine(_)
            | Schedule::Exponential(_)
            | Schedule::Piecewise(_)
            | Schedule::Polynomial(_) => None,
        }
    }

    /// The schedule as Keras spells it; `None` where the rate is a number.
    pub(super) fn schedule(&self) -> Option<Value> {
        let start = self.state.facts.learning_rate.0;
        let (class_name, config) = match self.schedule {
            Schedule::Constant | Schedule::OneCycle(_) => return None,
            Schedule::Cosine(s) => (
                "CosineDecay",
                json!({
                    "initial_learning_rate": start, "decay_steps": s.decay_steps, "alpha": s.alpha,
                    "warmup_target": s.warmup_target, "warmup_steps": s.warmup_steps, "name": "CosineDecay",
                }),
            ),
            Schedule::Exponential(s) => (
                "ExponentialDecay",
                json!({
                    "initial_learning_rate": start, "decay_steps": s.decay_steps, "decay_rate": s.decay_rate,
                    "staircase": s.staircase, "name": "ExponentialDecay",
                }),
            ),
            Schedule::Piecewise(s) => (
                "PiecewiseConstantDecay",
                json!({ "boundaries": s.boundaries, "values": s.values, "name": "PiecewiseConstant" }),
            ),
            Schedule::Polynomial(s) => (
                "PolynomialDecay",
                json!({
                    "initial_learning_rate": start, "decay_steps": s.decay_steps,
                    "end_learning_rate": s.end_learning_rate, "power": s.power, "cycle": false,
                    "name": "PolynomialDecay",
                }),
            ),
        };
        Some(json!({
            "module": "keras.optimizers.schedules", "class_name": class_name, "config": config,
            "registered_name": null,
        }))
    }
}

/// `optimizer/vars/0`, `1`, …: the count of updates, the learning rate unless a schedule gives it, then what is
/// remembered of each trained tensor.
///
/// # Errors
/// If the state is of another network or another optimizer, or too many updates for Keras to count.
pub fn optimizer_variables(
    model: &ModelDescription,
    optimizer: &Optimizer,
    memory: KerasMemory<'_>,
) -> Result<Vec<Hdf5Array>, ExchangeError> {
    let facts = &memory.state.facts;
    if facts.optimizer != optimizer.name() {
        let message = format!("the state is of {}, expected {}", facts.optimizer, optimizer.name());
        return Err(ExchangeError::new(message));
    }
    let step = i32::try_from(facts.step)
        .map_err(|_| ExchangeError::new(format!("{} updates are more than Keras counts", facts.step)))?;
    let scalar = |value: f32| Hdf5Array { shape: Vec::new(), numbers: Hdf5Numbers::Floats(vec![value]) };
    let mut all = vec![Hdf5Array { shape: Vec::new(), numbers: Hdf5Numbers::Ints(vec![step.into()]) }];
    all.extend(memory.learning_rate().map(|rate| scalar(rate as f32)));
    let remembered = Remembered::new(model, memory.state);
    match optimizer {
        Optimizer::Sgd(sgd) if sgd.momentum > 0.0 => remembered.add(&[0], &mut all)?,
        Optimizer::Sgd(_) => {}
        Optimizer::Adam(adam) => remembered.add_moments(adam.amsgrad, &mut all)?,
        Optimizer::AdamW(adam) => remembered.add_moments(adam.amsgrad, &mut all)?,
        Optimizer::Nadam(_) => {
            remembered.add_moments(false, &mut all)?;
            all.push(scalar(facts.momentum_product.0 as f32));
        }
        Optimizer::RmsProp(rmsprop) => {
            remembered.add(&[0], &mut all)?;
            if rmsprop.momentum > 0.0 {
                remembered.add(&[2], &mut all)?;
            }
            if rmsprop.centered {
                remembered.add(&[1], &mut all)?;
            }
        }
    }
    Ok(all)
}

/// The numbers per weight of a state, by tensor.
struct Remembered<'a> {
    /// Names of the trained tensors, in Keras' order.
    trained: Vec<&'a Tensor>,
    tensors: HashMap<&'a str, &'a Tensor>,
}

impl<'a> Remembered<'a> {
    fn new(model: &'a ModelDescription, state: &'a TrainingState) -> Remembered<'a> {
        let of_layer = |layer: &'a DescribedLayer| layer.tensors.iter();
        let is_trained = |tensor: &&Tensor| !UNTRAINED.contains(&tensor.kind());
        Remembered {
            trained: model.layers.iter().flat_map(of_layer).filter(is_trained).collect(),
            tensors: state.tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
        }
    }

    /// These slots of the first tensor, then of the second, and so on.
    fn add(&self, slots: &[usize], all: &mut Vec<Hdf5Array>) -> Result<(), ExchangeError> {
        for tensor in &self.trained {
            for slot in slots {
                let name = format!("optimizer.{slot}/{}", tensor.name);
                let found = self.tensors.get(name.as_str()).filter(|found| found.shape == tensor.shape);
                let found = found
                    .ok_or_else(|| ExchangeError::new(format!("the state has no `{name}` of this shape")))?;
                let numbers = Hdf5Numbers::Floats(found.values.clone());
                all.push(Hdf5Array { shape: found.shape.clone(), numbers });
            }
        }
        Ok(())
    }

    /// m and v of each tensor; with amsgrad the largest v of each after all of them.
    fn add_moments(&self, amsgrad: bool, all: &mut Vec<Hdf5Array>) -> Result<(), ExchangeError> {
        self.add(&[0, 1], all)?;
        if amsgrad { self.add(&[2], all) } else { Ok(()) }
    }
}

/// The group `optimizer` of a file of weights.
pub(super) fn group(variables: &[Hdf5Array]) -> Hdf5Item {
    let all = variables.iter().enumerate().map(|(i, array)| (i.to_string(), Hdf5Item::Array(array.clone())));
    Hdf5Item::Group(Hdf5Group::from([("vars".into(), Hdf5Item::Group(all.collect()))]))
}

/// Reads `optimizer/vars` of a `.keras` file in the order of its numbers; empty where there is none.
///
/// # Errors
/// If the file is broken. Bytes of any kind give an error at worst.
pub fn read_optimizer_variables(bytes: &[u8]) -> Result<Vec<Hdf5Array>, ExchangeError> {
    let Some(weights) = archive::member(bytes, "model.weights.h5")? else { return Ok(Vec::new()) };
    let root = read_hdf5(&weights)?;
    let Some(Hdf5Item::Group(optimizer)) = root.get("optimizer") else { return Ok(Vec::new()) };
    let Some(Hdf5Item::Group(vars)) = optimizer.get("vars") else { return Ok(Vec::new()) };
    let array = |i: usize| match vars.get(&i.to_string()) {
        Some(Hdf5Item::Array(array)) => Ok(array.clone()),
        Some(Hdf5Item::Group(_)) | None => {
            Err(ExchangeError::new(format!("`optimizer/vars/{i}` is no array of numbers")))
        }
    };
    (0..vars.len()).map(array).collect()
}
