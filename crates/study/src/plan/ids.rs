//! The ids of a plan's runs.

use std::collections::BTreeMap;

use crate::{Plan, RunPlan};

/// The id of each run of a plan on data of this fingerprint.
///
/// Two runs of one plan may be the same under two names; both are trained, under ids of their own.
pub fn run_ids(plan: &Plan, data_fingerprint: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let id = |run: &RunPlan| {
        let id = run.settings.id(data_fingerprint);
        let times = seen.entry(id.clone()).or_default();
        *times += 1;
        if *times == 1 { id } else { format!("{id}-{times}") }
    };
    plan.runs.iter().map(id).collect()
}
