//! One way to talk to two engines, within a transaction of either.

pub(crate) mod address;
pub(crate) mod cell;
mod connect;
mod dialect;
pub(crate) mod log;
pub(crate) mod patience;
pub(crate) mod plain;
pub(crate) mod server;
mod session;
pub(crate) mod sqlite;
mod tls;
mod wire;

pub(crate) use self::cell::{Cell, DbRow, cells, decoded, undecodable};
use self::dialect::to_sqlite;
use self::patience::LineError;
pub(crate) use self::session::Session;
use crate::StoreError;

/// A failure below the storage's interface, before it is known to which file or server it belongs.
#[derive(Debug)]
pub(crate) enum DbError {
    Sqlite(rusqlite::Error),
    Postgres(tokio_postgres::Error),
    /// The way to a server: no answer in time, no encryption.
    Line(LineError),
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

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        // What the wire refused comes through the driver as an error of reading.
        let source =
            std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
        let inner =
            source.and_then(|source| source.get_ref()).and_then(|inner| inner.downcast_ref::<LineError>());
        match inner {
            Some(inner) => DbError::Line(inner.clone()),
            None => DbError::Postgres(error),
        }
    }
}

impl From<LineError> for DbError {
    fn from(error: LineError) -> Self {
        DbError::Line(error)
    }
}

impl DbError {
    /// Whether whoever waited has given up.
    fn is_given_up(&self) -> bool {
        matches!(self, DbError::Line(error) if error.is_given_up)
    }
}

impl From<StoreError> for DbError {
    fn from(error: StoreError) -> Self {
        DbError::Refused(Box::new(error))
    }
}

/// A database to which statements may be said, inside of a transaction.
pub(crate) enum Db<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut Session),
}

/// Bytes that are written at a time.
const PIECE: usize = 1 << 20;

impl Db<'_> {
    /// Does something; how many rows it met.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Cell<'_>]) -> Result<u64> {
        match self {
            Db::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&to_sqlite(sql))?;
                Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
            }
            Db::Postgres(session) => session.execute(sql, values),
        }
    }

    /// Inserts a row of a key and bytes, of which there may be many: a file takes them in pieces, without a copy of
    /// them all.
    pub(crate) fn insert_bytes(
        &mut self,
        table: &str,
        key: &str,
        column: &str,
        id: i64,
        data: &[u8],
    ) -> Result<()> {
        let sql = format!("INSERT INTO {table} ({key}, {column}) VALUES ($1, $2)");
        let Db::Sqlite(connection) = self else { return self.execute(&sql, cells![id, data]).map(drop) };
        let room = rusqlite::blob::ZeroBlob(data.len() as u64);
        connection.prepare_cached(&to_sqlite(&sql))?.execute(rusqlite::params![id, room])?;
        let mut blob = connection.blob_open(rusqlite::MAIN_DB, table, column, id, false)?;
        for (i, piece) in data.chunks(PIECE).enumerate() {
            blob.write_at(piece, i * PIECE)?;
        }
        Ok(blob.close()?)
    }

    /// Does the same with each row of values, on a server in one round trip; how many rows it met in all.
    pub(crate) fn execute_many(&mut self, sql: &str, rows: &[Vec<Cell<'_>>]) -> Result<u64> {
        match self {
            Db::Sqlite(_) => rows.iter().map(|values| self.execute(sql, values)).sum(),
            Db::Postgres(session) => session.execute_many(sql, rows),
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
            Db::Postgres(session) => session.each(sql, values, |row| read(&DbRow::Postgres(row)))?,
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
            Db::Postgres(session) => session.batch(sql)?,
        }
        Ok(())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Db::Postgres(_))
    }
}
