//! The store of one study: `DIR/store.sqlite`, opened, locked, read and written.
//!
//! Journal mode is WAL, so that a report can be read while the study runs. `synchronous` is FULL: a commit returns
//! only when its epochs are on the disk, so a power cut loses nothing that was reported as saved. That costs one sync
//! per commit (about a millisecond on a solid-state disk); NORMAL would save it and could lose the last epochs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::file::{from_db, open_to_read, open_to_write, sqlite};
use crate::lock::FolderLock;
use crate::storage::db::{self, Db};
use crate::storage::{Storage, mirror, openings, searches};
use crate::{StoreError, create_folder, lock, rows, schema};
use toile_record::SearchRecords;
use toile_record::*;

/// The store's file in a study's folder.
pub const STORE_FILE: &str = "store.sqlite";

/// One thing to record; see [`Store::save`].
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// As [`Store::begin_run`].
    Begin(&'a RunRecord),
    /// As [`Store::continue_run`].
    Continue(&'a RunRecord),
    /// As [`Store::save_epoch`].
    Epoch(&'a str, &'a Epoch),
    /// As [`Store::finish_run`].
    Finish(&'a RunRecord),
    /// As [`Store::save_checkpoint`].
    Checkpoint(&'a str, &'a [u8]),
    /// As [`Store::suspend_run`], with a checkpoint in the place of the one before.
    Suspend(&'a str, Option<&'a [u8]>),
    /// As [`Store::save_images`].
    Images(&'a [ImageRecord]),
    /// As [`Store::save_test_opening`].
    Opening {
        /// The run that was tested.
        run_id: &'a str,
        /// When, RFC 3339 in UTC.
        time: &'a str,
        /// Why: `declared run`, `chosen by search "joint"`.
        why: &'a str,
    },
}

/// Everything that is kept of one study. Threads may share it: each call is one transaction.
pub struct Store {
    connection: Mutex<Connection>,
    path: PathBuf,
    _lock: Option<FolderLock>,
}

impl Store {
    /// Opens the store in `dir`, making both if they are missing, and holds the folder against other processes.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        create_folder(dir)?;
        let lock = FolderLock::take(dir)?;
        let path = dir.join(STORE_FILE);
        let connection = open_to_write(&path)?;
        Ok(Store { connection: Mutex::new(connection), path, _lock: Some(lock) })
    }

    /// Opens the store in `dir` to read, also while a study runs in it; writes nothing and takes no lock.
    pub fn open_read_only(dir: &Path) -> Result<Store, StoreError> {
        let path = dir.join(STORE_FILE);
        if !path.is_file() {
            return Err(StoreError::NoStore { dir: dir.into() });
        }
        let connection = open_to_read(&path).map_err(|e| sqlite("open", &path, e))?;
        schema::check(&connection, &path)?;
        Ok(Store { connection: Mutex::new(connection), path, _lock: None })
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the study, or refuses when the folder holds another study, or results on other data.
    pub fn save_study(&self, study: &StudyRecord) -> Result<(), StoreError> {
        if let Some(found) = self.study()? {
            self.same_study(&found, study)?;
        }
        self.write("record the study in", |t| Ok(rows::save_study(t, study)?))
    }

    fn same_study(&self, found: &StudyRecord, asked: &StudyRecord) -> Result<(), StoreError> {
        let path = self.path.clone();
        if found.name != asked.name {
            return Err(StoreError::OtherStudy {
                path,
                found: found.name.clone(),
                asked: asked.name.clone(),
            });
        }
        if found.data.fingerprint != asked.data.fingerprint {
            let (found, asked) = (found.data.fingerprint.clone(), asked.data.fingerprint.clone());
            return Err(StoreError::OtherData { path, found, asked });
        }
        Ok(())
    }

    /// The study, if one was recorded.
    pub fn study(&self) -> Result<Option<StudyRecord>, StoreError> {
        self.read("read the study from", rows::study)
    }

    /// Makes `runs` the plan of the study: new ones are recorded as waiting; those that are known keep their state and
    /// results and take the names, places and remarks given here; all others stay, but leave [`Store::records`]. What a
    /// killed program left as running waits again.
    pub fn save_plan(&self, runs: &[RunRecord]) -> Result<(), StoreError> {
        let study = self.study()?;
        self.write("record the plan in", |t| {
            rows::save_plan(t, runs)?;
            study.as_ref().map_or(Ok(()), |study| mirror::save_plan(&mut Db::Sqlite(t), study, runs))
        })
    }

    /// The state of a run, if it is known.
    pub fn run_state(&self, id: &str) -> Result<Option<State>, StoreError> {
        self.read("read a run from", |c| rows::run_state(c, id))
    }

    /// Records several things at once, in their order: all of them or none. When this returns, they outlive a crash of
    /// the program and of the machine.
    pub fn save(&self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        for (place, change) in changes.iter().enumerate() {
            let (Change::Epoch(id, _) | Change::Checkpoint(id, _) | Change::Suspend(id, _)) = change else {
                continue;
            };
            let begins = |change: &Change<'_>| matches!(change, Change::Begin(run) | Change::Continue(run) if run.id == **id);
            if !changes[..place].iter().any(begins) {
                self.known(id)?;
            }
        }
        self.write("save runs in", |t| {
            changes.iter().try_for_each(|change| {
                rows::put(t, change)?;
                mirror::put(&mut Db::Sqlite(t), change)
            })
        })
    }

    /// Records that a run has begun; what an unfinished earlier attempt left is forgotten.
    pub fn begin_run(&self, run: &RunRecord) -> Result<(), StoreError> {
        self.save(&[Change::Begin(run)])
    }

    /// Records that a run goes on after the epochs that it has; what else an unfinished earlier attempt left is
    /// forgotten.
    pub fn continue_run(&self, run: &RunRecord) -> Result<(), StoreError> {
        self.save(&[Change::Continue(run)])
    }

    /// Records an epoch of a run.
    pub fn save_epoch(&self, id: &str, epoch: &Epoch) -> Result<(), StoreError> {
        self.save(&[Change::Epoch(id, epoch)])
    }

    /// Records the end of a run, with all its epochs, its test and its state.
    pub fn finish_run(&self, run: &RunRecord) -> Result<(), StoreError> {
        self.save(&[Change::Finish(run)])
    }

    /// Records a state from which a run can be continued, in the place of the one before. It is gone when the run ends.
    pub fn save_checkpoint(&self, id: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.save(&[Change::Checkpoint(id, bytes)])
    }

    /// The last checkpoint of a run that has not ended.
    pub fn checkpoint(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_more("read a checkpoint from", |c| mirror::checkpoint(&mut Db::Sqlite(c), id))
    }

    /// A run that was interrupted waits again; its epochs so far stay readable until it begins again.
    pub fn suspend_run(&self, id: &str) -> Result<(), StoreError> {
        self.save(&[Change::Suspend(id, None)])
    }

    /// Keeps test images; those already kept stay as they are.
    pub fn save_images(&self, images: &[ImageRecord]) -> Result<(), StoreError> {
        self.save(&[Change::Images(images)])
    }

    /// One run, whether or not the plan still holds it.
    pub fn run(&self, id: &str) -> Result<Option<RunRecord>, StoreError> {
        self.read("read a run from", |c| rows::run(c, id))
    }

    /// Id and folder of every run that has ended, whether or not the plan still holds it.
    pub fn ended_runs(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.read("read the runs from", rows::ended_runs)
    }

    /// Everything a report needs: the study, the runs of its plan by position and seed, the images.
    pub fn records(&self) -> Result<Records, StoreError> {
        let Some(study) = self.study()? else {
            return Err(StoreError::NoStudy { path: self.path.clone() });
        };
        // One read transaction, so that a study that runs meanwhile cannot move between the queries.
        let mut records = self.read_more("read the records from", |c| {
            let transaction = c.unchecked_transaction()?;
            let mut db = Db::Sqlite(&transaction);
            let has_searches = schema::version(c)? >= schema::WITH_SEARCHES;
            Ok(Records {
                runs: rows::planned_runs(&transaction)?,
                images: rows::images(&transaction)?,
                searches: match has_searches {
                    true => searches::search_records(&mut db, Some(&study.name))?,
                    false => Vec::new(),
                },
                test_openings: match has_searches {
                    true => openings::test_openings(&mut db)?,
                    false => Vec::new(),
                },
                study,
            })
        })?;
        self.correct_states(&mut records.runs);
        Ok(records)
    }

    /// What a killed program left as running waits again, though nobody has written that down yet.
    fn correct_states(&self, runs: &mut [RunRecord]) {
        let running = |run: &&mut RunRecord| run.state == State::Running;
        let mut running = runs.iter_mut().filter(running).peekable();
        let dir = self.path.parent().unwrap_or(Path::new(""));
        if running.peek().is_some() && self._lock.is_none() && !lock::is_held(dir) {
            running.for_each(|run| run.state = State::Waiting);
        }
    }

    /// The searches in the same file, on a connection of their own.
    pub fn storage(&self) -> Result<Storage, StoreError> {
        Storage::sqlite(&self.path)
    }

    /// Makes searches that lie on a server part of this folder.
    pub fn copy_searches(&self, study: &str, searches: &[SearchRecords]) -> Result<(), StoreError> {
        self.storage()?.copy_searches(study, searches)
    }

    /// In which run the chosen configuration of a search was trained and tested.
    pub fn save_chosen_run(&self, search: &str, run_id: &str) -> Result<(), StoreError> {
        self.write("record the chosen run in", |t| {
            let sql = "UPDATE toile_search SET chosen_run = ?2 WHERE name = ?1 AND retired = 0";
            t.execute(sql, [search, run_id])?;
            Ok(())
        })
    }

    /// Records that the test set was opened; the same run for the same reason is one opening.
    pub fn save_test_opening(&self, run_id: &str, time: &str, why: &str) -> Result<(), StoreError> {
        self.save(&[Change::Opening { run_id, time, why }])
    }

    /// Removes the store from a folder in which nothing was recorded; the folder itself stays.
    pub fn discard_if_empty(self) {
        let has_searches = "SELECT count(*) FROM studies";
        let has_searches = self.read("read", |c| c.query_row(has_searches, [], |r| r.get::<_, i64>(0)));
        if !matches!((self.study(), has_searches), (Ok(None), Ok(0))) {
            return;
        }
        let path = self.path.clone();
        let lock = self._lock;
        drop(self.connection);
        for file in ["-wal", "-shm", ""].map(|ending| format!("{STORE_FILE}{ending}")) {
            let _ = std::fs::remove_file(path.with_file_name(file));
        }
        let _ = std::fs::remove_file(path.with_file_name(".lock"));
        drop(lock);
    }

    fn known(&self, id: &str) -> Result<(), StoreError> {
        self.run_state(id)?.map(drop).ok_or_else(|| StoreError::UnknownRun { id: id.into() })
    }

    fn read<T>(
        &self,
        action: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        query(&self.connection()).map_err(|e| sqlite(action, &self.path, e))
    }

    fn read_more<T>(
        &self,
        action: &'static str,
        query: impl FnOnce(&Connection) -> db::Result<T>,
    ) -> Result<T, StoreError> {
        query(&self.connection()).map_err(|e| from_db(action, &self.path, e))
    }

    fn write(
        &self,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> db::Result<()>,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection();
        let all_or_nothing = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            change(&transaction)?;
            Ok(transaction.commit()?)
        };
        all_or_nothing().map_err(|e| from_db(action, &self.path, e))
    }

    /// A thread that panicked in here left a transaction that SQLite has rolled back: the connection is sound.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
