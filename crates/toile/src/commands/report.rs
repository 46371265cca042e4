//! `toile report`: the report files, written anew from what the study's folder holds.

use std::path::Path;

use toile_record::Records;
use toile_report::{View, html, markdown, results_csv, results_json, trials_csv, view};
use toile_store::{Store, create_folder, write_atomic};

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
pub fn write(dir: &Path, records: &Records) -> Result<View, Failure> {
    let view = view(records);
    // One after the other: with many runs, each is large.
    let files: [(&str, &dyn Fn() -> String); 4] = [
        ("report.html", &|| html(&view)),
        ("report.md", &|| markdown(&view)),
        ("results.csv", &|| results_csv(records)),
        ("results.json", &|| results_json(records)),
    ];
    let has_trials = records.searches.iter().any(|search| !search.trials.is_empty());
    let trials: (&str, &dyn Fn() -> String) = ("trials.csv", &|| trials_csv(records));
    for (name, text) in files.into_iter().chain(has_trials.then_some(trials)) {
        write_atomic(&dir.join(name), text().as_bytes()).map_err(|error| unwritten(dir, error))?;
    }
    for run in records.runs.iter().filter(|run| !run.epochs.is_empty()) {
        let folder = dir.join(&run.folder);
        let history = toile_report::history_csv(&records.study, run);
        create_folder(&folder)
            .and_then(|()| write_atomic(&folder.join("history.csv"), history.as_bytes()))
            .map_err(|error| unwritten(dir, error))?;
    }
    Ok(view)
}

fn unwritten(dir: &Path, error: toile_store::StoreError) -> Failure {
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
