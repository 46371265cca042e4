//! A worker: trial after trial, until the search is over.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toile_store::{
    Claim, Ending, HistoryCache, NewTrial, PastTrial, RunState, SearchId, Storage, StoreError,
};
use toile_tune::{Params, Trial};

use super::known::{Known, View};
use super::lease::{Lease, Leases};
use super::propose::{self, propose};
use super::trial::{End, Work};
use super::{Context, SearchEvent};
use crate::runner::RunError;
use crate::{SearchPlan, search::choose};

/// How often a worker that waits for others looks again.
const LOOK: Duration = Duration::from_millis(500);

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
    /// The rule that ended the search, if not the number of trials.
    pub reason: Option<String>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// A rule that was met, with all rules as they were: under other rules the search goes on.
#[derive(PartialEq, Serialize, Deserialize)]
struct Stopped {
    rules: serde_json::Value,
    reason: String,
}

/// What a worker's threads share.
struct Worker<'a> {
    plan: &'a SearchPlan,
    context: &'a Context<'a>,
    storage: &'a Storage,
    id: SearchId,
    leases: Leases<'a>,
    began: Duration,
    width: usize,
    /// What a dead process of this folder left behind.
    inherited: Mutex<VecDeque<Claim>>,
    seen: Mutex<Seen>,
    trained: AtomicUsize,
    /// Trials of other programs that were said to be waited for.
    awaited: Mutex<BTreeSet<usize>>,
    /// A trial has ended here.
    ended: Condvar,
}

/// The trials as they were last seen.
#[derive(Default)]
struct Seen {
    cache: HistoryCache,
    known: Known,
}

/// What to do next.
enum Next {
    Trial(Box<Job>),
    Wait,
    Over,
}

/// A trial to be trained.
struct Job {
    lease: Arc<Lease>,
    params: Params,
    seed: u64,
    known: Vec<Trial>,
}

/// Works on a search until it is over or the user stops it.
///
/// `keeper` is a second way to the same store: the leases are kept by a thread of their own. When this returns, all
/// that was finished is recorded, and the same call, here or elsewhere, goes on with the rest.
///
/// # Errors
/// A store that cannot be written or read. A server that cannot be reached is waited for.
pub fn search(
    plan: &SearchPlan,
    storage: &Storage,
    keeper: &Storage,
    id: SearchId,
    context: &Context<'_>,
) -> Result<SearchOutcome, RunError> {
    let most = plan.lag.map_or(context.threads, |lag| lag + 1);
    let width = most.min(context.threads).max(1);
    let unreachable = |error: &StoreError| (context.events)(SearchEvent::Unreachable { error });
    let worker = Worker {
        plan,
        context,
        storage,
        id,
        leases: Leases::new(storage, context.stop, &unreachable),
        began: context.clock.elapsed(),
        width,
        inherited: Mutex::default(),
        seen: Mutex::default(),
        trained: AtomicUsize::new(0),
        awaited: Mutex::default(),
        ended: Condvar::new(),
    };
    worker.begin()?;
    let first_error = Mutex::new(None);
    std::thread::scope(|scope| {
        let (leases, keeping) = (&worker.leases, context.lease / 3);
        let helpers = [
            Builder::new().spawn_scoped(scope, move || leases.write_along()),
            Builder::new().spawn_scoped(scope, move || leases.keep(keeper, keeping)),
        ];
        let mut threads = Vec::new();
        for place in 0..width {
            let (worker, first_error) = (&worker, &first_error);
            let work = move || {
                if let Err(error) = worker.work(place) {
                    lock(first_error).get_or_insert(error);
                    worker.ended.notify_all();
                }
            };
            match Builder::new().spawn_scoped(scope, work) {
                Ok(thread) => threads.push(thread),
                Err(error) if place == 0 => {
                    lock(first_error).get_or_insert(RunError::Thread(error));
                }
                Err(_) => break,
            }
        }
        if let Some(error) = helpers.into_iter().find_map(Result::err) {
            lock(&first_error).get_or_insert(RunError::Thread(error));
        }
        threads.into_iter().for_each(|thread| drop(thread.join()));
        worker.leases.end();
    });
    match first_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => worker.outcome(),
    }
}

impl Worker<'_> {
    /// Looks how things stand, and takes over what was left under way where nobody else can be at work.
    fn begin(&self) -> Result<(), RunError> {
        if self.context.alone {
            while let Some(claim) =
                self.ask(|| self.storage.take_over(self.id, Duration::ZERO, &self.context.worker))?
            {
                lock(&self.inherited).push_back(claim);
            }
        }
        let mut seen = self.look()?;
        let trials = seen.cache.trials();
        let finished = trials.iter().filter(|trial| trial.is_finished()).count();
        let best = choose::best(self.plan, trials);
        drop(std::mem::take(&mut seen.known));
        drop(seen);
        let (search, n_trials) = (self.plan.position, self.plan.n_trials);
        (self.context.events)(SearchEvent::SearchStarted { search, finished, n_trials, best });
        Ok(())
    }

    /// The life of one thread.
    fn work(&self, place: usize) -> Result<(), RunError> {
        let (threads, width) = (self.context.threads, self.width);
        let threads = AtomicUsize::new((threads / width + usize::from(place < threads % width)).max(1));
        while !self.stopping() {
            match self.next()? {
                Next::Trial(job) => self.train(&job, &threads)?,
                Next::Wait => self.wait(),
                Next::Over => break,
            }
        }
        Ok(())
    }

    fn stopping(&self) -> bool {
        self.context.stop.load(Ordering::Relaxed)
    }

    fn ask<T>(&self, question: impl Fn() -> Result<T, StoreError>) -> Result<T, RunError> {
        Ok(self.leases.patiently(question)?)
    }

    /// The trials as they are now.
    fn look(&self) -> Result<MutexGuard<'_, Seen>, RunError> {
        let mut seen = lock(&self.seen);
        let mut pause = Duration::from_millis(50);
        loop {
            match self.storage.history(self.id, &mut seen.cache) {
                Err(error) if error.is_transient() && !self.stopping() => {
                    (self.context.events)(SearchEvent::Unreachable { error: &error });
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                other => break other?,
            }
        }
        Ok(seen)
    }

    /// A little while, or until a trial ends here.
    fn wait(&self) {
        let seen = lock(&self.seen);
        drop(self.ended.wait_timeout(seen, LOOK));
    }

    fn next(&self) -> Result<Next, RunError> {
        if let Some(claim) = self.claim()? {
            return self.decide(claim);
        }
        let mut seen = self.look()?;
        let Seen { cache, known } = &mut *seen;
        let trials = cache.trials();
        let number = trials.len();
        let is_open = trials.iter().any(|trial| !trial.is_finished());
        let end = if is_open { Next::Wait } else { Next::Over };
        if number >= self.plan.n_trials || self.stopped()?.is_some() {
            return Ok(end);
        }
        let known = match known.view(trials, &self.plan.space, number, self.plan.lag) {
            View::Ready(known) => known,
            View::Wait { number, is_foreign } => {
                self.tell_waiting(number, is_foreign);
                return Ok(Next::Wait);
            }
        };
        if let Some(reason) = self.rule_met(&known) {
            let stopped = Stopped { rules: self.rules(), reason };
            let text = serde_json::to_string(&stopped).expect("a rule has string keys");
            self.ask(|| self.storage.stop_search(self.id, &text))?;
            return Ok(end);
        }
        drop(seen);
        self.create(number, known)
    }

    /// A trial that is there already: what a dead worker left, or what waits in the queue.
    fn claim(&self) -> Result<Option<Claim>, RunError> {
        if let Some(claim) = lock(&self.inherited).pop_front() {
            return Ok(Some(claim));
        }
        let (context, id) = (self.context, self.id);
        if !context.alone {
            let stale = self.ask(|| self.storage.take_over(id, context.lease, &context.worker))?;
            if stale.is_some() {
                return Ok(stale);
            }
        }
        self.ask(|| self.storage.claim_waiting(id, &context.worker))
    }

    /// The parameters of a claimed trial: those it has, completed where someone left some open.
    fn decide(&self, claim: Claim) -> Result<Next, RunError> {
        let lease = self.leases.hold(claim);
        let claim = &lease.claim;
        let known = loop {
            if self.stopping() {
                self.leases.put_back(&lease, None)?;
                return Ok(Next::Wait);
            }
            let mut seen = self.look()?;
            let Seen { cache, known } = &mut *seen;
            match known.view(cache.trials(), &self.plan.space, claim.number, self.plan.lag) {
                View::Ready(known) => break known,
                View::Wait { number, is_foreign } => {
                    self.tell_waiting(number, is_foreign);
                    drop(self.ended.wait_timeout(seen, LOOK));
                }
            }
        };
        let decided = propose::params(self.plan, &claim.params);
        if let Some(seed) = claim.seed.filter(|_| self.plan.space.contains(&decided)) {
            return Ok(Next::Trial(Box::new(Job { lease, params: decided, seed, known })));
        }
        let proposal = propose(self.plan, claim.number, &known, &claim.fixed);
        let records = propose::records(self.plan, &proposal.params);
        if !self.ask(|| self.storage.decide_params(claim, &records, proposal.seed))? {
            self.leases.release(&lease);
            return Ok(Next::Wait);
        }
        Ok(Next::Trial(Box::new(Job { lease, params: proposal.params, seed: proposal.seed, known })))
    }

    /// A trial that another program has under way may never end: whoever looks on should know what is waited for.
    fn tell_waiting(&self, number: usize, is_foreign: bool) {
        if is_foreign && lock(&self.awaited).insert(number) {
            (self.context.events)(SearchEvent::ForeignAwaited { search: self.plan.position, number });
        }
    }

    fn create(&self, number: usize, known: Vec<Trial>) -> Result<Next, RunError> {
        let proposal = propose(self.plan, number, &known, &[]);
        let trial = NewTrial {
            number,
            params: propose::records(self.plan, &proposal.params),
            seed: proposal.seed,
            relative_params: Some(propose::relative_params(self.plan, &proposal.params)),
        };
        match self.ask(|| self.storage.create_trial(self.id, &trial, &self.context.worker))? {
            Some(claim) => {
                let (lease, params) = (self.leases.hold(claim), proposal.params);
                Ok(Next::Trial(Box::new(Job { lease, params, seed: proposal.seed, known })))
            }
            // Another worker was faster with this number: with what it proposed, the next one can be.
            None => self.next(),
        }
    }

    fn train(&self, job: &Job, threads: &AtomicUsize) -> Result<(), RunError> {
        let (context, search) = (self.context, self.plan.position);
        let Claim { number, attempt, .. } = job.lease.claim;
        let params = propose::external(self.plan, &job.params);
        (context.events)(SearchEvent::TrialStarted { search, number, params: &params, attempt });
        let work = Work {
            context,
            plan: self.plan,
            lease: &job.lease,
            params: &job.params,
            seed: job.seed,
            known: &job.known,
            threads,
            alone: self.width == 1,
        };
        let kept = match work.train() {
            End::Ended(ending) => {
                self.leases.finish(&job.lease, &ending)? && self.tell_end(number, &ending)?
            }
            End::Suspended(checkpoint) => {
                let kept = self.leases.put_back(&job.lease, Some(&checkpoint))?;
                (context.events)(SearchEvent::TrialSuspended { search, number });
                kept
            }
            End::Lost => {
                self.leases.release(&job.lease);
                false
            }
        };
        if !kept {
            (context.events)(SearchEvent::TrialLost { search, number });
        }
        self.ended.notify_all();
        Ok(())
    }

    fn tell_end(&self, number: usize, ending: &Ending) -> Result<bool, RunError> {
        self.trained.fetch_add(1, Ordering::Relaxed);
        let (best, finished) = {
            let seen = self.look()?;
            let trials = seen.cache.trials();
            (choose::best(self.plan, trials), trials.iter().filter(|trial| trial.is_finished()).count())
        };
        (self.context.events)(SearchEvent::TrialEnded {
            search: self.plan.position,
            number,
            state: ending.state,
            values: &ending.values,
            reason: ending.side.reason.as_deref(),
            seconds: ending.side.wall_seconds,
            best,
            finished,
        });
        Ok(true)
    }

    fn rules(&self) -> serde_json::Value {
        let plan = self.plan;
        serde_json::json!({
            "timeout": plan.timeout, "cpu_timeout": plan.cpu_timeout, "stagnation": plan.stagnation,
        })
    }

    /// The rule that has ended the search, if one of today's has.
    fn stopped(&self) -> Result<Option<String>, RunError> {
        let text = self.ask(|| self.storage.stopped(self.id))?;
        let stopped: Option<Stopped> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(stopped.filter(|stopped| stopped.rules == self.rules()).map(|stopped| stopped.reason))
    }

    /// Whether a rule says that no further trial should begin. Stagnation looks at what the next trial may know, so that
    /// every worker finds the same; times are what they are.
    fn rule_met(&self, known: &[Trial]) -> Option<String> {
        let plan = self.plan;
        let rules = toile_tune::StopRules {
            n_trials: None,
            timeout: plan.timeout,
            cpu_timeout: plan.cpu_timeout,
            stagnation: plan.stagnation,
        };
        let seen = || self.storage.cpu_seconds(self.id).unwrap_or(0.0);
        let wall = (self.context.clock.elapsed() - self.began).as_secs_f64();
        let cpu = if plan.cpu_timeout.is_some() { seen() } else { 0.0 };
        let progress = toile_tune::Progress::of(known, &propose::directions(plan), wall, cpu);
        rules.decide(&progress).map(|reason| reason.to_string())
    }

    fn outcome(&self) -> Result<SearchOutcome, RunError> {
        let count = |trials: &[PastTrial], state| trials.iter().filter(|t| t.state == state).count();
        let reason = self.stopped()?;
        let seen = self.look()?;
        let trials = seen.cache.trials();
        let open = trials.iter().filter(|trial| !trial.is_finished()).count();
        let to_come = if reason.is_some() { 0 } else { self.plan.n_trials.saturating_sub(trials.len()) };
        let outcome = SearchOutcome {
            complete: count(trials, RunState::Complete),
            pruned: count(trials, RunState::Pruned),
            failed: count(trials, RunState::Failed),
            waiting: open + to_come,
            trained: self.trained.load(Ordering::Relaxed),
            interrupted: open + to_come > 0 && self.stopping(),
            reason,
        };
        drop(seen);
        if outcome.waiting == 0 {
            let (search, reason) = (self.plan.position, outcome.reason.as_deref());
            (self.context.events)(SearchEvent::SearchEnded { search, reason });
        }
        Ok(outcome)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
