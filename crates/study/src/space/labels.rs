//! Labels: what the choices of a parameter are called, in records, reports and Optuna.

use std::collections::HashSet;

use serde_json::Value as Json;
use toile_tune::Choice;

use crate::check::schema;
use crate::check::tree::{Node, Value};

/// Longer labels are cut.
const MAX_LENGTH: usize = 60;

/// The label of each choice, all different: a number or a name is its own label, a table has that of its only key.
pub(crate) fn of(items: &[Node], schema: &'static Json) -> Vec<Choice> {
    let is_float = schema::text(schema::resolve(schema).0, "type") == "number";
    let mut taken = HashSet::new();
    let mut label = |item: &Node| match item.value {
        Value::Integer(number) if is_float => Choice::Float(number as f64),
        Value::Integer(number) => Choice::Int(number),
        Value::Float(number) => Choice::Float(number),
        Value::Boolean(value) => Choice::Bool(value),
        _ => Choice::Text(different(cut(&written(item)), &mut taken)),
    };
    items.iter().map(&mut label).collect()
}

/// `sgd`, and if that is taken `sgd 2`.
pub(crate) fn different(label: String, taken: &mut HashSet<String>) -> String {
    let numbered = (1..).map(|n| if n == 1 { label.clone() } else { format!("{label} {n}") });
    let free =
        numbered.into_iter().find(|label| !taken.contains(label)).expect("there is always a free number");
    taken.insert(free.clone());
    free
}

/// A label that is not too long.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// A value in short: a table with one key is that key.
pub(crate) fn written(node: &Node) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match &node.value {
        Value::String(text) => text.chars().take(MAX_LENGTH + 1).collect(),
        Value::Array(items) => format!("[{}]", list(items.iter().take(MAX_LENGTH).map(written).collect())),
        Value::Table(entries) if entries.len() == 1 => entries[0].key.clone(),
        Value::Table(entries) => {
            let pair =
                |entry: &crate::check::tree::Entry| format!("{} = {}", entry.key, written(&entry.node));
            format!("{{{}}}", list(entries.iter().take(MAX_LENGTH).map(pair).collect()))
        }
        _ => node.described(),
    }
}

/// Whether two values are equal, regardless of their places.
pub(crate) fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Integer(a), Value::Float(b)) | (Value::Float(b), Value::Integer(a)) => *a as f64 == *b,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Table(a), Value::Table(b)) => {
            let has =
                |b: &crate::check::tree::Entry| a.iter().any(|a| a.key == b.key && same(&a.node, &b.node));
            a.len() == b.len() && b.iter().all(has)
        }
        _ => false,
    }
}
