//! Values of parameters that the study file gives by name: `fixed`, and the configurations of `first`.

use std::collections::BTreeMap;
use std::ops::Range;

use toile_tune::{Choice, Distribution, Is, Param, Params, Space};

use crate::check::faults::quote;
use crate::check::schema;
use crate::check::suggest;
use crate::check::tree::{Entry, Node, Value};
use crate::check::walk::Walk;

/// Values by name, each with its place in the file.
#[derive(Default)]
pub(crate) struct Given {
    pub params: Params,
    spans: BTreeMap<String, Range<usize>>,
}

/// Reads a table of values. Names have dots in them, so a table within the table is a part of a name:
/// `optimizer = { sgd = { learning_rate = 0.1 } }` is `"optimizer.sgd.learning_rate" = 0.1`. An empty table chooses:
/// `optimizer = { sgd = {} }` is `optimizer = "sgd"`.
pub(crate) fn read_values(node: &Node, space: &Space, walk: &mut Walk) -> Given {
    let mut given = Given::default();
    for entry in node.entries() {
        given.read(entry, "", space, walk);
    }
    given
}

impl Given {
    fn read(&mut self, entry: &Entry, before: &str, space: &Space, walk: &mut Walk) {
        let dot = if before.is_empty() { "" } else { "." };
        let name = stored_name(format!("{before}{dot}{}", entry.key), space);
        match (&entry.node.value, space.get(&name)) {
            (Value::Table(entries), param) => {
                for inner in entries {
                    match param.filter(|_| is_empty(&inner.node)) {
                        Some(param) => self.choice(param, inner, walk),
                        None => self.read(inner, &name, space, walk),
                    }
                }
            }
            (_, Some(param)) => match value(param, &entry.node) {
                Some(value) => self.insert(&name, value, &entry.node.span, walk),
                None => out_of_range(param, &entry.node, walk),
            },
            (_, None) => unknown(&name, entry, space, walk),
        }
    }

    fn choice(&mut self, param: &Param, choice: &Entry, walk: &mut Walk) {
        match param.distribution.internal(&Choice::Text(choice.key.clone())) {
            Some(value) => self.insert(&param.name, value, &choice.key_span, walk),
            None => {
                no_choice(param, &format!("`{}`", quote(&choice.key)), &choice.key, &choice.key_span, walk)
            }
        }
    }

    fn insert(&mut self, name: &str, value: f64, span: &Range<usize>, walk: &mut Walk) {
        self.spans.insert(name.to_string(), span.clone());
        if self.params.insert(name.to_string(), value).is_some_and(|earlier| earlier != value) {
            let message = format!("the parameter `{}` is given twice", quote(name));
            walk.fault(span, message, "a parameter has one value");
        }
    }

    /// The first values of a trial: these, and the choices that they need. One that contradicts `fixed` is a fault.
    pub(crate) fn checked_against(self, fixed: &Given, space: &Space, walk: &mut Walk) -> Params {
        let given = self.with_parents(space, walk);
        for (name, held) in &fixed.params {
            if given.params.get(name).is_some_and(|value| value != held) {
                let message = format!("the parameter `{}` has another value in `fixed`", quote(name));
                walk.fault(&given.spans[name], message, "leave one of the two out");
            }
        }
        given.params
    }

    /// Adds the choices without which the given parameters would not exist. One that contradicts them is a fault.
    fn with_parents(mut self, space: &Space, walk: &mut Walk) -> Given {
        // Children follow their parents: in reverse order, every parent comes after the parameters that need it.
        for param in space.params.iter().rev() {
            let Some(span) = self.spans.get(&param.name).cloned() else { continue };
            for condition in &param.when {
                let Some(parent) = space.get(&condition.parent) else { continue };
                let needed = match condition.is {
                    Is::Choice(index) => index as f64,
                    Is::AtLeast(least) => parent.distribution.nearest(least).max(least),
                };
                let given = *self.params.entry(parent.name.clone()).or_insert(needed);
                self.spans.entry(parent.name.clone()).or_insert(span.clone());
                let mut with_parent = Params::new();
                with_parent.insert(parent.name.clone(), given);
                if !condition.holds(&with_parent) {
                    let name = quote(&param.name);
                    let chosen = parent.distribution.external(given);
                    let message = format!(
                        "there is no `{name}` where `{}` is {}",
                        quote(&parent.name),
                        quote(&chosen.to_string())
                    );
                    walk.fault(&span, message, "leave one of the two out");
                }
            }
        }
        self
    }
}

/// Parameters of settings that were renamed have kept their names: `schedule.cosine.decay_steps` is
/// `schedule.cosine.steps`.
fn stored_name(name: String, space: &Space) -> String {
    let exists = |name: &str| space.params.iter().any(|param| param.name.starts_with(name));
    let earlier: Vec<&str> = name.split('.').map(|key| schema::earlier_name(key).unwrap_or(key)).collect();
    let earlier = earlier.join(".");
    if !exists(&name) && exists(&earlier) { earlier } else { name }
}

/// A value of the file as the parameter's internal value, if it is in its range.
fn value(param: &Param, node: &Node) -> Option<f64> {
    let choice = match &node.value {
        Value::Integer(number) => Choice::Int(*number),
        Value::Float(number) => Choice::Float(*number),
        Value::Boolean(value) => Choice::Bool(*value),
        Value::String(text) => Choice::Text(text.clone()),
        Value::Array(_) => Choice::Text(super::labels::written(node)),
        _ => return None,
    };
    param.distribution.internal(&choice)
}

fn is_empty(node: &Node) -> bool {
    matches!(&node.value, Value::Table(entries) if entries.is_empty())
}

fn out_of_range(param: &Param, node: &Node, walk: &mut Walk) {
    if let Distribution::Categorical { .. } = param.distribution {
        let text = if let Value::String(text) = &node.value { text.as_str() } else { "" };
        return no_choice(param, &node.described(), text, &node.span, walk);
    }
    let message = format!("{} is outside the range of `{}`", node.described(), quote(&param.name));
    walk.fault(&node.span, message, format!("the range is {}", range_in_words(&param.distribution)));
}

fn no_choice(param: &Param, found: &str, name: &str, span: &Range<usize>, walk: &mut Walk) {
    let Distribution::Categorical { choices } = &param.distribution else { return };
    let known: Vec<String> = choices.iter().take(20).map(|c| quote(&c.to_string())).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    walk.fault(
        span,
        format!("{found} is no choice of `{}`", quote(&param.name)),
        suggest::help(name, &known),
    );
}

fn range_in_words(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Float { low, high, step: None, .. } => format!("{low:?} to {high:?}"),
        Distribution::Float { low, high, step: Some(step), .. } => {
            format!("{low:?} to {high:?} in steps of {step:?}")
        }
        Distribution::Int { low, high, step: 1, .. } => format!("whole numbers from {low} to {high}"),
        Distribution::Int { low, high, step, .. } => format!("{low} to {high} in steps of {step}"),
        Distribution::Categorical { choices } => format!("one of {}", choices.len()),
    }
}

fn unknown(name: &str, entry: &Entry, space: &Space, walk: &mut Walk) {
    let all: Vec<String> = space.params.iter().take(20).map(|param| quote(&param.name)).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let message = format!("the search has no parameter `{}`", quote(name));
    walk.fault(&entry.key_span, message, suggest::help(name, &all));
}
