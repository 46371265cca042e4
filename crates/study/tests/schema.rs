//! The JSON Schema that editors are given.

use serde_json::Value;
use toile_study::{json_schema, list};

fn each<'a>(schema: &'a Value, visit: &mut dyn FnMut(&'a serde_json::Map<String, Value>)) {
    match schema {
        Value::Object(map) => {
            visit(map);
            map.values().for_each(|value| each(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| each(value, visit)),
        _ => {}
    }
}

#[test]
fn the_schema_is_draft_7_and_all_its_references_lead_somewhere() {
    let schema = json_schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    each(&schema, &mut |map| {
        if let Some(path) = map.get("$ref").and_then(Value::as_str) {
            assert!(schema.pointer(path.trim_start_matches('#')).is_some(), "{path}");
        }
    });
}

/// TOML has no null, and a key that is not there is no key: neither may be offered.
#[test]
fn the_schema_offers_no_null() {
    let schema = json_schema();
    each(&schema, &mut |map| {
        assert!(!map.values().any(Value::is_null), "{map:?}");
        assert!(!map.get("type").is_some_and(|t| t == "null" || t.is_array()), "{map:?}");
    });
}

#[test]
fn every_table_refuses_unknown_keys() {
    let schema = json_schema();
    each(&schema, &mut |map| {
        if map.get("properties").is_some_and(Value::is_object)
            && map.get("type").is_some_and(|t| t == "object")
        {
            assert_eq!(map.get("additionalProperties"), Some(&Value::Bool(false)), "{map:?}");
        }
    });
}

#[test]
fn every_key_has_a_description() {
    let schema = json_schema();
    let definitions = schema["definitions"].as_object().unwrap();
    for (name, definition) in definitions {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{key}");
        }
    }
}

#[test]
fn the_list_holds_the_names_of_the_specification() {
    let list = list();
    let names = |group: &str| list.iter().filter(|l| l.group == group).map(|l| l.name).collect::<Vec<_>>();
    assert_eq!(names("Optimizers"), ["sgd", "adam", "adamw", "nadam", "rmsprop"]);
    assert_eq!(
        names("Layers"),
        [
            "dense",
            "conv2d",
            "max_pooling2d",
            "average_pooling2d",
            "global_average_pooling2d",
            "flatten",
            "dropout",
            "batch_normalization",
            "activation"
        ]
    );
    assert_eq!(
        names("Schedules"),
        ["constant", "cosine", "exponential", "piecewise", "polynomial", "one_cycle"]
    );
    assert_eq!(names("Splits"), ["last", "stratified", "random"]);
}
