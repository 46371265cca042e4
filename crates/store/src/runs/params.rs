//! The parameters of a run as a trial: its settings, as far as they differ among the runs of the plan.

use serde_json::{Map, Value, json};

use toile_record::RunRecord;

/// The settings of a run that are single values, by name. `{"adam": {"learning_rate": …}}` is the name `adam` and the
/// settings below it; those of the optimizer keep their own names, as one says them.
fn settings(plan: &Value, model: &str) -> Vec<(String, Value)> {
    let mut all = vec![("model".to_owned(), json!(model))];
    for (key, value) in plan.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "model" | "seed" | "data") {
            flatten(key, value, &mut all);
        }
    }
    all
}

fn flatten(path: &str, value: &Value, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(_) => {}
        Value::Object(map) => {
            let only = map.iter().next().filter(|(_, below)| map.len() == 1 && below.is_object());
            if let Some((name, _)) = only {
                all.push((path.to_owned(), json!(name)));
            }
            let below = only.map_or(map, |(_, below)| below.as_object().unwrap_or(map));
            for (key, value) in below {
                let is_own = path == "optimizer";
                flatten(&if is_own { key.clone() } else { format!("{path}.{key}") }, value, all);
            }
        }
        single => all.push((path.to_owned(), single.clone())),
    }
}

/// Widens the ranges by the settings of these runs: of settings that differ among them, and of the model.
pub(super) fn widen(space: &mut Map<String, Value>, runs: &[RunRecord]) {
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in runs.iter().flat_map(|run| settings(&run.plan, &run.model)) {
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => found.push((name, vec![value])),
        }
    }
    for (name, values) in found {
        let known = space.get(&name).map(ends).unwrap_or_default();
        let is_new = known.is_empty();
        let mut all = known;
        all.extend(values.into_iter().filter(|value| !all.contains(value)).collect::<Vec<_>>());
        if !is_new || all.len() > 1 || name == "model" {
            space.insert(name, range(&all));
        }
    }
}

/// The values that a range was made of: its bounds or its choices.
fn ends(range: &Value) -> Vec<Value> {
    let attributes = &range["attributes"];
    match attributes["choices"].as_array() {
        Some(choices) => choices.clone(),
        None => vec![attributes["low"].clone(), attributes["high"].clone()],
    }
}

/// The range of these values: numbers from the smallest to the largest, anything else one of them.
fn range(values: &[Value]) -> Value {
    let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    let Some(numbers) = numbers else {
        return json!({ "name": "CategoricalDistribution", "attributes": { "choices": values } });
    };
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match values.iter().all(|value| value.is_i64() || value.is_u64()) {
        true => json!({ "name": "IntDistribution",
            "attributes": { "log": false, "step": 1, "low": low as i64, "high": high as i64 } }),
        false => json!({ "name": "FloatDistribution",
            "attributes": { "step": null, "low": low, "high": high, "log": false } }),
    }
}

/// The parameters of a run: name, internal value, range.
pub(super) fn params<'s>(
    space: &'s Map<String, Value>,
    plan: &Value,
    model: &str,
) -> Vec<(String, f64, &'s Value)> {
    let internal = |name: &str, value: &Value| {
        let range = space.get(name)?;
        let value = match range["attributes"]["choices"].as_array() {
            Some(choices) => choices.iter().position(|choice| choice == value)? as f64,
            None => value.as_f64()?,
        };
        Some((value, range))
    };
    let all = settings(plan, model).into_iter();
    all.filter_map(|(name, value)| internal(&name, &value).map(|(value, range)| (name, value, range)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_one_says_them() {
        let plan = json!({
            "seed": 7, "optimizer": { "adam": { "learning_rate": 0.1, "clipnorm": null } }, "layers": [1],
            "schedule": { "cosine": { "steps": 3 } }, "class_weight": {}, "batch_size": 32,
        });
        let names: Vec<_> =
            settings(&plan, "dense").into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let meant = [
            "model=\"dense\"",
            "optimizer=\"adam\"",
            "learning_rate=0.1",
            "clipnorm=null",
            "schedule=\"cosine\"",
            "schedule.steps=3",
            "batch_size=32",
        ];
        assert_eq!(names, meant);
    }

    #[test]
    fn ranges_hold_all_values_and_numbers_of_both_kinds_are_real() {
        assert_eq!(range(&[json!(3), json!(1)])["attributes"]["low"], json!(1));
        assert_eq!(range(&[json!(3), json!(0.5)])["name"], json!("FloatDistribution"));
        assert_eq!(range(&[json!(null), json!(0.5)])["attributes"]["choices"], json!([null, 0.5]));
    }
}
