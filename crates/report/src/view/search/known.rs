//! A search with its trials, read once: what every part of its section is computed from.

use std::collections::HashMap;

use serde_json::Value;
use toile_record::{SearchRecords, State, TrialRecord};

use super::{Axis, Metric, axis, metric};
use crate::text;

/// A search while its view is computed.
pub struct Known<'a> {
    pub records: &'a SearchRecords,
    pub axes: Vec<Axis>,
    pub metrics: Vec<Metric>,
    pub trials: Vec<KnownTrial<'a>>,
    /// The feasible complete trial with the best finite first value, the earliest of equals: its place in `trials`.
    pub best: Option<usize>,
}

/// One trial.
pub struct KnownTrial<'a> {
    pub record: &'a TrialRecord,
    /// Its parameters by the search's axes; absent ones are `None`.
    pub params: Vec<Option<f64>>,
    /// Its first value, if that is a number and the trial is complete and feasible.
    pub value: Option<f64>,
    /// The last value that it has, complete or not.
    pub shown: Option<f64>,
}

/// Reads a search.
pub fn known(records: &SearchRecords) -> Known<'_> {
    let (axes, places) = axis::axes(records);
    let metrics = metric::metrics(&records.search);
    let trials: Vec<KnownTrial> =
        records.trials.iter().map(|trial| one(trial, axes.len(), &places)).collect();
    let best = best_place(&records.trials, &metrics[0]);
    Known { records, axes, metrics, trials, best }
}

fn one<'a>(record: &'a TrialRecord, n: usize, places: &HashMap<String, usize>) -> KnownTrial<'a> {
    let mut params = vec![None; n];
    for param in &record.params {
        if let Some(place) = places.get(&param.name) {
            params[*place] = Some(param.value).filter(|value| value.is_finite());
        }
    }
    let first = record.values.first().copied().filter(|value| value.is_finite());
    let last = record.intermediate.last().map(|(_, value)| *value).filter(|value| value.is_finite());
    let value = counted(record);
    let shown = match record.state {
        State::Complete => first,
        State::Pruned => first.or(last),
        _ => None,
    };
    KnownTrial { record, params, value, shown }
}

/// The value of a trial that may be the best one: complete, feasible, finite.
fn counted(record: &TrialRecord) -> Option<f64> {
    let is_counted = record.state == State::Complete && constraints(record).iter().all(|value| *value <= 0.0);
    record.values.first().copied().filter(|value| value.is_finite() && is_counted)
}

/// What Optuna's constraints came to, of the present form and of the old one; a trial is feasible if none is above 0.
pub fn constraints(record: &TrialRecord) -> Vec<f64> {
    let number = |value: &Value| value.as_f64();
    let of = |(key, value): &(String, Value)| match value {
        value if key.starts_with("constraints:") => number(value).into_iter().collect(),
        Value::Array(items) if key == "constraints" => items.iter().filter_map(number).collect(),
        _ => Vec::new(),
    };
    record.system_attributes.iter().flat_map(of).collect()
}

/// The place of the best trial; of equals, the first.
pub fn best_place(trials: &[TrialRecord], metric: &Metric) -> Option<usize> {
    let values = trials.iter().enumerate().filter_map(|(i, trial)| Some((i, counted(trial)?)));
    values.reduce(|best, next| if metric.is_better(next.1, best.1) { next } else { best }).map(|(i, _)| i)
}

impl Known<'_> {
    /// How many trials are in a state.
    pub fn count(&self, state: State) -> usize {
        self.trials.iter().filter(|trial| trial.record.state == state).count()
    }

    /// The first objective.
    pub fn metric(&self) -> &Metric {
        &self.metrics[0]
    }

    /// Places of all trials with a value, best first, equals by number.
    pub fn ranked(&self) -> Vec<usize> {
        let loss = |i: usize| self.trials[i].value.map_or(f64::INFINITY, |value| self.metric().loss(value));
        let mut order: Vec<usize> =
            (0..self.trials.len()).filter(|&i| self.trials[i].value.is_some()).collect();
        order.sort_by(|&a, &b| loss(a).total_cmp(&loss(b)).then(a.cmp(&b)));
        order
    }

    /// `learning_rate 0.001, optimizer adam`: the parameters that a trial has, cut.
    pub fn params_text(&self, trial: usize, length: usize) -> String {
        let has = self.axes.iter().zip(&self.trials[trial].params);
        let parts = has.filter_map(|(axis, value)| Some(format!("{} {}", axis.name, axis.text((*value)?))));
        text::cut(&parts.collect::<Vec<_>>().join(", "), length)
    }

    /// `trial 12: 0.8812; learning_rate 0.001`: the words of a mark.
    pub fn title(&self, trial: usize) -> String {
        let known = &self.trials[trial];
        let value = known.shown.map_or_else(String::new, |value| format!(": {}", self.metric().text(value)));
        let state = match known.record.state {
            State::Complete => "",
            state => &format!(" ({})", state.name()),
        };
        format!("trial {}{state}{value}; {}", known.record.number, self.params_text(trial, 160))
    }
}
