//! One run, from its first step to its saved artifacts.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use toile_data::{DataSet, Split};
use toile_nn::{Evaluation, FitEnd, FitEvent, FitOutcome, Flow, Model};
use toile_store::{
    ImageRecord, PROCEDURAL_NOTICE, RunRecord, RunState, Store, StudyRecord, TestRecord, create_folder,
    sha256_hex, weights_to_safetensors, write_atomic,
};

use super::board::Board;
use super::meter::{Cores, Meter};
use super::prepare::BROKE;
use super::{Event, RunError, RunOptions, engine};
use crate::{Plan, RunPlan};

/// What all runs of a study share.
pub(super) struct Trainer<'a> {
    pub plan: &'a Plan,
    pub data: &'a DataSet,
    pub split: &'a Split,
    pub study: &'a StudyRecord,
    pub store: &'a Store,
    pub options: &'a RunOptions<'a>,
    pub events: &'a (dyn Fn(Event<'_>) + Sync),
    pub board: &'a Board,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Complete or failed: recorded either way.
    Finished,
    /// Stopped before its end: it waits again.
    Suspended,
}

/// How a training ended.
enum Trained {
    /// Through all its epochs, or early because a callback said so.
    Through(Box<Model>),
    /// The loss is no longer a number.
    Diverged(String),
    /// The user or another run's error stopped it.
    Stopped,
}

/// One run's moving parts.
struct Job<'a> {
    run: usize,
    plan: &'a RunPlan,
    threads: &'a AtomicUsize,
    abort: &'a AtomicBool,
}

impl Trainer<'_> {
    /// Whether no further run should start, and no further batch.
    pub fn stopping(&self, abort: &AtomicBool) -> bool {
        self.options.stop.load(Ordering::Relaxed) || abort.load(Ordering::Relaxed)
    }

    /// Trains, tests and saves the run at this place of the plan.
    pub fn train(
        &self,
        run: usize,
        waiting: &RunRecord,
        threads: &AtomicUsize,
        abort: &AtomicBool,
    ) -> Result<End, RunError> {
        let job = Job { run, plan: &self.plan.runs[run], threads, abort };
        let mut record = RunRecord { state: RunState::Running, ..waiting.clone() };
        record.provenance.started = self.options.clock.timestamp();
        self.store.begin_run(&record)?;
        (self.events)(Event::RunStarted { run });
        let mut meter = Meter::new(self.options.clock);
        // A fault of our own in one run must not cost the others.
        let trained = catch_unwind(AssertUnwindSafe(|| self.compute(&job, &mut record, &mut meter)));
        match trained {
            Ok(result) => {
                if result? == End::Suspended {
                    return self.suspend(&job, &record);
                }
            }
            Err(panic) => fail(&mut record, format!("{BROKE}{}", words(&*panic))),
        }
        (record.provenance.wall_seconds, record.provenance.cpu_seconds) = meter.end();
        self.save_history(&record)?;
        self.store.finish_run(&record)?;
        (self.events)(Event::RunEnded { run, record: &record });
        Ok(End::Finished)
    }

    fn compute(&self, job: &Job<'_>, record: &mut RunRecord, meter: &mut Meter<'_>) -> Result<End, RunError> {
        match self.fit(job, record, meter)? {
            Trained::Stopped => return Ok(End::Suspended),
            Trained::Diverged(reason) => fail(record, reason),
            Trained::Through(model) => {
                self.test(&model, job, record)?;
                self.save_weights(&model, record)?;
                record.state = RunState::Complete;
            }
        }
        Ok(End::Finished)
    }

    fn fit(&self, job: &Job<'_>, record: &mut RunRecord, meter: &mut Meter<'_>) -> Result<Trained, RunError> {
        let image = engine::image_shape(self.data);
        let mut model = engine::starting_model(job.plan, image, self.options.read)?;
        let train = engine::examples(self.data, &self.data.train, &self.split.train);
        let validation = engine::examples(self.data, &self.data.train, &self.split.validation);
        let validation = (!self.split.validation.is_empty()).then_some(&validation);
        let config = engine::fit_config(&job.plan.settings, self.data.class_names.len());
        let mut error = None;
        let mut observer = |event: FitEvent<'_>| match self.observe(job, record, meter, event) {
            Ok(flow) => flow,
            Err(e) => {
                error = Some(e);
                Flow::Stop
            }
        };
        let outcome = toile_nn::fit(&mut model, &train, validation, &config, job.threads, &mut observer);
        match error {
            Some(error) => Err(error),
            None => Ok(judge(outcome, model, job, record)),
        }
    }

    fn observe(
        &self,
        job: &Job<'_>,
        record: &mut RunRecord,
        meter: &mut Meter<'_>,
        event: FitEvent<'_>,
    ) -> Result<Flow, RunError> {
        let run = job.run;
        match event {
            FitEvent::EpochBegin { .. } => meter.epoch_begins(),
            FitEvent::Step { epoch, batch, n_batches } => {
                meter.uses(self.cores(job));
                (self.events)(Event::Step { run, epoch, batch, n_batches });
            }
            FitEvent::TrainingEnd { .. } => meter.training_ends(),
            FitEvent::EpochEnd(row) => {
                let epoch = engine::epoch_record(row, meter.epoch_seconds());
                self.store.save_epoch(&record.id, &epoch)?;
                record.epochs.push(epoch);
                self.board.advance(run, 1.0 - epoch.epoch as f64 / job.plan.settings.epochs as f64);
                (self.events)(Event::EpochEnded { run, epoch: &epoch });
            }
        }
        Ok(if self.stopping(job.abort) { Flow::Stop } else { Flow::Continue })
    }

    fn cores(&self, job: &Job<'_>) -> Cores {
        if job.threads.load(Ordering::Relaxed) == 1 {
            return Cores::One;
        }
        if self.board.n_active() == 1 { Cores::All } else { Cores::Some }
    }

    /// Opens the test set: once, after training.
    fn test(&self, model: &Model, job: &Job<'_>, record: &mut RunRecord) -> Result<(), RunError> {
        let indices: Vec<u32> = (0..self.data.test.len() as u32).collect();
        let examples = engine::examples(self.data, &self.data.test, &indices);
        let evaluation = toile_nn::evaluate(model, &examples, job.plan.settings.label_smoothing, job.threads);
        self.store.save_images(&self.misclassified(&evaluation))?;
        record.test = Some(TestRecord {
            loss: evaluation.loss.is_finite().then_some(evaluation.loss),
            accuracy: evaluation.accuracy,
            predictions: evaluation.predictions,
            confidences: evaluation.confidences,
        });
        Ok(())
    }

    fn misclassified(&self, evaluation: &Evaluation) -> Vec<ImageRecord> {
        let (test, image_len) = (&self.data.test, self.data.image_len());
        let wrong = (0..test.len()).filter(|&i| evaluation.predictions[i] != test.labels[i]);
        wrong.map(|index| ImageRecord { index, pixels: test.image(index, image_len).to_vec() }).collect()
    }

    fn save_weights(&self, model: &Model, record: &mut RunRecord) -> Result<(), RunError> {
        let tensors = model.weights();
        let named: Vec<_> =
            tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
        let notice = self.data.procedural.then_some(PROCEDURAL_NOTICE);
        let bytes = weights_to_safetensors(&named, notice);
        let folder = self.options.dir.join(&record.folder);
        create_folder(&folder)?;
        write_atomic(&folder.join("weights.safetensors"), &bytes)?;
        record.weights_sha256 = Some(sha256_hex(&bytes));
        Ok(())
    }

    fn save_history(&self, record: &RunRecord) -> Result<(), RunError> {
        let folder = self.options.dir.join(&record.folder);
        create_folder(&folder)?;
        let history = (self.options.history)(self.study, record);
        Ok(write_atomic(&folder.join("history.csv"), history.as_bytes())?)
    }

    fn suspend(&self, job: &Job<'_>, record: &RunRecord) -> Result<End, RunError> {
        self.store.suspend_run(&record.id)?;
        (self.events)(Event::RunSuspended { run: job.run });
        Ok(End::Suspended)
    }
}

/// What the end of a training means for its run.
fn judge(outcome: FitOutcome, model: Model, job: &Job<'_>, record: &mut RunRecord) -> Trained {
    let planned = job.plan.settings.epochs;
    match outcome.end {
        FitEnd::Interrupted => return Trained::Stopped,
        FitEnd::NonFinite { epoch, batch } => {
            let why = format!("the loss was no longer a finite number in epoch {epoch}, batch {batch}");
            return Trained::Diverged(why);
        }
        FitEnd::Finished => {}
        FitEnd::Stopped { epoch } => {
            record.failure = Some(format!("a callback stopped it after epoch {epoch} of {planned}"));
        }
    }
    let restored = outcome.restored_epoch.filter(|epoch| *epoch != record.epochs.len());
    let restored = restored.map(|epoch| format!("its weights are those of epoch {epoch}"));
    record.failure = match (record.failure.take(), restored) {
        (Some(why), Some(restored)) => Some(format!("{why}; {restored}")),
        (why, restored) => why.or(restored),
    };
    Trained::Through(Box::new(model))
}

fn fail(record: &mut RunRecord, reason: String) {
    record.state = RunState::Failed;
    record.failure = Some(reason);
    record.test = None;
    record.weights_sha256 = None;
}

/// The words of a panic.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason was given".into())
}
