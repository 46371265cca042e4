//! The form of settings in which they are hashed: that of version 0.1.0, so that no id and no fingerprint moves when
//! settings are added or renamed.

use serde_json::{Map, Value};
use toile_nn::{DtypePolicy, Loss};

use super::settings::as_json;
use crate::check::schema;
use crate::space::template;

/// Settings that version 0.1.0 did not have, with their defaults: each is hashed only where it differs from its
/// default.
///
/// A path is made of keys; `*` is every item of a list, and ranges on the way are looked into.
fn newer_settings() -> [(&'static [&'static str], Value); 2] {
    [(&["loss"], as_json(&Loss::default())), (&["dtype_policy"], as_json(&DtypePolicy::default()))]
}

/// The template of a search's settings, as version 0.1.0 wrote it.
pub(crate) fn template_as_hashed(template: &mut Value) {
    as_hashed(&mut template["settings"]);
    for (path, default) in newer_settings() {
        if let (["layers", rest @ ..], Some(models)) = (path, template["models"].as_object_mut()) {
            models.values_mut().for_each(|layers| remove_default(layers, rest, &default));
        }
    }
}

/// The settings of a run, as version 0.1.0 wrote them.
pub(crate) fn as_hashed(settings: &mut Value) {
    for (path, default) in newer_settings() {
        remove_default(settings, path, &default);
    }
    if let Some(schedule) = settings.get_mut("schedule") {
        with_earlier_names(schedule);
    }
}

/// Removes the setting of this path wherever it has its default.
fn remove_default(value: &mut Value, path: &[&str], default: &Value) {
    if let Some(inner) = template::parts_mut(value) {
        inner.into_iter().for_each(|inner| remove_default(inner, path, default));
        return;
    }
    match (path, value) {
        ([key], Value::Object(map)) if map.get(*key) == Some(default) => drop(map.shift_remove(*key)),
        (["*", rest @ ..], Value::Array(items)) => {
            items.iter_mut().for_each(|item| remove_default(item, rest, default));
        }
        ([key, rest @ ..], Value::Object(map)) if !rest.is_empty() => {
            map.get_mut(*key).into_iter().for_each(|inner| remove_default(inner, rest, default));
        }
        _ => {}
    }
}

/// Every key by its earlier name.
fn with_earlier_names(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let renamed = std::mem::take(map).into_iter().map(|(key, mut value)| {
                with_earlier_names(&mut value);
                (schema::earlier_name(&key).map_or(key, String::from), value)
            });
            *map = renamed.collect::<Map<_, _>>();
        }
        Value::Array(items) => items.iter_mut().for_each(with_earlier_names),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_newer_setting_is_hashed_only_where_it_differs_from_its_default() {
        let hashed = |mut settings: Value| {
            as_hashed(&mut settings);
            settings
        };
        let focal = json!({ "categorical_focal_crossentropy": { "alpha": 0.25, "gamma": 2.0 } });
        assert_eq!(
            hashed(json!({ "epochs": 3, "loss": "categorical_crossentropy" })),
            json!({ "epochs": 3 })
        );
        let differs = json!({ "epochs": 3, "loss": focal });
        assert_eq!(hashed(differs.clone()), differs);
        let searched =
            json!({ "loss": template::choice("loss", vec![json!("categorical_crossentropy"), focal]) });
        assert_eq!(hashed(searched.clone()), searched, "a range is not its default");
    }

    #[test]
    fn a_default_is_found_in_lists_choices_and_repetitions() {
        let layer = |rate: u64| json!({ "conv2d": { "filters": 8, "dilation": rate } });
        let layers = |one: Value, two: Value, three: Value| {
            let chosen = template::choice("layers.2", vec![one.clone(), two]);
            json!({ "layers": [one, chosen, template::repeat(json!(2), vec![vec![three.clone()], vec![three]])] })
        };
        let path = ["layers", "*", "conv2d", "dilation"];
        let mut settings = layers(layer(1), layer(2), layer(1));
        remove_default(&mut settings, &path, &json!(1));
        let plain = json!({ "conv2d": { "filters": 8 } });
        assert_eq!(settings, layers(plain.clone(), layer(2), plain));
    }

    #[test]
    fn schedules_are_hashed_by_their_earlier_names() {
        let mut settings = json!({ "schedule": template::choice("schedule", vec![
            json!("constant"), json!({ "polynomial": { "decay_steps": 9, "end_learning_rate": 0.1, "power": 2.0 } }),
            json!({ "exponential": { "decay_steps": template::int("schedule.exponential.steps"), "decay_rate": 0.5 } }),
        ]) });
        as_hashed(&mut settings);
        let expected = json!({ "schedule": template::choice("schedule", vec![
            json!("constant"), json!({ "polynomial": { "steps": 9, "end": 0.1, "power": 2.0 } }),
            json!({ "exponential": { "steps": template::int("schedule.exponential.steps"), "rate": 0.5 } }),
        ]) });
        assert_eq!(settings, expected);
    }
}
