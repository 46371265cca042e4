//! The search: proposes trials, trains them, prunes them, records them; by one worker or by many, with the same result.
//!
//! A worker is a loop (`worker.rs`): take over what a dead worker left, or take what waits, or propose the next trial
//! as soon as the trials that it may know (`history.rs`) have ended. The trial row in the database is the job; the
//! database is the lock.

mod asked;
mod changed;
mod choose;
mod ending;
mod history;
mod job;
mod next;
mod propose;
mod stop;
mod trial;
mod work;
mod worker;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use toile_data::{DataSet, Split};
use toile_nn::{Loss, Model};
use toile_record::Event;
use toile_store::{SearchId, Store, sha256_hex};
use toile_study::SearchPlan;

use crate::Clock;
use crate::RunError;
use crate::runner::engine;

pub use asked::{AskError, AskedPlan, AskedSearch, AskedTrial, ListedTrial, ToldEnd};
pub(crate) use changed::goes_on;
pub use choose::{Chosen, chosen_runs};
pub(crate) use choose::{SearchStanding, standings};
pub use worker::{SearchOutcome, search};

/// What the program lends to a search.
pub struct Context<'a> {
    /// The data of the study.
    pub data: &'a DataSet,
    /// Its split.
    pub split: &'a Split,
    /// Threads for all trials together.
    pub threads: usize,
    /// Set when the user wants to stop: each trial ends after its current batch, and waits again.
    pub stop: &'a AtomicBool,
    /// The machine's clocks.
    pub clock: &'a dyn Clock,
    /// Reads a file beside the study file.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    /// The name of this worker, different from all others'.
    pub worker: String,
    /// After so long without a heartbeat a worker counts as dead.
    pub lease: Duration,
    /// How much training may be lost with a worker.
    pub checkpoint_every: Duration,
    /// A folder that all workers share, for checkpoints; without one they are kept in the database.
    pub checkpoints: Option<&'a Path>,
    /// Bytes that all trials together may take; no limit where it is unknown.
    pub memory: Option<u64>,
    /// Whether no other process works on the searches: what is under way in the store is a dead one's.
    pub alone: bool,
    /// What happens.
    pub events: &'a (dyn Fn(Event) + Sync),
}

/// Works on some searches, one after the other, until they are over or the user stops. The outcomes of those that were
/// reached.
///
/// # Errors
/// As [`search()`].
pub fn search_all(
    searches: &[(&SearchPlan, SearchId)],
    storage: &Store,
    keeper: &Store,
    context: &Context<'_>,
) -> Result<Vec<SearchOutcome>, RunError> {
    let mut outcomes = Vec::new();
    for (plan, id) in searches {
        let outcome = search(plan, storage, keeper, *id, context);
        (context.events)(Event::SearchLeft { search: plan.position });
        outcomes.push(outcome?);
        if outcomes.last().is_some_and(|outcome| outcome.interrupted) {
            break;
        }
    }
    Ok(outcomes)
}

impl Context<'_> {
    /// The hash of the file that a run with these weights would leave.
    fn weights_sha256(&self, model: &Model) -> String {
        sha256_hex(&engine::weights_file(model, self.data.procedural))
    }

    /// Milliseconds of the inference of one image on one thread: the fastest of some passes over a few hundred images.
    fn milliseconds(&self, model: &Model) -> f64 {
        const IMAGES: usize = 256;
        let n = self.data.train.len().min(IMAGES) as u32;
        let indices: Vec<u32> = (0..n).collect();
        let examples = engine::examples(self.data, &self.data.train, &indices);
        let pass = || {
            let before = self.clock.elapsed();
            toile_nn::evaluate(model, &examples, &Loss::default(), 0.0, 1);
            (self.clock.elapsed() - before).as_secs_f64() * 1e3 / f64::from(n.max(1))
        };
        (0..5).map(|_| pass()).fold(f64::INFINITY, f64::min)
    }
}
