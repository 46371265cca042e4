//! A search with its trials, read once: what every part of its section is computed from.

use std::collections::HashMap;

use toile_record::{SearchRecords, State, TrialRecord};
use toile_tune::{best_place, comparable_value};

use super::{ObjectiveView, ParameterAxis, axis, objective};
use crate::plan::SearchSettings;
use crate::text;

/// A search while its view is computed.
pub struct SearchAnalysis<'a> {
    pub records: &'a SearchRecords,
    /// How it was made.
    pub settings: SearchSettings,
    pub axes: Vec<ParameterAxis>,
    pub metrics: Vec<ObjectiveView>,
    pub trials: Vec<AnalysedTrial<'a>>,
    /// The feasible complete trial with the best finite first value, the earliest of equals: its place in `trials`.
    pub best: Option<usize>,
    /// Trials of the same name that have ended and do not lie in its ranges as they are now.
    pub others: usize,
}

/// One trial.
pub struct AnalysedTrial<'a> {
    pub record: &'a TrialRecord,
    /// Its parameters by the search's axes; absent ones are `None`.
    pub params: Vec<Option<f64>>,
    /// Its first value, if that is a number and the trial is complete and feasible.
    pub value: Option<f64>,
    /// The last value that it has, complete or not.
    pub shown: Option<f64>,
}

/// Reads a search of which these trials belong to it, and so many others do not.
pub fn analysis(records: &SearchRecords, others: usize) -> SearchAnalysis<'_> {
    let settings = SearchSettings::new(&records.search);
    let (axes, places) = axis::axes(&settings.space, &records.trials);
    let metrics = objective::metrics(&records.search);
    let trials: Vec<AnalysedTrial> =
        records.trials.iter().map(|trial| one(trial, axes.len(), &places)).collect();
    let best = best_trial(&records.trials, &metrics[0]);
    SearchAnalysis { records, settings, axes, metrics, trials, best, others }
}

fn one<'a>(record: &'a TrialRecord, n: usize, places: &HashMap<String, usize>) -> AnalysedTrial<'a> {
    let mut params = vec![None; n];
    for param in &record.params {
        if let Some(place) = places.get(&param.name) {
            params[*place] = Some(param.value).filter(|value| value.is_finite());
        }
    }
    let first = record.values.first().copied().filter(|value| value.is_finite());
    let last = record.intermediate.last().map(|(_, value)| *value).filter(|value| value.is_finite());
    let value = value_of(record);
    let shown = match record.state {
        State::Complete => first,
        State::Pruned => first.or(last),
        _ => None,
    };
    AnalysedTrial { record, params, value, shown }
}

/// The place of the best trial; of equals, the first.
pub fn best_trial(trials: &[TrialRecord], metric: &ObjectiveView) -> Option<usize> {
    best_place(metric.direction(), trials.iter().map(value_of))
}

fn value_of(record: &TrialRecord) -> Option<f64> {
    comparable_value(record.state, &record.values, &record.constraints())
}

impl SearchAnalysis<'_> {
    /// How many trials are in a state.
    pub fn count(&self, state: State) -> usize {
        self.trials.iter().filter(|trial| trial.record.state == state).count()
    }

    /// The first objective.
    pub fn metric(&self) -> &ObjectiveView {
        &self.metrics[0]
    }

    /// Places of the best trial and of all that have the same first value, by number; none without a best trial.
    pub fn equals_of_best(&self) -> Vec<usize> {
        let Some(value) = self.best.and_then(|best| self.trials[best].value) else { return Vec::new() };
        (0..self.trials.len()).filter(|&i| self.trials[i].value == Some(value)).collect()
    }

    /// How many trials have a better first value than this one: its rank, counted from 0, which equal ones share.
    pub fn n_better(&self, trial: usize) -> usize {
        let Some(own) = self.trials[trial].value else { return self.trials.len() };
        let values = self.trials.iter().filter_map(|trial| trial.value);
        values.filter(|value| self.metric().is_better(*value, own)).count()
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
        let analysis = &self.trials[trial];
        let value =
            analysis.shown.map_or_else(String::new, |value| format!(": {}", self.metric().text(value)));
        let state = match analysis.record.state {
            State::Complete => "",
            state => &format!(" ({})", state.name()),
        };
        format!("trial {}{state}{value}; {}", analysis.record.number, self.params_text(trial, 160))
    }
}
