//! `epochs.csv`: the epochs of all runs in one long table, for data frames and trackers.

use toile_record::{Metric, Records};

use super::csv::Csv;
use crate::PROCEDURAL_NOTICE;

/// One line per run, seed and epoch, in the columns that `results.json` names; `step` is the epoch under the name that
/// trackers look for. A number that was not measured is empty.
pub fn epochs_csv(records: &Records) -> String {
    let mut csv = Csv::default();
    ["run", "seed", "epoch", "step"].into_iter().for_each(|column| csv.text(column));
    Metric::of_epoch().for_each(|metric| csv.text(metric.name()));
    ["learning_rate", "seconds", "data_note"].into_iter().for_each(|column| csv.text(column));
    csv.end_line();
    for run in &records.runs {
        for epoch in &run.epochs {
            csv.text(&run.name);
            csv.count(Some(run.seed));
            csv.count(Some(epoch.epoch as u64));
            csv.count(Some(epoch.epoch as u64));
            Metric::of_epoch().for_each(|metric| csv.number(metric.of(epoch)));
            csv.number(Some(epoch.learning_rate));
            csv.number(Some(epoch.seconds));
            csv.text(if records.study.data.procedural { PROCEDURAL_NOTICE } else { "" });
            csv.end_line();
        }
    }
    csv.finish()
}
