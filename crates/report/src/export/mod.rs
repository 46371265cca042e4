//! Records for programs: JSON and CSV.

mod csv;
mod epochs;
mod exporter;
mod flatten;
mod history;
mod json;
mod lines;
mod measures;
mod predictions;
mod results;
mod search;
mod trials;

pub use csv::Csv;
pub use epochs::epochs_csv;
pub(crate) use exporter::one_file;
pub use exporter::{EXPORTERS, ExportInput, ExportedFile, ExportedFiles, Exporter};
pub(crate) use flatten::flatten;
pub use history::history_csv;
pub(crate) use json::number;
pub use json::results_json;
pub use predictions::{PredictionsCsvExporter, PredictionsNpzExporter};
pub use results::results_csv;
pub use trials::trials_csv;
