//! Values on their way into a database, and out of it.
//!
//! Values go in as [`Cell`]s and come out of a [`DbRow`], which reads integers of any width, and enumerations as their
//! names: on SQLite they are text.

use rusqlite::types::ValueRef;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::db::{DbError, Result};

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
    ($($value:expr),* $(,)?) => { &[$($crate::db::cell::Cell::from($value)),*] };
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
pub(crate) enum DbRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl DbRow<'_> {
    pub(crate) fn int(&self, index: usize) -> Result<i64> {
        self.maybe_int(index)?.ok_or_else(|| none(index))
    }

    pub(crate) fn maybe_int(&self, index: usize) -> Result<Option<i64>> {
        match self {
            DbRow::Sqlite(row) => Ok(row.get(index)?),
            DbRow::Postgres(row) => Ok(row.try_get::<_, Option<WholeNumber>>(index)?.map(|whole| whole.0)),
        }
    }

    /// A count or a number that is never negative.
    pub(crate) fn count(&self, index: usize) -> Result<usize> {
        let value = self.int(index)?;
        usize::try_from(value).map_err(|_| undecodable(index, format!("{value} is negative")))
    }

    pub(crate) fn maybe_real(&self, index: usize) -> Result<Option<f64>> {
        match self {
            DbRow::Sqlite(row) => match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                ValueRef::Real(value) => Ok(Some(value)),
                ValueRef::Integer(value) => Ok(Some(value as f64)),
                other => Err(undecodable(index, format!("{:?} is no number", other.data_type()))),
            },
            DbRow::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    pub(crate) fn real(&self, index: usize) -> Result<f64> {
        self.maybe_real(index)?.ok_or_else(|| none(index))
    }

    pub(crate) fn maybe_text(&self, index: usize) -> Result<Option<&str>> {
        match self {
            DbRow::Sqlite(row) => match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                    .map(Some)
                    .map_err(|error| undecodable(index, error.to_string())),
                other => Err(undecodable(index, format!("{:?} is no text", other.data_type()))),
            },
            DbRow::Postgres(row) => Ok(row.try_get::<_, Option<Words>>(index)?.map(|words| words.0)),
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
            DbRow::Sqlite(row) => match row.get_ref(index)? {
                ValueRef::Null => Ok(None),
                ValueRef::Blob(bytes) => Ok(Some(bytes)),
                other => Err(undecodable(index, format!("{:?} is no blob", other.data_type()))),
            },
            DbRow::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    /// A record that is kept as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T> {
        decoded(index, self.text(index)?)
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>> {
        self.maybe_text(index)?.map(|text| decoded(index, text)).transpose()
    }
}

/// JSON of a column.
pub(crate) fn decoded<T: DeserializeOwned>(index: usize, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| undecodable(index, error.to_string()))
}

fn none(index: usize) -> DbError {
    undecodable(index, "a value is missing".into())
}

pub(crate) fn undecodable(index: usize, reason: String) -> DbError {
    DbError::Undecodable(format!("column {index} of an answer: {reason}"))
}

/// An integer of any width.
struct WholeNumber(i64);

impl FromSql<'_> for WholeNumber {
    fn from_sql(
        ty: &Type,
        raw: &[u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(WholeNumber(match *ty {
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
