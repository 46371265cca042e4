//! Ctrl-C: the first ends the study in order, the second at once.

#[cfg(unix)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::terminal;

/// Set by the first Ctrl-C (or SIGTERM).
static STOP: AtomicBool = AtomicBool::new(false);

/// The exit code of a program that was interrupted, as shells expect it: 128 + SIGINT.
pub const INTERRUPTED: u8 = 130;

/// From here on Ctrl-C asks to stop; gives what it sets.
pub fn listen() -> &'static AtomicBool {
    // Without a handler Ctrl-C ends the program at once, which loses no finished epoch either.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            end_now();
        }
        terminal::note(
            "stopping after the current batch; what is finished is kept (Ctrl-C again: stop at once)",
        );
    });
    &STOP
}

/// What [`listen`] sets; before, it stays unset.
pub fn asked() -> &'static AtomicBool {
    &STOP
}

/// A file that grows beyond the limit of `ulimit -f` is an error of the write, like a full disk: without a handler the
/// system ends the program without a word.
#[cfg(unix)]
pub fn survive_file_size_limit() {
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// The system knows no such limit.
#[cfg(not(unix))]
pub fn survive_file_size_limit() {}

/// The one way out apart from `main`: a second Ctrl-C means that the user does not want to wait for it.
#[allow(clippy::exit, clippy::disallowed_methods)]
fn end_now() -> ! {
    terminal::restore_cursor();
    std::process::exit(INTERRUPTED.into())
}
