//! A SQLite file, opened to write or only to read, and what its failures mean.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::storage::db::DbError;
use crate::{StoreError, schema};

/// Opens or makes a file, and brings its tables up to date.
pub(crate) fn open_to_write(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        prepare_writing(&connection)?;
        Ok(connection)
    };
    let mut connection = open().map_err(|error| sqlite("open", path, error))?;
    schema::check(&connection, path)?;
    schema::migrate(&mut connection, path)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn prepare_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    // A file system without shared memory answers with another mode, which is as safe and only lets readers wait.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
}

/// Reading beside a writer needs a small shared file. Where that cannot be made (a read-only folder, a full disk),
/// and no log is left to be read, nobody writes, and SQLite may be told so.
pub(crate) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    let refused = |error: rusqlite::Error| {
        use ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
        matches!(error.sqlite_error_code(), Some(CannotOpen | DiskFull | ReadOnly | SystemIoFailure))
    };
    let log = path.with_extension("sqlite-wal");
    let has_log = log.metadata().is_ok_and(|log| log.len() > 0);
    if !has_log && schema::version(&connection).is_err_and(refused) {
        return Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI);
    }
    Ok(connection)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

pub(crate) fn sqlite(action: &'static str, path: &Path, source: rusqlite::Error) -> StoreError {
    use rusqlite::Error::*;
    let damaged =
        matches!(source.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
            || matches!(
                source,
                FromSqlConversionFailure(..) | InvalidColumnType(..) | IntegralValueOutOfRange(..)
            );
    match damaged {
        true => StoreError::Damaged { path: path.into(), reason: source.to_string() },
        false => StoreError::Sqlite { action, path: path.into(), source },
    }
}

pub(crate) fn from_db(action: &'static str, path: &Path, error: DbError) -> StoreError {
    match error {
        DbError::Sqlite(source) => sqlite(action, path, source),
        DbError::Refused(error) => *error,
        DbError::Undecodable(reason) => StoreError::Damaged { path: path.into(), reason },
        DbError::Postgres(error) => StoreError::Damaged { path: path.into(), reason: error.to_string() },
    }
}
