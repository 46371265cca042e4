//! What is kept of studies, and the only place that talks SQL.
//!
//! A [`Store`] is a SQLite file in a study's folder, `store.sqlite`, or a PostgreSQL server. Runs and the trials of
//! searches are the same thing in it: trials of Optuna's tables, with trainings, epochs, claims and checkpoints in
//! tables of ours (`toile_*`), so that Optuna's tools open the same database. Next to the file lie artifacts (weights,
//! reports), written so that a reader sees the old file or the new one, never half.

#![warn(unreachable_pub)]

mod artifacts;
mod checksums;
mod claims;
mod copies;
mod db;
mod ending;
mod epochs;
mod error;
mod evidence;
mod history;
mod json;
mod migration;
mod openings;
mod queue;
mod read;
mod results;
mod row_checksums;
mod runs;
mod schema;
mod searches;
mod since;
mod store;
mod studies;
mod tables;
mod types;

pub use artifacts::atomic::{create_folder, folder_inside, is_below, read_file, write_atomic};
pub use artifacts::checkpoint::{checkpoint_from_bytes, checkpoint_to_bytes};
pub use artifacts::weights::{NamedTensor, sha256_hex, weights_from_safetensors, weights_to_safetensors};
pub use checksums::{AlteredRecord, CheckedRecords};
pub use db::address::without_password;
pub use db::patience::{Patience, Waits};
pub use db::plain::{printable, turns_direction};
pub use error::StoreError;
pub use evidence::Added;
pub use runs::Change;
pub use since::{
    AtWork, Followed, FollowedSearch, StoreVersion, StudyChanges, StudyCursor, StudyLooks, StudyNews,
    TrainingLease,
};
pub use store::{STORE_FILE, Store};
pub use types::{
    Claim, HistoryCache, NewTrial, OptunaStudy, PastParam, PastTrial, Report, SearchId, TrialResult,
};
