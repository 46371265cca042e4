//! A search with its trials, read once: what every part of its section is computed from.

use std::collections::HashMap;

use toile_record::{SearchRecords, State, TrialRecord};
use toile_tune::{Configuration, best_place, comparable_value, counted_values};

use super::{ObjectiveView, ParameterAxis, axis, objective};
use crate::plan::SearchSettings;
use crate::text;

/// A search while its view is computed.
pub(super) struct SearchAnalysis<'a> {
    pub records: &'a SearchRecords,
    /// How it was made.
    pub settings: SearchSettings,
    pub axes: Vec<ParameterAxis>,
    pub metrics: Vec<ObjectiveView>,
    pub trials: Vec<AnalysedTrial<'a>>,
    /// The feasible complete trial with the best finite first value that counts, the earliest of equals: its place in
    /// `trials`.
    pub best: Option<usize>,
    /// Trials of the same name that have ended and do not lie in its ranges as they are now.
    pub others: usize,
}

/// One trial.
pub(super) struct AnalysedTrial<'a> {
    pub record: &'a TrialRecord,
    /// Its parameters by the search's axes; absent ones are `None`.
    pub params: Vec<Option<f64>>,
    /// Its first value, if that is a number and the trial is complete and feasible.
    pub value: Option<f64>,
    /// Of each objective what counts, if `value` is there: of repetitions of one configuration the mean.
    pub counted: Vec<Option<f64>>,
    /// The last value that it has, complete or not.
    pub shown: Option<f64>,
}

/// Reads a search of which these trials belong to it, and so many others do not.
pub(super) fn analysis(records: &SearchRecords, others: usize) -> SearchAnalysis<'_> {
    let settings = SearchSettings::new(&records.search);
    let (axes, places) = axis::axes(&settings.space, &records.trials);
    let metrics = objective::metrics(&records.search);
    let mut trials: Vec<AnalysedTrial> =
        records.trials.iter().map(|trial| one(trial, axes.len(), &places)).collect();
    for place in 0..metrics.len() {
        let counted = counted(&records.trials, place);
        trials.iter_mut().zip(counted).for_each(|(trial, value)| trial.counted.push(value));
    }
    let best = best_place(metrics[0].direction(), trials.iter().map(|trial| trial.counted[0]));
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
    AnalysedTrial { record, params, value, counted: Vec::new(), shown }
}

/// The place of the best trial and its values that count, one for each of these objectives; of equals, the first.
pub(crate) fn best_trial(trials: &[TrialRecord], metrics: &[ObjectiveView]) -> Option<(usize, Vec<f64>)> {
    let first = counted(trials, 0);
    let best = best_place(metrics[0].direction(), first.iter().copied())?;
    let of = |place: usize| counted(trials, place)[best].or(trials[best].values.get(place).copied());
    Some((best, (0..trials[best].values.len()).filter_map(of).collect()))
}

/// The values of an objective that count: of repetitions of one configuration the mean.
fn counted(trials: &[TrialRecord], place: usize) -> Vec<Option<f64>> {
    let value = |trial: &TrialRecord| {
        let value = value_of(trial).and(trial.values.get(place).copied());
        (value.filter(|value| value.is_finite()), Configuration::recorded(&trial.params))
    };
    counted_values(trials.iter().map(value))
}

fn value_of(record: &TrialRecord) -> Option<f64> {
    comparable_value(record.state, &record.values, &record.constraints())
}

impl SearchAnalysis<'_> {
    /// How many trials are in a state.
    pub(super) fn count(&self, state: State) -> usize {
        self.trials.iter().filter(|trial| trial.record.state == state).count()
    }

    /// The first objective.
    pub(super) fn metric(&self) -> &ObjectiveView {
        &self.metrics[0]
    }

    /// Places of the best trial and of all others whose first value counts as much, by number; none without a best
    /// trial. Repetitions of the best configuration are not others.
    pub(super) fn equals_of_best(&self) -> Vec<usize> {
        let Some(best) = self.best.map(|best| &self.trials[best]) else { return Vec::new() };
        let is_equal = |i: &usize| {
            let trial = &self.trials[*i];
            self.best == Some(*i) || (trial.counted[0] == best.counted[0] && trial.params != best.params)
        };
        (0..self.trials.len()).filter(is_equal).collect()
    }

    /// How many trials have a first value that counts for more than this one's: its rank, counted from 0, which equal
    /// ones share.
    pub(super) fn n_better(&self, trial: usize) -> usize {
        let Some(own) = self.trials[trial].counted[0] else { return self.trials.len() };
        let values = self.trials.iter().filter_map(|trial| trial.counted[0]);
        values.filter(|value| self.metric().is_better(*value, own)).count()
    }

    /// Places of all trials with a value, best first by what counts, equals by number.
    pub(super) fn ranked(&self) -> Vec<usize> {
        let loss =
            |i: usize| self.trials[i].counted[0].map_or(f64::INFINITY, |value| self.metric().loss(value));
        let mut order: Vec<usize> =
            (0..self.trials.len()).filter(|&i| self.trials[i].value.is_some()).collect();
        order.sort_by(|&a, &b| loss(a).total_cmp(&loss(b)).then(a.cmp(&b)));
        order
    }

    /// `learning_rate 0.001, optimizer adam`: the parameters that a trial has, cut.
    pub(super) fn params_text(&self, trial: usize, length: usize) -> String {
        let has = self.axes.iter().zip(&self.trials[trial].params);
        let parts = has.filter_map(|(axis, value)| Some(format!("{} {}", axis.name, axis.text((*value)?))));
        text::cut(&parts.collect::<Vec<_>>().join(", "), length)
    }

    /// `trial 12: 0.8812; learning_rate 0.001`: the words of a mark.
    pub(super) fn title(&self, trial: usize) -> String {
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
