//! What is kept of a study, and the only place that talks SQL.
//!
//! A study's folder holds one SQLite file, `store.sqlite`: the study, one row per run, one per epoch, and the test
//! images that some run got wrong. Tables are named `toile_*`; beside them stand Optuna's, with the searches, and the
//! declared runs once more, so that Optuna's tools open the same file. Searches may lie on a PostgreSQL server instead.
//! Beside it stand artifacts (weights, reports), written so that a reader sees the old file or the new one, never half.

mod atomic;
mod checkpoint;
mod ending;
mod epoch_columns;
mod error;
mod file;
mod lock;
mod rows;
mod schema;
mod storage;
mod store;
mod weights;

pub use atomic::{create_folder, write_atomic};
pub use checkpoint::{checkpoint_from_bytes, checkpoint_to_bytes};
pub use error::StoreError;
pub use storage::{
    Claim, HistoryCache, NewTrial, OptunaStudy, PastParam, PastTrial, Report, SearchId, Storage, TrialResult,
};
pub use store::{Change, STORE_FILE, Store};
pub use weights::{NamedTensor, sha256_hex, weights_from_safetensors, weights_to_safetensors};
