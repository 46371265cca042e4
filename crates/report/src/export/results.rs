//! `results.csv`: one line per run, for spreadsheets and data frames.

use toile_record::{Metric, Records, RunRecord};

use super::csv::Csv;
use super::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::PROCEDURAL_NOTICE;
use crate::facts::{METRICS, last_numbers, published_numbers, train_seconds, training_flops};
use crate::plan::PlanSettings;

/// `results.csv`.
pub(super) struct ResultsCsvExporter;

impl Exporter for ResultsCsvExporter {
    fn name(&self) -> &'static str {
        "results.csv"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        one_file(self.name(), || results_csv(input.records))
    }
}

/// One line per run: what it is, its settings, its last numbers, the published ones, the differences, its cost.
///
/// The settings are the union over all runs, in order of first appearance; a setting that a run does not have is empty.
/// A published number has a `_difference` next to it: ours minus the published one.
pub fn results_csv(records: &Records) -> String {
    let settings: Vec<Vec<(String, String)>> =
        records.runs.iter().map(|run| PlanSettings::new(&run.plan).flat()).collect();
    let columns = union(&settings);
    let mut csv = Csv::default();
    header(&mut csv, &columns);
    for (run, settings) in records.runs.iter().zip(&settings) {
        line(&mut csv, records, run, &columns, settings);
    }
    csv.finish()
}

fn union(settings: &[Vec<(String, String)>]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let keys = settings.iter().flatten().map(|(key, _)| key);
    keys.filter(|key| seen.insert(key.as_str())).cloned().collect()
}

fn header(csv: &mut Csv, columns: &[String]) {
    for column in ["name", "seed", "state", "model", "parameters"] {
        csv.text(column);
    }
    for column in columns {
        // A setting that has the name of a fixed column keeps apart from it.
        csv.text(&if is_fixed(column) { format!("plan.{column}") } else { column.clone() });
    }
    csv.text("epochs_done");
    for (metric, _) in METRICS {
        csv.text(metric);
    }
    csv.text("train_loss");
    csv.text("train_accuracy");
    for (metric, _) in METRICS {
        csv.text(&format!("published_{metric}"));
        csv.text(&format!("{metric}_difference"));
    }
    for column in TAIL {
        csv.text(column);
    }
    newer_metrics().for_each(|metric| csv.text(metric.name()));
    csv.end_line();
}

/// The metrics of an epoch that have no column before: they follow the columns that 0.1.0 wrote.
fn newer_metrics() -> impl Iterator<Item = Metric> {
    let is_before = |name: &str| {
        METRICS.iter().any(|(metric, _)| *metric == name) || ["train_loss", "train_accuracy"].contains(&name)
    };
    Metric::of_epoch().filter(move |metric| !is_before(metric.name()))
}

const TAIL: [&str; 8] = [
    "train_seconds",
    "seconds",
    "cpu_seconds",
    "training_flops",
    "weights_sha256",
    "data",
    "data_note",
    "failure",
];

fn is_fixed(column: &str) -> bool {
    ["state", "model", "parameters", "epochs_done", "train_loss", "train_accuracy"].contains(&column)
        || METRICS.iter().any(|(metric, _)| *metric == column)
        || TAIL.contains(&column)
        || newer_metrics().any(|metric| metric.name() == column)
}

fn line(
    csv: &mut Csv,
    records: &Records,
    run: &RunRecord,
    columns: &[String],
    settings: &[(String, String)],
) {
    csv.text(&run.name);
    csv.count(Some(run.seed));
    csv.text(run.state.name());
    csv.text(&run.model);
    csv.count(Some(run.summary.trainable.saturating_add(run.summary.non_trainable) as u64));
    for column in columns {
        let value = settings.iter().find(|(key, _)| key == column).map_or("", |(_, value)| value);
        // A number is written as it is: a negative setting is no formula.
        if value.parse::<f64>().is_ok_and(f64::is_finite) {
            csv.number(value.parse().ok())
        } else {
            csv.text(value)
        }
    }
    csv.count(Some(run.trained_epochs().len() as u64));
    let last = last_numbers(run);
    last.iter().for_each(|value| csv.number(*value));
    csv.number(run.kept_epoch().and_then(|epoch| epoch.train_loss));
    csv.number(run.kept_epoch().and_then(|epoch| epoch.train_accuracy));
    for (ours, published) in last.into_iter().zip(published_numbers(run.published.as_ref())) {
        csv.number(published);
        csv.number(ours.zip(published).map(|(ours, published)| ours - published));
    }
    tail(csv, records, run);
    csv.end_line();
}

fn tail(csv: &mut Csv, records: &Records, run: &RunRecord) {
    let data = &records.study.data;
    csv.number(Some(train_seconds(run)));
    csv.number(Some(run.provenance.wall_seconds));
    csv.number(run.provenance.cpu_seconds);
    csv.count(Some(training_flops(records, run)));
    csv.text(run.weights_sha256.as_deref().unwrap_or(""));
    csv.text(&data.name);
    csv.text(if data.procedural { PROCEDURAL_NOTICE } else { "" });
    csv.text(&run.reason().unwrap_or_default());
    newer_metrics().for_each(|metric| csv.number(run.kept_epoch().and_then(|epoch| metric.of(epoch))));
}
