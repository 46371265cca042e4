//! `history.csv`: the epochs of one run.

use toile_record::{RunRecord, StudyRecord};

use super::csv::Csv;
use crate::PROCEDURAL_NOTICE;

/// The epochs of `run`, one per line, in the columns that `results.json` names.
///
/// The last column, `data_note`, is empty unless the study's data was drawn by our own code.
pub fn history_csv(study: &StudyRecord, run: &RunRecord) -> String {
    let mut csv = Csv::default();
    for column in HEADER {
        csv.text(column);
    }
    csv.end_line();
    for epoch in &run.epochs {
        csv.count(Some(epoch.epoch as u64));
        let metrics = [epoch.loss, epoch.accuracy, epoch.train_loss, epoch.train_accuracy, epoch.val_loss];
        metrics.into_iter().for_each(|metric| csv.number(metric));
        csv.number(epoch.val_accuracy);
        csv.number(Some(epoch.learning_rate));
        csv.number(Some(epoch.seconds));
        csv.text(if study.data.procedural { PROCEDURAL_NOTICE } else { "" });
        csv.end_line();
    }
    csv.finish()
}

const HEADER: [&str; 10] = [
    "epoch",
    "loss",
    "accuracy",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
    "data_note",
];
