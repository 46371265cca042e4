//! Records to rows and back: every SQL statement on our tables.

use std::sync::LazyLock;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params, params_from_iter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::db::Cell;
use crate::store::Change;
use crate::{ending, epoch_columns};
use toile_record::*;

type Result<T> = rusqlite::Result<T>;

pub(crate) fn save_study(t: &Transaction<'_>, study: &StudyRecord) -> Result<()> {
    t.execute(
        "INSERT OR REPLACE INTO toile_study
             (id, name, question, file, toile_version, data_fingerprint, data, test_labels)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            study.name,
            study.question,
            study.file,
            study.toile_version,
            study.data.fingerprint,
            json(&study.data),
            study.data.test_labels,
        ],
    )?;
    Ok(())
}

pub(crate) fn study(c: &Connection) -> Result<Option<StudyRecord>> {
    c.query_row("SELECT name, question, file, toile_version, data, test_labels FROM toile_study", [], |r| {
        let data: DataRecord = from_json(r, "data")?;
        Ok(StudyRecord {
            name: r.get("name")?,
            question: r.get("question")?,
            file: r.get("file")?,
            toile_version: r.get("toile_version")?,
            data: DataRecord { test_labels: r.get("test_labels")?, ..data },
        })
    })
    .optional()
}

pub(crate) fn save_plan(t: &Transaction<'_>, runs: &[RunRecord]) -> Result<()> {
    t.execute("UPDATE toile_run SET planned = 0", [])?;
    // The folder is ours alone: what is said to run has been killed.
    t.execute("UPDATE toile_run SET state = 'waiting' WHERE state = 'running'", [])?;
    for run in runs {
        if run_state(t, &run.id)?.is_none() {
            put_run(t, &RunRecord { state: State::Waiting, ..run.clone() })?;
        }
        t.execute(
            "UPDATE toile_run SET planned = 1, position = ?2, name = ?3, published = ?4, note = ?5,
                 folder = CASE WHEN state IN ('waiting', 'running') THEN ?6 ELSE folder END WHERE id = ?1",
            params![run.id, run.position, run.name, run.published.as_ref().map(json), run.note, run.folder],
        )?;
    }
    Ok(())
}

pub(crate) fn run_state(c: &Connection, id: &str) -> Result<Option<State>> {
    c.query_row("SELECT state FROM toile_run WHERE id = ?1", [id], state).optional()
}

/// Records one thing.
pub(crate) fn put(t: &Transaction<'_>, change: &Change<'_>) -> Result<()> {
    match *change {
        Change::Begin(run) => begin(t, RunRecord { epochs: Vec::new(), ..run.clone() }),
        Change::Continue(run) => begin(t, run.clone()),
        Change::Epoch(id, epoch) => put_epoch(t, id, epoch),
        Change::Finish(run) => put_run(t, run),
        // Checkpoints lie with the trial of the run.
        Change::Checkpoint(..) => Ok(()),
        Change::Suspend(id, _) => set_state(t, id, State::Waiting),
        Change::Images(images) => save_images(t, images),
        Change::Opening { run_id, time, why } => save_test_opening(t, run_id, time, why),
    }
}

fn begin(t: &Transaction<'_>, run: RunRecord) -> Result<()> {
    let (end, restored_epoch, test, weights_sha256) = (None, None, None, None);
    put_run(t, &RunRecord { state: State::Running, end, restored_epoch, test, weights_sha256, ..run })
}

fn save_test_opening(t: &Transaction<'_>, run_id: &str, time: &str, why: &str) -> Result<()> {
    t.execute(
        "INSERT INTO toile_test_opening (run_id, why, time) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        [run_id, why, time],
    )?;
    Ok(())
}

fn set_state(t: &Transaction<'_>, id: &str, state: State) -> Result<()> {
    t.execute("UPDATE toile_run SET state = ?2 WHERE id = ?1", params![id, state.name()])?;
    Ok(())
}

/// Writes the run and its epochs over whatever was there.
fn put_run(t: &Transaction<'_>, run: &RunRecord) -> Result<()> {
    t.execute("DELETE FROM toile_epoch WHERE run_id = ?1", [&run.id])?;
    let (test, from) = (run.test.as_ref(), &run.provenance);
    let mut statement = t.prepare_cached(
        "INSERT OR REPLACE INTO toile_run VALUES (
             :id, 1, :position, :name, :seed, :model, :plan, :summary, :published, :note, :folder, :state, :failure,
             :test_loss, :test_accuracy, :predictions, :confidences, :weights_sha256,
             :toile_version, :instruction_set, :threads, :machine, :started, :wall_seconds, :cpu_seconds)",
    )?;
    statement.execute(named_params! {
        ":id": run.id, ":position": run.position, ":name": run.name, ":seed": run.seed as i64,
        ":model": run.model, ":plan": json(&run.plan), ":summary": json(&run.summary),
        ":published": run.published.as_ref().map(json), ":note": run.note, ":folder": run.folder,
        ":state": run.state.name(), ":failure": ending::to_text(run.end.as_ref(), run.restored_epoch),
        ":test_loss": test.and_then(|t| finite(t.loss)), ":test_accuracy": test.map(|t| t.accuracy),
        ":predictions": test.map(|t| &t.predictions),
        ":confidences": test.map(|t| t.confidences.iter().flat_map(|c| c.to_le_bytes()).collect::<Vec<u8>>()),
        ":weights_sha256": run.weights_sha256,
        ":toile_version": from.toile_version, ":instruction_set": from.instruction_set,
        ":threads": from.threads, ":machine": from.machine, ":started": from.started,
        ":wall_seconds": from.wall_seconds, ":cpu_seconds": from.cpu_seconds,
    })?;
    run.epochs.iter().try_for_each(|epoch| put_epoch(t, &run.id, epoch))
}

fn put_epoch(t: &Transaction<'_>, id: &str, e: &Epoch) -> Result<()> {
    static PUT: LazyLock<String> = LazyLock::new(|| {
        let (names, values) = (&*epoch_columns::NAMES, epoch_columns::values(5).replace('$', "?"));
        format!(
            "INSERT OR REPLACE INTO toile_epoch (run_id, epoch, learning_rate, seconds, {names})
             VALUES (?1, ?2, ?3, ?4, {values})"
        )
    });
    let others = [Cell::from(id), Cell::from(e.epoch), Cell::from(e.learning_rate), Cell::from(e.seconds)];
    let values = others.into_iter().chain(epoch_columns::cells_of(e));
    t.prepare_cached(&PUT)?.execute(params_from_iter(values))?;
    Ok(())
}

pub(crate) fn run(c: &Connection, id: &str) -> Result<Option<RunRecord>> {
    let run = c.query_row("SELECT * FROM toile_run WHERE id = ?1", [id], run_row).optional()?;
    run.map(|run| with_epochs(c, run)).transpose()
}

pub(crate) fn planned_runs(c: &Connection) -> Result<Vec<RunRecord>> {
    let mut statement = c.prepare("SELECT * FROM toile_run WHERE planned = 1 ORDER BY position, seed, id")?;
    let runs = statement.query_map([], run_row)?.collect::<Result<Vec<_>>>()?;
    runs.into_iter().map(|run| with_epochs(c, run)).collect()
}

pub(crate) fn ended_runs(c: &Connection) -> Result<Vec<(String, String)>> {
    let mut statement =
        c.prepare("SELECT id, folder FROM toile_run WHERE state IN ('complete', 'pruned', 'failed')")?;
    statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}

fn with_epochs(c: &Connection, run: RunRecord) -> Result<RunRecord> {
    let mut statement = c.prepare_cached("SELECT * FROM toile_epoch WHERE run_id = ?1 ORDER BY epoch")?;
    let epochs = statement.query_map([&run.id], epoch_row)?.collect::<Result<_>>()?;
    Ok(RunRecord { epochs, ..run })
}

fn epoch_row(r: &Row<'_>) -> Result<Epoch> {
    let mut epoch = Epoch {
        epoch: r.get("epoch")?,
        learning_rate: r.get::<_, Option<f64>>("learning_rate")?.unwrap_or(f64::NAN),
        seconds: r.get::<_, Option<f64>>("seconds")?.unwrap_or(f64::NAN),
        ..Epoch::default()
    };
    for metric in Metric::of_epoch() {
        // A file of an earlier version that is only read may lack the column.
        let value = r.get::<_, Option<f64>>(metric.name()).or_else(|error| match error {
            rusqlite::Error::InvalidColumnName(_) => Ok(None),
            error => Err(error),
        })?;
        metric.put(&mut epoch, value);
    }
    Ok(epoch)
}

fn run_row(r: &Row<'_>) -> Result<RunRecord> {
    let ending: Option<String> = r.get("failure")?;
    let state = state(r)?;
    let (end, restored_epoch) = ending::of_run(ending.as_deref(), state);
    Ok(RunRecord {
        id: r.get("id")?,
        name: r.get("name")?,
        position: r.get("position")?,
        seed: r.get::<_, i64>("seed")? as u64,
        model: r.get("model")?,
        plan: from_json(r, "plan")?,
        summary: from_json(r, "summary")?,
        published: r.get::<_, Option<String>>("published")?.map(|_| from_json(r, "published")).transpose()?,
        note: r.get("note")?,
        state,
        end,
        restored_epoch,
        epochs: Vec::new(),
        test: test_of(r)?,
        weights_sha256: r.get("weights_sha256")?,
        folder: r.get("folder")?,
        provenance: provenance_of(r)?,
    })
}

fn test_of(r: &Row<'_>) -> Result<Option<TestRecord>> {
    let Some(accuracy) = r.get("test_accuracy")? else { return Ok(None) };
    let confidences: Vec<u8> = r.get("confidences")?;
    Ok(Some(TestRecord {
        loss: r.get("test_loss")?,
        accuracy,
        predictions: r.get("predictions")?,
        confidences: confidences
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
    }))
}

fn provenance_of(r: &Row<'_>) -> Result<Provenance> {
    Ok(Provenance {
        toile_version: r.get("toile_version")?,
        instruction_set: r.get("instruction_set")?,
        threads: r.get("threads")?,
        machine: r.get("machine")?,
        started: r.get("started")?,
        wall_seconds: r.get("wall_seconds")?,
        cpu_seconds: r.get("cpu_seconds")?,
    })
}

fn save_images(t: &Transaction<'_>, images: &[ImageRecord]) -> Result<()> {
    let mut statement = t.prepare_cached("INSERT OR IGNORE INTO toile_image (id, pixels) VALUES (?1, ?2)")?;
    images.iter().try_for_each(|image| statement.execute(params![image.index, image.pixels]).map(drop))
}

pub(crate) fn images(c: &Connection) -> Result<Vec<ImageRecord>> {
    let mut statement = c.prepare("SELECT id, pixels FROM toile_image ORDER BY id")?;
    statement.query_map([], |r| Ok(ImageRecord { index: r.get(0)?, pixels: r.get(1)? }))?.collect()
}

/// A loss that diverged is kept as "none", never as a number that a chart would draw.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

fn state(r: &Row<'_>) -> Result<State> {
    let text: String = r.get("state")?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(|e| undecodable(r, "state", e))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records have string keys and no failing serialiser")
}

fn from_json<T: DeserializeOwned>(r: &Row<'_>, column: &str) -> Result<T> {
    let text: String = r.get(column)?;
    serde_json::from_str(&text).map_err(|e| undecodable(r, column, e))
}

fn undecodable(r: &Row<'_>, column: &str, error: serde_json::Error) -> rusqlite::Error {
    let index = r.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
}
