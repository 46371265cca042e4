//! A session with the runs of a study: the plan, which may grow, and the threads that work it off.

use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use toile_data::{DataSet, Split};
use toile_record::{Event, PlannedRun, RunRecord, State, StudyRecord, TrainingKey};
use toile_store::{AlteredRecord, Store, StoreError};

use super::queue::Queue;
use super::train::{Trainer, Turn};
use super::writer::{self, Order, Writer};
use super::{Cost, Outcome, RunError, RunOptions, engine, prepare};
use crate::bridge;
use crate::lease::{LOOKS, Leases, lock};
use crate::memory::MemoryBudget;
use crate::stop::StopSignal;
use toile_study::{Plan, RunPlan};

/// Everything that the runs of a study share. The data are lent to every run; none has a copy of them.
pub(crate) struct RunSession<'a> {
    pub data: &'a DataSet,
    pub split: &'a Split,
    pub store: &'a Store,
    pub options: &'a RunOptions<'a>,
    pub events: &'a (dyn Fn(Event) + Sync),
    pub stop: &'a StopSignal<'a>,
    pub(super) queue: Queue,
    /// Called when the store cannot be reached and is asked again.
    unreachable: &'a (dyn Fn(&StoreError) + Sync),
    pub(super) memory: MemoryBudget,
    planned: Mutex<Planned>,
}

/// The runs of the plan so far.
#[derive(Default)]
struct Planned {
    study: Option<Arc<StudyRecord>>,
    runs: Vec<Arc<QueuedRun>>,
    /// Places of the runs that were not done when they were planned.
    to_do: BTreeSet<usize>,
    /// Those of them of which it is known that they have ended.
    ended: BTreeSet<usize>,
    /// How many of them ended here.
    trained: usize,
    is_cut_off: bool,
}

/// A run of the plan.
pub(crate) struct QueuedRun {
    /// Its place in the plan.
    pub place: usize,
    pub plan: RunPlan,
    /// As it waits.
    pub record: RunRecord,
    pub work: f64,
    /// Whether it has failed in a way that may be tried again.
    pub again: bool,
}

impl<'a> RunSession<'a> {
    /// Nothing is planned yet. `unreachable` is called when the store cannot be reached and is asked again.
    pub(crate) fn new(
        data: &'a DataSet,
        split: &'a Split,
        store: &'a Store,
        options: &'a RunOptions<'a>,
        events: &'a (dyn Fn(Event) + Sync),
        stop: &'a StopSignal<'a>,
        unreachable: &'a (dyn Fn(&StoreError) + Sync),
    ) -> RunSession<'a> {
        RunSession {
            data,
            split,
            store,
            options,
            events,
            stop,
            queue: Queue::new(options.threads),
            memory: MemoryBudget::new(options.memory),
            unreachable,
            planned: Mutex::default(),
        }
    }

    fn leases(&self) -> Leases<'_> {
        Leases::new(self.store, self.stop, self.unreachable)
    }

    /// Asks the store, and asks again while it cannot be reached.
    pub(crate) fn ask<T>(&self, question: impl Fn() -> Result<T, StoreError>) -> Result<T, RunError> {
        Ok(self.leases().patiently(question)?)
    }

    /// Makes these the runs of the plan, and queues those that are asked for and not done. Runs that were planned
    /// earlier keep their places; new ones come after them.
    pub(crate) fn plan(&self, plan: &Plan) -> Result<(), RunError> {
        let study = prepare::study_record(plan, self.data, self.split, self.options);
        self.ask(|| self.store.save_study(&study))?;
        let altered = self.ask(|| self.store.altered_runs(&plan.study))?;
        let records = prepare::run_records(plan, self.data, self.store, &altered, self.options)?;
        self.ask(|| self.store.save_plan(&study.name, &records))?;
        let mut planned = lock(&self.planned);
        planned.study = Some(Arc::new(study));
        let (mut to_do, mut faults) = (Vec::new(), Vec::new());
        for (run, record) in plan.runs.iter().zip(records) {
            if planned.runs.iter().any(|known| known.record.id == record.id) {
                continue;
            }
            let queued = self.queued(planned.runs.len(), run, record)?;
            let known = self.ask(|| self.store.run_head(&plan.study, &queued.record.id))?;
            let fault = known.as_ref().and_then(|run| self.fault(run, &altered));
            if let Some(why) = fault.as_ref().filter(|_| self.options.wants(run)) {
                faults.push((queued.place, why.clone()));
            }
            let is_done = fault.is_none() && known.as_ref().is_some_and(prepare::is_done);
            let again = !is_done && known.is_some_and(|run| run.state.is_finished());
            if self.options.wants(run) && !is_done {
                to_do.push((queued.place, queued.work));
            }
            planned.runs.push(Arc::new(QueuedRun { again, ..queued }));
        }
        self.check_weights(&planned, &to_do)?;
        planned.to_do.extend(to_do.iter().map(|(place, _)| *place));
        let runs = planned.runs.iter().map(|run| run.for_followers()).collect();
        drop(planned);
        (self.events)(Event::RunsStarted { runs, to_do: to_do.iter().map(|(place, _)| *place).collect() });
        for (place, why) in faults {
            (self.events)(Event::Repeated { training: TrainingKey::Run(place), why });
        }
        self.queue.add(&to_do);
        Ok(())
    }

    /// Why a run that is done must be trained again: to the same bits, as its settings are on record.
    fn fault(&self, run: &RunRecord, altered: &[AlteredRecord]) -> Option<String> {
        if prepare::is_done(run) && altered.iter().any(|altered| altered.is_run(&run.id)) {
            return Some("its record is not as it was written".into());
        }
        let dir = self.options.dir.filter(|_| !self.store.is_server() && run.state == State::Complete)?;
        bridge::fault_of_weights(dir, run)
    }

    fn queued(&self, place: usize, run: &RunPlan, record: RunRecord) -> Result<QueuedRun, RunError> {
        let n = [self.split.train.len(), self.split.validation.len(), self.data.test.len()];
        let work = Cost::of(&run.settings, &record.summary, n).work();
        Ok(QueuedRun { place, plan: run.clone(), record, work, again: false })
    }

    /// Weights that do not fit are found now, not when their run's turn comes.
    fn check_weights(&self, planned: &Planned, to_do: &[(usize, f64)]) -> Result<(), RunError> {
        let runs = to_do.iter().map(|&(place, _)| &planned.runs[place].plan);
        for run in runs.filter(|run| run.settings.initial_weights.is_some()) {
            engine::starting_model(run, engine::image_shape(self.data), self.options.read)?;
        }
        Ok(())
    }

    /// Trains what waits in the queue, as many runs side by side as it allows, or as the system gives threads for; this
    /// thread writes. The first error that concerns the whole study stops the others.
    pub(crate) fn work(&self) -> Result<(), RunError> {
        let keeper = self.store.is_server().then(|| self.store.again());
        let leases = self.leases();
        let (orders, received) = writer::queue();
        let study = self.study();
        let trainer = Trainer { session: self, leases: &leases, writer: orders };
        let writer = Writer { session: self, leases: &leases, study: &study, error: None };
        let result = self.work_with(trainer, writer, &received, keeper.as_ref());
        (self.events)(Event::RunsEnded);
        result
    }

    fn work_with(
        &self,
        trainer: Trainer<'_>,
        writer: Writer<'_>,
        orders: &Receiver<Order>,
        keeper: Option<&Store>,
    ) -> Result<(), RunError> {
        let leases = trainer.leases;
        let first_error = Mutex::new(None);
        let first_error_of = |result: Result<(), RunError>| {
            let mut first = lock(&first_error);
            result.unwrap_or_else(|error| _ = first.get_or_insert(error));
        };
        std::thread::scope(|scope| {
            if let Some(keeper) = keeper {
                let keep = || leases.keep(keeper, self.options.lease / 3);
                Builder::new().spawn_scoped(scope, keep).map(drop).map_err(RunError::Thread)?;
            }
            for thread in 0..self.queue.width() {
                let trainer = trainer.clone();
                let work = || first_error_of(self.train_next(trainer));
                match Builder::new().spawn_scoped(scope, work) {
                    Ok(_) => {}
                    Err(error) if thread == 0 => {
                        first_error_of(Err(RunError::Thread(error)));
                        break;
                    }
                    Err(_) => break,
                }
            }
            // The writer ends when the last training thread has given up its way to it.
            drop(trainer);
            first_error_of(writer.work(orders).map_err(RunError::from));
            leases.end();
            Ok::<_, RunError>(())
        })?;
        first_error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// The life of a training thread: run after run, until none waits.
    fn train_next(&self, trainer: Trainer<'_>) -> Result<(), RunError> {
        while !self.stop.is_set() {
            let Some((place, threads)) = self.queue.take() else { break };
            let run = lock(&self.planned).runs[place].clone();
            let result = trainer.train(&run, &threads);
            self.queue.end(place);
            match result {
                Ok(Turn::Ended | Turn::Elsewhere) => {}
                Ok(Turn::Suspended) => break,
                Err(error) => {
                    self.stop.breaks();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Waits until all runs that were asked for have ended; trains those that another worker put back, or left when it
    /// died. Returns at once where nobody else can be at work, and when the user stops.
    pub(crate) fn wait_for_others(&self) -> Result<(), RunError> {
        let mut pause = LOOKS[0];
        while !self.stop.is_set() {
            let open = self.open_runs()?;
            if open.is_empty() || !self.store.is_server() {
                break;
            }
            let waiting: Vec<_> = open
                .iter()
                .filter(|(_, state)| *state == State::Waiting)
                .map(|(run, _)| run.clone())
                .collect();
            if !waiting.is_empty() {
                self.queue.add(&waiting.iter().map(|run| (run.place, run.work)).collect::<Vec<_>>());
                self.work()?;
                pause = LOOKS[0];
            } else if self.put_back_one_of_the_dead()? {
                pause = LOOKS[0];
            } else {
                std::thread::sleep(pause);
                pause = (pause * 2).min(LOOKS[1]);
            }
        }
        Ok(())
    }

    fn put_back_one_of_the_dead(&self) -> Result<bool, RunError> {
        let (study, options) = (self.study(), self.options);
        let claim = self.ask(|| self.store.take_over_run(&study.name, options.lease, &options.worker))?;
        let Some((_, claim)) = claim else { return Ok(false) };
        self.ask(|| self.store.put_back(&claim, None))
    }

    /// The runs that are to be done and have not ended, with their states. Those that others have ended are made known.
    fn open_runs(&self) -> Result<Vec<(Arc<QueuedRun>, State)>, RunError> {
        let study = self.study();
        let mut open = Vec::new();
        for run in self.runs_to_do() {
            let Some(found) = self.ask(|| self.store.run(&study.name, &run.record.id))? else { continue };
            if !found.state.is_finished() {
                open.push((run, found.state));
            } else if lock(&self.planned).ended.insert(run.place) {
                (self.events)(Event::TrainingEnded(Box::new(writer::ended(run.place, &found))));
            }
        }
        Ok(open)
    }

    fn runs_to_do(&self) -> Vec<Arc<QueuedRun>> {
        let planned = lock(&self.planned);
        let open = planned.to_do.iter().filter(|place| !planned.ended.contains(place));
        open.map(|&place| planned.runs[place].clone()).collect()
    }

    /// A run has ended here, and its end is on the disk.
    pub(super) fn has_ended(&self, place: usize) {
        let mut planned = lock(&self.planned);
        planned.ended.insert(place);
        planned.trained += 1;
    }

    /// The user stops while something of what weights make of the images is still to be made.
    pub(crate) fn cut_off(&self) {
        lock(&self.planned).is_cut_off = true;
    }

    /// The study as it is recorded.
    pub(crate) fn study(&self) -> Arc<StudyRecord> {
        lock(&self.planned).study.clone().expect("the runs were planned")
    }

    /// The runs of the plan so far.
    pub(crate) fn runs(&self) -> Vec<Arc<QueuedRun>> {
        lock(&self.planned).runs.clone()
    }

    /// How many runs ended here.
    pub(crate) fn trained(&self) -> usize {
        lock(&self.planned).trained
    }

    /// How the runs that were asked for stand now.
    pub(crate) fn outcome(&self) -> Result<Outcome, RunError> {
        let mut outcome = Outcome { interrupted: self.stop.is_asked(), ..Outcome::default() };
        let study = self.study();
        let planned = lock(&self.planned);
        for run in planned.runs.iter().filter(|run| self.options.wants(&run.plan)) {
            match self.ask(|| self.store.run_state(&study.name, &run.record.id))? {
                Some(State::Complete | State::Pruned) if planned.to_do.contains(&run.place) => {
                    outcome.completed += 1
                }
                Some(State::Complete | State::Pruned) => outcome.already_done += 1,
                Some(State::Failed) => outcome.failed += 1,
                Some(State::Waiting | State::Running) | None => outcome.waiting += 1,
            }
        }
        outcome.interrupted &= outcome.waiting > 0 || planned.is_cut_off;
        Ok(outcome)
    }
}

impl QueuedRun {
    pub(crate) fn key(&self) -> TrainingKey {
        TrainingKey::Run(self.place)
    }

    fn for_followers(&self) -> PlannedRun {
        PlannedRun {
            name: self.plan.name.clone(),
            position: self.plan.position,
            seed: self.plan.settings.seed,
            epochs: self.plan.settings.epochs,
            work: self.work,
        }
    }
}
