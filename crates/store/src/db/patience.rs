//! How long a server is waited for: every answer has a time limit, and whoever waits may say so, or give up.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

/// How long a server is waited for. Times are counted by the waits themselves, not by a clock that may be set.
#[derive(Clone)]
pub struct Patience {
    /// For one attempt to connect and log in: 10 s, unless the address says `connect_timeout`.
    pub connect: Duration,
    /// Without a byte from the server or to it, while an answer is due: 30 s.
    pub silence: Duration,
    /// For one answer as a whole, however it trickles in: 5 minutes.
    pub answer: Duration,
    /// Called before a connection is made, and about every second of a wait, with the server's place, without its
    /// password, and the time for which nothing has come. If it says false, the wait is over, and the call fails.
    pub waits: Arc<Waits>,
}

/// See [`Patience::waits`].
pub type Waits = dyn Fn(&str, Duration) -> bool + Send + Sync;

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            answer: Duration::from_secs(300),
            waits: Arc::new(|_, _| true),
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Patience { connect, silence, answer, waits: _ } = self;
        write!(f, "Patience {{ connect: {connect:?}, silence: {silence:?}, answer: {answer:?}, .. }}")
    }
}

/// What went wrong between us and a server, other than what the server itself says.
#[derive(Clone, Debug)]
pub(crate) struct LineError {
    pub reason: String,
    pub help: Option<&'static str>,
    /// The same may succeed later.
    pub is_transient: bool,
    /// Whoever waits has given up: no other attempt is wanted.
    pub is_given_up: bool,
    /// TLS could not be agreed on.
    pub is_handshake: bool,
}

impl LineError {
    /// It may be another way in a minute.
    pub(crate) fn passing(reason: impl Into<String>) -> LineError {
        LineError { is_transient: true, ..LineError::lasting(reason, None) }
    }

    /// It stays so until somebody changes something.
    pub(crate) fn lasting(reason: impl Into<String>, help: Option<&'static str>) -> LineError {
        let (is_transient, is_given_up, is_handshake) = (false, false, false);
        LineError { reason: reason.into(), help, is_transient, is_given_up, is_handshake }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for LineError {}

impl Patience {
    /// An error, if whoever waits does not want to begin.
    pub(super) fn begins(&self, place: &str) -> Result<(), LineError> {
        match (self.waits)(place, Duration::ZERO) {
            true => Ok(()),
            false => Err(LineError { is_given_up: true, ..LineError::passing("it is not asked any more") }),
        }
    }
}

/// One wait: for whom, for what, and for how long at most.
pub(crate) struct AnswerWait<'a> {
    pub patience: &'a Patience,
    pub place: &'a str,
    /// The bytes that have come and gone so far.
    pub moved: &'a AtomicU64,
    /// Without a byte.
    pub silence: Duration,
    /// As a whole.
    pub whole: Duration,
}

impl AnswerWait<'_> {
    /// How often the wait is looked at: every second, or more often where the limits are short.
    fn tick(&self) -> Duration {
        (self.silence.min(self.whole) / 4).clamp(Duration::from_millis(1), Duration::from_secs(1))
    }

    /// What comes of the work, if it comes in time.
    pub(crate) async fn wait_for<T>(&self, work: impl Future<Output = T>) -> Result<T, LineError> {
        let mut work = pin!(work);
        let tick = self.tick();
        let mut seen = self.moved.load(Ordering::Relaxed);
        let (mut waited, mut silent) = (Duration::ZERO, Duration::ZERO);
        loop {
            if let Ok(done) = timeout(tick, &mut work).await {
                return Ok(done);
            }
            let moved = self.moved.load(Ordering::Relaxed);
            silent = if moved == seen { silent + tick } else { Duration::ZERO };
            seen = moved;
            waited += tick;
            if waited >= self.whole {
                return Err(LineError::passing(format!("no answer within {}", seconds(self.whole))));
            }
            if silent >= self.silence {
                return Err(LineError::passing(format!("no answer for {}", seconds(self.silence))));
            }
            if !(self.patience.waits)(self.place, silent) {
                let reason = format!("no answer for {}", seconds(silent));
                return Err(LineError { is_given_up: true, ..LineError::passing(reason) });
            }
        }
    }
}

/// `30 seconds`, `0.5 seconds`
fn seconds(time: Duration) -> String {
    let unit = if time == Duration::from_secs(1) { "second" } else { "seconds" };
    format!("{} {unit}", time.as_secs_f64())
}
