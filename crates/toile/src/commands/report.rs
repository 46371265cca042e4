//! `toile report`: the report files, written again from what the study's folder holds.

use std::path::Path;

use toile_record::Records;
use toile_report::{EXPORTERS, ExportInput, ExportedFile, ReportView, view};
use toile_store::{Store, StoreError, create_folder, write_atomic};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::{Completion, terminal};

/// Reads the store (also while a study runs in it) and writes the files.
pub fn run(args: &ReportArgs) -> Result<Completion, Failure> {
    let records = Store::open_read_only(&args.dir)?.records()?;
    let view = write(&args.dir, &records)?;
    terminal::out(&crate::commands::run::results(&view, &args.dir))?;
    Ok(Completion::Done)
}

/// Writes all report files, each whole or not at all, and each run's `history.csv`.
///
/// # Errors
/// If a file cannot be written; the runs themselves are safe in the store.
pub fn write(dir: &Path, records: &Records) -> Result<ReportView, Failure> {
    let view = view(records);
    let input = ExportInput { records, view: &view };
    for file in EXPORTERS.into_iter().flat_map(|exporter| exporter.files(input)) {
        write_file(dir, &file).map_err(|error| unwritten(dir, error))?;
    }
    Ok(view)
}

/// Writes a file under the study's folder, and the folders on the way to it.
fn write_file(dir: &Path, file: &ExportedFile) -> Result<(), StoreError> {
    let path = dir.join(&file.path);
    path.parent().filter(|folder| *folder != dir).map_or(Ok(()), create_folder)?;
    write_atomic(&path, &file.bytes)
}

fn unwritten(dir: &Path, error: StoreError) -> Failure {
    let remedy = format!(
        "all runs are safe in `{}`: once that is mended, `toile report {}` writes the report",
        dir.join(toile_store::STORE_FILE).display(),
        dir.display()
    );
    // A report stands beside its store: another `--out` would not help.
    let help = error.help().filter(|help| !help.contains("--out"));
    let remedy = help.map_or(remedy.clone(), |help| format!("{help}; {remedy}"));
    Failure::new(format!("the report is not complete: {error}")).help(remedy)
}
