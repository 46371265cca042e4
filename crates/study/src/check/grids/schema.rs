//! The settings of a grid in the JSON Schema: each as a run has it, or as a list of such values.

use serde_json::{Map, Value as Json, json};

use crate::check::schema;
use crate::file::{GRID_SETTINGS, MAX_GRID_RUNS};

/// The mark of a setting that may be a list of values.
const MARK: &str = "x-grid";

/// Adds the settings to the table of grids.
pub(crate) fn add_settings(definitions: &mut Json) {
    for key in GRID_SETTINGS {
        let plain = match key {
            "learning_rate" => &definitions["Sgd"]["properties"][key],
            key => &definitions["RunTable"]["properties"][key],
        };
        let mut value: Map<String, Json> = plain.as_object().expect("a setting of a run").clone();
        value.remove("default");
        let description = match (key, value.remove("description")) {
            ("learning_rate", _) => {
                json!("The learning rate of each of these optimizers, which set none themselves.")
            }
            (_, description) => description.unwrap_or_default(),
        };
        let several = json!({ "type": "array", "items": value, "minItems": 1, "maxItems": MAX_GRID_RUNS });
        definitions["GridTable"]["properties"][key] =
            json!({ "description": description, "anyOf": [value, several], MARK: true });
    }
}

/// Whether a property of a table is a setting of a grid.
pub(crate) fn is_setting(property: &Json) -> bool {
    property[MARK] == true
}

/// The schema of one value of a setting; of other properties, their own.
pub(crate) fn of_one_value(property: &'static Json) -> &'static Json {
    if is_setting(property) { &property["anyOf"][0] } else { property }
}

/// The schema of one value of a setting.
pub(super) fn of_setting(key: &str) -> &'static Json {
    of_one_value(&schema::definition("GridTable")["properties"][key])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_may_list_every_setting_of_a_run() {
        let of_runs = schema::properties(schema::definition("RunSettings")).keys();
        let missing: Vec<&String> = of_runs.filter(|key| !GRID_SETTINGS.contains(&key.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn all_optimizers_check_their_learning_rate_alike() {
        let bounds = |content: &'static Json| {
            let mut rate = schema::properties(schema::resolve(content).0)["learning_rate"].clone();
            let map = rate.as_object_mut().unwrap();
            map.retain(|key, _| !["default", "description"].contains(&key.as_str()));
            rate
        };
        let optimizers = schema::choices(schema::definition("Optimizer")).unwrap();
        let all: Vec<Json> = optimizers.iter().filter_map(|one| one.content).map(bounds).collect();
        assert_eq!(all.len(), optimizers.len());
        assert!(all.iter().all(|one| one == of_setting("learning_rate")), "{all:?}");
    }
}
