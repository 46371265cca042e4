//! Tables of trainings: what is under way, with its last epochs as bars; runs and trials of their screens.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use toile_live::{LiveState, LiveTraining, numbers};
use toile_record::Metric;
use toile_report::format::NONE;
use toile_report::format::terminal::{duration_of, metric as number};
use unicode_width::UnicodeWidthStr;

use super::raster::sparkline;
use super::{Scene, below, cut, title};
use crate::terminal::dashboard::ink::{bold, dim, fault};
use crate::terminal::dashboard::keys::Sight;

/// A column: its heading, its width, and whether its cells lean to the right.
type Column = (&'static str, usize, bool);

/// What is under way.
pub(super) fn running(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, sight: &Sight) {
    let watching = scene.watching;
    let under_way: Vec<&LiveTraining> = watching.under_way().collect();
    let more = under_way.len().saturating_sub(area.height.saturating_sub(2) as usize);
    let right = if more > 0 { format!("{more} more") } else { String::new() };
    title(buffer, area, "Running", &right);
    let [_, inside] = below(area, [1, area.height.saturating_sub(1)]);
    if under_way.is_empty() && inside.height > 0 {
        let text = "nothing is under way";
        buffer.set_stringn(inside.x + 3, inside.y, text, inside.width as usize - 3, dim());
        return;
    }
    rows(buffer, inside, scene, sight, &under_way);
}

/// A table of these trainings, as many as there is room for, the chosen one among them.
pub(super) fn rows(
    buffer: &mut Buffer,
    area: Rect,
    scene: &Scene<'_>,
    sight: &Sight,
    trainings: &[&LiveTraining],
) {
    if area.height < 2 {
        return;
    }
    let metric = sight.metric(scene.watching);
    let time = if trainings.iter().all(|one| one.state.is_under_way()) { "left" } else { "time" };
    let steps = trainings.iter().map(|training| steps(training).width()).max().unwrap_or(0).max(6);
    let columns = columns(area.width as usize, metric, time, steps);
    let heads: Vec<String> = columns.iter().map(|column| column.0.to_owned()).collect();
    line(buffer, area.x, area.y, &columns, &heads, dim(), ' ');
    let room = area.height as usize - 1;
    let at = trainings.iter().position(|training| Some(&training.key) == sight.selected.as_ref());
    let first = at.map_or(0, |at| at.saturating_sub(room.saturating_sub(1)));
    for (row, training) in trainings.iter().skip(first).take(room).enumerate() {
        let is_selected = Some(&training.key) == sight.selected.as_ref();
        let is_pinned = sight.pins.contains(&training.key);
        let cells = cells(scene, training, metric, &columns);
        let style = match training.state {
            LiveState::Failed | LiveState::Stalled | LiveState::Stopped => fault(),
            LiveState::Waiting | LiveState::Pruned => dim(),
            LiveState::Running | LiveState::Complete => Style::new(),
        };
        let style = if is_selected { style.patch(bold()) } else { style };
        let sign = match (is_selected, is_pinned) {
            (true, _) => '>',
            (false, true) => '*',
            (false, false) => training.state.sign(),
        };
        line(buffer, area.x, area.y + 1 + row as u16, &columns, &cells, style, sign);
    }
}

/// What there is room for: names and numbers first.
fn columns(width: usize, metric: Metric, time: &'static str, steps: usize) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![("epoch", steps, true), (short(metric), 7, true)];
    let optional: [Column; 6] = [
        ("best", 6, true),
        ("at", 3, true),
        ("loss", 7, true),
        (time, 6, true),
        ("last epochs", 14, false),
        ("state", 8, false),
    ];
    let name = 14;
    let mut taken = 3 + name + columns.iter().map(|column| column.1 + 2).sum::<usize>();
    let has_loss = metric != Metric::Loss;
    for column in optional.into_iter().filter(|column| has_loss || column.0 != "loss") {
        if taken + column.1 + 2 <= width {
            taken += column.1 + 2;
            columns.push(column);
        }
    }
    let rest = width.saturating_sub(taken);
    columns.insert(0, ("run", name + rest.min(16), false));
    if rest > 40 {
        columns.push(("settings", rest - 17, false));
    }
    columns
}

/// The metric in a word that fits above its numbers.
fn short(metric: Metric) -> &'static str {
    match metric {
        Metric::ValAccuracy => "val acc",
        Metric::ValLoss => "val los",
        Metric::Accuracy => "acc",
        Metric::Loss => "loss",
        Metric::TrainAccuracy => "trn acc",
        Metric::TrainLoss => "trn los",
        Metric::ValTop5Accuracy => "val t5",
        Metric::Top5Accuracy => "top 5",
        Metric::TrainTop5Accuracy => "trn t5",
        Metric::Parameters => "param.",
        Metric::Flops => "flop",
        Metric::Milliseconds => "ms",
    }
}

fn cells(scene: &Scene<'_>, training: &LiveTraining, metric: Metric, columns: &[Column]) -> Vec<String> {
    let epochs = scene.watching.epochs(&training.key);
    let found = numbers(epochs, metric);
    // The loss stands beside other metrics.
    let (has_loss, loss) = (metric != Metric::Loss, numbers(epochs, Metric::Loss));
    let or_none = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    let cell = |(name, width, _): &Column| match *name {
        "run" => cut(&training.name, *width),
        "epoch" => steps(training),
        "best" => or_none(found.map(|found| narrow(found.best, *width))),
        "at" => or_none(found.map(|found| found.at.to_string())),
        "left" | "time" if training.state == LiveState::Stalled => "silent".into(),
        "time" => duration_of(training.seconds),
        "left" => or_none(training.left.map(duration_of)),
        "state" => training.state.name().into(),
        "last epochs" => {
            sparkline(&epochs.iter().filter_map(|epoch| metric.of(epoch)).collect::<Vec<_>>(), *width)
        }
        "settings" => {
            let why = training.reason.as_ref().map(|why| format!("{why} · ")).unwrap_or_default();
            cut(&format!("{why}{}", training.settings), *width)
        }
        "loss" if has_loss => or_none(loss.map(|found| narrow(found.last, *width))),
        _ => match (training.not_finite_from, found) {
            (Some(_), None) => "NaN".into(),
            (_, found) => or_none(found.map(|found| narrow(found.last, *width))),
        },
    };
    columns.iter().map(cell).collect()
}

/// `31/50`; without the whole where that is not known.
fn steps(training: &LiveTraining) -> String {
    match training.epochs {
        0 => training.epoch.to_string(),
        epochs => format!("{}/{epochs}", training.epoch),
    }
}

/// A metric as everywhere; with four digits that count where that is too wide, but never cut.
fn narrow(value: f64, width: usize) -> String {
    let text = number(value);
    if text.width() > width { toile_report::format::significant(value) } else { text }
}

fn line(buffer: &mut Buffer, x: u16, y: u16, columns: &[Column], cells: &[String], style: Style, sign: char) {
    buffer.set_string(x + 1, y, sign.to_string(), style);
    let mut at = x + 3;
    for ((_, width, is_right), cell) in columns.iter().zip(cells) {
        let cell = cut(cell, *width);
        let before = if *is_right { width - cell.width() } else { 0 };
        buffer.set_string(at + before as u16, y, &cell, style);
        at += *width as u16 + 2;
    }
}
