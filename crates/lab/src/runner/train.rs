//! One run, from its first step to its saved weights.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use toile_nn::Snapshot;
use toile_record::{End, Epoch, Event, Part, RunRecord, State};
use toile_store::sha256_hex;

use super::meter::{Meter, sum_of_times};
use super::session::{QueuedRun, RunSession};
use super::writer::{HeldRun, News, Order};
use super::{RunError, engine};
use crate::checkpoint::{self, CheckpointFolder, Standing, TrainingProgress, place_tag};
use crate::evidence;
use crate::lease::{Leases, MOST_DEATHS, deadly};
use crate::memory::{TrainingKind, memory_of};
use crate::training::{SingleTraining, Sink, Trained, TrainingFault};

/// What the training threads of a session share.
#[derive(Clone)]
pub(super) struct Trainer<'a> {
    pub session: &'a RunSession<'a>,
    pub leases: &'a Leases<'a>,
    pub writer: SyncSender<Order>,
}

/// How a run left its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Complete or failed: handed to the writer either way.
    Ended,
    /// Another worker has it, or has ended it.
    Elsewhere,
    /// Stopped before its end: it waits again.
    Suspended,
}

/// One run's moving parts.
struct RunJob<'a> {
    held: Arc<HeldRun>,
    threads: &'a AtomicUsize,
    trainer: &'a Trainer<'a>,
    record: RunRecord,
    /// The file of its weights, once it is complete.
    weights: Option<Vec<u8>>,
    standing: Standing,
    /// Wall and processor seconds of earlier attempts, of which this one is the continuation.
    before: (f64, Option<f64>),
    began: Duration,
    /// When the last checkpoint was made.
    saved: Duration,
}

impl Trainer<'_> {
    /// Waits only if the writer is far behind.
    fn write(&self, held: &Arc<HeldRun>, news: News) {
        if self.writer.send(Order { held: held.clone(), news }).is_err() {
            // The writer lives as long as this sender, unless it broke: training on would be for nothing.
            self.session.stop.breaks();
        }
    }

    /// Trains a run, and hands what came of it to the writer.
    pub(super) fn train(&self, run: &Arc<QueuedRun>, threads: &AtomicUsize) -> Result<Turn, RunError> {
        let session = self.session;
        let study = session.study();
        let worker = &session.options.worker;
        let claim = || session.store.claim_run(&study.name, &run.record.id, worker, run.again);
        let Some(claim) = self.leases.patiently(claim)? else { return Ok(Turn::Elsewhere) };
        let (attempt, lost, is_deadly) = (claim.attempt, claim.fruitless > 0, claim.fruitless >= MOST_DEATHS);
        let held = Arc::new(HeldRun { run: run.clone(), lease: self.leases.hold(claim) });
        let mut job = self.job(&held, threads);
        self.write(&held, News::Begin(Box::new(job.record.clone())));
        (session.events)(Event::TrainingStarted { training: run.key(), attempt, lost, params: Vec::new() });
        if is_deadly {
            fail(&mut job.record, deadly());
            self.write(&held, News::Finish(Box::new(job.record), None));
            return Ok(Turn::Ended);
        }
        let (image, n_train) = (engine::image_shape(session.data), session.split.train.len());
        let bytes = memory_of(&run.plan, image, n_train, session.options.threads, TrainingKind::Run)?;
        let _share = match session.memory.take(bytes) {
            Ok(share) => share,
            Err(end) => {
                fail(&mut job.record, end);
                self.write(&held, News::Finish(Box::new(job.record), None));
                return Ok(Turn::Ended);
            }
        };
        let mut meter = Meter::new(session.options.clock);
        // A fault of our own in one run must not cost the others.
        let computed = catch_unwind(AssertUnwindSafe(|| self.compute(&mut job, &mut meter)));
        job.add_time(meter);
        match computed {
            Ok(Ok(_)) if held.lease.is_lost() => {
                self.write(&held, News::Lost);
                return Ok(Turn::Elsewhere);
            }
            Ok(Ok(true)) => {}
            Ok(stopped) => {
                let checkpoint = job.checkpoint();
                self.write(&held, News::PutBack(checkpoint));
                return stopped.map(|_| Turn::Suspended);
            }
            Err(panic) => fail(&mut job.record, End::Broke { panic: words(&*panic) }),
        }
        CheckpointFolder(session.options.checkpoints).remove(&self.checkpoint_name(&run.record));
        self.write(&held, News::Finish(Box::new(job.record), job.weights));
        Ok(Turn::Ended)
    }

    /// A run as it begins: where its last checkpoint left it, or at its start.
    fn job<'a>(&'a self, held: &Arc<HeldRun>, threads: &'a AtomicUsize) -> RunJob<'a> {
        let options = self.session.options;
        let kept = held.lease.take_checkpoint();
        let owner = self.owner(&held.run.record);
        let resumed =
            kept.as_ref().and_then(|kept| CheckpointFolder(options.checkpoints).resume(kept, &owner));
        if kept.is_some() && resumed.is_none() {
            (self.session.events)(Event::CheckpointRefused { training: held.run.key() });
        }
        drop(kept);
        let (progress, state) = resumed.unwrap_or_default();
        let waiting = held.run.record.clone();
        let mut record =
            RunRecord { state: State::Running, epochs: progress.epochs, layers: progress.layers, ..waiting };
        record.provenance.started = options.clock.timestamp();
        let now = options.clock.elapsed();
        RunJob {
            held: held.clone(),
            threads,
            trainer: self,
            record,
            weights: None,
            standing: state.into(),
            before: (progress.wall_seconds, progress.cpu_seconds),
            began: now,
            saved: now,
        }
    }

    /// Whether it has come to its end, and was not stopped. The test part stays sealed.
    fn compute(&self, job: &mut RunJob<'_>, meter: &mut Meter<'_>) -> Result<bool, RunError> {
        match job.fit(meter)? {
            Trained::Stopped => return Ok(false),
            Trained::Diverged(end) => fail(&mut job.record, end),
            Trained::Through { model, end, restored_epoch } => {
                job.standing = Standing::Beginning;
                (job.record.end, job.record.restored_epoch) = (Some(end), restored_epoch);
                let settings = &job.held.run.plan.settings;
                job.record.validation =
                    evidence::judge(self.session, Part::Validation, &model, settings, job.threads);
                let weights = engine::weights_file(&model, self.session.data.procedural);
                job.record.weights_sha256 = Some(sha256_hex(&weights));
                job.record.state = State::Complete;
                job.weights = Some(weights);
            }
        }
        Ok(true)
    }

    /// Whose checkpoints these are: the id is a hash of the settings, the seed and the data.
    fn owner(&self, run: &RunRecord) -> String {
        format!("study {} run {} seed {}", self.session.study().name, run.id, run.seed)
    }

    /// What a run's checkpoint is called in a folder, which studies may share.
    fn checkpoint_name(&self, run: &RunRecord) -> String {
        format!("run-{}-{}.checkpoint", run.id, place_tag(&self.session.store.place()))
    }
}

impl RunJob<'_> {
    fn fit(&mut self, meter: &mut Meter<'_>) -> Result<Trained, RunError> {
        let (held, session) = (self.held.clone(), self.trainer.session);
        loop {
            let state = self.standing.take();
            let training = SingleTraining {
                run: &held.run.plan,
                data: session.data,
                split: session.split,
                read: session.options.read,
                threads: self.threads,
            };
            match training.train(state, meter, self) {
                Ok(trained) => return Ok(trained),
                Err(TrainingFault::Model(error) | TrainingFault::Place(error)) => return Err(*error),
                // The checkpoint is of another training: this one begins at its start, and ends the same.
                Err(TrainingFault::State) => {
                    (session.events)(Event::CheckpointRefused { training: held.run.key() });
                    (self.standing, self.before) = (Standing::Beginning, (0.0, None));
                    self.record.epochs.clear();
                    self.record.layers.clear();
                }
            }
        }
    }

    fn add_time(&mut self, meter: Meter<'_>) {
        let provenance = &mut self.record.provenance;
        (provenance.wall_seconds, provenance.cpu_seconds) = sum_of_times(self.before, meter.end());
    }

    /// What the store is to keep; nothing where it has that already.
    fn checkpoint(&mut self) -> Option<Vec<u8>> {
        let state = self.standing.take()?;
        let progress = TrainingProgress {
            epochs: self.record.epochs.clone(),
            layers: self.record.layers.clone(),
            wall_seconds: self.record.provenance.wall_seconds,
            cpu_seconds: self.record.provenance.cpu_seconds,
            owner: Some(self.trainer.owner(&self.record)),
            ..TrainingProgress::default()
        };
        let bytes = checkpoint::to_bytes(&progress, Some(state));
        let folder = CheckpointFolder(self.trainer.session.options.checkpoints);
        Some(folder.keep(&self.trainer.checkpoint_name(&self.record), bytes))
    }

    /// Hands a checkpoint to the writer: not after every epoch, where epochs are short.
    fn save_now_and_then(&mut self) {
        let options = self.trainer.session.options;
        let now = options.clock.elapsed();
        if now.saturating_sub(self.saved) < options.checkpoint_every {
            return;
        }
        self.saved = now;
        // Processor time is known only when the meter ends.
        let wall_seconds = self.before.0 + (now - self.began).as_secs_f64();
        (self.record.provenance.wall_seconds, self.record.provenance.cpu_seconds) = (wall_seconds, None);
        if let Some(checkpoint) = self.checkpoint() {
            self.trainer.write(&self.held, News::Checkpoint(checkpoint));
        }
    }
}

impl Sink for RunJob<'_> {
    fn kind(&self) -> TrainingKind {
        TrainingKind::Run
    }

    fn is_alone(&self) -> bool {
        self.trainer.session.queue.n_active() == 1
    }

    fn step(&mut self, epoch: usize, batch: usize, n_batches: usize) {
        let training = self.held.run.key();
        (self.trainer.session.events)(Event::Step { training, epoch, batch, n_batches });
    }

    fn epoch(&mut self, epoch: Epoch, snapshot: &Snapshot<'_>) {
        let (run, session) = (&self.held.run, self.trainer.session);
        self.trainer.write(&self.held, News::Epoch(epoch));
        self.record.epochs.push(epoch);
        self.record.layers.extend(snapshot.layers().cloned());
        let (step, steps) = (epoch.epoch, run.plan.settings.epochs);
        session.queue.advance(run.place, 1.0 - step as f64 / steps.max(1) as f64);
        (session.events)(Event::EpochEnded { training: run.key(), step, steps, epoch });
        // The one before goes first: of a large network there are no two states at once.
        self.standing = Standing::Beginning;
        self.standing = Standing::After(snapshot.take());
        self.save_now_and_then();
    }

    fn epochs(&self) -> &[Epoch] {
        &self.record.epochs
    }

    fn stops(&mut self) -> bool {
        self.trainer.session.stop.is_set() || self.held.lease.is_lost()
    }
}

fn fail(record: &mut RunRecord, end: End) {
    record.state = State::Failed;
    record.end = Some(end);
    record.validation = None;
    record.weights_sha256 = None;
}

/// The words of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason was given".into())
}
