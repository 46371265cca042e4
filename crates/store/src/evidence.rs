//! What the weights of a run make of each image of a part: its table, and what is added to runs that lack it, because
//! the test part was sealed or because an earlier version did not keep it.

use crate::artifacts::weights::{to_bytes, to_numbers};
use crate::db::{Db, DbRow, Result, cells};
use crate::{Store, StoreError, checksums, openings, runs, tables};
use toile_record::{Evidence, ImageRecord, Part, RunRecord, TestOpening};

/// What became of evidence that was made from the weights of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Nothing was known of the part, and all is now.
    New,
    /// It agrees with what was known already.
    Known,
    /// Nothing was written: the run has not ended, or is not as it was written, or its record says something else.
    Refused,
}

impl Store {
    /// Adds to a run that has ended what its weights make of a part, made again from them.
    pub fn add_evidence(
        &self,
        study: &str,
        run_id: &str,
        part: Part,
        evidence: &Evidence,
    ) -> std::result::Result<Added, StoreError> {
        self.write("record the evidence of a run in", |db| add_to_run(db, study, run_id, part, evidence))
    }

    /// Adds to a run that has ended what its weights make of the test part, and keeps the test images that they get
    /// wrong. The opening is recorded if nothing was known of the part before: twice is as good as once.
    pub fn open_test(
        &self,
        study: &str,
        opening: &TestOpening,
        evidence: &Evidence,
        wrong: &[ImageRecord],
    ) -> std::result::Result<Added, StoreError> {
        self.write("record the test of a run in", |db| {
            let added = add_to_run(db, study, &opening.run_id, Part::Test, evidence)?;
            if added == Added::New {
                openings::put(db, study, opening)?;
            }
            if added != Added::Refused {
                openings::put_images(db, study, wrong)?;
            }
            Ok(added)
        })
    }

    /// Runs whose weights are known, and of which something is not: their ids, with the part. A part without images
    /// counts as unknown too.
    pub fn lacking_evidence(&self, study: &str) -> std::result::Result<Vec<(String, Part)>, StoreError> {
        let lacking = self.read("read the runs from", |db| lacking(db, study))?;
        Ok(lacking.into_iter().map(|lacking| (lacking.run_id, lacking.part)).collect())
    }
}

/// What is not known of a run that has ended.
struct Lacking {
    run_id: String,
    part: Part,
    trial_id: i64,
    weights_sha256: String,
}

fn lacking(db: &mut Db<'_>, study: &str) -> Result<Vec<Lacking>> {
    let sql = "SELECT r.id, r.trial_id, g.weights_sha256 FROM toile_run r
        JOIN trials t ON t.trial_id = r.trial_id AND t.state IN ('COMPLETE', 'PRUNED', 'FAIL')
        JOIN toile_training g ON g.trial_id = r.trial_id AND g.weights_sha256 IS NOT NULL
        LEFT JOIN toile_evidence e ON e.trial_id = r.trial_id AND e.part = $2
        WHERE r.study = $1 AND (e.part IS NULL OR length(e.losses) = 0) ORDER BY r.position, r.seed, r.id";
    let mut lacking = Vec::new();
    for part in Part::ALL {
        lacking.extend(db.query(sql, cells![study, part.name()], |row| {
            let (run_id, trial_id, weights_sha256) = (row.string(0)?, row.int(1)?, row.string(2)?);
            Ok(Lacking { run_id, part, trial_id, weights_sha256 })
        })?);
    }
    Ok(lacking)
}

fn add_to_run(db: &mut Db<'_>, study: &str, run_id: &str, part: Part, evidence: &Evidence) -> Result<Added> {
    match runs::trial(db, study, run_id)? {
        None => Err(StoreError::UnknownRun { id: run_id.into() }.into()),
        Some((trial_id, state)) if state.is_finished() => add(db, trial_id, part, evidence),
        Some(_) => Ok(Added::Refused),
    }
}

/// Adds to a run that has ended what it lacks, if it is intact and agrees.
fn add(db: &mut Db<'_>, trial_id: i64, part: Part, evidence: &Evidence) -> Result<Added> {
    let known = runs::of_trial(db, trial_id)?.and_then(|run| run.evidence(part).cloned());
    let agrees = known.as_ref().is_none_or(|known| agree(known, evidence));
    if !agrees || checksums::is_altered_run(db, trial_id)? {
        return Ok(Added::Refused);
    }
    put(db, trial_id, part, evidence)?;
    checksums::seal_run(db, trial_id)?;
    Ok(if known.is_some() { Added::Known } else { Added::New })
}

/// Adds to the runs of a study what they lack and a copy of them, with the same weights, has.
pub(crate) fn add_of_copies(db: &mut Db<'_>, study: &str, copies: &[RunRecord]) -> Result<()> {
    for Lacking { run_id, part, trial_id, weights_sha256 } in lacking(db, study)? {
        let is_copy =
            |copy: &&RunRecord| copy.id == run_id && copy.weights_sha256.as_ref() == Some(&weights_sha256);
        let evidence = copies.iter().find(is_copy).and_then(|copy| copy.evidence(part));
        if let Some(evidence) = evidence.filter(|evidence| !evidence.losses.is_empty()) {
            add(db, trial_id, part, evidence)?;
        }
    }
    Ok(())
}

/// Whether two say the same, as far as both say something.
fn agree(known: &Evidence, made: &Evidence) -> bool {
    let losses = [&known.losses, &made.losses].map(|losses| to_bytes(losses));
    (known.loss, known.accuracy, &known.predictions) == (made.loss, made.accuracy, &made.predictions)
        && to_bytes(&known.confidences) == to_bytes(&made.confidences)
        && (losses[0] == losses[1] || losses[0].is_empty())
}

/// What a run that ends has of both parts.
pub(crate) fn put_all(db: &mut Db<'_>, trial_id: i64, run: &RunRecord) -> Result<()> {
    Part::ALL.into_iter().try_for_each(|part| match run.evidence(part) {
        Some(evidence) => put(db, trial_id, part, evidence),
        None => Ok(()),
    })
}

fn put(db: &mut Db<'_>, trial_id: i64, part: Part, evidence: &Evidence) -> Result<()> {
    let sql = "INSERT INTO toile_evidence (trial_id, part, loss, accuracy, predictions, confidences, losses)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (trial_id, part) DO UPDATE SET loss = excluded.loss,
            accuracy = excluded.accuracy, predictions = excluded.predictions, confidences = excluded.confidences,
            losses = excluded.losses";
    let (confidences, losses) = (to_bytes(&evidence.confidences), to_bytes(&evidence.losses));
    let loss = evidence.loss.filter(|loss| loss.is_finite());
    let (predictions, accuracy) = (&evidence.predictions[..], evidence.accuracy);
    let values = cells![trial_id, part.name(), loss, accuracy, predictions, &confidences[..], &losses[..]];
    db.execute(sql, values).map(drop)
}

/// Fills in what is known of a run's parts. A file of an earlier version, which is only read, has it elsewhere.
pub(crate) fn read(db: &mut Db<'_>, trial_id: i64, run: &mut RunRecord) -> Result<()> {
    let sql = "SELECT part, loss, accuracy, predictions, confidences, losses FROM toile_evidence WHERE trial_id = $1";
    for (part, evidence) in db.query(sql, cells![trial_id], evidence_of)? {
        if let Some(part) = Part::from_name(&part) {
            *run.evidence_mut(part) = Some(evidence);
        }
    }
    Ok(())
}

fn evidence_of(row: &DbRow<'_>) -> Result<(String, Evidence)> {
    let bytes = |index| Ok::<_, crate::db::DbError>(row.maybe_bytes(index)?.unwrap_or_default());
    let evidence = Evidence {
        loss: row.maybe_real(1)?,
        accuracy: row.maybe_real(2)?.unwrap_or(f64::NAN),
        predictions: bytes(3)?.to_vec(),
        confidences: to_numbers(bytes(4)?),
        losses: to_numbers(bytes(5)?),
    };
    Ok((row.string(0)?, evidence))
}

pub(crate) fn forget(db: &mut Db<'_>, trial_id: i64) -> Result<()> {
    db.execute("DELETE FROM toile_evidence WHERE trial_id = $1", cells![trial_id]).map(drop)
}

/// Step 4 of the schema's history: what the test said of each image leaves the run's row.
const MOVE_TESTS: &str = "
INSERT INTO toile_evidence (trial_id, part, loss, accuracy, predictions, confidences, losses)
    SELECT trial_id, 'test', test_loss, test_accuracy, coalesce(predictions, {none}), coalesce(confidences, {none}),
        {none}
    FROM toile_run WHERE test_accuracy IS NOT NULL;
ALTER TABLE toile_run DROP COLUMN test_loss;
ALTER TABLE toile_run DROP COLUMN test_accuracy;
ALTER TABLE toile_run DROP COLUMN predictions;
ALTER TABLE toile_run DROP COLUMN confidences;
";

/// Takes step 4.
pub(crate) fn tests_move(db: &mut Db<'_>) -> Result<()> {
    tables::create_evidence(db)?;
    if tables::columns(db, "toile_run")?.iter().any(|column| column == "test_accuracy") {
        let none = if db.is_postgres() { "''::bytea" } else { "x''" };
        db.batch(&MOVE_TESTS.replace("{none}", none))?;
    }
    Ok(())
}
