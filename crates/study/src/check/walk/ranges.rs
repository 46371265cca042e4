//! Ranges: `{ low = …, high = … }` or `{ choices = […] }` in place of a value, where the schema allows them.
//!
//! `low`, `high` and every choice are checked as the value itself would be. A valid range becomes a hole of a
//! [template](crate::space::template) and a parameter.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::Value as Json;
use toile_tune::{Choice, Condition, Distribution, Is, Param};

use super::{FieldName, Walk};
use crate::check::faults::quote;
use crate::check::tree::{Node, Value};
use crate::check::{schema, suggest};
use crate::space::{labels, template};

/// The keys of ranges.
const KEYS: [&str; 5] = ["low", "high", "log", "step", "choices"];

/// The most choices of one parameter.
const MAX_CHOICES: usize = 100;

/// Characters of a name. With its model's name before it, it must fit into Optuna's column of 512 characters.
const MAX_NAME: usize = 400;

/// A parameter, and where its range is in the file.
#[derive(Clone, Debug)]
pub(crate) struct Ranged {
    pub param: Param,
    pub span: Range<usize>,
}

/// The ranges of a walk.
#[derive(Default)]
pub(crate) struct Ranges {
    /// The parameters so far, parents before children.
    pub params: Vec<Ranged>,
    /// Whether ranges are allowed where the walk is.
    pub allowed: bool,
    /// Where the walk is: keys, names of choices, places in lists from 1.
    pub path: Vec<String>,
    /// The condition of the parameters that are found now.
    pub condition: Option<Condition>,
    /// What the path calls the choice that follows, if not by its own name.
    alias: Option<String>,
    names: HashSet<String>,
}

impl Ranges {
    /// The next parameter's name: the path to it.
    fn name(&mut self) -> String {
        let path: String = self.path.join(".").chars().take(MAX_NAME).collect();
        let numbered = (1..).map(|n| if n == 1 { path.clone() } else { format!("{path} {n}") });
        let name = numbered
            .into_iter()
            .find(|name| !self.names.contains(name))
            .expect("there is always a free number");
        self.names.insert(name.clone());
        name
    }

    pub(super) fn add(&mut self, distribution: Distribution, span: &Range<usize>) -> String {
        let name = self.name();
        let when = self.condition.iter().cloned().collect();
        let param = Param { name: name.clone(), distribution, when };
        self.params.push(Ranged { param, span: span.clone() });
        name
    }

    /// What the path calls a choice of this name.
    pub(super) fn path_name(&mut self, name: &str) -> String {
        self.alias.take().unwrap_or_else(|| name.to_string())
    }
}

impl Walk {
    /// Reads something one step deeper: under a key, a choice's name or a position in a list.
    pub(crate) fn within<T>(&mut self, segment: impl Into<String>, inner: impl FnOnce(&mut Walk) -> T) -> T {
        self.ranges.path.push(segment.into());
        let found = inner(self);
        self.ranges.path.pop();
        found
    }

    /// The value of a key; if its schema says so, ranges are allowed in it.
    pub(super) fn property(
        &mut self,
        key: &str,
        node: &Node,
        schema: &'static Json,
        field: FieldName,
    ) -> Option<Json> {
        let outer = self.ranges.allowed;
        self.ranges.allowed |= schema["x-ranges"] == true;
        let value = self.within(key, |walk| walk.value(node, schema, field));
        self.ranges.allowed = outer;
        value
    }

    /// Whether the value is a range, or was probably meant to be one.
    pub(super) fn is_range(&self, node: &Node, schema: &'static Json) -> bool {
        let Value::Table(entries) = &node.value else { return false };
        let (schema, _) = schema::resolve(schema);
        let own = schema::properties(schema);
        if schema["x-values"] == true {
            return false;
        }
        let is_range_key = |key: &str| matches!(key, "low" | "high" | "choices") && !own.contains_key(key);
        let is_single = matches!(schema::text(schema, "type"), "number" | "integer" | "string" | "boolean");
        entries.iter().any(|entry| is_range_key(&entry.key))
            || (self.ranges.allowed && (is_single || misspelt_choices(node, schema)))
    }

    /// A range as a hole.
    pub(super) fn hole(&mut self, node: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        if !self.ranges.allowed {
            let message = format!("`{}` cannot be a range here", quote(field.0));
            let help = "ranges are allowed in the settings of `[[searches]]`, \
                        and in the layers of models that searches use";
            self.fault(&node.span, message, help);
            return None;
        }
        let (resolved, definition) = schema::resolve(schema);
        let is_number = matches!(schema::text(resolved, "type"), "number" | "integer");
        self.keys_of_range(node)?;
        let has_bound = node.get("low").or(node.get("high")).is_some();
        match node.get("choices") {
            Some(choices) => {
                // A block is no layer, so it cannot be one of several layers to choose from.
                let schema =
                    if definition == Some("ModelLayer") { schema::definition("Layer") } else { schema };
                self.choices(node, choices, schema, field)
            }
            None if is_number && has_bound => self.number_range(node, resolved, field),
            None if has_bound => {
                let message = format!("`{}` is no number, and cannot have `low` and `high`", quote(field.0));
                self.fault(&node.span, message, "write `{ choices = [ … ] }`");
                None
            }
            None => {
                let message = format!("`{}` must be a value or a range, found a table", quote(field.0));
                self.fault(&node.span, message, "a range has `low` and `high`, or `choices`");
                None
            }
        }
    }

    /// Only the keys of one kind of range are allowed.
    fn keys_of_range(&mut self, node: &Node) -> Option<()> {
        let before = self.faults.len();
        for entry in node.entries() {
            if !KEYS.contains(&entry.key.as_str()) {
                let message = format!("unknown key `{}` in a range", quote(&entry.key));
                self.fault(&entry.key_span, message, suggest::help(&entry.key, &KEYS));
            } else if entry.key != "choices" && node.get("choices").is_some() {
                let message = format!("a range with `choices` has no `{}`", entry.key);
                self.fault(&entry.key_span, message, "keep either `choices`, or `low` and `high`");
            }
        }
        (self.faults.len() == before).then_some(())
    }

    /// `{ choices = […] }`: each choice is checked against the schema, and may contain ranges.
    fn choices(&mut self, node: &Node, list: &Node, schema: &'static Json, field: FieldName) -> Option<Json> {
        self.count_of_choices(list, schema, field)?;
        let items = list.items();
        let labels = labels::of(items, schema);
        let choices = Distribution::Categorical { choices: labels.clone() };
        let name = self.ranges.add(choices, &node.span);
        let mut values = Vec::with_capacity(items.len());
        for (index, (item, label)) in items.iter().zip(&labels).enumerate() {
            let condition = Condition { parent: name.clone(), is: Is::Choice(index) };
            let outer = self.ranges.condition.replace(condition);
            let value = self.option(item, label, schema, field);
            self.ranges.condition = outer;
            if let Some(twin) =
                (0..index).find(|&i| labels::same(&items[i], item) || same(&values[i], &value))
            {
                let message = format!("choices {} and {} are the same", twin + 1, index + 1);
                self.fault(&item.span, message, "list each choice once");
            }
            values.push(value);
        }
        values.into_iter().collect::<Option<Vec<Json>>>().map(|values| template::choice(&name, values))
    }

    fn count_of_choices(&mut self, list: &Node, schema: &'static Json, field: FieldName) -> Option<()> {
        if !matches!(list.value, Value::Array(_)) {
            self.wrong_type(list, "a list", FieldName("choices"));
            return None;
        }
        let (message, help) = match list.items() {
            _ if schema["x-no-choices"] == true => {
                (format!("`{}` has no choices", field.0), "write `{ low = 1, high = 4 }`".to_string())
            }
            [] => ("`choices` is empty".to_string(), "list what may be chosen".to_string()),
            [one] => {
                let help = format!("write `{} = {}`", quote(field.0), labels::written(one));
                ("a choice of one is no choice: write the value itself".to_string(), help)
            }
            many if many.len() > MAX_CHOICES => {
                let message = format!("at most {MAX_CHOICES} choices are possible, found {}", many.len());
                (message, "numbers can have `low`, `high` and `step`".to_string())
            }
            _ => return Some(()),
        };
        self.fault(&list.span, message, help);
        None
    }

    fn option(
        &mut self,
        node: &Node,
        label: &Choice,
        schema: &'static Json,
        field: FieldName,
    ) -> Option<Json> {
        if self.is_range(node, schema) {
            let message = "a choice cannot be a range itself";
            self.fault(&node.span, message, "list the values one by one, or search the range by itself");
            return None;
        }
        let before = self.faults.len();
        let value = match (label, &node.value) {
            (Choice::Text(label), Value::Table(entries)) if entries.len() == 1 => {
                self.ranges.alias = Some(label.clone());
                let value = self.any(node, schema, field);
                self.ranges.alias = None;
                value
            }
            (Choice::Text(label), Value::Table(_) | Value::Array(_)) => {
                self.within(label.as_str(), |walk| walk.any(node, schema, field))
            }
            _ => self.any(node, schema, field),
        };
        value.filter(|_| self.faults.len() == before)
    }
}

/// Whether two choices are the same once their defaults are filled in.
fn same(a: &Option<Json>, b: &Option<Json>) -> bool {
    a.is_some() && a == b
}

/// `{ choice = […] }`, `{ options = […] }` where a name is expected.
fn misspelt_choices(node: &Node, schema: &'static Json) -> bool {
    let [entry] = node.entries() else { return false };
    let known = schema::choices(schema).unwrap_or_default();
    matches!(entry.node.value, Value::Array(_))
        && suggest::nearest(&entry.key, known.iter().map(|choice| choice.name)).is_none()
        && suggest::nearest(&entry.key, ["choices"]).is_some()
}
