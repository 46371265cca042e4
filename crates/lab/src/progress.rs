//! How far a study is: kept from its events and the time, for everyone who shows it.

use std::collections::BTreeMap;
use std::time::Duration;

use toile_record::{Event, PlannedRun, PlannedSearch, TrainingKey};

/// Speeds are averaged over about this many seconds, so that they follow when a training is given more threads.
const MEMORY: f64 = 20.0;

/// Where every training under way is, and the study as a whole: runs and searches together.
#[derive(Debug, Default)]
pub struct StudyProgress {
    runs: Vec<PlannedRun>,
    /// Of each search the trials that are still to end.
    searches: BTreeMap<usize, PlannedSearch>,
    /// Runs that are to be trained now.
    pub n_to_do: usize,
    /// Those that have ended.
    pub n_ended: usize,
    work_to_do: f64,
    work_ended: f64,
    /// Trainings under way.
    pub active: BTreeMap<TrainingKey, TrainingProgressView>,
    speed: Speedometer,
}

/// One training on its way.
#[derive(Debug, Default)]
pub struct TrainingProgressView {
    /// From 1; 0 before the first step.
    pub epoch: usize,
    /// Epochs of all repetitions.
    pub epochs: usize,
    /// The part of all its steps that is done.
    pub fraction: f64,
    /// The last epoch's numbers.
    pub last: Option<toile_record::Epoch>,
    steps: u64,
    speed: Speedometer,
    steps_speed: Speedometer,
}

/// A running mean of progress per second that forgets slowly.
#[derive(Debug, Default)]
struct Speedometer {
    last: Option<(Duration, f64)>,
    done: f64,
    seconds: f64,
}

impl Speedometer {
    fn read(&mut self, now: Duration, progress: f64) {
        if let Some((then, before)) = self.last {
            let dt = now.saturating_sub(then).as_secs_f64();
            let keep = (-dt / MEMORY).exp();
            self.done = self.done * keep + (progress - before).max(0.0);
            self.seconds = self.seconds * keep + dt;
        }
        self.last = Some((now, progress));
    }

    fn per_second(&self) -> Option<f64> {
        (self.seconds > 0.0 && self.done > 0.0).then(|| self.done / self.seconds)
    }

    fn time_for(&self, rest: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(rest / self.per_second()?).ok()
    }
}

impl StudyProgress {
    /// What happens.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::StudyStarted { searches } => self.expect(searches),
            Event::RunsStarted { runs, to_do } => {
                self.runs.clone_from(runs);
                self.n_to_do += to_do.len();
                self.work_to_do += to_do.iter().map(|&run| runs[run].work).sum::<f64>();
            }
            Event::SearchStarted { search, finished, .. } => {
                if let Some(planned) = self.searches.get_mut(search) {
                    planned.n_trials = planned.n_trials.saturating_sub(*finished);
                    self.work_to_do -= planned.trial_work * *finished as f64;
                }
            }
            Event::TrainingStarted { training, .. } => {
                let epochs = match training {
                    TrainingKey::Run(run) => self.runs.get(*run).map_or(0, |run| run.epochs),
                    TrainingKey::Trial { .. } => 0,
                };
                let view = TrainingProgressView { epochs, ..TrainingProgressView::default() };
                self.active.insert(*training, view);
            }
            Event::Step { training, epoch, batch, n_batches } => {
                if let Some(active) = self.active.get_mut(training) {
                    active.step(*epoch, *batch, *n_batches);
                }
            }
            Event::EpochEnded { training, step, steps, epoch } => {
                if let Some(active) = self.active.get_mut(training) {
                    (active.epoch, active.epochs, active.last) = (*step, *steps, Some(*epoch));
                    active.fraction = active.fraction.max(*step as f64 / (*steps).max(1) as f64);
                }
            }
            Event::TrainingEnded(end) => self.end(end.training),
            Event::TrainingSuspended { training } | Event::TrainingLost { training } => {
                self.active.remove(training);
            }
            Event::SearchEnded { search, reason: Some(_) } => self.give_up(*search),
            Event::RunsEnded
            | Event::SearchEnded { reason: None, .. }
            | Event::Repeated { .. }
            | Event::EvidenceMissing { .. }
            | Event::TestOpened { .. }
            | Event::PutAside { .. }
            | Event::SearchLeft { .. }
            | Event::CheckpointRefused { .. }
            | Event::ForeignAwaited { .. }
            | Event::Unreachable { .. } => {}
        }
    }

    fn expect(&mut self, searches: &[PlannedSearch]) {
        for planned in searches {
            self.work_to_do += planned.trial_work * planned.n_trials as f64;
            self.searches.insert(planned.search, planned.clone());
        }
    }

    fn work(&self, training: TrainingKey) -> f64 {
        match training {
            TrainingKey::Run(run) => self.runs.get(run).map_or(0.0, |run| run.work),
            TrainingKey::Trial { search, .. } => self.searches.get(&search).map_or(0.0, |s| s.trial_work),
        }
    }

    /// What a training that ends early leaves undone is not work done: it would make the others look fast.
    fn end(&mut self, training: TrainingKey) {
        let fraction = self.active.remove(&training).map_or(1.0, |active| active.fraction);
        let work = self.work(training);
        match training {
            TrainingKey::Run(_) => self.n_ended += 1,
            TrainingKey::Trial { search, .. } => {
                if let Some(planned) = self.searches.get_mut(&search) {
                    planned.n_trials = planned.n_trials.saturating_sub(1);
                }
            }
        }
        self.work_ended += work * fraction;
        self.work_to_do -= work * (1.0 - fraction);
    }

    /// A rule has ended a search: the trials that were still to come are no work any more.
    fn give_up(&mut self, search: usize) {
        if let Some(planned) = self.searches.remove(&search) {
            self.work_to_do -= planned.trial_work * planned.n_trials as f64;
        }
    }

    /// To be called now and then, so that speeds can be measured. `now` is the time since some fixed moment.
    pub fn tick(&mut self, now: Duration) {
        let done = self.work_done();
        for active in self.active.values_mut() {
            active.speed.read(now, active.fraction);
            active.steps_speed.read(now, active.steps as f64);
        }
        self.speed.read(now, done);
    }

    /// The part of the study's work that is done.
    pub fn fraction(&self) -> f64 {
        if self.work_to_do > 0.0 { (self.work_done() / self.work_to_do).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// How long the study will still take, runs and searches together, if it can be told: no less than the longest of
    /// its trainings under way.
    pub fn left(&self) -> Option<Duration> {
        let of_active = self.active.values().filter_map(TrainingProgressView::left).max().unwrap_or_default();
        self.speed.time_for(self.work_to_do - self.work_done()).map(|left| left.max(of_active))
    }

    fn work_done(&self) -> f64 {
        let active = self.active.iter().map(|(&training, active)| self.work(training) * active.fraction);
        self.work_ended + active.sum::<f64>()
    }
}

impl TrainingProgressView {
    fn step(&mut self, epoch: usize, batch: usize, n_batches: usize) {
        self.epoch = epoch;
        self.steps += 1;
        let done = epoch.saturating_sub(1) as f64 + batch as f64 / n_batches as f64;
        self.fraction = done / self.epochs.max(1) as f64;
    }

    /// How long the training will still take, if it can be told.
    pub fn left(&self) -> Option<Duration> {
        self.speed.time_for(1.0 - self.fraction)
    }

    /// Updates per second.
    pub fn steps_per_second(&self) -> Option<f64> {
        self.steps_speed.per_second()
    }
}

#[cfg(test)]
mod tests {
    use toile_record::{Epoch, State, TrainingEnd};

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn runs(epochs: usize, work: &[f64]) -> Event {
        let run = |(position, &work): (usize, &f64)| PlannedRun {
            name: format!("run {position}"),
            position,
            seed: 1,
            epochs,
            work,
        };
        let to_do = (0..work.len()).collect();
        Event::RunsStarted { runs: work.iter().enumerate().map(run).collect(), to_do }
    }

    fn started(training: TrainingKey) -> Event {
        Event::TrainingStarted { training, attempt: 1, lost: false, params: Vec::new() }
    }

    fn step(run: usize, epoch: usize, [batch, n_batches]: [usize; 2]) -> Event {
        Event::Step { training: TrainingKey::Run(run), epoch, batch, n_batches }
    }

    fn ended(training: TrainingKey) -> Event {
        Event::TrainingEnded(Box::new(TrainingEnd {
            training,
            state: State::Complete,
            reason: None,
            epochs: 1,
            seconds: 1.0,
            values: Vec::new(),
            val_accuracy: None,
            val_loss: None,
            published: None,
            best: None,
            finished: 1,
        }))
    }

    #[test]
    fn time_left_follows_from_the_pace_so_far() {
        let mut progress = StudyProgress::default();
        progress.apply(&runs(10, &[30.0, 10.0]));
        progress.apply(&started(TrainingKey::Run(0)));
        progress.tick(at(0));
        progress.apply(&step(0, 4, [100, 100]));
        progress.tick(at(8));
        let run = &progress.active[&TrainingKey::Run(0)];
        assert_eq!((run.fraction, run.left()), (0.4, Some(at(12))));
        assert_eq!(progress.fraction(), 0.3);
        assert!((progress.left().unwrap().as_secs_f64() - 28.0 * 8.0 / 12.0).abs() < 1e-6);
    }

    #[test]
    fn a_run_that_ends_early_does_not_make_the_others_look_fast() {
        let mut progress = StudyProgress::default();
        progress.apply(&runs(40, &[10.0, 10.0]));
        (0..2).for_each(|run| progress.apply(&started(TrainingKey::Run(run))));
        progress.tick(at(0));
        (0..2).for_each(|run| progress.apply(&step(run, 10, [1, 1])));
        progress.tick(at(10));
        progress.apply(&ended(TrainingKey::Run(0)));
        progress.tick(at(10));
        assert_eq!(progress.left(), Some(at(30)), "thirty epochs of the other, one in a second");
        assert_eq!(progress.fraction(), 0.4);
    }

    #[test]
    fn nothing_is_said_of_the_time_before_anything_has_moved() {
        let mut progress = StudyProgress::default();
        progress.apply(&runs(10, &[1.0]));
        progress.apply(&started(TrainingKey::Run(0)));
        progress.tick(at(0));
        progress.tick(at(1));
        assert_eq!((progress.left(), progress.active[&TrainingKey::Run(0)].left()), (None, None));
    }

    /// One run of 10 units in 10 seconds; then a search of ten trials of one unit, of which two are done already.
    #[test]
    fn runs_and_searches_have_one_time_left() {
        let mut progress = StudyProgress::default();
        let planned = PlannedSearch { search: 0, n_trials: 10, trial_work: 1.0 };
        progress.apply(&Event::StudyStarted { searches: vec![planned] });
        progress.apply(&runs(10, &[10.0]));
        progress.apply(&started(TrainingKey::Run(0)));
        progress.tick(at(0));
        progress.apply(&step(0, 10, [1, 1]));
        progress.apply(&ended(TrainingKey::Run(0)));
        progress.tick(at(10));
        assert_eq!((progress.left(), progress.fraction()), (Some(at(10)), 0.5));
        progress.apply(&Event::SearchStarted { search: 0, finished: 2, n_trials: 10, best: None, others: 0 });
        assert_eq!(progress.left(), Some(at(8)));
        let training = TrainingKey::Trial { search: 0, number: 2 };
        progress.apply(&started(training));
        progress.apply(&Event::EpochEnded { training, step: 1, steps: 2, epoch: Epoch::default() });
        assert!((progress.fraction() - 10.5 / 18.0).abs() < 1e-12);
        progress.apply(&ended(training));
        assert!((progress.fraction() - 10.5 / 17.5).abs() < 1e-12, "half a trial was not trained");
        progress.apply(&Event::SearchEnded { search: 0, reason: Some("time is over".into()) });
        assert_eq!((progress.left(), progress.fraction()), (Some(at(0)), 1.0));
    }

    #[test]
    fn old_speeds_are_forgotten() {
        let mut speed = Speedometer::default();
        (0..100).for_each(|s| speed.read(at(s), s as f64));
        (0..200).for_each(|s| speed.read(at(100 + s), 100.0 + 3.0 * s as f64));
        assert!((speed.per_second().unwrap() - 3.0).abs() < 0.01);
    }
}
