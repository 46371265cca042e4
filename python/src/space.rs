//! Ranges, samplers and pruners as Python gives them: in JSON, as a study file writes them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};
use toile_tune::{Choice, Distribution, Param, Space};

use crate::network::{json, value_error};

/// Ranges by name.
pub(crate) fn space_of(space: &str) -> PyResult<Space> {
    let written = json(space)?;
    let ranges = written.as_object().filter(|ranges| !ranges.is_empty());
    let ranges = ranges.ok_or_else(|| value_error("the space has no parameter"))?;
    let params = ranges.iter().map(|(name, range)| {
        Ok(Param { name: name.clone(), distribution: distribution(name, range)?, when: Vec::new() })
    });
    Ok(Space { params: params.collect::<PyResult<_>>()? })
}

/// A member of a family by its name or its table.
pub(crate) fn member<T: serde::de::DeserializeOwned>(
    what: &str,
    written: &str,
    names: &[&str],
) -> PyResult<T> {
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
