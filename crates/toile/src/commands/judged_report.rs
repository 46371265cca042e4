//! The report that `toile judge --report` writes: where it goes, in which form.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toile_report::JudgedReport;
use toile_store::{read_file, write_atomic};

use crate::failure::Failure;
use crate::terminal::note;

/// The most bytes of a file that may be such a report.
const LARGEST_REPORT: u64 = 1 << 28;

/// The form of a report, by the suffix of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReportForm {
    Html,
    Markdown,
    Latex,
}

/// A file that a report may be written into.
pub(super) struct ReportPlace {
    path: PathBuf,
    form: ReportForm,
}

/// Checks the place before the work is done: the suffix is known, and nothing else is there.
pub(super) fn place(path: &Path) -> Result<ReportPlace, Failure> {
    let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_lowercase());
    let form = match suffix.as_deref() {
        Some("html" | "htm") => ReportForm::Html,
        Some("md") => ReportForm::Markdown,
        Some("tex") => ReportForm::Latex,
        _ => {
            return Err(Failure::new(format!("cannot tell the form of the report `{}`", path.display()))
                .help("give the file the suffix .html, .md or .tex: `--report report.html`"));
        }
    };
    let is_free = match read_file(path, LARGEST_REPORT) {
        Ok(bytes) => JudgedReport::is_report(&bytes),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if !is_free {
        return Err(Failure::new(format!(
            "`{}` exists already and is no report of `toile judge`: it is left as it is",
            path.display()
        ))
        .help("name another file: `--report report.html`"));
    }
    Ok(ReportPlace { path: path.to_path_buf(), form })
}

/// Writes the report, whole or not at all.
pub(super) fn write(place: &ReportPlace, report: &JudgedReport) -> Result<(), Failure> {
    let text = match place.form {
        ReportForm::Html => report.html(),
        ReportForm::Markdown => report.markdown(),
        ReportForm::Latex => report.latex(),
    };
    write_atomic(&place.path, text.as_bytes()).map_err(|error| {
        let failure = Failure::new(format!("the report was not written: {error}"));
        failure.help("name a file in a folder that exists and that you may write to")
    })?;
    note(&format!("report: {}", place.path.display()));
    Ok(())
}
