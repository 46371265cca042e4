//! Runs from rows.

use crate::db::{Cell, Db, DbRow, Result, cells};
use crate::ending::{self, RunEnding};
use crate::epochs::EpochColumns;
use crate::{evidence, read as trials};
use toile_record::{End, FormerRun, Provenance, RunRecord, State};

/// What [`run_of`] reads, in its order.
const COLUMNS: &str = "r.trial_id, r.id, r.name, r.position, r.seed, r.model, r.plan, r.summary, r.published, r.note,
    t.state, g.ended, g.weights_sha256, r.folder, r.toile_version, r.instruction_set, r.threads, r.machine, r.started,
    g.wall_seconds, g.cpu_seconds";

const FROM: &str = "FROM toile_run r JOIN trials t ON t.trial_id = r.trial_id
    LEFT JOIN toile_training g ON g.trial_id = r.trial_id AND g.repetition = 0";

/// The trial of a run and its state in Optuna's table, which is locked on a server.
pub(crate) fn trial(db: &mut Db<'_>, study: &str, run_id: &str) -> Result<Option<(i64, State)>> {
    let sql = "SELECT t.trial_id, t.state FROM toile_run r JOIN trials t ON t.trial_id = r.trial_id
        WHERE r.study = $1 AND r.id = $2 FOR UPDATE OF t";
    db.first(sql, cells![study, run_id], |row| Ok((row.int(0)?, trials::state(row, 1)?)))
}

/// The state of a run.
pub(super) fn state(db: &mut Db<'_>, study: &str, run_id: &str) -> Result<Option<State>> {
    let sql = format!("SELECT t.state, g.ended {FROM} WHERE r.study = $1 AND r.id = $2");
    db.first(&sql, cells![study, run_id], |row| {
        let (state, _) = state_and_end(trials::state(row, 0)?, row.maybe_text(1)?);
        Ok(state)
    })
}

/// What the study file says of a run, as it is on record.
pub(super) struct RunWords {
    pub trial_id: i64,
    pub state: State,
    name: String,
    position: i64,
    published: Option<String>,
    note: Option<String>,
}

impl RunWords {
    /// Whether the file says this of the run now.
    pub(super) fn are_of(&self, run: &RunRecord) -> bool {
        let published = run.published.as_ref().map(crate::json::to_text);
        (&self.name, self.position, &self.published, &self.note)
            == (&run.name, run.position as i64, &published, &run.note)
    }
}

pub(super) fn words(db: &mut Db<'_>, study: &str, run_id: &str) -> Result<Option<RunWords>> {
    let sql = "SELECT r.trial_id, t.state, r.name, r.position, r.published, r.note FROM toile_run r
        JOIN trials t ON t.trial_id = r.trial_id WHERE r.study = $1 AND r.id = $2";
    db.first(sql, cells![study, run_id], |row| {
        Ok(RunWords {
            trial_id: row.int(0)?,
            state: trials::state(row, 1)?,
            name: row.string(2)?,
            position: row.int(3)?,
            published: row.maybe_string(4)?,
            note: row.maybe_string(5)?,
        })
    })
}

/// A run without its epochs and its evidence.
pub(super) fn head(db: &mut Db<'_>, study: &str, run_id: &str) -> Result<Option<RunRecord>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE r.study = $1 AND r.id = $2");
    Ok(db.first(&sql, cells![study, run_id], run_of)?.map(|(_, run)| run))
}

pub(super) fn run(db: &mut Db<'_>, study: &str, run_id: &str) -> Result<Option<RunRecord>> {
    Ok(some(db, "r.study = $1 AND r.id = $2", cells![study, run_id])?.pop())
}

/// The runs of the plan.
pub(crate) fn planned(db: &mut Db<'_>, study: &str) -> Result<Vec<RunRecord>> {
    some(db, "r.study = $1 AND r.planned = 1", cells![study])
}

/// The run that a trial is of.
pub(crate) fn of_trial(db: &mut Db<'_>, trial_id: i64) -> Result<Option<RunRecord>> {
    Ok(some(db, "r.trial_id = $1", cells![trial_id])?.pop())
}

pub(crate) fn all(db: &mut Db<'_>, study: &str) -> Result<Vec<RunRecord>> {
    some(db, "r.study = $1", cells![study])
}

/// Runs that were begun and are not planned any more.
pub(crate) fn former(db: &mut Db<'_>, study: &str) -> Result<Vec<FormerRun>> {
    let which = "r.study = $1 AND r.planned = 0 AND (t.state <> 'WAITING' OR r.started <> '')";
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE {which} ORDER BY r.position, r.seed, r.id");
    let former = |run: RunRecord| FormerRun {
        id: run.id,
        name: run.name,
        seed: run.seed,
        state: run.state,
        folder: run.folder,
    };
    Ok(db.query(&sql, cells![study], run_of)?.into_iter().map(|(_, run)| former(run)).collect())
}

pub(super) fn ended(db: &mut Db<'_>, study: &str) -> Result<Vec<(String, String)>> {
    let sql = "SELECT r.id, r.folder FROM toile_run r JOIN trials t ON t.trial_id = r.trial_id
        WHERE r.study = $1 AND t.state IN ('COMPLETE', 'PRUNED', 'FAIL') ORDER BY r.position, r.seed, r.id";
    db.query(sql, cells![study], |row| Ok((row.string(0)?, row.string(1)?)))
}

fn some(db: &mut Db<'_>, which: &str, values: &[Cell<'_>]) -> Result<Vec<RunRecord>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE {which} ORDER BY r.position, r.seed, r.id");
    let columns = EpochColumns::of(db)?;
    let epochs =
        format!("SELECT {} FROM toile_epoch x WHERE x.trial_id = $1 ORDER BY x.epoch", columns.names());
    let mut runs = Vec::new();
    for (trial_id, run) in db.query(&sql, values, run_of)? {
        let epochs = db.query(&epochs, cells![trial_id], |row| columns.read(row, 0))?;
        let mut run = RunRecord { epochs, ..run };
        evidence::read(db, trial_id, &mut run)?;
        runs.push(run);
    }
    Ok(runs)
}

/// A trial that failed only because its value is not a number is a run that was trained to its end, or kept an epoch
/// from before its loss overflowed.
fn state_and_end(state: State, ended: Option<&str>) -> (State, RunEnding) {
    let ending = ending::of_run(ended, state);
    let is_through = match ending.end {
        Some(End::Finished | End::Stopped { .. }) => true,
        Some(End::Diverged { .. }) => ending.restored_epoch.is_some(),
        _ => false,
    };
    let state = if state == State::Failed && is_through { State::Complete } else { state };
    (state, ending)
}

/// A run and its trial.
fn run_of(row: &DbRow<'_>) -> Result<(i64, RunRecord)> {
    let (state, ending) = state_and_end(trials::state(row, 10)?, row.maybe_text(11)?);
    let RunEnding { end, restored_epoch, layers } = ending;
    let run = RunRecord {
        id: row.string(1)?,
        name: row.string(2)?,
        position: row.count(3)?,
        seed: row.int(4)? as u64,
        model: row.string(5)?,
        plan: row.json(6)?,
        summary: row.json(7)?,
        published: row.maybe_json(8)?,
        note: row.maybe_string(9)?,
        state,
        end,
        restored_epoch,
        epochs: Vec::new(),
        layers,
        validation: None,
        test: None,
        weights_sha256: row.maybe_string(12)?,
        folder: row.string(13)?,
        provenance: Provenance {
            toile_version: row.string(14)?,
            instruction_set: row.string(15)?,
            threads: row.count(16)?,
            machine: row.string(17)?,
            started: row.string(18)?,
            wall_seconds: row.maybe_real(19)?.unwrap_or_default(),
            cpu_seconds: row.maybe_real(20)?,
        },
    };
    Ok((row.int(0)?, run))
}
