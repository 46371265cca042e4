//! Pinned runs side by side.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use serde_json::Value;
use toile_live::{LiveKey, LiveTraining, differing_settings, numbers};
use toile_report::format::signed;
use toile_report::format::terminal::metric;
use unicode_width::UnicodeWidthStr;

use super::{Scene, below, cut, place, title, wrapped};
use crate::terminal::dashboard::ink::{bold, colour, dim};
use crate::terminal::dashboard::keys::Sight;

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
    let n_rows = (rows.len() as u16 + 2).min(inside.height);
    let [_, under] = below(inside, [n_rows, inside.height - n_rows]);
    verdicts(buffer, under, scene, &pinned);
}

/// What the report says of each two of them, all seeds together.
fn verdicts(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, pinned: &[&LiveTraining]) {
    let mut names: Vec<&str> = Vec::new();
    for training in pinned {
        let LiveKey::Run(id) = &training.key else { continue };
        let ranked = scene.answer.ranked(id).map(|ranked| ranked.name.as_str());
        names.extend(ranked.filter(|name| !names.contains(name)));
    }
    let pairs = (0..names.len()).flat_map(|b| (0..b).map(move |a| [a, b]));
    let said = pairs.filter_map(|pair| scene.answer.verdict(pair.map(|place| names[place])));
    let width = (area.width as usize).saturating_sub(3);
    let lines = said.flat_map(|verdict| wrapped(&verdict.sentence, width));
    for (row, line) in lines.take(area.height as usize).enumerate() {
        buffer.set_string(area.x + 1, area.y + row as u16, line, Style::new());
    }
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
    match key {
        LiveKey::Run(id) => scene.watching.run(id).map_or(&NOTHING, |run| &run.plan),
        LiveKey::Trial { .. } => &NOTHING,
    }
}
