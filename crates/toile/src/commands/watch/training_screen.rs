//! The screen of a study that runs in this very program: beside the training, in a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::looking::Looking;
use super::screen::{ShownFor, on_screen};
use crate::serve::StudyAddress;
use crate::terminal;

/// Between two questions whether the study has begun to be recorded.
const PAUSE: Duration = Duration::from_millis(100);

/// At the end the screen has so long to be given back.
const PATIENCE: Duration = Duration::from_secs(3);

/// The screen beside a training.
pub(crate) struct TrainingScreen {
    has_ended: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl TrainingScreen {
    /// Shows the study once something is recorded of it; `page` is where it can be seen in a browser. What goes wrong
    /// with the screen is told, and harms nothing.
    pub(crate) fn start(address: StudyAddress, page: Option<String>) -> Option<TrainingScreen> {
        if !terminal::has_screen() {
            terminal::note("note: there is no terminal for a whole screen; `--dashboard` is without effect");
            return None;
        }
        let has_ended = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("dashboard".into()).spawn({
            let has_ended = has_ended.clone();
            move || show(&address, page.as_deref(), &has_ended)
        });
        let told = |error| terminal::note(&format!("warning: there is no dashboard: {error}"));
        Some(TrainingScreen { has_ended, thread: thread.map_err(told).ok()? })
    }

    /// The study has ended: the terminal is given back, if the viewer has not left before.
    pub(crate) fn end(self) {
        self.has_ended.store(true, Ordering::SeqCst);
        // It looks four times a second; a terminal that takes nothing any more is not waited for.
        let begun = Instant::now();
        while !self.thread.is_finished() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        terminal::leave_screen();
    }
}

fn show(address: &StudyAddress, page: Option<&str>, has_ended: &AtomicBool) {
    while !has_ended.load(Ordering::SeqCst) {
        // The training says what is wrong with its store.
        let looking = address.open().and_then(|store| Looking::new(store, address.study.as_deref()));
        let Ok((looking, _)) = looking else {
            std::thread::sleep(PAUSE);
            continue;
        };
        match on_screen(looking, &address.again, ShownFor::Trainer { has_ended, page }) {
            Err(error) => terminal::note(&format!("warning: the dashboard cannot be drawn: {error}")),
            Ok(_) if !has_ended.load(Ordering::SeqCst) => {
                terminal::note("the study goes on; Ctrl-C stops it after the current batch");
            }
            Ok(_) => {}
        }
        return;
    }
}
