//! Epochs, timed as `toile run` trains them: the training part alone, by `fit`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use toile_lab::Clock;
use toile_nn::{FitConfig, FitEvent, Flow, Model, fit};
use toile_study::RunPlan;

use super::Bench;
use super::images::BenchImages;
use crate::failure::Failure;

/// Epochs that are timed at least, after the first, which only warms up.
const FEWEST_EPOCHS: usize = 2;

/// Batches that stand for an epoch at least, where an epoch would take too long.
const FEWEST_BATCHES: usize = 20;

/// Steps of a first look at a model's speed.
const LOOK_STEPS: usize = 4;

/// The middle, the least and the most of some times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Nothing of nothing; of an even number of times, the mean of the two in the middle.
    pub(super) fn of(times: &[f64]) -> Option<Spread> {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (sorted.first()?, sorted.last()?);
        let n = sorted.len();
        let median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
        Some(Spread { median, min: *first, max: *last })
    }

    /// The same for more or less work.
    pub(super) fn scaled(self, by: f64) -> Spread {
        Spread { median: self.median * by, min: self.min * by, max: self.max * by }
    }
}

/// How long an epoch of one run takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Epochs {
    /// Threads of all runs together.
    pub threads: usize,
    /// Runs side by side.
    pub runs: usize,
    /// Epochs that were timed, of all runs together.
    pub n: usize,
    /// Batches that were timed of each epoch, and those that an epoch has.
    pub batches: [usize; 2],
    /// Seconds per epoch and run, scaled to all batches.
    pub seconds: Spread,
}

/// What is timed.
pub(super) struct BenchCase<'a> {
    pub bench: &'a Bench<'a>,
    pub run: &'a RunPlan,
    pub images: &'a BenchImages,
    pub config: FitConfig,
}

/// A first look: how long a step takes, and how long it takes from nothing to the end of the first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepProfile {
    pub step: f64,
    pub first_update: f64,
}

/// How much is to be timed.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    /// Seconds for all timed epochs together.
    pub seconds: f64,
    /// An epoch that takes longer is not timed whole.
    pub longest_epoch: f64,
}

impl BenchCase<'_> {
    /// A fresh model.
    pub(super) fn model(&self) -> Result<Model, Failure> {
        Ok(toile_lab::model(self.run, self.images.shape())?)
    }

    /// Updates in an epoch.
    pub(super) fn n_batches(&self) -> usize {
        self.images.split.train.len().div_ceil(self.config.batch_size)
    }

    fn now(&self) -> f64 {
        self.bench.clock.elapsed().as_secs_f64()
    }

    /// Times a few steps; nothing if the loss is not finite at once.
    pub(super) fn look(&self, threads: usize) -> Result<Option<StepProfile>, Failure> {
        let start = self.now();
        let mut model = self.model()?;
        let mut ends = Vec::new();
        self.images.fit(&mut model, &self.config, threads, &mut |event| {
            let FitEvent::Step { .. } = event else { return Flow::Continue };
            ends.push(self.now());
            if ends.len() > LOOK_STEPS { Flow::Stop } else { Flow::Continue }
        });
        let steps: Vec<f64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let first = ends.first().map(|end| end - start);
        Ok(first
            .zip(Spread::of(&steps))
            .map(|(first_update, steps)| StepProfile { step: steps.min, first_update }))
    }

    /// Times epochs of `runs` runs side by side, `threads` for each; nothing if a loss is not finite too soon.
    pub(super) fn time(
        &self,
        runs: usize,
        threads: usize,
        look: StepProfile,
        goal: Goal,
    ) -> Result<Option<Epochs>, Failure> {
        let n_batches = self.n_batches();
        let batches = batches_to_time(n_batches, look.step, goal);
        let models: Result<Vec<Model>, Failure> = (0..runs).map(|_| self.model()).collect();
        let meeting = StageTime { waiting_for: AtomicUsize::new(runs), over: AtomicBool::new(false) };
        let times: Vec<f64> = std::thread::scope(|scope| {
            let mut models = models?.into_iter();
            let own = models.next();
            let others: Vec<_> = models
                .map(|model| scope.spawn(|| self.train(model, threads, batches, goal, &meeting)))
                .collect();
            let mut times = own.map_or_else(Vec::new, |m| self.train(m, threads, batches, goal, &meeting));
            for other in others {
                times.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            Ok::<_, Failure>(times)
        })?;
        // The last batch of an epoch may be a small one: images are what is scaled by.
        let all = self.images.split.train.len();
        let timed = (batches * self.config.batch_size).min(all);
        let scale = all as f64 / timed as f64 / runs as f64;
        Ok(Spread::of(&times).map(|seconds| Epochs {
            threads: runs * threads,
            runs,
            n: times.len(),
            batches: [batches, n_batches],
            seconds: seconds.scaled(scale),
        }))
    }

    /// Trains one of the runs, and gives the times of its epochs but the first, all of them while all runs trained.
    fn train(
        &self,
        mut model: Model,
        threads: usize,
        batches: usize,
        goal: Goal,
        meeting: &StageTime,
    ) -> Vec<f64> {
        let train = self.images.train();
        let some = (batches * self.config.batch_size).min(train.len());
        let train = train.with_indices(&self.images.split.train[..some]);
        let mut timer = StageTimer { goal, meeting, began: None, epoch: 0.0, times: Vec::new(), done: false };
        let threads = AtomicUsize::new(threads);
        fit(&mut model, &train, None, &self.config, &threads, &mut |event| timer.observe(event, self.now()));
        timer.leave();
        timer.times
    }
}

/// Where runs that train side by side wait for each other: none stops before all have enough.
struct StageTime {
    waiting_for: AtomicUsize,
    over: AtomicBool,
}

/// Takes the times of one run's epochs.
struct StageTimer<'a> {
    goal: Goal,
    meeting: &'a StageTime,
    /// When the first timed epoch began.
    began: Option<f64>,
    epoch: f64,
    times: Vec<f64>,
    done: bool,
}

impl StageTimer<'_> {
    fn observe(&mut self, event: FitEvent<'_>, now: f64) -> Flow {
        match event {
            FitEvent::EpochBegin { epoch, .. } => {
                self.epoch = now;
                if epoch > 1 {
                    self.began.get_or_insert(now);
                }
            }
            FitEvent::TrainingEnd { .. } => return self.epoch_ends(now),
            _ => {}
        }
        Flow::Continue
    }

    fn epoch_ends(&mut self, now: f64) -> Flow {
        if self.meeting.over.load(Ordering::Relaxed) {
            return Flow::Stop;
        }
        let Some(began) = self.began else { return Flow::Continue };
        self.times.push(now - self.epoch);
        if self.times.len() >= FEWEST_EPOCHS && now - began >= self.goal.seconds {
            self.leave();
        }
        if self.meeting.over.load(Ordering::Relaxed) { Flow::Stop } else { Flow::Continue }
    }

    /// Has enough, or has failed: the last one to leave ends it for all.
    fn leave(&mut self) {
        if !std::mem::replace(&mut self.done, true)
            && self.meeting.waiting_for.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.meeting.over.store(true, Ordering::Relaxed);
        }
    }
}

/// All batches of an epoch, unless it takes too long: then as many as fill the time with the epochs that are needed.
fn batches_to_time(n_batches: usize, step: f64, goal: Goal) -> usize {
    if n_batches as f64 * step <= goal.longest_epoch {
        return n_batches;
    }
    let fitting = goal.seconds / (FEWEST_EPOCHS + 1) as f64 / step;
    let part = (fitting as usize).max(FEWEST_BATCHES);
    // Less than half is spared: then the whole is worth it.
    if 2 * part > n_batches { n_batches } else { part }
}

/// The time of something that is done again and again for about so long, three times at least.
pub(super) fn repeated(bench: &Bench<'_>, seconds: f64, mut work: impl FnMut()) -> Spread {
    let now = || bench.clock.elapsed();
    let (start, mut times) = (now(), Vec::new());
    while times.len() < 3 || now() - start < Duration::from_secs_f64(seconds) {
        let before = now();
        work();
        times.push((now() - before).as_secs_f64());
    }
    Spread::of(&times).expect("there are three times")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        let spread = |times: &[f64]| Spread::of(times).map(|s| (s.median, s.min, s.max));
        assert_eq!(spread(&[3.0, 1.0, 100.0]), Some((3.0, 1.0, 100.0)));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 100.0]), Some((3.0, 1.0, 100.0)));
        assert_eq!(spread(&[2.0]), Some((2.0, 2.0, 2.0)));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn an_epoch_is_timed_whole_unless_it_takes_too_long() {
        let goal = Goal { seconds: 3.0, longest_epoch: 20.0 };
        assert_eq!(batches_to_time(211, 0.04, goal), 211);
        assert_eq!(batches_to_time(1000, 0.021, goal), 47);
        assert_eq!(batches_to_time(1000, 1.0, goal), 20);
        assert_eq!(batches_to_time(40, 10.0, goal), 20);
        assert_eq!(batches_to_time(39, 10.0, goal), 39);
    }

    /// Epochs of one second each, of which the first only warms up.
    #[test]
    fn the_first_epoch_is_not_counted_and_runs_wait_for_each_other() {
        let meeting = StageTime { waiting_for: AtomicUsize::new(2), over: AtomicBool::new(false) };
        let goal = Goal { seconds: 3.0, longest_epoch: 20.0 };
        let timer = || StageTimer {
            goal,
            meeting: &meeting,
            began: None,
            epoch: 0.0,
            times: Vec::new(),
            done: false,
        };
        let (mut one, mut other) = (timer(), timer());
        let mut flows = Vec::new();
        let learning_rate = &std::cell::Cell::new(0.01);
        for epoch in 1..=5 {
            one.observe(FitEvent::EpochBegin { epoch, learning_rate }, epoch as f64);
            flows.push(one.observe(FitEvent::TrainingEnd { epoch }, epoch as f64 + 1.0));
        }
        assert_eq!((flows, one.times.len()), (vec![Flow::Continue; 5], 4));
        other.leave();
        assert_eq!(one.observe(FitEvent::TrainingEnd { epoch: 6 }, 7.0), Flow::Stop);
        assert_eq!(one.times, [1.0; 4], "an epoch that ends alone is not counted");
    }
}
