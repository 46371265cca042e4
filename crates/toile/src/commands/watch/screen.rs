//! A study on the screen: one thread looks, one asks the report, and the screen shows what they have found.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use toile_live::{LiveAnswer, Watching, answer, sentence};
use toile_record::Records;

use super::lines::head;
use super::looking::{Looking, now};
use crate::failure::Failure;
use crate::terminal::{self, Followable};
use crate::{interrupt, terminal::out};

/// The report is asked again after so many times the time that its last answer took.
const PATIENCE: u32 = 10;

/// What the report is asked: the records, and whether with the test.
type Question = (Records, bool);

/// A study that is shown.
struct Shown {
    looking: Looking,
    again: String,
    answer: LiveAnswer,
    questions: Sender<Question>,
    answers: Receiver<(LiveAnswer, Duration)>,
    asked_version: Option<u64>,
    is_waiting: bool,
    not_before: Instant,
    with_test: bool,
}

/// Shows the study until the viewer leaves, then what there is to say on the ordinary screen.
pub(super) fn show(looking: Looking, again: &str) -> Result<(), Failure> {
    let (questions, asked) = channel::<Question>();
    let (said, answers) = channel();
    std::thread::spawn(move || {
        while let Ok(mut question) = asked.recv() {
            // Only the latest is worth an answer.
            while let Ok(later) = asked.try_recv() {
                question = later;
            }
            let begin = Instant::now();
            let answer = answer(&question.0, question.1);
            if said.send((answer, begin.elapsed())).is_err() {
                return;
            }
        }
    });
    let mut shown = Shown {
        looking,
        again: again.to_owned(),
        answer: LiveAnswer::default(),
        questions,
        answers,
        asked_version: None,
        is_waiting: false,
        not_before: Instant::now(),
        with_test: false,
    };
    terminal::show_screen(&mut shown).map_err(|error| {
        Failure::new(format!("cannot draw on this terminal: {error}"))
            .help("`toile watch DIR | cat` prints lines, `--json` events")
    })?;
    out(&format!("{}\n", head(&shown.looking, again)))
}

impl Shown {
    /// Asks the report if what it says may be new, not all the time.
    fn ask(&mut self) {
        let version = self.looking.watching.answer_version();
        if self.asked_version == Some(version) || self.is_waiting || Instant::now() < self.not_before {
            return;
        }
        self.asked_version = Some(version);
        self.is_waiting =
            self.questions.send((self.looking.watching.records().clone(), self.with_test)).is_ok();
    }
}

impl Followable for Shown {
    fn refresh(&mut self) -> bool {
        let mut is_new = false;
        if let Ok((answer, took)) = self.answers.try_recv() {
            (self.answer, self.is_waiting, is_new) = (answer, false, true);
            self.not_before = Instant::now() + took * PATIENCE;
        }
        let before = self.looking.trouble.is_some();
        is_new |= !self.looking.look().is_empty() || self.looking.trouble.is_some() != before;
        self.ask();
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
        (self.asked_version, self.is_waiting, self.not_before) = (None, false, Instant::now());
        self.ask();
    }

    fn sentence(&self) -> String {
        sentence(&self.looking.watching, &self.again)
    }

    fn trouble(&self) -> Option<String> {
        self.looking.trouble.clone()
    }

    fn now(&self) -> f64 {
        now()
    }

    fn is_to_leave(&self) -> bool {
        interrupt::asked().load(Ordering::Relaxed)
    }
}
