//! What can go wrong with a store, and how to mend it.

use std::path::PathBuf;

/// A failure of the store: the values say where, the text says what.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder or file could not be made, opened or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `create the folder`, `write 512 bytes to`.
        action: String,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another process has the folder.
    #[error("another toile is at work in `{}`{}", dir.display(), pid.map_or(String::new(), |p| format!(" (process {p})")))]
    Locked {
        /// The study's folder.
        dir: PathBuf,
        /// The process that holds it, where it could be read.
        pid: Option<u32>,
    },
    /// There is no store here.
    #[error("`{}` holds no study: there is no `store.sqlite`", dir.display())]
    NoStore {
        /// The folder that was looked into.
        dir: PathBuf,
    },
    /// The store has no study yet.
    #[error("`{}` is empty: no study was recorded in it", path.display())]
    NoStudy {
        /// The store.
        path: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error("`{}` is damaged or not a store: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite or the record's decoder said.
        reason: String,
    },
    /// A newer toile wrote this store.
    #[error("`{}` has schema version {found}, this toile knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The folder belongs to a study of another name.
    #[error("`{}` holds the study `{found}`, not `{asked}`", path.display())]
    OtherStudy {
        /// The store.
        path: PathBuf,
        /// The study in it.
        found: String,
        /// The study that was to be written.
        asked: String,
    },
    /// The folder's results come from other data.
    #[error(
        "`{}` holds results on other data: recorded fingerprint {}…, found {}…",
        path.display(), short(found), short(asked)
    )]
    OtherData {
        /// The store.
        path: PathBuf,
        /// The fingerprint in it.
        found: String,
        /// The fingerprint of the data at hand.
        asked: String,
    },
    /// A run that the store does not know was written to.
    #[error("the store knows no run `{id}`")]
    UnknownRun {
        /// The id that was given.
        id: String,
    },
    /// SQLite refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// The store.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Bytes that are no checkpoint, or damaged.
    #[error("not a checkpoint of toile, or damaged: {reason}")]
    Checkpoint {
        /// What is wrong with them.
        reason: String,
    },
    /// Bytes that are no safetensors file of f32 tensors.
    #[error("not a safetensors file of f32 weights: {reason}")]
    Weights {
        /// What is wrong with them.
        reason: String,
    },
}

impl StoreError {
    /// How to mend it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            StoreError::Io { source, .. } => io_help(source).map(str::to_owned),
            StoreError::Locked { .. } => Some(
                "wait until it has ended, or give this study a folder of its own with `--out DIR`".into(),
            ),
            StoreError::NoStore { .. } | StoreError::NoStudy { .. } => {
                Some("`toile run --out DIR` writes one; `toile report DIR` reads it".into())
            }
            StoreError::Damaged { path, .. } => Some(format!(
                "move `{}` away and run the study again: all its runs are trained anew",
                path.display()
            )),
            StoreError::Newer { .. } => Some("use the toile that wrote it, or a newer one".into()),
            StoreError::OtherStudy { .. } | StoreError::OtherData { .. } => {
                Some("give this study a folder of its own with `--out DIR`".into())
            }
            StoreError::Sqlite { source, .. } => sqlite_help(source).map(str::to_owned),
            StoreError::UnknownRun { .. } | StoreError::Checkpoint { .. } | StoreError::Weights { .. } => {
                None
            }
        }
    }
}

fn io_help(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind::*;
    match error.kind() {
        StorageFull | QuotaExceeded => {
            Some("the disk is full: free some space and give the same command again")
        }
        PermissionDenied | ReadOnlyFilesystem => Some("choose a folder you may write to with `--out DIR`"),
        NotADirectory | AlreadyExists => {
            Some("a file stands where the folder should be: choose another `--out DIR`")
        }
        _ => None,
    }
}

fn sqlite_help(error: &rusqlite::Error) -> Option<&'static str> {
    use rusqlite::ErrorCode::*;
    match error.sqlite_error_code()? {
        DiskFull => Some("the disk is full: free some space and give the same command again"),
        ReadOnly | CannotOpen | PermissionDenied => Some("choose a folder you may write to with `--out DIR`"),
        SystemIoFailure => Some("the disk reported a fault: nothing that was recorded before is lost"),
        _ => None,
    }
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..12).unwrap_or(fingerprint)
}
