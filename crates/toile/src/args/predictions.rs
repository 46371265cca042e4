//! The forms of what runs make of each image.

/// What `--predictions` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PredictionsFormat {
    /// predictions.csv, a line for each image
    Csv,
    /// predictions.npz, arrays for numpy.load
    Npz,
}

impl PredictionsFormat {
    /// The name of the files.
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            PredictionsFormat::Csv => "predictions.csv",
            PredictionsFormat::Npz => "predictions.npz",
        }
    }
}
