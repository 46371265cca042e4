//! The pictures: what is known of a study, seen as the keys have it, drawn into whatever room there is.

mod chart;
mod compare;
mod curves;
mod head;
mod lists;
mod raster;
mod screens;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use toile_live::{LiveAnswer, LiveKey, LiveStudy, Watching};
use unicode_width::UnicodeWidthStr;

use self::curves::curves;
use super::ink::{Ink, bold, dim};
use super::keys::{Screen, Sight};

/// Below this, a sentence is all that there is room for.
const LEAST: (u16, u16) = (40, 10);

/// Below this many rows there is no chart.
const CHART_FROM: u16 = 15;

/// From this many columns on, several parts stand beside each other.
const WIDE_FROM: u16 = 150;

/// What is drawn.
pub(crate) struct Scene<'s> {
    pub watching: &'s Watching,
    /// Its head, at this moment.
    pub study: &'s LiveStudy,
    pub answer: &'s LiveAnswer,
    /// How the study stands.
    pub sentence: String,
    /// Why what is shown is not the newest.
    pub trouble: Option<String>,
    /// What this program said just now.
    pub said: Option<String>,
    /// Seconds since 1970.
    pub now: f64,
}

/// Draws a study.
pub(super) fn draw(buffer: &mut Buffer, scene: &Scene<'_>, sight: &Sight, ink: Ink) {
    let area = buffer.area;
    if area.width < LEAST.0 || area.height < LEAST.1 {
        small(buffer, scene);
        return ink.reduce(buffer);
    }
    let body = head::head(buffer, area, scene);
    head::keys(buffer, Rect::new(area.x, area.bottom() - 1, area.width, 1), scene, sight);
    if sight.asks_to_stop {
        screens::stopping(buffer, body);
    } else if sight.has_help {
        screens::help(buffer, body);
    } else if let Some(opened) = &sight.opened {
        screens::opened(buffer, body, scene, sight, opened);
    } else {
        match sight.screen {
            Screen::Now if area.width >= WIDE_FROM => now_wide(buffer, body, scene, sight),
            Screen::Now => now(buffer, body, scene, sight),
            Screen::Runs => screens::trainings(buffer, body, scene, sight, "Runs"),
            Screen::Search => screens::searches(buffer, body, scene, sight),
            Screen::Compare => compare::compare(buffer, body, scene, sight),
            Screen::Events => lists::events(buffer, body, scene, sight.scrolled),
        }
    }
    ink.reduce(buffer);
}

/// The sentence, broken where it must be.
fn small(buffer: &mut Buffer, scene: &Scene<'_>) {
    let area = buffer.area;
    let text = format!("{}: {}", scene.study.name, scene.sentence);
    for (row, line) in wrapped(&text, area.width as usize).iter().enumerate().take(area.height as usize) {
        buffer.set_string(area.x, area.y + row as u16, line, Style::new());
    }
}

/// What happens now on an ordinary terminal: one part below the other.
fn now(buffer: &mut Buffer, body: Rect, scene: &Scene<'_>, sight: &Sight) {
    let n_under_way = scene.study.progress.under_way as u16;
    let has_chart = buffer.area.height >= CHART_FROM;
    let n_events = match body.height {
        0..=11 => 0,
        12..=15 => 2,
        16..=30 => 3,
        rows => rows / 6,
    };
    let n_running = (2 + n_under_way.clamp(1, (body.height / 6).max(1))).min(body.height);
    let rest = body.height - n_running - n_events;
    let n_chart = if has_chart { (rest * 3 / 5).clamp(5, 24).min(rest) } else { 0 };
    let [running, chart, ranking, events] = below(body, [n_running, n_chart, rest - n_chart, n_events]);
    table::running(buffer, running, scene, sight);
    if n_chart > 0 {
        curves(buffer, chart, scene, sight, None);
    }
    lists::ranking(buffer, ranking, scene, sight);
    lists::latest_events(buffer, events, scene);
}

/// The same on a wide one: the ranking on the left, curves in the middle, searches on the right.
fn now_wide(buffer: &mut Buffer, body: Rect, scene: &Scene<'_>, sight: &Sight) {
    let has_search = !scene.watching.searches().is_empty();
    let right = if has_search { body.width * 3 / 10 } else { 0 };
    let left = body.width * 2 / 5 + 1;
    let middle = body.width - left - right;
    let column = |x: u16, width: u16| Rect::new(body.x + x, body.y, width.saturating_sub(1), body.height);
    let (first, second, third) = (column(0, left), column(left, middle), column(left + middle, right));
    let n_events = (body.height / 4).max(3);
    let n_running = 2 + (scene.study.progress.under_way as u16).clamp(1, body.height / 4);
    let rest = body.height.saturating_sub(n_events + n_running);
    let [running, ranking, events] = below(first, [n_running, rest, n_events]);
    table::running(buffer, running, scene, sight);
    lists::ranking(buffer, ranking, scene, sight);
    lists::latest_events(buffer, events, scene);
    let half = if sight.pins.is_empty() { 0 } else { body.height / 3 };
    let [above, under] = below(second, [body.height - half, half]);
    curves(buffer, above, scene, sight, None);
    if half > 0 {
        compare::compare(buffer, under, scene, sight);
    }
    if has_search {
        screens::searches(buffer, third, scene, sight);
    }
    for x in [left, left + middle].into_iter().filter(|x| *x < body.width) {
        for y in body.y..body.bottom() {
            buffer.set_string(body.x + x - 1, y, "│", dim());
        }
    }
}

/// Parts of these heights, one below the other.
fn below<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let height = height.min(area.bottom().saturating_sub(y));
        let part = Rect::new(area.x, y, area.width, height);
        y += height;
        part
    })
}

/// `─ Running ─────────`, with words at its right end.
fn title(buffer: &mut Buffer, area: Rect, name: &str, right: &str) {
    if area.height == 0 {
        return;
    }
    buffer.set_stringn(area.x, area.y, "─".repeat(area.width as usize), area.width as usize, dim());
    let name = cut(name, (area.width as usize).saturating_sub(4));
    buffer.set_string(area.x + 1, area.y, format!(" {name} "), bold());
    let (room, taken) = (area.width as usize, name.width() + 6);
    if !right.is_empty() && taken + right.width() + 4 <= room {
        let at = area.x + (room - right.width() - 3) as u16;
        buffer.set_string(at, area.y, format!(" {right} "), dim());
    }
}

/// Colours belong to trainings: by their place among all.
fn place(scene: &Scene<'_>, key: &LiveKey) -> usize {
    match key {
        LiveKey::Run(_) => {
            scene.watching.runs().iter().position(|training| training.key == *key).unwrap_or(0)
        }
        LiveKey::Trial { number, .. } => *number,
    }
}

/// The beginning of a text, with an ellipsis where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        if short.width() + c.to_string().width() + 1 > width {
            break;
        }
        short.push(c);
    }
    short + "…"
}

/// Lines no wider than this, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        match line.width() + 1 + word.width() <= width {
            _ if line.is_empty() => *line = cut(word, width),
            true => *line += &format!(" {word}"),
            false => lines.push(cut(word, width)),
        }
    }
    lines
}
