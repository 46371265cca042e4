//! `toile report`: the report files, written again from what the study's folder holds.

use std::path::Path;

use toile_record::{Part, Records, RunRecord, State};
use toile_report::{EXPORTERS, ExportInput, ExportedFile, Exporter, LatexExporter, ReportView, view};
use toile_store::{Store, StoreError, create_folder, folder_inside, read_file, write_atomic};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::terminal::{note, plural};
use crate::{Completion, places, source, study_folder, terminal};

/// Reads the store (also while a study runs in it) and writes the files.
pub(crate) fn run(args: &ReportArgs) -> Result<Completion, Failure> {
    if places::is_address(&args.storage) {
        return of_server(args);
    }
    let dir = Path::new(&args.storage);
    let records = study_folder::open(dir, "report")?.records(args.study.as_deref())?;
    warn_of_weights(dir, &records);
    finish(args, args.out.as_deref().unwrap_or(dir), dir, records)
}

/// Brings a study of a server into a folder, with the weights of its runs, and writes the files there.
fn of_server(args: &ReportArgs) -> Result<Completion, Failure> {
    let server = places::server(&args.storage)?;
    let study = places::study_in(&server, args.study.as_deref())?;
    let dir = args.out.clone().unwrap_or_else(|| source::default_folder(&study));
    let folder = Store::open(&dir)?;
    toile_lab::fetch(&server, &study, &folder, &dir)?;
    finish(args, &dir, &dir, folder.records(Some(&study))?)
}

/// The report gives the hash of each run's weights: a file that is not the one of the record must not pass for it.
fn warn_of_weights(dir: &Path, records: &Records) {
    for run in records.runs.iter().filter(|run| run.state == State::Complete) {
        if let Some(fault) = toile_lab::fault_of_weights(dir, run) {
            note(&format!("warning: {}: {fault}; `toile run` makes them again, to the same bits", run.name));
        }
    }
}

fn finish(args: &ReportArgs, dir: &Path, stored: &Path, records: Records) -> Result<Completion, Failure> {
    let records = &with_pictures(stored, records);
    let view = write_files(dir, stored, records)?;
    if args.latex {
        let files = LatexExporter.files(ExportInput { records, view: &view });
        for file in files {
            write_file(dir, &file).map_err(|error| unwritten(stored, error))?;
        }
        note(&format!("LaTeX: {}", dir.join("latex").join(LatexExporter.name()).display()));
    }
    if let Some(format) = args.predictions {
        write_predictions(format.exporter(), dir, ExportInput { records, view: &view })
            .map_err(|error| unwritten(stored, error))?;
    }
    terminal::out(&crate::commands::run::results(&view, dir))?;
    Ok(Completion::Done)
}

/// The records with what is to be seen in the weights, which lie in the folder of the study.
fn with_pictures(stored: &Path, records: Records) -> Records {
    let pictures = toile_lab::pictures(&records, stored);
    Records { pictures, ..records }
}

/// Writes all report files, each whole or not at all, and each run's `history.csv`.
///
/// # Errors
/// If a file cannot be written; the runs themselves are safe in the store.
pub(crate) fn write(dir: &Path, records: Records) -> Result<ReportView, Failure> {
    write_files(dir, dir, &with_pictures(dir, records))
}

fn write_files(dir: &Path, stored: &Path, records: &Records) -> Result<ReportView, Failure> {
    create_folder(dir).map_err(|error| unwritten(stored, error))?;
    let view = view(records);
    let input = ExportInput { records, view: &view };
    for file in EXPORTERS.into_iter().flat_map(|exporter| exporter.files(input)) {
        write_file(dir, &file).map_err(|error| unwritten(stored, error))?;
    }
    Ok(view)
}

/// Writes a file for each run of which it is known what its weights make of the images.
fn write_predictions(exporter: &dyn Exporter, dir: &Path, input: ExportInput<'_>) -> Result<(), StoreError> {
    let mut written = 0;
    for file in exporter.files(input) {
        write_file(dir, &file)?;
        written += 1;
    }
    let data = &input.records.study.data;
    let lacks = |run: &&RunRecord| {
        let lacks = |part| match run.evidence(part) {
            Some(evidence) => !evidence.is_whole(data.n_images(part)),
            // What is sealed is not lacking.
            None => part == Part::Validation && data.n_images(part) > 0,
        };
        run.weights_sha256.is_some() && Part::ALL.into_iter().any(lacks)
    };
    let unknown: Vec<&str> = input.records.runs.iter().filter(lacks).map(|run| run.name.as_str()).collect();
    note(&format!("{} of {}", exporter.name(), plural(written, "run", "runs")));
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        note(&format!(
            "warning: of {names} not everything is known; `toile run` makes it again from the weights"
        ));
    }
    Ok(())
}

/// Writes a file under the study's folder, and the folders on the way to it.
fn write_file(dir: &Path, file: &ExportedFile) -> Result<(), StoreError> {
    let path = Path::new(&file.path);
    let below = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = match below {
        Some(folder) => folder_inside(dir, &folder.to_string_lossy())?,
        None => dir.to_path_buf(),
    };
    let path = folder.join(path.file_name().unwrap_or_default());
    // What is there already is not written again: a large study has thousands of files.
    match read_file(&path, file.bytes.len() as u64) {
        Ok(there) if there == file.bytes => Ok(()),
        _ => write_atomic(&path, &file.bytes),
    }
}

fn unwritten(stored: &Path, error: StoreError) -> Failure {
    let remedy = format!(
        "all runs are safe in `{}`: once that is corrected, `toile report {}` writes the report",
        stored.join(toile_store::STORE_FILE).display(),
        stored.display()
    );
    let remedy = error.help().map_or(remedy.clone(), |help| format!("{help}; {remedy}"));
    Failure::new(format!("the report is not complete: {error}")).help(remedy)
}
