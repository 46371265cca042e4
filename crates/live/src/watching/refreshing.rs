//! Trainings brought up to date: with what was recorded, with the time, and with who is at work.

use std::collections::{HashMap, HashSet};

use toile_record::{Epoch, State};
use toile_report::leading_trial;

use super::{LiveSearch, Watching};
use crate::live_state::{Signs, live_state};
use crate::{LEASE_SECONDS, LiveKey, LiveState, LiveTraining, WatchEvent};

impl Watching {
    /// Brings everything up to date with what was recorded, and with the time; `touched` are the trainings of which
    /// something is new, or all.
    pub(super) fn refresh(&mut self, touched: Option<&HashSet<LiveKey>>, now: f64) -> Vec<WatchEvent> {
        self.now = now;
        self.note_signs(now);
        self.refresh_searches(touched);
        self.refresh_runs(touched, now);
        self.refresh_trials(touched, now);
        self.tell(touched.is_none(), now)
    }

    /// Who was at work at the last look. Without a lock only leases tell.
    fn note_signs(&mut self, now: f64) {
        let at_work = &self.followed.at_work;
        let lives = at_work.leases.values().filter_map(|lease| lease.silent_seconds);
        let youngest = lives.reduce(f64::min).map(|silent| self.looked - silent);
        let sign = match at_work.is_held {
            Some(true) => Some(now),
            Some(false) => None,
            None => youngest.filter(|sign| now - sign <= LEASE_SECONDS),
        };
        self.last_sign = self.last_sign.into_iter().chain(sign).reduce(f64::max);
    }

    fn refresh_searches(&mut self, touched: Option<&HashSet<LiveKey>>) {
        let records = &self.followed.records;
        let mut searches = Vec::with_capacity(records.searches.len());
        for (place, found) in records.searches.iter().enumerate() {
            let is_same = |known: &&LiveSearch| known.name == found.search.name;
            let known = self.searches.get(place).filter(is_same);
            // An epoch of a trial that goes on moves nothing here.
            let has_ended =
                |number: &usize| found.trials.get(*number).is_none_or(|trial| trial.state.is_finished());
            let n_known = self.trials.get(place).map_or(0, Vec::len);
            let moved = touched.map(|touched| numbers_of(touched, &found.search.name));
            let is_moved = n_known != found.trials.len()
                || moved.is_none_or(|mut moved| moved.any(|number| has_ended(&number)));
            let objective = found.search.objectives.first();
            searches.push(LiveSearch {
                name: found.search.name.clone(),
                metric: objective.map_or_else(|| "value".into(), |objective| objective.metric.clone()),
                maximize: objective.is_some_and(|objective| objective.maximize),
                n_trials: found.search.n_trials,
                operations: found.search.plan["trial_operations"].as_f64().filter(|n| *n > 0.0),
                best: match known {
                    Some(known) if !is_moved => known.best,
                    _ => leading_trial(found).map(|best| (best.number, best.value)),
                },
                stopped: self.followed.stopped.get(place).cloned().flatten(),
            });
        }
        self.searches = searches;
    }

    fn refresh_runs(&mut self, touched: Option<&HashSet<LiveKey>>, now: f64) {
        let is_moved = |key: &LiveKey| touched.is_none_or(|touched| touched.contains(key));
        let known = std::mem::take(&mut self.runs);
        let mut known: HashMap<LiveKey, LiveTraining> =
            known.into_iter().map(|training| (training.key.clone(), training)).collect();
        let records = &self.followed.records;
        let mut seeds: HashMap<usize, usize> = HashMap::new();
        records.runs.iter().for_each(|run| *seeds.entry(run.position).or_default() += 1);
        let mut runs = Vec::with_capacity(records.runs.len());
        for run in &records.runs {
            let key = LiveKey::Run(run.id.clone());
            let mut training = match known.remove(&key).filter(|_| !is_moved(&key)) {
                Some(known) => known,
                None => LiveTraining::of_run(run, &records.study.data, seeds[&run.position] > 1),
            };
            let trial_id = self.followed.at_work.trial_of_run.get(&run.id).copied();
            let has_begun = !run.epochs.is_empty() || !run.provenance.started.is_empty();
            self.pace.note(&key, run.epochs.len(), now);
            self.put_time(&mut training, run.state, has_begun, trial_id, &run.epochs, now);
            runs.push(training);
        }
        self.runs = runs;
    }

    fn refresh_trials(&mut self, touched: Option<&HashSet<LiveKey>>, now: f64) {
        let known = std::mem::take(&mut self.trials);
        let mut known = known.into_iter();
        let mut all = Vec::with_capacity(self.followed.records.searches.len());
        for found in &self.followed.records.searches {
            let name = &found.search.name;
            let moved: Option<HashSet<usize>> = touched.map(|touched| numbers_of(touched, name).collect());
            let mut before = FormerTrials::new(known.next().unwrap_or_default(), name);
            let mut trials = Vec::with_capacity(found.trials.len());
            for trial in &found.trials {
                let is_moved = moved.as_ref().is_none_or(|moved| moved.contains(&trial.number));
                let mut training = match before.take(trial.number).filter(|_| !is_moved) {
                    // What has ended stays as it is, whatever time it gets.
                    Some(known) if known.state.has_ended() => {
                        trials.push(known);
                        continue;
                    }
                    Some(known) => known,
                    None => LiveTraining::of_trial(trial, &found.search),
                };
                self.pace.note(&training.key, training.epoch, now);
                let has_begun = training.epoch > 0;
                let trial_id = Some(trial.trial_id);
                self.put_time(&mut training, trial.state, has_begun, trial_id, trial.epochs(), now);
                trials.push(training);
            }
            all.push(trials);
        }
        self.trials = all;
    }

    /// What the time and the signs of life decide about a training.
    fn put_time(
        &self,
        training: &mut LiveTraining,
        state: State,
        has_begun: bool,
        trial_id: Option<i64>,
        epochs: &[Epoch],
        now: f64,
    ) {
        let at_work = &self.followed.at_work;
        let lease = trial_id.and_then(|id| at_work.leases.get(&id));
        let silent = lease.and_then(|lease| lease.silent_seconds).map(|silent| silent + now - self.looked);
        let worker_lives = match at_work.is_held {
            Some(is_held) => is_held,
            // Another program's worker may have no heartbeat: nothing says that it is dead.
            None => silent.is_none_or(|silent| silent <= LEASE_SECONDS),
        };
        let silence = self.pace.since(&training.key).map_or(0.0, |since| (now - since).max(0.0));
        let usual_epoch = self.pace.usual_epoch(&training.key, epochs);
        let study_is_worked_on = self.is_worked_on();
        training.state =
            live_state(Signs { state, has_begun, study_is_worked_on, worker_lives, silence, usual_epoch });
        training.usual_epoch = usual_epoch;
        training.silence = training.state.is_under_way().then_some(silence);
        let to_come = training.epochs.saturating_sub(training.epoch) as f64;
        training.left =
            usual_epoch.filter(|_| training.epochs > 0 && !training.state.has_ended()).map(|usual| {
                // The epoch under way is over in part.
                let into = if training.state == LiveState::Running { silence.min(usual) } else { 0.0 };
                (to_come * usual - into).max(0.0)
            });
    }
}

/// The numbers of a search's trials among these.
fn numbers_of<'t>(touched: &'t HashSet<LiveKey>, name: &'t str) -> impl Iterator<Item = usize> + 't {
    touched.iter().filter_map(move |key| match key {
        LiveKey::Trial { search, number } if search == name => Some(*number),
        LiveKey::Trial { .. } | LiveKey::Run(_) => None,
    })
}

/// What was known of a search's trials, in the order of their numbers: there may be ten thousand.
struct FormerTrials(Vec<(usize, Option<LiveTraining>)>);

impl FormerTrials {
    /// Of the search that stood in this place, if it is still the same one.
    fn new(trials: Vec<LiveTraining>, name: &str) -> FormerTrials {
        let number = |training: LiveTraining| match &training.key {
            LiveKey::Trial { search, number } if search == name => Some((*number, Some(training))),
            LiveKey::Trial { .. } | LiveKey::Run(_) => None,
        };
        let mut trials: Vec<_> = trials.into_iter().filter_map(number).collect();
        trials.sort_by_key(|(number, _)| *number);
        FormerTrials(trials)
    }

    /// The trial of this number.
    fn take(&mut self, number: usize) -> Option<LiveTraining> {
        let place = self.0.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.0[place].1.take()
    }
}
