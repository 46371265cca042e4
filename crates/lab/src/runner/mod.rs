//! The runner: takes a plan to its results, run by run, side by side, and can go on where it was stopped.

mod clock;
mod cost;
pub(crate) mod engine;
mod error;
mod folders;
mod meter;
mod prepare;
mod queue;
mod schedule;
pub(crate) mod session;
mod speed;
mod train;
mod writer;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use toile_data::DataSet;
use toile_record::{Event, RunRecord, StudyRecord};
use toile_store::{Store, StoreError};

use session::RunSession;
use toile_study::{Plan, RunPlan};

use crate::evidence;
use crate::standing::{RaceFacts, StudyStanding};
use crate::stop::StopSignal;
use crate::wanted::is_wanted;

pub use clock::{Clock, NoClock};
pub use cost::Cost;
pub use engine::{engine_parts, examples, fit_config, image_shape, model, outline, summary, weights_file};
pub use error::RunError;
pub use folders::slug;
pub(crate) use meter::{Cores, Meter, sum_of_times};
pub(crate) use prepare::study_record;
pub use prepare::{split, split_of};
pub use schedule::{Pace, longest_first, shares, study_seconds};
pub use speed::{Speed, measure};
pub(crate) use train::words;

/// What the program lends to the runner.
pub struct RunOptions<'a> {
    /// The study's folder, for files. A worker without one leaves them to the database, which must be a server's.
    pub dir: Option<&'a Path>,
    /// Threads for all runs together.
    pub threads: usize,
    /// Train only the runs of these names, all if there are none; the others stay in the plan, and wait.
    pub only: Vec<String>,
    /// Open the test part for the runs that are complete, although trainings of the study have not ended.
    pub open_test: bool,
    /// Set when the user wants to stop: each run ends after its current batch.
    pub stop: &'a AtomicBool,
    /// The machine's clocks.
    pub clock: &'a dyn Clock,
    /// How much training may be lost when the program is killed, besides the epoch under way.
    pub checkpoint_every: Duration,
    /// A folder that all workers share, for checkpoints; without one they are kept in the database.
    pub checkpoints: Option<&'a Path>,
    /// Bytes that all trainings together may take; no limit where it is unknown.
    pub memory: Option<u64>,
    /// The name of this worker, different from all others'.
    pub worker: String,
    /// On a server, after so long without a heartbeat a worker counts as dead.
    pub lease: Duration,
    /// Reads a file beside the study file, by the name in the plan.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    /// The text of `history.csv`.
    pub history: &'a (dyn Fn(&StudyRecord, &RunRecord) -> String + Sync),
    /// Version of toile, for the record.
    pub toile_version: String,
    /// Instruction set of the kernels, for the record.
    pub instruction_set: String,
    /// Processor and operating system, for the record.
    pub machine: String,
}

impl RunOptions<'_> {
    pub(crate) fn wants(&self, run: &RunPlan) -> bool {
        is_wanted(&run.name, &self.only)
    }
}

/// How the runs that were asked for stand after [`run`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Runs that were done before.
    pub already_done: usize,
    /// Runs that completed now, here or at other workers.
    pub completed: usize,
    /// Runs that failed, now or before.
    pub failed: usize,
    /// Runs that still wait.
    pub waiting: usize,
    /// Whether the user stopped it: runs wait, or the test part is still to be opened.
    pub interrupted: bool,
}

/// Runs what is still to be run of a plan.
///
/// Runs whose ids the store knows as done are left alone. The others train side by side as [`shares`] says; each epoch
/// is saved when it ends. On a server other workers may train some of them: those are waited for. A run that fails is
/// recorded as failed and the others go on. Once all have ended, and the plan's searches too, the test part is opened:
/// for every complete run, from its saved weights. When this returns, for whatever reason, all that was finished is in
/// the store, and the same call goes on with the rest.
///
/// # Errors
/// What concerns the whole study: models or weights that do not fit, a store or a folder that cannot be written.
pub fn run(
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    options: &RunOptions<'_>,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Outcome, RunError> {
    let stop = StopSignal::new(options.stop);
    let unreachable = |error: &StoreError| events(Event::Unreachable { error: error.to_string() });
    let split = split(plan, data)?;
    let session = RunSession::new(data, &split, store, options, events, &stop, &unreachable);
    session.plan(plan)?;
    session.work()?;
    session.wait_for_others()?;
    let race = RaceFacts { is_wanted: &|_| true, seeds_needed: &|_| Vec::new() };
    let standing = StudyStanding::of(plan, &data.fingerprint, store, &race)?;
    evidence::complete(&session, standing.trainings)?;
    session.outcome()
}
