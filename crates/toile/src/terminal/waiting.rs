//! What is shown while something is measured: one moving line where someone looks on, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::moving_lines;

/// A line that shows what is being done.
pub(crate) struct Waiting {
    line: Option<ProgressBar>,
}

impl Waiting {
    /// An empty line.
    pub(crate) fn new() -> Waiting {
        let line = moving_lines().then(ProgressBar::new_spinner);
        if let Some(line) = &line {
            let style = ProgressStyle::with_template("{spinner:.cyan} {wide_msg} {elapsed:.dim}");
            line.set_style(style.expect("the template is a constant"));
            line.enable_steady_tick(Duration::from_millis(250));
        }
        Waiting { line }
    }

    /// Tells what is done now.
    pub(crate) fn show(&self, what: &str) {
        if let Some(line) = &self.line {
            line.set_message(what.to_owned());
        }
    }

    /// Removes the line.
    pub(crate) fn end(self) {
        drop(self);
    }
}

/// An error on the way removes it too.
impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}
