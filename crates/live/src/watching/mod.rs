//! What a view knows of a study: folded from looks, asked by whoever draws.

use std::collections::{HashMap, HashSet, VecDeque};

use toile_record::{Epoch, Metric, Part, Records, RunRecord, State};
use toile_store::{Followed, SearchId, StudyChanges};

use crate::pace::EpochPace;
use crate::progress::progress;
use crate::training::{LiveKey, LiveTraining};
use crate::words::StandingWords;
use crate::{LEASE_SECONDS, LiveProgress, LiveState, MetricNumbers, StudyState, WatchEvent, numbers};

mod refreshing;
mod telling;

/// So many events are kept to be read.
const MOST_EVENTS: usize = 500;

/// A search, as a view knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveSearch {
    /// Its name.
    pub name: String,
    /// The name of its first objective.
    pub metric: String,
    /// Whether more is better.
    pub maximize: bool,
    /// Trials that it asks for.
    pub n_trials: usize,
    /// Floating-point operations that a trial is expected to take, where its plan says so: earlier versions did not.
    pub operations: Option<f64>,
    /// The best trial so far, by number and value.
    pub best: Option<(usize, f64)>,
    /// Why no new trials begin, if they do not.
    pub stopped: Option<String>,
}

/// The head of every view.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveStudy {
    /// Its name.
    pub name: String,
    /// The question it asks.
    pub question: Option<String>,
    /// How it stands.
    pub state: StudyState,
    /// How far it is.
    pub progress: LiveProgress,
    /// Seconds since its first training began.
    pub since: Option<f64>,
    /// The run that is best of those that have ended: place among the runs, and the metric at the epoch of its weights.
    pub best: Option<(usize, f64)>,
    /// A run under way that is better already: its place.
    pub ahead: Option<usize>,
}

/// A study that is looked at again and again.
#[derive(Clone, Debug)]
pub struct Watching {
    followed: Followed,
    /// When it was last looked, for leases.
    looked: f64,
    /// The moment up to which everything is told.
    now: f64,
    /// When work on it was last seen; whether it was ever seen to be worked on.
    last_sign: Option<f64>,
    pace: EpochPace,
    runs: Vec<LiveTraining>,
    trials: Vec<Vec<LiveTraining>>,
    searches: Vec<LiveSearch>,
    told: HashMap<LiveKey, (LiveState, usize)>,
    /// Of trainings that were begun anew: how many of the epochs that were told still stand.
    rewound: HashMap<LiveKey, usize>,
    told_openings: usize,
    told_state: Option<StudyState>,
    events: VecDeque<(f64, WatchEvent)>,
    /// Rises when a training has ended, or the plan is another one.
    answer_version: u64,
}

impl Watching {
    /// From the first look, with all that it tells.
    pub fn new(followed: Followed, now: f64) -> (Watching, Vec<WatchEvent>) {
        let mut watching = Watching {
            followed,
            looked: now,
            now,
            last_sign: None,
            pace: EpochPace::default(),
            runs: Vec::new(),
            trials: Vec::new(),
            searches: Vec::new(),
            told: HashMap::new(),
            rewound: HashMap::new(),
            told_openings: 0,
            told_state: None,
            events: VecDeque::new(),
            answer_version: 0,
        };
        let events = watching.refresh(None, now);
        (watching, events)
    }

    /// Takes in what another look has found; what is new of it.
    pub fn fold(&mut self, changes: StudyChanges, now: f64) -> Vec<WatchEvent> {
        let mut touched: HashSet<LiveKey> =
            changes.runs.iter().map(|run| LiveKey::Run(run.id.clone())).collect();
        touched.extend(changes.run_epochs.iter().map(|(id, _)| LiveKey::Run(id.clone())));
        let trials: Vec<_> = changes.trials.iter().map(|(id, trial)| (*id, trial.number)).collect();
        self.note_rewound(&changes);
        if changes.plan.is_some() || changes.searches.is_some() {
            self.answer_version += 1;
        }
        self.followed.fold(changes);
        self.looked = now;
        touched.extend(trials.into_iter().filter_map(|(id, number)| self.trial_key(id, number)));
        self.refresh(Some(&touched), now)
    }

    /// A trial of a search that is known.
    fn trial_key(&self, id: SearchId, number: usize) -> Option<LiveKey> {
        let place = self.followed.search_ids.iter().position(|search| *search == id)?;
        let search = self.followed.records.searches[place].search.name.clone();
        Some(LiveKey::Trial { search, number })
    }

    /// Runs and trials that were begun anew have other epochs from some point on.
    fn note_rewound(&mut self, changes: &StudyChanges) {
        let common =
            |known: &[Epoch], now: &[Epoch]| known.iter().zip(now).take_while(|(a, b)| a == b).count();
        let runs = changes.runs.iter().map(|run| (LiveKey::Run(run.id.clone()), &run.epochs[..]));
        let trials = changes
            .trials
            .iter()
            .filter_map(|(id, trial)| Some((self.trial_key(*id, trial.number)?, trial.epochs())));
        let kept = |(key, now): (LiveKey, &[Epoch])| {
            let kept = common(self.epochs(&key), now);
            (key, kept)
        };
        self.rewound = runs.chain(trials).map(kept).collect();
    }

    /// Time has passed and nothing was written: something may have stalled, or a lease has run out.
    pub fn tick(&mut self, now: f64) -> Vec<WatchEvent> {
        self.refresh(Some(&HashSet::new()), now)
    }

    /// What was recorded, as of the last look.
    pub fn records(&self) -> &Records {
        &self.followed.records
    }

    /// The runs of the plan, in its order: those of [`Watching::records`].
    pub fn runs(&self) -> &[LiveTraining] {
        &self.runs
    }

    /// The searches, in their order.
    pub fn searches(&self) -> &[LiveSearch] {
        &self.searches
    }

    /// The trials of a search, by its place.
    pub fn trials(&self, search: usize) -> &[LiveTraining] {
        self.trials.get(search).map_or(&[], Vec::as_slice)
    }

    /// The trials of all searches.
    pub fn all_trials(&self) -> impl Iterator<Item = &LiveTraining> + Clone {
        self.trials.iter().flatten()
    }

    /// All runs and trials.
    pub fn trainings(&self) -> impl Iterator<Item = &LiveTraining> + Clone {
        self.runs.iter().chain(self.all_trials())
    }

    /// Those that somebody has now.
    pub fn under_way(&self) -> impl Iterator<Item = &LiveTraining> + Clone {
        self.trainings().filter(|training| training.state.is_under_way())
    }

    /// The training of this key, if it is still there.
    pub fn training(&self, key: &LiveKey) -> Option<&LiveTraining> {
        self.trainings().find(|training| training.key == *key)
    }

    /// The record of the run of this id.
    pub fn run(&self, id: &str) -> Option<&RunRecord> {
        self.followed.records.runs.iter().find(|run| run.id == id)
    }

    /// The epochs of a training.
    pub fn epochs(&self, key: &LiveKey) -> &[Epoch] {
        let records = &self.followed.records;
        let found = match key {
            LiveKey::Run(id) => self.run(id).map(|run| run.epochs.as_slice()),
            LiveKey::Trial { search, number } => {
                let search = records.searches.iter().find(|found| found.search.name == *search);
                let trials = search.map_or(&[][..], |found| &found.trials);
                // Numbers count from 0 without gaps, so that a trial mostly stands at its number.
                let at_number = trials.get(*number).filter(|trial| trial.number == *number);
                let trial = at_number.or_else(|| trials.iter().find(|trial| trial.number == *number));
                trial.map(|trial| trial.epochs())
            }
        };
        found.unwrap_or_default()
    }

    /// What happened, oldest first, with the moment of each.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &(f64, WatchEvent)> + DoubleEndedIterator {
        self.events.iter()
    }

    /// Rises when what [`answer`](crate::answer()) says may be other than before.
    pub fn answer_version(&self) -> u64 {
        self.answer_version
    }

    /// What runs are compared by: accuracy on the validation images, or on the training images where there are none.
    pub fn metric(&self) -> Metric {
        match self.followed.records.study.data.n_images(Part::Validation) {
            0 => Metric::Accuracy,
            _ => Metric::ValAccuracy,
        }
    }

    /// Whether the test part was opened for a run.
    pub fn is_test_open(&self) -> bool {
        self.followed.records.runs.iter().any(|run| run.test.is_some())
    }

    /// The head of a view.
    pub fn study(&self, now: f64) -> LiveStudy {
        let study = &self.followed.records.study;
        let best = self.best_ended();
        let first = self.trainings().filter_map(|training| training.began).reduce(f64::min);
        LiveStudy {
            name: toile_report::shown_name(&study.name),
            question: study.question.as_deref().map(toile_report::shown_name),
            state: self.state(),
            progress: self.progress(),
            since: first.map(|first| (now - first).max(0.0)),
            best,
            ahead: self.ahead(best),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> LiveProgress {
        progress(&self.followed.records, &self.runs, &self.searches, &self.trials)
    }

    /// The best of the runs that have ended, by the epoch of its weights; of equals the first.
    fn best_ended(&self) -> Option<(usize, f64)> {
        let metric = self.metric();
        let mut best: Option<(usize, f64)> = None;
        for (place, run) in self.followed.records.runs.iter().enumerate() {
            let kept = run.kept_epoch().filter(|_| run.state == State::Complete);
            let Some(value) = kept.and_then(|epoch| metric.of(epoch)) else { continue };
            if best.is_none_or(|(_, known)| metric.direction().is_better(value, known)) {
                best = Some((place, value));
            }
        }
        best
    }

    /// The run under way whose last epoch is the best, if it is better than the best that has ended.
    fn ahead(&self, best: Option<(usize, f64)>) -> Option<usize> {
        let metric = self.metric();
        let under_way = self.runs.iter().enumerate().filter(|(_, run)| run.state.is_under_way());
        let last = |(place, run): (usize, &LiveTraining)| {
            let MetricNumbers { last, .. } = numbers(self.epochs(&run.key), metric)?;
            Some((place, last))
        };
        let mut leading: Option<(usize, f64)> = best;
        for (place, value) in under_way.filter_map(last) {
            if leading.is_none_or(|(_, known)| metric.direction().is_better(value, known)) {
                leading = Some((place, value));
            }
        }
        leading.map(|(place, _)| place).filter(|place| best.is_none_or(|(known, _)| known != *place))
    }

    /// How the study stands.
    pub fn state(&self) -> StudyState {
        let is_over = |(search, trials): (&LiveSearch, &Vec<LiveTraining>)| {
            search.stopped.is_some() || trials.len() >= search.n_trials
        };
        let are_over = self.searches.iter().zip(&self.trials).all(is_over);
        let is_held = self.followed.at_work.is_held == Some(true);
        if self.runs.is_empty() && self.searches.is_empty() {
            return StudyState::Empty;
        }
        if self.trainings().all(|training| training.state.has_ended()) && are_over {
            return if is_held { StudyState::Finishing } else { StudyState::Finished };
        }
        if !self.is_worked_on() {
            return StudyState::Stopped;
        }
        let mut under_way = self.under_way().peekable();
        if under_way.peek().is_some() && under_way.all(|training| training.state == LiveState::Stalled) {
            return StudyState::Stalled;
        }
        match self.trainings().any(|training| training.epoch > 0 || training.state.has_ended()) {
            true => StudyState::Running,
            false => StudyState::Beginning,
        }
    }

    /// Whether anybody is at work: by the lock of the folder; on a server if somebody was within a lease.
    fn is_worked_on(&self) -> bool {
        match self.followed.at_work.is_held {
            Some(is_held) => is_held,
            None => self.last_sign.is_some_and(|sign| self.now - sign <= LEASE_SECONDS),
        }
    }

    pub(crate) fn standing<'s>(&self, again: &'s str) -> StandingWords<'s> {
        let silence =
            self.under_way().filter_map(|training| Some((training.silence?, training.usual_epoch?)));
        StandingWords {
            state: self.state(),
            progress: self.progress(),
            last_sign: self.last_sign,
            silence: silence.reduce(|a, b| if a.0 >= b.0 { a } else { b }),
            again,
        }
    }
}
