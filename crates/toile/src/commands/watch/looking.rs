//! Looking at a study again and again: at once when somebody has written, and when time alone changes something.
//!
//! A thread asks the store, so that a server that does not answer holds up no view.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use toile_live::{WatchEvent, Watching};
use toile_store::{Store, StoreError, StudyChanges, StudyLooks};

use crate::machine::seconds_since_1970;

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

impl Looking {
    /// The first look, and all that it tells; others follow.
    pub(crate) fn new(store: Store, study: Option<&str>) -> Result<(Looking, Vec<WatchEvent>), StoreError> {
        let (looks_on, followed) = StudyLooks::begin(store, study)?;
        let (watching, events) = Watching::new(followed, seconds_since_1970());
        let (found, looks) = channel();
        std::thread::spawn(move || look_on(looks_on, &found));
        Ok((Looking { looks, last_tick: Instant::now(), watching, trouble: None }, events))
    }

    /// What is new; a look that failed is kept as trouble, and tried again by the thread.
    pub(crate) fn look(&mut self) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        while let Ok(look) = self.looks.try_recv() {
            match look {
                Ok(changes) => {
                    self.trouble = None;
                    events.extend(self.watching.fold(changes, seconds_since_1970()));
                    self.last_tick = Instant::now();
                }
                Err(trouble) => self.trouble = Some(trouble),
            }
        }
        if self.last_tick.elapsed() >= TICK_EVERY {
            self.last_tick = Instant::now();
            events.extend(self.watching.tick(seconds_since_1970()));
        }
        events
    }
}

/// Looks for as long as somebody listens.
fn look_on(mut study: StudyLooks, found: &Sender<Result<StudyChanges, String>>) {
    let mut is_in_trouble = false;
    loop {
        let is_slow = study.is_on_server() || is_in_trouble;
        std::thread::sleep(if is_slow { SERVER_EVERY } else { FILE_EVERY });
        let look = match study.look(is_in_trouble) {
            Ok(None) => continue,
            Ok(Some(news)) => Ok(news.changes),
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
