//! Where a study may lie: in a folder, in a SQLite file, or on a PostgreSQL server.

use std::path::{Path, PathBuf};

use toile_store::{STORE_FILE, Store};

use crate::failure::Failure;

/// Whether this is meant as the address of a server, not as a path.
pub fn is_address(place: &str) -> bool {
    place.contains("://")
}

/// A server, by its URL; a path is no server.
pub fn server(url: &str) -> Result<Store, Failure> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(Failure::new(format!("`{url}` is no PostgreSQL server")).help(
            "write `postgres://user:password@host:5432/database`; on one machine `toile run` needs no server",
        ));
    }
    Ok(Store::postgres(url)?)
}

/// A server, a study's folder, or a SQLite file, to look at.
pub fn open_to_look(place: &str) -> Result<Store, Failure> {
    if is_address(place) {
        return server(place);
    }
    let path = Path::new(place);
    let path = if path.is_dir() { path.join(STORE_FILE) } else { PathBuf::from(path) };
    if !path.is_file() {
        return Err(Failure::new(format!("there is no `{}`", path.display())).help(
            "name a study's folder, a SQLite file, or a server: `postgres://user:password@host/database`",
        ));
    }
    Ok(Store::read_only(&path)?)
}

/// The study of this name in a database, or the only one there.
pub fn study_in(store: &Store, asked: Option<&str>) -> Result<String, Failure> {
    let studies = store.recorded_studies()?;
    let known = || format!("known: {}", studies.join("; "));
    match (asked, &studies[..]) {
        (_, []) => Err(Failure::new(format!("no study was recorded in {}", store.place()))
            .help("`toile run STUDY --storage URL` begins one")),
        (Some(name), _) if studies.iter().any(|study| study == name) => Ok(name.to_owned()),
        (Some(name), _) => {
            Err(Failure::new(format!("{} holds no study `{name}`", store.place())).help(known()))
        }
        (None, [only]) => Ok(only.clone()),
        (None, all) => Err(Failure::new(format!("{} holds {} studies", store.place(), all.len()))
            .help(format!("choose one with `--study` ({})", known()))),
    }
}
