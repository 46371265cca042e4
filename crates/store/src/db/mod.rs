//! One way to talk to two engines, within a transaction of either.

pub(crate) mod cell;
mod dialect;
pub(crate) mod server;
pub(crate) mod sqlite;

use std::collections::HashMap;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;

pub(crate) use self::cell::{Cell, DbRow, cells, undecodable};
use self::dialect::{to_postgres, to_sqlite};
use crate::StoreError;

/// A failure below the storage's interface, before it is known to which file or server it belongs.
#[derive(Debug)]
pub(crate) enum DbError {
    Sqlite(rusqlite::Error),
    Postgres(postgres::Error),
    /// A value that is not what its column should hold.
    Undecodable(String),
    /// Not the engine's failure: what was asked for cannot be.
    Refused(Box<StoreError>),
}

pub(crate) type Result<T> = std::result::Result<T, DbError>;

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        DbError::Sqlite(error)
    }
}

impl From<postgres::Error> for DbError {
    fn from(error: postgres::Error) -> Self {
        DbError::Postgres(error)
    }
}

impl From<StoreError> for DbError {
    fn from(error: StoreError) -> Self {
        DbError::Refused(Box::new(error))
    }
}

/// A connection to a server, with the statements that it has prepared.
pub(crate) struct Session {
    pub(crate) client: postgres::Client,
    prepared: HashMap<String, postgres::Statement>,
}

impl Session {
    pub(crate) fn new(client: postgres::Client) -> Session {
        Session { client, prepared: HashMap::new() }
    }

    fn prepare(&mut self, sql: &str) -> Result<postgres::Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&to_postgres(sql))?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A database to which statements may be said, inside of a transaction.
pub(crate) enum Db<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut Session),
}

impl Db<'_> {
    /// Does something; how many rows it met.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Cell<'_>]) -> Result<u64> {
        match self {
            Db::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&to_sqlite(sql))?;
                Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
            }
            Db::Postgres(session) => {
                let statement = session.prepare(sql)?;
                let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                Ok(session.client.execute(&statement, &values)?)
            }
        }
    }

    /// Asks; `read` turns each row into what is wanted.
    pub(crate) fn query<T>(
        &mut self,
        sql: &str,
        values: &[Cell<'_>],
        mut read: impl FnMut(&DbRow<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(sql, values, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Asks; `read` is shown each row.
    pub(crate) fn each(
        &mut self,
        sql: &str,
        values: &[Cell<'_>],
        mut read: impl FnMut(&DbRow<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Db::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&to_sqlite(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    read(&DbRow::Sqlite(row))?;
                }
            }
            Db::Postgres(session) => {
                let statement = session.prepare(sql)?;
                let mut rows = session.client.query_raw(&statement, values)?;
                while let Some(row) = rows.next()? {
                    read(&DbRow::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    /// The first row of the answer, if there is one.
    pub(crate) fn first<T>(
        &mut self,
        sql: &str,
        values: &[Cell<'_>],
        read: impl FnMut(&DbRow<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, read)?.into_iter().next())
    }

    /// Several statements without values.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Db::Sqlite(connection) => connection.execute_batch(sql)?,
            Db::Postgres(session) => session.client.batch_execute(sql)?,
        }
        Ok(())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Db::Postgres(_))
    }
}
