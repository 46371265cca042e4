//! Moving lines: one per active run, one for the study.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::lines::{FREE, Lines};
use super::tally::{Active, Tally};
use super::{count, duration, measured, set_above};

/// The bars have so many steps, whatever the runs have.
const LENGTH: u64 = 10_000;

/// Columns of a bar.
const BAR: usize = 20;

/// The lines at the bottom of the terminal.
pub struct Live {
    lines: MultiProgress,
    runs: BTreeMap<usize, ProgressBar>,
    study: ProgressBar,
    label_width: usize,
}

impl Live {
    /// Lines for runs of these names.
    pub fn new(labels: &[String]) -> Live {
        let lines = MultiProgress::with_draw_target(Lines::target());
        let label_width =
            labels.iter().map(|label| console::measure_text_width(label)).max().unwrap_or(0).clamp(5, 28);
        let study = lines.add(ProgressBar::new(LENGTH));
        study.set_style(style(label_width, "bold"));
        study.set_prefix("study");
        set_above(Some(lines.clone()));
        Live { lines, runs: BTreeMap::new(), study, label_width }
    }

    /// Draws how things stand.
    pub fn draw(&mut self, labels: &[String], tally: &Tally) {
        let columns = console::Term::stderr().size().1 as usize;
        let room = columns.saturating_sub(self.label_width + BAR + 2 + FREE);
        let lines = &self.lines;
        self.runs.retain(|run, bar| {
            let is_active = tally.active.contains_key(run);
            if !is_active {
                bar.finish_and_clear();
                lines.remove(bar);
            }
            is_active
        });
        for (run, active) in &tally.active {
            let bar = self.runs.entry(*run).or_insert_with(|| {
                let bar = self.lines.insert_before(&self.study, ProgressBar::new(LENGTH));
                bar.set_style(style(self.label_width, "cyan"));
                bar.set_prefix(console::truncate_str(&labels[*run], self.label_width, "…").into_owned());
                bar
            });
            bar.set_position((active.fraction * LENGTH as f64) as u64);
            bar.set_message(fitted(&run_text(active), room));
        }
        self.study.set_position((tally.fraction() * LENGTH as f64) as u64);
        self.study.set_message(fitted(&study_text(tally), room));
    }

    /// Removes the lines.
    pub fn end(self) {
        self.runs.values().for_each(ProgressBar::finish_and_clear);
        self.study.finish_and_clear();
        set_above(None);
        // What cannot be removed from a terminal that is gone need not be.
        let _ = self.lines.clear();
    }
}

fn style(label_width: usize, colour: &str) -> ProgressStyle {
    let template = format!("{{prefix:{label_width}.{colour}}} {{bar:{BAR}.{colour}/dim}} {{msg}}");
    ProgressStyle::with_template(&template).expect("the template is one of two").progress_chars("━╸─")
}

fn run_text(active: &Active) -> String {
    let mut parts = vec![format!("epoch {:>2}/{}", active.epoch.max(1), active.epochs)];
    parts.extend(measured(active));
    parts.extend(active.steps_per_second().map(|rate| format!("{} it/s", count(rate.round() as u64))));
    parts.extend(left(active.left()));
    parts.join("  ")
}

fn study_text(tally: &Tally) -> String {
    let mut parts = vec![format!("{} of {} runs", tally.n_ended, tally.n_to_do)];
    parts.extend(left(tally.left()));
    parts.join("  ")
}

fn left(time: Option<Duration>) -> Option<String> {
    time.map(|time| format!("{} left", duration(time)))
}

fn fitted(text: &str, room: usize) -> String {
    console::truncate_str(text, room, "…").into_owned()
}
