//! How far a study is, and one time left for its runs and its searches together.

use toile_record::{Epoch, Records};

use crate::pace::recorded_epoch;
use crate::{LiveSearch, LiveState, LiveTraining};

/// How far a study is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LiveProgress {
    /// Runs that have ended, and all of the plan.
    pub runs: (usize, usize),
    /// Trials that have ended, and all that are asked for.
    pub trials: (usize, usize),
    /// Runs and trials that have failed.
    pub failed: usize,
    /// Runs and trials under way.
    pub under_way: usize,
    /// The part of the whole time that is over, where it can be told.
    pub fraction: Option<f64>,
    /// Seconds that everything will still take at the present pace, where it can be told.
    pub left: Option<f64>,
}

impl LiveProgress {
    /// `9/13 runs`, `0/108 trials`, `1 failed`: of what there is.
    pub fn counts(&self) -> Vec<String> {
        let of = |(ended, all): (usize, usize), what| (all > 0).then(|| format!("{ended}/{all} {what}"));
        let failed = (self.failed > 0).then(|| format!("{} failed", self.failed));
        [of(self.runs, "runs"), of(self.trials, "trials"), failed].into_iter().flatten().collect()
    }
}

/// Sums on the way to [`LiveProgress`].
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    done: f64,
    left: f64,
    longest: f64,
    is_unknown: bool,
}

impl Work {
    fn add_left(&mut self, seconds: Option<f64>) {
        match seconds {
            Some(seconds) => self.left += seconds,
            None => self.is_unknown = true,
        }
    }
}

/// Counts everything. Trainings side by side take their time together: what they leave is divided by how many there
/// are, and nothing is over before the longest of those under way.
pub(crate) fn progress(
    records: &Records,
    runs: &[LiveTraining],
    searches: &[LiveSearch],
    trials: &[Vec<LiveTraining>],
) -> LiveProgress {
    let all = || runs.iter().chain(trials.iter().flatten());
    let mut work = Work::default();
    let pace_of_runs = seconds_per_operation(records, runs);
    add_runs(&mut work, runs, pace_of_runs);
    let mean_of_all = || mean_seconds(trials.iter().flatten());
    let means: Vec<Option<f64>> = trials.iter().map(|trials| mean_seconds(trials.iter())).collect();
    let pace_of_trials =
        pace(searches.iter().zip(&means).filter_map(|(search, mean)| mean.zip(search.operations)));
    let pace = pace_of_trials.or(pace_of_runs);
    for ((search, trials), mean) in searches.iter().zip(trials).zip(means) {
        // Before any of its trials tells: as long as its operations take elsewhere.
        let guess = || search.operations.zip(pace).map(|(operations, pace)| operations * pace);
        add_search(&mut work, search, trials, mean.or_else(guess).or_else(mean_of_all));
    }
    let count = |states: &[LiveState]| all().filter(|training| states.contains(&training.state)).count();
    let under_way = count(&[LiveState::Running, LiveState::Stalled]);
    let left = (work.left / under_way.max(1) as f64).max(work.longest);
    let ended = |trainings: &[LiveTraining]| trainings.iter().filter(|one| one.state.has_ended()).count();
    let whole = work.done + work.left;
    LiveProgress {
        runs: (ended(runs), runs.len()),
        trials: (
            trials.iter().map(|trials| ended(trials)).sum(),
            searches.iter().zip(trials).map(|(search, trials)| search.n_trials.max(trials.len())).sum(),
        ),
        failed: count(&[LiveState::Failed]),
        under_way,
        fraction: (!work.is_unknown && whole > 0.0).then(|| work.done / whole),
        left: (!work.is_unknown).then_some(left),
    }
}

fn add_runs(work: &mut Work, runs: &[LiveTraining], pace: Option<f64>) {
    for run in runs {
        work.done += run.seconds;
        if run.state.has_ended() {
            continue;
        }
        let left = run.left.or_else(|| {
            let operations = run.operations? * run.epochs.saturating_sub(run.epoch) as f64;
            Some(operations * pace?)
        });
        work.add_left(left);
        if run.state.is_under_way() {
            work.longest = work.longest.max(left.unwrap_or_default());
        }
    }
}

/// Of all runs of which epochs are known.
fn seconds_per_operation(records: &Records, runs: &[LiveTraining]) -> Option<f64> {
    pace(records.runs.iter().zip(runs).filter_map(|(record, run)| {
        let epochs = Epoch::trained(&record.epochs);
        let n_epochs = epochs.len() as f64;
        Some((recorded_epoch(epochs)? * n_epochs, run.operations? * n_epochs))
    }))
}

/// Seconds per operation of what took so many seconds for so many operations; of nothing none.
fn pace(known: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (seconds, operations) = known.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (operations > 0.0).then(|| seconds / operations)
}

/// The mean time of trials that have ended; of none, what those under way will have taken.
fn mean_seconds<'t>(trials: impl Iterator<Item = &'t LiveTraining> + Clone) -> Option<f64> {
    let mean = |times: Vec<f64>| {
        let sum: f64 = times.iter().sum();
        (!times.is_empty()).then(|| sum / times.len() as f64)
    };
    let ended = trials.clone().filter(|trial| trial.state.has_ended() && trial.seconds > 0.0);
    mean(ended.map(|trial| trial.seconds).collect()).or_else(|| {
        let open = trials.filter(|trial| trial.state.is_under_way());
        mean(open.filter_map(|trial| Some(trial.seconds + trial.left?)).collect())
    })
}

fn add_search(work: &mut Work, search: &LiveSearch, trials: &[LiveTraining], mean: Option<f64>) {
    for trial in trials {
        work.done += trial.seconds;
        if !trial.state.has_ended() {
            let left = trial.left.or_else(|| mean.map(|mean| (mean - trial.seconds).max(0.0)));
            work.add_left(left);
            if trial.state.is_under_way() {
                work.longest = work.longest.max(left.unwrap_or_default());
            }
        }
    }
    let to_come = if search.stopped.is_some() { 0 } else { search.n_trials.saturating_sub(trials.len()) };
    if to_come > 0 {
        work.add_left(mean.map(|mean| mean * to_come as f64));
    }
}
