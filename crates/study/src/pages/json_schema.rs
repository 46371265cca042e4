//! The JSON Schema for editors: that of the check, with ranges written out wherever it marks that they are allowed.

use serde_json::{Map, Value, json};

use crate::check::schema;

/// The JSON Schema (draft 7) of the study file for editors: completion, explanations, errors while typing.
pub fn json_schema() -> Value {
    let plain = &with_one_for_both(&with_earlier_names(schema::root()));
    let definitions = plain["definitions"].as_object().expect("a table");
    let mut editor = EditorSchema { plain: definitions, with_ranges: Map::new() };
    let mut root = editor.without_marks(plain);
    let definitions: Vec<(String, Value)> = editor
        .plain
        .iter()
        .map(|(name, definition)| (name.clone(), editor.without_marks(definition)))
        .collect();
    let mut all: Map<String, Value> = definitions.into_iter().collect();
    all.extend(editor.with_ranges);
    root["definitions"] = Value::Object(all);
    root["anyOf"] = json!([{ "required": ["runs"] }, { "required": ["grid"] }, { "required": ["searches"] }]);
    root
}

/// The schema with the earlier names of keys, which editors are to strike out.
fn with_earlier_names(schema: &Value) -> Value {
    let mut all: Map<String, Value> = match schema {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), with_earlier_names(value))).collect()
        }
        Value::Array(items) => return items.iter().map(with_earlier_names).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return schema.clone(),
    };
    let earlier = |(name, property): (&String, &Value)| {
        Some((name.clone(), property["x-alias"].as_str()?.to_string(), property.clone()))
    };
    let renamed: Vec<_> =
        schema["properties"].as_object().into_iter().flatten().filter_map(earlier).collect();
    for (name, earlier, mut property) in renamed {
        property["description"] = json!(format!("The earlier name of `{name}`."));
        property["deprecated"] = json!(true);
        all["properties"][&earlier] = property;
        one_of_both_is_required(&mut all, &name, &earlier);
    }
    Value::Object(all)
}

/// The schema in which a list of height and width may also be one number for both.
fn with_one_for_both(schema: &Value) -> Value {
    let mut all: Map<String, Value> = match schema {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), with_one_for_both(value))).collect()
        }
        Value::Array(items) => return items.iter().map(with_one_for_both).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return schema.clone(),
    };
    if !schema::is_pair(schema) {
        return Value::Object(all);
    }
    let of_both = ["description", "default"].map(|key| Some((key.to_string(), all.shift_remove(key)?)));
    let number = all["items"].clone();
    let mut either: Map<String, Value> = of_both.into_iter().flatten().collect();
    either.insert("anyOf".into(), json!([all, number]));
    Value::Object(either)
}

fn one_of_both_is_required(table: &mut Map<String, Value>, name: &str, earlier: &str) {
    let Some(Value::Array(required)) = table.get_mut("required") else { return };
    let Some(index) = required.iter().position(|required| required == name) else { return };
    required.remove(index);
    let either = json!({ "anyOf": [{ "required": [name] }, { "required": [earlier] }] });
    let all = table.entry("allOf").or_insert(json!([]));
    all.as_array_mut().expect("a list of schemas").push(either);
}

struct EditorSchema<'a> {
    plain: &'a Map<String, Value>,
    /// The definitions that may contain ranges. Each is made once, since layers may contain layers.
    with_ranges: Map<String, Value>,
}

impl EditorSchema<'_> {
    /// The schema with ranges where they are marked as allowed, and without the marks.
    fn without_marks(&mut self, schema: &Value) -> Value {
        match schema {
            Value::Object(map) if map.get("x-ranges").is_some() => {
                let mut plain = map.clone();
                plain.remove("x-ranges");
                self.or_range(&Value::Object(plain))
            }
            Value::Object(map) => {
                let own = map.iter().filter(|(key, _)| !key.starts_with("x-") && *key != "definitions");
                Value::Object(own.map(|(key, value)| (key.clone(), self.without_marks(value))).collect())
            }
            Value::Array(items) => items.iter().map(|item| self.without_marks(item)).collect(),
            plain => plain.clone(),
        }
    }

    /// A value, or a range instead of it.
    fn or_range(&mut self, schema: &Value) -> Value {
        let mut value = self.with_ranges(schema);
        let mut options = vec![value.clone()];
        if schema["x-no-choices"] != true {
            options.push(self.choices(schema, &value));
        }
        if matches!(schema["type"].as_str(), Some("number" | "integer")) {
            options.push(self.numbers(&value));
        }
        // Description and default of the key belong to all options together.
        let mut either = Map::new();
        for key in ["description", "default"] {
            if let Some(text) = value.as_object_mut().and_then(|map| map.shift_remove(key)) {
                either.insert(key.into(), text);
            }
        }
        options[0] = value;
        either.insert("anyOf".into(), Value::Array(options));
        Value::Object(either)
    }

    /// The value itself; its parts may be ranges.
    fn with_ranges(&mut self, schema: &Value) -> Value {
        let Value::Object(map) = schema else { return schema.clone() };
        let mut inner = Map::new();
        for (key, value) in map.iter().filter(|(key, _)| !key.starts_with("x-")) {
            let value = match (key.as_str(), value) {
                ("$ref", Value::String(path)) => json!(self.definition(path)),
                ("properties", Value::Object(properties)) => {
                    let property = |(key, value)| (String::clone(key), self.or_range(value));
                    Value::Object(properties.iter().map(property).collect())
                }
                ("items" | "additionalProperties", Value::Object(_)) => self.or_range(value),
                ("anyOf" | "oneOf" | "allOf", Value::Array(options)) => {
                    options.iter().map(|option| self.with_ranges(option)).collect()
                }
                _ => value.clone(),
            };
            inner.insert(key.clone(), value);
        }
        Value::Object(inner)
    }

    /// The path of the form of a definition that may contain ranges.
    fn definition(&mut self, path: &str) -> String {
        let name = path.trim_start_matches("#/definitions/");
        let key = format!("{name}WithRanges");
        if !self.with_ranges.contains_key(&key)
            && let Some(plain) = self.plain.get(name)
        {
            // Its place is taken first: the definition may contain itself.
            self.with_ranges.insert(key.clone(), Value::Null);
            let with_ranges = self.with_ranges(plain);
            self.with_ranges.insert(key.clone(), with_ranges);
        }
        format!("#/definitions/{key}")
    }

    /// `{ choices = […] }`
    fn choices(&mut self, schema: &Value, value: &Value) -> Value {
        let mut range = self.plain["ChoiceRange"].clone();
        // A block is no layer, so it cannot be one of several layers to choose from.
        let of_layers = schema["$ref"] == "#/definitions/ModelLayer";
        let mut item = if of_layers { json!({ "$ref": self.definition("Layer") }) } else { value.clone() };
        if let Some(map) = item.as_object_mut() {
            map.shift_remove("description");
            map.shift_remove("default");
        }
        range["properties"]["choices"]["items"] = item;
        range
    }

    /// `{ low = …, high = … }`, both with the bounds of the value.
    fn numbers(&self, value: &Value) -> Value {
        let mut range = self.plain["NumberRange"].clone();
        for key in ["low", "high"] {
            let description = range["properties"][key]["description"].clone();
            let mut bound = value.clone();
            bound["description"] = description;
            bound.as_object_mut().expect("a schema of a number").shift_remove("default");
            range["properties"][key] = bound;
        }
        if value["type"] == "integer" {
            range["properties"]["step"]["type"] = json!("integer");
        }
        range
    }
}
