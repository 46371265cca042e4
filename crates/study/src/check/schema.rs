//! The JSON Schema of the study file, made from its types: what the check walks along, and what the editors' schema and
//! the reference page are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::grids;
use crate::file::{ChoiceRange, NumberRange, StudyFile};

/// Made once: everything that a study file may contain.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut generator = SchemaSettings::draft07().into_generator();
    // Ranges replace other values, so no key has them as its type.
    generator.subschema_for::<NumberRange>();
    generator.subschema_for::<ChoiceRange>();
    let mut schema = generator.into_root_schema_for::<StudyFile>().to_value();
    without_null(&mut schema);
    bound_sizes(&mut schema);
    shorten_floats(&mut schema);
    grids::schema::add_settings(&mut schema["definitions"]);
    let definitions = schema["definitions"].clone();
    allow_bare_names(&mut schema, &definitions);
    mark_ranges(&mut schema["definitions"]);
    schema["title"] = json!("toile study file");
    schema
});

/// The whole schema.
pub(crate) fn root() -> &'static Value {
    &SCHEMA
}

/// The definition of a type, by its name.
pub(crate) fn definition(name: &str) -> &'static Value {
    &SCHEMA["definitions"][name]
}

/// A schema with its references followed, and the name of the definition that it led to, if any.
pub(crate) fn resolve(schema: &'static Value) -> (&'static Value, Option<&'static str>) {
    let target = schema.get("$ref").or_else(|| match schema.get("allOf").and_then(Value::as_array) {
        Some(all) if all.len() == 1 => all[0].get("$ref"),
        _ => None,
    });
    let alone =
        || schema.get("anyOf").and_then(Value::as_array).filter(|any| any.len() == 1).map(|any| &any[0]);
    match target.and_then(Value::as_str) {
        Some(path) => {
            let name = path.trim_start_matches("#/definitions/");
            let (target, further) = resolve(definition(name));
            (target, further.or(Some(name)))
        }
        None => alone().map_or((schema, None), resolve),
    }
}

/// A choice of an enum: its name, and the schema of its settings (`None` if it has none).
pub(crate) struct SchemaChoice {
    pub name: &'static str,
    pub description: &'static str,
    pub content: Option<&'static Value>,
    /// Whether the name alone is enough, because every setting has a default.
    pub bare: bool,
}

/// The choices of an enum of the study file, or of several enums of which one is expected; `None` if the schema is
/// something else.
pub(crate) fn choices(schema: &'static Value) -> Option<Vec<SchemaChoice>> {
    if let Some(Value::Array(enums)) = schema.get("anyOf") {
        let choices = enums.iter().map(|one| choices(resolve(one).0)).collect::<Option<Vec<_>>>()?;
        return Some(choices.into_iter().flatten().collect());
    }
    let mut choices: Vec<SchemaChoice> = Vec::new();
    for variant in schema.get("oneOf")?.as_array()? {
        let description = text(variant, "description");
        if let Some(name) = variant.get("const").and_then(Value::as_str) {
            match choices.iter_mut().find(|choice| choice.name == name) {
                Some(choice) => choice.bare = true,
                None => choices.push(SchemaChoice { name, description, content: None, bare: true }),
            }
        } else if let Some((name, content)) = variant["properties"].as_object().and_then(|p| p.iter().next())
        {
            choices.push(SchemaChoice { name, description, content: Some(content), bare: false });
        }
    }
    Some(choices)
}

/// A text of a schema; empty if it has none under this key.
pub(crate) fn text(schema: &'static Value, key: &str) -> &'static str {
    schema.get(key).and_then(Value::as_str).unwrap_or("")
}

/// The properties of a table.
pub(crate) fn properties(schema: &'static Value) -> &'static Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    schema.get("properties").and_then(Value::as_object).unwrap_or(&NONE)
}

/// The property of a table that a key names, by its name or by its earlier one, with that name.
pub(crate) fn property(schema: &'static Value, key: &str) -> Option<(&'static str, &'static Value)> {
    let named = |(name, property): &(&'static String, &'static Value)| {
        name.as_str() == key || text(property, EARLIER) == key
    };
    properties(schema).iter().find(named).map(|(name, property)| (name.as_str(), property))
}

/// The mark of an earlier name of a key, which study files may still use. Ids are hashed, and parameters of searches
/// are named, by it.
const EARLIER: &str = "x-alias";

/// The earlier name of a property; its own if it has kept it.
pub(crate) fn stored_name(name: &'static str, property: &'static Value) -> &'static str {
    Some(text(property, EARLIER)).filter(|earlier| !earlier.is_empty()).unwrap_or(name)
}

/// The earlier name of a key, wherever it stands; nothing if it had no other.
pub(crate) fn earlier_name(key: &str) -> Option<&'static str> {
    static EARLIER_NAMES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
        let definitions = SCHEMA["definitions"].as_object().expect("a table of definitions");
        let all = definitions.values().flat_map(properties);
        let named = all.map(|(name, property)| (name.as_str(), stored_name(name, property)));
        named.filter(|(name, earlier)| name != earlier).collect()
    });
    EARLIER_NAMES.get(key).copied()
}

/// Whether it is a list of two whole numbers, height and width.
pub(crate) fn is_pair(schema: &Value) -> bool {
    schema["minItems"] == 2 && schema["maxItems"] == 2 && schema["items"]["type"] == "integer"
}

/// Whether a table must have this key.
pub(crate) fn is_required(schema: &Value, key: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|r| r.iter().any(|name| name == key))
}

/// Every key and every choice of the study file.
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) fn all_names() -> BTreeSet<String> {
    fn collect(schema: &Value, names: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                if let Some(properties) = map.get("properties").and_then(Value::as_object) {
                    names.extend(properties.keys().cloned());
                }
                names.extend(map.get("const").and_then(Value::as_str).map(String::from));
                map.values().for_each(|value| collect(value, names));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    collect(&SCHEMA, &mut names);
    names
}

/// Ranges are allowed in all settings of a run except its seeds, and in layers.
fn mark_ranges(definitions: &mut Value) {
    let settings: Vec<String> =
        definitions["RunSettings"]["properties"].as_object().expect("a table").keys().cloned().collect();
    for key in settings.iter().filter(|key| !["seed", "seeds"].contains(&key.as_str())) {
        definitions["SearchTable"]["properties"][key]["x-ranges"] = json!(true);
    }
    definitions["ModelTable"]["properties"]["layers"]["x-ranges"] = json!(true);
}

/// Whether a key of `[[searches]]` is a setting of trials, which may hold ranges.
pub(crate) fn is_setting_of_trials(key: &str) -> bool {
    definition("SearchTable")["properties"][key]["x-ranges"] == true
}

/// Whether a key of this name may hold a range in a search: a setting of trials, of a layer, or of what trials choose.
pub(crate) fn is_searchable(key: &str) -> bool {
    let families = ["Layer", "Optimizer", "Schedule", "Callback", "Loss"].into_iter();
    let mut contents = families
        .flat_map(|family| choices(definition(family)).unwrap_or_default())
        .filter_map(|choice| choice.content);
    is_setting_of_trials(key) || contents.any(|content| properties(resolve(content).0).contains_key(key))
}

/// TOML has no null: an optional key is left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if types.len() == 1 {
                    map["type"] = map["type"][0].clone();
                }
            }
            if let Some(Value::Array(any)) = map.get_mut("anyOf") {
                any.retain(|option| option["type"] != "null");
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            if let Some(Value::Object(default)) = map.get_mut("default") {
                default.retain(|_, value| !value.is_null());
            }
            map.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// A choice whose settings all have defaults may be written by its name alone: `"flatten"` for `{ flatten = {} }`.
fn allow_bare_names(schema: &mut Value, definitions: &Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(variants)) = map.get_mut("oneOf") {
                let bare: Vec<Value> = variants.iter().filter_map(|v| bare_name(v, definitions)).collect();
                variants.extend(bare);
            }
            map.values_mut().for_each(|value| allow_bare_names(value, definitions));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| allow_bare_names(value, definitions)),
        _ => {}
    }
}

fn bare_name(variant: &Value, definitions: &Value) -> Option<Value> {
    let (name, content) = variant.get("properties")?.as_object()?.iter().next()?;
    let target = content.get("$ref")?.as_str()?.trim_start_matches("#/definitions/");
    let table = definitions.get(target)?;
    let needs_nothing = table["type"] == "object" && table.get("required").is_none();
    let description = format!("{} With its defaults.", variant["description"].as_str().unwrap_or(""));
    needs_nothing.then(|| json!({ "description": description, "type": "string", "const": name }))
}

/// Every size in a study file has an upper bound, so that no product of two of them overflows.
fn bound_sizes(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("format").is_some_and(|format| format == "uint") && !map.contains_key("maximum") {
                map.insert("maximum".into(), json!(toile_nn::MOST_VALUES));
            }
            map.values_mut().for_each(bound_sizes);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_sizes),
        _ => {}
    }
}

/// A default of 0.99 in 32 bits is written `0.99`, not `0.9900000095367432`.
fn shorten_floats(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let is_float = map.get("format").is_some_and(|format| format == "float");
            if let Some(default) = map.get("default").and_then(Value::as_f64).filter(|_| is_float) {
                let short: f64 = (default as f32).to_string().parse().unwrap_or(default);
                map.insert("default".into(), json!(short));
            }
            map.values_mut().for_each(shorten_floats);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten_floats),
        _ => {}
    }
}
