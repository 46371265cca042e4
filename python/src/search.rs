//! Ask and tell: a search whose trials Python tries, with the samplers and pruners of studies.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Map, Value, json};
use toile_record::{Direction, State};
use toile_rng::Seed;
use toile_tune::{
    Choice, Distribution, Param, Params, Pruner, PruningContext, Sampler, SamplingContext, Space, Trial,
};

use crate::network::{json, value_error};

/// A search and its trials, in memory.
#[pyclass(frozen, module = "toile._native")]
pub(crate) struct Search {
    space: Space,
    sampler: Sampler,
    pruner: Pruner,
    directions: Vec<Direction>,
    seed: Seed,
    n_trials: Option<usize>,
    name: String,
    trials: Mutex<Vec<Trial>>,
}

/// A member of a family by its name or its table.
fn member<T: serde::de::DeserializeOwned>(what: &str, written: &str, names: &[&str]) -> PyResult<T> {
    let value = match json(written)? {
        Value::String(name) if name != "none" => json!({ name: {} }),
        other => other,
    };
    let name = value.as_object().and_then(|table| table.keys().next()).cloned();
    serde_json::from_value(value).map_err(|error| match name {
        Some(name) if !names.contains(&name.as_str()) => {
            value_error(format!("{what}: toile has no `{name}`, expected one of {}", names.join(", ")))
        }
        _ => value_error(format!("{what}: {error}")),
    })
}

/// A range as a study file writes it: `{ low, high, log, step }` or `{ choices }`.
fn distribution(name: &str, range: &Value) -> PyResult<Distribution> {
    let refuse = |why: String| PyValueError::new_err(format!("`{name}`: {why}"));
    let table = range.as_object().ok_or_else(|| refuse(format!("expected a range, found {range}")))?;
    let known = ["low", "high", "log", "step", "choices"];
    if let Some(odd) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(refuse(format!("a range has no `{odd}`, expected low, high, log, step; or choices")));
    }
    if let Some(choices) = table.get("choices") {
        let choices: Vec<Choice> = serde_json::from_value(choices.clone())
            .map_err(|_| refuse("choices are numbers, words, true or false, or None".into()))?;
        return Distribution::categorical(choices).map_err(|error| refuse(error.0));
    }
    let log = table.get("log").is_some_and(|log| log == true);
    let (low, high) = (&range["low"], &range["high"]);
    let step = table.get("step").filter(|step| !step.is_null());
    let made = match (low.as_i64(), high.as_i64(), step.map(Value::as_i64)) {
        (Some(low), Some(high), None) => Distribution::int(low, high, log, 1),
        (Some(low), Some(high), Some(Some(step))) => Distribution::int(low, high, log, step),
        _ => {
            let (Some(low), Some(high)) = (low.as_f64(), high.as_f64()) else {
                return Err(refuse(format!("expected numbers for low and high, found {low} and {high}")));
            };
            Distribution::float(low, high, log, step.and_then(Value::as_f64))
        }
    };
    made.map_err(|error| refuse(error.0))
}

impl Search {
    fn lock(&self) -> MutexGuard<'_, Vec<Trial>> {
        self.trials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parameters as they are written, in the order of the space.
    fn external(&self, params: &Params) -> Value {
        let written = self.space.params.iter().filter_map(|param| {
            let value = params.get(&param.name)?;
            Some((param.name.clone(), json!(param.distribution.external(*value))))
        });
        Value::Object(written.collect::<Map<String, Value>>())
    }
}

fn running(trials: &mut [Trial], number: usize) -> PyResult<&mut Trial> {
    match trials.get_mut(number) {
        Some(trial) if trial.state == State::Running => Ok(trial),
        Some(_) => Err(PyRuntimeError::new_err(format!("trial {number} has been told already"))),
        None => Err(PyRuntimeError::new_err(format!("there is no trial {number}: it was never asked for"))),
    }
}

#[pymethods]
impl Search {
    /// Space, sampler and pruner are JSON, as a study file writes them.
    #[new]
    #[pyo3(signature = (space, sampler, pruner, directions, seed, n_trials, name))]
    fn new(
        space: &str,
        sampler: &str,
        pruner: &str,
        directions: Vec<String>,
        seed: u64,
        n_trials: Option<usize>,
        name: String,
    ) -> PyResult<Search> {
        let written = json(space)?;
        let ranges = written.as_object().filter(|ranges| !ranges.is_empty());
        let ranges = ranges.ok_or_else(|| value_error("the space has no parameter"))?;
        let params = ranges.iter().map(|(name, range)| {
            Ok(Param { name: name.clone(), distribution: distribution(name, range)?, when: Vec::new() })
        });
        let space = Space { params: params.collect::<PyResult<_>>()? };
        let direction = |word: &String| match word.as_str() {
            "minimize" => Ok(Direction::Minimize),
            "maximize" => Ok(Direction::Maximize),
            other => Err(value_error(format!("direction: expected minimize or maximize, found `{other}`"))),
        };
        let directions: Vec<Direction> = directions.iter().map(direction).collect::<PyResult<_>>()?;
        let sampler: Sampler = member("sampler", sampler, Sampler::NAMES)?;
        let pruner: Pruner = member("pruner", pruner, Pruner::NAMES)?;
        sampler.supports(&directions, &space).map_err(value_error)?;
        pruner.check().map_err(|error| value_error(format!("{}; {}", error.message, error.help)))?;
        let sampler = n_trials.map_or_else(|| sampler.clone(), |n| sampler.effective(&space, n));
        let trials = Mutex::new(Vec::new());
        Ok(Search { space, sampler, pruner, directions, seed: Seed::new(seed), n_trials, name, trials })
    }

    /// The number of the next trial, and its parameters as JSON. None where a grid has tried every point.
    fn ask(&self) -> Option<(usize, String)> {
        let mut trials = self.lock();
        let number = trials.len();
        let points = self.space.count_points(&Params::new());
        if self.sampler.is_exhaustive() && points.is_some_and(|points| number as u128 >= points) {
            return None;
        }
        let context = SamplingContext {
            space: &self.space,
            directions: &self.directions,
            history: &trials,
            number,
            seed: self.seed,
            n_trials: self.n_trials,
            fixed: &Params::new(),
        };
        let params = self.sampler.suggest(&context);
        let written = self.external(&params).to_string();
        trials.push(Trial {
            number,
            state: State::Running,
            params,
            values: Vec::new(),
            intermediate: BTreeMap::new(),
            rungs: Vec::new(),
            constraints: Vec::new(),
        });
        Some((number, written))
    }

    /// Tells a value on the way; whether the trial should stop.
    fn report(&self, number: usize, step: i64, value: f64) -> PyResult<bool> {
        let mut trials = self.lock();
        running(&mut trials, number)?.intermediate.insert(step, value);
        let [direction] = self.directions.as_slice() else {
            return Err(value_error("a search for several values prunes no trial"));
        };
        let others: Vec<Trial> = trials.iter().filter(|other| other.number != number).cloned().collect();
        let context = PruningContext {
            search: &self.name,
            direction: *direction,
            history: &others,
            trial: &trials[number],
        };
        let decision = self.pruner.decide(&context);
        trials[number].rungs.extend(decision.rungs);
        Ok(decision.prune)
    }

    /// Tells how a trial ended: with its values, pruned, or failed.
    fn tell(&self, number: usize, state: &str, values: Vec<f64>) -> PyResult<()> {
        let mut trials = self.lock();
        let trial = running(&mut trials, number)?;
        trial.state = match state {
            "complete" if values.len() != self.directions.len() => {
                let (found, expected) = (values.len(), self.directions.len());
                return Err(value_error(format!("the objective gave {found} values, expected {expected}")));
            }
            // As in Optuna: what is not a number is no result.
            "complete" if values.iter().any(|value| value.is_nan()) => State::Failed,
            "complete" => State::Complete,
            "pruned" => State::Pruned,
            _ => State::Failed,
        };
        trial.values = if trial.state == State::Complete { values } else { Vec::new() };
        Ok(())
    }

    /// All trials as JSON: number, state, params, values, intermediate. An infinite or NaN number is a word.
    fn trials(&self) -> String {
        let number = |value: &f64| match value.is_finite() {
            true => json!(value),
            false => json!(value.to_string()),
        };
        let one = |trial: &Trial| {
            let steps = trial.intermediate.iter().map(|(step, value)| json!([step, number(value)]));
            json!({
                "number": trial.number,
                "state": trial.state.name(),
                "params": self.external(&trial.params),
                "values": trial.values.iter().map(number).collect::<Vec<_>>(),
                "intermediate": steps.collect::<Vec<_>>(),
            })
        };
        Value::Array(self.lock().iter().map(one).collect()).to_string()
    }
}
