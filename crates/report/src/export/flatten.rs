//! A resolved plan as flat settings: `optimizer` = adam, `optimizer.learning_rate` = 0.001.

use serde_json::{Map, Value};

use crate::format::shortest;

/// Keys that have columns of their own, or that do not fit into a cell.
const LEFT_OUT: [&str; 8] = ["name", "seed", "model", "data", "layers", "published", "note", "id"];

/// The plan's settings in the order of the plan: dotted name, value as text.
///
/// A choice (`{"adam": {…}}`) becomes its name, and its settings follow under the name of the choice's key.
/// Lists and nested choices inside lists stay compact JSON.
pub(crate) fn flatten(plan: &Value) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    if let Value::Object(map) = plan {
        for (key, value) in map.iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())) {
            add(&mut settings, key, value);
        }
    }
    settings
}

fn add(settings: &mut Vec<(String, String)>, key: &str, value: &Value) {
    match value {
        Value::Object(map) => match choice(map) {
            Some((name, inner)) => {
                settings.push((key.to_owned(), name.to_owned()));
                inner.iter().for_each(|(k, v)| add(settings, &format!("{key}.{k}"), v));
            }
            None => map.iter().for_each(|(k, v)| add(settings, &format!("{key}.{k}"), v)),
        },
        other => settings.push((key.to_owned(), scalar(other))),
    }
}

/// A map with one key whose value is a map is a choice from a list, as serde writes an enum.
pub(crate) fn choice(map: &Map<String, Value>) -> Option<(&str, &Map<String, Value>)> {
    match map.iter().next() {
        Some((name, Value::Object(inner))) if map.len() == 1 => Some((name, inner)),
        _ => None,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(String::new, shortest),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_choice_becomes_its_name_and_its_settings_follow() {
        let plan = json!({
            "name": "Model 5", "seed": 7, "layers": [{"flatten": {}}],
            "optimizer": {"adam": {"learning_rate": 0.001, "epsilon": 1e-7, "clipnorm": null}},
            "schedule": "constant", "batch_size": 128, "validation_split": {"fraction": 0.1, "how": "last"},
            "callbacks": [{"early_stopping": {"patience": 5}}],
        });
        let expected = [
            ("optimizer", "adam"),
            ("optimizer.learning_rate", "0.001"),
            ("optimizer.epsilon", "1e-7"),
            ("optimizer.clipnorm", ""),
            ("schedule", "constant"),
            ("batch_size", "128"),
            ("validation_split.fraction", "0.1"),
            ("validation_split.how", "last"),
            ("callbacks", "[{\"early_stopping\":{\"patience\":5}}]"),
        ];
        assert_eq!(flatten(&plan), expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_plan_that_is_no_table_has_no_settings() {
        assert_eq!(flatten(&json!(null)), []);
        assert_eq!(flatten(&json!([1, 2])), []);
    }
}
