//! What a worker's thread does next: go on with a trial that somebody left, take one that waits, or propose a new one.

use std::sync::Arc;
use std::time::Duration;

use toile_record::{End, Event, State, TrialSide};
use toile_store::{Claim, PastTrial, TrialResult};
use toile_tune::Trial;

use super::history::{Before, TrialHistory};
use super::job::TrialJob;
use super::propose::{self, Decided, Proposal, Proposer};
use super::stop;
use super::trial::TrialEnd;
use super::worker::{Seen, Worker};
use crate::lease::Lease;
use crate::lease::lock;
use crate::runner::RunError;

/// What to do next.
pub(super) enum NextStep {
    Trial(Box<TrialJob>),
    /// Another look may tell.
    Again,
    /// Nothing, until something happens; so many things had happened when this was found.
    Wait(usize),
    Over,
}

impl Worker<'_> {
    /// What is next. Claims that cannot begin yet are held meanwhile: nobody else could begin them either, and this
    /// thread stays free for the trials that they wait for, if their workers die.
    pub(super) fn next(&self) -> Result<NextStep, RunError> {
        let (id, context) = (self.id, self.context);
        if !context.alone
            && let Some(claim) = self.ask(|| self.storage.take_over(id, context.lease, &context.worker))?
        {
            self.park(claim);
        }
        let mut seen = self.look()?;
        if let Some((lease, known)) = self.ready(&mut seen) {
            drop(seen);
            return self.decide(lease, known);
        }
        let Seen { cache, known, news } = &mut *seen;
        let trials = cache.trials();
        if self.one_waits(trials, known) {
            drop(seen);
            let claim = self.ask(|| self.storage.claim_waiting(id, &context.worker))?;
            claim.into_iter().for_each(|claim| self.park(claim));
            return Ok(NextStep::Again);
        }
        let number = trials.len();
        let counted = known.belong(trials, self.plan).counts.iter().filter(|belongs| **belongs).count();
        if counted >= self.plan.n_trials || self.stopped()?.is_some() {
            return Ok(self.end(trials, *news));
        }
        if let Some(before) = self.waits_for(trials, known, number) {
            self.tell_waiting(before);
            return Ok(NextStep::Wait(*news));
        }
        let known = known.view(trials, &self.plan.space, number, self.plan.lag);
        if let Some(reason) = self.rule_met(&known) {
            self.ask(|| stop::end(self.plan, self.storage, id, reason.clone()))?;
            return Ok(self.end(trials, *news));
        }
        drop(seen);
        self.create(number, known)
    }

    /// No new trial begins; those under way may still come back.
    fn end(&self, trials: &[PastTrial], news: usize) -> NextStep {
        let mut open = trials.iter().filter(|trial| !trial.is_finished()).peekable();
        if open.peek().is_none() {
            return NextStep::Over;
        }
        let foreign = open.find(|trial| trial.attempt == 0 && trial.state == State::Running);
        if let Some(trial) = foreign {
            self.tell_waiting(Before { number: trial.number, is_foreign: true });
        }
        NextStep::Wait(news)
    }

    fn waits_for(&self, trials: &[PastTrial], known: &mut TrialHistory, number: usize) -> Option<Before> {
        known.waits_for(trials, &self.plan.space, number, self.plan.lag)
    }

    /// Whether a trial waits that can begin.
    fn one_waits(&self, trials: &[PastTrial], known: &mut TrialHistory) -> bool {
        let waiting = trials.iter().find(|trial| trial.state == State::Waiting);
        waiting.is_some_and(|trial| self.waits_for(trials, known, trial.number).is_none())
    }

    /// Holds a trial until it can begin.
    pub(super) fn park(&self, claim: Claim) {
        lock(&self.parked).push(self.leases.hold(claim));
    }

    /// The first parked trial that can begin, with what it may know.
    fn ready(&self, seen: &mut Seen) -> Option<(Arc<Lease>, Arc<Vec<Trial>>)> {
        let Seen { cache, known, .. } = seen;
        let mut parked = lock(&self.parked);
        parked.retain(|lease| {
            if lease.is_lost() {
                self.leases.release(lease);
            }
            !lease.is_lost()
        });
        parked.sort_by_key(|lease| lease.claim.number);
        let mut waits = |lease: &Arc<Lease>| self.waits_for(cache.trials(), known, lease.claim.number);
        let place = parked.iter().position(|lease| waits(lease).is_none());
        if let (None, Some(lease)) = (place, parked.first()) {
            waits(lease).into_iter().for_each(|before| self.tell_waiting(before));
        }
        let lease = parked.remove(place?);
        let view = known.view(cache.trials(), &self.plan.space, lease.claim.number, self.plan.lag);
        Some((lease, view))
    }

    /// The parameters of a claimed trial.
    fn decide(&self, lease: Arc<Lease>, known: Arc<Vec<Trial>>) -> Result<NextStep, RunError> {
        let proposer = Proposer::from(self.plan);
        match self.ask(|| proposer.decide(&lease.claim, &known, self.storage))? {
            Decided::Try { proposal: Proposal { params, seed }, anew } => {
                if anew {
                    self.tell_news();
                }
                Ok(NextStep::Trial(Box::new(TrialJob { lease, params, seed, anew, known })))
            }
            Decided::Misfit(why) => self.refuse(&lease, why),
            Decided::Lost => {
                self.leases.release(&lease);
                Ok(NextStep::Again)
            }
        }
    }

    /// What someone has asked for is never replaced by something else: the trial fails, with the reason.
    fn refuse(&self, lease: &Arc<Lease>, why: String) -> Result<NextStep, RunError> {
        let side = TrialSide {
            worker: Some(self.context.worker.clone()),
            end: Some(End::Refused { why }),
            ..TrialSide::default()
        };
        let (values, user_attributes) = (Vec::new(), Vec::new());
        let result = TrialResult { state: State::Failed, values, side, user_attributes };
        self.settle(lease, TrialEnd::Ended(Box::new(result)))?;
        self.tell_news();
        Ok(NextStep::Again)
    }

    /// A trial that another program has under way may never end: whoever looks on should know what is waited for.
    fn tell_waiting(&self, before: Before) {
        if before.is_foreign && lock(&self.awaited).insert(before.number) {
            let (search, number) = (self.plan.position, before.number);
            (self.context.events)(Event::ForeignAwaited { search, number });
        }
    }

    fn create(&self, number: usize, known: Arc<Vec<Trial>>) -> Result<NextStep, RunError> {
        let (trial, params) = Proposer::from(self.plan).new_trial(number, &known);
        let claim = self.ask(|| self.storage.create_trial(self.id, &trial, &self.context.worker))?;
        // Another worker may have been faster with this number: with what it proposed, the next one can be.
        let Some(claim) = claim else { return Ok(NextStep::Again) };
        let (lease, seed) = (self.leases.hold(claim), trial.seed);
        Ok(NextStep::Trial(Box::new(TrialJob { lease, params, seed, anew: true, known })))
    }

    /// The rule that has ended the search, if one of today's has.
    pub(super) fn stopped(&self) -> Result<Option<String>, RunError> {
        self.ask(|| stop::stopped(self.plan, self.storage, self.id))
    }

    /// Whether a rule says that no further trial should begin. Stagnation looks at what the next trial may know, so
    /// that every worker finds the same; times are what they are.
    fn rule_met(&self, known: &[Trial]) -> Option<String> {
        let plan = self.plan;
        if !stop::has_rule(plan) {
            return None;
        }
        let rules = toile_tune::StopRules {
            n_trials: None,
            timeout: plan.timeout,
            cpu_timeout: plan.cpu_timeout,
            stagnation: plan.stagnation,
        };
        let seen = || self.storage.cpu_seconds(self.id).unwrap_or(0.0);
        let wall: Duration = self.context.clock.elapsed().saturating_sub(self.began);
        let cpu = if plan.cpu_timeout.is_some() { seen() } else { 0.0 };
        let directions = propose::directions(plan);
        let progress = toile_tune::SearchProgress::of(known, &directions, wall.as_secs_f64(), cpu);
        rules.decide(&progress).map(|reason| reason.to_string())
    }
}
