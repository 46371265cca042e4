//! The search: proposes trials, trains them, prunes them, records them; by one worker or by many, with the same result.
//!
//! A worker is a loop (`worker.rs`): take over what a dead worker left, or take what waits, or propose the next trial
//! as soon as the trials that it may know (`known.rs`) have ended. The trial row in the database is the job; the
//! database is the lock.

mod choose;
mod ending;
mod history;
mod job;
mod lease;
mod next;
mod propose;
mod stop;
mod trial;
mod worker;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toile_data::{DataSet, Split};
use toile_nn::{Loss, Model, TrainingState};
use toile_record::{Event, PROCEDURAL_NOTICE};
use toile_store::{SearchId, Storage, sha256_hex, weights_to_safetensors, write_atomic};

use crate::checkpoint::{self, TrainingProgress};

use toile_study::SearchPlan;

use crate::Clock;
use crate::RunError;
use crate::runner::engine;

pub use choose::{Chosen, chosen_runs};
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
    storage: &Storage,
    keeper: &Storage,
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

/// What the database keeps of a checkpoint that lies in a folder.
#[derive(Serialize, Deserialize)]
struct Pointer {
    file: String,
    sha256: String,
}

impl Context<'_> {
    /// Puts a checkpoint where it belongs; gives what the database is to keep. Where the folder cannot be written, the
    /// database takes it whole.
    fn keep(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        let written = self.checkpoints.is_some_and(|dir| write_atomic(&dir.join(name), bytes).is_ok());
        if !written {
            return bytes.to_vec();
        }
        let pointer = Pointer { file: name.into(), sha256: sha256_hex(bytes) };
        serde_json::to_vec(&pointer).expect("a pointer has string keys")
    }

    /// The checkpoint that the database keeps, or points to. One that is gone, or is another than was written, is none:
    /// the trial then begins anew, and ends the same.
    fn resume(&self, kept: &[u8]) -> Option<(TrainingProgress, Option<TrainingState>)> {
        let Ok(pointer) = serde_json::from_slice::<Pointer>(kept) else {
            return checkpoint::from_bytes(kept);
        };
        // A name of ours has no folder in it; another one must not lead out of ours.
        let name = Path::new(&pointer.file).file_name()?;
        let bytes = std::fs::read(self.checkpoints?.join(name)).ok()?;
        (sha256_hex(&bytes) == pointer.sha256).then(|| checkpoint::from_bytes(&bytes))?
    }

    /// Removes a checkpoint that nobody will need any more. One that stays behind is a waste, and no fault.
    fn drop_checkpoint(&self, name: &str) {
        if let Some(dir) = self.checkpoints {
            let _ = std::fs::remove_file(dir.join(name));
        }
    }

    /// The hash of the file that a run with these weights would leave.
    fn weights_sha256(&self, model: &Model) -> String {
        let tensors = model.weights();
        let named: Vec<_> =
            tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
        sha256_hex(&weights_to_safetensors(&named, self.data.procedural.then_some(PROCEDURAL_NOTICE)))
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
