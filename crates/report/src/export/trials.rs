//! `trials.csv`: one line per trial of every search, for spreadsheets and data frames.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use toile_record::{Records, SearchRecord, TrialRecord};

use super::csv::Csv;
use super::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::PROCEDURAL_NOTICE;
use crate::view::external;

const HEAD: [&str; 4] = ["search", "number", "state", "value"];
const TAIL: [&str; 15] = [
    "steps",
    "last_step",
    "last_value",
    "started",
    "completed",
    "seconds",
    "cpu_seconds",
    "parameters",
    "seed",
    "attempt",
    "worker",
    "weights_sha256",
    "data",
    "data_note",
    "reason",
];

/// `trials.csv`, where a search has a trial.
pub(super) struct TrialsCsvExporter;

impl Exporter for TrialsCsvExporter {
    fn name(&self) -> &'static str {
        "trials.csv"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        match input.records.searches.iter().any(|search| !search.trials.is_empty()) {
            true => one_file(self.name(), || trials_csv(input.records)),
            false => Box::new(std::iter::empty()),
        }
    }
}

/// One line per trial: its search, its number, its values, its parameters, what it cost and where it ran.
///
/// `value` is that of the first objective; further ones follow under their names. Parameters are the union over all
/// searches, in order of first appearance; a parameter that a trial does not have is empty. A value that is not finite
/// is `inf`, `-inf` or `nan`.
pub fn trials_csv(records: &Records) -> String {
    let objectives = unique(records.searches.iter().flat_map(|search| {
        search.search.objectives.iter().skip(1).map(|objective| objective.metric.as_str())
    }));
    let trials = || records.searches.iter().flat_map(|search| &search.trials);
    let params = unique(trials().flat_map(|trial| trial.params.iter().map(|param| param.name.as_str())));
    let mut csv = Csv::default();
    header(&mut csv, &objectives, &params);
    for search in &records.searches {
        for trial in &search.trials {
            line(&mut csv, records, &search.search, trial, &objectives, &params);
        }
    }
    csv.finish()
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

fn header(csv: &mut Csv, objectives: &[&str], params: &[&str]) {
    HEAD.iter().for_each(|column| csv.text(column));
    objectives.iter().for_each(|metric| csv.text(&format!("value.{metric}")));
    for name in params {
        // A parameter that has the name of a fixed column keeps apart from it.
        let is_taken = HEAD.contains(name) || TAIL.contains(name);
        csv.text(&if is_taken { format!("param.{name}") } else { (*name).to_owned() });
    }
    TAIL.iter().for_each(|column| csv.text(column));
    csv.end_line();
}

fn line(
    csv: &mut Csv,
    records: &Records,
    search: &SearchRecord,
    trial: &TrialRecord,
    objectives: &[&str],
    params: &[&str],
) {
    csv.text(&search.name);
    csv.count(Some(trial.number as u64));
    csv.text(trial.state.name());
    csv.any_number(trial.values.first().copied());
    for metric in objectives {
        let place = search.objectives.iter().skip(1).position(|objective| objective.metric == *metric);
        csv.any_number(place.and_then(|place| trial.values.get(place + 1).copied()));
    }
    let own: HashMap<&str, usize> =
        trial.params.iter().enumerate().map(|(i, param)| (param.name.as_str(), i)).collect();
    for name in params {
        match own.get(name).map(|i| &trial.params[*i]) {
            Some(param) => cell(csv, &external(&param.distribution, param.value)),
            None => csv.text(""),
        }
    }
    tail(csv, records, trial);
    csv.end_line();
}

fn cell(csv: &mut Csv, value: &Value) {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole < 0 => csv.number(number.as_f64()),
            Some(whole) => csv.count(Some(whole as u64)),
            None => csv.number(number.as_f64()),
        },
        Value::String(text) => csv.text(text),
        Value::Null => csv.text("none"),
        other => csv.text(&other.to_string()),
    }
}

fn tail(csv: &mut Csv, records: &Records, trial: &TrialRecord) {
    let side = trial.side.as_ref();
    let data = &records.study.data;
    csv.count(Some(trial.intermediate.len() as u64));
    csv.number(trial.intermediate.last().map(|(step, _)| *step as f64));
    csv.any_number(trial.intermediate.last().map(|(_, value)| *value));
    csv.text(trial.started.as_deref().unwrap_or(""));
    csv.text(trial.completed.as_deref().unwrap_or(""));
    csv.number(side.map(|side| side.wall_seconds));
    csv.number(side.and_then(|side| side.cpu_seconds));
    csv.count(side.and_then(|side| side.parameters).map(|n| n as u64));
    csv.count(side.map(|side| side.seed));
    csv.count(side.map(|side| side.attempt as u64));
    csv.text(side.and_then(|side| side.worker.as_deref()).unwrap_or(""));
    csv.text(side.and_then(|side| side.weights_sha256.as_deref()).unwrap_or(""));
    csv.text(&data.name);
    csv.text(if data.procedural { PROCEDURAL_NOTICE } else { "" });
    csv.text(&side.and_then(|side| side.reason()).unwrap_or_default());
}
