//! Searches and their trials on Optuna's own tables, in a SQLite file or on a PostgreSQL server.
//!
//! Whoever works on a search, here or in Python, sees the same trials. Rules that hold on both engines:
//! - a trial is claimed exactly once; each claim has a number (`attempt`), and only the holder of the latest may write;
//! - numbers are 0, 1, 2, … without gaps, in the order of the keys; a finished trial is never changed;
//! - one call is one transaction; what it wrote outlives a crash once it has returned;
//! - times and leases are told by the database's clock, so that workers' clocks and time zones do not matter.
//!
//! SQLite has one writer at a time: a transaction begins as a writing one, or two would read before either writes.
//! PostgreSQL has row locks: a claim locks its trial, then our row beside it, always in this order, and passes over
//! those that others have locked. Connections to a server are not encrypted: keep it on a network that is trusted, or
//! use a tunnel.

pub(crate) mod cell;
mod claims;
mod copies;
pub(crate) mod db;
mod dialect;
mod history;
pub(crate) mod json;
pub(crate) mod mirror;
pub(crate) mod openings;
pub(crate) mod read;
mod results;
pub(crate) mod searches;
mod server;
pub(crate) mod tables;
mod types;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use self::db::{Db, DbError, Session};
use self::server::Server;
pub use self::types::{
    Claim, HistoryCache, NewTrial, OptunaStudy, PastParam, PastTrial, Report, SearchId, TrialResult,
};
use crate::{StoreError, file};

/// A database with searches. Threads may share it.
pub struct Storage {
    engine: Engine,
    library_version: Option<String>,
}

enum Engine {
    Sqlite { path: PathBuf, connection: Mutex<Connection> },
    Postgres { server: Server, idle: Mutex<Vec<Session>> },
}

/// How often a transaction is tried that the server broke off because it got into another's way.
const ATTEMPTS: usize = 8;

impl Storage {
    /// Opens a SQLite file, making it if it is missing, with Optuna's tables and ours.
    pub fn sqlite(path: &Path) -> Result<Storage, StoreError> {
        let connection = file::open_to_write(path)?;
        let library_version = tables::library_version(&mut Db::Sqlite(&connection))
            .map_err(|error| file::from_db("open", path, error))?;
        let engine = Engine::Sqlite { path: path.into(), connection: Mutex::new(connection) };
        Ok(Storage { engine, library_version })
    }

    /// Connects to a PostgreSQL server: `postgres://user:password@host:port/database`. Tables that are missing are
    /// made, also where many programs start at once.
    pub fn postgres(url: &str) -> Result<Storage, StoreError> {
        let server = Server::from_url(url)?;
        let engine = Engine::Postgres { server, idle: Mutex::new(Vec::new()) };
        let mut storage = Storage { engine, library_version: None };
        storage.library_version = storage.write("open", |db| {
            db.batch("SELECT pg_advisory_xact_lock(8243121637)")?;
            server::migrate(db)?;
            tables::library_version(db)
        })?;
        Ok(storage)
    }

    /// The version of Optuna that made this database, if that is one before 5: the times of its trials are then local
    /// times of whoever wrote them, and nothing tells of which zone.
    pub fn times_are_local(&self) -> Option<String> {
        let version = self.library_version.as_deref()?;
        let major: u32 = version.split('.').next()?.parse().ok()?;
        (major < 5).then(|| version.to_owned())
    }

    /// What the database is called in messages: a path, or a server without its password.
    pub fn place(&self) -> String {
        match &self.engine {
            Engine::Sqlite { path, .. } => path.display().to_string(),
            Engine::Postgres { server, .. } => server.place.clone(),
        }
    }

    /// All or nothing, and on the disk when it returns.
    fn write<T>(
        &self,
        action: &'static str,
        work: impl FnMut(&mut Db<'_>) -> db::Result<T>,
    ) -> Result<T, StoreError> {
        self.transact(action, TransactionBehavior::Immediate, "BEGIN", work)
    }

    /// Several questions to one state of the database.
    fn read<T>(
        &self,
        action: &'static str,
        work: impl FnMut(&mut Db<'_>) -> db::Result<T>,
    ) -> Result<T, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.transact(action, TransactionBehavior::Deferred, begin, work)
    }

    /// A transaction that begins in a file as `behavior` says, and on a server with the words of `begin`.
    fn transact<T>(
        &self,
        action: &'static str,
        behavior: TransactionBehavior,
        begin: &str,
        mut work: impl FnMut(&mut Db<'_>) -> db::Result<T>,
    ) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite { path, connection } => {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                in_file(&mut connection, behavior, work).map_err(|error| file::from_db(action, path, error))
            }
            Engine::Postgres { server, idle } => {
                on_server(server, idle, begin, &mut work).map_err(|error| server.error(action, error))
            }
        }
    }
}

fn in_file<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    mut work: impl FnMut(&mut Db<'_>) -> db::Result<T>,
) -> db::Result<T> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let result = work(&mut Db::Sqlite(&transaction))?;
    transaction.commit()?;
    Ok(result)
}

/// A connection is kept only after a success: one that was lost, or is in the midst of something, is closed.
fn on_server<T>(
    server: &Server,
    idle: &Mutex<Vec<Session>>,
    begin: &str,
    work: &mut impl FnMut(&mut Db<'_>) -> db::Result<T>,
) -> db::Result<T> {
    let mut attempt = 1;
    loop {
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let is_fresh = kept.is_none();
        let mut session = match kept {
            Some(session) => session,
            None => server.connect()?,
        };
        match in_session(&mut session, begin, work) {
            Ok(result) => {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
                return Ok(result);
            }
            Err(failure) if failure.may_repeat(is_fresh) && attempt < ATTEMPTS => attempt += 1,
            Err(failure) => return Err(failure.error),
        }
    }
}

/// A transaction that failed, and whether it had begun: if not, nothing can have come of it.
struct TransactionFailure {
    error: DbError,
    begun: bool,
}

impl TransactionFailure {
    /// A connection that was lost while it lay idle, or a transaction that stood in another's way.
    fn may_repeat(&self, is_fresh: bool) -> bool {
        let DbError::Postgres(error) = &self.error else { return false };
        (!self.begun && !is_fresh && server::is_lost(error)) || server::is_conflict(error)
    }
}

fn in_session<T>(
    session: &mut Session,
    begin: &str,
    work: &mut impl FnMut(&mut Db<'_>) -> db::Result<T>,
) -> Result<T, TransactionFailure> {
    session
        .client
        .batch_execute(begin)
        .map_err(|error| TransactionFailure { error: error.into(), begun: false })?;
    let begun = |error: DbError| TransactionFailure { error, begun: true };
    let result = work(&mut Db::Postgres(session)).map_err(begun)?;
    session.client.batch_execute("COMMIT").map_err(|error| begun(error.into()))?;
    Ok(result)
}

/// Seconds of a duration, for the database's clock.
fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
