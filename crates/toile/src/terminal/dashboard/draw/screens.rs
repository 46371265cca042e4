//! The other screens: all runs, one run, searches, runs side by side, help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use toile_live::{LiveKey, LiveSearch, LiveTraining, Point, SearchImportance, numbers};
use toile_report::format;
use toile_report::format::terminal::metric;

use super::chart::{ChartLine, CurvePlot, chart};
use super::{Scene, below, curves, cut, table, title, wrapped};
use crate::terminal::dashboard::ink::{bold, colour, dim};
use crate::terminal::dashboard::keys::Sight;

/// All trainings that the keys walk through, below their curves.
pub(super) fn trainings(buffer: &mut Buffer, body: Rect, scene: &Scene<'_>, sight: &Sight, name: &str) {
    let listed = sight.listed(scene.watching);
    let n_chart = if buffer.area.height >= super::CHART_FROM { body.height * 2 / 5 } else { 0 };
    let [above, under] = below(body, [n_chart, body.height - n_chart]);
    if n_chart > 0 {
        curves(buffer, above, scene, sight, None);
    }
    let only = if sight.only_running { "only running; h shows all" } else { "/ filter  h running" };
    let filter = if sight.filter.is_empty() { only.to_owned() } else { format!("/ {}", sight.filter) };
    let heading = format!("{name}: {}, by {}", listed.len(), sight.sort.name());
    title(buffer, under, &heading, &filter);
    let [_, inside] = below(under, [1, under.height.saturating_sub(1)]);
    table::rows(buffer, inside, scene, sight, &listed);
}

/// One training: its settings and numbers, its curve over those that are pinned.
pub(super) fn opened(buffer: &mut Buffer, body: Rect, scene: &Scene<'_>, sight: &Sight, key: &LiveKey) {
    let Some(training) = scene.watching.training(key) else {
        buffer.set_string(body.x + 1, body.y, "it is not part of the study any more; Esc goes back", dim());
        return;
    };
    let width = (body.width as usize).saturating_sub(3);
    let mut said =
        vec![format!("{}, epoch {} of {}", training.state.name(), training.epoch, training.epochs)];
    let shown = sight.metric(scene.watching);
    if let Some(found) = numbers(scene.watching.epochs(key), shown) {
        let (last, best) = (metric(found.last), metric(found.best));
        said.push(format!("{}: last {last}, best {best} at epoch {}", shown.name(), found.at));
    }
    if let Some(epoch) = training.not_finite_from {
        said.push(format!("a loss is NaN from epoch {epoch}"));
    }
    said.extend(training.reason.clone());
    said.push(training.settings.clone());
    let lines: Vec<String> = said.iter().flat_map(|text| wrapped(text, width)).collect();
    let n_lines = (lines.len() as u16).min(body.height / 2);
    let [head, rest] = below(body, [n_lines + 1, body.height.saturating_sub(n_lines + 1)]);
    title(buffer, head, &training.name, "Esc back  ↑↓ next");
    for (row, text) in lines.iter().take(n_lines as usize).enumerate() {
        buffer.set_string(head.x + 2, head.y + 1 + row as u16, text, Style::new());
    }
    curves(buffer, rest, scene, sight, Some(key));
}

/// Searches: of each its history, then its trials.
pub(super) fn searches(buffer: &mut Buffer, body: Rect, scene: &Scene<'_>, sight: &Sight) {
    let searches = scene.watching.searches();
    if searches.is_empty() {
        title(buffer, body, "Searches", "");
        buffer.set_string(body.x + 3, body.y + 1, "the study has no searches", dim());
        return;
    }
    let each = body.height / searches.len().min(3) as u16;
    for (place, search) in searches.iter().enumerate().take(3) {
        let top = body.y + place as u16 * each;
        one_search(buffer, Rect::new(body.x, top, body.width, each), scene, sight, place, search);
    }
}

fn one_search(
    buffer: &mut Buffer,
    area: Rect,
    scene: &Scene<'_>,
    sight: &Sight,
    place: usize,
    search: &LiveSearch,
) {
    let trials = scene.watching.trials(place);
    let ended = trials.iter().filter(|trial| trial.state.has_ended()).count();
    let best = search.best.map(|(number, value)| format!(", best {} (trial {number})", metric(value)));
    let heading = format!("{}: {ended} of {}{}", search.name, search.n_trials, best.unwrap_or_default());
    title(buffer, area, &heading, search.stopped.as_deref().unwrap_or(""));
    let n_chart = if area.height >= 14 { area.height * 2 / 5 } else { 0 };
    let known = scene.answer.importances.iter().find(|known| known.search == search.name);
    let known = known.filter(|_| area.height >= 20);
    let n_shares = known.map_or(0, |known| (known.shares.len() as u16).min(area.height / 6) + 1);
    let n_trials = area.height.saturating_sub(1 + n_chart + n_shares);
    let [_, history, under, shares] = below(area, [1, n_chart, n_trials, n_shares]);
    if let Some(known) = known {
        importance(buffer, shares, known);
    }
    if n_chart > 0 {
        let line = history_of(trials, search);
        let (axis, empty) = ("trial", "no trial has ended yet");
        let right = search.n_trials as f64;
        let lines = std::slice::from_ref(&line);
        chart(buffer, history, &CurvePlot { lines, across: None, right, axis, is_log: false, empty });
    }
    let listed = sight.listed(scene.watching);
    let own = |training: &&&LiveTraining| matches!(&training.key, LiveKey::Trial { search: of, .. } if *of == search.name);
    let mut shown: Vec<&LiveTraining> = listed.iter().filter(own).copied().collect();
    if shown.is_empty() {
        // On another screen the keys walk through runs.
        shown = trials.iter().rev().collect();
    }
    table::rows(buffer, under, scene, sight, &shown);
}

/// What each parameter had to do with the best trials, as the report has it: its share, and where 95 % of resamples
/// lie.
fn importance(buffer: &mut Buffer, area: Rect, known: &SearchImportance) {
    title(buffer, area, "Importance for the best tenth", "95 % of resamples");
    let name_width = known.shares.iter().map(|share| share.name.chars().count()).max().unwrap_or(0).min(20);
    let text_width = "100.0 % (100.0 % to 100.0 %)".len();
    let width = (area.width as usize).saturating_sub(name_width + text_width + 6);
    for (row, share) in known.shares.iter().enumerate().take(area.height.saturating_sub(1) as usize) {
        let y = area.y + 1 + row as u16;
        let (low, high) = share.interval;
        let [value, low, high] = [share.value, low, high].map(format::percent);
        buffer.set_string(area.x + 2, y, cut(&share.name, name_width), Style::new());
        let full = "█".repeat((share.value.clamp(0.0, 1.0) * width as f64).round() as usize);
        buffer.set_string(area.x + 3 + name_width as u16, y, full, Style::new().fg(colour(1)));
        let at = area.right().saturating_sub(text_width as u16 + 2);
        buffer.set_string(at, y, format!("{value} ({low} to {high})"), bold());
    }
}

/// The best value so far, by trial.
fn history_of(trials: &[LiveTraining], search: &LiveSearch) -> ChartLine {
    let mut best: Option<f64> = None;
    let mut points = Vec::new();
    for (number, trial) in trials.iter().enumerate() {
        let value = trial.values.first().copied().filter(|value| value.is_finite());
        let Some(value) = value.filter(|_| trial.state == toile_live::LiveState::Complete) else { continue };
        best = Some(match best {
            Some(best) if search.maximize => best.max(value),
            Some(best) => best.min(value),
            None => value,
        });
        points.extend(best.map(|y| Point { x: number as f64, y }));
    }
    ChartLine { label: "best".into(), points, range: Vec::new(), colour: colour(1), is_broken: false }
}

const HELP: [&str; 19] = [
    "↑ ↓, j k     choose a run or trial; page keys by ten",
    "⏎, Esc       open it, and back",
    "Tab, 1 to 5  screens: now, runs, search, compare, events",
    "/            filter by name, settings, state; Esc drops it",
    "s            sort: best, plan, time, name",
    "m            another metric: accuracy, loss, …",
    "x, l         curves over epochs, updates, seconds, operations; logarithmic",
    "g            all seeds of a run as one curve: mean and range",
    "p            pin a run, six at most: its curve stays",
    "c            pinned runs side by side, the settings that differ",
    "h            only what is running",
    "t            results on the test part, once it was opened",
    "w            where the page for the browser is",
    "q            leave this view; the study goes on",
    "≈  no order is established between it and the best",
    ">  chosen   *  pinned   x  pruned   !  failed",
    "?  stalled: no epoch for five times its usual one",
    "-  stopped: nobody is at work on it",
    "Times of day are UTC.",
];

/// What keys and signs mean.
pub(super) fn help(buffer: &mut Buffer, body: Rect) {
    title(buffer, body, "Keys and signs", "any key closes this");
    let [_, inside] = below(body, [1, body.height.saturating_sub(1)]);
    for (row, text) in HELP.iter().enumerate().take(inside.height as usize) {
        let text = cut(text, (inside.width as usize).saturating_sub(3));
        buffer.set_string(inside.x + 2, inside.y + row as u16, text, Style::new());
    }
}

/// What is asked before the study itself is stopped.
pub(super) fn stopping(buffer: &mut Buffer, body: Rect) {
    title(buffer, body, "Stop the study?", "Esc goes on");
    let said = [
        "s, Ctrl-C    after the current batch; the same command goes on with it",
        "n            at once: what was recorded is kept",
        "q            leave this view; the study goes on, and says so in lines",
        "Esc          go on",
    ];
    let room = (body.width as usize).saturating_sub(3);
    for (row, text) in said.iter().enumerate().take(body.height.saturating_sub(1) as usize) {
        buffer.set_string(body.x + 2, body.y + 1 + row as u16, cut(text, room), Style::new());
    }
}
