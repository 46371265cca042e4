//! A study as lines: JSON for programs, words where no terminal looks on.

use std::time::{Duration, Instant};

use toile_live::{StudyState, WatchEvent, Watching, clock, seconds_since_1970, sentence};

use super::is_to_leave;
use super::looking::Looking;
use crate::failure::Failure;
use crate::{machine, terminal};

/// Between two questions whether there is something new.
const PAUSE: Duration = Duration::from_millis(250);

/// How far everything is, is said to programs not more often than this.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// And to people.
const WORDS_EVERY: Duration = Duration::from_secs(60);

/// Prints one event a line as JSON, until the study has finished or the reader leaves.
pub(super) fn json(mut looking: Looking, first: Vec<WatchEvent>) -> Result<(), Failure> {
    let mut said = String::new();
    let mut last_progress: Option<Instant> = None;
    let mut events = first;
    loop {
        let is_over = looking.watching.state() == StudyState::Finished;
        let is_due = last_progress.is_none_or(|last| last.elapsed() >= PROGRESS_EVERY);
        if is_over || (is_due && (!events.is_empty() || last_progress.is_none())) {
            last_progress = Some(Instant::now());
            events.push(looking.watching.progress_event(machine::seconds_since_1970()));
        }
        let mut text = String::new();
        for event in events.drain(..) {
            text += &as_json(&event)?;
            text.push('\n');
        }
        if !text.is_empty() && !terminal::out_line(&text)? {
            return Ok(());
        }
        tell_trouble(&looking, &mut said);
        if is_over || pause() {
            return Ok(());
        }
        events = looking.look();
    }
}

fn as_json(event: &WatchEvent) -> Result<String, Failure> {
    serde_json::to_string(event)
        .map_err(|error| Failure::new(format!("cannot write an event as JSON: {error}")))
}

/// Prints what happens as lines of words, until the study has finished or the reader leaves.
pub(super) fn words(mut looking: Looking, again: &str) -> Result<(), Failure> {
    let mut said = String::new();
    let mut last_words = Instant::now();
    let earlier = looking.watching.events().len();
    let mut text = format!("{}\n", head(&looking.watching, again));
    for (at, event) in looking.watching.events() {
        text += &line(*at, event);
    }
    if earlier > 0 {
        text += &format!("{}\n", head(&looking.watching, again));
    }
    loop {
        if !text.is_empty() && !terminal::out_line(&text)? {
            return Ok(());
        }
        text.clear();
        tell_trouble(&looking, &mut said);
        if looking.watching.state() == StudyState::Finished || pause() {
            return Ok(());
        }
        for event in looking.look() {
            let at = moment(&event).unwrap_or_else(machine::seconds_since_1970);
            text += &line(at, &event);
            if let WatchEvent::State { .. } = event {
                last_words = Instant::now();
            }
        }
        if last_words.elapsed() >= WORDS_EVERY {
            last_words = Instant::now();
            text += &format!("{}\n", head(&looking.watching, again));
        }
    }
}

fn moment(event: &WatchEvent) -> Option<f64> {
    match event {
        WatchEvent::Run { time, .. }
        | WatchEvent::Trial { time, .. }
        | WatchEvent::State { time, .. }
        | WatchEvent::Opening { time, .. } => seconds_since_1970(time),
        WatchEvent::Study { .. }
        | WatchEvent::Epoch { .. }
        | WatchEvent::Search { .. }
        | WatchEvent::Progress { .. } => None,
    }
}

fn line(at: f64, event: &WatchEvent) -> String {
    event.line().map(|line| format!("{}  {line}\n", clock(at))).unwrap_or_default()
}

/// `fashion-mnist: running, about 4:12 left; 9/13 runs, 0/108 trials, 1 failed`
pub(super) fn head(watching: &Watching, again: &str) -> String {
    let name = terminal::safe_name(&watching.records().study.name);
    format!("{name}: {}; {}", sentence(watching, again), watching.progress().counts().join(", "))
}

/// Says once why nothing new comes.
fn tell_trouble(looking: &Looking, said: &mut String) {
    let trouble = looking.trouble.clone().unwrap_or_default();
    if *said != trouble {
        match trouble.is_empty() {
            true => terminal::note("the store can be read again"),
            false => terminal::note(&format!("trying again: {trouble}")),
        }
        *said = trouble;
    }
}

/// Waits until it is time to look again; whether the user wants to leave.
fn pause() -> bool {
    let until = Instant::now() + PAUSE;
    while Instant::now() < until {
        if is_to_leave() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    is_to_leave()
}
