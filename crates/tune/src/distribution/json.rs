//! Distributions in Optuna's JSON, as they are in its database.

use serde_json::{Value, json};

use super::{Distribution, DistributionError};

impl From<Distribution> for Value {
    /// Optuna's JSON: `{"name": "FloatDistribution", "attributes": {…}}`.
    fn from(distribution: Distribution) -> Value {
        match distribution {
            Distribution::Float { low, high, log, step } => json!({
                "name": "FloatDistribution",
                "attributes": { "step": step, "low": low, "high": high, "log": log },
            }),
            Distribution::Int { low, high, log, step } => json!({
                "name": "IntDistribution",
                "attributes": { "log": log, "step": step, "low": low, "high": high },
            }),
            Distribution::Categorical { choices } => json!({
                "name": "CategoricalDistribution",
                "attributes": { "choices": choices },
            }),
        }
    }
}

impl TryFrom<Value> for Distribution {
    type Error = DistributionError;

    /// Reads Optuna's JSON, also that of its older versions and its short form.
    fn try_from(value: Value) -> Result<Self, DistributionError> {
        let kind = value.get("name").or_else(|| value.get("type")).and_then(Value::as_str).unwrap_or("");
        let attributes = value.get("attributes").unwrap_or(&value);
        let need = |key| number(attributes, key)?.ok_or_else(|| missing(key));
        let whole = |key| whole(attributes, key)?.ok_or_else(|| missing(key));
        let log = match attributes.get("log") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(log)) => *log,
            Some(other) => {
                return Err(DistributionError(format!("`log` must be true or false, found {other}")));
            }
        };
        let step = || Ok(self::whole(attributes, "step")?.unwrap_or(1));
        match kind {
            "FloatDistribution" | "float" => {
                Distribution::float(need("low")?, need("high")?, log, number(attributes, "step")?)
            }
            "UniformDistribution" => Distribution::float(need("low")?, need("high")?, false, None),
            "LogUniformDistribution" => Distribution::float(need("low")?, need("high")?, true, None),
            "DiscreteUniformDistribution" => {
                Distribution::float(need("low")?, need("high")?, false, Some(need("q")?))
            }
            "IntDistribution" | "int" => Distribution::int(whole("low")?, whole("high")?, log, step()?),
            "IntUniformDistribution" => Distribution::int(whole("low")?, whole("high")?, false, step()?),
            "IntLogUniformDistribution" => Distribution::int(whole("low")?, whole("high")?, true, 1),
            "CategoricalDistribution" | "categorical" => {
                let choices = attributes.get("choices").cloned().unwrap_or_default();
                let choices = serde_json::from_value(choices)
                    .map_err(|error| DistributionError(format!("`choices`: {error}")))?;
                Distribution::categorical(choices)
            }
            other => Err(DistributionError(format!("no distribution is named `{other}`"))),
        }
    }
}

fn missing(key: &str) -> DistributionError {
    DistributionError(format!("`{key}` is missing"))
}

/// A number among the attributes, if it is there and not null.
fn number(attributes: &Value, key: &str) -> Result<Option<f64>, DistributionError> {
    match attributes.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(found) => match found.as_f64() {
            Some(number) => Ok(Some(number)),
            None => Err(DistributionError(format!("`{key}` must be a number, found {found}"))),
        },
    }
}

/// A whole number among the attributes, if it is there and not null. As Python's `int`, it drops what is behind the
/// point.
fn whole(attributes: &Value, key: &str) -> Result<Option<i64>, DistributionError> {
    let fault = |found: &Value| {
        DistributionError(format!("`{key}` must be a whole number below 2^63, found {found}"))
    };
    match attributes.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(found) => match (found.as_i64(), found.as_f64()) {
            (Some(whole), _) => Ok(Some(whole)),
            (None, Some(number)) if found.is_f64() && number.abs() < 9.2e18 => Ok(Some(number as i64)),
            _ => Err(fault(found)),
        },
    }
}
