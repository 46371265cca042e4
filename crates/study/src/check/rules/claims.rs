//! Rules of the claims: each has a name of its own, one form, and speaks of runs, searches and models that there are.

use std::collections::HashMap;

use toile_judge::ClaimTable;

use crate::check::draft::Draft;
use crate::check::faults::quote;
use crate::check::suggest;
use crate::check::tree::{Node, Value};
use crate::check::walk::Walk;

pub(super) fn check(draft: &Draft, walk: &mut Walk) {
    let nodes = draft.root.get("claims").map_or(&[][..], Node::items);
    let mut first: HashMap<&str, usize> = HashMap::new();
    let is_table = |node: &Node| matches!(node.value, Value::Table(_));
    for (i, (claim, node)) in draft.claims.iter().zip(nodes).filter(|(_, node)| is_table(node)).enumerate() {
        if let Some(earlier) = first.insert(&claim.id, i).filter(|_| !claim.id.is_empty()) {
            let message =
                format!("claims {} and {} are both named `{}`", earlier + 1, i + 1, quote(&claim.id));
            walk.fault(&node.get("id").unwrap_or(node).span, message, "each claim has an id of its own");
        }
        form(claim, node, walk);
        names(claim, node, draft, walk);
    }
}

/// A claim with a fault of its own may have lost its form by it: nothing more is said of it.
fn form(claim: &ClaimTable, node: &Node, walk: &mut Walk) {
    let is_inside =
        |span: &std::ops::Range<usize>| node.span.start <= span.start && span.end <= node.span.end;
    if walk.faults.iter().any(|fault| is_inside(&fault.span)) {
        return;
    }
    if let Err(wrong) = claim.form() {
        let place = wrong.key.and_then(|key| node.get(key)).unwrap_or(node);
        walk.fault(&place.span, wrong.message, wrong.help);
    }
}

/// Runs, searches and models that a claim speaks of.
fn names(claim: &ClaimTable, node: &Node, draft: &Draft, walk: &mut Walk) {
    let runs = draft.runs.iter().map(|run| run.name.as_str());
    let known: Vec<&str> =
        runs.chain(draft.searches.iter().map(|search| search.table.name.as_str())).collect();
    // The runs of a grid with a fault are not known.
    for name in claim.named().into_iter().filter(|_| draft.grids.is_valid) {
        if !known.contains(&name.as_str()) && !name.is_empty() {
            let help = suggest::help(&name, &known);
            walk.fault(
                &place(node, &name).span,
                format!("no run or search is named `{}`", quote(&name)),
                help,
            );
        }
    }
    if let Some(model) = claim.capacity.as_ref().filter(|model| draft.model(model).is_none()) {
        let models: Vec<&str> = draft.models.iter().map(|model| model.entry.key.as_str()).collect();
        let message = format!("no model is named `{}`", quote(model));
        walk.fault(&node.get("capacity").unwrap_or(node).span, message, suggest::help(model, &models));
    }
}

/// Where a name stands in the claim.
fn place<'a>(node: &'a Node, name: &str) -> &'a Node {
    fn find<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
        match &node.value {
            Value::String(text) => (text == name).then_some(node),
            Value::Array(items) => items.iter().find_map(|item| find(item, name)),
            Value::Table(entries) => entries.iter().find_map(|entry| {
                find(&entry.node, name).or_else(|| (entry.key == name).then_some(&entry.node))
            }),
            _ => None,
        }
    }
    find(node, name).unwrap_or(node)
}
