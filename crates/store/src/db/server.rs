//! A PostgreSQL server: its address, connections to it, and what its failures mean.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Config, NoTls};

use super::{Db, DbError, Result, Session};
use crate::{StoreError, schema};

/// A worker that is stopped in the midst of a transaction loses its locks after a while, or all others would wait for
/// it; and none waits for a lock for ever. Times are asked for as text, in the one order that sorts.
const MANNERS: &str = "SET idle_in_transaction_session_timeout = '15s'; SET lock_timeout = '30s';
    SET DateStyle = 'ISO, YMD'";

/// How often a transaction is tried that the server broke off because it got into another's way.
const ATTEMPTS: usize = 8;

/// Where a server is and how to get in.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    /// The address without the password, for messages.
    pub(crate) place: String,
}

impl Server {
    pub(crate) fn from_url(url: &str) -> std::result::Result<Server, StoreError> {
        let mut config: Config = url.parse().map_err(|error: postgres::Error| StoreError::BadUrl {
            url: without_password(url),
            reason: reason(&error),
        })?;
        set_limits(&mut config);
        Ok(Server { config, place: without_password(url) })
    }

    pub(crate) fn connect(&self) -> Result<Session> {
        let mut client = self.config.connect(NoTls)?;
        client.batch_execute(MANNERS)?;
        Ok(Session::new(client))
    }

    pub(crate) fn error(&self, action: &'static str, error: DbError) -> StoreError {
        let place = self.place.clone();
        match error {
            DbError::Refused(error) => *error,
            DbError::Undecodable(reason) => StoreError::Damaged { path: place.into(), reason },
            DbError::Sqlite(error) => StoreError::Damaged { path: place.into(), reason: error.to_string() },
            DbError::Postgres(error) => StoreError::Server {
                action,
                place,
                reason: reason(&error),
                code: error.code().map(|code| code.code().to_owned()),
                is_transient: is_lost(&error) || is_conflict(&error),
            },
        }
    }
}

/// A server that has vanished without a word is noticed after seconds, unless the address says otherwise.
fn set_limits(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(20));
    }
    config.keepalives(true).keepalives_idle(Duration::from_secs(10));
    config.keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
    if config.get_application_name().is_none() {
        config.application_name("toile");
    }
}

/// What the server or the operating system said; the crate's own words say only that there was an error.
fn reason(error: &postgres::Error) -> String {
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
pub(crate) fn is_lost(error: &postgres::Error) -> bool {
    match error.code() {
        Some(code) => {
            let passing = [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::LOCK_NOT_AVAILABLE,
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
pub(crate) fn is_conflict(error: &postgres::Error) -> bool {
    let conflicts = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| conflicts.contains(code))
}

/// `postgres://user@host/database`: what stands between the first `:` after `//` and the `@` is nobody's business.
fn without_password(url: &str) -> String {
    let Some(start) = url.find("://").map(|place| place + 3) else { return hide_word(url) };
    let end = url[start..].find('/').map_or(url.len(), |place| start + place);
    let Some(at) = url[start..end].rfind('@').map(|place| start + place) else { return hide_query(url) };
    let user = url[start..at].split(':').next().unwrap_or("");
    hide_query(&format!("{}{user}{}", &url[..start], &url[at..]))
}

/// `…?password=secret`.
fn hide_query(url: &str) -> String {
    url.split('?').next().unwrap_or("").to_owned()
}

/// `host=… password=secret`.
fn hide_word(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !word.starts_with("password"));
    words.collect::<Vec<_>>().join(" ")
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
        (!self.begun && !is_fresh && is_lost(error)) || is_conflict(error)
    }
}

fn in_session<T>(
    session: &mut Session,
    begin: &str,
    work: &mut impl FnMut(&mut Db<'_>) -> Result<T>,
) -> std::result::Result<T, TransactionFailure> {
    session
        .client
        .batch_execute(begin)
        .map_err(|error| TransactionFailure { error: error.into(), begun: false })?;
    let begun = |error: DbError| TransactionFailure { error, begun: true };
    let result = work(&mut Db::Postgres(session)).map_err(begun)?;
    session.client.batch_execute("COMMIT").map_err(|error| begun(error.into()))?;
    Ok(result)
}

/// Makes the tables that are missing. The caller holds a lock that other programs of ours respect.
pub(crate) fn migrate(db: &mut Db<'_>) -> Result<()> {
    schema::check(db, "the database")?;
    match schema::is_newest(db)? {
        true => Ok(()),
        false => schema::migrate(db),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://ann:secret@host:5432/db?sslmode=disable", "postgres://ann@host:5432/db"),
            ("postgres://ann:se@cret@host/db", "postgres://ann@host/db"),
            ("postgres://host/db?user=ann&password=secret", "postgres://host/db"),
            ("postgresql://ann@host/db", "postgresql://ann@host/db"),
            ("host=here user=ann password=secret dbname=db", "host=here user=ann dbname=db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
