//! One training by itself, outside of a study: nothing is recorded.

use std::sync::atomic::AtomicBool;

use toile_data::{DataSet, Split};
use toile_study::RunPlan;

/// One training by itself: a [range test](LoneTraining::sweep), or a finished run [once
/// more](LoneTraining::state_after).
pub struct LoneTraining<'a> {
    /// The settings and the seed: weights, order and dropout are those of this run.
    pub run: &'a RunPlan,
    /// The data.
    pub data: &'a DataSet,
    /// Which images are trained on.
    pub split: &'a Split,
    /// Reads a file in the study file's folder: the initial weights.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    /// Threads; the numbers do not depend on them.
    pub threads: usize,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
}
