//! Where a study may lie: in a folder, in a SQLite file, or on a PostgreSQL server.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use toile_store::{Patience, STORE_FILE, Store, without_password};

use crate::failure::Failure;
use crate::{interrupt, terminal};

/// After such a silence of a server it is said that it is waited for.
const TELL_AFTER: Duration = Duration::from_secs(5);

/// As long as a server stays silent this is said again.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// Once the user wants to stop, a server that stays silent for so long is not waited for, and not asked again.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// An address of a server, as it is shown where one is expected.
const EXAMPLE: &str = "`postgres://user:password@host:5432/database`";

/// Whether this is meant as an address, not as a path.
pub(crate) fn is_address(place: &str) -> bool {
    place.contains("://")
}

/// A server, by its URL; a path is no server.
pub(crate) fn server(url: &str) -> Result<Store, Failure> {
    match scheme(url) {
        Some("postgres" | "postgresql") => Ok(Store::postgres_with(url, patience())?),
        Some("sqlite") => Err(no_server(&sqlite_path(url)?.to_string_lossy())),
        Some(_) => Err(Failure::new(format!("`{}` is no PostgreSQL server", without_password(url))).help(format!(
            "toile works on PostgreSQL and SQLite only; write {EXAMPLE}, or use a study's own folder, which needs no server"
        ))),
        None => Err(no_server(url)),
    }
}

/// The same, only to be looked at: nothing is made or brought up to date there.
pub(crate) fn server_to_look(url: &str) -> Result<Store, Failure> {
    match scheme(url) {
        Some("postgres" | "postgresql") => Ok(Store::postgres_to_look(url, patience())?),
        _ => server(url),
    }
}

/// `postgresql` of `postgresql+psycopg2://…`
fn scheme(place: &str) -> Option<&str> {
    place.split_once("://").map(|(scheme, _)| scheme.split('+').next().unwrap_or(scheme))
}

/// The file of `sqlite:///relative.sqlite` or `sqlite:////absolute.sqlite`, as SQLAlchemy and Optuna write it.
fn sqlite_path(url: &str) -> Result<PathBuf, Failure> {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let path = rest.split('?').next().unwrap_or(rest).strip_prefix('/').filter(|path| !path.is_empty());
    path.map(PathBuf::from).ok_or_else(|| {
        Failure::new(format!("`{url}` names no file")).help(
            "write `sqlite:///FILE`, with four slashes if the path begins at the root, or only the path",
        )
    })
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathKind {
    Nothing,
    Folder,
    /// It begins as SQLite's files do, or is empty.
    Sqlite,
    /// It begins as the lines of Optuna's journal do.
    Journal,
    Other,
}

fn kind_of(path: &Path) -> PathKind {
    let Ok(metadata) = path.metadata() else { return PathKind::Nothing };
    if metadata.is_dir() {
        return PathKind::Folder;
    }
    let mut head = Vec::new();
    // A pipe or a device is not opened: it might never answer.
    if metadata.is_file() {
        drop(File::open(path).and_then(|file| file.take(256).read_to_end(&mut head)));
    }
    match &head[..] {
        [] if metadata.is_file() => PathKind::Sqlite,
        head if head.starts_with(b"SQLite format 3\0") => PathKind::Sqlite,
        head if head.starts_with(b"{\"op_code\"") => PathKind::Journal,
        _ => PathKind::Other,
    }
}

/// A path was given where only a server will do.
fn no_server(place: &str) -> Failure {
    if place.trim().is_empty() {
        return Failure::new("the address of the server is empty").help(format!("write {EXAMPLE}"));
    }
    let wanted = format!("here a server is wanted, {EXAMPLE}");
    let says = |what: &str| Failure::new(format!("`{place}` is {what}, not a PostgreSQL server"));
    match kind_of(Path::new(place)) {
        PathKind::Journal => journal(place),
        PathKind::Folder => says("a folder").help(format!(
            "{wanted}; a study in a folder of its own needs none: `toile run STUDY --out {place}`; `toile trials {place}` lists the searches in it"
        )),
        PathKind::Sqlite => says("a SQLite file").help(format!(
            "{wanted}; `toile trials {place}` lists the searches in the file; a study in a folder of its own needs no server, and is named by its folder: `toile run STUDY --out DIR`, `toile report DIR`"
        )),
        PathKind::Other => says("a file that toile does not know").help(wanted),
        PathKind::Nothing => Failure::new(format!("`{place}` is no PostgreSQL server, and no such file exists"))
            .help(format!("{wanted}; a study in a folder of its own needs none: `toile run STUDY --out DIR`")),
    }
}

fn journal(place: &str) -> Failure {
    Failure::new(format!("`{place}` is a journal of Optuna's, not a database")).help(
        "bring its studies into a database first, in Python: `optuna.copy_study(from_study_name=…, from_storage=JournalStorage(…), to_storage=\"sqlite:///FILE\")`; then `toile trials FILE`",
    )
}

/// A server, a study's folder, or a SQLite file, to look at.
pub(crate) fn open_to_look(place: &str) -> Result<Store, Failure> {
    let path = match scheme(place) {
        Some("sqlite") => sqlite_path(place)?,
        Some(_) => return server(place),
        None => PathBuf::from(place),
    };
    let path = if path.is_dir() { path.join(STORE_FILE) } else { path };
    match kind_of(&path) {
        PathKind::Nothing | PathKind::Folder => {
            Err(Failure::new(format!("there is no `{}`", path.display())).help(
                "name a study's folder, a SQLite file, or a server: `postgres://user:password@host/database`",
            ))
        }
        PathKind::Journal => Err(journal(&path.to_string_lossy())),
        PathKind::Sqlite | PathKind::Other => Ok(Store::read_only(&path)?),
    }
}

/// A silent server is waited for as the store's defaults say; the wait is told, and ends when the user wants to stop.
pub(crate) fn patience() -> Patience {
    let last_told: Mutex<Option<Instant>> = Mutex::default();
    let is_over = AtomicBool::new(false);
    let waits = move |place: &str, silent: Duration| {
        if silent >= TELL_AFTER {
            let mut last_told = last_told.lock().unwrap_or_else(PoisonError::into_inner);
            if last_told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                terminal::note(&format!("waiting: {place} does not answer"));
                *last_told = Some(Instant::now());
            }
        }
        if silent >= LAST_PATIENCE && interrupt::asked().load(Ordering::Relaxed) {
            is_over.store(true, Ordering::Relaxed);
        }
        !is_over.load(Ordering::Relaxed)
    };
    Patience { waits: Arc::new(waits), ..Patience::default() }
}

/// The study of this name in a database, or the only one there.
pub(crate) fn study_in(store: &Store, asked: Option<&str>) -> Result<String, Failure> {
    let studies = store.recorded_studies()?;
    let known = || format!("known: {}", terminal::safe_names(studies.iter().map(String::as_str)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_sqlite_file_is_its_path() {
        for (url, path) in [
            ("sqlite:///store.sqlite", "store.sqlite"),
            ("sqlite:////var/lib/store.sqlite?timeout=5", "/var/lib/store.sqlite"),
            ("sqlite+pysqlite:///a/b.db", "a/b.db"),
        ] {
            assert_eq!((scheme(url), sqlite_path(url).unwrap().to_str()), (Some("sqlite"), Some(path)));
        }
        for url in ["sqlite://", "sqlite:///", "sqlite://file"] {
            assert!(sqlite_path(url).unwrap_err().to_string().contains("sqlite:///FILE"), "{url}");
        }
    }
}
