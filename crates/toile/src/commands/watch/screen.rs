//! A study on the screen: one thread looks, one asks the report, and the screen shows what they have found.

use std::sync::atomic::{AtomicBool, Ordering};

use toile_live::{LiveAnswer, Watching, answer, sentence};
use toile_record::Records;

use super::lines::head;
use super::looking::Looking;
use crate::background::Background;
use crate::failure::Failure;
use crate::terminal::{self, Followable};
use crate::{interrupt, machine, terminal::out};

/// What the report is asked: the records, and whether with the test.
type Question = (Records, bool);

/// Whose study is shown.
#[derive(Clone, Copy)]
pub(super) enum ShownFor<'o> {
    /// Anybody's: leaving ends nothing.
    Viewer,
    /// This very program's: it can be stopped from here.
    Trainer {
        /// Whether it has come to its end.
        has_ended: &'o AtomicBool,
        /// Where its page is, if there is one.
        page: Option<&'o str>,
    },
}

/// A study that is shown.
struct Shown<'o> {
    looking: Looking,
    again: String,
    of: ShownFor<'o>,
    answer: LiveAnswer,
    report: Background<Question, LiveAnswer>,
    asked_version: Option<u64>,
    with_test: bool,
}

/// Shows the study until the viewer leaves, then what there is to say on the ordinary screen.
pub(super) fn show(looking: Looking, again: &str) -> Result<(), Failure> {
    let watching = on_screen(looking, again, ShownFor::Viewer).map_err(|error| {
        Failure::new(format!("cannot draw on this terminal: {error}"))
            .help("`toile watch DIR | cat` prints lines, `--json` events")
    })?;
    out(&format!("{}\n", head(&watching, again)))
}

/// Shows the study until the viewer leaves, or a study of this program has ended. What was last known of it.
pub(super) fn on_screen(looking: Looking, again: &str, of: ShownFor<'_>) -> std::io::Result<Watching> {
    let report = Background::start("report", |(records, with_test): Question| answer(&records, with_test))?;
    let mut shown = Shown {
        looking,
        again: again.to_owned(),
        of,
        answer: LiveAnswer::default(),
        report,
        asked_version: None,
        with_test: false,
    };
    terminal::show_screen(&mut shown)?;
    Ok(shown.looking.watching)
}

impl Shown<'_> {
    /// Asks the report what it says of what is known now.
    fn ask(&mut self) {
        self.asked_version = Some(self.looking.watching.answer_version());
        self.report.begin((self.looking.watching.records().clone(), self.with_test));
    }
}

impl Followable for Shown<'_> {
    fn refresh(&mut self) -> bool {
        let mut is_new = false;
        if let Some(answer) = self.report.take(false) {
            (self.answer, is_new) = (answer, true);
        }
        let before = self.looking.trouble.is_some();
        is_new |= !self.looking.look().is_empty() || self.looking.trouble.is_some() != before;
        let is_known = self.asked_version == Some(self.looking.watching.answer_version());
        if !is_known && self.report.is_free(false) {
            self.ask();
        }
        is_new
    }

    fn watching(&self) -> &Watching {
        &self.looking.watching
    }

    fn answer(&self) -> &LiveAnswer {
        &self.answer
    }

    fn ask_answer(&mut self, with_test: bool) {
        self.with_test = with_test;
        self.ask();
    }

    fn sentence(&self) -> String {
        sentence(&self.looking.watching, &self.again)
    }

    fn trouble(&self) -> Option<String> {
        self.looking.trouble.clone()
    }

    fn now(&self) -> f64 {
        machine::seconds_since_1970()
    }

    fn is_to_leave(&self) -> bool {
        match self.of {
            ShownFor::Viewer => super::is_to_leave(),
            ShownFor::Trainer { has_ended, .. } => has_ended.load(Ordering::SeqCst),
        }
    }

    fn is_own(&self) -> bool {
        matches!(self.of, ShownFor::Trainer { .. })
    }

    fn stop(&mut self, at_once: bool) {
        match self.of {
            ShownFor::Viewer => {}
            ShownFor::Trainer { .. } if at_once => interrupt::stop_now(),
            ShownFor::Trainer { .. } => interrupt::stop(),
        }
    }

    fn page(&self) -> String {
        match self.of {
            ShownFor::Trainer { page: Some(page), .. } => format!("the page is at {page}"),
            ShownFor::Trainer { page: None, .. } | ShownFor::Viewer => {
                "there is no page: `toile watch … --web`, in another terminal, serves one".into()
            }
        }
    }
}
