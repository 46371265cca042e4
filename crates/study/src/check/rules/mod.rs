//! Rules between settings: what no single value can tell.

mod models;
mod runs;
mod searches;
mod study;

pub(crate) use study::MOST_RUNS;

use crate::check::DataShape;
use crate::check::draft::Draft;
use crate::check::walk::Walk;

/// Adds the faults of all rules.
pub(crate) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    study::check(draft, shape, walk);
    models::check(draft, shape, walk);
    runs::check(draft, shape, walk);
    searches::check(draft, shape, walk);
}
