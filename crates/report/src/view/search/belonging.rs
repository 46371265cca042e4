//! Which trials belong to a search as the study file has it now: only those count.

use std::borrow::Cow;

use toile_record::{SearchRecords, TrialRecord};

use crate::plan::SearchSettings;

/// A search with the trials that belong to it, and how many others of its name have ended.
pub(crate) fn belonging(records: &SearchRecords) -> (Cow<'_, SearchRecords>, usize) {
    let settings = SearchSettings::new(&records.search);
    let fixed = settings.limits.fixed.clone().unwrap_or_default();
    let is_point = |trial: &TrialRecord| settings.space.recorded_point(&trial.params, &fixed).is_some();
    let counts = |trial: &TrialRecord| !trial.state.is_finished() || is_point(trial);
    let others = records.trials.iter().filter(|trial| !counts(trial)).count();
    // Of a space that this version does not know, nothing can be said.
    if others == 0 || settings.space.params.is_empty() {
        return (Cow::Borrowed(records), 0);
    }
    let trials = records.trials.iter().filter(|trial| counts(trial)).cloned().collect();
    let (search, chosen_run) = (records.search.clone(), records.chosen_run.clone());
    (Cow::Owned(SearchRecords { search, trials, chosen_run }), others)
}
