//! The terminal: the only place that prints.
//!
//! Results go to standard output, everything else to standard error. Colours and moving lines
//! appear only where a person looks on: on a terminal, and not if `NO_COLOR` is set.

mod chart;
mod dashboard;
mod fetching;
mod following;
mod lines;
mod live;
mod names;
mod plain;
mod safe;
mod searching;
mod studying;
mod table;
mod waiting;

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

pub(crate) use chart::range_chart;
pub(crate) use dashboard::{Followable, is_possible as has_screen, leave_screen, show as show_screen};
use dashboard::{hold, is_screen_taken};
pub(crate) use fetching::Fetching;
pub(crate) use following::Following;
use names::labels;
pub(crate) use names::suggestion;
pub(crate) use safe::{name as safe_name, names as safe_names};
use searching::Searching;
use studying::Studying;
pub(crate) use table::{Align, Table};
pub(crate) use toile_report::format::terminal::{bytes, duration, duration_of, flops};
pub(crate) use toile_report::format::{count, plural};
pub(crate) use waiting::Waiting;

use crate::failure::Failure;

/// How to print a line above moving ones; set while there are some.
static ABOVE: Mutex<Option<indicatif::MultiProgress>> = Mutex::new(None);

/// Decides once whether colours are used.
pub(crate) fn choose_colours() {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    console::set_colors_enabled(wanted && std::io::stdout().is_terminal());
    console::set_colors_enabled_stderr(wanted && moving_lines());
}

/// Whether someone looks on at standard error, so that lines may move.
pub(crate) fn moving_lines() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Prints a result.
///
/// # Errors
/// If it cannot be written. A reader that has had enough (`| head`) is no error.
pub(crate) fn out(text: &str) -> Result<(), Failure> {
    printed(&safe::printed(text, console::colors_enabled())).map(|_| ())
}

/// Prints lines as they come; whether anybody still reads them.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn out_line(text: &str) -> Result<bool, Failure> {
    printed(&safe::printed(text, false))
}

fn printed(text: &str) -> Result<bool, Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(format!("cannot write to standard output: {error}"))),
    }
}

/// Prints a result as JSON, to be read by people too.
///
/// # Errors
/// As [`out`].
pub(crate) fn out_json(result: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(result)
        .map_err(|error| Failure::new(format!("cannot write the answer as JSON: {error}")))?;
    out(&(json + "\n"))
}

/// Prints a line on the way, above the moving lines if there are any; where the whole screen is taken, once it is given
/// back.
pub(crate) fn note(text: &str) {
    let Some(text) = hold(safe::printed(text, console::colors_enabled_stderr()).into_owned()) else { return };
    let above = ABOVE.lock().unwrap_or_else(PoisonError::into_inner);
    match above.as_ref() {
        // What cannot be written to standard error cannot be written at all.
        Some(lines) => drop(lines.println(text)),
        None => drop(writeln!(std::io::stderr().lock(), "{text}")),
    }
}

/// Prints what a fault of our own says, without breaking the moving lines. The run that it struck is recorded as
/// failed.
pub(crate) fn listen_for_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if toile_data::panic_becomes_an_error() {
            return;
        }
        let text = format!("toile itself broke, please report it: {panic}");
        let text = safe::printed(&text, false);
        // Not through `note`, which waits: the fault may have struck while a line was being printed.
        match ABOVE.try_lock().as_deref() {
            Ok(Some(lines)) => drop(lines.println(text)),
            _ => drop(writeln!(std::io::stderr(), "{text}")),
        }
    }));
}

/// From now on lines move (or no longer).
pub(crate) fn set_above(lines: Option<indicatif::MultiProgress>) {
    *ABOVE.lock().unwrap_or_else(PoisonError::into_inner) = lines;
}

/// Shows the cursor, which moving lines hide.
pub(crate) fn restore_cursor() {
    if moving_lines() {
        let _ = console::Term::stderr().show_cursor();
    }
}

/// How a training goes on that was begun before; nothing on one that begins.
fn resumed(attempt: usize, lost: bool) -> Option<String> {
    (attempt > 1).then(|| match lost {
        true => {
            format!("goes on from its last checkpoint, attempt {attempt}: the worker that had it was lost")
        }
        false => format!("goes on where it was interrupted, attempt {attempt}"),
    })
}

/// The epoch that a run is at, its number as wide as that.
fn at_epoch(active: &toile_lab::TrainingProgressView, width: usize) -> String {
    match active.epochs {
        0 => "starting weights".into(),
        epochs => format!("epoch {:>width$}/{epochs}", active.epoch.max(1)),
    }
}

/// The last epoch's numbers of a run, as far as there are any.
fn measured(active: &toile_lab::TrainingProgressView) -> Vec<String> {
    let Some(last) = active.last else { return Vec::new() };
    let (name, accuracy) = match last.val_accuracy {
        Some(accuracy) => ("val_accuracy", Some(accuracy)),
        None => ("accuracy", last.accuracy),
    };
    let loss = last.loss.map(|loss| format!("loss {loss:.4}"));
    loss.into_iter().chain(accuracy.map(|accuracy| format!("{name} {accuracy:.4}"))).collect()
}
