//! Single values and lists: their types and ranges.

use serde_json::{Value as Json, json};

use super::words::{is_plain, range_in_words, sample_help};
use super::{FieldName, Walk};
use crate::check::faults::quote;
use crate::check::sample;
use crate::check::schema;
use crate::check::tree::{Node, Value};
use crate::space::labels;

impl Walk {
    pub(super) fn list(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        let bound = |key| schema.get(key).and_then(Json::as_u64).map(|n| n as usize);
        let Value::Array(items) = &node.value else {
            return match node.value {
                Value::Integer(_) if schema::is_pair(schema) => self.pair(node, schema, field),
                _ => self.wrong_type(node, "a list", field),
            };
        };
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(usize::MAX));
        if items.len() < least || items.len() > most {
            let wanted = match (least, most) {
                (least, most) if least == most => format!("{least}"),
                (least, usize::MAX) => format!("at least {least}"),
                (0, most) => format!("at most {most}"),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("`{}` must have {wanted} items, found {}", quote(field.0), items.len());
            self.fault(&node.span, message, sample_help(field));
            return None;
        }
        let item = |(index, item): (usize, &Node)| {
            self.within((index + 1).to_string(), |walk| walk.value(item, &schema["items"], field))
        };
        let items: Vec<Option<Json>> = items.iter().enumerate().map(item).collect();
        items.into_iter().collect::<Option<Vec<Json>>>().map(Json::Array)
    }

    /// One number for height and width alike, as Keras takes it: `kernel_size = 3` is `kernel_size = [3, 3]`.
    fn pair(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        let side = self.integer(node, schema::resolve(&schema["items"]).0, field)?;
        Some(json!([side, side]))
    }

    pub(super) fn string(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        let Value::String(text) = &node.value else {
            return self.wrong_type(node, "a string", field);
        };
        let bound = |key| schema.get(key).and_then(Json::as_u64);
        if text.trim().is_empty() && bound("minLength").is_some_and(|least| least > 0) {
            self.fault(&node.span, format!("`{}` must not be empty", quote(field.0)), sample_help(field));
        }
        if bound("maxLength").is_some_and(|most| text.chars().count() as u64 > most) {
            let most = bound("maxLength").unwrap_or(0);
            self.fault(&node.span, format!("`{}` must have at most {most} characters", quote(field.0)), "");
        }
        Some(json!(text))
    }

    pub(super) fn integer(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        match node.value {
            Value::Integer(number) => {
                self.range(node, number as f64, schema, field)?;
                Some(json!(number))
            }
            Value::TooLarge => {
                let message = format!(
                    "`{}` must be {}, found {}",
                    quote(field.0),
                    range_in_words(schema),
                    node.described()
                );
                self.fault(&node.span, message, "");
                None
            }
            _ => self.wrong_type(node, "a whole number", field),
        }
    }

    pub(super) fn number(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        let number = match node.value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => return self.wrong_type(node, "a number", field),
        };
        let overflows =
            schema.get("format").is_some_and(|format| format == "float") && !(number as f32).is_finite();
        if !number.is_finite() || overflows {
            let message = format!("`{}` must be a finite number, found {}", quote(field.0), node.described());
            self.fault(&node.span, message, "");
            return None;
        }
        self.range(node, number, schema, field)?;
        Some(json!(number))
    }

    fn range(&mut self, node: &Node, number: f64, schema: &'static Json, field: FieldName) -> Option<()> {
        let bound = |key| schema.get(key).and_then(Json::as_f64);
        let fits = bound("minimum").is_none_or(|least| number >= least)
            && bound("maximum").is_none_or(|most| number <= most)
            && bound("exclusiveMinimum").is_none_or(|least| number > least)
            && bound("exclusiveMaximum").is_none_or(|most| number < most);
        if fits {
            return Some(());
        }
        let message =
            format!("`{}` must be {}, found {}", quote(field.0), range_in_words(schema), node.described());
        let is_percentage =
            bound("maximum").or(bound("exclusiveMaximum")) == Some(1.0) && number > 1.0 && number <= 100.0;
        let help = match is_percentage {
            true => format!("a fraction, not a percentage: {}", (number * 1e6).round() / 1e8),
            false => String::new(),
        };
        self.fault(&node.span, message, help);
        None
    }

    pub(crate) fn wrong_type(&mut self, node: &Node, wanted: &str, field: FieldName) -> Option<Json> {
        let message = format!("`{}` must be {wanted}, found {}", quote(field.0), node.described());
        let help = match &node.value {
            Value::Array(items) if !items.is_empty() => self.several(items, field),
            _ if is_none(node) => self.absent(field),
            Value::String(text) if is_plain(text) && wanted != "a list" => format!("without quotes: {text}"),
            Value::Integer(number) if wanted == "a string" => format!("in quotes: \"{number}\""),
            _ => sample_help(field),
        };
        self.fault(&node.span, message, help);
        None
    }
    /// A list where one value is expected: several values are a search.
    pub(super) fn several(&self, items: &[Node], field: FieldName) -> String {
        let key = quote(field.0);
        match items {
            _ if matches!(field.0, "seed") => {
                "one seed; `seeds = 3` trains with this one and the two that follow".to_string()
            }
            [one] => format!("without brackets: `{key} = {}`", in_toml(one)),
            _ if !schema::is_searchable(field.0) => sample_help(field),
            _ if items.len() > 12 => {
                format!("one value; several are searched: `{key} = {{ choices = [ … ] }}`")
            }
            _ => {
                let values: Vec<String> = items.iter().map(in_toml).collect();
                let choices = format!("`{key} = {{ choices = [{}] }}`", values.join(", "));
                match self.ranges.allowed {
                    true => format!("to search these values, write {choices}"),
                    false => format!(
                        "one value for each run; a run for each of them is the same line in a table `[[grid]]`, and a search \
                         for the best is {choices} in `[[searches]]`"
                    ),
                }
            }
        }
    }

    /// A word for nothing where a number is expected: an optional setting is absent if it is left out.
    fn absent(&self, field: FieldName) -> String {
        let key = quote(field.0);
        let without = format!("to have none, leave `{key}` out");
        let sample = sample::of(field.0).unwrap_or("1.0");
        match &self.ranges.path[..] {
            [.., outer, choice, _] if self.ranges.allowed && outer != "layers" => format!(
                "{without}; to search with and without it, choose between two tables: \
                 `{outer} = {{ choices = [{{ {choice} = {{}} }}, {{ {choice} = {{ {key} = {sample} }} }}] }}`"
            ),
            _ => without,
        }
    }
}

/// Whether a value stands for nothing: TOML has no such value.
fn is_none(node: &Node) -> bool {
    let Value::String(text) = &node.value else { return false };
    matches!(text.to_lowercase().as_str(), "none" | "null" | "nil" | "off" | "no" | "n/a" | "")
}

/// A value in short, as TOML writes it.
fn in_toml(node: &Node) -> String {
    match &node.value {
        Value::String(text) => format!("\"{}\"", quote(text)),
        Value::Array(_) | Value::Table(_) => "…".to_string(),
        _ => labels::written(node),
    }
}
