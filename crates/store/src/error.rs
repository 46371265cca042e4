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
    /// A server of which the tables are missing or of an earlier version, and that is only looked at.
    #[error("`{place}` has no tables of this version of toile yet: schema version {found}, expected {known}")]
    NotMigrated {
        /// The server.
        place: String,
        /// Its version; 0 without tables of ours.
        found: i64,
        /// The version that is read there.
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
    /// Optuna's tables are of another version than ours.
    #[error(
        "`{place}` has Optuna's tables in version `{found}`, this toile works with `{known}` (Optuna 3.2 to 5.0)"
    )]
    OtherOptuna {
        /// The file or the database.
        place: String,
        /// What it holds.
        found: String,
        /// What this program knows.
        known: String,
    },
    /// There is an Optuna study of the search's name that optimises something else.
    #[error("the Optuna study `{search}` has the directions {found}, the search wants {asked}")]
    OtherDirections {
        /// The search and the study.
        search: String,
        /// The study's directions.
        found: String,
        /// The search's.
        asked: String,
    },
    /// A file without any search.
    #[error("the file holds no searches: Optuna's tables are missing")]
    NoSearches {
        /// The file.
        place: String,
    },
    /// A search that the database does not hold, or no longer.
    #[error("the database holds no search with the key {id}")]
    UnknownSearch {
        /// Its key.
        id: i64,
    },
    /// An address that is none.
    #[error("`{url}` is no address of a PostgreSQL server: {reason}")]
    BadUrl {
        /// What was given, without its password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A database server refused, or could not be reached.
    #[error("cannot {action} `{place}`: {reason}")]
    Server {
        /// What was tried.
        action: &'static str,
        /// The server, without a password.
        place: String,
        /// What it said.
        reason: String,
        /// PostgreSQL's code for it, where the server answered at all.
        code: Option<String>,
        /// How to mend it, where we were the ones who refused.
        help: Option<&'static str>,
        /// Whoever was told of the wait wanted its end ([`Patience::waits`](crate::Patience::waits)).
        is_given_up: bool,
        /// Whether the same may succeed a little later.
        is_transient: bool,
    },
    /// A record whose numbers are not those that were written.
    #[error("`{place}`: {what} is not as it was written: its numbers and its checksum differ")]
    Altered {
        /// The file or the server.
        place: String,
        /// Which record.
        what: String,
    },
    /// The file that was opened is not at its place any more.
    #[error("`{}` was moved, replaced or deleted while it was in use: what was recorded since may be lost", path.display())]
    Gone {
        /// The store.
        path: PathBuf,
    },
    /// A record names a folder that is not below the study's own.
    #[error("`{folder}` leads out of the study's folder `{}`", dir.display())]
    Outside {
        /// The study's folder.
        dir: PathBuf,
        /// What the record says.
        folder: String,
    },
    /// A write-ahead log that cannot be read where it lies.
    #[error("`{}` has a log of changes next to it (`{}`), which cannot be read there", path.display(), log.display())]
    UnreadableLog {
        /// The database.
        path: PathBuf,
        /// Its log.
        log: PathBuf,
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
            StoreError::Damaged { .. } => Some(
                "if there is a copy of the file, put it in its place; otherwise give the study another folder with `--out DIR`, and keep the damaged file until that is done".into(),
            ),
            StoreError::Altered { .. } => Some(
                "a faulty disk or another program has changed it: put a copy of the file in its place, if there is one; `toile verify` lists all that is altered".into(),
            ),
            StoreError::Gone { .. } => Some(
                "put the folder back where it was, or give the same command again: what is missing is trained again".into(),
            ),
            StoreError::Outside { .. } => {
                Some("the store was made or changed by somebody else: do not trust what it says".into())
            }
            StoreError::UnreadableLog { .. } => {
                Some("copy both files to a folder that you may write to, and name the copy".into())
            }
            StoreError::NotMigrated { .. } => Some("looking changes nothing: `toile worker` brings it up to date".into()),
            StoreError::Newer { .. } => Some("use the toile that wrote it, or a newer one".into()),
            StoreError::OtherStudy { .. } | StoreError::OtherData { .. } => {
                Some("give this study a folder of its own with `--out DIR`".into())
            }
            StoreError::Sqlite { source, .. } => sqlite_help(source).map(str::to_owned),
            StoreError::OtherOptuna { .. } => Some(
                "older tables are brought up to date by `optuna storage upgrade --storage URL`; newer ones need a newer toile".into(),
            ),
            StoreError::OtherDirections { .. } => Some("give the search another name".into()),
            StoreError::BadUrl { .. } => {
                Some("an address looks like `postgres://user:password@host:5432/database`".into())
            }
            StoreError::Server { help: Some(help), .. } => Some((*help).into()),
            StoreError::Server { code, is_transient, .. } => server_help(code.as_deref(), *is_transient),
            StoreError::NoSearches { .. } | StoreError::UnknownRun { .. } | StoreError::Checkpoint { .. } | StoreError::UnknownSearch { .. } | StoreError::Weights { .. } => None,
        }
    }

    /// Whether the wait for a server was ended on purpose: to ask again at once would be against it.
    pub fn is_given_up(&self) -> bool {
        matches!(self, StoreError::Server { is_given_up: true, .. })
    }

    /// Whether the same call may succeed a little later: a server that restarts or is out of reach, a file that another
    /// program holds, or a lock that the system did not give back.
    pub fn is_transient(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, FileLockingProtocolFailed};
        match self {
            StoreError::Server { is_transient, .. } => *is_transient,
            StoreError::Sqlite { source, .. } => {
                matches!(
                    source.sqlite_error_code(),
                    Some(DatabaseBusy | DatabaseLocked | FileLockingProtocolFailed)
                )
            }
            _ => false,
        }
    }
}

fn io_help(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind::*;
    match error.kind() {
        StorageFull | QuotaExceeded => {
            Some("the disk is full: free some space and give the same command again")
        }
        FileTooLarge => Some(
            "a limit on the size of files is reached (`ulimit -f`): raise it, and give the same command again",
        ),
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
        DatabaseBusy | DatabaseLocked => Some(
            "another program is writing into it and does not come to an end: see which one, and try again",
        ),
        FileLockingProtocolFailed => Some(
            "the system did not lock the file, or did not give a lock back, as some network folders do: try again, or \
             choose a folder on a local disk with `--out DIR`",
        ),
        SystemIoFailure => Some("the disk reported a fault: nothing that was recorded before is lost"),
        _ => None,
    }
}

fn server_help(code: Option<&str>, is_transient: bool) -> Option<String> {
    let help = match code {
        Some("28P01" | "28000") => {
            "see that user and password in the address are right, and that the server lets this machine in (`pg_hba.conf`)"
        }
        Some("3D000") => "make the database first: `createdb NAME`",
        Some("42501" | "25006") => {
            "the user may not write there: grant it the right to, and to make tables in the schema"
        }
        Some("53300") => {
            "the server has as many connections as it allows: raise `max_connections`, or start fewer workers"
        }
        Some("53100") => "the server's disk is full: free some space",
        None if is_transient => "see that the server runs, and that host and port in the address are right",
        _ => return None,
    };
    Some(help.into())
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..12).unwrap_or(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_the_system_did_not_give_back_is_worth_another_try_and_a_fault_of_the_disk_is_not() {
        let error = |code| StoreError::Sqlite {
            action: "read",
            path: "store.sqlite".into(),
            source: rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None),
        };
        let lock = error(rusqlite::ffi::SQLITE_PROTOCOL);
        assert!(lock.is_transient());
        assert!(lock.help().is_some_and(|help| help.contains("did not give a lock back")));
        assert!(!error(rusqlite::ffi::SQLITE_IOERR).is_transient());
    }
}
