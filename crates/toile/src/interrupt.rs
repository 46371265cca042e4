//! Ctrl-C: the first ends the study in order, the second at once.

#[cfg(unix)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::terminal;

/// Set by the first Ctrl-C (or SIGTERM).
static STOP: AtomicBool = AtomicBool::new(false);

/// The exit code of a program that was interrupted, as shells expect it: 128 + SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// How long a view has to leave.
const PATIENCE: Duration = Duration::from_secs(3);

const STOPPED: &str = "stopped at once: what was recorded is kept, and the same command goes on from there";

/// From here on Ctrl-C asks to stop; gives what it sets.
pub(crate) fn listen() -> &'static AtomicBool {
    // Without a handler Ctrl-C ends the program at once, which loses no finished epoch either.
    let _ = ctrlc::set_handler(stop);
    &STOP
}

/// Asks to stop, as Ctrl-C does: after the current batch, and if that was asked before, at once.
pub(crate) fn stop() {
    if STOP.swap(true, Ordering::SeqCst) {
        stop_now();
    }
    terminal::note("stopping after the current batch; what is finished is kept (Ctrl-C again: stop at once)");
}

/// From here on Ctrl-C, SIGTERM and SIGHUP ask to leave, without a word and as often as they come: for views, which
/// leave and end nothing.
///
/// A view that has not left after [`PATIENCE`] is ended: it may wait for keys of a terminal that is gone.
pub(crate) fn listen_to_leave() -> &'static AtomicBool {
    let _ = ctrlc::set_handler(|| {
        STOP.store(true, Ordering::SeqCst);
        // This is a thread of its own.
        std::thread::sleep(PATIENCE);
        terminal::leave_screen();
        exit();
    });
    &STOP
}

/// What [`listen`] sets; before, it stays unset.
pub(crate) fn asked() -> &'static AtomicBool {
    &STOP
}

/// A file that grows beyond the limit of `ulimit -f` is an error of the write, like a full disk: without a handler the
/// system ends the program without a word.
#[cfg(unix)]
pub(crate) fn survive_file_size_limit() {
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// The system knows no such limit.
#[cfg(not(unix))]
pub(crate) fn survive_file_size_limit() {}

/// The user does not want to wait for the end of `main`: a second Ctrl-C, or `n` on the screen that asks.
pub(crate) fn stop_now() -> ! {
    terminal::leave_screen();
    terminal::restore_cursor();
    // A reader that has stopped reading must not keep the program: the line has a moment to get out.
    let line = std::thread::spawn(|| terminal::note(STOPPED));
    let deadline = Instant::now() + Duration::from_millis(200);
    while !line.is_finished() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    exit()
}

/// The one way out apart from `main`.
#[allow(clippy::exit, clippy::disallowed_methods)]
fn exit() -> ! {
    std::process::exit(INTERRUPTED.into())
}
