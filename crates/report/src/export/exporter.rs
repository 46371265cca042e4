//! What a report's files have in common, and the one list of them.

use toile_record::Records;

use crate::view::ReportView;

/// What files are made from.
#[derive(Clone, Copy)]
pub struct ExportInput<'a> {
    /// Everything that is known of the study.
    pub records: &'a Records,
    /// The same as the report shows it: `view(records)`.
    pub view: &'a ReportView,
}

/// A file of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Where it belongs, under the study's folder: `results.csv`, `runs/model-1-seed-7/history.csv`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The files that an exporter makes, one after the other: with many runs, each is large.
pub type ExportedFiles<'a> = Box<dyn Iterator<Item = ExportedFile> + 'a>;

/// A kind of file that a report consists of. It gives bytes and writes nothing.
pub trait Exporter: Sync {
    /// The file's name, the last part of each path.
    fn name(&self) -> &'static str;

    /// Its files: as a rule one; none where there is nothing to write; one per run for the history.
    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a>;
}

/// All exporters, in the order in which their files are written. A new one is a file and its line here.
pub const EXPORTERS: [&dyn Exporter; 6] = [
    &crate::html::HtmlExporter,
    &crate::markdown::MarkdownExporter,
    &super::results::ResultsCsvExporter,
    &super::json::ResultsJsonExporter,
    &super::trials::TrialsCsvExporter,
    &super::history::HistoryCsvExporter,
];

/// One file of this name, made when it is asked for.
pub(crate) fn one_file<'a>(name: &str, text: impl FnOnce() -> String + 'a) -> ExportedFiles<'a> {
    let path = name.to_owned();
    Box::new(std::iter::once_with(move || ExportedFile { path, bytes: text().into_bytes() }))
}
