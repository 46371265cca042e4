//! Our own results, as they are judged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value};
use toile_judge::{Images, Quantity, Recipe, Results, Run};
use toile_record::{Evidence, Records, RunRecord, SearchRecord, State, choice};
use toile_stats::Printed;
use toile_study::{CheckedStudy, SearchPlan, race};
use toile_tune::Params;

use super::{MOST_COMPARED, on_the_data};
use crate::facts::{METRICS, published_numbers, train_seconds};
use crate::plan::PlanSettings;
use crate::view::grouped;

/// Points at which a search is looked at for what it fixes.
const MOST_CORNERS: usize = 256;

/// The groups as recipes, in their order.
pub(super) fn results(records: &Records, study: Option<&CheckedStudy>) -> Results {
    let chosen = chosen(records);
    let decimals = decimals(records);
    let mut rows = BTreeSet::new();
    let groups = grouped(records);
    let has_images = groups.len() <= MOST_COMPARED;
    let recipe = |runs: &Vec<&RunRecord>| {
        let first = runs[0];
        let numbers = published_numbers(first.published.as_ref());
        let Searched { open, tried, .. } = search_of(records, first).map(searched).unwrap_or_default();
        let ended = runs.iter().filter(|run| run.state.is_finished());
        Recipe {
            name: first.name.clone(),
            settings: settings(&first.model, &PlanSettings::new(&first.plan)),
            layers: layers(&PlanSettings::new(&first.plan)),
            parameters: first.summary.rows.iter().map(|row| row.parameters).collect(),
            runs: ended.map(|run| of_run(records, run, has_images)).collect(),
            published: match rows.insert(numbers.map(|number| number.map(f64::to_bits))) {
                true => printed(numbers, decimals),
                // The same published row counts once.
                false => BTreeMap::new(),
            },
            searched: open,
            tried,
            best_of: chosen.get(first.name.as_str()).copied(),
        }
    };
    let recipes = groups.iter().map(recipe).collect();
    let race = study.and_then(|study| race(study, records.study.seeds));
    Results { race, ..on_the_data(&records.study.data, study, recipes) }
}

/// How many trials the chosen configuration of each search is the best of, by the name of its run.
fn chosen(records: &Records) -> BTreeMap<&str, usize> {
    let of = |id: &String| records.runs.iter().find(|run| run.id == *id).map(|run| run.name.as_str());
    let all = records
        .searches
        .iter()
        .filter_map(|search| Some((of(search.chosen_run.as_ref()?)?, search.trials.len())));
    all.collect()
}

/// The run of the configuration that the search of this name has chosen.
pub(super) fn chosen_name(records: &Records, search: &str) -> Option<String> {
    let found = records.searches.iter().find(|one| one.search.name == search)?;
    let id = found.chosen_run.as_ref()?;
    records.runs.iter().find(|run| run.id == *id).map(|run| run.name.clone())
}

/// The search that chose a run.
fn search_of<'a>(records: &'a Records, run: &RunRecord) -> Option<&'a SearchRecord> {
    let is_chosen = |id: &Option<String>| id.as_ref() == Some(&run.id);
    let found = records.searches.iter().find(|search| is_chosen(&search.chosen_run));
    found.map(|search| &search.search)
}

/// What a search fixes, and what it leaves open.
#[derive(Default)]
pub(super) struct Searched {
    /// The settings that are the same at every corner of its space.
    pub fixed: Map<String, Value>,
    /// The names of the others.
    pub open: Vec<String>,
    /// The numbers that it tries for each of these: all choices, or the ends of a range.
    pub tried: BTreeMap<String, Vec<f64>>,
}

pub(super) fn searched(search: &SearchRecord) -> Searched {
    let corners = corners(search);
    let (fixed, open) = fixed_and_open(&corners);
    let of_setting = |name: &String| {
        let values = corners.iter().filter_map(|corner| corner.get(name)?.as_f64());
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        (!values.is_empty()).then_some((name.clone(), values))
    };
    let tried = open.iter().filter_map(of_setting).collect();
    Searched { fixed, open, tried }
}

/// The settings at the corners of a search's space.
fn corners(search: &SearchRecord) -> Vec<Map<String, Value>> {
    let Some(plan) = SearchPlan::from_record(search) else { return Vec::new() };
    let at = |params: &Params| {
        let at = plan.settings(params, plan.seed).ok()?;
        Some(settings(&at.model, &PlanSettings::new(&at.to_json())))
    };
    plan.corners(MOST_CORNERS).iter().filter_map(at).collect()
}

fn fixed_and_open(corners: &[Map<String, Value>]) -> (Map<String, Value>, Vec<String>) {
    let Some(first) = corners.first() else { return (Map::new(), Vec::new()) };
    let is_same = |name: &str, value: &Value| corners.iter().all(|corner| corner.get(name) == Some(value));
    let fixed: Map<String, Value> = first
        .iter()
        .filter(|(name, value)| is_same(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let names: BTreeSet<&String> = corners.iter().flat_map(|corner| corner.keys()).collect();
    let open = names.into_iter().filter(|name| !fixed.contains_key(*name)).cloned().collect();
    (fixed, open)
}

/// Every setting by the name that claims and plain records give it: the learning rate is not the optimizer's own.
pub(super) fn settings(model: &str, plan: &PlanSettings) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("model".into(), model.into());
    for (name, text) in plan.flat() {
        let name = if name == "optimizer.learning_rate" { "learning_rate".to_string() } else { name };
        let number =
            text.parse::<f64>().ok().and_then(|number| match number.fract() == 0.0 && number.abs() < 1e15 {
                true => Some(Number::from(number as i64)),
                false => Number::from_f64(number),
            });
        all.insert(name, number.map_or(Value::String(text), Value::Number));
    }
    all
}

/// The settings of the layers by dotted name.
fn layers(plan: &PlanSettings) -> Map<String, Value> {
    let mut all = Map::new();
    let layers = plan.get("layers").and_then(Value::as_array).into_iter().flatten();
    for (i, (kind, settings)) in layers.filter_map(|layer| choice(layer.as_object()?)).enumerate() {
        all.insert(format!("layers.{}", i + 1), kind.into());
        all.extend(
            settings.iter().map(|(name, value)| (format!("layers.{}.{kind}.{name}", i + 1), value.clone())),
        );
    }
    all
}

fn of_run(records: &Records, run: &RunRecord, has_images: bool) -> Run {
    let data = &records.study.data;
    let has_failed = run.state == State::Failed;
    Run {
        seed: Some(run.seed),
        epochs: run.epochs.clone(),
        layers: run.layers.clone(),
        kept_epoch: run.restored_epoch,
        test_accuracy: run.test.as_ref().map(|test| test.accuracy),
        test_loss: run.test.as_ref().and_then(|test| test.loss),
        seconds: Some(train_seconds(run)),
        has_failed,
        validation: images(run.validation.as_ref().filter(|_| has_images), &data.split.validation_labels),
        test: images(run.test.as_ref().filter(|_| has_images), &data.test_labels),
    }
}

fn images(evidence: Option<&Evidence>, labels: &[u8]) -> Images {
    let Some(evidence) = evidence.filter(|evidence| evidence.predictions.len() == labels.len()) else {
        return Images::default();
    };
    let correct = evidence.predictions.iter().zip(labels).map(|(found, label)| found == label).collect();
    Images { correct, losses: evidence.losses.clone() }
}

/// The published numbers with the rounding of their digits.
pub(super) fn printed(numbers: [Option<f64>; 6], decimals: i32) -> BTreeMap<Quantity, Printed> {
    let all = METRICS.iter().zip(numbers).filter_map(|((name, _), number)| {
        let number = number?;
        Some((Quantity::from_name(name)?, Printed::rounded(number, decimals.max(decimals_of(number)))))
    });
    all.collect()
}

/// To how many decimals most of the published numbers are given: .97 beside .748 is .970.
pub(super) fn decimals(records: &Records) -> i32 {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for number in records.runs.iter().flat_map(|run| published_numbers(run.published.as_ref())).flatten() {
        *counts.entry(decimals_of(number)).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(decimals, count)| (*count, *decimals)).map_or(3, |(decimals, _)| decimals)
}

fn decimals_of(number: f64) -> i32 {
    format!("{number}").split_once('.').map_or(0, |(_, digits)| digits.len() as i32)
}
