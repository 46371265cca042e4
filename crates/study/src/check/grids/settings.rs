//! The settings of a grid and their values.

use std::collections::HashMap;
use std::slice;

use super::schema::of_setting;
use crate::check::faults::quote;
use crate::check::tree::{Entry, Node, Value};
use crate::check::walk::{FieldName, Walk};
use crate::file::GRID_SETTINGS;

/// A setting of a grid, with one value or several.
pub(super) struct GridSetting<'a> {
    pub entry: &'a Entry,
    pub values: &'a [Node],
}

/// The settings of a grid, in the order of its loops.
pub(super) fn of(grid: &Node) -> Vec<GridSetting<'_>> {
    let entries = GRID_SETTINGS.iter().filter_map(|key| grid.entry(key));
    entries.map(|entry| GridSetting { entry, values: values(entry) }).collect()
}

/// A list is a list of values. Callbacks are a list themselves, so that only a list of lists is one of values.
fn values(entry: &Entry) -> &[Node] {
    let is_list = |node: &Node| matches!(node.value, Value::Array(_));
    let is_one = entry.key == "callbacks" && !entry.node.items().iter().any(is_list);
    if is_list(&entry.node) && !is_one { entry.node.items() } else { slice::from_ref(&entry.node) }
}

impl GridSetting<'_> {
    pub(super) fn key(&self) -> &str {
        &self.entry.key
    }

    /// Whether runs of the grid differ in it.
    pub(super) fn varies(&self) -> bool {
        self.values.len() > 1
    }

    /// Checks each value as that of a run is checked, and that no two are the same.
    pub(super) fn check(&self, walk: &mut Walk) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (index, node) in self.values.iter().enumerate() {
            let Some(value) = walk.value(node, of_setting(self.key()), FieldName(self.key())) else {
                continue;
            };
            if let Some(twin) = seen.insert(value.to_string(), index) {
                let message =
                    format!("values {} and {} of `{}` are the same", twin + 1, index + 1, self.key());
                walk.fault(&node.span, message, "list each value once");
            }
        }
    }
}

/// A learning rate of the grid is that of each of its optimizers, so none of them has its own.
pub(super) fn one_learning_rate(
    grid: &Node,
    defaults: Option<&Node>,
    settings: &[GridSetting],
    walk: &mut Walk,
) {
    let Some(rate) = grid.entry("learning_rate") else { return };
    let own = |optimizer: &'_ Node| {
        optimizer.entries().first().and_then(|of| of.node.entry("learning_rate")).is_some()
    };
    for node in
        settings.iter().filter(|setting| setting.key() == "optimizer").flat_map(|setting| setting.values)
    {
        let Some(optimizer) = node.entries().first().filter(|_| own(node)) else { continue };
        let place = optimizer.node.entry("learning_rate").map_or(&node.span, |entry| &entry.key_span);
        let message = format!("`{}` sets a `learning_rate`, and the grid sets it too", quote(&optimizer.key));
        walk.fault(place, message, "keep one of the two");
    }
    let shared = defaults.and_then(|defaults| defaults.get("optimizer"));
    if grid.get("optimizer").is_none() && shared.is_some_and(own) {
        let message = "the optimizer of `[defaults]` sets a `learning_rate`, and the grid sets it too";
        walk.fault(&rate.key_span, message, "name the optimizer in the grid: `optimizer = \"adam\"`");
    }
}

/// An optimizer with this learning rate.
pub(super) fn with_rate(optimizer: &Node, rate: &Entry, value: &Node) -> Node {
    let rate = Entry { node: value.clone(), ..rate.clone() };
    let span = optimizer.span.clone();
    let choice = match &optimizer.value {
        Value::String(name) => {
            let node = Node { span: span.clone(), value: Value::Table(vec![rate]) };
            Entry { key: name.clone(), key_span: span.clone(), node }
        }
        _ => {
            // Something else is a fault of `[defaults]`, which is told there.
            let Some(mut choice) = optimizer.entries().first().cloned() else { return optimizer.clone() };
            if let Value::Table(settings) = &mut choice.node.value {
                settings.push(rate);
            }
            choice
        }
    };
    Node { span, value: Value::Table(vec![choice]) }
}
