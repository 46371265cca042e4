//! Our answer to each group of reference cases.

mod chances;
mod comparisons;
mod means;
mod plans;
mod shares;

use serde_json::Value;

/// What our functions say to a case of a group; `None` for a group that nobody knows.
pub fn answer(group: &str, given: &Value) -> Option<Value> {
    let parts = [shares::answer, means::answer, plans::answer, chances::answer, comparisons::answer];
    parts.into_iter().find_map(|part| part(group, given))
}
