//! The table of hyperparameters: its columns, and the rows.

use std::collections::{BTreeMap, BTreeSet};

use super::sessions::{BoardSession, HparamValue};
use crate::protobuf::MessageWriter;

/// DataType of a column.
const STRING: i64 = 1;
const BOOL: i64 = 2;
const FLOAT64: i64 = 3;

/// Status of a session.
const SUCCESS: i64 = 1;
const FAILURE: i64 = 2;

/// The most values that a column lists.
const MOST_VALUES: usize = 100;

/// All columns: hyperparameters with their values, metrics.
pub(super) struct Hparams<'a> {
    columns: BTreeMap<&'a str, Vec<&'a HparamValue>>,
    metrics: BTreeSet<&'a str>,
}

impl<'a> Hparams<'a> {
    pub(super) fn of(sessions: &'a [BoardSession]) -> Hparams<'a> {
        let mut hparams = Hparams { columns: BTreeMap::new(), metrics: BTreeSet::new() };
        for session in sessions {
            for (name, value) in &session.hparams {
                hparams.columns.entry(name).or_default().push(value);
            }
            let tags = session.points.iter().flat_map(|point| &point.scalars).map(|(tag, _)| tag.as_str());
            hparams.metrics.extend(tags);
        }
        hparams
    }

    /// HParamsPluginData with an Experiment, which names every column.
    pub(super) fn experiment(&self, created: f64) -> MessageWriter {
        let info = |(name, values): (&&str, &Vec<&HparamValue>)| column(name, values);
        let metric = |tag: &&str| {
            let name = MessageWriter::default().text(1, "").text(2, tag);
            MessageWriter::default().message(1, name).text(3, tag)
        };
        let experiment = MessageWriter::default()
            .double(3, created)
            .messages(4, self.columns.iter().map(info))
            .messages(5, self.metrics.iter().filter(|tag| **tag != "learning_rate").map(metric));
        MessageWriter::default().message(2, experiment)
    }
}

/// HParamInfo: numbers with their range, everything else with its values.
fn column(name: &str, values: &[&HparamValue]) -> MessageWriter {
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| match value {
            HparamValue::Number(number) => Some(*number),
            _ => None,
        })
        .collect();
    let is_bool = values.iter().all(|value| matches!(value, HparamValue::Bool(_)));
    let named = MessageWriter::default().text(1, name);
    if numbers.len() == values.len() {
        let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let interval = MessageWriter::default().double(1, min).double(2, max);
        return named.int(4, FLOAT64).message(6, interval);
    }
    let mut different: Vec<&HparamValue> = Vec::new();
    for value in values {
        if !different.contains(value) && different.len() < MOST_VALUES {
            different.push(value);
        }
    }
    // google.protobuf.ListValue.
    let list = MessageWriter::default().messages(1, different.into_iter().map(value));
    named.int(4, if is_bool { BOOL } else { STRING }).message(5, list)
}

/// google.protobuf.Value.
fn value(value: &HparamValue) -> MessageWriter {
    match value {
        HparamValue::Number(number) => MessageWriter::default().double(2, *number),
        HparamValue::Text(text) => MessageWriter::default().text(3, text),
        HparamValue::Bool(value) => MessageWriter::default().int(4, i64::from(*value)),
    }
}

/// HParamsPluginData with a SessionStartInfo.
pub(super) fn start(session: &BoardSession) -> MessageWriter {
    let pair =
        |(name, of): &(String, HparamValue)| MessageWriter::default().text(1, name).message(2, value(of));
    let info = MessageWriter::default()
        .messages(1, session.hparams.iter().map(pair))
        .text(4, &session.group)
        .double(5, session.started);
    MessageWriter::default().message(3, info)
}

/// HParamsPluginData with a SessionEndInfo.
pub(super) fn end(session: &BoardSession) -> MessageWriter {
    let status = if session.succeeded { SUCCESS } else { FAILURE };
    MessageWriter::default().message(4, MessageWriter::default().int(1, status).double(2, session.ended))
}
