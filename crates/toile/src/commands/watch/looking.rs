//! Looking at a study again and again: at once when somebody has written, and when time alone changes something.
//!
//! A thread asks the store, so that a server that does not answer holds up no view.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use toile_live::{WatchEvent, Watching};
use toile_store::{Store, StoreError, StoreVersion, StudyChanges, StudyCursor};

/// How often a file is asked whether somebody has written: it costs microseconds.
const FILE_EVERY: Duration = Duration::from_millis(250);

/// How often a server is asked, and a store that could not be read.
const SERVER_EVERY: Duration = Duration::from_secs(1);

/// So often it is seen whether something has stalled, though nothing was written.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// A study that is looked at.
pub(crate) struct Looking {
    looks: Receiver<Result<StudyChanges, String>>,
    last_tick: Instant,
    /// What is known of it.
    pub watching: Watching,
    /// Why the last look failed; what was known before still stands.
    pub trouble: Option<String>,
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    Timestamp::now().as_millisecond() as f64 / 1000.0
}

/// What the thread knows.
struct Looker {
    store: Store,
    cursor: StudyCursor,
    version: Option<StoreVersion>,
}

impl Looking {
    /// The first look, and all that it tells; others follow.
    pub(crate) fn new(store: Store, study: Option<&str>) -> Result<(Looking, Vec<WatchEvent>), StoreError> {
        // Before the look: what is written in between is looked at once more.
        let version = Some(store.version()?);
        let (followed, cursor) = store.follow(study)?;
        let (watching, events) = Watching::new(followed, now());
        let (found, looks) = channel();
        std::thread::spawn(move || Looker { store, cursor, version }.look_on(&found));
        Ok((Looking { looks, last_tick: Instant::now(), watching, trouble: None }, events))
    }

    /// What is new; a look that failed is kept as trouble, and tried again by the thread.
    pub(crate) fn look(&mut self) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        while let Ok(look) = self.looks.try_recv() {
            match look {
                Ok(changes) => {
                    self.trouble = None;
                    events.extend(self.watching.fold(changes, now()));
                    self.last_tick = Instant::now();
                }
                Err(trouble) => self.trouble = Some(trouble),
            }
        }
        if self.last_tick.elapsed() >= TICK_EVERY {
            self.last_tick = Instant::now();
            events.extend(self.watching.tick(now()));
        }
        events
    }
}

impl Looker {
    /// Looks for as long as somebody listens.
    fn look_on(mut self, found: &Sender<Result<StudyChanges, String>>) {
        let mut is_in_trouble = false;
        loop {
            let is_slow = self.store.is_server() || is_in_trouble;
            std::thread::sleep(if is_slow { SERVER_EVERY } else { FILE_EVERY });
            let look = match self.look(is_in_trouble) {
                Ok(None) => continue,
                Ok(Some(changes)) => Ok(changes),
                Err(error) => {
                    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
                    Err(format!("{error}{help}"))
                }
            };
            is_in_trouble = look.is_err();
            if found.send(look).is_err() {
                return;
            }
        }
    }

    /// Looks if something was written, or `always`.
    fn look(&mut self, always: bool) -> Result<Option<StudyChanges>, StoreError> {
        let version = self.store.version()?;
        if self.version.as_ref() == Some(&version) && !always {
            return Ok(None);
        }
        let changes = self.store.changes_since(&mut self.cursor)?;
        self.version = Some(version);
        Ok(Some(changes))
    }
}
