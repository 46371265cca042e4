//! Rules of the runs, and of settings wherever they stand: names, what must be said, and what cannot be said together.

use std::collections::HashMap;
use std::ops::Range;

use toile_nn::{Callback, Optimizer, Schedule};
use toile_tune::Params;

use crate::check::DataShape;
use crate::draft::Draft;
use crate::faults::quote;
use crate::file::{RunSettings, RunTable};
use crate::near;
use crate::search_plan::best_name;
use crate::tree::{Node, Value};
use crate::walk::Walk;

pub(super) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    names(draft, walk);
    if let Some(node) = draft.root.get("defaults") {
        settings(Said::by(node), &draft.defaults, draft, shape, walk);
    }
    let nodes = draft.root.get("runs").map_or(&[][..], Node::items);
    for (run, node) in draft.runs.iter().zip(nodes) {
        required(node, "run", draft, walk);
        settings(Said::by(node), &run.settings, draft, shape, walk);
        one_master_of_the_rate(Said::by(node), &run.settings.or(&draft.defaults), walk);
        one_model(run, node, draft, walk);
        if let Some(file) = &run.initial_weights {
            initial_weights(file, node, walk);
        }
    }
}

/// What a table says; of a search, what it says at a point of its space.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    node: &'a Node,
    at: Option<&'a Params>,
}

impl<'a> Said<'a> {
    pub fn by(node: &'a Node) -> Said<'a> {
        Said { node, at: None }
    }

    pub fn by_search(node: &'a Node, at: &'a Params) -> Said<'a> {
        Said { node, at: Some(at) }
    }

    /// The value of a key; of several choices the one that is chosen.
    fn get(self, key: &str) -> Option<&'a Node> {
        let node = self.node.get(key)?;
        let chosen = self.at.and_then(|at| node.get("choices")?.items().get(*at.get(key)? as usize));
        Some(chosen.unwrap_or(node))
    }

    /// The place of a key's value.
    fn span(self, key: &str) -> Range<usize> {
        self.get(key).map_or(self.node.span.clone(), |value| value.span.clone())
    }
}

/// Two runs or searches of one name could not be told apart, neither in the report nor by `--only`; nor could a run be
/// from the one that a search's chosen configuration becomes.
fn names(draft: &Draft, walk: &mut Walk) {
    let mut first: HashMap<String, String> = HashMap::new();
    let nodes = |key: &str| draft.root.get(key).map_or(&[][..], Node::items).iter();
    let runs = draft.runs.iter().map(|run| ("run", &run.name)).zip(nodes("runs")).enumerate();
    let searches = draft.searches.iter().map(|search| ("search", &search.table.name));
    let searches = searches.zip(nodes("searches")).enumerate();
    for (index, ((kind, name), node)) in runs.chain(searches).filter(|(_, ((_, name), _))| !name.is_empty()) {
        let this = format!("{kind} {}", index + 1);
        if let Some(earlier) = first.get(name) {
            let message = format!("{earlier} and {this} are both named `{}`", quote(name));
            walk.fault(&span(node, "name"), message, format!("each {kind} has a name of its own"));
        }
        first.entry(name.clone()).or_insert_with(|| this.clone());
        let best = (kind == "search").then(|| best_name(name));
        if let Some((best, run)) = best.and_then(|best| first.remove_entry(&best)) {
            let message =
                format!("{run} has the name `{}`, which belongs to the best of {this}", quote(&best));
            walk.fault(&span(node, "name"), message, "rename one of the two");
        }
    }
}

/// What a run or a search must say, unless `[defaults]` says it. A value with a fault was said.
pub(super) fn required(node: &Node, kind: &str, draft: &Draft, walk: &mut Walk) {
    let defaults = draft.root.get("defaults");
    for key in ["model", "optimizer", "epochs"] {
        let said = node.get(key).is_some() || defaults.is_some_and(|d| d.get(key).is_some());
        if !said && matches!(node.value, Value::Table(_)) {
            let name = node.get("name").map_or(format!("the {kind}"), Node::described);
            let sample = match key {
                "model" => format!("\"{}\"", draft.models.first().map_or("dense", |m| m.entry.key.as_str())),
                key => crate::sample::of(key).unwrap_or_default().to_string(),
            };
            let help = format!("add `{key} = {sample}` here, or in `[defaults]` for all runs");
            walk.fault(&node.span, format!("{} lacks `{key}`", name.replace("the string", kind)), help);
        }
    }
}

/// A run trains one model, not a range of them.
fn one_model(run: &RunTable, node: &Node, draft: &Draft, walk: &mut Walk) {
    let Some(name) = run.settings.model.as_ref().or(draft.defaults.model.as_ref()) else { return };
    if draft.model(name).is_some_and(|model| !model.space.params.is_empty()) {
        let place = if node.get("model").is_some() { span(node, "model") } else { node.span.clone() };
        let message = format!("the model `{}` has ranges, and a run trains one model", quote(name));
        walk.fault(&place, message, "search it in `[[searches]]`, or write values in place of its ranges");
    }
}

/// Whether there are validation numbers to watch. If the split itself has a fault, nothing is said about it here.
pub(super) fn has_validation(draft: &Draft) -> bool {
    let said = draft.root.get("study").and_then(|study| study.get("validation_split")).is_some();
    match draft.study.validation_split {
        Some(split) => split.fraction() > 0.0,
        None => said,
    }
}

pub(super) fn settings(
    said: Said,
    settings: &RunSettings,
    draft: &Draft,
    shape: Option<DataShape>,
    walk: &mut Walk,
) {
    if let Some(model) = &settings.model {
        known_model(model, &said.span("model"), draft, walk);
    }
    if let Some(optimizer) = &settings.optimizer {
        one_clipping(optimizer, said.get("optimizer").unwrap_or(said.node), walk);
    }
    if let Some(schedule) = &settings.schedule {
        pieces(schedule, &said.span("schedule"), walk);
    }
    class_labels(said, shape, walk);
    let validation = has_validation(draft);
    let callbacks = said.get("callbacks").map_or(&[][..], Node::items);
    for (callback, node) in settings.callbacks.iter().flatten().zip(callbacks) {
        watched(callback, &node.span, validation, walk);
    }
}

pub(super) fn known_model(model: &str, span: &Range<usize>, draft: &Draft, walk: &mut Walk) {
    let known: Vec<&str> = draft.models.iter().map(|model| model.entry.key.as_str()).collect();
    // That there is no table of models is told already.
    let has_table = draft.root.get("models").is_some_and(|node| matches!(node.value, Value::Table(_)));
    if has_table && !known.contains(&model) {
        let shown: Vec<String> = known.iter().take(20).map(|name| quote(name)).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let help = match known.is_empty() {
            true => format!("describe it: `[models.{}]` with `layers = […]`", quote(model)),
            false => near::help(model, &shown),
        };
        walk.fault(span, format!("no model is named `{}`", quote(model)), help);
    }
}

/// Keras allows one of the three ways to clip.
fn one_clipping(optimizer: &Optimizer, node: &Node, walk: &mut Walk) {
    let (clipnorm, clipvalue, global) = match optimizer {
        Optimizer::Sgd(o) => (o.clipnorm, o.clipvalue, o.global_clipnorm),
        Optimizer::Adam(o) => (o.clipnorm, o.clipvalue, o.global_clipnorm),
        Optimizer::AdamW(o) => (o.clipnorm, o.clipvalue, o.global_clipnorm),
        Optimizer::Nadam(o) => (o.clipnorm, o.clipvalue, o.global_clipnorm),
        Optimizer::RmsProp(o) => (o.clipnorm, o.clipvalue, o.global_clipnorm),
    };
    let named = [("clipnorm", clipnorm), ("clipvalue", clipvalue), ("global_clipnorm", global)];
    let set: Vec<&str> = named.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    if set.len() > 1 {
        let message = format!("only one way of clipping is possible, found {}", set.join(" and "));
        let settings = node.entries().first().map_or(node, |entry| &entry.node);
        let place = settings.entry(set[1]).map_or(&node.span, |entry| &entry.key_span);
        walk.fault(place, message, "keep one of clipnorm, clipvalue, global_clipnorm");
    }
}

/// As in Keras, a callback cannot set a learning rate that a schedule sets.
pub(super) fn one_master_of_the_rate(said: Said, settings: &RunSettings, walk: &mut Walk) {
    let mut callbacks = settings.callbacks.iter().flatten();
    let Some(reduces) = callbacks.find(|callback| callback.sets_learning_rate()) else { return };
    if settings.schedule.as_ref().is_some_and(|schedule| *schedule != Schedule::Constant) {
        let key = if said.get("callbacks").is_some() { "callbacks" } else { "schedule" };
        let message = format!("`{}` cannot reduce a learning rate that a `schedule` sets", reduces.name());
        walk.fault(&said.span(key), message, "keep one of the two");
    }
}

fn pieces(schedule: &Schedule, span: &Range<usize>, walk: &mut Walk) {
    let Schedule::Piecewise(piecewise) = schedule else { return };
    let (boundaries, values) = (&piecewise.boundaries, &piecewise.values);
    if values.len() != boundaries.len() + 1 {
        let message = format!(
            "`values` must be one more than `boundaries`, found {} and {}",
            values.len(),
            boundaries.len()
        );
        walk.fault(span, message, "for example `boundaries = [1000, 2000], values = [0.1, 0.01, 0.001]`");
    }
    if boundaries.windows(2).any(|pair| pair[0] >= pair[1]) {
        walk.fault(span, "`boundaries` must increase", format!("found {boundaries:?}"));
    }
    if values.iter().any(|&rate| rate < 0.0) {
        walk.fault(span, "`values` are learning rates, none may be negative", format!("found {values:?}"));
    }
}

/// The keys of `class_weight` are labels.
fn class_labels(said: Said, shape: Option<DataShape>, walk: &mut Walk) {
    let Some(weights) = said.get("class_weight") else { return };
    let classes = shape.map_or(256, |shape| shape.classes);
    for entry in weights.entries() {
        // `07` would be a second name of label 7.
        let label = entry.key.parse().ok().filter(|label: &usize| label.to_string() == entry.key);
        if label.is_none_or(|label| label >= classes) {
            let message = format!("`{}` is no label of the data", quote(&entry.key));
            walk.fault(
                &entry.key_span,
                message,
                format!("labels are whole numbers from 0 to {}", classes - 1),
            );
        }
    }
}

fn watched(callback: &Callback, span: &Range<usize>, validation: bool, walk: &mut Walk) {
    let monitor = callback.monitor();
    if monitor.needs_validation() && !validation {
        let metric = monitor.name();
        let message = format!("the callback watches {metric}, but the study holds back no validation images");
        let help = "set `validation_split = 0.1` in `[study]`, or watch `monitor = \"loss\"`";
        walk.fault(span, message, help);
    }
}

/// Beside the study file: a study that is sent to somebody must not reach into their folders.
pub(super) fn initial_weights(file: &str, node: &Node, walk: &mut Walk) {
    let outside = file.starts_with(['/', '\\'])
        || file.contains(':')
        || file.split(['/', '\\']).any(|part| part == "..");
    if outside {
        let message = "`initial_weights` must lie beside the study file, or in a folder there";
        walk.fault(&span(node, "initial_weights"), message, "copy the file there, and give its name alone");
    }
}

/// The place of a key's value.
pub(super) fn span(node: &Node, key: &str) -> Range<usize> {
    node.get(key).map_or(node.span.clone(), |value| value.span.clone())
}
