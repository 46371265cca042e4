//! Where searches are kept: Python's words for a database, and its faults as exceptions.

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use toile_store::{Store, StoreError};

use crate::network::value_error;

/// Opens a database: a SQLite file by its path or as Optuna writes it, or a PostgreSQL server.
pub(crate) fn open(storage: &str) -> PyResult<Store> {
    let of_file = |path: &str| Store::sqlite(std::path::Path::new(path)).map_err(store_error);
    match storage.split_once("://") {
        None => of_file(storage),
        Some(("sqlite", path)) => match path.strip_prefix('/').filter(|path| !path.is_empty()) {
            Some(path) => of_file(path),
            None => Err(value_error(format!("storage: `{storage}` names no file, expected sqlite:///FILE"))),
        },
        // `postgresql+psycopg2`: which driver Python would take does not matter here.
        Some((scheme, rest)) if matches!(scheme.split('+').next(), Some("postgres" | "postgresql")) => {
            Store::postgres(&format!("postgresql://{rest}")).map_err(store_error)
        }
        Some((scheme, _)) => Err(value_error(format!(
            "storage: toile has no databases of `{scheme}`, expected the path of a SQLite file, sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        ))),
    }
}

pub(crate) fn store_error(error: StoreError) -> PyErr {
    let words = match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    };
    match error {
        StoreError::OtherDirections { .. } | StoreError::BadUrl { .. } => PyValueError::new_err(words),
        _ => PyOSError::new_err(words),
    }
}
