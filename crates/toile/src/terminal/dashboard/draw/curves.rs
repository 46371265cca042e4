//! The curves of a screen: which trainings they are of, and all seeds of a run as one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use toile_live::{Axis, LiveKey, LiveTraining, SeedBand, points};
use unicode_width::UnicodeWidthStr;

use super::chart::{ChartLine, CurvePlot, chart};
use super::{Scene, below, cut, place, title};
use crate::terminal::dashboard::ink::colour;
use crate::terminal::dashboard::keys::{MOST_PINS, Sight};

/// The curves of what is pinned, under way or chosen, six at most; or of one alone.
pub(super) fn curves(
    buffer: &mut Buffer,
    area: Rect,
    scene: &Scene<'_>,
    sight: &Sight,
    only: Option<&LiveKey>,
) {
    let metric = sight.metric(scene.watching);
    let mut lines = Vec::new();
    let mut names = Vec::new();
    let mut right = 1.0;
    for (number, trainings) in shown(scene, sight, only).iter().enumerate() {
        let label = (number + 1).to_string();
        names.push(format!("{label} {}", name(scene, trainings)));
        if sight.axis == Axis::Epoch {
            right = trainings.iter().map(|training| training.epochs as f64).fold(right, f64::max);
        }
        let of = |training: &&LiveTraining| {
            points(training, scene.watching.epochs(&training.key), metric, sight.axis)
        };
        let band = SeedBand::of(&trainings.iter().map(of).collect::<Vec<_>>());
        let is_broken = trainings.iter().any(|training| training.not_finite_from.is_some());
        let range = if band.n_seeds > 1 { vec![band.low, band.high] } else { Vec::new() };
        let colour = colour(place(scene, &trainings[0].key));
        lines.push(ChartLine { label, points: band.mean, range, colour, is_broken });
    }
    let best = scene.study.best.filter(|_| metric == scene.watching.metric());
    if best.is_some() && only.is_none() {
        names.push("· best finished".into());
    }
    let seeds = if sight.by_seeds { ", all seeds" } else { "" };
    let by = format!("{} by {}{seeds}", metric.label(), sight.axis.name());
    title(buffer, area, &by, &fitting(names, area.width as usize - by.width().min(area.width as usize)));
    let [_, inside] = below(area, [1, area.height.saturating_sub(1)]);
    let empty = match lines.is_empty() {
        true => "nothing is under way: choose a run with the arrows",
        false => "no epoch has ended yet",
    };
    let across = best.map(|(_, value)| value).filter(|_| only.is_none());
    let axis = sight.axis.name();
    chart(buffer, inside, &CurvePlot { lines: &lines, across, right, axis, is_log: sight.is_log, empty });
}

/// `CNN, seed 2`, or of all seeds `CNN (3 seeds)`.
fn name(scene: &Scene<'_>, trainings: &[&LiveTraining]) -> String {
    let whole = match &trainings[0].key {
        LiveKey::Run(id) if trainings.len() > 1 => {
            scene.watching.run(id).map(|run| toile_report::shown_name(&run.name))
        }
        LiveKey::Run(_) | LiveKey::Trial { .. } => None,
    };
    match whole {
        Some(whole) => format!("{} ({} seeds)", cut(&whole, 18), trainings.len()),
        None => cut(&trainings[0].name, 18),
    }
}

/// As many names as there is room for.
fn fitting(names: Vec<String>, room: usize) -> String {
    let mut text = String::new();
    for name in names {
        if text.width() + name.width() + 12 > room {
            break;
        }
        text += &format!("{}{name}", if text.is_empty() { "" } else { "  " });
    }
    text
}

/// The trainings of each curve: one, or all seeds of a run.
fn shown<'s>(scene: &Scene<'s>, sight: &Sight, only: Option<&LiveKey>) -> Vec<Vec<&'s LiveTraining>> {
    let mut shown: Vec<Vec<&LiveTraining>> = Vec::new();
    for key in shown_keys(scene, sight, only) {
        let is_known = shown.iter().flatten().any(|training| training.key == key);
        if let Some(training) = scene.watching.training(&key).filter(|_| !is_known) {
            shown.push(if sight.by_seeds { seeds(scene, training) } else { vec![training] });
        }
    }
    shown
}

/// The runs of the same name, in their order; of a trial itself.
fn seeds<'s>(scene: &Scene<'s>, training: &'s LiveTraining) -> Vec<&'s LiveTraining> {
    let LiveKey::Run(id) = &training.key else { return vec![training] };
    let Some(own) = scene.watching.run(id) else { return vec![training] };
    let runs = scene.watching.runs().iter().zip(&scene.watching.records().runs);
    runs.filter(|(_, run)| run.name == own.name).map(|(training, _)| training).collect()
}

/// Pinned ones first, then the chosen one and what is under way.
fn shown_keys(scene: &Scene<'_>, sight: &Sight, only: Option<&LiveKey>) -> Vec<LiveKey> {
    if let Some(only) = only {
        let mut keys = vec![only.clone()];
        keys.extend(sight.pins.iter().filter(|pin| *pin != only).cloned());
        return keys;
    }
    let watching = scene.watching;
    let mut keys: Vec<LiveKey> = sight.pins.clone();
    for key in sight.selected.iter().chain(watching.under_way().map(|training| &training.key)).cloned() {
        if keys.len() < MOST_PINS && !keys.contains(&key) {
            keys.push(key);
        }
    }
    // Before anything is chosen and after everything has ended: the best one.
    if keys.is_empty() {
        keys.extend(scene.study.best.map(|(place, _)| watching.runs()[place].key.clone()));
    }
    keys
}
