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

/// The checker's own marks are no JSON Schema.
#[test]
fn the_schema_has_no_marks() {
    each(&json_schema(), &mut |map| assert!(!map.keys().any(|key| key.starts_with("x-")), "{map:?}"));
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
            "depthwise_conv2d",
            "separable_conv2d",
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
    assert_eq!(names("Losses"), ["categorical_crossentropy", "categorical_focal_crossentropy"]);
    assert_eq!(names("Splits"), ["last", "stratified", "random"]);
    assert_eq!(names("Samplers"), ["random", "grid", "sobol", "tpe", "cma_es", "gp", "nsga2"]);
    assert_eq!(
        names("Pruners"),
        [
            "none",
            "median",
            "percentile",
            "successive_halving",
            "hyperband",
            "patient",
            "threshold",
            "wilcoxon"
        ]
    );
}

/// Whether a value is right by a schema: as much of draft 7 as the study file's schema has.
fn accepts(root: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(map) = schema else { return schema != false };
    map.iter().all(|(key, rule)| match (key.as_str(), value) {
        ("$ref", _) => {
            let path = rule.as_str().unwrap().trim_start_matches('#');
            accepts(root, root.pointer(path).unwrap(), value)
        }
        ("type", _) => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            _ => value.is_number(),
        },
        ("const", _) => value == rule,
        ("anyOf", _) => any(root, rule, value),
        ("oneOf", _) => rule.as_array().unwrap().iter().filter(|s| accepts(root, s, value)).count() == 1,
        ("allOf", _) => rule.as_array().unwrap().iter().all(|s| accepts(root, s, value)),
        ("required", Value::Object(of)) => {
            rule.as_array().unwrap().iter().all(|key| of.contains_key(key.as_str().unwrap()))
        }
        ("properties", Value::Object(of)) => {
            of.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| accepts(root, schema, value)))
        }
        ("additionalProperties", Value::Object(of)) => {
            let others =
                of.iter().filter(|(key, _)| map.get("properties").is_none_or(|p| p.get(key).is_none()));
            others.into_iter().all(|(_, value)| accepts(root, rule, value))
        }
        ("items", Value::Array(items)) => items.iter().all(|item| accepts(root, rule, item)),
        ("minItems", Value::Array(items)) => items.len() as u64 >= rule.as_u64().unwrap(),
        ("maxItems", Value::Array(items)) => items.len() as u64 <= rule.as_u64().unwrap(),
        ("minimum", Value::Number(n)) => n.as_f64() >= rule.as_f64(),
        ("maximum", Value::Number(n)) => n.as_f64() <= rule.as_f64(),
        ("exclusiveMinimum", Value::Number(n)) => n.as_f64() > rule.as_f64(),
        ("exclusiveMaximum", Value::Number(n)) => n.as_f64() < rule.as_f64(),
        _ => true,
    })
}

fn any(root: &Value, options: &Value, value: &Value) -> bool {
    options.as_array().unwrap().iter().any(|schema| accepts(root, schema, value))
}

fn is_accepted(text: &str) -> bool {
    let file: toml::Table = text.parse().unwrap();
    let schema = json_schema();
    accepts(&schema, &schema, &serde_json::to_value(file).unwrap())
}

#[test]
fn editors_accept_the_studies_that_come_with_toile() {
    for name in toile_study::built_in_names() {
        assert!(is_accepted(toile_study::built_in(name).unwrap()), "{name}");
    }
    assert!(is_accepted(toile_study::starter()));
}

const STUDY: &str = r#"
    [study]
    name = "s"
    data = "fashion-mnist"
    [models.m]
    layers = [
      { dense = { units = 8, activation = "relu" } },
      "dropout here",
      { dense = { units = 10, activation = "softmax" } },
    ]
    [defaults]
    shuffle = true
    [[runs]]
    name = "r"
    batch_size = 32
    [[searches]]
    name = "s"
    optimizer = "adam"
    epochs = 3
    note = "n"
"#;

fn study(old: &str, new: &str) -> String {
    assert!(STUDY.contains(old), "{old}");
    STUDY.replacen(old, new, 1).replace("\"dropout here\"", "{ dropout = { rate = 0.5 } }")
}

#[test]
fn editors_accept_ranges_in_searches_and_models() {
    for (old, new) in [
        ("epochs = 3", "epochs = { low = 1, high = 9, step = 2 }"),
        ("epochs = 3", "epochs = { choices = [1, 2, 3] }"),
        ("epochs = 3", "label_smoothing = { low = 0.0, high = 0.5 }"),
        ("epochs = 3", "callbacks = [{ early_stopping = { patience = { low = 1, high = 9, log = true } } }]"),
        (
            "\"adam\"",
            "{ choices = [\"adam\", { sgd = { learning_rate = { low = 0.1, high = 1, log = true } } }] }",
        ),
        ("\"adam\"", "{ adam = { amsgrad = { choices = [true, false] } } }"),
        ("units = 8", "units = { low = 8, high = 64 }"),
        ("\"relu\"", "{ choices = [\"relu\", \"tanh\"] }"),
        (
            "\"dropout here\"",
            "{ choices = [\"flatten\", { dropout = { rate = { low = 0.0, high = 0.5 } } }] }",
        ),
        (
            "\"dropout here\"",
            "{ repeat = { times = { low = 1, high = 3 }, layers = [{ repeat = { times = 2, layers = [\"flatten\"] } }] } }",
        ),
        (
            "note = \"n\"",
            "fixed = { epochs = 3, optimizer.sgd.learning_rate = 0.5 }\nfirst = [{ optimizer = \"sgd\" }]",
        ),
        (
            "note = \"n\"",
            "metric = [\"loss\", \"flops\"]\nsampler = { tpe = { group = true } }\npruner = \"median\"",
        ),
    ] {
        assert!(is_accepted(&study(old, new)), "{new}");
    }
}

#[test]
fn editors_refuse_ranges_elsewhere_and_wrong_ones() {
    for (old, new) in [
        ("note = \"n\"", "note = { choices = [\"n\", \"m\"] }"),
        ("note = \"n\"", "seeds = { low = 1, high = 3 }"),
        ("note = \"n\"", "lag = { low = 1, high = 3 }"),
        ("shuffle = true", "shuffle = { choices = [true, false] }"),
        ("batch_size = 32", "batch_size = { low = 1, high = 9 }"),
        ("batch_size = 32", "optimizer = { sgd = { momentum = { low = 0, high = 0.9 } } }"),
        ("epochs = 3", "epochs = { low = -1, high = 9 }"),
        ("epochs = 3", "epochs = { low = 1.5, high = 9 }"),
        ("epochs = 3", "epochs = { low = 1, high = 9, step = 0 }"),
        ("epochs = 3", "epochs = { low = 1 }"),
        ("epochs = 3", "epochs = { low = 1, high = 9, choices = [1, 2] }"),
        ("epochs = 3", "epochs = { choices = [1] }"),
        ("epochs = 3", "epochs = { choices = [1, { low = 1, high = 3 }] }"),
        ("\"adam\"", "{ choices = [\"adam\", \"adma\"] }"),
        ("\"adam\"", "{ low = 1, high = 3 }"),
        ("\"dropout here\"", "{ repeat = { times = { choices = [1, 2] }, layers = [\"flatten\"] } }"),
        (
            "\"dropout here\"",
            "{ choices = [\"flatten\", { repeat = { times = 2, layers = [\"flatten\"] } }] }",
        ),
        ("units = 8", "units = { choices = [8, 0] }"),
    ] {
        assert!(!is_accepted(&study(old, new)), "{new}");
    }
    assert!(!is_accepted(STUDY.split("[[runs]]").next().unwrap()), "neither runs nor searches");
}

/// What `toile list` shows, without the descriptions.
#[test]
fn the_list_of_choices_is_as_it_was_reviewed() {
    let line = |listed: toile_study::Listed| format!("{}: {}", listed.group, listed.example);
    insta::assert_snapshot!(list().into_iter().map(line).collect::<Vec<_>>().join("\n"));
}

/// The whole schema has 11,000 lines, because it writes ranges out. These pieces have one of each kind: a number, a
/// choice, a name, a block that contains itself.
#[test]
fn the_schema_of_typical_settings_is_as_it_was_reviewed() {
    let schema = json_schema();
    let search = &schema["definitions"]["SearchTable"]["properties"];
    insta::assert_json_snapshot!("a_number_in_a_search", search["batch_size"]);
    insta::assert_json_snapshot!("a_choice_in_a_search", search["schedule"]);
    insta::assert_json_snapshot!("a_name_in_a_search", search["sampler"]);
    insta::assert_json_snapshot!("a_block_of_layers", schema["definitions"]["LayerBlockWithRanges"]);
}
