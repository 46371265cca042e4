//! What happens while a study runs, as plain data for whoever draws it.

use toile_record::{Epoch, RunRecord};

/// One thing that happened. `run` is the place of the run in the plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The study begins: everything is checked and written down, nothing is trained yet.
    StudyStarted {
        /// The runs that will be trained; the others are done, or were not asked for.
        to_do: &'a [usize],
        /// The work of each run of the plan, in a unit of its own.
        work: &'a [f64],
    },
    /// A run has begun.
    RunStarted {
        /// Which.
        run: usize,
    },
    /// One update of the weights.
    Step {
        /// Which run.
        run: usize,
        /// From 1.
        epoch: usize,
        /// From 1.
        batch: usize,
        /// Updates in this epoch.
        n_batches: usize,
    },
    /// An epoch was evaluated, and is on its way to the disk.
    EpochEnded {
        /// Which run.
        run: usize,
        /// Its numbers.
        epoch: &'a Epoch,
    },
    /// A run is complete or failed, and all of it is on the disk. Meanwhile the next may have begun.
    RunEnded {
        /// Which.
        run: usize,
        /// Everything about it.
        record: &'a RunRecord,
    },
    /// A run was interrupted and waits again.
    RunSuspended {
        /// Which.
        run: usize,
    },
}
