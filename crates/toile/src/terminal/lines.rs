//! A terminal on which moving lines survive Ctrl-C.
//!
//! The library fills each line with spaces to the right edge and lets it break there. The cursor then waits at the
//! edge, where the terminal's echo of Ctrl-C, `^C`, begins a new line, and the moving lines are no longer found where
//! they were drawn. Here lines are ended as lines, and the cursor waits behind the last one's text.

use std::io;
use std::sync::{Mutex, PoisonError};

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

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
        let lines = MovingLines { term: Term::buffered_stderr(), next: Mutex::new(NextWrite::FirstLine) };
        ProgressDrawTarget::term_like_with_hz(Box::new(lines), 15)
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
        self.term.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.term.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text == "\r" {
            return self.term.write_str(text);
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, then) = match *next {
            NextWrite::FirstLine => (text.to_owned(), NextWrite::Filler),
            NextWrite::Line => (format!("\n{text}"), NextWrite::Filler),
            NextWrite::Filler => (CLEAR_REST.to_owned(), NextWrite::Line),
        };
        *next = then;
        self.term.write_str(&now)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.term.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = NextWrite::FirstLine;
        self.term.flush()
    }
}
