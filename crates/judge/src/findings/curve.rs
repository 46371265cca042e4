//! Findings about the curve of a run.

use super::NamedFinding;
use crate::results::{Recipe, Results, Run};

/// What is to be said of a run by its curve and its last numbers.
pub(crate) fn of_run(_results: &Results, _recipe: &Recipe, _run: &Run) -> Vec<NamedFinding> {
    Vec::new()
}
