//! Time, as the program lends it to the runner: no result depends on it, only what is told about the runs.

use std::time::Duration;

/// What the runner may ask about time. The program answers from the machine's clocks, tests from numbers.
pub trait Clock: Sync {
    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// Processor time of the calling thread, where the platform tells it.
    fn thread_time(&self) -> Option<Duration>;

    /// Processor time of all threads of the program, where the platform tells it.
    fn process_time(&self) -> Option<Duration>;

    /// Now, in RFC 3339 and UTC, for the record.
    fn timestamp(&self) -> String;
}

/// A clock that stands still: for tests that must not depend on time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClock;

impl Clock for NoClock {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn thread_time(&self) -> Option<Duration> {
        None
    }

    fn process_time(&self) -> Option<Duration> {
        None
    }

    fn timestamp(&self) -> String {
        "1970-01-01T00:00:00Z".into()
    }
}
