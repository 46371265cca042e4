//! The runner: takes a plan to its results, run by run, side by side, and can go on where it was stopped.

mod clock;
mod cost;
pub(crate) mod engine;
mod error;
mod folders;
mod meter;
mod prepare;
mod queue;
mod schedule;
mod speed;
mod train;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use toile_data::DataSet;
use toile_record::{Event, PlannedRun, RunRecord, State, StudyRecord};
use toile_store::Store;

use queue::Queue;
use toile_study::{Plan, RunPlan};
use train::{Trainer, Turn};
use writer::{Order, Writer};

pub use clock::{Clock, NoClock};
pub use cost::Cost;
pub use engine::{engine_parts, examples, fit_config, image_shape, model, summary};
pub use error::RunError;
pub use folders::slug;
pub(crate) use meter::{Cores, Meter};
pub use prepare::split;
pub use schedule::{Pace, longest_first, shares, study_seconds};
pub use speed::{Speed, measure};
pub(crate) use train::words;

/// What the program lends to the runner.
pub struct RunOptions<'a> {
    /// The study's folder, for artifacts; the store's folder as a rule.
    pub dir: &'a Path,
    /// Threads for all runs together.
    pub threads: usize,
    /// Train only the runs of these names; the others stay in the plan, and wait.
    pub only: Option<&'a [String]>,
    /// Set when the user wants to stop: each run ends after its current batch.
    pub stop: &'a AtomicBool,
    /// The machine's clocks.
    pub clock: &'a dyn Clock,
    /// How much training may be lost when the program is killed, beside the epoch under way.
    pub checkpoint_every: Duration,
    /// Reads a file beside the study file, by the name in the plan.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    /// The text of `history.csv`.
    pub history: &'a (dyn Fn(&StudyRecord, &RunRecord) -> String + Sync),
    /// Version of toile, for the record.
    pub toile_version: String,
    /// Instruction set of the kernels, for the record.
    pub instruction_set: String,
    /// Processor and operating system, for the record.
    pub machine: String,
}

impl RunOptions<'_> {
    fn wants(&self, run: &RunPlan) -> bool {
        self.only.is_none_or(|only| only.contains(&run.name))
    }
}

/// How the runs that were asked for stand after [`run`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Runs that were done before.
    pub already_done: usize,
    /// Runs that completed now.
    pub completed: usize,
    /// Runs that failed, now or before.
    pub failed: usize,
    /// Runs that still wait.
    pub waiting: usize,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

/// Runs what is still to be run of a plan.
///
/// Runs whose ids the store knows as done are left alone. The others train side by side as [`shares`] says; each epoch
/// is saved when it ends. A run that fails is recorded as failed and the others go on. When this returns, for whatever
/// reason, all that was finished is in the store, and the same call goes on with the rest.
///
/// # Errors
/// What concerns the whole study: models or weights that do not fit, a store or a folder that cannot be written.
pub fn run(
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    options: &RunOptions<'_>,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Outcome, RunError> {
    let split = split(plan, data)?;
    let records = prepare::run_records(plan, data, store, options)?;
    let study = prepare::study_record(plan, data, &split, options);
    store.save_study(&study)?;
    store.save_plan(&records)?;
    let to_do = to_do(plan, &records, store, options)?;
    // Weights that do not fit are told now, not when their run's turn comes.
    for run in
        to_do.iter().map(|&place| &plan.runs[place]).filter(|run| run.settings.initial_weights.is_some())
    {
        engine::starting_model(run, image_shape(data), options.read)?;
    }
    let n = [split.train.len(), split.validation.len(), data.test.len()];
    let work = |(run, record): (&RunPlan, &RunRecord)| Cost::of(&run.settings, &record.summary, n).work();
    let work: Vec<f64> = plan.runs.iter().zip(&records).map(work).collect();
    let planned = |(run, &work): (&RunPlan, &f64)| PlannedRun {
        name: run.name.clone(),
        position: run.position,
        seed: run.settings.seed,
        epochs: run.settings.epochs,
        work,
    };
    let runs = plan.runs.iter().zip(&work).map(planned).collect();
    events(Event::RunsStarted { runs, to_do: to_do.clone() });
    let queue = Queue::new(&to_do, work, options.threads);
    let abort = AtomicBool::new(false);
    let (orders, received) = writer::queue();
    let trainer = Trainer {
        plan,
        data,
        split: &split,
        options,
        events,
        queue: &queue,
        writer: orders,
        abort: &abort,
        store,
    };
    let kept = vec![false; data.test.len()];
    let (study, records, abort) = (&study, &records[..], &abort);
    let writer = Writer { data, plan, study, records, store, options, events, abort, kept, error: None };
    let worked = work_off(trainer, records, writer, &received);
    events(Event::RunsEnded);
    worked?;
    outcome(plan, &to_do, records, store, options)
}

/// Places in the plan of the runs that are asked for and not done.
fn to_do(
    plan: &Plan,
    records: &[RunRecord],
    store: &Store,
    options: &RunOptions<'_>,
) -> Result<Vec<usize>, RunError> {
    let mut to_do = Vec::new();
    for (place, (run, record)) in plan.runs.iter().zip(records).enumerate() {
        let done = store.run(&record.id)?.is_some_and(|run| prepare::is_done(&run));
        if options.wants(run) && !done {
            to_do.push(place);
        }
    }
    Ok(to_do)
}

/// As many runs side by side as the queue allows, or as the system gives threads for; this thread writes. The first
/// error that concerns the whole study stops the others.
fn work_off(
    trainer: Trainer<'_>,
    records: &[RunRecord],
    writer: Writer<'_>,
    orders: &Receiver<Order>,
) -> Result<(), RunError> {
    let first_error = Mutex::new(None);
    let first_error_of = |result: Result<(), RunError>| {
        let mut first = first_error.lock().unwrap_or_else(PoisonError::into_inner);
        result.unwrap_or_else(|error| _ = first.get_or_insert(error));
    };
    std::thread::scope(|scope| {
        for thread in 0..trainer.queue.width() {
            let trainer = trainer.clone();
            let work = || first_error_of(train_next(trainer, records));
            match Builder::new().spawn_scoped(scope, work) {
                Ok(_) => {}
                Err(error) if thread == 0 => return first_error_of(Err(RunError::Thread(error))),
                Err(_) => break,
            }
        }
        // The writer ends when the last training thread has given up its way to it.
        drop(trainer);
        first_error_of(writer.work(orders).map_err(RunError::from));
    });
    first_error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The life of a training thread: run after run, until none waits.
fn train_next(trainer: Trainer<'_>, records: &[RunRecord]) -> Result<(), RunError> {
    while !trainer.stopping() {
        let Some((run, threads)) = trainer.queue.take() else { break };
        let result = trainer.train(run, &records[run], &threads);
        trainer.queue.end(run);
        match result {
            Ok(Turn::Finished) => {}
            Ok(Turn::Suspended) => break,
            Err(error) => {
                trainer.abort.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    }
    Ok(())
}

fn outcome(
    plan: &Plan,
    to_do: &[usize],
    records: &[RunRecord],
    store: &Store,
    options: &RunOptions<'_>,
) -> Result<Outcome, RunError> {
    let mut outcome = Outcome { interrupted: options.stop.load(Ordering::Relaxed), ..Outcome::default() };
    let wanted = records.iter().enumerate().filter(|(place, _)| options.wants(&plan.runs[*place]));
    for (place, record) in wanted {
        match store.run_state(&record.id)? {
            Some(State::Complete | State::Pruned) if to_do.contains(&place) => outcome.completed += 1,
            Some(State::Complete | State::Pruned) => outcome.already_done += 1,
            Some(State::Failed) => outcome.failed += 1,
            Some(State::Waiting | State::Running) | None => outcome.waiting += 1,
        }
    }
    outcome.interrupted &= outcome.waiting > 0;
    Ok(outcome)
}
