//! Trials since the last look: those that were unfinished, or are new, are read; the others cannot have changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{FollowedSearch, StudyChanges, StudyCursor, StudyLook};
use crate::db::{Result, cells};
use crate::epochs::EpochColumns;
use crate::{SearchId, checksums, read, row_checksums};
use toile_record::TrialRecord;

/// Unfinished trials no further apart than this are read in one go, with the finished ones between them.
const GAP: i64 = 16;

/// What is known of a search's trials.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownTrials {
    ids: BTreeSet<i64>,
    /// Those that were not finished, as they were.
    open: BTreeMap<i64, TrialRecord>,
}

impl KnownTrials {
    /// The keys to be read, as closed ranges in ascending order; the last one is open.
    fn ranges(&self) -> Vec<(i64, i64)> {
        let newest = self.ids.last().copied().unwrap_or(-1);
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for &id in self.open.keys().chain([&(newest + 1)]) {
            match ranges.last_mut() {
                Some(last) if id - last.1 <= GAP => last.1 = id,
                _ => ranges.push((id, id)),
            }
        }
        if let Some(last) = ranges.last_mut() {
            last.1 = i64::from(i32::MAX);
        }
        ranges
    }

    /// Takes in a trial as it is now; whether it is new or another than it was.
    fn learn(&mut self, trial: &TrialRecord) -> bool {
        let is_new = self.ids.insert(trial.trial_id);
        let before = self.open.remove(&trial.trial_id);
        if !is_new && before.is_none() {
            return false;
        }
        if !trial.state.is_finished() {
            self.open.insert(trial.trial_id, trial.clone());
        }
        before.as_ref() != Some(trial)
    }
}

impl StudyLook<'_, '_> {
    pub(super) fn put_searches(
        &mut self,
        cursor: &mut StudyCursor,
        changes: &mut StudyChanges,
    ) -> Result<()> {
        let sql = "SELECT study_id, record, chosen_run, stopped FROM toile_search
            WHERE retired = 0 AND study = $1 ORDER BY position, study_id";
        let searches = self.db.query(sql, cells![&self.study], |row| {
            let (id, search) = (SearchId(row.int(0)?), row.json(1)?);
            Ok(FollowedSearch { id, search, chosen_run: row.maybe_string(2)?, stopped: row.maybe_string(3)? })
        })?;
        if searches != cursor.searches {
            for search in searches.iter().filter(|search| !cursor.searches.contains(search)) {
                if let Some(altered) = row_checksums::altered_search(self.db, search.id)? {
                    return self.refuse(&altered);
                }
            }
            changes.searches = Some(searches.clone());
            cursor.searches = searches;
        }
        let ids: Vec<(SearchId, String)> =
            cursor.searches.iter().map(|search| (search.id, search.search.name.clone())).collect();
        cursor.trials.retain(|id, _| ids.iter().any(|(other, _)| other == id));
        for (id, name) in ids {
            let known = cursor.trials.entry(id).or_default();
            self.put_trials(id, &name, known, changes)?;
        }
        Ok(())
    }

    fn put_trials(
        &mut self,
        id: SearchId,
        name: &str,
        known: &mut KnownTrials,
        changes: &mut StudyChanges,
    ) -> Result<()> {
        let columns = EpochColumns::of(self.db)?;
        let mut found = Vec::new();
        for (low, high) in known.ranges() {
            found.extend(read::trials_between(self.db, id, low, high, &columns)?);
        }
        found.retain(|trial| known.learn(trial));
        if let Some(altered) = checksums::altered_among(self.db, id, name, &found)?.first() {
            return self.refuse(altered);
        }
        changes.trials.extend(found.into_iter().map(|trial| (id, trial)));
        self.put_gone(id, known, changes)
    }

    /// Trials that Optuna's tools have deleted.
    fn put_gone(&mut self, id: SearchId, known: &mut KnownTrials, changes: &mut StudyChanges) -> Result<()> {
        let sql = "SELECT count(*) FROM trials WHERE study_id = $1";
        if self.db.first(sql, cells![id.0], |row| row.count(0))? == Some(known.ids.len()) {
            return Ok(());
        }
        let sql = "SELECT trial_id FROM trials WHERE study_id = $1";
        let there: BTreeSet<i64> = self.db.query(sql, cells![id.0], |row| row.int(0))?.into_iter().collect();
        let gone: Vec<i64> = known.ids.difference(&there).copied().collect();
        for trial_id in gone {
            known.ids.remove(&trial_id);
            known.open.remove(&trial_id);
            changes.gone_trials.push((id, trial_id));
        }
        Ok(())
    }
}
