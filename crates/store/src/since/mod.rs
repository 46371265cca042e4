//! What has changed in a study since somebody looked: for views that stay open beside the work.
//!
//! A look is one short read transaction, takes no lock that a writer waits for, and reads only what can have changed:
//! runs whose row moved, the new epochs of those under way, trials that were unfinished or are new. Whether a look is
//! worth while is asked by [`Store::version`], which costs microseconds.
//!
//! The law: [`Followed`], with the changes of every look folded in, is what [`Store::records`] reads. It rests on what
//! holds anyway: a finished trial never changes, and a run that is begun again is begun at another time.

mod fold;
mod known_trials;
mod looks;
mod runs;

use std::collections::{BTreeMap, HashMap};

use self::known_trials::KnownTrials;
pub use self::looks::{StudyLooks, StudyNews};
use self::runs::RunMark;
use crate::artifacts::lock;
use crate::db::{Db, Result, cells};
use crate::{SearchId, Store, StoreError, checksums, openings, row_checksums, studies};
use toile_record::{
    Epoch, FormerRun, ImageRecord, Records, RunRecord, SearchRecord, StudyRecord, TestOpening, TrialRecord,
};

/// What stands for the state of a whole database: another one, as soon as somebody has written, or has begun or ended
/// to work in a study's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreVersion(String);

/// What has changed in a study; see [`Followed::fold`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyChanges {
    /// The study's own record, if it is new.
    pub study: Option<Box<StudyRecord>>,
    /// Runs of the plan that are new, or of which more has changed than that epochs were added.
    pub runs: Vec<RunRecord>,
    /// New epochs of runs of the plan of which nothing else has changed, by the run's id.
    pub run_epochs: Vec<(String, Vec<Epoch>)>,
    /// The ids of all runs of the plan in their order, if these are others or stand otherwise.
    pub plan: Option<Vec<String>>,
    /// All runs that have left the study file, if these are others.
    pub former_runs: Option<Vec<FormerRun>>,
    /// All test images that are kept, if there are more.
    pub images: Option<Vec<ImageRecord>>,
    /// All searches, if something is new of one.
    pub searches: Option<Vec<FollowedSearch>>,
    /// Trials that are new or other than before.
    pub trials: Vec<(SearchId, TrialRecord)>,
    /// Keys of trials that another program has deleted.
    pub gone_trials: Vec<(SearchId, i64)>,
    /// All openings of the test part, if there are more.
    pub test_openings: Option<Vec<TestOpening>>,
    /// Who is at work.
    pub at_work: AtWork,
}

/// A search, without its trials.
#[derive(Clone, Debug, PartialEq)]
pub struct FollowedSearch {
    /// Its key.
    pub id: SearchId,
    /// What the study file says of it.
    pub search: SearchRecord,
    /// The run in which its chosen configuration was trained.
    pub chosen_run: Option<String>,
    /// Why no new trials shall begin, if they shall not.
    pub stopped: Option<String>,
}

/// Who is at work on a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtWork {
    /// Of a study's folder, whether a process holds it. On a server only the leases tell.
    pub is_held: Option<bool>,
    /// Of trainings that are recorded as running, by the key of their trial: when they were last heard of.
    pub leases: BTreeMap<i64, TrainingLease>,
    /// The trials of the runs of the plan, by the run's id.
    pub trial_of_run: HashMap<String, i64>,
}

/// When a training was last heard of.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingLease {
    /// Who has it; nobody of ours, where another program's worker has.
    pub worker: Option<String>,
    /// Seconds since its last heartbeat, when it was looked, by the database's clock.
    pub silent_seconds: Option<f64>,
}

/// A study as it stood at the last look.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// What [`Store::records`] would have read.
    pub records: Records,
    /// Of each search of the records, in their order, its key.
    pub search_ids: Vec<SearchId>,
    /// Of each search, why no new trials shall begin.
    pub stopped: Vec<Option<String>>,
    /// Who is at work.
    pub at_work: AtWork,
}

/// Up to where somebody knows a study; the beginning knows nothing.
#[derive(Clone, Debug, Default)]
pub struct StudyCursor {
    /// The study's name, once it is known.
    study: Option<String>,
    checksum: String,
    runs: HashMap<String, RunMark>,
    plan: Vec<String>,
    n_images: usize,
    n_openings: usize,
    searches: Vec<FollowedSearch>,
    trials: HashMap<SearchId, KnownTrials>,
}

impl StudyChanges {
    /// Whether nothing has changed of what [`Store::records`] reads.
    pub fn is_empty(&self) -> bool {
        let silent = StudyChanges { at_work: self.at_work.clone(), ..StudyChanges::default() };
        *self == silent
    }
}

impl Store {
    /// What stands for the present state. Two equal ones: nothing was written in between, though perhaps the time of a
    /// lease ran out. Writes of this very [`Store`] do not show in it where it is a file.
    pub fn version(&self) -> std::result::Result<StoreVersion, StoreError> {
        let held = self.is_folder_held();
        let data = match self.file_version()? {
            Some(version) => version.to_string(),
            // Which transactions are over and which are under way: it moves when one that writes begins or ends.
            None => self.read("look at", |db| {
                let sql = "SELECT txid_current_snapshot()::text";
                Ok(db.first(sql, &[], |row| row.string(0))?.unwrap_or_default())
            })?,
        };
        Ok(StoreVersion(format!("{data} {held:?}")))
    }

    /// A study as it stands, the only one if none is named; and up to where that is known.
    pub fn follow(&self, study: Option<&str>) -> std::result::Result<(Followed, StudyCursor), StoreError> {
        let mut cursor = StudyCursor { study: study.map(str::to_owned), ..StudyCursor::default() };
        let changes = self.changes_since(&mut cursor)?;
        match Followed::new(changes) {
            Some(followed) => Ok((followed, cursor)),
            None => Err(StoreError::NoStudy { path: self.place().into() }),
        }
    }

    /// What has changed since the cursor, which then stands at the present. After an error it stands where it was.
    pub fn changes_since(&self, cursor: &mut StudyCursor) -> std::result::Result<StudyChanges, StoreError> {
        let is_held = self.is_folder_held();
        let (changes, next) = self.read("look at", |db| {
            let Some(study) = studies::study(db, cursor.study.as_deref())? else {
                return Err(StoreError::NoStudy { path: self.place().into() }.into());
            };
            let mut next = cursor.clone();
            let mut look = StudyLook { db, study: study.name.clone(), is_held, place: self.place() };
            let changes = look.changes(study, &mut next)?;
            Ok((changes, next))
        })?;
        *cursor = next;
        Ok(changes)
    }
}

impl Store {
    /// Of a study's folder, whether a process is at work in it.
    fn is_folder_held(&self) -> Option<bool> {
        self.folder().map(|(dir, holds_it)| holds_it || lock::is_held(dir))
    }
}

/// One look at a study, within one transaction.
struct StudyLook<'l, 'c> {
    db: &'l mut Db<'c>,
    study: String,
    is_held: Option<bool>,
    place: String,
}

impl StudyLook<'_, '_> {
    fn changes(&mut self, study: StudyRecord, cursor: &mut StudyCursor) -> Result<StudyChanges> {
        let mut changes = StudyChanges::default();
        self.put_study(study, cursor, &mut changes)?;
        self.put_runs(cursor, &mut changes)?;
        self.put_searches(cursor, &mut changes)?;
        self.put_openings(cursor, &mut changes)?;
        changes.at_work = self.at_work(cursor)?;
        Ok(changes)
    }

    fn put_study(
        &mut self,
        study: StudyRecord,
        cursor: &mut StudyCursor,
        changes: &mut StudyChanges,
    ) -> Result<()> {
        cursor.study = Some(study.name.clone());
        let sql = "SELECT checksum FROM toile_study WHERE name = $1";
        let checksum = self.db.first(sql, cells![&study.name], |row| row.string(0))?.unwrap_or_default();
        if cursor.checksum == checksum {
            return Ok(());
        }
        if let Some(altered) = checksums::altered_study(self.db, &study)? {
            return self.refuse(&altered);
        }
        cursor.checksum = checksum;
        changes.study = Some(Box::new(study));
        Ok(())
    }

    fn put_openings(&mut self, cursor: &mut StudyCursor, changes: &mut StudyChanges) -> Result<()> {
        let count = |db: &mut Db<'_>, table: &str| {
            let sql = format!("SELECT count(*) FROM {table} WHERE study = $1");
            Ok::<_, crate::db::DbError>(db.first(&sql, cells![&self.study], |row| row.count(0))?.unwrap_or(0))
        };
        let (n_images, n_openings) = (count(self.db, "toile_image")?, count(self.db, "toile_opening")?);
        if n_images != cursor.n_images {
            changes.images = Some(openings::images(self.db, &self.study)?);
        }
        if n_openings != cursor.n_openings {
            changes.test_openings = Some(openings::test_openings(self.db, &self.study)?);
        }
        (cursor.n_images, cursor.n_openings) = (n_images, n_openings);
        if changes.images.is_none() && changes.test_openings.is_none() {
            return Ok(());
        }
        let images = changes.images.as_deref().unwrap_or_default();
        match row_checksums::altered_rows(self.db, &self.study, images)?.first() {
            Some(altered) => self.refuse(altered),
            None => Ok(()),
        }
    }

    fn at_work(&mut self, cursor: &StudyCursor) -> Result<AtWork> {
        let sql = "SELECT t.trial_id, s.worker, NOW_SECONDS - s.heartbeat FROM trials t
            LEFT JOIN toile_trial s ON s.trial_id = t.trial_id
            WHERE t.study_id = $1 AND t.state = 'RUNNING'";
        let of_runs = "SELECT study_id FROM toile_runs_study WHERE study = $1";
        let mut ids = self.db.query(of_runs, cells![&self.study], |row| row.int(0))?;
        ids.extend(cursor.searches.iter().map(|search| search.id.0));
        let mut leases = BTreeMap::new();
        for id in ids {
            leases.extend(self.db.query(sql, cells![id], |row| {
                let lease =
                    TrainingLease { worker: row.maybe_string(1)?, silent_seconds: row.maybe_real(2)? };
                Ok((row.int(0)?, lease))
            })?);
        }
        let trial_of = |id: &String| Some((id.clone(), cursor.runs.get(id)?.trial_id));
        let trial_of_run = cursor.plan.iter().filter_map(trial_of).collect();
        Ok(AtWork { is_held: self.is_held, leases, trial_of_run })
    }

    /// What is not as it was written is not shown.
    fn refuse<T>(&self, altered: &checksums::AlteredRecord) -> Result<T> {
        Err(StoreError::Altered { place: self.place.clone(), what: altered.to_string() }.into())
    }
}
