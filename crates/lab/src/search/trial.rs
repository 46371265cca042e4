//! One trial: its trainings, one per repetition, epoch by epoch, with the pruner asked after each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use toile_nn::{Model, Snapshot};
use toile_record::{End, Epoch, Event, State, TrainingKey};
use toile_store::{Report, TrialResult};
use toile_tune::{Params, PruningContext, Trial};

use super::Context;
use super::ending::parameters;
use super::work::checkpoint_name;
use crate::checkpoint::{self, CheckpointFolder, Standing, TrainingProgress};
use crate::lease::{Lease, MOST_DEATHS, deadly};
use crate::memory::{MemoryBudget, TrainingKind};
use crate::runner::{Meter, RunError, words};
use crate::stop::StopSignal;
use crate::training::{SingleTraining, Sink, Trained, TrainingFault};
use toile_study::{SearchPlan, Settings};

/// One trial's work.
pub(super) struct TrialWork<'a> {
    pub context: &'a Context<'a>,
    pub plan: &'a SearchPlan,
    pub stop: &'a StopSignal<'a>,
    pub lease: &'a Lease,
    pub params: &'a Params,
    /// The seed of the first repetition.
    pub seed: u64,
    /// Whether a checkpoint, if there is one, is not of these parameters.
    pub anew: bool,
    /// The trials that it is pruned by.
    pub known: &'a [Trial],
    pub threads: &'a AtomicUsize,
    pub memory: &'a MemoryBudget,
    /// A few letters for the database.
    pub place: &'a str,
    /// Whether no other trial trains in this process, so that its clock is the trial's.
    pub alone: bool,
}

/// How it ended.
pub(super) enum TrialEnd {
    /// With a result, or without one: to be recorded.
    Ended(Box<TrialResult>),
    /// The user stopped it: these bytes go on with it, or those that the store has already.
    Suspended(Option<Vec<u8>>),
    /// It cannot be trained here, through no fault of its own.
    Broken(RunError),
    /// Another worker has it.
    Lost,
}

/// Why a training was stopped from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Halt {
    Pruned,
    Suspended,
    Lost,
}

/// What one repetition came to.
enum Repetition {
    /// The metrics at its end, how that came, and the hash of its weights.
    Through(Vec<f64>, End, String),
    Diverged(End),
    Halted(Halt),
}

/// A trial under way.
pub(super) struct RunningTrial<'a> {
    pub work: &'a TrialWork<'a>,
    pub progress: TrainingProgress,
    standing: Standing,
    /// Wall and processor seconds of earlier attempts.
    pub before: (f64, Option<f64>),
    saved: Duration,
    halt: Option<Halt>,
    /// Epochs of each repetition.
    epochs: usize,
    /// Parameters of the model, once it was built.
    pub parameters: Option<usize>,
}

impl TrialWork<'_> {
    /// Trains it, or goes on where another worker left it.
    pub(super) fn train(&self) -> TrialEnd {
        if self.lease.claim.fruitless >= MOST_DEATHS {
            return TrialEnd::Ended(Box::new(self.given_up(deadly())));
        }
        // A trial whose layers do not fit fails later, with that as its reason.
        let _share = match self.memory_needed().map_or(Ok(None), |bytes| self.memory.take(bytes).map(Some)) {
            Ok(share) => share,
            Err(end) => return TrialEnd::Ended(Box::new(self.given_up(end))),
        };
        let checkpoint = self.lease.take_checkpoint().filter(|_| !self.anew);
        let folder = CheckpointFolder(self.context.checkpoints);
        let resumed = checkpoint.as_ref().and_then(|kept| folder.resume(kept, &self.owner()));
        if checkpoint.is_some() && resumed.is_none() {
            self.tell_refused();
        }
        drop(checkpoint);
        let (progress, state) = resumed.unwrap_or_default();
        let saved = self.context.clock.elapsed();
        let before = (progress.wall_seconds, progress.cpu_seconds);
        let (halt, epochs, parameters, standing) = (None, 0, None, state.into());
        let mut running =
            RunningTrial { work: self, progress, standing, before, saved, halt, epochs, parameters };
        let mut meter = Meter::new(self.context.clock);
        // A fault of our own in one trial must not cost the others.
        let ended = catch_unwind(AssertUnwindSafe(|| running.repetitions(&mut meter)));
        running.progress.owner = Some(self.owner());
        running.add_time(meter.end());
        match ended {
            Ok(TrialOutcome::Halted(Halt::Lost)) => TrialEnd::Lost,
            Ok(TrialOutcome::Halted(Halt::Suspended)) => {
                TrialEnd::Suspended(running.checkpoint().map(|bytes| self.keep(bytes)))
            }
            Ok(TrialOutcome::Halted(Halt::Pruned)) => {
                let step = running.progress.reported.last().map_or(0, |&(step, _)| step);
                TrialEnd::Ended(Box::new(running.ending(State::Pruned, End::Pruned { step }, None)))
            }
            // A training that blows up is the clearest reason to stop it.
            Ok(TrialOutcome::Diverged(end)) => {
                TrialEnd::Ended(Box::new(running.ending(State::Pruned, end, None)))
            }
            Ok(TrialOutcome::Broken(error)) => TrialEnd::Broken(error),
            Ok(TrialOutcome::Failed(why)) => {
                TrialEnd::Ended(Box::new(running.ending(State::Failed, End::Refused { why }, None)))
            }
            Ok(TrialOutcome::Complete(end, hash)) => {
                TrialEnd::Ended(Box::new(running.ending(State::Complete, end, Some(hash))))
            }
            Err(panic) => {
                let end = End::Broke { panic: words(&*panic) };
                TrialEnd::Ended(Box::new(running.ending(State::Failed, end, None)))
            }
        }
    }

    /// A checkpoint as the store keeps it.
    fn keep(&self, checkpoint: Vec<u8>) -> Vec<u8> {
        let name = checkpoint_name(self.plan, self.lease, self.place);
        CheckpointFolder(self.context.checkpoints).keep(&name, checkpoint)
    }
}

/// How all repetitions together ended.
enum TrialOutcome {
    Complete(End, String),
    Diverged(End),
    Failed(String),
    Broken(RunError),
    Halted(Halt),
}

impl RunningTrial<'_> {
    fn repetitions(&mut self, meter: &mut Meter<'_>) -> TrialOutcome {
        let (mut end, mut hash) = (End::Finished, String::new());
        while self.progress.finals.len() < self.work.plan.seeds {
            let repetition = self.progress.finals.len();
            let settings = match self.work.settings(repetition) {
                Ok(settings) => settings,
                Err(why) => return TrialOutcome::Failed(why),
            };
            match self.repetition(settings, meter) {
                Ok(Repetition::Through(values, its_end, sha256)) => {
                    self.add_time(meter.so_far());
                    self.end_of_training(repetition, its_end.clone(), &sha256);
                    if let Some(halt) = self.end_of_repetition(values) {
                        return TrialOutcome::Halted(halt);
                    }
                    (end, hash) = (its_end, sha256);
                }
                Ok(Repetition::Diverged(why)) => return TrialOutcome::Diverged(why),
                Ok(Repetition::Halted(halt)) => return TrialOutcome::Halted(halt),
                Err(TrainingFault::Model(error)) => return TrialOutcome::Failed(error.to_string()),
                Err(TrainingFault::Place(error)) => return TrialOutcome::Broken(*error),
                Err(TrainingFault::State) => {
                    self.work.tell_refused();
                    (self.progress, self.standing) = Default::default();
                    self.before = (0.0, None);
                }
            }
        }
        TrialOutcome::Complete(end, hash)
    }

    /// Trains one seed.
    fn repetition(&mut self, settings: Settings, meter: &mut Meter<'_>) -> Result<Repetition, TrainingFault> {
        let context = self.work.context;
        let run = self.work.plan.run(settings);
        let state = self.standing.take();
        let training = SingleTraining {
            run: &run,
            data: context.data,
            split: context.split,
            read: context.read,
            threads: self.work.threads,
        };
        self.epochs = run.settings.epochs;
        let trained = training.train(state, meter, self)?;
        Ok(match (trained, self.halt) {
            (_, Some(halt)) => Repetition::Halted(halt),
            (Trained::Stopped, None) => Repetition::Halted(Halt::Suspended),
            (Trained::Diverged(end), None) => Repetition::Diverged(end),
            (Trained::Through { model, end, restored_epoch }, None) => {
                let values = self.values(&model, restored_epoch);
                let end = if matches!(end, End::Diverged { .. }) { end } else { End::Finished };
                match values.iter().all(|value| value.is_finite()) {
                    true => Repetition::Through(values, end, context.weights_sha256(&model)),
                    false => Repetition::Diverged(End::Undefined),
                }
            }
        })
    }

    /// Records an epoch, and asks the pruner, unless nothing is left to be saved.
    fn epoch_ends(&mut self, epoch: Epoch) {
        let (plan, epochs) = (self.work.plan, self.epochs);
        self.progress.epochs.push(epoch);
        let step = (self.progress.finals.len() * epochs + epoch.epoch) as i64;
        let metric = plan.objectives[0].metric;
        let compared = plan.objectives.len() == 1 && !plan.pruner.compares_seeds() && metric.is_per_epoch();
        let number = self.work.lease.claim.number;
        let last = epoch.epoch == epochs && self.progress.finals.len() + 1 == plan.seeds;
        let value = compared.then(|| metric.of(&epoch).unwrap_or(f64::NAN));
        self.tell(step, value, Some(epoch), last);
        (self.work.context.events)(Event::EpochEnded {
            training: TrainingKey::Trial { search: plan.position, number },
            step: step as usize,
            steps: epochs * plan.seeds,
            epoch,
        });
    }

    /// The end of a repetition is what Wilcoxon's test compares.
    fn end_of_repetition(&mut self, values: Vec<f64>) -> Option<Halt> {
        self.standing = Standing::Beginning;
        let plan = self.work.plan;
        let value = values[0];
        self.progress.finals.push(values);
        if plan.pruner.compares_seeds() {
            let step = self.progress.finals.len();
            self.tell(step as i64, Some(value), None, step == plan.seeds);
        }
        self.halt
    }

    /// Reports a step and lets the pruner decide.
    fn tell(&mut self, step: i64, value: Option<f64>, epoch: Option<Epoch>, is_last: bool) {
        let plan = self.work.plan;
        let repetition = self.progress.finals.len();
        let mut report = Report { step, value, repetition, epoch, rungs: Vec::new(), checkpoint: None };
        if let Some(value) = value {
            self.progress.reported.push((step, Some(value).filter(|value| value.is_finite())));
            if !is_last {
                let trial = self.as_trial();
                let verdict = plan.pruner.decide(&PruningContext {
                    search: &plan.name,
                    direction: plan.objectives[0].direction,
                    history: self.work.known,
                    trial: &trial,
                });
                report.rungs = verdict.rungs.clone();
                self.progress.rungs.extend(verdict.rungs);
                if verdict.prune {
                    self.halt = Some(Halt::Pruned);
                }
            }
        }
        self.work.lease.report(report);
    }

    fn as_trial(&self) -> Trial {
        let reported = self.progress.reported.iter();
        Trial {
            intermediate: reported.map(|&(step, value)| (step, value.unwrap_or(f64::NAN))).collect(),
            rungs: self.progress.rungs.clone(),
            ..Trial::running(self.work.lease.claim.number, self.work.params.clone())
        }
    }

    /// What a worker that takes over may go on from: not after every epoch, where epochs are short.
    fn save_now_and_then(&mut self) {
        let now = self.work.context.clock.elapsed();
        if now.saturating_sub(self.saved) < self.work.context.checkpoint_every || self.halt.is_some() {
            return;
        }
        self.saved = now;
        self.progress.owner = Some(self.work.owner());
        let checkpoint = self.checkpoint().map(|bytes| self.work.keep(bytes));
        let step = self.progress.epochs.len() as i64;
        self.work.lease.report(Report { step, checkpoint, ..Report::default() });
    }

    /// What the store is to keep; nothing where it has that already.
    fn checkpoint(&mut self) -> Option<Vec<u8>> {
        let state = match &self.standing {
            Standing::Kept => return None,
            Standing::Beginning | Standing::After(_) => self.standing.take(),
        };
        Some(checkpoint::to_bytes(&self.progress, state))
    }
}

impl Sink for RunningTrial<'_> {
    fn kind(&self) -> TrainingKind {
        TrainingKind::Trial
    }

    fn built(&mut self, model: &Model) {
        self.parameters = Some(parameters(model));
    }

    fn is_alone(&self) -> bool {
        self.work.alone
    }

    fn epoch(&mut self, epoch: Epoch, snapshot: &Snapshot<'_>) {
        self.epoch_ends(epoch);
        // The one before goes first: of a large network there are no two states at once.
        self.standing = Standing::Beginning;
        self.standing = Standing::After(snapshot.take());
        self.save_now_and_then();
    }

    fn epochs(&self) -> &[Epoch] {
        &self.progress.epochs
    }

    fn stops(&mut self) -> bool {
        if self.halt.is_none() && self.work.lease.is_lost() {
            self.halt = Some(Halt::Lost);
        } else if self.halt.is_none() && self.work.stop.is_set() {
            self.halt = Some(Halt::Suspended);
        }
        self.halt.is_some()
    }
}
