//! Checksums of what has ended: a number that a disk or another program has changed since is noticed when it is read.
//!
//! A checksum is the SHA-256 of everything that a record came to, without what Optuna's tools may add. What the study
//! file says of a run (its name, its place, remarks, published numbers) is in it too: where the file changes, an intact
//! run gets a new checksum. What the weights of a run make of the images becomes known in two steps, and has a checksum
//! of its own. A record that has ended here and has no checksum is not as it was written.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::artifacts::weights::{hexadecimal, to_bytes};
use crate::db::{Cell, Db, DbRow, Result, cells};
use crate::{
    SearchId, Store, StoreError, json, openings, read, row_checksums, runs, searches, studies, tables,
};
use toile_record::{Evidence, Part, RunRecord, StudyRecord, TrialRecord};

fn hex(parts: &impl Serialize, bytes: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    hash.update(json::to_text(parts));
    bytes.iter().for_each(|bytes| hash.update(bytes));
    hexadecimal(&hash.finalize())
}

pub(crate) fn of_study(study: &StudyRecord) -> String {
    let split = &study.data.split;
    hex(study, &[&study.data.test_labels, &studies::validation_images(split), &split.validation_labels])
}

/// Everything of a run but what its weights make of the images, which has a checksum of its own: a run ends before the
/// test part is opened. Layers of which nothing was measured, as in earlier versions, add nothing.
fn of_run(run: &RunRecord) -> String {
    let layers = Some(&run.layers).filter(|layers| !layers.is_empty()).map(json::to_text).unwrap_or_default();
    hex(&(as_of_version_4(run, None, None), &run.folder), &[layers.as_bytes()])
}

/// What was all of a run until version 4 of the tables, with what its weights make of the images; what it lacks adds
/// nothing.
fn as_of_version_4(run: &RunRecord, validation: Option<&Evidence>, test: Option<&Evidence>) -> String {
    let parts = (
        (&run.id, run.seed, &run.model, &run.plan, &run.summary),
        (run.state, &run.end, run.restored_epoch, &run.epochs),
        (test, &run.weights_sha256, &run.provenance),
        (&run.name, run.position, &run.published, &run.note),
    );
    let of_validation = validation.map(json::to_text).unwrap_or_default();
    let images = |evidence: Option<&Evidence>| evidence.map(images_of).unwrap_or_default();
    hex(&parts, &[&images(test), of_validation.as_bytes(), &images(validation)])
}

/// What the weights of a run make of the images of both parts, as far as that is known.
fn of_evidence(run: &RunRecord) -> String {
    let lengths =
        |evidence: &Evidence| [evidence.predictions.len(), evidence.confidences.len(), evidence.losses.len()];
    let known = Part::ALL.map(|part| run.evidence(part));
    let parts = (&run.id, &run.weights_sha256, known, known.map(|evidence| evidence.map(lengths)));
    let images = known.map(|evidence| evidence.map(images_of).unwrap_or_default());
    hex(&parts, &images.each_ref().map(Vec::as_slice))
}

fn images_of(evidence: &Evidence) -> Vec<u8> {
    [&evidence.predictions[..], &to_bytes(&evidence.confidences), &to_bytes(&evidence.losses)].concat()
}

pub(crate) fn of_trial(trial: &TrialRecord) -> String {
    // Bits, as JSON has no words for numbers that are not finite.
    let values: Vec<u64> = trial.values.iter().map(|value| value.to_bits()).collect();
    let reported: Vec<_> = trial.intermediate.iter().map(|(step, value)| (step, value.to_bits())).collect();
    let params: Vec<_> =
        trial.params.iter().map(|param| (&param.name, param.value.to_bits(), &param.distribution)).collect();
    let side = trial.side.as_ref();
    let side = side.map(|side| (side.attempt, &side.worker, side.parameters, &side.trainings, &side.epochs));
    hex(&(trial.number, trial.state, values, reported, params, side), &[])
}

/// Seals a trial, if it is one of ours that has ended.
pub(crate) fn seal_trial(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    match read::trial(db, trial_id)? {
        Some(trial) => seal(db, &trial),
        None => Ok(()),
    }
}

fn seal(db: &mut Db<'_>, trial: &TrialRecord) -> Result<()> {
    if !trial.state.is_finished() || trial.side.is_none() {
        return Ok(());
    }
    let sql = "UPDATE toile_trial SET checksum = $2 WHERE trial_id = $1";
    db.execute(sql, cells![trial.trial_id, &of_trial(trial)]).map(drop)
}

/// Seals what earlier versions have recorded, as it is.
pub(crate) fn seal_all_trials(db: &mut Db<'_>) -> Result<()> {
    let searches = db.query("SELECT study_id FROM toile_search", &[], |row| row.int(0))?;
    for study_id in searches {
        for trial in read::trials(db, SearchId(study_id))? {
            seal(db, &trial)?;
        }
    }
    Ok(())
}

/// Seals a run that has ended, and what its weights make of the images.
pub(crate) fn seal_run(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    let Some(run) = runs::of_trial(db, trial_id)? else { return Ok(()) };
    let sql = "UPDATE toile_run SET checksum = $2, evidence_checksum = $3 WHERE trial_id = $1";
    db.execute(sql, cells![trial_id, &of_run(&run), &of_evidence(&run)]).map(drop)
}

/// Step 5 of the schema's history: the checksum of a run covers its folder, and no longer what its weights make of the
/// images. A run that is not as it was written keeps the checksum that says so.
pub(crate) fn evidence_is_apart(db: &mut Db<'_>) -> Result<()> {
    tables::add_late_columns(db)?;
    let sql =
        "SELECT trial_id, checksum FROM toile_run WHERE checksum IS NOT NULL AND evidence_checksum IS NULL";
    for (trial_id, checksum) in db.query(sql, &[], |row| Ok((row.int(0)?, row.string(1)?)))? {
        let Some(run) = runs::of_trial(db, trial_id)? else { continue };
        if checksum == as_of_version_4(&run, run.validation.as_ref(), run.test.as_ref()) {
            seal_run(db, trial_id)?;
        }
    }
    Ok(())
}

/// Whether the run of a trial that has ended is not as it was written.
pub(crate) fn is_altered_run(db: &mut Db<'_>, trial_id: i64) -> Result<bool> {
    let Some(run) = runs::of_trial(db, trial_id)? else { return Ok(false) };
    let sql = format!("{SEALS_OF_RUNS} WHERE r.trial_id = $1");
    let seals = seals(db, &sql, cells![trial_id])?;
    Ok(seals.iter().any(|(_, seal)| seal.is_broken(&both_of(&run))))
}

/// What a record says of its checksum.
enum Seal {
    /// It has not ended here: nothing to check.
    Open,
    /// It has ended, and lacks the checksum.
    Missing,
    Checksum(String),
}

impl Seal {
    fn is_broken(&self, computed: &str) -> bool {
        match self {
            Seal::Open => false,
            Seal::Missing => true,
            Seal::Checksum(written) => written != computed,
        }
    }
}

/// Both checksums of a run, one after the other; where one is missing, none is there.
const SEALS_OF_RUNS: &str =
    "SELECT r.id, r.checksum || r.evidence_checksum, t.state, s.ended FROM toile_run r
    JOIN trials t ON t.trial_id = r.trial_id LEFT JOIN toile_trial s ON s.trial_id = r.trial_id";

/// What [`SEALS_OF_RUNS`] must find.
fn both_of(run: &RunRecord) -> String {
    of_run(run) + &of_evidence(run)
}

const SEALS_OF_TRIALS: &str = "SELECT s.trial_id, s.checksum, t.state, s.ended FROM trials t
    JOIN toile_trial s ON s.trial_id = t.trial_id";

/// Keys and seals, by a statement with these columns.
fn seals(db: &mut Db<'_>, sql: &str, values: &[Cell<'_>]) -> Result<Vec<(String, Seal)>> {
    db.query(sql, values, |row| Ok((row.string(0)?, seal_of(row)?)))
}

fn seal_of(row: &DbRow<'_>) -> Result<Seal> {
    let has_ended_here = read::state(row, 2)?.is_finished() && row.maybe_int(3)?.is_some();
    Ok(match row.maybe_string(1)? {
        Some(checksum) => Seal::Checksum(checksum),
        None if has_ended_here => Seal::Missing,
        None => Seal::Open,
    })
}

/// What is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlteredRecord {
    /// The study's own record.
    Study,
    /// A run, by its id and its name.
    Run {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// What the study file says of a search, or its chosen run.
    Search {
        /// Its name.
        name: String,
    },
    /// An opening of the test part.
    Openings,
    /// A test image.
    Images,
    /// A trial of a search.
    Trial {
        /// The search.
        search: String,
        /// Its number.
        number: usize,
    },
}

impl AlteredRecord {
    /// Whether this is the run of this id.
    pub fn is_run(&self, run_id: &str) -> bool {
        matches!(self, AlteredRecord::Run { id, .. } if id == run_id)
    }
}

/// What was checked of a study.
#[derive(Clone, Debug)]
pub struct CheckedRecords {
    /// What is not as it was written.
    pub altered: Vec<AlteredRecord>,
    /// All runs of the study.
    pub runs: Vec<RunRecord>,
    /// How many trials its searches have.
    pub n_trials: usize,
}

impl std::fmt::Display for AlteredRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AlteredRecord::Study => write!(f, "the record of the study"),
            AlteredRecord::Run { name, .. } => write!(f, "the run `{name}`"),
            AlteredRecord::Search { name } => write!(f, "the search `{name}`"),
            AlteredRecord::Openings => write!(f, "the list of openings of the test part"),
            AlteredRecord::Images => write!(f, "a test image"),
            AlteredRecord::Trial { search, number } => write!(f, "trial {number} of the search `{search}`"),
        }
    }
}

impl Store {
    /// Checks everything of a study: the file of the database, if it is one, the study's record, its runs, its trials.
    /// Altered is what has another checksum than what is read.
    pub fn check(&self, study: &str) -> std::result::Result<CheckedRecords, StoreError> {
        self.look_through()?;
        self.read("read the records from", |db| check(db, study))
    }

    /// Those of a study's runs that are not as they were written.
    pub fn altered_runs(&self, study: &str) -> std::result::Result<Vec<AlteredRecord>, StoreError> {
        self.read("read the records from", |db| {
            let runs = runs::all(db, study)?;
            altered_runs(db, study, &runs)
        })
    }
}

fn check(db: &mut Db<'_>, study: &str) -> Result<CheckedRecords> {
    let mut altered = Vec::new();
    if let Some(record) = studies::study(db, Some(study))? {
        altered.extend(altered_study(db, &record)?);
    }
    let runs = runs::all(db, study)?;
    altered.extend(altered_runs(db, study, &runs)?);
    let images = openings::images(db, study)?;
    altered.extend(row_checksums::altered_rows(db, study, &images)?);
    let mut n_trials = 0;
    for (id, search) in searches::searches(db, Some(study))? {
        altered.extend(row_checksums::altered_search(db, id)?);
        let trials = read::trials(db, id)?;
        n_trials += trials.len();
        altered.extend(altered_trials(db, id, &search.name, &trials)?);
    }
    Ok(CheckedRecords { altered, runs, n_trials })
}

/// The study, if its record is not as it was written.
pub(crate) fn altered_study(db: &mut Db<'_>, study: &StudyRecord) -> Result<Option<AlteredRecord>> {
    let sql = "SELECT checksum FROM toile_study WHERE name = $1";
    let checksum = db.first(sql, cells![&study.name], |row| row.string(0))?;
    Ok((checksum != Some(of_study(study))).then_some(AlteredRecord::Study))
}

/// Those of these runs that are not as they were written.
pub(crate) fn altered_runs(db: &mut Db<'_>, study: &str, runs: &[RunRecord]) -> Result<Vec<AlteredRecord>> {
    let seals = seals(db, &format!("{SEALS_OF_RUNS} WHERE r.study = $1"), cells![study])?;
    let seals: HashMap<String, Seal> = seals.into_iter().collect();
    let is_altered = |run: &&RunRecord| seals.get(&run.id).is_some_and(|seal| seal.is_broken(&both_of(run)));
    let name = |run: &RunRecord| AlteredRecord::Run { id: run.id.clone(), name: run.name.clone() };
    Ok(runs.iter().filter(is_altered).map(name).collect())
}

/// Of more runs or trials than these, all of their study or search are read in one go.
pub(crate) const MOST_ONE_BY_ONE: usize = 16;

/// Those of these trials, a few of a search, that are not as they were written.
pub(crate) fn altered_among(
    db: &mut Db<'_>,
    id: SearchId,
    search: &str,
    trials: &[TrialRecord],
) -> Result<Vec<AlteredRecord>> {
    if trials.len() > MOST_ONE_BY_ONE {
        return altered_trials(db, id, search, trials);
    }
    let sql = format!("{SEALS_OF_TRIALS} WHERE t.trial_id = $1");
    let mut altered = Vec::new();
    for trial in trials.iter().filter(|trial| trial.state.is_finished()) {
        if db
            .first(&sql, cells![trial.trial_id], seal_of)?
            .is_some_and(|seal| seal.is_broken(&of_trial(trial)))
        {
            altered.push(AlteredRecord::Trial { search: search.to_owned(), number: trial.number });
        }
    }
    Ok(altered)
}

/// Those of a search's trials that are not as they were written.
pub(crate) fn altered_trials(
    db: &mut Db<'_>,
    id: SearchId,
    search: &str,
    trials: &[TrialRecord],
) -> Result<Vec<AlteredRecord>> {
    let sql = format!("{SEALS_OF_TRIALS} WHERE t.study_id = $1");
    let seals = db.query(&sql, cells![id.0], |row| Ok((row.int(0)?, seal_of(row)?)))?;
    let seals: HashMap<i64, Seal> = seals.into_iter().collect();
    let is_altered = |trial: &&TrialRecord| {
        seals.get(&trial.trial_id).is_some_and(|seal| seal.is_broken(&of_trial(trial)))
    };
    let name = |trial: &TrialRecord| AlteredRecord::Trial { search: search.to_owned(), number: trial.number };
    Ok(trials.iter().filter(is_altered).map(name).collect())
}
