//! The store: everything that is kept of studies, in a SQLite file or on a PostgreSQL server, with Optuna's own tables.
//!
//! Whoever works on a study, here or in Python, sees the same trials. Rules that hold on both engines:
//! - a run or a trial is claimed exactly once; each claim has a number (`attempt`), and only the holder of the latest
//!   may write;
//! - numbers are 0, 1, 2, … without gaps, in the order of the keys; a finished trial is never changed;
//! - one call is one transaction; what it wrote outlives a crash once it has returned;
//! - times and leases go by the database's clock, so that workers' clocks and time zones do not matter.
//!
//! SQLite has one writer at a time: a transaction begins as a writing one, or two would read before either writes.
//! PostgreSQL has row locks: a claim locks its trial, then our row of it, always in this order, and passes over those
//! that others have locked. Every answer of a server has a time limit ([`Patience`](crate::Patience)), and connections
//! are encrypted as `sslmode` in the address says.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::artifacts::identity::FileIdentity;
use crate::artifacts::leftovers;
use crate::artifacts::lock::{self, FolderLock};
use crate::db::log::WriteAheadLog;
use crate::db::patience::Patience;
use crate::db::server::{self, Server};
use crate::db::{self, Db, Session, sqlite};
use crate::{StoreError, checksums, create_folder, openings, row_checksums, runs, searches, studies, tables};
use toile_record::{Records, RunRecord, State};

/// The store's file in a study's folder.
pub const STORE_FILE: &str = "store.sqlite";

/// Everything that is kept of studies. Threads may share it: each call is one transaction.
pub struct Store {
    engine: Engine,
    /// Of a study's folder.
    dir: Option<PathBuf>,
    lock: Option<FolderLock>,
    library_version: Option<String>,
    /// Whether what a killed program left as running waits again by now.
    is_cleared: AtomicBool,
}

enum Engine {
    Sqlite {
        path: PathBuf,
        /// Shared with every [`Store::again`]: a file has one connection, so that closing it ends all of its locks.
        connection: Arc<Mutex<Connection>>,
        /// Which file it was when it was opened.
        opened: Option<FileIdentity>,
        /// Whether it is written to, and known again.
        is_written: bool,
        log: Arc<WriteAheadLog>,
    },
    Postgres {
        server: Server,
        idle: Mutex<Vec<Session>>,
    },
}

impl Store {
    /// Opens the store in `dir`, making both if they are missing, and holds the folder against other processes.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        create_folder(dir)?;
        let lock = FolderLock::take(dir)?;
        leftovers::remove(dir);
        let store = Store::sqlite(&dir.join(STORE_FILE))?;
        Ok(Store { dir: Some(dir.into()), lock: Some(lock), ..store })
    }

    /// Opens the store in `dir` to read, also while a study runs in it; writes nothing and takes no lock. The store of
    /// an earlier version is read from a copy in memory, which is brought up to date.
    pub fn open_read_only(dir: &Path) -> Result<Store, StoreError> {
        let path = dir.join(STORE_FILE);
        if !path.is_file() {
            return Err(StoreError::NoStore { dir: dir.into() });
        }
        match Store::read_only(&path) {
            Ok(store) => Ok(Store { dir: Some(dir.into()), ..store }),
            Err(StoreError::NoSearches { .. }) => Err(StoreError::NoStudy { path }),
            Err(error) => Err(error),
        }
    }

    /// Opens a SQLite file, making it if it is missing, with Optuna's tables and ours.
    pub fn sqlite(path: &Path) -> Result<Store, StoreError> {
        Store::of_file(path, sqlite::open_to_write(path)?, true)
    }

    /// A database in memory, which ends with the last [`Store::again`] of it.
    pub fn in_memory() -> Result<Store, StoreError> {
        let path = Path::new(":memory:");
        Store::of_file(path, sqlite::open_in_memory(path)?, false)
    }

    /// Opens a SQLite file of toile's or Optuna's to read, and writes nothing into it.
    pub fn read_only(path: &Path) -> Result<Store, StoreError> {
        Store::of_file(path, sqlite::open_to_look(path)?, false)
    }

    fn of_file(path: &Path, connection: Connection, is_written: bool) -> Result<Store, StoreError> {
        let library_version = tables::library_version(&mut Db::Sqlite(&connection))
            .map_err(|error| sqlite::from_db("open", path, error))?;
        let (opened, connection) = (FileIdentity::of(path), Arc::new(Mutex::new(connection)));
        let is_written = is_written && opened.is_some();
        let engine =
            Engine::Sqlite { path: path.into(), connection, opened, is_written, log: Arc::default() };
        Ok(Store::new(engine, library_version))
    }

    /// Connects to a PostgreSQL server: `postgres://user:password@host:port/database`. Tables that are missing are
    /// made, also where many programs start at once.
    pub fn postgres(url: &str) -> Result<Store, StoreError> {
        Store::postgres_with(url, Patience::default())
    }

    /// The same, with other time limits, or telling somebody that a server is waited for.
    pub fn postgres_with(url: &str, patience: Patience) -> Result<Store, StoreError> {
        let server = Server::new(url, patience)?;
        let engine = Engine::Postgres { server, idle: Mutex::new(Vec::new()) };
        let mut store = Store::new(engine, None);
        store.library_version = store.write("open", |db| {
            db.batch("SELECT pg_advisory_xact_lock(8243121637)")?;
            server::migrate(db)?;
            tables::library_version(db)
        })?;
        Ok(store)
    }

    /// The same to look at: tables are neither made nor brought up to date, and nothing is ever written.
    pub fn postgres_to_look(url: &str, patience: Patience) -> Result<Store, StoreError> {
        let server = Server::new(url, patience)?;
        let place = server.place().to_owned();
        let engine = Engine::Postgres { server, idle: Mutex::new(Vec::new()) };
        let mut store = Store::new(engine, None);
        store.library_version = store.read("open", |db| server::check_to_look(db, &place))?;
        Ok(store)
    }

    /// The same store for a thread of its own: on a server with connections of its own. It holds no lock of the folder.
    pub fn again(&self) -> Store {
        let engine = match &self.engine {
            Engine::Sqlite { path, connection, opened, is_written, log } => Engine::Sqlite {
                path: path.clone(),
                connection: connection.clone(),
                opened: *opened,
                is_written: *is_written,
                log: log.clone(),
            },
            Engine::Postgres { server, .. } => {
                Engine::Postgres { server: server.clone(), idle: Mutex::new(Vec::new()) }
            }
        };
        Store::new(engine, self.library_version.clone())
    }

    fn new(engine: Engine, library_version: Option<String>) -> Store {
        Store { engine, dir: None, lock: None, library_version, is_cleared: AtomicBool::new(false) }
    }

    /// Whether this is the only program at work in the folder, and asks so for the first time: only then is what runs
    /// known to have been killed. Somebody may delete the lock and start a second program.
    pub(crate) fn is_first_here(&self) -> bool {
        self.lock.is_some() && !self.is_cleared.swap(true, Ordering::Relaxed)
    }

    /// The version of Optuna that made this database, if that is one before 5: the times of its trials are then local
    /// times of whoever wrote them, and nothing says of which zone.
    pub fn times_are_local(&self) -> Option<String> {
        let version = self.library_version.as_deref()?;
        let major: u32 = version.split('.').next()?.parse().ok()?;
        (major < 5).then(|| version.to_owned())
    }

    /// What the database is called in messages: a path, or a server without its password.
    pub fn place(&self) -> String {
        match &self.engine {
            Engine::Sqlite { path, .. } => path.display().to_string(),
            Engine::Postgres { server, .. } => server.place().to_owned(),
        }
    }

    /// Whether this is a server, on which other programs may be at work.
    pub fn is_server(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// Whether this is the store of a study's folder, which belongs to one study.
    pub(crate) fn is_folder(&self) -> bool {
        self.dir.is_some()
    }

    /// Everything a report needs of the study of this name, or of the only one: its record, the runs of its plan by
    /// position and seed, the images, the searches.
    pub fn records(&self, study: Option<&str>) -> Result<Records, StoreError> {
        // One read transaction, so that a study that runs meanwhile cannot move between the queries.
        let mut records = self.read("read the records from", |db| {
            let Some(study) = studies::study(db, study)? else {
                return Err(StoreError::NoStudy { path: self.place().into() }.into());
            };
            let records = Records {
                runs: runs::planned(db, &study.name)?,
                images: openings::images(db, &study.name)?,
                searches: searches::search_records(db, Some(&study.name))?,
                test_openings: openings::test_openings(db, &study.name)?,
                former_runs: runs::former(db, &study.name)?,
                pictures: Vec::new(),
                study,
            };
            self.refuse_altered(db, &records)?;
            Ok(records)
        })?;
        self.correct_states(&mut records.runs);
        Ok(records)
    }

    /// Refuses records that are not as they were written.
    fn refuse_altered(&self, db: &mut Db<'_>, records: &Records) -> db::Result<()> {
        let study = records.study.name.as_str();
        let mut altered: Vec<_> = checksums::altered_study(db, &records.study)?.into_iter().collect();
        altered.extend(checksums::altered_runs(db, study, &records.runs)?);
        altered.extend(row_checksums::altered_rows(db, study, &records.images)?);
        let ids = searches::searches(db, Some(study))?;
        for ((id, search), records) in ids.into_iter().zip(&records.searches) {
            altered.extend(row_checksums::altered_search(db, id)?);
            altered.extend(checksums::altered_trials(db, id, &search.name, &records.trials)?);
        }
        match altered.first() {
            Some(altered) => {
                Err(StoreError::Altered { place: self.place(), what: altered.to_string() }.into())
            }
            None => Ok(()),
        }
    }

    /// What a killed program left as running waits again, though nobody has written that down yet.
    fn correct_states(&self, runs: &mut [RunRecord]) {
        let Some(dir) = &self.dir else { return };
        let running = |run: &&mut RunRecord| run.state == State::Running;
        let mut running = runs.iter_mut().filter(running).peekable();
        if running.peek().is_some() && self.lock.is_none() && !lock::is_held(dir) {
            running.for_each(|run| run.state = State::Waiting);
        }
    }

    /// Looks through the whole file of the database, however large.
    pub(crate) fn look_through(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite { path, connection, .. } => sqlite::look_through(&lock_of(connection), path),
            Engine::Postgres { .. } => Ok(()),
        }
    }

    /// Removes the store from a folder in which nothing was recorded; the folder itself stays.
    pub fn discard_if_empty(self) {
        let has_studies = self.read("read", |db| db.first("SELECT 1 FROM studies LIMIT 1", &[], |_| Ok(())));
        let is_empty = matches!((self.study(None), has_studies), (Ok(None), Ok(None)));
        let (Engine::Sqlite { path, connection, .. }, true) = (self.engine, is_empty) else { return };
        drop(connection);
        for file in ["-wal", "-shm", ""].map(|ending| format!("{STORE_FILE}{ending}")) {
            let _ = std::fs::remove_file(path.with_file_name(file));
        }
        let _ = std::fs::remove_file(path.with_file_name(".lock"));
        drop(self.lock);
    }

    /// Refuses a file that was deleted or moved since it was opened: what is written into it is lost, or is another
    /// folder's.
    pub fn ensure_in_place(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite { path, opened, is_written: true, .. } if FileIdentity::of(path) != *opened => {
                Err(StoreError::Gone { path: path.clone() })
            }
            Engine::Sqlite { .. } | Engine::Postgres { .. } => Ok(()),
        }
    }

    /// The study's folder, and whether this store is the one that holds it.
    pub(crate) fn folder(&self) -> Option<(&Path, bool)> {
        Some((self.dir.as_deref()?, self.lock.is_some()))
    }

    /// Of a file, a number that moves when another connection has written.
    pub(crate) fn file_version(&self) -> Result<Option<i64>, StoreError> {
        match &self.engine {
            Engine::Sqlite { path, connection, opened, .. } if *opened == FileIdentity::of(path) => {
                let version = lock_of(connection).pragma_query_value(None, "data_version", |row| row.get(0));
                version.map(Some).map_err(|error| sqlite::sqlite("look at", path, error))
            }
            Engine::Sqlite { path, .. } => Err(StoreError::Gone { path: path.clone() }),
            Engine::Postgres { .. } => Ok(None),
        }
    }

    /// All or nothing, and on the disk when it returns.
    pub(crate) fn write<T>(
        &self,
        action: &'static str,
        work: impl FnMut(&mut Db<'_>) -> db::Result<T>,
    ) -> Result<T, StoreError> {
        self.transact(action, TransactionBehavior::Immediate, "BEGIN", work)
    }

    /// Several questions to one state of the database.
    pub(crate) fn read<T>(
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
            Engine::Sqlite { path, connection, is_written, log, .. } => {
                self.ensure_in_place()?;
                let connection = &mut lock_of(connection);
                // A file that is only looked at is opened once, and stays.
                let opened = if *is_written { sqlite::ensure_open(connection, path) } else { Ok(()) };
                let done =
                    opened.map_err(Into::into).and_then(|()| sqlite::transact(connection, behavior, work));
                let done = done.map_err(|error| sqlite::from_db(action, path, error));
                if *is_written && matches!(done, Err(StoreError::Sqlite { .. })) {
                    sqlite::close(connection);
                }
                if *is_written && done.is_ok() && matches!(behavior, TransactionBehavior::Immediate) {
                    log.keep_short(connection, path);
                }
                done
            }
            Engine::Postgres { server, idle } => {
                server::transact(server, idle, begin, &mut work).map_err(|error| server.error(action, error))
            }
        }
    }
}

/// A thread that panicked in here left a transaction that SQLite has rolled back: the connection is sound.
fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
