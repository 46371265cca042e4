//! A search whose settings have changed: whether its trials still mean what they meant.

use toile_record::{SearchRecord, TrialRecord};
use toile_study::SearchPlan;
use toile_tune::Params;

/// Whether a search can go on under another plan: some of its trials belong to it, and each that does would be trained
/// in the same way, only with other choices next to its own. So a choice may gain a table or lose one.
pub(crate) fn goes_on(
    earlier: &SearchRecord,
    plan: &SearchPlan,
    data_fingerprint: &str,
    trials: &[TrialRecord],
) -> bool {
    let Some(before) = SearchPlan::from_record(earlier) else { return false };
    if before.base_fingerprint(data_fingerprint) != plan.base_fingerprint(data_fingerprint) {
        return false;
    }
    let belonging = trials.iter().filter(|trial| trial.state.is_finished());
    let mut belonging = belonging.filter_map(|trial| Some((trial, point(plan, trial)?))).peekable();
    belonging.peek().is_some()
        && belonging.all(|(trial, now)| {
            let then = point(&before, trial).and_then(|then| before.settings(&then, 0).ok());
            then.is_some() && then == plan.settings(&now, 0).ok()
        })
}

fn point(plan: &SearchPlan, trial: &TrialRecord) -> Option<Params> {
    plan.space.recorded_point(&trial.params, &plan.fixed)
}
