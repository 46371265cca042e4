//! Ask and tell: a search whose trials the caller tries, with the samplers and pruners of studies, on their database.
//!
//! Other workers may be at the same search, here or elsewhere, and so may Optuna. Each proposal knows what had ended
//! when it was made, so the search depends on the order in which trials end. A trial that was asked for is kept by
//! heartbeats of a thread; one whose program died is taken over, with its parameters, by the next who asks.

mod held;
mod words;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use toile_record::{End, State, TrialSide};
use toile_store::{Claim, HistoryCache, PastTrial, Report, SearchId, Store, StoreError, TrialResult};
use toile_tune::{Params, Pruner, PruningContext, Trial};

use self::held::{HeldTrial, HeldTrials};
pub use self::words::{AskError, AskedPlan, AskedTrial, ListedTrial, ToldEnd};
use self::words::{STUDY, listed};
use super::history::{TrialHistory, cohort};
use super::propose::{self, Decided, Proposal};
use crate::lease::{MOST_DEATHS, Pauses, deadly, lock};

/// A search whose trials the caller tries. Threads may share it.
pub struct AskedSearch {
    plan: AskedPlan,
    storage: Store,
    id: SearchId,
    worker: String,
    lease: Duration,
    /// Whether no other program can be at this search.
    is_alone: bool,
    seen: Mutex<SeenTrials>,
    held: Arc<HeldTrials>,
}

#[derive(Default)]
struct SeenTrials {
    cache: HistoryCache,
    known: TrialHistory,
}

impl AskedSearch {
    /// Begins a search, or goes on with the one of this name. `worker` is the caller's name, different from all
    /// others'; a program without a heartbeat for `lease` counts as dead. Without a storage the search is in memory.
    ///
    /// # Errors
    /// A database that cannot be opened, or has a study of this name with other directions.
    pub fn begin(
        plan: AskedPlan,
        storage: Option<Store>,
        worker: String,
        lease: Duration,
    ) -> Result<AskedSearch, StoreError> {
        let is_alone = storage.is_none();
        let storage = storage.map_or_else(Store::in_memory, Ok)?;
        let id = storage.ensure_search(STUDY, &plan.to_record())?;
        let held = Arc::new(HeldTrials::default());
        if !is_alone {
            let (store, held) = (storage.again(), held.clone());
            std::thread::spawn(move || held.keep(&store, lease / 6));
        }
        Ok(AskedSearch { plan, storage, id, worker, lease, is_alone, seen: Mutex::default(), held })
    }

    /// The pauses of who asks again because the database could not be reached.
    pub fn pauses(&self) -> Pauses {
        Pauses::of(&self.storage)
    }

    /// The next trial: one that a dead program left, one that waits in the queue, or a new one, as long as there are
    /// fewer than `most`.
    ///
    /// # Errors
    /// The database.
    pub fn ask(&self, most: Option<usize>) -> Result<AskedTrial, StoreError> {
        loop {
            if !self.is_alone
                && let Some(claim) = self.storage.take_over(self.id, self.lease, &self.worker)?
            {
                if let Some(trial) = self.decide(claim)? {
                    return Ok(trial);
                }
                continue;
            }
            let mut seen = self.look()?;
            let SeenTrials { cache, known } = &mut *seen;
            let trials = cache.trials();
            if trials.iter().any(|trial| trial.state == State::Waiting) {
                drop(seen);
                if let Some(claim) = self.storage.claim_waiting(self.id, &self.worker)?
                    && let Some(trial) = self.decide(claim)?
                {
                    return Ok(trial);
                }
                continue;
            }
            let number = trials.len();
            if most.is_some_and(|most| number >= most) || self.is_through(number) {
                return Ok(if self.others_work(trials) { AskedTrial::Wait } else { AskedTrial::Over });
            }
            let known = known.view(trials, &self.plan.space, number, None);
            drop(seen);
            let (trial, params) = self.plan.proposer().new_trial(number, &known);
            // Another worker may have been faster with this number: with what it proposed, the next one can be.
            if let Some(claim) = self.storage.create_trial(self.id, &trial, &self.worker)? {
                return Ok(self.hold(claim, Proposal { params, seed: trial.seed }));
            }
        }
    }

    /// Tells a value on the way; whether the pruner would stop the trial here. The first value of a step stays.
    ///
    /// # Errors
    /// A trial that is not the caller's, a search for several values, the database.
    pub fn report(&self, number: usize, step: i64, value: f64) -> Result<bool, AskError> {
        let [direction] = self.plan.directions.as_slice() else { return Err(AskError::SeveralValues) };
        let (claim, mut trial) =
            self.held(number, |held| (held.claim.clone(), held.with_report(step, value)))?;
        let others = if self.plan.pruner == Pruner::None { Vec::new() } else { self.others(number)? };
        let context = PruningContext {
            search: &self.plan.name,
            direction: *direction,
            history: &others,
            trial: &trial,
        };
        let decision = self.plan.pruner.decide(&context);
        let report = Report { step, value: Some(value), rungs: decision.rungs.clone(), ..Report::default() };
        if !self.storage.report(&claim, &[report])? {
            lock(&self.held.trials).remove(&number);
            return Err(AskError::Lost(number));
        }
        trial.rungs.extend(decision.rungs);
        if let Some(held) = lock(&self.held.trials).get_mut(&number) {
            (held.reported, held.rungs) = (trial.intermediate, trial.rungs);
        }
        Ok(decision.prune)
    }

    /// Tells how a trial ended, after so many seconds. It is written when this returns.
    ///
    /// # Errors
    /// A trial that is not the caller's, another number of values than the search has, the database.
    pub fn tell(&self, number: usize, end: ToldEnd, wall_seconds: f64) -> Result<(), AskError> {
        let expected = self.plan.directions.len();
        let found = if let ToldEnd::Complete(values) = &end { values.len() } else { expected };
        let (claim, result) =
            self.held(number, |held| (held.claim.clone(), held.result(end, wall_seconds)))?;
        if found != expected {
            return Err(AskError::Values { found, expected });
        }
        let kept = self.storage.finish(&claim, &result)?;
        self.release(number, kept)
    }

    /// Puts a trial back into the queue: whoever asks next tries it again, with the same parameters.
    ///
    /// # Errors
    /// A trial that is not the caller's, the database.
    pub fn put_back(&self, number: usize) -> Result<(), AskError> {
        let claim = self.held(number, |held| held.claim.clone())?;
        let kept = self.storage.put_back(&claim, None)?;
        self.release(number, kept)
    }

    /// Queues a trial with some parameters, by name; the sampler adds the others. Its number.
    ///
    /// # Errors
    /// Names that the search does not have, values outside of their range, the database.
    pub fn enqueue_trial(&self, params: &[(String, Value)]) -> Result<usize, AskError> {
        if let Some(why) = propose::misfit(&self.plan.space, params) {
            return Err(AskError::Misfit(why));
        }
        Ok(self.storage.enqueue_trial(self.id, params)?)
    }

    /// All trials, by number.
    ///
    /// # Errors
    /// The database.
    pub fn trials(&self) -> Result<Vec<ListedTrial>, StoreError> {
        let seen = self.look()?;
        Ok(seen.cache.trials().iter().map(|trial| listed(trial, &self.plan.space)).collect())
    }

    fn look(&self) -> Result<MutexGuard<'_, SeenTrials>, StoreError> {
        let mut seen = lock(&self.seen);
        self.storage.history(self.id, &mut seen.cache)?;
        Ok(seen)
    }

    /// Whether a grid has no further point.
    fn is_through(&self, number: usize) -> bool {
        let points = self.plan.space.count_points(&Params::new());
        self.plan.sampler.is_exhaustive() && points.is_some_and(|points| number as u128 >= points)
    }

    /// Whether a worker of ours, not this one, has a trial under way: it may die.
    fn others_work(&self, trials: &[PastTrial]) -> bool {
        let held = lock(&self.held.trials);
        let of_others = |trial: &PastTrial| trial.state == State::Running && trial.attempt > 0;
        !self.is_alone && trials.iter().any(|trial| of_others(trial) && !held.contains_key(&trial.number))
    }

    /// Gives a claimed trial its parameters. `None`: it is not to be tried, or another worker has it.
    fn decide(&self, claim: Claim) -> Result<Option<AskedTrial>, StoreError> {
        if claim.fruitless >= MOST_DEATHS {
            return self.refuse(&claim, deadly());
        }
        let mut seen = self.look()?;
        let SeenTrials { cache, known } = &mut *seen;
        let known = known.view(cache.trials(), &self.plan.space, claim.number, None);
        drop(seen);
        match self.plan.proposer().decide(&claim, &known, &self.storage)? {
            Decided::Try { proposal, .. } => Ok(Some(self.hold(claim, proposal))),
            Decided::Misfit(why) => self.refuse(&claim, End::Refused { why }),
            Decided::Lost => Ok(None),
        }
    }

    fn refuse(&self, claim: &Claim, end: End) -> Result<Option<AskedTrial>, StoreError> {
        let side = TrialSide { end: Some(end), ..TrialSide::default() };
        let (values, user_attributes) = (Vec::new(), Vec::new());
        let result = TrialResult { state: State::Failed, values, side, user_attributes };
        self.storage.finish(claim, &result)?;
        Ok(None)
    }

    fn hold(&self, claim: Claim, proposal: Proposal) -> AskedTrial {
        let Proposal { params, seed } = proposal;
        let asked = AskedTrial::Try(claim.number, propose::external(&self.plan.space, &params));
        let reported = claim.reported.iter().copied().collect();
        let (number, rungs) = (claim.number, claim.rungs.clone());
        lock(&self.held.trials).insert(number, HeldTrial { claim, seed, params, reported, rungs });
        asked
    }

    /// Asks a trial of the caller's; or says why it is none.
    fn held<T>(&self, number: usize, ask: impl FnOnce(&HeldTrial) -> T) -> Result<T, AskError> {
        // The lock is given back first: why it is none is a look at all trials.
        let answer = lock(&self.held.trials).get(&number).map(ask);
        match answer {
            Some(answer) => Ok(answer),
            None => Err(self.why_not_held(number)?),
        }
    }

    /// The trial is the caller's no more. `kept`: it was until now.
    fn release(&self, number: usize, kept: bool) -> Result<(), AskError> {
        lock(&self.held.trials).remove(&number);
        if kept { Ok(()) } else { Err(AskError::Lost(number)) }
    }

    /// What a trial is pruned by.
    fn others(&self, number: usize) -> Result<Vec<Trial>, StoreError> {
        let mut seen = self.look()?;
        let SeenTrials { cache, known } = &mut *seen;
        let all = known.view(cache.trials(), &self.plan.space, usize::MAX, None);
        Ok(cohort(&all).into_iter().filter(|other| other.number != number).collect())
    }

    fn why_not_held(&self, number: usize) -> Result<AskError, StoreError> {
        let seen = self.look()?;
        Ok(match seen.cache.trials().iter().find(|trial| trial.number == number) {
            None => AskError::Unknown(number),
            Some(trial) if trial.is_finished() => AskError::Told(number),
            Some(_) => AskError::Lost(number),
        })
    }
}

impl Drop for AskedSearch {
    fn drop(&mut self) {
        self.held.left.ring();
    }
}
