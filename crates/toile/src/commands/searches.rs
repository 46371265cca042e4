//! Working on searches: what `toile run` and `toile worker` have in common.

use std::path::Path;
use std::time::Duration;

use toile_data::DataSet;
use toile_lab::{Context, SearchOutcome, search_all};
use toile_store::{SearchId, Storage};
use toile_study::{Plan, SearchPlan, Split};

use crate::failure::Failure;
use crate::machine::{self, MachineClock};
use crate::terminal::Following;
use crate::{interrupt, source};

/// So much training may be lost with a worker.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// How the searches are worked on.
pub struct SearchWork<'a> {
    pub plan: &'a Plan,
    pub data: &'a DataSet,
    pub split: &'a Split,
    pub source: &'a source::StudySource,
    pub storage: &'a Storage,
    /// A second connection: leases are kept by a thread of their own.
    pub keeper: &'a Storage,
    /// Whether no other process works on these searches.
    pub alone: bool,
    pub threads: usize,
    pub lease: Duration,
    pub checkpoints: Option<&'a Path>,
}

impl SearchWork<'_> {
    /// Works on some searches, one after the other, until they are over or the user stops.
    pub fn on(
        &self,
        searches: &[(&SearchPlan, SearchId)],
    ) -> Result<(Vec<SearchOutcome>, Duration), Failure> {
        let following = Following::new(self.plan);
        let clock = MachineClock::start();
        let context = Context {
            data: self.data,
            split: self.split,
            threads: self.threads,
            stop: interrupt::listen(),
            clock: &clock,
            read: &|file| self.source.read_beside(file),
            worker: machine::worker_name(),
            lease: self.lease,
            checkpoint_every: CHECKPOINT_EVERY,
            checkpoints: self.checkpoints,
            alone: self.alone,
            events: &|event| following.tell(&event),
        };
        let outcomes = search_all(searches, self.storage, self.keeper, &context);
        let time = following.end();
        Ok((outcomes?, time))
    }
}

/// A server, by its URL; a path is no server.
pub fn server(url: &str) -> Result<Storage, Failure> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(Failure::new(format!("`{url}` is no PostgreSQL server")).help(
            "write `postgres://user:password@host:5432/database`; on one machine `toile run` needs no server",
        ));
    }
    Ok(Storage::postgres(url)?)
}

/// `3 complete, 1 pruned`
pub fn counted(outcome: &SearchOutcome) -> String {
    let parts = [
        (outcome.complete, "complete"),
        (outcome.pruned, "pruned"),
        (outcome.failed, "failed"),
        (outcome.waiting, "to come"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() { "no trials".into() } else { parts.join(", ") }
}
