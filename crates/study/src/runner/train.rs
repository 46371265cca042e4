//! One run, from its first step to its saved artifacts.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use toile_data::{DataSet, Split};
use toile_nn::{FitEnd, FitEvent, FitOutcome, Flow, Model};
use toile_record::{End as Ended, Epoch, PROCEDURAL_NOTICE, RunRecord, State, TestRecord};
use toile_store::{sha256_hex, weights_to_safetensors};

use super::board::Board;
use super::meter::{Cores, Meter};
use super::writer::{Artifacts, Order};
use super::{Event, RunError, RunOptions, engine};
use crate::{Plan, RunPlan};

/// What all runs of a study share. The data are lent to every run; none has a copy of them.
#[derive(Clone)]
pub(super) struct Trainer<'a> {
    pub plan: &'a Plan,
    pub data: &'a DataSet,
    pub split: &'a Split,
    pub options: &'a RunOptions<'a>,
    pub events: &'a (dyn Fn(Event<'_>) + Sync),
    pub board: &'a Board,
    pub writer: SyncSender<Order>,
    pub abort: &'a AtomicBool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Complete or failed: handed to the writer either way.
    Finished,
    /// Stopped before its end: it waits again.
    Suspended,
}

/// How a training ended.
enum Trained {
    /// Through all its epochs, or early because a callback said so.
    Through(Box<Model>),
    /// The loss is no longer a number.
    Diverged(Ended),
    /// The user or another run's error stopped it.
    Stopped,
}

/// One run's moving parts.
struct Job<'a> {
    run: usize,
    plan: &'a RunPlan,
    threads: &'a AtomicUsize,
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
    pub fn train(&self, run: usize, waiting: &RunRecord, threads: &AtomicUsize) -> Result<End, RunError> {
        let job = Job { run, plan: &self.plan.runs[run], threads };
        let mut record = RunRecord { state: State::Running, ..waiting.clone() };
        record.provenance.started = self.options.clock.timestamp();
        self.write(Order::Begin { run, record: Box::new(record.clone()) });
        (self.events)(Event::RunStarted { run });
        let mut meter = Meter::new(self.options.clock);
        // A fault of our own in one run must not cost the others.
        let computed = catch_unwind(AssertUnwindSafe(|| self.compute(&job, &mut record, &mut meter)));
        let artifacts = match computed {
            Ok(Ok(Some(artifacts))) => artifacts,
            Ok(stopped) => {
                self.write(Order::Suspend { run });
                return stopped.map(|_| End::Suspended);
            }
            Err(panic) => {
                fail(&mut record, Ended::Broke { panic: words(&*panic) });
                Artifacts::default()
            }
        };
        (record.provenance.wall_seconds, record.provenance.cpu_seconds) = meter.end();
        self.write(Order::Finish { run, record: Box::new(record), artifacts });
        Ok(End::Finished)
    }

    /// What is to be kept beside the record; nothing if the run was stopped.
    fn compute(
        &self,
        job: &Job<'_>,
        record: &mut RunRecord,
        meter: &mut Meter<'_>,
    ) -> Result<Option<Artifacts>, RunError> {
        let mut artifacts = Artifacts::default();
        match self.fit(job, record, meter)? {
            Trained::Stopped => return Ok(None),
            Trained::Diverged(end) => fail(record, end),
            Trained::Through(model) => {
                artifacts.wrong = self.test(&model, job, record);
                let weights = self.weights(&model);
                record.weights_sha256 = Some(sha256_hex(&weights));
                artifacts.weights = Some(weights);
                record.state = State::Complete;
            }
        }
        Ok(Some(artifacts))
    }

    fn fit(&self, job: &Job<'_>, record: &mut RunRecord, meter: &mut Meter<'_>) -> Result<Trained, RunError> {
        let image = engine::image_shape(self.data);
        let mut model = engine::starting_model(job.plan, image, self.options.read)?;
        let train = engine::examples(self.data, &self.data.train, &self.split.train);
        let validation = engine::examples(self.data, &self.data.train, &self.split.validation);
        let validation = (!self.split.validation.is_empty()).then_some(&validation);
        let config = engine::fit_config(&job.plan.settings, self.data.class_names.len());
        let mut observer = |event: FitEvent<'_>| self.observe(job, record, meter, event);
        let outcome = toile_nn::fit(&mut model, &train, validation, &config, job.threads, &mut observer);
        Ok(judge(outcome, model, record))
    }

    fn observe(
        &self,
        job: &Job<'_>,
        record: &mut RunRecord,
        meter: &mut Meter<'_>,
        event: FitEvent<'_>,
    ) -> Flow {
        let run = job.run;
        match event {
            FitEvent::EpochBegin { .. } => meter.epoch_begins(),
            FitEvent::Step { epoch, batch, n_batches } => {
                meter.uses(self.cores(job));
                (self.events)(Event::Step { run, epoch, batch, n_batches });
            }
            FitEvent::TrainingEnd { .. } => meter.training_ends(),
            FitEvent::EpochEnd(epoch, _) => {
                let epoch = Epoch { seconds: meter.epoch_seconds(), ..epoch.finite() };
                self.write(Order::Epoch { run, epoch });
                record.epochs.push(epoch);
                self.board.advance(run, 1.0 - epoch.epoch as f64 / job.plan.settings.epochs as f64);
                (self.events)(Event::EpochEnded { run, epoch: &epoch });
            }
        }
        if self.stopping() { Flow::Stop } else { Flow::Continue }
    }

    fn cores(&self, job: &Job<'_>) -> Cores {
        if job.threads.load(Ordering::Relaxed) == 1 {
            return Cores::One;
        }
        if self.board.n_active() == 1 { Cores::All } else { Cores::Some }
    }

    /// Opens the test set: once, after training. Gives the images that the model got wrong.
    fn test(&self, model: &Model, job: &Job<'_>, record: &mut RunRecord) -> Vec<usize> {
        let indices: Vec<u32> = (0..self.data.test.len() as u32).collect();
        let examples = engine::examples(self.data, &self.data.test, &indices);
        let evaluation = toile_nn::evaluate(model, &examples, job.plan.settings.label_smoothing, job.threads);
        let is_wrong = |&i: &usize| evaluation.predictions[i] != self.data.test.labels[i];
        let wrong = (0..self.data.test.len()).filter(is_wrong).collect();
        record.test = Some(TestRecord {
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

/// What the end of a training means for its run.
fn judge(outcome: FitOutcome, model: Model, record: &mut RunRecord) -> Trained {
    let end = match outcome.end {
        FitEnd::Interrupted => return Trained::Stopped,
        FitEnd::NonFinite { epoch, batch } => return Trained::Diverged(Ended::Diverged { epoch, batch }),
        FitEnd::Finished => Ended::Finished,
        FitEnd::Stopped { by, epoch } => Ended::Stopped { by: by.into(), epoch },
    };
    record.end = Some(end);
    record.restored_epoch = outcome.restored_epoch;
    Trained::Through(Box::new(model))
}

fn fail(record: &mut RunRecord, end: Ended) {
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
