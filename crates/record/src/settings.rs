//! A plan as flat settings: `optimizer` = adam, `optimizer.learning_rate` = 0.001.

use serde_json::{Map, Value};

/// Keys of a plan that say which run it is, or that are lists of their own.
const NO_SETTINGS: [&str; 8] = ["name", "seed", "model", "data", "layers", "published", "note", "id"];

/// The settings of a plan in its order: dotted name, value. Lists stay lists, and what is not there is null.
///
/// A choice (`{"adam": {…}}`) becomes its name, and its settings follow under the name of the choice's key.
pub fn flat_settings(plan: &Value) -> Vec<(String, Value)> {
    let mut settings = Vec::new();
    if let Value::Object(map) = plan {
        for (key, value) in map.iter().filter(|(key, _)| !NO_SETTINGS.contains(&key.as_str())) {
            add(&mut settings, key, value);
        }
    }
    settings
}

fn add(settings: &mut Vec<(String, Value)>, key: &str, value: &Value) {
    let Value::Object(map) = value else {
        settings.push((key.to_owned(), value.clone()));
        return;
    };
    let inner = match choice(map) {
        Some((name, inner)) => {
            settings.push((key.to_owned(), name.into()));
            inner
        }
        None => map,
    };
    inner.iter().for_each(|(inner, value)| add(settings, &format!("{key}.{inner}"), value));
}

/// A map with one key whose value is a map is a choice from a list, as serde writes an enum.
pub fn choice(map: &Map<String, Value>) -> Option<(&str, &Map<String, Value>)> {
    match map.iter().next() {
        Some((name, Value::Object(inner))) if map.len() == 1 => Some((name, inner)),
        _ => None,
    }
}
