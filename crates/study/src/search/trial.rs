//! One trial: its trainings, one per repetition, epoch by epoch, with the pruner asked after each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use toile_nn::{FitEnd, FitEvent, Flow, TrainingState};
use toile_record::{End as Ended, Epoch, State};
use toile_store::{Ending, Report};
use toile_tune::{Look, Params, Pruner, Trial};

use super::checkpoint::{self, Progress};
use super::ending::parameters;
use super::lease::Lease;
use super::stop::Stop;
use super::{Context, SearchEvent};
use crate::runner::{Cores, Meter, RunError, engine, slug, words};
use crate::{RunPlan, SearchPlan, Settings};

/// One trial's work.
pub(super) struct Work<'a> {
    pub context: &'a Context<'a>,
    pub plan: &'a SearchPlan,
    pub stop: &'a Stop<'a>,
    pub lease: &'a Lease,
    pub params: &'a Params,
    /// The seed of the first repetition.
    pub seed: u64,
    /// Whether a checkpoint, if there is one, is not of these parameters.
    pub anew: bool,
    /// The trials that it is pruned by.
    pub known: &'a [Trial],
    pub threads: &'a AtomicUsize,
    /// Whether no other trial trains in this process, so that its clock is the trial's.
    pub alone: bool,
}

/// How it ended.
pub(super) enum End {
    /// With a result, or without one: to be recorded.
    Ended(Box<Ending>),
    /// The user stopped it: these bytes go on with it.
    Suspended(Vec<u8>),
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
    /// The metrics at its end.
    Through(Vec<f64>, String),
    Diverged(Ended),
    Halted(Halt),
}

/// A trial under way.
pub(super) struct Trialling<'a> {
    pub work: &'a Work<'a>,
    pub progress: Progress,
    /// The training as it was at the end of the last epoch.
    state: Option<TrainingState>,
    saved: Duration,
    halt: Option<Halt>,
    /// Parameters of the model, once it was built.
    pub parameters: Option<usize>,
}

impl Work<'_> {
    /// Trains it, or goes on where another worker left it.
    pub fn train(&self) -> End {
        let checkpoint = self.lease.claim.checkpoint.as_deref().filter(|_| !self.anew);
        let resumed = checkpoint.and_then(|kept| self.context.resume(kept));
        let (progress, state) = resumed.unwrap_or_default();
        let before = (progress.wall_seconds, progress.cpu_seconds);
        let saved = self.context.clock.elapsed();
        let mut trialling = Trialling { work: self, progress, state, saved, halt: None, parameters: None };
        let mut meter = Meter::new(self.context.clock);
        // A fault of our own in one trial must not cost the others.
        let ended = catch_unwind(AssertUnwindSafe(|| trialling.repetitions(&mut meter)));
        let (wall, cpu) = meter.end();
        let was_fresh = before.0 == 0.0;
        trialling.progress.wall_seconds = before.0 + wall;
        trialling.progress.cpu_seconds = if was_fresh { cpu } else { before.1.zip(cpu).map(|(a, b)| a + b) };
        match ended {
            Ok(Outcome::Halted(Halt::Lost)) => End::Lost,
            Ok(Outcome::Halted(Halt::Suspended)) => End::Suspended(self.keep(&trialling.checkpoint())),
            Ok(Outcome::Halted(Halt::Pruned)) => {
                let step = trialling.progress.reported.last().map_or(0, |&(step, _)| step);
                End::Ended(Box::new(trialling.ending(State::Pruned, Ended::Pruned { step }, None)))
            }
            // A training that blows up is the clearest reason to stop it.
            Ok(Outcome::Diverged(end)) => End::Ended(Box::new(trialling.ending(State::Pruned, end, None))),
            Ok(Outcome::Broken(error)) => End::Broken(error),
            Ok(Outcome::Failed(why)) => {
                End::Ended(Box::new(trialling.ending(State::Failed, Ended::Refused { why }, None)))
            }
            Ok(Outcome::Complete(hash)) => {
                End::Ended(Box::new(trialling.ending(State::Complete, Ended::Finished, Some(hash))))
            }
            Err(panic) => {
                let end = Ended::Broke { panic: words(&*panic) };
                End::Ended(Box::new(trialling.ending(State::Failed, end, None)))
            }
        }
    }

    /// A checkpoint as the store keeps it.
    fn keep(&self, checkpoint: &[u8]) -> Vec<u8> {
        self.context.keep(&self.plan.checkpoint_name(self.lease.claim.number), checkpoint)
    }

    pub fn settings(&self, repetition: usize) -> Result<Settings, String> {
        let seed = (self.seed + repetition as u64) & u64::from(u32::MAX);
        self.plan.settings(self.params, seed).map_err(|error| error.to_string())
    }
}

/// How all repetitions together ended.
enum Outcome {
    Complete(String),
    Diverged(Ended),
    Failed(String),
    Broken(RunError),
    Halted(Halt),
}

/// What keeps a repetition from being trained.
enum Fault {
    /// In the trial: it fails wherever it is trained.
    Trial(String),
    /// Here: a file that it starts from cannot be read.
    Place(RunError),
    /// In the checkpoint: it is of another training.
    Checkpoint,
}

impl From<RunError> for Fault {
    fn from(error: RunError) -> Fault {
        match error {
            RunError::Model { .. } => Fault::Trial(error.to_string()),
            other => Fault::Place(other),
        }
    }
}

impl SearchPlan {
    /// What a trial's checkpoint is called in a folder.
    pub(super) fn checkpoint_name(&self, number: usize) -> String {
        format!("{}-trial-{number}.checkpoint", slug(&self.name))
    }
}

impl Trialling<'_> {
    fn repetitions(&mut self, meter: &mut Meter<'_>) -> Outcome {
        let mut hash = String::new();
        while self.progress.finals.len() < self.work.plan.seeds {
            let repetition = self.progress.finals.len();
            let settings = match self.work.settings(repetition) {
                Ok(settings) => settings,
                Err(why) => return Outcome::Failed(why),
            };
            match self.repetition(settings, meter) {
                Ok(Repetition::Through(values, sha256)) => {
                    if let Some(halt) = self.end_of_repetition(values) {
                        return Outcome::Halted(halt);
                    }
                    hash = sha256;
                }
                Ok(Repetition::Diverged(why)) => return Outcome::Diverged(why),
                Ok(Repetition::Halted(halt)) => return Outcome::Halted(halt),
                Err(Fault::Trial(why)) => return Outcome::Failed(why),
                Err(Fault::Place(error)) => return Outcome::Broken(error),
                Err(Fault::Checkpoint) => (self.progress, self.state) = Default::default(),
            }
        }
        Outcome::Complete(hash)
    }

    /// Trains one seed.
    fn repetition(&mut self, settings: Settings, meter: &mut Meter<'_>) -> Result<Repetition, Fault> {
        let context = self.work.context;
        let (data, split) = (context.data, context.split);
        let run = RunPlan {
            name: self.work.plan.name.clone(),
            position: 0,
            note: None,
            published: None,
            chosen_by: None,
            settings,
        };
        let image = engine::image_shape(data);
        let mut model = engine::starting_model(&run, image, context.read)?;
        self.parameters = Some(parameters(&model));
        let train = engine::examples(data, &data.train, &split.train);
        let validation = engine::examples(data, &data.train, &split.validation);
        let validation = (!split.validation.is_empty()).then_some(&validation);
        let config = engine::fit_config(&run.settings, data.class_names.len());
        let state = self.state.clone();
        let threads = self.work.threads;
        let mut observer = |event: FitEvent<'_>| self.observe(event, run.settings.epochs, meter);
        let outcome = match &state {
            Some(state) => {
                toile_nn::fit_from(&mut model, &train, validation, &config, threads, state, &mut observer)
                    .map_err(|_| Fault::Checkpoint)?
            }
            None => toile_nn::fit(&mut model, &train, validation, &config, threads, &mut observer),
        };
        Ok(match (outcome.end, self.halt) {
            (_, Some(halt)) => Repetition::Halted(halt),
            (FitEnd::Interrupted, None) => Repetition::Halted(Halt::Suspended),
            (FitEnd::NonFinite { epoch, batch }, None) => {
                Repetition::Diverged(Ended::Diverged { epoch, batch })
            }
            (FitEnd::Finished | FitEnd::Stopped { .. }, None) => {
                let values = self.values(&model, outcome.restored_epoch);
                match values.iter().all(|value| value.is_finite()) {
                    true => Repetition::Through(values, context.weights_sha256(&model)),
                    false => Repetition::Diverged(Ended::Undefined),
                }
            }
        })
    }

    fn observe(&mut self, event: FitEvent<'_>, epochs: usize, meter: &mut Meter<'_>) -> Flow {
        let work = self.work;
        match event {
            FitEvent::EpochBegin { .. } => meter.epoch_begins(),
            FitEvent::Step { .. } => meter.uses(self.cores()),
            FitEvent::TrainingEnd { .. } => meter.training_ends(),
            FitEvent::EpochEnd(row, snapshot) => {
                self.epoch_ends(row, epochs, meter.epoch_seconds());
                self.state = Some(snapshot.take());
                self.save_now_and_then();
            }
        }
        if self.halt.is_none() && work.lease.is_lost() {
            self.halt = Some(Halt::Lost);
        } else if self.halt.is_none() && work.stop.is_set() {
            self.halt = Some(Halt::Suspended);
        }
        if self.halt.is_some() { Flow::Stop } else { Flow::Continue }
    }

    fn cores(&self) -> Cores {
        match (self.work.threads.load(Ordering::Relaxed), self.work.alone) {
            (1, _) => Cores::One,
            (_, true) => Cores::All,
            (_, false) => Cores::Some,
        }
    }

    /// Records an epoch, and asks the pruner, unless nothing is left to be saved.
    fn epoch_ends(&mut self, row: &Epoch, epochs: usize, seconds: f64) {
        let plan = self.work.plan;
        let epoch = Epoch { seconds, ..row.finite() };
        self.progress.epochs.push(epoch);
        let step = (self.progress.finals.len() * epochs + row.epoch) as i64;
        let metric = plan.objectives[0].metric;
        let compared = plan.objectives.len() == 1 && !per_seed(&plan.pruner) && metric.is_per_epoch();
        let number = self.work.lease.claim.number;
        let last = row.epoch == epochs && self.progress.finals.len() + 1 == plan.seeds;
        let value = compared.then(|| metric.of(&epoch).unwrap_or(f64::NAN));
        self.tell(step, value, Some(epoch), last);
        (self.work.context.events)(SearchEvent::TrialEpoch {
            search: plan.position,
            number,
            step,
            steps: epochs * plan.seeds,
            epoch: &epoch,
        });
    }

    /// The end of a repetition is what Wilcoxon's test compares.
    fn end_of_repetition(&mut self, values: Vec<f64>) -> Option<Halt> {
        self.state = None;
        let plan = self.work.plan;
        let value = values[0];
        self.progress.finals.push(values);
        if per_seed(&plan.pruner) {
            let step = self.progress.finals.len();
            self.tell(step as i64, Some(value), None, step == plan.seeds);
        }
        self.halt
    }

    /// Reports a step and lets the pruner decide.
    fn tell(&mut self, step: i64, value: Option<f64>, epoch: Option<Epoch>, is_last: bool) {
        let plan = self.work.plan;
        let mut report = Report { step, value, epoch, rungs: Vec::new(), checkpoint: None };
        if let Some(value) = value {
            self.progress.reported.push((step, Some(value).filter(|value| value.is_finite())));
            if !is_last {
                let trial = self.as_trial();
                let verdict = plan.pruner.decide(&Look {
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
        Trial {
            number: self.work.lease.claim.number,
            state: State::Running,
            params: self.work.params.clone(),
            values: Vec::new(),
            intermediate: self
                .progress
                .reported
                .iter()
                .map(|&(step, value)| (step, value.unwrap_or(f64::NAN)))
                .collect(),
            rungs: self.progress.rungs.clone(),
            constraints: Vec::new(),
        }
    }

    /// What a worker that takes over may go on from: not after every epoch, where epochs are short.
    fn save_now_and_then(&mut self) {
        let now = self.work.context.clock.elapsed();
        if now.saturating_sub(self.saved) < self.work.context.checkpoint_every || self.halt.is_some() {
            return;
        }
        self.saved = now;
        let checkpoint = Some(self.work.keep(&self.checkpoint()));
        let step = self.progress.epochs.len() as i64;
        self.work.lease.report(Report { step, value: None, epoch: None, rungs: Vec::new(), checkpoint });
    }

    fn checkpoint(&self) -> Vec<u8> {
        checkpoint::to_bytes(&self.progress, self.state.as_ref())
    }
}

/// Whether the pruner compares seeds, not epochs.
fn per_seed(pruner: &Pruner) -> bool {
    match pruner {
        Pruner::Wilcoxon(_) => true,
        Pruner::Patient(patient) => patient.pruner.as_deref().is_some_and(per_seed),
        _ => false,
    }
}
