//! A terminal on which moving lines survive Ctrl-C.
//!
//! The library fills each line with spaces to the right edge and lets it break there. The cursor then waits at the
//! edge, where the terminal's echo of Ctrl-C, `^C`, begins a new line, and the moving lines are no longer found where
//! they were drawn. Here lines are ended as lines, and the cursor waits behind the last one's text.
//!
//! While the whole screen is taken (`run --dashboard`), nothing is drawn. Afterwards the lines begin anew below what
//! stands there: where they were drawn before is not known any more.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

use super::is_screen_taken;

/// Clears from the cursor to the right edge.
const CLEAR_REST: &str = "\u{1b}[K";

/// Columns that stay free behind a line: room for `^C`, and for the cursor behind it.
pub(super) const FREE: usize = 3;

/// Standard error.
#[derive(Debug)]
pub(super) struct MovingLines {
    term: Term,
    /// What is written next: the library writes a line, its filler, a line, its filler, and flushes.
    next: Mutex<NextWrite>,
    /// Whether the screen was taken since the lines were drawn last.
    was_hidden: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NextWrite {
    FirstLine,
    Filler,
    Line,
}

impl MovingLines {
    /// For moving lines to draw on.
    pub(super) fn target() -> ProgressDrawTarget {
        let lines = MovingLines {
            term: Term::buffered_stderr(),
            next: Mutex::new(NextWrite::FirstLine),
            was_hidden: AtomicBool::new(false),
        };
        ProgressDrawTarget::term_like_with_hz(Box::new(lines), 15)
    }

    /// Whether nothing may be drawn now.
    fn is_hidden(&self) -> bool {
        let is_taken = is_screen_taken();
        if is_taken {
            self.was_hidden.store(true, Ordering::Relaxed);
        }
        is_taken
    }

    /// Moves to where lines stand, or clears one; not where they are unknown.
    fn change(&self, change: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        if self.is_hidden() || self.was_hidden.load(Ordering::Relaxed) { Ok(()) } else { change(&self.term) }
    }

    /// Writes, after what was hidden on a line of its own.
    fn write(&self, text: &str) -> io::Result<()> {
        if self.is_hidden() {
            return Ok(());
        }
        if self.was_hidden.swap(false, Ordering::Relaxed) {
            self.term.write_str("\r\n")?;
        }
        self.term.write_str(text)
    }
}

impl TermLike for MovingLines {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.change(|term| term.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.change(|term| term.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.change(|term| term.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.change(|term| term.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text == "\r" {
            return self.change(|term| term.write_str(text));
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, then) = match *next {
            NextWrite::FirstLine => (text.to_owned(), NextWrite::Filler),
            NextWrite::Line => (format!("\n{text}"), NextWrite::Filler),
            NextWrite::Filler => (CLEAR_REST.to_owned(), NextWrite::Line),
        };
        *next = then;
        self.write(&now)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.change(Term::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = NextWrite::FirstLine;
        self.term.flush()
    }
}
