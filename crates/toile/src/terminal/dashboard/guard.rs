//! The terminal, taken and given back: whatever happens in between.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Whether the screen is taken: it is given back once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

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

/// Gives the terminal back, if it is taken.
pub(crate) fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // What cannot be written to the terminal now cannot be written at all.
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = io::stdout().flush();
        let _ = disable_raw_mode();
    }
}

/// Whether the screen is still taken: a fault in another thread has given it back.
pub(super) fn is_taken() -> bool {
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
