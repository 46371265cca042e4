//! What happens to runs while they train, written only for whoever holds the latest claim.

use crate::db::{Db, Result, cells};
use crate::{Claim, Store, StoreError, checksums, claims, ending, epochs, evidence, json, openings, results};
use toile_record::{Epoch, ImageRecord, RunRecord, State, TestOpening};

/// One thing to record; see [`Store::save`].
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// A claimed run begins, or goes on after the epochs in its record; what else an unfinished earlier attempt left is
    /// forgotten.
    Begin(&'a Claim, &'a RunRecord),
    /// An epoch has ended.
    Epoch(&'a Claim, &'a Epoch),
    /// A state from which the run can be continued, in the place of the one before. It is gone when the run ends.
    Checkpoint(&'a Claim, &'a [u8]),
    /// The run waits again, with a checkpoint in the place of the one before; its epochs so far stay readable until it
    /// begins again.
    PutBack(&'a Claim, Option<&'a [u8]>),
    /// The end of a run, with all its epochs, what is known of the images and its state; and the file of its weights,
    /// where the database is to keep it.
    Finish(&'a Claim, &'a RunRecord, Option<&'a [u8]>),
    /// Test images; those already kept stay as they are.
    Images(&'a str, &'a [ImageRecord]),
    /// The test part was opened for a run of a study; the same run for the same reason is one opening.
    Opening(&'a str, &'a TestOpening),
}

impl Store {
    /// Records several things at once, in their order: all of them or none. For each, whether its claim still held:
    /// where it did not, that change alone was left out. When this returns, the others outlive a crash of the program
    /// and of the machine.
    pub fn save(&self, changes: &[Change<'_>]) -> std::result::Result<Vec<bool>, StoreError> {
        self.write("save runs in", |db| changes.iter().map(|change| put(db, change)).collect())
    }
}

fn put(db: &mut Db<'_>, change: &Change<'_>) -> Result<bool> {
    let claim = match change {
        Change::Begin(claim, _)
        | Change::Epoch(claim, _)
        | Change::Checkpoint(claim, _)
        | Change::PutBack(claim, _)
        | Change::Finish(claim, ..) => claim,
        Change::Images(study, images) => return openings::put_images(db, study, images).map(|()| true),
        Change::Opening(study, opening) => return openings::put(db, study, opening).map(|()| true),
    };
    if !claims::owns(db, claim)? {
        // To end it twice, because the connection was lost before the answer came, is as good as once.
        return match change {
            Change::Finish(..) => results::has_ended_it(db, claim),
            _ => Ok(false),
        };
    }
    let id = claim.trial_id;
    match *change {
        Change::Begin(_, run) => begin(db, id, run)?,
        Change::Epoch(_, epoch) => {
            let metric = metric_of_trial(db, id)?;
            put_epoch(db, id, &metric, epoch)?;
            claims::move_on(db, id)?;
        }
        Change::Checkpoint(_, bytes) => results::put_checkpoint(db, id, bytes)?,
        Change::PutBack(_, bytes) => claims::put_back(db, claim, bytes)?,
        Change::Finish(_, run, weights) => {
            put_results(db, id, run)?;
            if let Some(weights) = weights {
                put_weights(db, id, weights)?;
            }
            let metric = metric_of_trial(db, id)?;
            end(db, id, &metric, run)?;
            checksums::seal_run(db, id)?;
            db.execute("UPDATE toile_trial SET ended = $2 WHERE trial_id = $1", cells![id, claim.attempt])?;
        }
        Change::Images(..) | Change::Opening(..) => {}
    }
    Ok(true)
}

/// What the trials of a run's study are compared by.
fn metric_of_trial(db: &mut Db<'_>, trial_id: i64) -> Result<String> {
    let sql = "SELECT s.metric FROM trials t JOIN toile_runs_study s ON s.study_id = t.study_id WHERE t.trial_id = $1";
    Ok(db.first(sql, cells![trial_id], |row| row.string(0))?.unwrap_or_default())
}

fn begin(db: &mut Db<'_>, trial_id: i64, run: &RunRecord) -> Result<()> {
    let (state, end, restored_epoch, weights_sha256) = (State::Running, None, None, None);
    let run = RunRecord {
        state,
        end,
        restored_epoch,
        weights_sha256,
        layers: Vec::new(),
        validation: None,
        test: None,
        ..run.clone()
    };
    db.execute("DELETE FROM trial_intermediate_values WHERE trial_id = $1", cells![trial_id])?;
    let metric = metric_of_trial(db, trial_id)?;
    put_description(db, trial_id, &run)?;
    put_training(db, trial_id, &run)?;
    put_progress(db, trial_id, &metric, &run)
}

/// The epochs so far.
pub(super) fn put_progress(db: &mut Db<'_>, trial_id: i64, metric: &str, run: &RunRecord) -> Result<()> {
    epochs::replace(db, trial_id, &run.epochs)?;
    results::put_intermediates(db, trial_id, &reported(metric, run))
}

/// What the epochs so far count for.
fn reported(metric: &str, run: &RunRecord) -> Vec<(i64, f64)> {
    run.epochs.iter().map(|epoch| (epoch.epoch as i64, value_of(metric, epoch))).collect()
}

fn put_epoch(db: &mut Db<'_>, trial_id: i64, metric: &str, epoch: &Epoch) -> Result<()> {
    epochs::put(db, trial_id, 0, epoch)?;
    results::put_intermediate(db, trial_id, epoch.epoch as i64, value_of(metric, epoch)).map(drop)
}

fn value_of(metric: &str, epoch: &Epoch) -> f64 {
    let metric = toile_record::Metric::from_name(metric);
    metric.and_then(|metric| metric.of(epoch)).unwrap_or(f64::NAN)
}

/// All that is toile's own of a run that has ended.
pub(super) fn put_results(db: &mut Db<'_>, trial_id: i64, run: &RunRecord) -> Result<()> {
    put_description(db, trial_id, run)?;
    put_training(db, trial_id, run)?;
    evidence::put_all(db, trial_id, run)?;
    epochs::replace(db, trial_id, &run.epochs)?;
    db.execute("DELETE FROM toile_checkpoint WHERE trial_id = $1", cells![trial_id]).map(drop)
}

/// What is trained, as the plan has it now, and where.
fn put_description(db: &mut Db<'_>, trial_id: i64, run: &RunRecord) -> Result<()> {
    let from = &run.provenance;
    let (plan, summary) = (json::to_text(&run.plan), json::to_text(&run.summary));
    let sql = "UPDATE toile_run SET seed = $2, model = $3, plan = $4, summary = $5, toile_version = $6,
        instruction_set = $7, threads = $8, machine = $9, started = $10, folder = $11 WHERE trial_id = $1";
    let values = cells![
        trial_id,
        run.seed as i64,
        &run.model,
        &plan,
        &summary,
        &from.toile_version,
        &from.instruction_set,
        from.threads,
        &from.machine,
        &from.started,
        &run.folder,
    ];
    db.execute(sql, values).map(drop)
}

fn put_training(db: &mut Db<'_>, trial_id: i64, run: &RunRecord) -> Result<()> {
    let end = ending::to_text(run.end.as_ref(), run.restored_epoch, &run.layers);
    results::put_training(
        db,
        trial_id,
        0,
        &results::TrainingRow {
            seed: run.seed,
            wall_seconds: Some(run.provenance.wall_seconds),
            cpu_seconds: run.provenance.cpu_seconds,
            parameters: Some(run.summary.trainable + run.summary.non_trainable),
            ended: end,
            weights_sha256: run.weights_sha256.as_deref(),
        },
    )
}

pub(super) fn put_weights(db: &mut Db<'_>, trial_id: i64, data: &[u8]) -> Result<()> {
    let sql = "INSERT INTO toile_weights (trial_id, data) VALUES ($1, $2)
        ON CONFLICT (trial_id) DO UPDATE SET data = excluded.data";
    db.execute(sql, cells![trial_id, data]).map(drop)
}

/// The end of a run's trial in Optuna's tables. One whose value is not a number has failed there.
pub(super) fn end(db: &mut Db<'_>, trial_id: i64, metric: &str, run: &RunRecord) -> Result<()> {
    results::put_intermediates(db, trial_id, &reported(metric, run))?;
    results::pack_reported(db, trial_id)?;
    let value = run.kept_epoch().map_or(f64::NAN, |epoch| value_of(metric, epoch));
    match run.state {
        State::Complete | State::Pruned if !value.is_nan() => {
            results::put_values(db, trial_id, &[value])?;
            results::set_finished(db, trial_id, run.state)
        }
        _ => results::set_finished(db, trial_id, State::Failed),
    }
}
