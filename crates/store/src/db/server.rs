//! A PostgreSQL server: its address, connections to it, and what its failures mean.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::error::SqlState;

use super::address::Address;
use super::connect;
use super::patience::Patience;
use super::plain::printable;
use super::{Db, DbError, Result, Session};
use crate::{StoreError, schema, tables};

/// A worker that is stopped in the midst of a transaction loses its locks after a while, or all others would wait for
/// it; and none waits for a lock or an answer for ever: the server says so before we would have to guess. Times are
/// asked for as text, in the one order that sorts.
const MANNERS: &str = "SET idle_in_transaction_session_timeout = '15s'; SET lock_timeout = '20s';
    SET statement_timeout = '5min'; SET DateStyle = 'ISO, YMD'";

/// How often a transaction is tried that the server broke off because it got into another's way.
const ATTEMPTS: usize = 8;

/// Where a server is, how to get in, and how long to wait for it.
#[derive(Clone)]
pub(crate) struct Server {
    address: Arc<Address>,
    patience: Patience,
}

impl Server {
    pub(crate) fn new(url: &str, patience: Patience) -> std::result::Result<Server, StoreError> {
        Ok(Server { address: Arc::new(Address::parse(url)?), patience })
    }

    /// The address without the password, for messages.
    pub(crate) fn place(&self) -> &str {
        &self.address.place
    }

    pub(crate) fn connect(&self) -> Result<Session> {
        let mut session = connect::connect(&self.address, &self.patience)?;
        session.batch(MANNERS)?;
        Ok(session)
    }

    pub(crate) fn error(&self, action: &'static str, error: DbError) -> StoreError {
        let place = self.place().to_owned();
        let damaged =
            |reason: String| StoreError::Damaged { path: self.place().into(), reason: printable(&reason) };
        match error {
            DbError::Refused(error) => *error,
            DbError::Undecodable(reason) => damaged(reason),
            DbError::Sqlite(error) => damaged(error.to_string()),
            DbError::Line(error) => StoreError::Server {
                action,
                place,
                reason: printable(&error.reason),
                code: None,
                help: error.help,
                is_given_up: error.is_given_up,
                is_transient: error.is_transient,
            },
            DbError::Postgres(error) => StoreError::Server {
                action,
                place,
                reason: printable(&reason(&error)),
                code: error.code().map(|code| printable(code.code())),
                help: None,
                is_given_up: false,
                is_transient: is_lost(&error) || is_conflict(&error),
            },
        }
    }
}

/// What the server or the operating system said; the crate's own words say only that there was an error.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}

/// The connection is gone or could not be had: the same may succeed later.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => {
            let passing = [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::QUERY_CANCELED,
                SqlState::IDLE_SESSION_TIMEOUT,
                SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            ];
            passing.contains(code) || code.code().starts_with("08")
        }
        None => {
            let source = std::error::Error::source(error);
            error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

/// The server broke a transaction off because it stood in another's way.
pub(crate) fn is_conflict(error: &tokio_postgres::Error) -> bool {
    let conflicts = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| conflicts.contains(code))
}

/// A connection is kept only after a success: one that was lost, or is in the midst of something, is closed.
pub(crate) fn transact<T>(
    server: &Server,
    idle: &Mutex<Vec<Session>>,
    begin: &str,
    work: &mut impl FnMut(&mut Db<'_>) -> Result<T>,
) -> Result<T> {
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
            Err(failure) => {
                if let DbError::Line(_) = failure.error {
                    // Where one connection has fallen silent, the others have too.
                    idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                }
                return Err(failure.error);
            }
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
        (!self.begun && !is_fresh && is_lost(error)) || is_conflict(error)
    }
}

fn in_session<T>(
    session: &mut Session,
    begin: &str,
    work: &mut impl FnMut(&mut Db<'_>) -> Result<T>,
) -> std::result::Result<T, TransactionFailure> {
    session.batch(begin).map_err(|error| TransactionFailure { error, begun: false })?;
    let begun = |error: DbError| TransactionFailure { error, begun: true };
    let result = work(&mut Db::Postgres(session)).map_err(begun)?;
    session.batch("COMMIT").map_err(begun)?;
    Ok(result)
}

/// Refuses a database whose tables are not those of this version; gives the version of Optuna that made them.
pub(crate) fn check_to_look(db: &mut Db<'_>, place: &str) -> Result<Option<String>> {
    schema::check(db, place)?;
    if !schema::is_newest(db)? {
        let (found, known) = (schema::version(db)?, schema::NEWEST);
        return Err(StoreError::NotMigrated { place: place.into(), found, known }.into());
    }
    tables::library_version(db)
}

/// Makes the tables that are missing. The caller holds a lock that other programs of ours respect.
pub(crate) fn migrate(db: &mut Db<'_>) -> Result<()> {
    schema::check(db, "the database")?;
    match schema::is_newest(db)? {
        true => Ok(()),
        false => schema::migrate(db),
    }
}
