//! Rules of the searches: their spaces, their metrics, and whether the sampler and the pruner fit them.

use std::ops::Range;

use toile_tune::{Pruner, Sampler};

use super::models::MAX_RANGES;
use super::runs::{self, SettingsSource, span};
use crate::check::DataShape;
use crate::check::draft::{Draft, SearchDraft, with_defaults};
use crate::check::faults::quote;
use crate::check::tree::{Node, Value};
use crate::check::walk::{Ranged, Walk};
use crate::file::{MAX_TRIALS, RunSettings};
use crate::plan::search_plan::{TrialBudget, objectives};
use crate::space::{corners, template};
use toile_record::Metric;

/// The most layers of the models of all searches together, a model counted for each search that has it.
const MAX_LAYERS: usize = 100_000;

/// Points at which the settings of a search are checked against each other, at most.
const MAX_CORNERS: usize = 256;

pub(super) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    for search in &draft.searches {
        runs::required(search.node, "search", draft, walk);
        models(search, draft, walk);
        if let Some(file) = &search.table.initial_weights {
            initial_weights(file, search, walk);
        }
        metrics(search, draft, walk);
        history(search, walk);
        pruner(search, draft, walk);
        if search.is_valid && ranges(search, walk) {
            sampler(search, draft, walk);
            at_corners(search, draft, shape, walk);
        }
    }
    size(draft, walk);
}

/// The place of a key's value.
fn place(search: &SearchDraft, key: &str) -> Range<usize> {
    span(search.node, key)
}

/// Every model that may be chosen.
fn models(search: &SearchDraft, draft: &Draft, walk: &mut Walk) {
    let Some(model) = search.node.get("model") else { return };
    let choices = model.get("choices").map_or(std::slice::from_ref(model), Node::items);
    for node in choices {
        if let Value::String(name) = &node.value {
            runs::known_model(name, &node.span, draft, walk);
        }
    }
}

/// Weights fit one model, so nothing of it may be searched.
fn initial_weights(file: &str, search: &SearchDraft, walk: &mut Walk) {
    runs::initial_weights(file, search.node, walk);
    let has_choice = search.settings.get("model").is_some_and(|model| template::choices(model).is_some());
    if has_choice || search.space.params.len() > search.n_own {
        let message = "`initial_weights` fit one model, but the search has ranges in it";
        walk.fault(
            &place(search, "initial_weights"),
            message,
            "search the other settings, or leave them out",
        );
    }
}

fn metrics(search: &SearchDraft, draft: &Draft, walk: &mut Walk) {
    let validation = runs::has_validation(draft);
    let metrics = search.table.metric.as_ref().map(|metric| metric.all()).unwrap_or_default();
    let node = search.node.get("metric").unwrap_or(search.node);
    for (index, metric) in metrics.iter().enumerate() {
        let place = &node.items().get(index).unwrap_or(node).span;
        if metric.needs_validation() && !validation {
            let name = metric.name();
            let message = format!("the search optimises {name}, but the study has no validation images");
            walk.fault(
                place,
                message,
                "set `validation_split = 0.1` in `[study]`, or `metric = \"accuracy\"`",
            );
        }
        if metrics[..index].contains(metric) {
            walk.fault(place, format!("`{}` is listed twice", metric.name()), "list each metric once");
        }
    }
    let (wanted, found) =
        (metrics.len().max(1), search.table.direction.as_ref().map_or(0, |d| d.all().len()));
    if found != 0 && found != wanted && (!metrics.is_empty() || search.node.get("metric").is_none()) {
        let message = format!("each metric has a direction: expected {wanted}, found {found}");
        let help = "for example `metric = [\"val_accuracy\", \"parameters\"]` with \
                    `direction = [\"maximize\", \"minimize\"]`";
        walk.fault(&place(search, "direction"), message, help);
    }
}

/// Which other trials the sampler may use for a trial.
fn history(search: &SearchDraft, walk: &mut Walk) {
    let (lag, asynchronous) = (search.table.lag, search.table.asynchronous == Some(true));
    if lag.is_some() && asynchronous {
        let message = "an asynchronous search has no `lag`";
        walk.fault(&place(search, "lag"), message, "keep one of the two");
    }
    let replays = search.table.sampler.as_ref().is_some_and(Sampler::repeats_optuna);
    if replays && (asynchronous || lag != Some(0)) && search.node.get("lag").is_none_or(|_| lag.is_some()) {
        let message = "`numpy_compatible` repeats a search of one worker, which has `lag = 0`";
        walk.fault(&place(search, "sampler"), message, "add `lag = 0`, or leave `numpy_compatible` out");
    }
}

fn pruner(search: &SearchDraft, draft: &Draft, walk: &mut Walk) {
    let Some(pruner) = search.table.pruner.as_ref().filter(|pruner| **pruner != Pruner::None) else { return };
    let place = place(search, "pruner");
    let metrics = objectives(&search.table, runs::has_validation(draft));
    if metrics.len() > 1 {
        let message = "a pruner needs a single metric, but the search has several";
        walk.fault(&place, message, "leave the pruner out, or keep one metric");
    } else if let Some(metric) = metrics.iter().map(|o| o.metric).find(|metric| !metric.is_per_epoch()) {
        let message =
            format!("a pruner needs a value after each epoch, which `{}` does not have", metric.name());
        walk.fault(&place, message, per_epoch());
    }
    if pruner.compares_seeds() && search.table.settings.seeds.unwrap_or(1) < 2 {
        let message = "`wilcoxon` compares repetitions of a trial, but each is trained once";
        walk.fault(&place, message, "add `seeds = 5`");
    }
    if let Err(error) = pruner.check().and_then(|()| pruner.check_effect()) {
        walk.fault(&place, error.message, error.help);
    }
}

/// The metrics by which trials can be pruned, those of the validation images first.
fn per_epoch() -> String {
    let mut metrics: Vec<Metric> = Metric::of_epoch().collect();
    metrics.sort_by_key(|metric| !metric.needs_validation());
    let names: Vec<&str> = metrics.into_iter().map(Metric::name).collect();
    format!("metrics that have one: {}", names.join(", "))
}

/// Whether the search has ranges, and not too many.
fn ranges(search: &SearchDraft, walk: &mut Walk) -> bool {
    let params = &search.space.params;
    let name = quote(&search.table.name);
    if params.iter().all(|ranged| search.fixed.contains_key(&ranged.param.name)) {
        let message = format!("the search `{name}` has no range: there is nothing to search");
        let help = match params.is_empty() {
            true => "write a range in place of a value: `batch_size = { choices = [32, 64, 128] }`",
            false => "`fixed` has a value for every parameter; leave one out",
        };
        walk.fault(&place(search, "name"), message, help);
        return false;
    }
    if params.len() > MAX_RANGES {
        let message = format!("a search has at most {MAX_RANGES} ranges, this one has {}", params.len());
        walk.fault(&place(search, "name"), message, "write values in place of some of them");
        return false;
    }
    true
}

/// Whether the sampler can search this space for these metrics, and whether the number of trials is known.
fn sampler(search: &SearchDraft, draft: &Draft, walk: &mut Walk) {
    let metrics = objectives(&search.table, runs::has_validation(draft)).len();
    let points = search.space.space().count_points(&search.fixed);
    let place = place(search, "sampler");
    match &search.table.sampler {
        Some(sampler) if metrics > 1 && sampler.is_single_objective() => {
            let message = format!("the sampler needs a single metric, but the search has {metrics}");
            walk.fault(&place, message, "`nsga2`, `tpe`, `random` and `sobol` can search for several");
        }
        Some(sampler) if sampler.is_exhaustive() && points.is_none() => {
            let range = uncountable(search).map_or(&place, |ranged| &ranged.span);
            let message = "a grid needs ranges whose values can be counted";
            return walk.fault(range, message, "add a `step`, or list `choices`");
        }
        None => {}
        // Fixed parameters may make the space countable.
        Some(sampler) if sampler.is_exhaustive() => {}
        Some(sampler) => {
            let directions = vec![toile_record::Direction::Maximize; metrics];
            if let Err(why) = sampler.supports(&directions, &search.space.space()) {
                walk.fault(&place, why, "take `tpe`, which can search any space");
            }
        }
    }
    if search.node.get("n_trials").is_some() {
        return;
    }
    let name = quote(&search.table.name);
    match points {
        None => {
            let message = format!("search \"{name}\" lacks `n_trials`");
            let name = uncountable(search).map_or(String::new(), |ranged| quote(&ranged.param.name));
            let help = format!("add `n_trials = 40`: `{name}` has any value between its bounds");
            walk.fault(&search.node.span, message, help);
        }
        Some(points) if points > MAX_TRIALS as u128 => {
            let message =
                format!("search \"{name}\" lacks `n_trials`: its space has more than {MAX_TRIALS} points");
            walk.fault(&search.node.span, message, "add `n_trials = 40`");
        }
        Some(_) => {}
    }
}

/// The first parameter whose values cannot be counted.
fn uncountable<'a>(search: &'a SearchDraft) -> Option<&'a Ranged> {
    let mut free = search.space.params.iter().filter(|ranged| !search.fixed.contains_key(&ranged.param.name));
    free.find(|ranged| ranged.param.distribution.count().is_none())
}

/// The rules between settings at the corners of the space: the first corner with faults is reported.
fn at_corners(search: &SearchDraft, draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    let mut space = search.space.space();
    space.params.truncate(search.n_own);
    let all = with_defaults(&search.settings, &draft.defaults);
    let before = walk.faults.len();
    for corner in corners(&space, MAX_CORNERS) {
        let settings =
            |of: &serde_json::Value| serde_json::from_value::<RunSettings>(template::fill(of, &corner)?).ok();
        let source = SettingsSource::at_point(search.node, &corner);
        if let Some(own) = settings(&serde_json::Value::Object(search.settings.clone())) {
            runs::settings(source, &RunSettings { model: None, ..own }, draft, shape, walk);
        }
        if let Some(all) = settings(&all) {
            trains(source, &all, walk);
            runs::one_source_of_the_rate(source, &all, walk);
        }
        if walk.faults.len() > before {
            break;
        }
    }
}

/// A search compares what trainings come to.
fn trains(source: SettingsSource, settings: &RunSettings, walk: &mut Walk) {
    if settings.epochs == Some(0) {
        let message = "a search trains: its trials have at least 1 epoch, found 0";
        let help = "set `epochs = 10`; weights that are only to be evaluated are a run of `[[runs]]`";
        walk.fault(&source.span("epochs"), message, help);
    }
}

/// Trials and layers of all searches.
fn size(draft: &Draft, walk: &mut Walk) {
    let (mut trials, mut layers) = (0usize, 0usize);
    let mut reported = false;
    for search in draft.searches.iter().filter(|search| search.is_valid) {
        let points = search.space.space().count_points(&search.fixed);
        let budget = TrialBudget::of(&search.table, points, 1);
        let seeds = search.table.settings.seeds.unwrap_or(1);
        trials = trials.saturating_add(budget.n_trials.saturating_mul(seeds));
        layers += search.space.layers;
        if trials > MAX_TRIALS && !reported {
            reported = true;
            let message = format!(
                "a study has at most {MAX_TRIALS} trials, repetitions counted; with this search it has {trials}"
            );
            walk.fault(
                &place(search, "name"),
                message,
                "lower `n_trials` or `seeds`, or make several studies of it",
            );
        }
    }
    if layers > MAX_LAYERS {
        let message =
            format!("the models of all searches have {layers} layers; at most {MAX_LAYERS} are possible");
        walk.fault(&draft.root.at(&["searches"]).span, message, "make several studies of it");
    }
}
