//! One way to talk to two engines: statements are written once, in PostgreSQL's words, and said to SQLite in its own.
//!
//! What differs is small enough for a list of replacements: `$1` is `?1` there, casts and row locks do not exist (a
//! writer has the whole file), and the clock has another name. Values go in as [`Cell`]s and come out of a [`Row`],
//! which reads integers of any width, and enumerations as their names.

use std::collections::HashMap;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::ValueRef;

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

/// A value on its way into the database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'v> {
    Null,
    Int(i64),
    Real(f64),
    /// Also the name of an enumeration's member.
    Text(&'v str),
    Bytes(&'v [u8]),
}

macro_rules! cell_from {
    ($($type:ty => |$value:ident| $cell:expr),* $(,)?) => {
        $(impl<'v> From<$type> for Cell<'v> {
            fn from($value: $type) -> Self {
                $cell
            }
        })*
    };
}

cell_from! {
    i64 => |value| Cell::Int(value),
    usize => |value| Cell::Int(value as i64),
    f64 => |value| Cell::Real(value),
    &'v str => |value| Cell::Text(value),
    &'v String => |value| Cell::Text(value),
    &'v [u8] => |value| Cell::Bytes(value),
}

impl<'v, T: Into<Cell<'v>>> From<Option<T>> for Cell<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// The values of a statement, in order.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { &[$($crate::storage::db::Cell::from($value)),*] };
}
pub(crate) use cells;

impl rusqlite::ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match *self {
            Cell::Null => ValueRef::Null,
            Cell::Int(value) => ValueRef::Integer(value),
            Cell::Real(value) => ValueRef::Real(value),
            Cell::Text(value) => ValueRef::Text(value.as_bytes()),
            Cell::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Cell::Null => Ok(IsNull::Yes),
            Cell::Int(value) if *ty == Type::INT4 => i32::try_from(value)?.to_sql(ty, out),
            Cell::Int(value) if *ty == Type::FLOAT8 => (value as f64).to_sql(ty, out),
            Cell::Int(value) => value.to_sql(ty, out),
            Cell::Real(value) => value.to_sql(ty, out),
            Cell::Text(value) => {
                out.extend_from_slice(value.as_bytes());
                Ok(IsNull::No)
            }
            Cell::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One row of an answer.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    pub(crate) fn int(&self, index: usize) -> Result<i64> {
        self.maybe_int(index)?.ok_or_else(|| none(index))
    }

    pub(crate) fn maybe_int(&self, index: usize) -> Result<Option<i64>> {
        match self {
            Row::Sqlite(row) => Ok(row.get(index)?),
            Row::Postgres(row) => Ok(row.try_get::<_, Option<Whole>>(index)?.map(|whole| whole.0)),
        }
    }

    /// A count or a number that is never negative.
    pub(crate) fn count(&self, index: usize) -> Result<usize> {
        let value = self.int(index)?;
        usize::try_from(value).map_err(|_| undecodable(index, format!("{value} is negative")))
    }

    pub(crate) fn maybe_real(&self, index: usize) -> Result<Option<f64>> {
        match self {
            Row::Sqlite(row) => match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                ValueRef::Real(value) => Ok(Some(value)),
                ValueRef::Integer(value) => Ok(Some(value as f64)),
                other => Err(undecodable(index, format!("{:?} is no number", other.data_type()))),
            },
            Row::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    pub(crate) fn real(&self, index: usize) -> Result<f64> {
        self.maybe_real(index)?.ok_or_else(|| none(index))
    }

    pub(crate) fn maybe_text(&self, index: usize) -> Result<Option<&str>> {
        match self {
            Row::Sqlite(row) => match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                    .map(Some)
                    .map_err(|error| undecodable(index, error.to_string())),
                other => Err(undecodable(index, format!("{:?} is no text", other.data_type()))),
            },
            Row::Postgres(row) => Ok(row.try_get::<_, Option<Words>>(index)?.map(|words| words.0)),
        }
    }

    pub(crate) fn text(&self, index: usize) -> Result<&str> {
        self.maybe_text(index)?.ok_or_else(|| none(index))
    }

    pub(crate) fn string(&self, index: usize) -> Result<String> {
        self.text(index).map(str::to_owned)
    }

    pub(crate) fn maybe_string(&self, index: usize) -> Result<Option<String>> {
        Ok(self.maybe_text(index)?.map(str::to_owned))
    }

    pub(crate) fn maybe_bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        match self {
            Row::Sqlite(row) => match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                ValueRef::Blob(bytes) => Ok(Some(bytes)),
                other => Err(undecodable(index, format!("{:?} is no blob", other.data_type()))),
            },
            Row::Postgres(row) => Ok(row.try_get(index)?),
        }
    }
}

fn none(index: usize) -> DbError {
    undecodable(index, "a value is missing".into())
}

pub(crate) fn undecodable(index: usize, reason: String) -> DbError {
    DbError::Undecodable(format!("column {index} of an answer: {reason}"))
}

/// An integer of any width.
struct Whole(i64);

impl FromSql<'_> for Whole {
    fn from_sql(
        ty: &Type,
        raw: &[u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Whole(match *ty {
            Type::INT2 => i16::from_sql(ty, raw)?.into(),
            Type::INT4 => i32::from_sql(ty, raw)?.into(),
            _ => i64::from_sql(ty, raw)?,
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT2 | Type::INT4 | Type::INT8)
    }
}

/// Text, or the name of an enumeration's member.
struct Words<'a>(&'a str);

impl<'a> FromSql<'a> for Words<'a> {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Words(std::str::from_utf8(raw)?))
    }

    fn accepts(_: &Type) -> bool {
        true
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
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
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
        mut read: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Db::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&to_sqlite(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    read(&Row::Sqlite(row))?;
                }
            }
            Db::Postgres(session) => {
                let statement = session.prepare(sql)?;
                let mut rows = session.client.query_raw(&statement, values)?;
                while let Some(row) = rows.next()? {
                    read(&Row::Postgres(&row))?;
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
        read: impl FnMut(&Row<'_>) -> Result<T>,
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

/// The present as Optuna 5 writes it: UTC, without a mark of it, with six digits of a second's fraction.
const NOW_UTC: [&str; 2] =
    ["strftime('%Y-%m-%d %H:%M:%f000', 'now')", "(clock_timestamp() AT TIME ZONE 'UTC')"];

/// The present as Optuna writes heartbeats: whole seconds in UTC, or the session's own time zone.
const NOW_BEAT: [&str; 2] = ["CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"];

/// The present in seconds since 1970, for leases.
const NOW_SECONDS: [&str; 2] = ["unixepoch('subsec')", "extract(epoch FROM clock_timestamp())::float8"];

fn with_clock(sql: &str, engine: usize) -> String {
    sql.replace("NOW_UTC", NOW_UTC[engine])
        .replace("NOW_BEAT", NOW_BEAT[engine])
        .replace("NOW_SECONDS", NOW_SECONDS[engine])
}

fn to_postgres(sql: &str) -> String {
    with_clock(sql, 1)
}

/// The same statement in SQLite's words.
pub(crate) fn to_sqlite(sql: &str) -> String {
    let sql = with_clock(sql, 0);
    let mut said = String::with_capacity(sql.len());
    let mut rest = sql.as_str();
    while let Some(place) = rest.find(['$', ':', 'F']) {
        said.push_str(&rest[..place]);
        rest = &rest[place..];
        if let Some(after) = rest.strip_prefix("::") {
            rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        } else if let Some(after) = rest.strip_prefix('$') {
            said.push('?');
            rest = after;
        } else if rest.starts_with("FOR UPDATE") {
            rest = &rest[rest.find(')').unwrap_or(rest.len())..];
        } else {
            said.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use super::to_sqlite;

    #[test]
    fn statements_are_said_to_sqlite_in_its_own_words() {
        let said = to_sqlite(
            "UPDATE t SET a = $1::text WHERE id = (SELECT id FROM t WHERE b < NOW_SECONDS - $12::float8 \
             LIMIT 1 FOR UPDATE SKIP LOCKED) AND c = 'F:$'",
        );
        let meant = "UPDATE t SET a = ?1 WHERE id = (SELECT id FROM t WHERE b < unixepoch('subsec') - ?12 \
                     LIMIT 1 ) AND c = 'F:?'";
        assert_eq!(said, meant);
    }
}
