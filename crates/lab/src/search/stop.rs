//! Which rule of the study file has ended a search.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use toile_store::{SearchId, Store, StoreError};

use toile_study::SearchPlan;

/// A rule that was met, with all rules as they were: under other rules the search goes on.
#[derive(PartialEq, Serialize, Deserialize)]
struct RecordedStop {
    rules: Json,
    reason: String,
}

/// The rule that has ended the search, if one of today's has.
pub(super) fn stopped(
    plan: &SearchPlan,
    storage: &Store,
    id: SearchId,
) -> Result<Option<String>, StoreError> {
    let text = storage.stopped(id)?;
    let stopped: Option<RecordedStop> = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(stopped.filter(|stopped| stopped.rules == rules(plan)).map(|stopped| stopped.reason))
}

/// Records that a rule was met, in the place of what met an earlier rule.
pub(super) fn end(
    plan: &SearchPlan,
    storage: &Store,
    id: SearchId,
    reason: String,
) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(&RecordedStop { rules: rules(plan), reason }).expect("rules have string keys");
    storage.resume_search(id)?;
    storage.stop_search(id, &text)
}

fn rules(plan: &SearchPlan) -> Json {
    json!({ "timeout": plan.timeout, "cpu_timeout": plan.cpu_timeout, "stagnation": plan.stagnation })
}

/// Whether the plan has a rule at all.
pub(super) fn has_rule(plan: &SearchPlan) -> bool {
    plan.timeout.is_some() || plan.cpu_timeout.is_some() || plan.stagnation.is_some()
}
