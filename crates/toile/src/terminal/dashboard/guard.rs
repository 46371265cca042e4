//! The terminal, taken and given back: whatever happens in between.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Whether the screen is taken: it is given back once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// What was said while the screen was taken, and when.
static HELD: Mutex<Vec<(Instant, String)>> = Mutex::new(Vec::new());

/// So long a line that was said stands on the screen.
const SAID_FOR: Duration = Duration::from_secs(10);

/// Holds the screen for as long as it lives.
pub(super) struct ScreenGuard;

impl ScreenGuard {
    pub(super) fn enter() -> io::Result<ScreenGuard> {
        // A fault of our own is said on the screen that the user had before.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        take()?;
        Ok(ScreenGuard)
    }
}

impl Drop for ScreenGuard {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, Hide)
}

/// Keeps a line that is said while the screen is taken, to be said once it is given back. Gives back the line if it is
/// not taken.
pub(crate) fn hold(line: String) -> Option<String> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_taken() {
        return Some(line);
    }
    held.push((Instant::now(), line));
    None
}

/// A line that was said just now.
pub(super) fn just_said() -> Option<String> {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.last().filter(|(at, _)| at.elapsed() < SAID_FOR).map(|(_, line)| line.clone())
}

/// Gives the terminal back, if it is taken.
pub(crate) fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // What cannot be written to the terminal now cannot be written at all.
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = io::stdout().flush();
        let _ = disable_raw_mode();
        // A fault may have struck while a line was being kept.
        let held = HELD.try_lock().map(|mut held| std::mem::take(&mut *held));
        held.unwrap_or_default().iter().for_each(|(_, line)| drop(writeln!(io::stderr(), "{line}")));
    }
}

/// Whether the screen is taken. A fault in another thread may have given it back.
pub(crate) fn is_taken() -> bool {
    IS_TAKEN.load(Ordering::SeqCst)
}

/// Ctrl-Z: keys are read one by one, so that the terminal does not act on it itself.
pub(super) fn is_suspend(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Gives the terminal to the shell until `fg`.
pub(super) fn suspend() -> io::Result<()> {
    give_back();
    stop_here()?;
    take()
}

#[cfg(unix)]
fn stop_here() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
}

/// The system stops no programs.
#[cfg(not(unix))]
fn stop_here() -> io::Result<()> {
    Ok(())
}

/// Waits until a key is pressed, at most so long; whether one was.
///
/// The library's own waiting never ends where the terminal of standard input is gone.
///
/// # Errors
/// If it is gone.
#[cfg(unix)]
pub(super) fn wait_for_key(time: Duration) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, poll};
    let stdin = io::stdin();
    let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
    let time = time.try_into().map_err(|_| io::Error::other("no time to wait for"))?;
    match poll(&mut asked, Some(&time)) {
        // A signal, as that of a new size.
        Err(rustix::io::Errno::INTR) => return Ok(false),
        found => found?,
    };
    let found = asked[0].revents();
    if found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Err(io::Error::other("the terminal is gone"));
    }
    Ok(found.contains(PollFlags::IN))
}

#[cfg(not(unix))]
pub(super) fn wait_for_key(time: Duration) -> io::Result<bool> {
    ratatui::crossterm::event::poll(time)
}
