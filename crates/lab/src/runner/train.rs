//! One run, from its first step to its saved artifacts.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use toile_data::{DataSet, Split};
use toile_nn::{Model, Snapshot, TrainingState};
use toile_record::{End, Epoch, Event, PROCEDURAL_NOTICE, RunRecord, State, TestRecord, TrainingKey};
use toile_store::{Store, sha256_hex, weights_to_safetensors};

use super::meter::Meter;
use super::queue::Queue;
use super::writer::{Artifacts, Order};
use super::{RunError, RunOptions, engine};
use crate::checkpoint::{self, TrainingProgress};
use crate::training::{SingleTraining, Sink, Trained, TrainingFault};
use toile_study::{Plan, RunPlan};

/// What all runs of a study share. The data are lent to every run; none has a copy of them.
#[derive(Clone)]
pub(super) struct Trainer<'a> {
    pub plan: &'a Plan,
    pub data: &'a DataSet,
    pub split: &'a Split,
    pub options: &'a RunOptions<'a>,
    pub events: &'a (dyn Fn(Event) + Sync),
    pub queue: &'a Queue,
    pub writer: SyncSender<Order>,
    pub abort: &'a AtomicBool,
    pub store: &'a Store,
}

/// How a run left its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Complete or failed: handed to the writer either way.
    Finished,
    /// Stopped before its end: it waits again.
    Suspended,
}

/// One run's moving parts.
struct RunJob<'a> {
    run: usize,
    plan: &'a RunPlan,
    threads: &'a AtomicUsize,
    trainer: &'a Trainer<'a>,
    record: RunRecord,
    /// The training as it was at the end of the last epoch.
    state: Option<TrainingState>,
    /// Wall and processor seconds of earlier attempts, of which this one is the continuation.
    before: (f64, Option<f64>),
    began: Duration,
    /// When the last checkpoint was made.
    saved: Duration,
}

impl Trainer<'_> {
    /// Whether no further run should start, and no further batch.
    pub fn stopping(&self) -> bool {
        self.options.stop.load(Ordering::Relaxed) || self.abort.load(Ordering::Relaxed)
    }

    /// Waits only if the writer is far behind.
    fn write(&self, order: Order) {
        if self.writer.send(order).is_err() {
            // The writer lives as long as this sender, unless it broke: training on would be for nothing.
            self.abort.store(true, Ordering::Relaxed);
        }
    }

    /// Trains and tests the run at this place of the plan, and hands what came of it to the writer.
    pub fn train(&self, run: usize, waiting: &RunRecord, threads: &AtomicUsize) -> Result<Turn, RunError> {
        let mut job = self.job(run, waiting, threads)?;
        self.write(Order::Begin { run, record: Box::new(job.record.clone()) });
        let training = TrainingKey::Run(run);
        (self.events)(Event::TrainingStarted { training, attempt: 1, params: Vec::new() });
        let mut meter = Meter::new(self.options.clock);
        // A fault of our own in one run must not cost the others.
        let computed = catch_unwind(AssertUnwindSafe(|| self.compute(&mut job, &mut meter)));
        job.add_time(meter);
        let artifacts = match computed {
            Ok(Ok(Some(artifacts))) => artifacts,
            Ok(stopped) => {
                let checkpoint = job.state.is_some().then(|| job.checkpoint());
                self.write(Order::Suspend { run, checkpoint });
                return stopped.map(|_| Turn::Suspended);
            }
            Err(panic) => {
                fail(&mut job.record, End::Broke { panic: words(&*panic) });
                Artifacts::default()
            }
        };
        self.write(Order::Finish { run, record: Box::new(job.record), artifacts });
        Ok(Turn::Finished)
    }

    /// A run as it begins: where its last checkpoint left it, or at its start.
    fn job<'a>(
        &'a self,
        run: usize,
        waiting: &RunRecord,
        threads: &'a AtomicUsize,
    ) -> Result<RunJob<'a>, RunError> {
        let kept = self.store.checkpoint(&waiting.id)?;
        let (progress, state) = kept.and_then(|kept| checkpoint::from_bytes(&kept)).unwrap_or_default();
        let mut record = RunRecord { state: State::Running, epochs: progress.epochs, ..waiting.clone() };
        record.provenance.started = self.options.clock.timestamp();
        let now = self.options.clock.elapsed();
        Ok(RunJob {
            run,
            plan: &self.plan.runs[run],
            threads,
            trainer: self,
            record,
            state,
            before: (progress.wall_seconds, progress.cpu_seconds),
            began: now,
            saved: now,
        })
    }

    /// What is to be kept beside the record; nothing if the run was stopped.
    fn compute(&self, job: &mut RunJob<'_>, meter: &mut Meter<'_>) -> Result<Option<Artifacts>, RunError> {
        let mut artifacts = Artifacts::default();
        match job.fit(meter)? {
            Trained::Stopped => return Ok(None),
            Trained::Diverged(end) => fail(&mut job.record, end),
            Trained::Through { model, end, restored_epoch } => {
                (job.record.end, job.record.restored_epoch) = (Some(end), restored_epoch);
                artifacts.wrong = self.test(&model, job);
                let weights = self.weights(&model);
                job.record.weights_sha256 = Some(sha256_hex(&weights));
                artifacts.weights = Some(weights);
                job.record.state = State::Complete;
            }
        }
        Ok(Some(artifacts))
    }

    /// Opens the test set: once, after training. Gives the images that the model got wrong.
    fn test(&self, model: &Model, job: &mut RunJob<'_>) -> Vec<usize> {
        let indices: Vec<u32> = (0..self.data.test.len() as u32).collect();
        let examples = engine::examples(self.data, &self.data.test, &indices);
        let settings = &job.plan.settings;
        let evaluation =
            toile_nn::evaluate(model, &examples, &settings.loss, settings.label_smoothing, job.threads);
        let is_wrong = |&i: &usize| evaluation.predictions[i] != self.data.test.labels[i];
        let wrong = (0..self.data.test.len()).filter(is_wrong).collect();
        job.record.test = Some(TestRecord {
            loss: evaluation.loss.is_finite().then_some(evaluation.loss),
            accuracy: evaluation.accuracy,
            predictions: evaluation.predictions,
            confidences: evaluation.confidences,
        });
        wrong
    }

    fn weights(&self, model: &Model) -> Vec<u8> {
        let tensors = model.weights();
        let named: Vec<_> =
            tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
        weights_to_safetensors(&named, self.data.procedural.then_some(PROCEDURAL_NOTICE))
    }
}

impl RunJob<'_> {
    fn fit(&mut self, meter: &mut Meter<'_>) -> Result<Trained, RunError> {
        loop {
            let state = self.state.clone();
            let training = SingleTraining {
                run: self.plan,
                data: self.trainer.data,
                split: self.trainer.split,
                read: self.trainer.options.read,
                threads: self.threads,
                state: state.as_ref(),
            };
            match training.train(meter, self) {
                Ok(trained) => return Ok(trained),
                Err(TrainingFault::Model(error) | TrainingFault::Place(error)) => return Err(error),
                // The checkpoint is of another training: this one begins at its start, and ends the same.
                Err(TrainingFault::State) => {
                    (self.state, self.before) = (None, (0.0, None));
                    self.record.epochs.clear();
                }
            }
        }
    }

    fn add_time(&mut self, meter: Meter<'_>) {
        let (wall, cpu) = meter.end();
        let (wall_before, cpu_before) = self.before;
        let was_fresh = wall_before == 0.0;
        self.record.provenance.wall_seconds = wall_before + wall;
        self.record.provenance.cpu_seconds =
            if was_fresh { cpu } else { cpu_before.zip(cpu).map(|(before, cpu)| before + cpu) };
    }

    fn checkpoint(&self) -> Vec<u8> {
        let progress = TrainingProgress {
            epochs: self.record.epochs.clone(),
            wall_seconds: self.record.provenance.wall_seconds,
            cpu_seconds: self.record.provenance.cpu_seconds,
            ..TrainingProgress::default()
        };
        checkpoint::to_bytes(&progress, self.state.as_ref())
    }

    /// Hands a checkpoint to the writer: not after every epoch, where epochs are short.
    fn save_now_and_then(&mut self) {
        let options = self.trainer.options;
        let now = options.clock.elapsed();
        if now.saturating_sub(self.saved) < options.checkpoint_every {
            return;
        }
        self.saved = now;
        // Processor time is known only when the meter ends.
        let wall_seconds = self.before.0 + (now - self.began).as_secs_f64();
        (self.record.provenance.wall_seconds, self.record.provenance.cpu_seconds) = (wall_seconds, None);
        self.trainer.write(Order::Checkpoint { run: self.run, bytes: self.checkpoint() });
    }
}

impl Sink for RunJob<'_> {
    fn is_alone(&self) -> bool {
        self.trainer.queue.n_active() == 1
    }

    fn step(&mut self, epoch: usize, batch: usize, n_batches: usize) {
        let training = TrainingKey::Run(self.run);
        (self.trainer.events)(Event::Step { training, epoch, batch, n_batches });
    }

    fn epoch(&mut self, epoch: Epoch, snapshot: &Snapshot<'_>) {
        let (run, trainer) = (self.run, self.trainer);
        trainer.write(Order::Epoch { run, epoch });
        self.record.epochs.push(epoch);
        trainer.queue.advance(run, 1.0 - epoch.epoch as f64 / self.plan.settings.epochs as f64);
        let (step, steps) = (epoch.epoch, self.plan.settings.epochs);
        (trainer.events)(Event::EpochEnded { training: TrainingKey::Run(run), step, steps, epoch });
        self.state = Some(snapshot.take());
        self.save_now_and_then();
    }

    fn stops(&mut self) -> bool {
        self.trainer.stopping()
    }
}

fn fail(record: &mut RunRecord, end: End) {
    record.state = State::Failed;
    record.end = Some(end);
    record.test = None;
    record.weights_sha256 = None;
}

/// The words of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason was given".into())
}
