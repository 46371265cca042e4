//! The walk along the schema: every value of the file is compared with the schema of its field.
//!
//! A valid value becomes JSON in one normal form (`"flatten"` becomes `{ "flatten": {} }`), ready for serde; an invalid
//! one becomes a fault, and the walk goes on.

mod choices;
mod number_ranges;
mod ranges;
mod values;
mod words;

use serde_json::{Map, Value as Json, json};

use choices::ChoiceKind;
pub(crate) use ranges::{Ranged, Ranges};
pub(crate) use words::range_in_words;
use words::{first_line, in_words};

use crate::check::faults::{Fault, quote};
use crate::check::grids;
use crate::check::schema;
use crate::check::suggest;
use crate::check::tree::{Entry, Node, Value};
use crate::warnings::StudyWarning;

/// More faults are not collected; the walk then stops.
const MAX_FAULTS: usize = 1000;

/// Collects the faults, and the ranges with their parameters.
#[derive(Default)]
pub(crate) struct Walk {
    pub faults: Vec<Fault>,
    /// Each with the bytes of the file that it is about.
    pub warnings: Vec<(std::ops::Range<usize>, StudyWarning)>,
    pub ranges: Ranges,
}

/// What messages call the place of a value: its key, its choice (`dense`) or its table (`[study]`).
#[derive(Clone, Copy)]
pub(crate) struct FieldName<'a>(pub &'a str);

impl Walk {
    /// Adds a fault.
    pub(crate) fn fault(
        &mut self,
        span: &std::ops::Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = Some(help.into()).filter(|help: &String| !help.is_empty());
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { span: span.clone(), message: message.into(), help });
        }
    }

    /// Drops the faults after so many that were there already: the runs of a grid share its values.
    pub(crate) fn drop_repeated(&mut self, before: usize) {
        for fault in self.faults.split_off(before) {
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
    }

    /// Adds a warning, once for a place.
    pub(crate) fn warn(&mut self, span: &std::ops::Range<usize>, warning: StudyWarning) {
        let warning = (span.clone(), warning);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The value in normal form, or `None` if it has a fault.
    pub(crate) fn value(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        let before = self.faults.len();
        let value = match self.is_range(node, schema) {
            true => self.hole(node, schema, field),
            false => self.any(node, schema, field),
        };
        value.filter(|_| self.faults.len() == before && before < MAX_FAULTS)
    }

    fn any(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        let (schema, definition) = schema::resolve(schema);
        if let Some(choices) = schema::choices(schema) {
            return self.choice(node, &choices, ChoiceKind::of(definition), field);
        }
        if schema["x-values"] == true {
            return self.parameter_values(node, field);
        }
        if let Some(options) = schema.get("anyOf").and_then(Json::as_array) {
            return self.one_of_types(node, options, field);
        }
        match schema.get("type").and_then(Json::as_str) {
            Some("object") => self.table(node, schema, field).map(Json::Object),
            Some("array") => self.list(node, schema, field),
            Some("string") => self.string(node, schema, field),
            Some("boolean") => match node.value {
                Value::Boolean(value) => Some(json!(value)),
                _ => self.wrong_type(node, "true or false", field),
            },
            Some("integer") => self.integer(node, schema, field),
            Some("number") => self.number(node, schema, field),
            _ => unreachable!("the schema has no type: {schema}"),
        }
    }

    /// A value of one of several types, each with its own schema.
    fn one_of_types(&mut self, node: &Node, options: &'static [Json], field: FieldName) -> Option<Json> {
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
            Some(option) => self.any(node, option, field),
            None => {
                let names: Vec<&str> = options.iter().map(|option| in_words(kind(option))).collect();
                self.wrong_type(node, &names.join(" or "), field)
            }
        }
    }

    /// A table: the values of its known keys; unknown keys and missing ones are faults.
    pub(crate) fn table(
        &mut self,
        node: &Node,
        schema: &'static Json,
        field: FieldName,
    ) -> Option<Map<String, Json>> {
        let Value::Table(entries) = &node.value else {
            self.wrong_type(node, "a table", field);
            return None;
        };
        let mut map = Map::new();
        let properties = schema::properties(schema);
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        for entry in entries {
            let known = schema::property(schema, &entry.key);
            let Some((name, property)) = known.or(others.map(|others| (entry.key.as_str(), others))) else {
                self.unknown_key(entry, schema, field);
                continue;
            };
            if name != entry.key && node.entry(name).is_some() {
                let message = format!("`{}` is the earlier name of `{name}`, which is there too", entry.key);
                self.fault(&entry.key_span, message, "keep one of the two");
            }
            let segment = known.map_or(name, |(name, property)| schema::stored_name(name, property));
            if let Some(value) = self.property(segment, &entry.node, property, FieldName(&entry.key)) {
                map.insert(name.to_string(), value);
            }
        }
        for (key, property) in properties.iter().filter(|(key, _)| schema::is_required(schema, key)) {
            if node.entry(key).or(node.entry(schema::stored_name(key, property))).is_none() {
                self.missing_key(node, schema, key, field);
            }
        }
        if self.ranges.allowed {
            fill_defaults(&mut map, properties);
        }
        Some(map)
    }

    /// Values of parameters, by name. The names are known only after all ranges are read: see `space::read_values`.
    fn parameter_values(&mut self, node: &Node, field: FieldName) -> Option<Json> {
        match node.value {
            Value::Table(_) => Some(json!({})),
            _ => self.wrong_type(node, "a table", field),
        }
    }

    pub(crate) fn unknown_key(&mut self, entry: &Entry, schema: &'static Json, field: FieldName) {
        let known: Vec<&str> = schema::properties(schema).keys().map(String::as_str).collect();
        let help = match (known.is_empty(), setting_of_a_choice(&entry.key, schema)) {
            (true, _) => format!("`{}` has no settings", field.0),
            (false, Some(help)) if suggest::nearest(&entry.key, known.iter().copied()).is_none() => help,
            _ => suggest::help(&entry.key, &known),
        };
        let message = format!("unknown key `{}` in `{}`", quote(&entry.key), quote(field.0));
        self.fault(&entry.key_span, message, help);
    }

    fn missing_key(&mut self, node: &Node, schema: &'static Json, key: &str, field: FieldName) {
        let meaning = schema::text(&schema::properties(schema)[key], "description");
        let help = match crate::check::sample::of(key) {
            Some(sample) => format!("for example `{key} = {sample}` ({})", first_line(meaning)),
            None => format!("{key}: {}", first_line(meaning)),
        };
        self.fault(&node.span, format!("`{}` lacks `{key}`", quote(field.0)), help);
    }
}

/// Adds the defaults of all keys that are not there, because nothing may be defaulted after the plan. A key with a
/// fault gets its default too; the file is refused anyway.
fn fill_defaults(map: &mut Map<String, Json>, properties: &'static Map<String, Json>) {
    for (key, property) in properties {
        if let (false, Some(default)) = (map.contains_key(key), property.get("default")) {
            map.insert(key.clone(), default.clone());
        }
    }
}

/// Where a setting belongs that is written next to its choice, not inside: `learning_rate` next to `optimizer`.
fn setting_of_a_choice(key: &str, schema: &'static Json) -> Option<String> {
    schema::properties(schema).iter().find_map(|(property, inner)| {
        let (inner, _) = schema::resolve(grids::schema::of_one_value(inner));
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
