//! A SQLite file, opened to write or only to read, and what its failures mean.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{Db, DbError};
use crate::{StoreError, schema, tables};

/// Files up to this size are looked through for damage when they are opened; in larger ones it is found when it is met.
const LOOKED_THROUGH: u64 = 16 << 20;

/// Opens or makes a file, and brings its tables up to date.
pub(crate) fn open_to_write(path: &Path) -> Result<Connection, StoreError> {
    let flags = WRITING | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(path, flags).map_err(|error| sqlite("open", path, error))?;
    check(&connection, path)?;
    migrate(&mut connection, path).map_err(|error| from_db("update the tables of", path, error))?;
    Ok(connection)
}

/// A database in memory, with today's tables.
pub(crate) fn open_in_memory(path: &Path) -> Result<Connection, StoreError> {
    let made = || -> super::Result<Connection> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA foreign_keys = ON")?;
        connection.set_prepared_statement_cache_capacity(128);
        with_newest_tables(connection)
    };
    made().map_err(|error| from_db("make", path, error))
}

const WRITING: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(plain(path), flags)?;
    prepare_writing(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Closes a connection on which something failed: a lock of its own that the system did not release (a network file
/// system without its lock service) ends with it, and is not waited for again and again.
pub(crate) fn close(connection: &mut Connection) {
    if let Ok(nothing) = Connection::open_in_memory() {
        *connection = nothing;
    }
}

/// Opens a connection again that [`close`] has closed.
pub(crate) fn ensure_open(connection: &mut Connection, path: &Path) -> rusqlite::Result<()> {
    if connection.path().is_none_or(str::is_empty) {
        *connection = connect(path, WRITING)?;
    }
    Ok(())
}

/// Refuses a damaged file, and one of another version than those that we know.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    schema::check(&mut Db::Sqlite(connection), &path.display().to_string())
        .map_err(|error| from_db("open", path, error))?;
    if path.metadata().is_ok_and(|file| file.len() > LOOKED_THROUGH) {
        return Ok(());
    }
    look_through(connection, path)
}

/// Looks through a whole file, its indices too: a row that an index does not find would be missing in silence.
pub(crate) fn look_through(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict = verdict_on(connection).map_err(|error| sqlite("check", path, error))?;
    match read_fault(&verdict) {
        _ if verdict == SOUND => Ok(()),
        // The disk could not read for a moment: that says nothing of the file.
        Some(code) => {
            let source = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(verdict));
            Err(StoreError::Sqlite { action: "check", path: path.into(), source })
        }
        None => Err(damaged("check", path, verdict)),
    }
}

/// The verdict on a file in which nothing is wrong.
const SOUND: &str = "ok";

fn verdict_on(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
}

/// A file is called damaged only if that is seen twice: a read that went wrong once says nothing of the file.
fn damaged(action: &'static str, path: &Path, reason: String) -> StoreError {
    let again = open_to_read(path).and_then(|connection| Ok(verdict_on(&connection)?));
    match again {
        Ok(verdict) if verdict == SOUND => {
            let fault = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_READ);
            let reason = format!("it was read wrongly ({reason}); on a second look it is sound");
            let source = rusqlite::Error::SqliteFailure(fault, Some(reason));
            StoreError::Sqlite { action, path: path.into(), source }
        }
        _ => StoreError::Damaged { path: path.into(), reason },
    }
}

/// The code of a fault of the disk, or of the memory, in a verdict on a file: `… error code=8458`.
fn read_fault(verdict: &str) -> Option<i32> {
    let (_, code) = verdict.rsplit_once("error code=")?;
    let code: i32 = code.trim().parse().ok()?;
    let faults = [rusqlite::ffi::SQLITE_IOERR, rusqlite::ffi::SQLITE_NOMEM, rusqlite::ffi::SQLITE_BUSY];
    faults.contains(&(code & 0xff)).then_some(code)
}

/// The path as SQLite takes it: a name that begins with `file:` is a name, not an address.
fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.into() } else { Path::new(".").join(path) }
}

/// Takes the missing steps, all or none. The file as an earlier version left it is kept next to it.
fn migrate(connection: &mut Connection, path: &Path) -> super::Result<()> {
    if schema::is_newest(&mut Db::Sqlite(connection))? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = schema::version(&mut Db::Sqlite(&transaction))?;
    if (1..schema::NEWEST).contains(&version) {
        keep_copy(path, version)?;
    }
    schema::migrate(&mut Db::Sqlite(&transaction))?;
    Ok(transaction.commit()?)
}

/// `store.version-2.sqlite`, whole or not at all. Nobody writes meanwhile: the caller has a transaction.
fn keep_copy(path: &Path, version: i64) -> super::Result<()> {
    let (kept, unfinished) = ["sqlite", "unfinished"]
        .map(|ending| path.with_extension(format!("version-{version}.{ending}")))
        .into();
    let failed =
        |source| StoreError::Io { action: "keep a copy of the store as".into(), path: kept.clone(), source };
    open_to_read(path)?.backup("main", &unfinished, None::<fn(rusqlite::backup::Progress)>)?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&unfinished, &kept).map_err(failed)?;
    Ok(())
}

/// Opens a file to read and never to write. One of an earlier version is copied into memory and brought up to date
/// there; one that only Optuna has written gets empty tables of ours for this connection.
pub(crate) fn open_to_look(path: &Path) -> Result<Connection, StoreError> {
    let connection = open_to_read(path).map_err(|error| from_db("open", path, error))?;
    check(&connection, path)?;
    let in_memory = || -> super::Result<Connection> {
        let connection = match schema::version(&mut Db::Sqlite(&connection))? {
            schema::NEWEST if schema::is_newest(&mut Db::Sqlite(&connection))? => connection,
            0 => lend_tables(connection)?,
            _ => in_newest_version(&connection)?,
        };
        // What is lent or copied is not to be written to either: it would be lost.
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    in_memory().map_err(|error| from_db("open", path, error))
}

fn in_newest_version(old: &Connection) -> super::Result<Connection> {
    let mut copy = Connection::open_in_memory()?;
    Backup::new(old, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    with_newest_tables(copy)
}

fn with_newest_tables(mut connection: Connection) -> super::Result<Connection> {
    let transaction = connection.transaction()?;
    schema::migrate(&mut Db::Sqlite(&transaction))?;
    transaction.commit()?;
    Ok(connection)
}

fn lend_tables(connection: Connection) -> super::Result<Connection> {
    let db = &mut Db::Sqlite(&connection);
    if !tables::table_exists(db, "studies")? {
        return Err(StoreError::NoSearches { place: String::new() }.into());
    }
    tables::create_temporary(db)?;
    Ok(connection)
}

/// All or nothing: a transaction of a file.
pub(crate) fn transact<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    mut work: impl FnMut(&mut Db<'_>) -> super::Result<T>,
) -> super::Result<T> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let result = work(&mut Db::Sqlite(&transaction))?;
    transaction.commit()?;
    Ok(result)
}

/// How long one waits for another program's lock.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

fn prepare_writing(connection: &Connection) -> rusqlite::Result<()> {
    // Otherwise each new value in a condition makes SQLite parse and plan the prepared statement again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(PATIENCE)?;
    // A file system without shared memory answers with another mode, which is as safe and only lets readers wait.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
}

/// Reading beside a writer needs a small shared file. Where that cannot be made (a read-only folder, a full disk),
/// and no log is left to be read, nobody writes, and SQLite may be told so.
fn open_to_read(path: &Path) -> super::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(plain(path), flags)?;
    connection.busy_timeout(PATIENCE)?;
    let refused = |error: rusqlite::Error| {
        use ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
        matches!(error.sqlite_error_code(), Some(CannotOpen | DiskFull | ReadOnly | SystemIoFailure))
    };
    if !version_of(&connection).is_err_and(refused) {
        return Ok(connection);
    }
    match log_of(path) {
        None => Ok(Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)?),
        Some(log) => Err(StoreError::UnreadableLog { path: path.into(), log }.into()),
    }
}

/// The write-ahead log of a database, if there is something in it: SQLite's name for it is the database's and `-wal`.
fn log_of(path: &Path) -> Option<PathBuf> {
    log_with_size(path).map(|(log, _)| log)
}

/// The bytes in it.
pub(super) fn log_size(path: &Path) -> u64 {
    log_with_size(path).map_or(0, |(_, size)| size)
}

fn log_with_size(path: &Path) -> Option<(PathBuf, u64)> {
    let mut name = path.file_name()?.to_owned();
    name.push("-wal");
    let log = path.with_file_name(name);
    let size = log.metadata().ok()?.len();
    (size > 0).then_some((log, size))
}

/// Something small, to see whether the file can be read.
fn version_of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
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
    match source {
        FromSqlConversionFailure(..) | InvalidColumnType(..) | IntegralValueOutOfRange(..) => {
            StoreError::Damaged { path: path.into(), reason: source.to_string() }
        }
        _ => match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                damaged(action, path, source.to_string())
            }
            _ => StoreError::Sqlite { action, path: path.into(), source },
        },
    }
}

pub(crate) fn from_db(action: &'static str, path: &Path, error: DbError) -> StoreError {
    match error {
        DbError::Sqlite(source) => sqlite(action, path, source),
        DbError::Refused(error) => *error,
        DbError::Undecodable(reason) => StoreError::Damaged { path: path.into(), reason },
        DbError::Postgres(error) => StoreError::Damaged { path: path.into(), reason: error.to_string() },
        DbError::Line(error) => StoreError::Damaged { path: path.into(), reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_damaged_only_if_that_is_seen_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.sqlite");
        open_to_write(&path).unwrap();
        let once = damaged("check", &path, "failed to get page 40".into());
        assert!(matches!(once, StoreError::Sqlite { .. }), "{once}");
        assert!(once.to_string().contains("on a second look it is sound"), "{once}");
        std::fs::write(&path, vec![7; 8192]).unwrap();
        let twice = damaged("check", &path, "file is not a database".into());
        assert!(matches!(twice, StoreError::Damaged { .. }), "{twice}");
    }
}
