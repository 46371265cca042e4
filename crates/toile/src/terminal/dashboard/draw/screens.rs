//! The other screens: all runs, one run, searches, runs side by side, help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use serde_json::Value;
use toile_live::{LiveKey, LiveSearch, LiveTraining, Point, differing_settings, numbers};
use toile_report::format::signed;
use toile_report::format::terminal::metric;
use unicode_width::UnicodeWidthStr;

use super::chart::{ChartLine, CurvePlot, chart};
use super::{Scene, below, curves, cut, place, table, title, wrapped};
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
    let [_, history, under] = below(area, [1, n_chart, area.height.saturating_sub(1 + n_chart)]);
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
    ChartLine { label: "best".into(), points, colour: colour(1), is_broken: false }
}

/// Pinned runs side by side: only the settings that differ, then the numbers, against the first of them.
pub(super) fn compare(buffer: &mut Buffer, body: Rect, scene: &Scene<'_>, sight: &Sight) {
    let watching = scene.watching;
    let found = sight.pins.iter().filter_map(|key| watching.training(key));
    let pinned: Vec<&LiveTraining> = found.collect();
    title(
        buffer,
        body,
        &format!("Pinned ({}): only the settings that differ", pinned.len()),
        "p pins, or lets go",
    );
    let [_, inside] = below(body, [1, body.height.saturating_sub(1)]);
    if pinned.len() < 2 {
        let text = "choose runs with the arrows and pin two or more of them with p";
        buffer.set_stringn(inside.x + 3, inside.y, text, (inside.width as usize).saturating_sub(3), dim());
        return;
    }
    let plans: Vec<&Value> = pinned.iter().map(|training| plan_of(scene, &training.key)).collect();
    let mut rows = differing_settings(&plans);
    let shown = sight.metric(watching);
    let of = |training: &&LiveTraining| numbers(watching.epochs(&training.key), shown);
    let numbers: Vec<_> = pinned.iter().map(of).collect();
    let texts = |pick: &dyn Fn(&toile_live::MetricNumbers) -> String| {
        numbers.iter().map(|found| found.as_ref().map_or_else(|| "–".to_owned(), pick)).collect::<Vec<_>>()
    };
    rows.push((format!("{}, last", shown.name()), texts(&|found| metric(found.last))));
    rows.push((format!("{}, best", shown.name()), texts(&|found| metric(found.best))));
    rows.push(("at epoch".into(), texts(&|found| found.at.to_string())));
    if let Some(baseline) = numbers[0] {
        let differences = texts(&|found| signed(found.best - baseline.best));
        rows.push(("best, against the first".into(), differences));
    }
    rows.push(("epochs".into(), pinned.iter().map(|one| format!("{}/{}", one.epoch, one.epochs)).collect()));
    columns_beside(buffer, inside, scene, &pinned, &rows);
}

fn columns_beside(
    buffer: &mut Buffer,
    area: Rect,
    scene: &Scene<'_>,
    pinned: &[&LiveTraining],
    rows: &[(String, Vec<String>)],
) {
    let width = area.width as usize;
    let first = rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0).min(width / 3);
    let each = width.saturating_sub(first + 3) / pinned.len();
    for (number, training) in pinned.iter().enumerate() {
        let x = area.x + (first + 3 + number * each) as u16;
        let style = bold().fg(colour(place(scene, &training.key)));
        buffer.set_string(
            x,
            area.y,
            cut(&format!("{} {}", number + 1, training.name), each.saturating_sub(1)),
            style,
        );
    }
    for (row, (name, values)) in rows.iter().enumerate().take((area.height as usize).saturating_sub(1)) {
        let y = area.y + 1 + row as u16;
        buffer.set_string(area.x + 1, y, cut(name, first), dim());
        for (number, value) in values.iter().enumerate() {
            let x = area.x + (first + 3 + number * each) as u16;
            buffer.set_string(x, y, cut(value, each.saturating_sub(1)), Style::new());
        }
    }
}

/// Of a trial its parameters stand in the place of a plan.
fn plan_of<'s>(scene: &Scene<'s>, key: &LiveKey) -> &'s Value {
    static NOTHING: Value = Value::Null;
    let run = |id: &String| scene.watching.records().runs.iter().find(|run| run.id == *id);
    match key {
        LiveKey::Run(id) => run(id).map_or(&NOTHING, |run| &run.plan),
        LiveKey::Trial { .. } => &NOTHING,
    }
}

const HELP: [&str; 20] = [
    "↑ ↓, j k     choose a run or trial; page keys by ten",
    "⏎, Esc       open it, and back",
    "Tab, 1 to 5  screens: now, runs, search, compare, events",
    "/            filter by name, settings, state; Esc drops it",
    "s            sort: best, plan, time, name",
    "m            another metric: accuracy, loss, …",
    "x            curves over epochs, updates, seconds, operations",
    "l            that axis logarithmic",
    "p            pin a run, six at most: its curve stays",
    "c            pinned runs side by side, the settings that differ",
    "h            only what is running",
    "t            results on the test part, once it was opened",
    "q, Ctrl-C    leave this view; the study goes on",
    "",
    "≈  no order is established between it and the best",
    ">  chosen   *  pinned   x  pruned   !  failed",
    "?  stalled: no epoch for five times its usual one",
    "-  stopped: nobody is at work on it",
    "",
    "Times of day are UTC. Any key closes this.",
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
