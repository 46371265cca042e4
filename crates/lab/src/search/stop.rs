//! Why no further trial begins: the user, an error in one of the threads, or a rule of the study file.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use toile_store::{SearchId, Storage, StoreError};

use toile_study::SearchPlan;

/// Whether to stop as soon as possible.
pub(super) struct StopSignal<'a> {
    /// Set by the user.
    asked: &'a AtomicBool,
    /// One thread has met an error that the others would meet as well.
    broken: AtomicBool,
}

impl<'a> StopSignal<'a> {
    /// Nothing is broken yet.
    pub fn new(asked: &'a AtomicBool) -> StopSignal<'a> {
        StopSignal { asked, broken: AtomicBool::new(false) }
    }

    /// Whether the user or an error says so.
    pub fn is_set(&self) -> bool {
        self.is_asked() || self.broken.load(Ordering::Relaxed)
    }

    /// Whether the user says so.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Says that an error was met.
    pub fn breaks(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

/// A rule that was met, with all rules as they were: under other rules the search goes on.
#[derive(PartialEq, Serialize, Deserialize)]
struct Stopped {
    rules: Json,
    reason: String,
}

/// The rule that has ended the search, if one of today's has.
pub(super) fn stopped(
    plan: &SearchPlan,
    storage: &Storage,
    id: SearchId,
) -> Result<Option<String>, StoreError> {
    let text = storage.stopped(id)?;
    let stopped: Option<Stopped> = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(stopped.filter(|stopped| stopped.rules == rules(plan)).map(|stopped| stopped.reason))
}

/// Records that a rule was met, in the place of what met an earlier rule.
pub(super) fn end(
    plan: &SearchPlan,
    storage: &Storage,
    id: SearchId,
    reason: String,
) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(&Stopped { rules: rules(plan), reason }).expect("rules have string keys");
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
