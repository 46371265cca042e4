//! What views of a study that runs say in the report's words, and by its rules: settings, parameters, the best so far.

use serde_json::Value;
use toile_record::{DataRecord, RunRecord, SearchRecords, TrialRecord};

use crate::plan::PlanSettings;
use crate::view::{best_trial, external, metrics};
use crate::{facts, format, text, view};

/// The best trial of a search so far.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadingTrial {
    /// Its number.
    pub number: usize,
    /// Its first value; of repetitions of one configuration their mean.
    pub value: f64,
}

/// The best trial of those that have ended, by the first objective: the one that the report would name.
pub fn leading_trial(records: &SearchRecords) -> Option<LeadingTrial> {
    let metrics = metrics(&records.search);
    let (place, values) = best_trial(&records.trials, &metrics)?;
    Some(LeadingTrial { number: records.trials[place].number, value: *values.first()? })
}

/// `adam 0.001 · batch 256 · 50 epochs`
pub fn settings_line(plan: &Value) -> String {
    view::settings_line(&PlanSettings::new(plan))
}

/// Every setting of a plan with its value in words, under the names of the study file.
pub fn settings_in_words(plan: &Value) -> Vec<(String, String)> {
    view::settings_in_words(&PlanSettings::new(plan))
}

/// The parameters of a trial as the study file spells them, with four digits at most.
pub fn parameters_in_words(trial: &TrialRecord) -> Vec<(String, String)> {
    let word = |value: Value| match value {
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), format::significant),
        Value::String(text) => text,
        other => other.to_string(),
    };
    let named = trial.params.iter().map(|param| {
        let value = word(external(&param.distribution, param.value));
        (text::name(&param.name, view::NAME_LENGTH), text::name(&value, view::NAME_LENGTH))
    });
    named.collect()
}

/// Steps of the optimizer in an epoch of a run; `None` where its plan does not say how many images a batch has.
pub fn epoch_updates(run: &RunRecord, data: &DataRecord) -> Option<u64> {
    facts::epoch_updates(data, run.plan.get("batch_size"))
}

/// Floating-point operations of an epoch of a run's training; 0 where they are not known.
pub fn epoch_flops(run: &RunRecord, data: &DataRecord) -> u64 {
    facts::epoch_flops(data, run)
}

/// A name on one line, as it is shown: without what would disturb its neighbours.
pub fn shown_name(name: &str) -> String {
    text::name(name, view::NAME_LENGTH)
}
