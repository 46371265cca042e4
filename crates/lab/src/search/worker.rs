//! A worker: trial after trial, until the search is over.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::Duration;

use toile_record::{Event, State};
use toile_store::{HistoryCache, PastTrial, SearchId, Store, StoreError};

use super::Context;
use super::history::TrialHistory;

use super::next::NextStep;
use crate::checkpoint::place_tag;
use crate::lease::{LOOKS, Lease, Leases, lock};
use crate::memory::MemoryBudget;
use crate::runner::RunError;
use crate::stop::StopSignal;
use toile_study::SearchPlan;

use super::choose;

/// How a search stands when its worker leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchOutcome {
    /// Trials that ended with a value.
    pub complete: usize,
    /// Trials that were pruned.
    pub pruned: usize,
    /// Trials that failed.
    pub failed: usize,
    /// Trials that still wait or train, and those that have not begun.
    pub waiting: usize,
    /// Trials that this call trained.
    pub trained: usize,
    /// Trials that ended, and do not belong to the search as the study file has it now.
    pub others: usize,
    /// If no trial came to a value: why, as most of them say it.
    pub without_value: Option<String>,
    /// The rule that ended the search, if not the number of trials.
    pub reason: Option<String>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// What a worker's threads share.
pub(super) struct Worker<'a> {
    pub plan: &'a SearchPlan,
    pub context: &'a Context<'a>,
    pub storage: &'a Store,
    pub id: SearchId,
    pub leases: Leases<'a>,
    pub began: Duration,
    pub stop: &'a StopSignal<'a>,
    pub width: usize,
    /// Trials that are held, and cannot begin yet.
    pub parked: Mutex<Vec<Arc<Lease>>>,
    seen: Mutex<Seen>,
    pub trained: AtomicUsize,
    /// Trials of other programs that were said to be waited for.
    pub awaited: Mutex<BTreeSet<usize>>,
    pub memory: MemoryBudget,
    /// A few letters for the database.
    pub place: String,
    /// Something has happened here.
    happened: Condvar,
}

/// The trials as they were last seen.
#[derive(Default)]
pub(super) struct Seen {
    pub cache: HistoryCache,
    pub known: TrialHistory,
    /// Things that have happened here, on which others may wait.
    pub news: usize,
}

/// What ends a worker before its time.
enum Broken {
    Error(RunError),
    Panic(Box<dyn Any + Send>),
}

/// Works on a search until it is over or the user stops it.
///
/// `keeper` is a second way to the same store: the leases are kept by a thread of their own. When this returns, all
/// that was finished is recorded, and the same call, here or elsewhere, goes on with the rest.
///
/// # Errors
/// A store that cannot be written or read. A server that cannot be reached is waited for.
///
/// # Panics
/// If toile itself breaks outside of a trial.
pub fn search(
    plan: &SearchPlan,
    storage: &Store,
    keeper: &Store,
    id: SearchId,
    context: &Context<'_>,
) -> Result<SearchOutcome, RunError> {
    let most = plan.lag.map_or(context.threads, |lag| lag.saturating_add(1));
    let unreachable = |error: &StoreError| (context.events)(Event::Unreachable { error: error.to_string() });
    let stop = StopSignal::new(context.stop);
    let worker = Worker {
        plan,
        context,
        storage,
        id,
        leases: Leases::new(storage, &stop, &unreachable),
        began: context.clock.elapsed(),
        stop: &stop,
        width: most.min(context.threads).max(1),
        parked: Mutex::default(),
        seen: Mutex::default(),
        trained: AtomicUsize::new(0),
        awaited: Mutex::default(),
        memory: MemoryBudget::new(context.memory),
        place: place_tag(&storage.place()),
        happened: Condvar::new(),
    };
    worker.begin()?;
    let broken = std::thread::scope(|scope| {
        let broken = worker.go(scope, keeper);
        let unpacked = worker.put_back_parked();
        worker.leases.end();
        broken.or(unpacked.err().map(Broken::Error))
    });
    match broken {
        Some(Broken::Panic(panic)) => resume_unwind(panic),
        Some(Broken::Error(error)) => Err(error),
        None => worker.outcome(),
    }
}

impl<'a> Worker<'a> {
    /// Looks how things stand, and takes over what was left under way where nobody else can be at work.
    fn begin(&self) -> Result<(), RunError> {
        if self.context.alone {
            let claims = self.ask(|| self.storage.inherit(self.id, &self.context.worker))?;
            claims.into_iter().for_each(|claim| self.park(claim));
        }
        let mut seen = self.look()?;
        let Seen { cache, known, .. } = &mut *seen;
        let trials = cache.trials();
        let ended = trials.iter().filter(|trial| trial.is_finished()).count();
        let belong = known.belong(trials, self.plan);
        let finished = counted(trials, &belong.counts).iter().filter(|trial| trial.is_finished()).count();
        let best = choose::best(self.plan, trials, &belong);
        drop(seen);
        let (search, n_trials, others) =
            (self.plan.position, self.plan.n_trials, ended.saturating_sub(finished));
        (self.context.events)(Event::SearchStarted { search, finished, n_trials, best, others });
        Ok(())
    }

    /// Lets all threads work until their end. What broke the first that broke, if one did.
    fn go<'s>(&'s self, scope: &'s Scope<'s, '_>, keeper: &'s Store) -> Option<Broken> {
        let first = Mutex::new(None);
        let breaks = |why: Broken| {
            lock(&first).get_or_insert(why);
            self.stop.breaks();
            self.tell_news();
        };
        let keeping = self.context.lease / 3;
        let helpers = [
            Builder::new().spawn_scoped(scope, || self.leases.write_along()),
            Builder::new().spawn_scoped(scope, move || self.leases.keep(keeper, keeping)),
        ];
        helpers.into_iter().filter_map(Result::err).for_each(|e| breaks(Broken::Error(RunError::Thread(e))));
        std::thread::scope(|threads| {
            for place in 0..self.width {
                let breaks = &breaks;
                let work = move || match catch_unwind(AssertUnwindSafe(|| self.work(place))) {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => breaks(Broken::Error(error)),
                    Err(panic) => breaks(Broken::Panic(panic)),
                };
                match Builder::new().spawn_scoped(threads, work) {
                    Ok(_) => {}
                    Err(error) if place == 0 => breaks(Broken::Error(RunError::Thread(error))),
                    // Fewer do as well.
                    Err(_) => break,
                }
            }
        });
        first.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What could not begin waits again, for whoever comes next.
    fn put_back_parked(&self) -> Result<(), RunError> {
        let parked = std::mem::take(&mut *lock(&self.parked));
        parked.iter().try_for_each(|lease| Ok(self.leases.put_back(lease, None).map(drop)?))
    }

    /// The life of one thread.
    fn work(&self, place: usize) -> Result<(), RunError> {
        let (threads, width) = (self.context.threads, self.width);
        let threads = AtomicUsize::new((threads / width + usize::from(place < threads % width)).max(1));
        let mut pause = LOOKS[0];
        while !self.stop.is_set() {
            match self.next()? {
                NextStep::Trial(job) => {
                    self.train(&job, &threads)?;
                    pause = LOOKS[0];
                }
                NextStep::Again => {}
                NextStep::Wait(news) => {
                    self.wait(news, pause);
                    pause = (pause * 2).min(LOOKS[1]);
                }
                NextStep::Over => break,
            }
        }
        Ok(())
    }

    /// Asks the store, and asks again while it cannot be reached.
    pub(super) fn ask<T>(&self, question: impl Fn() -> Result<T, StoreError>) -> Result<T, RunError> {
        Ok(self.leases.patiently(question)?)
    }

    /// The trials as they are now.
    pub(super) fn look(&self) -> Result<MutexGuard<'_, Seen>, RunError> {
        let mut seen = lock(&self.seen);
        let mut pause = Duration::from_millis(50);
        loop {
            match self.storage.history(self.id, &mut seen.cache) {
                Err(error) if error.is_transient() && !self.stop.is_set() => {
                    (self.context.events)(Event::Unreachable { error: error.to_string() });
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                other => break other?,
            }
        }
        Ok(seen)
    }

    /// A little while, or until something happens here that had not when the look was taken.
    fn wait(&self, news: usize, pause: Duration) {
        let nothing = |seen: &mut Seen| seen.news == news && !self.stop.is_set();
        drop(self.happened.wait_timeout_while(lock(&self.seen), pause, nothing));
    }

    /// Something happened that others may wait for.
    pub(super) fn tell_news(&self) {
        lock(&self.seen).news += 1;
        self.happened.notify_all();
    }

    /// Why trials ended early: what most of them say.
    fn common_reason(&self) -> Result<String, RunError> {
        let trials = self.ask(|| self.storage.trials(self.id))?;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let early = trials.iter().filter(|trial| trial.state != State::Complete);
        for reason in early.filter_map(|trial| trial.side.as_ref()?.end.as_ref()?.kind()) {
            *counts.entry(reason).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n);
        Ok(most.map_or_else(
            || "no reason was recorded".into(),
            |(reason, n)| format!("{reason} ({n} {})", if n == 1 { "trial" } else { "trials" }),
        ))
    }

    fn outcome(&self) -> Result<SearchOutcome, RunError> {
        let reason = self.stopped()?;
        let mut seen = self.look()?;
        let Seen { cache, known, .. } = &mut *seen;
        let trials = cache.trials();
        let open = trials.iter().filter(|trial| !trial.is_finished()).count();
        let counted = counted(trials, &known.belong(trials, self.plan).counts);
        let count = |state| counted.iter().filter(|trial| trial.state == state).count();
        let to_come = if reason.is_some() { 0 } else { self.plan.n_trials.saturating_sub(counted.len()) };
        let outcome = SearchOutcome {
            complete: count(State::Complete),
            pruned: count(State::Pruned),
            failed: count(State::Failed),
            others: trials.len().saturating_sub(counted.len()),
            without_value: None,
            waiting: open + to_come,
            trained: self.trained.load(Ordering::Relaxed),
            interrupted: open + to_come > 0 && self.stop.is_asked(),
            reason,
        };
        drop(seen);
        let mut outcome = outcome;
        if outcome.waiting == 0 && outcome.complete == 0 && outcome.pruned + outcome.failed > 0 {
            outcome.without_value = Some(self.common_reason()?);
        }
        if outcome.waiting == 0 {
            let (search, reason) = (self.plan.position, outcome.reason.clone());
            (self.context.events)(Event::SearchEnded { search, reason });
        }
        Ok(outcome)
    }
}

/// The trials that count.
fn counted<'t>(trials: &'t [PastTrial], belong: &[bool]) -> Vec<&'t PastTrial> {
    trials.iter().zip(belong).filter(|(_, belongs)| **belongs).map(|(trial, _)| trial).collect()
}
