//! A study on the whole screen of a terminal: `toile watch DIR`, `toile run --dashboard`.
//!
//! The screen is drawn at most four times a second, and only what has changed of it is written. Looking at the store
//! and asking the report happen in threads of their own (`commands/watch`), so that no picture waits for them. However
//! the view ends, by a key, a signal or a fault of our own, the terminal is given back as it was, and a summary stays.

mod draw;
mod guard;
mod ink;
mod keys;
#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use toile_live::{LiveAnswer, Watching};

use self::guard::ScreenGuard;
use self::ink::Ink;
use self::keys::{KeyEffect, Sight};

pub(crate) use draw::Scene;
pub(crate) use guard::{give_back as leave_screen, hold, is_taken as is_screen_taken};

/// Between two pictures.
const FRAME: Duration = Duration::from_millis(250);

/// What is drawn next, asked of whoever looks at the study.
pub(crate) trait Followable {
    /// What is new since the last call: whether anything is.
    fn refresh(&mut self) -> bool;
    /// The study as it is known.
    fn watching(&self) -> &Watching;
    /// What the report says so far.
    fn answer(&self) -> &LiveAnswer;
    /// The report is asked again, with what the test part says or without.
    fn ask_answer(&mut self, with_test: bool);
    /// How the study stands, in a sentence.
    fn sentence(&self) -> String;
    /// Why what is known is not the newest.
    fn trouble(&self) -> Option<String>;
    /// Seconds since 1970.
    fn now(&self) -> f64;
    /// Whether somebody asked to leave from outside.
    fn is_to_leave(&self) -> bool;
    /// Whether the study runs in this very program, and can be stopped from here.
    fn is_own(&self) -> bool;
    /// Stops a study of this very program: after its current batch, or at once.
    fn stop(&mut self, at_once: bool);
    /// Where the page for the browser is, or how to come by one.
    fn page(&self) -> String;
}

/// Whether there is a screen, and somebody to press keys.
pub(crate) fn is_possible() -> bool {
    let is_dumb = std::env::var("TERM").is_ok_and(|term| term.is_empty() || term == "dumb");
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && !is_dumb
}

/// Shows a study until the viewer leaves.
///
/// # Errors
/// If the terminal cannot be drawn on.
pub(crate) fn show(followed: &mut impl Followable) -> std::io::Result<()> {
    let ink = Ink::of_environment(|name| std::env::var(name).ok());
    let _guard = ScreenGuard::enter()?;
    let mut terminal = Terminal::new(CrosstermBackend::new(std::io::stdout()))?;
    let mut sight = Sight { is_own: followed.is_own(), ..Sight::default() };
    let mut is_stale = true;
    let mut last_second = Instant::now();
    loop {
        is_stale |= followed.refresh();
        // The clock moves, even if nothing else does.
        if last_second.elapsed() >= Duration::from_secs(1) {
            last_second = Instant::now();
            is_stale = true;
        }
        if is_stale {
            draw_once(&mut terminal, followed, &sight, ink)?;
            is_stale = false;
        }
        let until = Instant::now() + FRAME;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if followed.is_to_leave() || !guard::is_taken() {
                return Ok(());
            }
            let is_pressed = guard::wait_for_key(left)?;
            if !event::poll(Duration::ZERO)? {
                if is_pressed {
                    continue;
                }
                break;
            }
            is_stale = true;
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if guard::is_suspend(&key) {
                        guard::suspend()?;
                        terminal.clear()?;
                        continue;
                    }
                    match sight.press(key, followed.watching()) {
                        KeyEffect::Leave => return Ok(()),
                        KeyEffect::Answer => followed.ask_answer(sight.with_test),
                        KeyEffect::Page => sight.said = Some(followed.page()),
                        KeyEffect::Stop { at_once } => followed.stop(at_once),
                        KeyEffect::Draw => {}
                    }
                }
                _ => {}
            }
        }
    }
}

fn draw_once(
    terminal: &mut Terminal<CrosstermBackend<std::io::Stdout>>,
    followed: &impl Followable,
    sight: &Sight,
    ink: Ink,
) -> std::io::Result<()> {
    let now = followed.now();
    let scene = Scene {
        watching: followed.watching(),
        study: &followed.watching().study(now),
        answer: followed.answer(),
        sentence: followed.sentence(),
        trouble: followed.trouble(),
        said: guard::just_said().map(|line| console::strip_ansi_codes(&line).into_owned()),
        now,
    };
    terminal.draw(|frame| draw::draw(frame.buffer_mut(), &scene, sight, ink))?;
    Ok(())
}
