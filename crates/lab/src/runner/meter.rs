//! The meter of one run: wall time, time of each epoch's training, processor time.

use std::time::Duration;

use super::clock::Clock;

/// Measures from the moment it is made.
pub(crate) struct Meter<'a> {
    clock: &'a dyn Clock,
    started: Duration,
    epoch_began: Duration,
    epoch_seconds: f64,
    use_of_cores: Cores,
    segment_began: Option<Duration>,
    processor: Option<Duration>,
}

/// How a run uses the machine at this moment, and so which clock tells its processor time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    /// One thread, the run's own: the thread's clock.
    One,
    /// Several, and no other run is active: the program's clock.
    All,
    /// Several, beside other runs: no clock tells them apart.
    Some,
}

impl<'a> Meter<'a> {
    /// Starts to measure a run on one thread.
    pub(crate) fn new(clock: &'a dyn Clock) -> Meter<'a> {
        let now = clock.elapsed();
        Meter {
            clock,
            started: now,
            epoch_began: now,
            epoch_seconds: 0.0,
            use_of_cores: Cores::One,
            segment_began: clock.thread_time(),
            processor: Some(Duration::ZERO),
        }
    }

    /// The training of an epoch begins.
    pub(crate) fn epoch_begins(&mut self) {
        self.epoch_began = self.clock.elapsed();
    }

    /// The training of an epoch is over, its evaluations follow.
    pub(crate) fn training_ends(&mut self) {
        self.epoch_seconds = (self.clock.elapsed() - self.epoch_began).as_secs_f64();
    }

    /// Seconds of the last epoch's training.
    pub(crate) fn epoch_seconds(&self) -> f64 {
        self.epoch_seconds
    }

    /// To be told at every step: costs nothing while nothing changes.
    pub(crate) fn uses(&mut self, cores: Cores) {
        if cores != self.use_of_cores {
            self.close_segment();
            self.use_of_cores = cores;
            self.segment_began = self.reading();
        }
    }

    /// Wall seconds, and processor seconds if a clock told them all along.
    pub(crate) fn end(mut self) -> (f64, Option<f64>) {
        self.close_segment();
        let wall = self.clock.elapsed() - self.started;
        (wall.as_secs_f64(), self.processor.map(|time| time.as_secs_f64()))
    }

    /// The seconds so far, as [`Meter::end`] would give them.
    pub(crate) fn so_far(&mut self) -> (f64, Option<f64>) {
        self.close_segment();
        self.segment_began = self.reading();
        let wall = self.clock.elapsed() - self.started;
        (wall.as_secs_f64(), self.processor.map(|time| time.as_secs_f64()))
    }

    fn reading(&self) -> Option<Duration> {
        match self.use_of_cores {
            Cores::One => self.clock.thread_time(),
            Cores::All => self.clock.process_time(),
            Cores::Some => None,
        }
    }

    fn close_segment(&mut self) {
        let (sum, from, to) = (self.processor, self.segment_began, self.reading());
        self.processor = sum.zip(from).zip(to).map(|((sum, from), to)| sum + to.saturating_sub(from));
    }
}

/// Wall and processor seconds of a part after those before it. Where no clock told the processor's time of one of them,
/// none tells the sum's; nothing has gone before where there are no wall seconds.
pub(crate) fn sum_of_times(before: (f64, Option<f64>), part: (f64, Option<f64>)) -> (f64, Option<f64>) {
    let both = || before.1.zip(part.1).map(|(before, part)| before + part);
    (before.0 + part.0, if before.0 == 0.0 { part.1 } else { both() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Every question takes a second; the thread's clock runs at that pace, the program's at twice it.
    #[derive(Default)]
    struct Ticks(AtomicU64);

    impl Clock for Ticks {
        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
        }
        fn thread_time(&self) -> Option<Duration> {
            Some(Duration::from_secs(self.0.load(Ordering::Relaxed)))
        }
        fn process_time(&self) -> Option<Duration> {
            Some(Duration::from_secs(2 * self.0.load(Ordering::Relaxed)))
        }
        fn timestamp(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn an_epoch_is_timed_without_its_evaluations() {
        let clock = Ticks::default();
        let mut meter = Meter::new(&clock);
        meter.epoch_begins();
        meter.training_ends();
        clock.0.fetch_add(100, Ordering::Relaxed);
        assert_eq!(meter.epoch_seconds(), 1.0);
    }

    #[test]
    fn processor_time_is_summed_over_the_clocks_that_tell_it() {
        let clock = Ticks::default();
        let mut meter = Meter::new(&clock);
        clock.0.fetch_add(9, Ordering::Relaxed);
        meter.uses(Cores::All);
        clock.0.fetch_add(10, Ordering::Relaxed);
        assert_eq!(meter.end(), (20.0, Some(9.0 + 20.0)));
    }

    #[test]
    fn the_time_so_far_is_read_without_an_end() {
        let clock = Ticks::default();
        let mut meter = Meter::new(&clock);
        clock.0.fetch_add(9, Ordering::Relaxed);
        assert_eq!(meter.so_far(), (10.0, Some(9.0)));
        clock.0.fetch_add(5, Ordering::Relaxed);
        assert_eq!(meter.end(), (16.0, Some(15.0)));
    }

    #[test]
    fn processor_time_that_no_clock_tells_is_not_guessed() {
        let clock = Ticks::default();
        let mut meter = Meter::new(&clock);
        meter.uses(Cores::Some);
        meter.uses(Cores::One);
        assert_eq!(meter.end().1, None);
        assert_eq!(Meter::new(&super::super::NoClock).end().1, None);
    }
}
