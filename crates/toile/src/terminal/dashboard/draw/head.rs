//! The head of every screen: which study, how it stands, how far it is, what is best; and the keys below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use toile_live::{StudyState, clock};
use toile_report::format;
use toile_report::format::terminal::{duration_of, metric};
use unicode_width::UnicodeWidthStr;

use super::{Scene, cut};
use crate::terminal::dashboard::ink::{bold, dim, fault};
use crate::terminal::dashboard::keys::{Screen, Sight};

/// Draws the head; gives what is left below it, without the last row.
pub(super) fn head(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) -> Rect {
    let study = scene.study;
    let width = area.width as usize;
    let counts = study.progress.counts().join("  ");
    let room = width.saturating_sub(counts.width() + 3);
    let name = cut(&study.name, 30.min(room / 2));
    buffer.set_string(area.x + 1, area.y, &name, bold());
    let left = room.saturating_sub(name.width() + 3);
    let is_wrong = matches!(study.state, StudyState::Stalled | StudyState::Stopped);
    let style = if is_wrong { fault() } else { Style::new() };
    // How long it has been going on is said where there is room for it.
    let since = study.since.filter(|_| study.state == StudyState::Running);
    let longer =
        since.map(|since| scene.sentence.replacen("running", &format!("running {}", duration_of(since)), 1));
    let sentence = longer.filter(|longer| longer.width() <= left).unwrap_or_else(|| scene.sentence.clone());
    let is_long = sentence.width() > left;
    let shown = if is_long { study.state.name().to_owned() } else { sentence.clone() };
    buffer.set_string(area.x + 3 + name.width() as u16, area.y, cut(&shown, left), style);
    buffer.set_string(area.right() - counts.width() as u16 - 1, area.y, &counts, Style::new());
    bar(buffer, area, study);
    let mut row = area.y + 2;
    if is_long {
        buffer.set_string(area.x + 1, row, cut(&sentence, width - 2), style);
        row += 1;
    }
    match &scene.trouble {
        Some(trouble) => {
            let text = format!("as of {}, trying again: {trouble}", clock(scene.now));
            buffer.set_string(area.x + 1, row, cut(&text, width - 2), fault());
        }
        None => {
            buffer.set_string(area.x + 1, row, cut(&best(scene), width - 2), Style::new());
        }
    }
    row += 1;
    Rect::new(area.x, row, area.width, (area.bottom() - 1).saturating_sub(row))
}

fn bar(buffer: &mut Buffer, area: Rect, study: &toile_live::LiveStudy) {
    let progress = study.progress;
    let part = match study.state {
        StudyState::Finished | StudyState::Finishing => Some(1.0),
        _ => progress.fraction,
    };
    let words = part.map_or_else(|| "?".into(), |part| format!("{:.0} %", 100.0 * part));
    let words = match progress.under_way {
        0 => words,
        n => format!("{words}  {n} at once"),
    };
    let width = (area.width as usize).saturating_sub(words.width() + 3);
    let full = (part.unwrap_or(0.0) * width as f64).round() as usize;
    let line = match full {
        full if full >= width => "━".repeat(width),
        full => format!("{}╸{}", "━".repeat(full), "─".repeat(width - full - 1)),
    };
    buffer.set_string(area.x + 1, area.y + 1, line, Style::new());
    buffer.set_string(area.right() - words.width() as u16 - 1, area.y + 1, words, Style::new());
}

/// What is best so far, and who is ahead of it.
fn best(scene: &Scene<'_>) -> String {
    let (watching, study) = (scene.watching, scene.study);
    // In the end the report has the word.
    let is_over = matches!(study.state, StudyState::Finished | StudyState::Finishing);
    if let Some(said) = scene.answer.sentences.first().filter(|_| is_over) {
        return said.clone();
    }
    let name = |place: usize| watching.runs().get(place).map_or("", |run| run.name.as_str());
    let mut said: Vec<String> = Vec::new();
    if let Some((place, value)) = study.best {
        let kept = watching.records().runs[place].kept_epoch().map_or(0, |epoch| epoch.epoch);
        let word = watching.metric().name();
        said.push(format!("Best finished: {}, {word} {} (epoch {kept}).", name(place), metric(value)));
    }
    if let Some(place) = study.ahead {
        let run = &watching.runs()[place];
        said.push(format!("{}, at epoch {} of {}, is ahead.", run.name, run.epoch, run.epochs));
    }
    for search in watching.searches() {
        if let Some((number, value)) = search.best {
            said.push(format!("Search {}: best {} (trial {number}).", search.name, metric(value)));
        }
    }
    match (said.is_empty(), &study.question) {
        (false, _) => said.join(" "),
        (true, Some(question)) => question.clone(),
        (true, None) => format!("{} have ended", format::plural(0, "run", "runs")),
    }
}

/// The keys, or the filter that is typed, or a word on the last key.
pub(super) fn keys(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, sight: &Sight) {
    let width = area.width as usize;
    if sight.is_filtering {
        let text = format!(" / {}_   ⏎ keeps it, Esc drops it", sight.filter);
        buffer.set_string(area.x, area.y, cut(&text, width), bold());
        return;
    }
    if let Some(said) = sight.said.as_ref().or(scene.said.as_ref()) {
        buffer.set_string(area.x, area.y, cut(&format!(" {said}"), width), bold());
        return;
    }
    let long = "↑↓ ⏎ open  / filter  s sort  m metric  x axis  l log  p pin  c compare  h running  ? help  q leave; the study goes on";
    let middle = "↑↓ ⏎ open  / filter  m metric  x axis  l log  p pin  c compare  ? help  q leave";
    let short = "↑↓ ⏎ open  ? help  q leave";
    let screens = Screen::ALL.iter().enumerate().map(|(i, screen)| format!("{} {}", i + 1, screen.name()));
    let longest = format!("{}    {long}", screens.collect::<Vec<_>>().join("  "));
    let all = [longest.as_str(), long, middle, short];
    let text = all.into_iter().find(|text| text.width() < width).unwrap_or(short);
    buffer.set_string(area.x + 1, area.y, cut(text, width - 1), dim());
}
