//! What can stop a whole study. What stops one run is a record, not an error.

use toile_data::DataError;
use toile_store::StoreError;

/// Why a study could not begin, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store or an artifact could not be written. Everything recorded before is kept.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// The data cannot be split as the study asks.
    #[error(transparent)]
    Data(Box<DataError>),
    /// Not even one thread to train on.
    #[error("the system gives no thread to train on: {0}")]
    Thread(std::io::Error),
    /// A model's layers do not fit the images.
    #[error("run `{run}`: model `{model}` does not fit the images of this data set: {message}")]
    Model {
        /// The run.
        run: String,
        /// The model.
        model: String,
        /// What does not fit.
        message: String,
        /// How to mend it.
        help: String,
    },
    /// The weights that a run starts from do not belong to its model.
    #[error("run `{run}` cannot start from `{file}`: {reason}")]
    InitialWeights {
        /// The run.
        run: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> RunError {
        RunError::Store(Box::new(error))
    }
}

impl From<DataError> for RunError {
    fn from(error: DataError) -> RunError {
        RunError::Data(Box::new(error))
    }
}

impl RunError {
    /// How to mend it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            RunError::Store(error) => error.help(),
            RunError::Data(error) => Some(error.help()),
            RunError::Thread(_) => {
                Some("raise the limit of threads (`ulimit -u`), or end other programs".into())
            }
            RunError::Model { help, .. } => Some(help.clone()),
            RunError::InitialWeights { .. } => {
                Some("tensors are named `<layer>.<kernel|bias|…>`, as `toile run` writes them".into())
            }
        }
    }
}
