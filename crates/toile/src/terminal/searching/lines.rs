//! The moving rows: a row for each trial under way, and a bar.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use toile_report::format::terminal::{metric, short_duration};

use super::ActiveTrial;
use super::table::TrialTable;
use crate::terminal::lines::{FREE, MovingLines};
use crate::terminal::{duration, set_above};

/// The moving rows.
pub(super) struct TrialLines {
    pub(super) lines: MultiProgress,
    rows: BTreeMap<(usize, usize), ProgressBar>,
    pub(super) bar: ProgressBar,
}

impl TrialLines {
    pub(super) fn new(table: &TrialTable) -> TrialLines {
        let lines = MultiProgress::with_draw_target(MovingLines::target());
        let bar = lines.add(ProgressBar::new(table.n_trials as u64));
        let trials = if table.n_trials == 1 { "trial" } else { "trials" };
        let template =
            format!("{{prefix}} {{bar:20.bold/dim}} {{pos}} of {{len}} {trials}  {{elapsed}}  {{msg}}");
        let style = ProgressStyle::with_template(&template);
        bar.set_style(style.expect("the template is right").progress_chars("━╸─"));
        bar.set_prefix(console::truncate_str(&table.name, 28, "…").into_owned());
        set_above(Some(lines.clone()));
        TrialLines { lines, rows: BTreeMap::new(), bar }
    }

    pub(super) fn draw(
        &mut self,
        tables: &[TrialTable],
        active: &BTreeMap<(usize, usize), ActiveTrial>,
        left: Option<Duration>,
    ) {
        self.rows.retain(|key, row| {
            let stays = active.contains_key(key);
            if !stays {
                row.finish_and_clear();
                self.lines.remove(row);
            }
            stays
        });
        let left = left.map(|left| format!("{} left of the study", duration(left)));
        self.bar.set_message(left.unwrap_or_default());
        let columns = usize::from(console::Term::stderr().size().1).saturating_sub(FREE);
        for (key, trial) in active {
            let row = self.rows.entry(*key).or_insert_with(|| {
                let row = self.lines.insert_before(&self.bar, ProgressBar::new(1));
                row.set_style(ProgressStyle::with_template("{msg}").expect("the template is right"));
                row
            });
            let value = trial.value.map(metric).unwrap_or_default();
            let (step, steps) = (trial.step, trial.steps);
            let epoch = if steps > 0 { format!("epoch {step}/{steps}") } else { String::new() };
            let time = short_duration(trial.began.elapsed().as_secs_f64());
            let text = tables[key.0].row(key.1, "running", &[value], &epoch, &time, &trial.params);
            row.set_message(console::truncate_str(&text, columns, "…").into_owned());
        }
    }

    pub(super) fn end(self) {
        self.rows.values().for_each(ProgressBar::finish_and_clear);
        self.bar.finish_and_clear();
        set_above(None);
        let _ = self.lines.clear();
    }
}
