//! `history.csv`: the epochs of one run.

use toile_record::{Metric, RunRecord, StudyRecord};

use super::csv::Csv;
use super::{ExportInput, ExportedFile, ExportedFiles, Exporter};
use crate::PROCEDURAL_NOTICE;

/// `history.csv` in the folder of each run that has an epoch.
pub(super) struct HistoryCsvExporter;

impl Exporter for HistoryCsvExporter {
    fn name(&self) -> &'static str {
        "history.csv"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        let study = &input.records.study;
        let trained = input.records.runs.iter().filter(|run| !run.epochs.is_empty());
        Box::new(trained.map(move |run| ExportedFile {
            path: format!("{}/{}", run.folder, self.name()),
            bytes: history_csv(study, run).into_bytes(),
        }))
    }
}

/// Columns that 0.1.0 wrote keep their places; a metric that is newer follows them.
const FIRST_METRICS: usize = 6;

/// The epochs of `run`, one per line, in the columns that `results.json` names.
///
/// `data_note` is empty unless the study's data was drawn by our own code.
pub fn history_csv(study: &StudyRecord, run: &RunRecord) -> String {
    let first = || Metric::of_epoch().take(FIRST_METRICS);
    let newer = || Metric::of_epoch().skip(FIRST_METRICS);
    let mut csv = Csv::default();
    csv.text("epoch");
    first().for_each(|metric| csv.text(metric.name()));
    ["learning_rate", "seconds", "data_note"].into_iter().for_each(|column| csv.text(column));
    newer().for_each(|metric| csv.text(metric.name()));
    csv.end_line();
    for epoch in &run.epochs {
        csv.count(Some(epoch.epoch as u64));
        first().for_each(|metric| csv.number(metric.of(epoch)));
        csv.number(Some(epoch.learning_rate));
        csv.number(Some(epoch.seconds));
        csv.text(if study.data.procedural { PROCEDURAL_NOTICE } else { "" });
        newer().for_each(|metric| csv.number(metric.of(epoch)));
        csv.end_line();
    }
    csv.finish()
}
