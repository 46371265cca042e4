//! The walk along the schema: every value of the file is held against what the schema says of its place.
//!
//! What is right comes out as JSON in one normal form (`"flatten"` becomes `{ "flatten": {} }`), ready for serde; what
//! is wrong becomes a fault, and the walk goes on.

mod choices;
mod number_ranges;
mod ranges;
mod values;
mod words;

use serde_json::{Map, Value as Json, json};

use choices::Kind;
pub(crate) use ranges::{Ranged, Ranges};
pub(crate) use words::range_in_words;
use words::{first_line, in_words};

use crate::check::faults::{Fault, quote};
use crate::check::schema;
use crate::check::suggest;
use crate::check::tree::{Entry, Node, Value};

/// Faults that are kept; whatever comes after them is not looked at.
const MOST: usize = 1000;

/// Collects faults along the way.
#[derive(Default)]
pub(crate) struct Walk {
    pub faults: Vec<Fault>,
    pub ranges: Ranges,
}

/// Where in the file the walk is, in words: the key or the choice that holds the value.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a>(pub &'a str);

impl Walk {
    /// Notes a fault.
    pub fn fault(
        &mut self,
        span: &std::ops::Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = Some(help.into()).filter(|help: &String| !help.is_empty());
        if self.faults.len() < MOST {
            self.faults.push(Fault { span: span.clone(), message: message.into(), help });
        }
    }

    /// The value in normal form, or `None` if anything in it is wrong.
    pub fn value(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let before = self.faults.len();
        let value = match self.is_range(node, schema) {
            true => self.hole(node, schema, place),
            false => self.any(node, schema, place),
        };
        value.filter(|_| self.faults.len() == before && before < MOST)
    }

    fn any(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Json> {
        let (schema, definition) = schema::resolve(schema);
        if let Some(choices) = schema::choices(schema) {
            return self.choice(node, &choices, Kind::of(definition));
        }
        if schema["x-values"] == true {
            return self.parameter_values(node, place);
        }
        if let Some(options) = schema.get("anyOf").and_then(Json::as_array) {
            return self.one_of_types(node, options, place);
        }
        match schema.get("type").and_then(Json::as_str) {
            Some("object") => self.table(node, schema, place).map(Json::Object),
            Some("array") => self.list(node, schema, place),
            Some("string") => self.string(node, schema, place),
            Some("boolean") => match node.value {
                Value::Boolean(value) => Some(json!(value)),
                _ => self.wrong_type(node, "true or false", place),
            },
            Some("integer") => self.integer(node, schema, place),
            Some("number") => self.number(node, schema, place),
            _ => unreachable!("the schema has no type: {schema}"),
        }
    }

    /// A value that may have one of several types, each with a schema of its own.
    fn one_of_types(&mut self, node: &Node, options: &'static [Json], place: Place) -> Option<Json> {
        let kind = |option| match schema::choices(schema::resolve(option).0) {
            Some(_) => "string",
            None => schema::text(schema::resolve(option).0, "type"),
        };
        let fits = |option: &&'static Json| match node.value {
            Value::Integer(_) | Value::Float(_) | Value::TooLarge => {
                matches!(kind(option), "number" | "integer")
            }
            Value::Table(_) => kind(option) == "object",
            Value::String(_) => kind(option) == "string",
            Value::Array(_) => kind(option) == "array",
            _ => false,
        };
        match options.iter().find(fits) {
            Some(option) => self.any(node, option, place),
            None => {
                let names: Vec<&str> = options.iter().map(|option| in_words(kind(option))).collect();
                self.wrong_type(node, &names.join(" or "), place)
            }
        }
    }

    /// A table: its known keys walked, its unknown ones and its missing ones reported.
    pub fn table(&mut self, node: &Node, schema: &'static Json, place: Place) -> Option<Map<String, Json>> {
        let Value::Table(entries) = &node.value else {
            self.wrong_type(node, "a table", place);
            return None;
        };
        let mut map = Map::new();
        let properties = schema::properties(schema);
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        for entry in entries {
            if let Some(property) = properties.get(&entry.key).or(others) {
                if let Some(value) = self.property(&entry.key, &entry.node, property, Place(&entry.key)) {
                    map.insert(entry.key.clone(), value);
                }
            } else {
                self.unknown_key(entry, schema, place);
            }
        }
        for key in properties.keys().filter(|key| schema::is_required(schema, key)) {
            if node.entry(key).is_none() {
                self.missing_key(node, schema, key, place);
            }
        }
        if self.ranges.allowed {
            spell_out(&mut map, properties);
        }
        Some(map)
    }

    /// Values of parameters: which names there are is not known here, so they are read by the rules.
    fn parameter_values(&mut self, node: &Node, place: Place) -> Option<Json> {
        match node.value {
            Value::Table(_) => Some(json!({})),
            _ => self.wrong_type(node, "a table", place),
        }
    }

    fn unknown_key(&mut self, entry: &Entry, schema: &'static Json, place: Place) {
        let known: Vec<&str> = schema::properties(schema).keys().map(String::as_str).collect();
        let help = match (known.is_empty(), setting_of_a_choice(&entry.key, schema)) {
            (true, _) => format!("`{}` has no settings", place.0),
            (false, Some(help)) if suggest::nearest(&entry.key, known.iter().copied()).is_none() => help,
            _ => suggest::help(&entry.key, &known),
        };
        let message = format!("unknown key `{}` in `{}`", quote(&entry.key), quote(place.0));
        self.fault(&entry.key_span, message, help);
    }

    fn missing_key(&mut self, node: &Node, schema: &'static Json, key: &str, place: Place) {
        let meaning = schema::text(&schema::properties(schema)[key], "description");
        let help = match crate::check::sample::of(key) {
            Some(sample) => format!("for example `{key} = {sample}` ({})", first_line(meaning)),
            None => format!("{key}: {}", first_line(meaning)),
        };
        self.fault(&node.span, format!("`{}` lacks `{key}`", quote(place.0)), help);
    }
}

/// Templates leave nothing to be defaulted after the plan. A key with a fault gets its default, too: the file is refused.
fn spell_out(map: &mut Map<String, Json>, properties: &'static Map<String, Json>) {
    for (key, property) in properties {
        if let (false, Some(default)) = (map.contains_key(key), property.get("default")) {
            map.insert(key.clone(), default.clone());
        }
    }
}

/// Where a setting belongs that stands beside its choice, not in it: `learning_rate` beside `optimizer`.
fn setting_of_a_choice(key: &str, schema: &'static Json) -> Option<String> {
    schema::properties(schema).iter().find_map(|(property, inner)| {
        let (inner, _) = schema::resolve(inner);
        let (item, is_list) = match inner.get("items") {
            Some(items) => (schema::resolve(items).0, true),
            None => (inner, false),
        };
        let owner = choices::owner(key, &schema::choices(item)?)?;
        let written = format!("{{ {owner} = {{ {key} = … }} }}");
        let written = if is_list { format!("[{written}]") } else { written };
        Some(format!("`{key}` is a setting of `{property}`: `{property} = {written}`"))
    })
}
