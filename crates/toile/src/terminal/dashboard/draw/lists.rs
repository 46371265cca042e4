//! The ranking as the report has it, and what happened.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use toile_live::{RankedRun, WatchEvent, clock};
use toile_report::format::terminal::duration_of;
use unicode_width::UnicodeWidthStr;

use super::{Scene, below, cut, title};
use crate::terminal::dashboard::ink::{bold, dim, fault};
use crate::terminal::dashboard::keys::Sight;

/// Runs by validation accuracy; where the report has no ranking yet, in the study's order.
pub(super) fn ranking(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, sight: &Sight) {
    let right = match sight.with_test {
        true => "with the test; t hides it",
        false if scene.watching.is_test_open() => "/ filter  s sort  t test",
        false => "/ filter  s sort",
    };
    title(buffer, area, "Ranking by validation accuracy", right);
    let [_, inside] = below(area, [1, area.height.saturating_sub(1)]);
    let words: Vec<String> = sight.filter.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let is_shown = |(_, run): &(usize, &RankedRun)| {
        let text = format!("{} {}", run.name, run.settings).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let shown: Vec<_> = scene.answer.ranking.iter().enumerate().filter(is_shown).collect();
    if shown.is_empty() && inside.height > 0 {
        let text = match words.is_empty() {
            true => "no run has ended yet",
            false => "nothing matches the filter; Esc drops it",
        };
        buffer.set_stringn(inside.x + 3, inside.y, text, (inside.width as usize).saturating_sub(3), dim());
    }
    let room = inside.height as usize;
    let has_more = shown.len() > room && room > 1;
    let n_shown = if has_more { room - 1 } else { room };
    let columns = RankColumns::of(shown.iter().take(n_shown).map(|(_, run)| *run), inside.width as usize);
    for (row, (place, run)) in shown.iter().take(n_shown).enumerate() {
        let line = Rect { y: inside.y + row as u16, height: 1, ..inside };
        rank(buffer, line, *place, run, &columns, sight);
    }
    if has_more {
        let last = &shown[shown.len() - 1].1;
        let why = last.unfinished.as_deref().unwrap_or("done");
        let text = format!("  … {} more; last: {} {why}", shown.len() - n_shown, last.name);
        let y = inside.y + n_shown as u16;
        buffer.set_string(inside.x, y, cut(&text, inside.width as usize), dim());
    }
}

/// How wide the columns of the ranking are, so that numbers stand below each other.
struct RankColumns {
    name: usize,
    value: usize,
    test: usize,
    state: usize,
}

/// From so many columns on a ranking says in full what of a run has not ended.
const FULL_STATES_FROM: usize = 120;

impl RankColumns {
    fn of<'r>(shown: impl Iterator<Item = &'r RankedRun> + Clone, width: usize) -> RankColumns {
        let widest = |of: &dyn Fn(&RankedRun) -> usize| shown.clone().map(of).max().unwrap_or(0);
        RankColumns {
            name: widest(&|run| run.name.width()).clamp(16, 24),
            value: widest(&|run| run.value.width()).max(6),
            test: widest(&|run| run.test.as_ref().map_or(0, |test| test.width())),
            state: widest(&|run| state_of(run, width).width()).max(8),
        }
    }
}

/// `done`, or what is not yet: `2 of 3 seeds complete, 1 running`, where there is no room for that `2 of 3 seeds`.
fn state_of(run: &RankedRun, width: usize) -> String {
    let has_room = width >= FULL_STATES_FROM;
    let Some(state) = run.unfinished.as_deref() else { return "done".into() };
    match state.split_once(" complete") {
        Some((seeds, _)) if !has_room => seeds.into(),
        _ => cut(state, if has_room { 34 } else { 24 }),
    }
}

fn rank(
    buffer: &mut Buffer,
    line: Rect,
    place: usize,
    run: &RankedRun,
    columns: &RankColumns,
    sight: &Sight,
) {
    let (width, y) = (line.width as usize, line.y);
    let is_selected = match &sight.selected {
        Some(toile_live::LiveKey::Run(id)) => run.ids.contains(id),
        _ => false,
    };
    let style = if is_selected { bold() } else { Style::new() };
    let sign = match (is_selected, run.is_tied, run.unfinished.as_deref()) {
        (true, ..) => '>',
        (false, true, _) => '≈',
        (false, false, Some(state)) if state.contains("failed") => '!',
        _ => ' ',
    };
    let rank = run.mean.map_or_else(|| "–".to_owned(), |_| (place + 1).to_string());
    let mut tail = vec![format!("{:>1$}", run.value, columns.value)];
    if sight.with_test && columns.test > 0 {
        let test = run.test.as_ref().map(|test| format!("test {test}")).unwrap_or_default();
        tail.push(format!("{test:>0$}", columns.test + 5));
    }
    if width >= 60 {
        tail.push(format!("{:>7}", run.seconds.map(duration_of).unwrap_or_default()));
        tail.push(format!("{:<1$}", state_of(run, width), columns.state));
    }
    let tail = tail.join("  ");
    let room = width.saturating_sub(tail.width() + 8);
    let name = cut(&run.name, room.min(columns.name));
    buffer.set_string(line.x + 1, y, format!("{sign}{rank:>3} {name}"), style);
    let settings_at = columns.name + 8;
    if room > settings_at + 4 {
        let settings = cut(&run.settings, room - settings_at + 5);
        buffer.set_string(line.x + settings_at as u16, y, settings, style.patch(dim()));
    }
    buffer.set_string(line.right().saturating_sub(tail.width() as u16 + 1), y, tail, style);
}

/// The last events, without a title: the latest at the bottom.
pub(super) fn latest_events(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    if area.height == 0 {
        return;
    }
    if area.height >= 6 {
        title(buffer, area, "Events, times in UTC", "");
        let [_, inside] = below(area, [1, area.height - 1]);
        return lines(buffer, inside, scene, 0);
    }
    lines(buffer, area, scene, 0);
}

/// The screen of events.
pub(super) fn events(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, scrolled: usize) {
    title(buffer, area, "Events, times in UTC", if scrolled > 0 { "↓ newer" } else { "↑ older" });
    let [_, inside] = below(area, [1, area.height.saturating_sub(1)]);
    if scene.watching.events().len() == 0 && inside.height > 0 {
        buffer.set_string(inside.x + 3, inside.y, "nothing has happened yet", dim());
    }
    lines(buffer, inside, scene, scrolled);
}

fn lines(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, scrolled: usize) {
    let room = area.height as usize;
    let all: Vec<&(f64, WatchEvent)> = scene.watching.events().collect();
    let end = all.len().saturating_sub(scrolled).max(room.min(all.len()));
    for (row, (at, event)) in all[end.saturating_sub(room)..end].iter().enumerate() {
        let Some(line) = event.line() else { continue };
        let text = format!("{}  {line}", clock(*at));
        let style = if event.is_fault() { fault() } else { Style::new() };
        let y = area.y + row as u16;
        buffer.set_string(area.x + 1, y, cut(&text, (area.width as usize).saturating_sub(1)), style);
    }
}
