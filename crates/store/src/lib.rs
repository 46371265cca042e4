//! What is kept of a study, and the only place that talks SQL.
//!
//! A study's folder holds one SQLite file, `store.sqlite`: the study, one row per run, one per epoch, and the test
//! images that some run got wrong. Tables are named `toile_*`, so that other tools' tables can live in the same file.
//! Beside it stand artifacts (weights, reports), written so that a reader sees the old file or the new one, never half.

mod atomic;
mod checkpoint;
mod error;
mod lock;
mod record;
mod rows;
mod schema;
mod search;
mod storage;
mod store;
mod weights;

pub use atomic::{create_folder, write_atomic};
pub use checkpoint::{checkpoint_from_bytes, checkpoint_to_bytes};
pub use error::StoreError;
pub use record::*;
pub use search::{
    ObjectiveRecord, ParamRecord, SearchRecord, SearchRecords, TestOpening, TrialRecord, TrialSide,
};
pub use storage::{
    Claim, Ending, HistoryCache, NewTrial, OptunaStudy, PastParam, PastTrial, Report, SearchId, Storage,
};
pub use store::{Change, STORE_FILE, Store};
pub use weights::{NamedTensor, sha256_hex, weights_from_safetensors, weights_to_safetensors};
