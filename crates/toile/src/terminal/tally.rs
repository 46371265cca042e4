//! How far a study is: kept from its events and the time, drawn by others.

use std::collections::BTreeMap;
use std::time::Duration;

use toile_lab::Event;

/// Speeds are averaged over about this many seconds, so that they follow when a run is given more threads.
const MEMORY: f64 = 20.0;

/// Where every active run is, and the study as a whole.
#[derive(Debug, Default)]
pub struct Tally {
    /// Epochs of each run of the plan.
    epochs: Vec<usize>,
    work: Vec<f64>,
    /// Runs that are to be trained now.
    pub n_to_do: usize,
    /// Those that have ended.
    pub n_ended: usize,
    work_to_do: f64,
    work_ended: f64,
    pub active: BTreeMap<usize, ActiveRun>,
    pace: Speedometer,
}

/// One run on its way.
#[derive(Debug, Default)]
pub struct ActiveRun {
    /// From 1; 0 before the first step.
    pub epoch: usize,
    pub epochs: usize,
    /// The part of all its steps that is done.
    pub fraction: f64,
    pub loss: Option<f64>,
    pub val_accuracy: Option<f64>,
    pub accuracy: Option<f64>,
    steps: u64,
    pace: Speedometer,
    steps_pace: Speedometer,
}

/// A running mean of progress per second that forgets slowly.
#[derive(Debug, Default)]
struct Speedometer {
    last: Option<(Duration, f64)>,
    done: f64,
    seconds: f64,
}

impl Speedometer {
    fn tell(&mut self, now: Duration, progress: f64) {
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

impl Tally {
    /// Before the study: the number of epochs of each run of its plan.
    pub fn new(epochs: Vec<usize>) -> Tally {
        Tally { epochs, ..Tally::default() }
    }

    /// What happens.
    pub fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::StudyStarted { to_do, work } => {
                self.work = work.to_vec();
                self.n_to_do = to_do.len();
                self.work_to_do = to_do.iter().map(|&run| work[run]).sum();
            }
            Event::RunStarted { run } => {
                let active = ActiveRun { epochs: self.epochs[*run], ..ActiveRun::default() };
                self.active.insert(*run, active);
            }
            Event::Step { run, epoch, batch, n_batches } => {
                if let Some(active) = self.active.get_mut(run) {
                    active.epoch = *epoch;
                    active.steps += 1;
                    let done = (*epoch - 1) as f64 + *batch as f64 / *n_batches as f64;
                    active.fraction = done / active.epochs as f64;
                }
            }
            Event::EpochEnded { run, epoch } => {
                if let Some(active) = self.active.get_mut(run) {
                    (active.loss, active.accuracy, active.val_accuracy) =
                        (epoch.loss, epoch.accuracy, epoch.val_accuracy);
                }
            }
            Event::RunEnded { run, .. } => self.end(*run),
            Event::RunSuspended { run } => drop(self.active.remove(run)),
        }
    }

    /// What a run that ends early leaves undone is not work done: it would make the others look fast.
    fn end(&mut self, run: usize) {
        let fraction = self.active.remove(&run).map_or(1.0, |active| active.fraction);
        self.n_ended += 1;
        self.work_ended += self.work[run] * fraction;
        self.work_to_do -= self.work[run] * (1.0 - fraction);
    }

    /// To be called now and then, so that speeds can be told.
    pub fn tick(&mut self, now: Duration) {
        let mut work = self.work_ended;
        for (run, active) in &mut self.active {
            active.pace.tell(now, active.fraction);
            active.steps_pace.tell(now, active.steps as f64);
            work += self.work[*run] * active.fraction;
        }
        self.pace.tell(now, work);
    }

    /// The part of the study's work that is done.
    pub fn fraction(&self) -> f64 {
        if self.work_to_do > 0.0 { (self.work_done() / self.work_to_do).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// How long the study will still take, if it can be told: no less than the longest of its active runs.
    pub fn left(&self) -> Option<Duration> {
        let of_runs = self.active.values().filter_map(ActiveRun::left).max().unwrap_or_default();
        self.pace.time_for(self.work_to_do - self.work_done()).map(|left| left.max(of_runs))
    }

    fn work_done(&self) -> f64 {
        self.work_ended
            + self.active.iter().map(|(run, active)| self.work[*run] * active.fraction).sum::<f64>()
    }
}

impl ActiveRun {
    /// How long the run will still take, if it can be told.
    pub fn left(&self) -> Option<Duration> {
        self.pace.time_for(1.0 - self.fraction)
    }

    /// Updates per second.
    pub fn steps_per_second(&self) -> Option<f64> {
        self.steps_pace.per_second()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_left_follows_from_the_pace_so_far() {
        let mut tally = Tally::new(vec![10, 10]);
        tally.tell(&Event::StudyStarted { to_do: &[0, 1], work: &[30.0, 10.0] });
        tally.tell(&Event::RunStarted { run: 0 });
        tally.tick(at(0));
        tally.tell(&Event::Step { run: 0, epoch: 4, batch: 100, n_batches: 100 });
        tally.tick(at(8));
        let run = &tally.active[&0];
        assert_eq!((run.fraction, run.left()), (0.4, Some(at(12))));
        assert_eq!(tally.fraction(), 0.3);
        assert!((tally.left().unwrap().as_secs_f64() - 28.0 * 8.0 / 12.0).abs() < 1e-6);
    }

    #[test]
    fn a_run_that_ends_early_does_not_make_the_others_look_fast() {
        let mut tally = Tally::new(vec![40, 40]);
        tally.tell(&Event::StudyStarted { to_do: &[0, 1], work: &[10.0, 10.0] });
        (0..2).for_each(|run| tally.tell(&Event::RunStarted { run }));
        tally.tick(at(0));
        (0..2).for_each(|run| tally.tell(&Event::Step { run, epoch: 10, batch: 1, n_batches: 1 }));
        tally.tick(at(10));
        tally.end(0);
        tally.tick(at(10));
        assert_eq!(tally.left(), Some(at(30)), "thirty epochs of the other, one in a second");
        assert_eq!(tally.fraction(), 0.4);
    }

    #[test]
    fn nothing_is_said_of_the_time_before_anything_has_moved() {
        let mut tally = Tally::new(vec![10]);
        tally.tell(&Event::StudyStarted { to_do: &[0], work: &[1.0] });
        tally.tell(&Event::RunStarted { run: 0 });
        tally.tick(at(0));
        tally.tick(at(1));
        assert_eq!((tally.left(), tally.active[&0].left()), (None, None));
    }

    #[test]
    fn old_speeds_are_forgotten() {
        let mut pace = Speedometer::default();
        (0..100).for_each(|s| pace.tell(at(s), s as f64));
        (0..200).for_each(|s| pace.tell(at(100 + s), 100.0 + 3.0 * s as f64));
        assert!((pace.per_second().unwrap() - 3.0).abs() < 0.01);
    }
}
