//! Runs since the last look: whole where their row moved, only their new epochs where they went on.

use std::collections::HashMap;

use super::{StudyChanges, StudyCursor, StudyLook};
use crate::db::{Db, DbRow, Result, cells};
use crate::epochs::EpochColumns;
use crate::{checksums, read, runs};
use toile_record::{Epoch, RunRecord, State};

/// What is known of a run: what moves when anything of it does, but for its epochs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunMark {
    pub(super) trial_id: i64,
    head: RunHead,
    /// How many epochs are known, and the last of them; of those that may get more.
    n_epochs: usize,
    last_epoch: Option<Epoch>,
}

#[derive(Clone, Debug, PartialEq)]
struct RunHead {
    is_planned: bool,
    position: i64,
    seed: i64,
    name: String,
    published: Option<String>,
    note: Option<String>,
    folder: String,
    /// As it is shown: what runs in a folder that nobody holds waits.
    state: State,
    attempt: Option<i64>,
    checksum: Option<String>,
    evidence_checksum: Option<String>,
    started: String,
    wall_seconds: Option<u64>,
    weights_sha256: Option<String>,
}

const HEADS: &str =
    "SELECT r.id, r.trial_id, r.planned, r.position, r.seed, r.name, r.published, r.note, r.folder,
        t.state, s.attempt, r.checksum, r.evidence_checksum, r.started, g.wall_seconds, g.weights_sha256
    FROM toile_run r JOIN trials t ON t.trial_id = r.trial_id
    LEFT JOIN toile_trial s ON s.trial_id = r.trial_id
    LEFT JOIN toile_training g ON g.trial_id = r.trial_id AND g.repetition = 0
    WHERE r.study = $1 ORDER BY r.position, r.seed, r.id";

const N_EPOCHS: &str = "SELECT r.trial_id, count(*) FROM toile_run r
    JOIN trials t ON t.trial_id = r.trial_id AND t.state IN ('WAITING', 'RUNNING')
    JOIN toile_epoch x ON x.trial_id = r.trial_id
    WHERE r.study = $1 AND r.planned = 1 GROUP BY r.trial_id";

impl StudyLook<'_, '_> {
    pub(super) fn put_runs(&mut self, cursor: &mut StudyCursor, changes: &mut StudyChanges) -> Result<()> {
        let is_abandoned = self.is_held == Some(false);
        let heads = self.db.query(HEADS, cells![&self.study], |row| head(row, is_abandoned))?;
        let counts = self.db.query(N_EPOCHS, cells![&self.study], |row| Ok((row.int(0)?, row.count(1)?)))?;
        let counts: HashMap<i64, usize> = counts.into_iter().collect();
        let mut marks: HashMap<String, RunMark> = HashMap::with_capacity(heads.len());
        let (mut plan, mut to_read) = (Vec::new(), Vec::new());
        for (id, trial_id, head) in heads {
            let known = cursor.runs.get(&id).filter(|known| known.trial_id == trial_id && known.head == head);
            let mut mark = RunMark { trial_id, n_epochs: 0, last_epoch: None, head };
            if mark.head.is_planned {
                let n_epochs = counts.get(&trial_id).copied().unwrap_or(0);
                match known {
                    None => to_read.push((id.clone(), trial_id)),
                    Some(known) if known.head.state.is_finished() || known.n_epochs == n_epochs => {
                        mark = known.clone();
                    }
                    Some(known) => match new_epochs(self.db, known, n_epochs)? {
                        Some(epochs) => {
                            (mark.n_epochs, mark.last_epoch) = (n_epochs, epochs.last().copied());
                            changes.run_epochs.push((id.clone(), epochs));
                        }
                        None => to_read.push((id.clone(), trial_id)),
                    },
                }
                plan.push(id.clone());
            }
            marks.insert(id, mark);
        }
        changes.runs = self.whole_runs(&to_read, is_abandoned)?;
        for run in &changes.runs {
            if let Some(mark) = marks.get_mut(&run.id) {
                (mark.n_epochs, mark.last_epoch) = (run.epochs.len(), run.epochs.last().copied());
            }
        }
        if has_other_former(&cursor.runs, &marks) {
            changes.former_runs = Some(runs::former(self.db, &self.study)?);
        }
        if plan != cursor.plan {
            changes.plan = Some(plan.clone());
        }
        (cursor.runs, cursor.plan) = (marks, plan);
        Ok(())
    }

    /// These runs with everything that is known of them, in the order of the plan. What is not as it was written is
    /// refused.
    fn whole_runs(&mut self, which: &[(String, i64)], is_abandoned: bool) -> Result<Vec<RunRecord>> {
        if which.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = match which.len() {
            0..=checksums::MOST_ONE_BY_ONE => {
                let mut one = |(_, trial_id): &(String, i64)| runs::of_trial(self.db, *trial_id);
                which.iter().filter_map(|which| one(which).transpose()).collect::<Result<Vec<_>>>()?
            }
            _ => {
                let mut all = runs::planned(self.db, &self.study)?;
                all.retain(|run| which.iter().any(|(id, _)| *id == run.id));
                all
            }
        };
        if let Some(altered) = checksums::altered_runs(self.db, &self.study, &found)?.first() {
            return self.refuse(altered);
        }
        if is_abandoned {
            let running = found.iter_mut().filter(|run| run.state == State::Running);
            running.for_each(|run| run.state = State::Waiting);
        }
        Ok(found)
    }
}

fn head(row: &DbRow<'_>, is_abandoned: bool) -> Result<(String, i64, RunHead)> {
    let state = read::state(row, 9)?;
    let head = RunHead {
        is_planned: row.int(2)? != 0,
        position: row.int(3)?,
        seed: row.int(4)?,
        name: row.string(5)?,
        published: row.maybe_string(6)?,
        note: row.maybe_string(7)?,
        folder: row.string(8)?,
        state: if is_abandoned && state == State::Running { State::Waiting } else { state },
        attempt: row.maybe_int(10)?,
        checksum: row.maybe_string(11)?,
        evidence_checksum: row.maybe_string(12)?,
        started: row.string(13)?,
        wall_seconds: row.maybe_real(14)?.map(f64::to_bits),
        weights_sha256: row.maybe_string(15)?,
    };
    Ok((row.string(0)?, row.int(1)?, head))
}

/// The epochs behind the last known one. `None`: what was known is not there any more.
fn new_epochs(db: &mut Db<'_>, known: &RunMark, n_epochs: usize) -> Result<Option<Vec<Epoch>>> {
    let columns = EpochColumns::of(db)?;
    let sql = format!(
        "SELECT {} FROM toile_epoch x WHERE x.trial_id = $1 AND x.epoch >= $2 ORDER BY x.epoch",
        columns.names()
    );
    let from = known.last_epoch.map_or(0, |last| last.epoch);
    let mut found = db.query(&sql, cells![known.trial_id, from], |row| columns.read(row, 0))?;
    if let Some(last) = known.last_epoch {
        if found.first() != Some(&last) {
            return Ok(None);
        }
        found.remove(0);
    }
    Ok((known.n_epochs + found.len() == n_epochs).then_some(found))
}

/// Whether runs have left the plan or come back to it, or something is new of those that have left it.
fn has_other_former(known: &HashMap<String, RunMark>, found: &HashMap<String, RunMark>) -> bool {
    let differs = |id: &String, mark: &RunMark, other: &HashMap<String, RunMark>| {
        !mark.head.is_planned && other.get(id).map(|other| &other.head) != Some(&mark.head)
    };
    found.iter().any(|(id, mark)| differs(id, mark, known))
        || known.iter().any(|(id, mark)| differs(id, mark, found))
}
