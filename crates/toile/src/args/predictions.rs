//! The forms of what runs make of each image.

use toile_report::{Exporter, PredictionsCsvExporter, PredictionsNpzExporter};

/// What `--predictions` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PredictionsFormat {
    /// predictions.csv, a line for each image
    Csv,
    /// predictions.npz, arrays for numpy.load
    Npz,
}

impl PredictionsFormat {
    /// What makes the files.
    pub(crate) fn exporter(self) -> &'static dyn Exporter {
        match self {
            PredictionsFormat::Csv => &PredictionsCsvExporter,
            PredictionsFormat::Npz => &PredictionsNpzExporter,
        }
    }
}
