//! The schema for editors: the checker's, with ranges written out wherever it marks that they may stand.

use serde_json::{Map, Value, json};

use crate::check::schema;

/// The JSON Schema (draft 7) of the study file, for editors: completion, hovers, errors while typing.
pub fn json_schema() -> Value {
    let plain = schema::root();
    let mut editor = Editor { plain: plain["definitions"].as_object().expect("a table"), made: Map::new() };
    let mut root = editor.marked(plain);
    let definitions: Vec<(String, Value)> =
        editor.plain.iter().map(|(name, definition)| (name.clone(), editor.marked(definition))).collect();
    let mut all: Map<String, Value> = definitions.into_iter().collect();
    all.extend(editor.made);
    root["definitions"] = Value::Object(all);
    root["anyOf"] = json!([{ "required": ["runs"] }, { "required": ["searches"] }]);
    root
}

struct Editor<'a> {
    plain: &'a Map<String, Value>,
    /// Definitions in which ranges may stand, each made once: so that layers within layers have an end.
    made: Map<String, Value>,
}

impl Editor<'_> {
    /// The schema with ranges where it is marked for them, and without the marks.
    fn marked(&mut self, schema: &Value) -> Value {
        match schema {
            Value::Object(map) if map.get("x-ranges").is_some() => {
                let mut plain = map.clone();
                plain.remove("x-ranges");
                self.or_range(&Value::Object(plain))
            }
            Value::Object(map) => {
                let own = map.iter().filter(|(key, _)| !key.starts_with("x-") && *key != "definitions");
                Value::Object(own.map(|(key, value)| (key.clone(), self.marked(value))).collect())
            }
            Value::Array(items) => items.iter().map(|item| self.marked(item)).collect(),
            plain => plain.clone(),
        }
    }

    /// A value, or a range in its place.
    fn or_range(&mut self, schema: &Value) -> Value {
        let mut value = self.with_ranges(schema);
        let mut options = vec![value.clone()];
        if schema["x-no-choices"] != true {
            options.push(self.choices(schema, &value));
        }
        if matches!(schema["type"].as_str(), Some("number" | "integer")) {
            options.push(self.numbers(&value));
        }
        // What is said of the key is said of the whole.
        let mut whole = Map::new();
        for key in ["description", "default"] {
            if let Some(said) = value.as_object_mut().and_then(|map| map.shift_remove(key)) {
                whole.insert(key.into(), said);
            }
        }
        options[0] = value;
        whole.insert("anyOf".into(), Value::Array(options));
        Value::Object(whole)
    }

    /// The value itself; ranges may stand in what it consists of.
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

    /// The path of a definition's form with ranges.
    fn definition(&mut self, path: &str) -> String {
        let name = path.trim_start_matches("#/definitions/");
        let with_ranges = format!("{name}WithRanges");
        if !self.made.contains_key(&with_ranges)
            && let Some(plain) = self.plain.get(name)
        {
            self.made.insert(with_ranges.clone(), Value::Null);
            let made = self.with_ranges(plain);
            self.made.insert(with_ranges.clone(), made);
        }
        format!("#/definitions/{with_ranges}")
    }

    /// `{ choices = […] }`
    fn choices(&mut self, schema: &Value, value: &Value) -> Value {
        let mut range = self.plain["ChoiceRange"].clone();
        // A block of layers is no choice.
        let of_layers = schema["$ref"] == "#/definitions/ModelLayer";
        let mut item = if of_layers { json!({ "$ref": self.definition("Layer") }) } else { value.clone() };
        if let Some(map) = item.as_object_mut() {
            map.shift_remove("description");
            map.shift_remove("default");
        }
        range["properties"]["choices"]["items"] = item;
        range
    }

    /// `{ low = …, high = … }`, both within the bounds of the value.
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
