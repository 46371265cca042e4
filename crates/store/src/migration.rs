//! Step 3 of the schema's history: runs and the trials of searches, which were kept apart, become the same thing.

use crate::artifacts::weights::to_numbers;
use crate::db::{Db, DbRow, Result, cells, decoded};
use crate::ending::{self, RunEnding};
use crate::{checksums, json, openings, read, runs, studies, tables};
use toile_record::{
    Epoch, Evidence, Metric, Provenance, RunRecord, State, StudyRecord, SummaryRecord, TestOpening,
};

/// What a folder held before.
struct OldFolder {
    study: StudyRecord,
    runs: Vec<OldRun>,
    openings: Vec<TestOpening>,
}

struct OldRun {
    run: RunRecord,
    is_planned: bool,
    /// The trial by which Optuna's tools saw it.
    trial: Option<(i64, State)>,
}

/// The trainings and epochs of trials move; the repetition of an epoch is how often an epoch 1 came before.
const MOVE_TRIALS: &str = "
INSERT INTO toile_training (trial_id, repetition, seed, wall_seconds, cpu_seconds, parameters, ended, weights_sha256)
    SELECT trial_id, 0, seed, wall_seconds, cpu_seconds, parameters, reason, weights_sha256
    FROM toile_trial WHERE seed IS NOT NULL;
INSERT INTO toile_epoch (trial_id, repetition, epoch, loss, accuracy, train_loss, train_accuracy, val_loss,
        val_accuracy, learning_rate, seconds)
    SELECT trial_id, CASE WHEN ones > 0 THEN ones - 1 ELSE 0 END, epoch, loss, accuracy, train_loss, train_accuracy,
        val_loss, val_accuracy, learning_rate, seconds
    FROM (SELECT e.*, sum(CASE WHEN epoch = 1 THEN 1 ELSE 0 END) OVER (PARTITION BY trial_id ORDER BY step) AS ones
        FROM toile_trial_epoch e) AS counted
    WHERE true ON CONFLICT DO NOTHING;
ALTER TABLE toile_trial ADD COLUMN checksum TEXT;
ALTER TABLE toile_trial ADD COLUMN fruitless INTEGER NOT NULL DEFAULT 0;
DROP TABLE toile_trial_epoch;
DROP TABLE toile_run_trial;
DROP TABLE toile_test_opening;
ALTER TABLE toile_trial DROP COLUMN seed;
ALTER TABLE toile_trial DROP COLUMN wall_seconds;
ALTER TABLE toile_trial DROP COLUMN cpu_seconds;
ALTER TABLE toile_trial DROP COLUMN parameters;
ALTER TABLE toile_trial DROP COLUMN reason;
ALTER TABLE toile_trial DROP COLUMN weights_sha256;
";

/// A server keeps what the step takes away, in tables of other names; of a file a copy is made before.
const KEEP: &str = "
CREATE TABLE toile_version_2_trial AS TABLE toile_trial;
CREATE TABLE toile_version_2_trial_epoch AS TABLE toile_trial_epoch;
CREATE TABLE toile_version_2_run_trial AS TABLE toile_run_trial;
CREATE TABLE toile_version_2_test_opening AS TABLE toile_test_opening;
";

/// The images stay in a table of another name while the new one is made.
const CLEAR_FOLDER: &str = "
ALTER TABLE toile_image RENAME TO toile_old_image;
DROP TABLE toile_epoch;
DROP TABLE toile_run;
DROP TABLE toile_study;
";

/// All or nothing: the caller has a transaction.
pub(crate) fn runs_become_trials(db: &mut Db<'_>) -> Result<()> {
    let mut old = None;
    if db.is_postgres() {
        if db.first("SELECT 1 FROM toile_trial LIMIT 1", &[], |_| Ok(()))?.is_some() {
            db.batch(KEEP)?;
        }
    } else {
        old = old_folder(db)?;
        db.batch("DROP TRIGGER toile_forget_trial")?;
        db.batch(CLEAR_FOLDER)?;
    }
    tables::create_training_tables(db)?;
    tables::add_late_columns(db)?;
    db.batch(MOVE_TRIALS)?;
    checksums::seal_all_trials(db)?;
    if let Some(old) = old {
        studies::put(db, &old.study)?;
        let name = old.study.name.as_str();
        for old in &old.runs {
            runs::import(db, name, &old.run, old.is_planned, old.trial)?;
        }
        old.openings.iter().try_for_each(|opening| openings::put(db, name, opening))?;
        let images = "INSERT INTO toile_image (study, id, pixels) SELECT $1, id, pixels FROM toile_old_image";
        db.execute(images, cells![name])?;
    }
    match db.is_postgres() {
        true => Ok(()),
        false => db.batch("DROP TABLE toile_old_image"),
    }
}

fn old_folder(db: &mut Db<'_>) -> Result<Option<OldFolder>> {
    let sql =
        "SELECT name, question, file, toile_version, data, test_labels, NULL, NULL, NULL FROM toile_study";
    let Some(study) = db.first(sql, &[], studies::study_of)? else { return Ok(None) };
    let sql = "SELECT time, run_id, why FROM toile_test_opening ORDER BY opening_id";
    let openings = db.query(sql, &[], |row| {
        Ok(TestOpening { time: row.string(0)?, run_id: row.string(1)?, why: row.string(2)? })
    })?;
    Ok(Some(OldFolder { study, runs: old_runs(db)?, openings }))
}

fn old_runs(db: &mut Db<'_>) -> Result<Vec<OldRun>> {
    let sql = "SELECT r.id, r.name, r.position, r.seed, r.model, r.plan, r.summary, r.published, r.note, r.folder,
            r.state, r.failure, r.weights_sha256, r.toile_version, r.instruction_set, r.threads, r.machine, r.started,
            r.wall_seconds, r.cpu_seconds, r.test_loss, r.test_accuracy, r.predictions, r.confidences, r.planned,
            t.trial_id, t.state
        FROM toile_run r LEFT JOIN toile_run_trial o ON o.run_id = r.id
        LEFT JOIN trials t ON t.trial_id = o.trial_id ORDER BY r.position, r.seed, r.id";
    let mut runs = db.query(sql, &[], |row| {
        let trial = row.maybe_int(25)?.map(|id| Ok::<_, crate::db::DbError>((id, read::state(row, 26)?)));
        Ok(OldRun { run: old_run(row)?, is_planned: row.int(24)? == 1, trial: trial.transpose()? })
    })?;
    for OldRun { run, .. } in &mut runs {
        let sql =
            "SELECT epoch, loss, accuracy, train_loss, train_accuracy, val_loss, val_accuracy, learning_rate,
                seconds FROM toile_epoch WHERE run_id = $1 ORDER BY epoch";
        run.epochs = db.query(sql, cells![&run.id], old_epoch)?;
    }
    Ok(runs)
}

fn old_epoch(row: &DbRow<'_>) -> Result<Epoch> {
    let mut epoch = Epoch {
        epoch: row.count(0)?,
        learning_rate: row.maybe_real(7)?.unwrap_or(f64::NAN),
        seconds: row.maybe_real(8)?.unwrap_or(f64::NAN),
        ..Epoch::default()
    };
    for (place, metric) in OLD_METRICS.into_iter().enumerate() {
        metric.put(&mut epoch, row.maybe_real(place + 1)?);
    }
    Ok(epoch)
}

/// The metrics of an epoch that there were, in the order of their columns.
const OLD_METRICS: [Metric; 6] = [
    Metric::Loss,
    Metric::Accuracy,
    Metric::TrainLoss,
    Metric::TrainAccuracy,
    Metric::ValLoss,
    Metric::ValAccuracy,
];

fn old_run(row: &DbRow<'_>) -> Result<RunRecord> {
    let state: State = decoded(10, &serde_json::Value::String(row.string(10)?).to_string())?;
    let RunEnding { end, restored_epoch, .. } = ending::of_run(row.maybe_text(11)?, state);
    let summary: SummaryRecord = row.json(6)?;
    Ok(RunRecord {
        id: row.string(0)?,
        name: row.string(1)?,
        position: row.count(2)?,
        seed: row.int(3)? as u64,
        model: row.string(4)?,
        plan: json::parse(row.text(5)?),
        summary,
        published: row.maybe_json(7)?,
        note: row.maybe_string(8)?,
        folder: row.string(9)?,
        state,
        end,
        restored_epoch,
        epochs: Vec::new(),
        layers: Vec::new(),
        validation: None,
        test: old_test(row)?,
        weights_sha256: row.maybe_string(12)?,
        provenance: Provenance {
            toile_version: row.string(13)?,
            instruction_set: row.string(14)?,
            threads: row.count(15)?,
            machine: row.string(16)?,
            started: row.string(17)?,
            wall_seconds: row.real(18)?,
            cpu_seconds: row.maybe_real(19)?,
        },
    })
}

fn old_test(row: &DbRow<'_>) -> Result<Option<Evidence>> {
    let Some(accuracy) = row.maybe_real(21)? else { return Ok(None) };
    Ok(Some(Evidence {
        loss: row.maybe_real(20)?,
        accuracy,
        predictions: row.maybe_bytes(22)?.unwrap_or_default().to_vec(),
        confidences: to_numbers(row.maybe_bytes(23)?.unwrap_or_default()),
        losses: Vec::new(),
    }))
}
