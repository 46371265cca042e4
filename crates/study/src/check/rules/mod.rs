//! Rules between settings: faults that no single value shows.

mod claims;
mod effects;
mod models;
mod runs;
mod searches;
mod study;

pub(crate) use study::{MAX_RUNS, RACE_NEEDS_VALIDATION};

use crate::check::DataShape;
use crate::check::draft::Draft;
use crate::check::walk::Walk;

/// Checks all rules.
pub(crate) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    study::check(draft, shape, walk);
    models::check(draft, shape, walk);
    runs::check(draft, shape, walk);
    searches::check(draft, shape, walk);
    claims::check(draft, walk);
    // Of settings with faults, nothing more is said.
    if walk.faults.is_empty() {
        effects::check(draft, shape, walk);
    }
}
