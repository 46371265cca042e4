//! Rules of the runs, and of the settings of runs and searches: names, required settings, and settings that exclude
//! each other.

use std::collections::HashMap;
use std::ops::Range;

use toile_nn::{Callback, Common, Optimizer, Schedule};
use toile_tune::Params;

use crate::check::DataShape;
use crate::check::draft::Draft;
use crate::check::faults::quote;
use crate::check::grids::GridRun;
use crate::check::sample;
use crate::check::suggest;
use crate::check::tree::{Node, Value};
use crate::check::walk::Walk;
use crate::file::{RunSettings, RunTable};
use crate::plan::search_plan::best_name;

pub(super) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    names(draft, walk);
    if let Some(node) = draft.root.get("defaults") {
        settings(SettingsSource::of(node), &draft.defaults, draft, shape, walk);
    }
    for (key, kind) in [("runs", "run"), ("grid", "grid")] {
        for node in items(draft, key) {
            required(node, kind, draft, walk);
        }
    }
    for (run, node) in draft.runs.iter().zip(draft.run_nodes()) {
        let before = walk.faults.len();
        settings(SettingsSource::of(node), &run.settings, draft, shape, walk);
        one_source_of_the_rate(SettingsSource::of(node), &run.settings.or(&draft.defaults), walk);
        one_model(run, node, draft, walk);
        if let Some(file) = &run.initial_weights {
            initial_weights(file, node, walk);
        }
        walk.drop_repeated(before);
    }
}

/// The tables of a list at the top of the file.
fn items<'a>(draft: &'a Draft, key: &str) -> &'a [Node] {
    draft.root.get(key).map_or(&[][..], Node::items)
}

/// The table that settings come from, for the places of their faults; of a search, the table at a point of its space.
#[derive(Clone, Copy)]
pub(super) struct SettingsSource<'a> {
    node: &'a Node,
    point: Option<&'a Params>,
}

impl<'a> SettingsSource<'a> {
    pub(crate) fn of(node: &'a Node) -> SettingsSource<'a> {
        SettingsSource { node, point: None }
    }

    pub(crate) fn at_point(node: &'a Node, point: &'a Params) -> SettingsSource<'a> {
        SettingsSource { node, point: Some(point) }
    }

    /// The value of a key; of a range of choices, the choice at the point.
    fn get(self, key: &str) -> Option<&'a Node> {
        let node = self.node.get(key)?;
        let index = |point: &Params| point.get(key).map(|index| *index as usize);
        let chosen = self.point.and_then(|point| node.get("choices")?.items().get(index(point)?));
        Some(chosen.unwrap_or(node))
    }

    /// The place of a key's value.
    pub(super) fn span(self, key: &str) -> Range<usize> {
        self.get(key).map_or(self.node.span.clone(), |value| value.span.clone())
    }
}

/// The report and `--only` distinguish runs and searches by their names, so each has its own. The chosen configuration
/// of a search becomes a run, whose name must be free, too.
fn names(draft: &Draft, walk: &mut Walk) {
    let mut first: HashMap<String, String> = HashMap::new();
    let written = (1..=items(draft, "runs").len()).map(|number| format!("run {number}"));
    let of_grids = draft.grids.runs.iter().map(GridRun::described);
    let runs = draft.runs.iter().map(|run| ("run", &run.name)).zip(draft.run_nodes());
    let runs = runs.zip(written.chain(of_grids));
    let searches = draft.searches.iter().map(|search| ("search", &search.table.name));
    let searches = searches.zip(items(draft, "searches"));
    let searches = searches.zip((1..).map(|number| format!("search {number}")));
    for (((kind, name), node), this) in runs.chain(searches).filter(|(((_, name), _), _)| !name.is_empty()) {
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

/// What a run or a search must contain, unless `[defaults]` does. A value with a fault is not missing.
pub(super) fn required(node: &Node, kind: &str, draft: &Draft, walk: &mut Walk) {
    let defaults = draft.root.get("defaults");
    for key in ["model", "optimizer", "epochs"] {
        let is_given = node.get(key).is_some() || defaults.is_some_and(|d| d.get(key).is_some());
        if !is_given && matches!(node.value, Value::Table(_)) {
            let name = node.get("name").map_or(format!("the {kind}"), Node::described);
            let sample = match key {
                "model" => format!("\"{}\"", draft.models.first().map_or("dense", |m| m.entry.key.as_str())),
                key => sample::of(key).unwrap_or_default().to_string(),
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

/// Whether there are validation images. A split that has a fault counts as one, so that nothing else is reported.
pub(super) fn has_validation(draft: &Draft) -> bool {
    let is_given = draft.root.get("study").and_then(|study| study.get("validation_split")).is_some();
    draft.study.data.has_own_validation()
        || draft.study.validation_split.map_or(is_given, |split| split.fraction() > 0.0)
}

pub(super) fn settings(
    source: SettingsSource,
    settings: &RunSettings,
    draft: &Draft,
    shape: Option<DataShape>,
    walk: &mut Walk,
) {
    if let Some(model) = &settings.model {
        known_model(model, &source.span("model"), draft, walk);
    }
    if let Some(optimizer) = &settings.optimizer {
        one_clipping(optimizer, source.get("optimizer").unwrap_or(source.node), walk);
    }
    if let Some(schedule) = &settings.schedule {
        for fault in schedule.faults() {
            walk.fault(&source.span("schedule"), fault.message, fault.help);
        }
    }
    class_labels(source, shape, walk);
    let validation = has_validation(draft);
    let callbacks = source.get("callbacks").map_or(&[][..], Node::items);
    for (callback, node) in settings.callbacks.iter().flatten().zip(callbacks) {
        watched(callback, &node.span, validation, walk);
    }
}

pub(super) fn known_model(model: &str, span: &Range<usize>, draft: &Draft, walk: &mut Walk) {
    let known: Vec<&str> = draft.models.iter().map(|model| model.entry.key.as_str()).collect();
    // A missing table of models is already a fault.
    let has_table = draft.root.get("models").is_some_and(|node| matches!(node.value, Value::Table(_)));
    if has_table && !known.contains(&model) {
        let shown: Vec<String> = known.iter().take(20).map(|name| quote(name)).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let help = match known.is_empty() {
            true => format!("describe it: `[models.{}]` with `layers = […]`", quote(model)),
            false => suggest::help(model, &shown),
        };
        walk.fault(span, format!("no model is named `{}`", quote(model)), help);
    }
}

/// Keras allows only one of the three ways to clip.
fn one_clipping(optimizer: &Optimizer, node: &Node, walk: &mut Walk) {
    let Common { clipnorm, clipvalue, global_clipnorm, .. } = optimizer.common();
    let named = [("clipnorm", clipnorm), ("clipvalue", clipvalue), ("global_clipnorm", global_clipnorm)];
    let set: Vec<&str> = named.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    if set.len() > 1 {
        let message = format!("only one way of clipping is possible, found {}", set.join(" and "));
        let settings = node.entries().first().map_or(node, |entry| &entry.node);
        let place = settings.entry(set[1]).map_or(&node.span, |entry| &entry.key_span);
        walk.fault(place, message, "keep one of clipnorm, clipvalue, global_clipnorm");
    }
}

/// As in Keras, a callback cannot set a learning rate that a schedule sets.
pub(super) fn one_source_of_the_rate(source: SettingsSource, settings: &RunSettings, walk: &mut Walk) {
    let mut callbacks = settings.callbacks.iter().flatten();
    let Some(reduces) = callbacks.find(|callback| callback.sets_learning_rate()) else { return };
    if settings.schedule.as_ref().is_some_and(|schedule| *schedule != Schedule::Constant) {
        let key = if source.get("callbacks").is_some() { "callbacks" } else { "schedule" };
        let message = format!("`{}` cannot reduce a learning rate that a `schedule` sets", reduces.name());
        walk.fault(&source.span(key), message, "keep one of the two");
    }
}

/// The keys of `class_weight` are labels.
fn class_labels(source: SettingsSource, shape: Option<DataShape>, walk: &mut Walk) {
    let Some(weights) = source.get("class_weight") else { return };
    let classes = shape.map_or(256, |shape| shape.classes);
    for entry in weights.entries() {
        // `07` would be a second way to write label 7.
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

/// A callback can only watch what is measured.
fn watched(callback: &Callback, span: &Range<usize>, validation: bool, walk: &mut Walk) {
    let monitor = callback.monitor();
    let metric = monitor.name();
    if monitor.needs_validation() && !validation {
        let message = format!("the callback watches {metric}, but the study has no validation images");
        let help = "set `validation_split = 0.1` in `[study]`, or watch `monitor = \"loss\"`";
        walk.fault(span, message, help);
    }
}

/// Only files in the study file's folder: a study that comes from somebody else must not read other files.
pub(super) fn initial_weights(file: &str, node: &Node, walk: &mut Walk) {
    let outside = file.starts_with(['/', '\\'])
        || file.contains(':')
        || file.split(['/', '\\']).any(|part| part == "..");
    if outside {
        let message = "`initial_weights` must be in the folder of the study file, or below it";
        walk.fault(
            &span(node, "initial_weights"),
            message,
            "copy the file there, and write its name without a path",
        );
    }
}

/// The place of a key's value.
pub(super) fn span(node: &Node, key: &str) -> Range<usize> {
    node.get(key).map_or(node.span.clone(), |value| value.span.clone())
}
