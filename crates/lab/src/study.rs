//! A whole study: the declared runs, then the searches, then the configurations that these have chosen, then the test.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use toile_data::{DataSet, Split};
use toile_record::{Event, PlannedSearch, Records, RunRecord, SearchRecord, StudyRecord};
use toile_store::{SearchId, Store, StoreError};
use toile_study::{Plan, SearchPlan, run_ids};

use crate::bridge;
use crate::evidence;
use crate::expected::trial_work;
use crate::runner::session::RunSession;
use crate::runner::{self, Clock, Outcome, RunError, RunOptions};
use crate::search::{self, Context, SearchOutcome, chosen_runs};
use crate::standing::{RaceFacts, StudyStanding, with_chosen};
use crate::stop::StopSignal;
use crate::wanted::{is_wanted, wanted_searches, with_chosen_names};

/// What the program provides for a study.
pub struct StudyOptions<'a> {
    /// The study's folder, for files. A worker without one leaves them to the database, which must be a server's.
    pub dir: Option<&'a Path>,
    /// Threads for all trainings together.
    pub threads: usize,
    /// Train only runs and searches of these names, and what these searches choose; all if there are none.
    pub only: &'a [String],
    /// Open the test part for the runs that are complete, although trainings of the study have not ended; of runs that
    /// are asked for.
    pub open_test: bool,
    /// Set when the user wants to stop: each training ends after its current batch.
    pub stop: &'a AtomicBool,
    /// The machine's clocks.
    pub clock: &'a dyn Clock,
    /// How much training may be lost when the program is killed, next to the epoch under way.
    pub checkpoint_every: Duration,
    /// A folder that all workers share, for checkpoints; without one they are kept in the database.
    pub checkpoints: Option<&'a Path>,
    /// After so long without a heartbeat a worker of a search counts as dead.
    pub lease: Duration,
    /// Bytes that all trainings together may take; no limit where it is unknown.
    pub memory: Option<u64>,
    /// The name of this worker, different from all others'.
    pub worker: String,
    /// Reads a file that lies in the study file's folder, by the name in the plan.
    pub read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    /// The text of `history.csv`.
    pub history: &'a (dyn Fn(&StudyRecord, &RunRecord) -> String + Sync),
    /// How many seeds each run needs as far as the records say, where seeds are added until comparisons are decided.
    pub seeds_needed: &'a (dyn Fn(&Records) -> Vec<(String, usize)> + Sync),
    /// Version of toile, for the record.
    pub toile_version: String,
    /// Instruction set of the kernels, for the record.
    pub instruction_set: String,
    /// Processor and operating system, for the record.
    pub machine: String,
}

/// How a study stands when [`run_study`] returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudyOutcome {
    /// The runs, chosen ones included.
    pub runs: Outcome,
    /// How many of them this call trained to their ends.
    pub runs_trained: usize,
    /// The searches that were asked for and reached, in their order.
    pub searches: Vec<SearchOutcome>,
}

/// What every step of a study needs.
struct Steps<'a> {
    plan: &'a Plan,
    data: &'a DataSet,
    split: Split,
    store: &'a Store,
    /// A second connection: leases are kept by a thread of their own.
    keeper: Store,
    folder: Option<&'a Store>,
    options: &'a StudyOptions<'a>,
    events: &'a (dyn Fn(Event) + Sync),
}

/// Runs what is still to be run of a study: its runs and searches in `store`, that of a folder or a server. Next to a
/// server a `folder` may have runs that were trained there before, and gets a copy of everything in the end.
///
/// When this returns, for whatever reason, all that was finished is recorded, and the same call goes on with the rest.
///
/// # Errors
/// What concerns the whole study: models or weights that do not fit, a store or a folder that cannot be written.
pub fn run_study(
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    folder: Option<&Store>,
    options: &StudyOptions<'_>,
    events: &(dyn Fn(Event) + Sync),
) -> Result<StudyOutcome, RunError> {
    let (split, keeper) = (runner::split(plan, data)?, store.again());
    Steps { plan, data, split, store, keeper, folder, options, events }.all()
}

impl Steps<'_> {
    fn all(&self) -> Result<StudyOutcome, RunError> {
        let run_options = self.run_options();
        if let (Some(folder), Some(dir)) = (self.folder, self.options.dir) {
            let study = runner::study_record(self.plan, self.data, &self.split, &run_options);
            bridge::bring(&study, folder, dir, self.store)?;
        }
        let works = self.trial_works();
        let ids = self.ensure_searches(&works)?;
        let wanted: Vec<_> = wanted_searches(self.plan, self.options.only).collect();
        let planned = |search: &&SearchPlan| PlannedSearch {
            search: search.position,
            n_trials: search.n_trials,
            trial_work: works[search.position],
        };
        (self.events)(Event::StudyStarted { searches: wanted.iter().map(planned).collect() });
        let stop = StopSignal::new(self.options.stop);
        let unreachable = |error: &StoreError| (self.events)(Event::Unreachable { error: error.to_string() });
        let session = RunSession::new(
            self.data,
            &self.split,
            self.store,
            &run_options,
            self.events,
            &stop,
            &unreachable,
        );
        let searches = self.trainings(&session, &wanted, &ids);
        let kept = self.keep_searches().and_then(|()| self.fetch());
        let outcome =
            StudyOutcome { searches: searches?, runs: session.outcome()?, runs_trained: session.trained() };
        kept.map(|()| outcome)
    }

    /// The declared runs and what was chosen earlier, then the searches, then what these choose: one queue, which
    /// grows. At the end the test part is opened, if all has ended.
    fn trainings(
        &self,
        session: &RunSession<'_>,
        wanted: &[&SearchPlan],
        ids: &[SearchId],
    ) -> Result<Vec<SearchOutcome>, RunError> {
        // What is altered is trained again before the race goes on.
        let mut runs = match self.planned_now(session) {
            Ok(plan) => plan,
            Err(RunError::Store(error)) if matches!(*error, StoreError::Altered { .. }) => {
                with_chosen(self.plan, &chosen_runs(self.plan, self.store)?)
            }
            Err(error) => return Err(error),
        };
        session.plan(&runs)?;
        self.keep_text()?;
        self.open_early(session)?;
        session.work()?;
        let mut outcomes = Vec::new();
        if !session.outcome()?.interrupted && !wanted.is_empty() {
            self.open_early(session)?;
            let wanted: Vec<_> = wanted.iter().map(|search| (*search, ids[search.position])).collect();
            outcomes = self.search(&wanted)?;
            self.follow(session, &mut runs, self.planned_now(session)?)?;
        }
        session.wait_for_others()?;
        let mut standing = self.standing(session)?;
        while self.follow(session, &mut runs, standing.plan)? {
            session.wait_for_others()?;
            standing = self.standing(session)?;
        }
        evidence::complete(session, standing.trainings)?;
        Ok(outcomes)
    }

    /// Plans and trains what searches have chosen since, here or at other workers, and the seeds that the last look of
    /// a race asks for; whether there is any.
    fn follow(&self, session: &RunSession<'_>, runs: &mut Plan, now: Plan) -> Result<bool, RunError> {
        if now.runs == runs.runs || now.runs.iter().all(|run| runs.runs.contains(run)) {
            return Ok(false);
        }
        *runs = now;
        session.plan(runs)?;
        session.work()?;
        Ok(true)
    }

    /// Opens the test part before the end, if that was asked for.
    fn open_early(&self, session: &RunSession<'_>) -> Result<(), RunError> {
        match self.options.open_test {
            true => evidence::complete(session, self.standing(session)?.trainings),
            false => Ok(()),
        }
    }

    /// The plan with the runs that searches and the race have added to it until now.
    fn planned_now(&self, session: &RunSession<'_>) -> Result<Plan, RunError> {
        match self.plan.race {
            Some(_) => Ok(self.standing(session)?.plan),
            None => Ok(with_chosen(self.plan, &session.ask(|| chosen_runs(self.plan, self.store))?)),
        }
    }

    /// The same plan, and how many of its trainings have ended.
    fn standing(&self, session: &RunSession<'_>) -> Result<StudyStanding, RunError> {
        let is_wanted = |name: &String| is_wanted(name, &session.options.only);
        let race = RaceFacts { is_wanted: &is_wanted, seeds_needed: self.options.seeds_needed };
        session.ask(|| StudyStanding::of(self.plan, &self.data.fingerprint, self.store, &race))
    }

    /// Everything into the folder, if there is one next to the store.
    fn fetch(&self) -> Result<(), RunError> {
        match (self.folder, self.options.dir) {
            (Some(folder), Some(dir)) => Ok(bridge::fetch(self.store, &self.plan.study, folder, dir)?),
            _ => Ok(()),
        }
    }

    /// What is expected of a trial of each search of the plan, in operations.
    fn trial_works(&self) -> Vec<f64> {
        self.plan.searches.iter().map(|search| trial_work(search, self.data, &self.split)).collect()
    }

    /// Records the searches, with what is expected of a trial of each.
    fn ensure_searches(&self, works: &[f64]) -> Result<Vec<SearchId>, RunError> {
        self.follow_new_names()?;
        let known = self.store.searches(Some(&self.plan.study))?;
        let mut ids = Vec::new();
        for (search, work) in self.plan.searches.iter().zip(works) {
            let mut record = search.to_record(&self.data.fingerprint);
            if let Some(version) = self.store.times_are_local() {
                record.plan["times_are_local"] = version.into();
            }
            record.plan["trial_operations"] = (*work).into();
            let earlier = known.iter().find(|(_, known)| known.name == record.name);
            if let Some((id, earlier)) =
                earlier.filter(|(_, earlier)| earlier.fingerprint != record.fingerprint)
                && search::goes_on(earlier, search, &self.data.fingerprint, &self.store.trials(*id)?)
            {
                self.store.change_search(*id, &record)?;
            }
            let earlier = earlier.map(|(id, _)| *id);
            let id = self.store.ensure_search(&self.plan.study, &record)?;
            if let Some(earlier) = earlier.filter(|earlier| *earlier != id) {
                let n_trials = self.store.trials(earlier)?.len();
                (self.events)(Event::PutAside { search: record.name, n_trials });
            }
            ids.push(id);
        }
        Ok(ids)
    }

    /// Keeps the study file for workers that have none; after the study's record, which says how often runs are
    /// repeated.
    fn keep_text(&self) -> Result<(), RunError> {
        if self.store.is_server() {
            let plan = self.plan;
            self.store.save_study_text(&plan.study, &plan.file_text, &plan.file_name)?;
        }
        Ok(())
    }

    /// A search that has another name in the study file than in the store, and is the same in everything else, keeps
    /// its trials. Hyperband draws a trial's bracket from the name: such a search is another one under another name.
    fn follow_new_names(&self) -> Result<(), RunError> {
        let (plan, data) = (self.plan, &self.data.fingerprint);
        let stored = self.store.searches(Some(&plan.study))?;
        let is_stored = |search: &SearchPlan| stored.iter().any(|(_, record)| record.name == search.name);
        let is_planned = |name: &str| plan.searches.iter().any(|search| search.name == name);
        let mut gone: Vec<_> = stored.iter().filter(|(_, record)| !is_planned(&record.name)).collect();
        for search in plan.searches.iter().filter(|search| !is_stored(search)) {
            let record = search.to_record(data);
            let is_same = |old: &SearchRecord| {
                (&old.fingerprint, &old.space_fingerprint) == (&record.fingerprint, &record.space_fingerprint)
            };
            let Some(place) = gone.iter().position(|(_, old)| is_same(old)) else { continue };
            if !search.pruner.depends_on_name() {
                let (_, old) = gone.remove(place);
                self.store.rename_search(&plan.study, &old.name, &search.name)?;
            }
        }
        Ok(())
    }

    fn run_options(&self) -> RunOptions<'_> {
        let options = self.options;
        RunOptions {
            dir: options.dir,
            threads: options.threads,
            only: with_chosen_names(options.only),
            open_test: options.open_test,
            stop: options.stop,
            clock: options.clock,
            checkpoint_every: options.checkpoint_every,
            checkpoints: options.checkpoints,
            memory: options.memory,
            worker: options.worker.clone(),
            lease: options.lease,
            read: options.read,
            history: options.history,
            toile_version: options.toile_version.clone(),
            instruction_set: options.instruction_set.clone(),
            machine: options.machine.clone(),
        }
    }

    /// One search after the other, until they are over or the user stops.
    fn search(&self, wanted: &[(&SearchPlan, SearchId)]) -> Result<Vec<SearchOutcome>, RunError> {
        let options = self.options;
        let context = Context {
            data: self.data,
            split: &self.split,
            threads: options.threads,
            stop: options.stop,
            clock: options.clock,
            read: options.read,
            worker: options.worker.clone(),
            lease: options.lease,
            checkpoint_every: options.checkpoint_every,
            checkpoints: options.checkpoints,
            memory: options.memory,
            alone: !self.store.is_server(),
            events: self.events,
        };
        search::search_all(wanted, self.store, &self.keeper, &context)
    }

    /// Records which runs the searches have led to.
    fn keep_searches(&self) -> Result<(), RunError> {
        let plan = self.plan;
        let chosen = chosen_runs(plan, self.store)?;
        let ids = run_ids(&with_chosen(plan, &chosen), &self.data.fingerprint);
        let mut place = plan.runs.len();
        for chosen in &chosen {
            self.store.save_chosen_run(&plan.study, &chosen.search, &ids[place])?;
            place += chosen.runs.len();
        }
        Ok(())
    }
}
