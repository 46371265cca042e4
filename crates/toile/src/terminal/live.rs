//! Moving lines: one per active run, one for the study.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use toile_lab::{StudyProgress, TrainingProgressView};
use toile_record::TrainingKey;
use toile_report::format::terminal::metric;

use super::lines::{FREE, MovingLines};
use super::{at_epoch, count, duration, measured, plural, set_above};

/// The bars have so many steps, whatever the runs have.
const LENGTH: u64 = 10_000;

/// The lines at the bottom of the terminal.
pub(super) struct RunLines {
    lines: MultiProgress,
    runs: BTreeMap<usize, ProgressBar>,
    study: ProgressBar,
    widths: Widths,
}

/// Columns of a line's first two parts; the numbers have the rest.
#[derive(Clone, Copy, Debug)]
struct Widths {
    label: usize,
    bar: usize,
}

impl Widths {
    /// On a narrow terminal, names and bars make room for the numbers.
    fn of(labels: &[String], columns: usize) -> Widths {
        let longest = labels.iter().map(|label| console::measure_text_width(label)).max().unwrap_or(0);
        Widths { label: longest.clamp(5, (columns / 4).clamp(5, 28)), bar: (columns / 6).clamp(5, 20) }
    }
}

impl RunLines {
    /// Lines for runs of these names.
    pub(super) fn new(labels: &[String]) -> RunLines {
        let lines = MultiProgress::with_draw_target(MovingLines::target());
        let widths = Widths::of(labels, columns());
        let study = lines.add(ProgressBar::new(LENGTH));
        study.set_style(style(widths, "bold"));
        study.set_prefix("study");
        set_above(Some(lines.clone()));
        RunLines { lines, runs: BTreeMap::new(), study, widths }
    }

    /// Draws how things stand.
    pub(super) fn draw(&mut self, labels: &[String], progress: &StudyProgress, best: Option<(usize, f64)>) {
        let widths = self.widths;
        let room = columns().saturating_sub(widths.label + widths.bar + 2 + FREE);
        let lines = &self.lines;
        self.runs.retain(|run, bar| {
            let is_active = progress.active.contains_key(&TrainingKey::Run(*run));
            if !is_active {
                bar.finish_and_clear();
                lines.remove(bar);
            }
            is_active
        });
        for (training, active) in &progress.active {
            let TrainingKey::Run(run) = training else { continue };
            let bar = self.runs.entry(*run).or_insert_with(|| {
                let bar = self.lines.insert_before(&self.study, ProgressBar::new(LENGTH));
                bar.set_style(style(widths, "cyan"));
                bar.set_prefix(console::truncate_str(&labels[*run], widths.label, "…").into_owned());
                bar
            });
            bar.set_position((active.fraction * LENGTH as f64) as u64);
            bar.set_message(fitted(&run_parts(active), room));
        }
        self.study.set_position((progress.fraction() * LENGTH as f64) as u64);
        let best = best.map(|(run, value)| (labels[run].as_str(), value));
        self.study.set_message(fitted(&study_parts(progress, best), room));
    }

    /// Removes the lines.
    pub(super) fn end(self) {
        self.runs.values().for_each(ProgressBar::finish_and_clear);
        self.study.finish_and_clear();
        set_above(None);
        // What cannot be removed from a terminal that is gone need not be.
        let _ = self.lines.clear();
    }
}

fn columns() -> usize {
    console::Term::stderr().size().1.into()
}

fn style(widths: Widths, colour: &str) -> ProgressStyle {
    let Widths { label, bar } = widths;
    let template = format!("{{prefix:{label}.{colour}}} {{bar:{bar}.{colour}/dim}} {{msg}}");
    ProgressStyle::with_template(&template).expect("the template is one of two").progress_chars("━╸─")
}

/// What is shown of a run, what matters most first.
fn run_parts(active: &TrainingProgressView) -> Vec<String> {
    let mut parts = vec![at_epoch(active, 2)];
    parts.extend(left(active.left()));
    parts.extend(measured(active));
    parts.extend(active.steps_per_second().map(|rate| format!("{} it/s", count(rate.round() as u64))));
    parts
}

fn study_parts(progress: &StudyProgress, best: Option<(&str, f64)>) -> Vec<String> {
    let mut parts = vec![format!("{} of {}", progress.n_ended, plural(progress.n_to_do, "run", "runs"))];
    parts.extend(left(progress.left()));
    parts.extend(best.map(|(label, value)| format!("best {} ({label})", metric(value))));
    parts
}

fn left(time: Option<Duration>) -> Option<String> {
    time.map(|time| format!("{} left", duration(time)))
}

/// As many of the parts as there is room for, none of them cut but the first.
fn fitted(parts: &[String], room: usize) -> String {
    let mut text = console::truncate_str(&parts[0], room, "…").into_owned();
    for part in &parts[1..] {
        let longer = format!("{text}  {part}");
        if console::measure_text_width(&longer) > room {
            break;
        }
        text = longer;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_narrow_terminal_the_last_parts_are_left_out_whole() {
        let parts = ["epoch  3/40", "0:12 left", "loss 0.2341"].map(str::to_owned);
        assert_eq!(fitted(&parts, 40), "epoch  3/40  0:12 left  loss 0.2341");
        assert_eq!(fitted(&parts, 34), "epoch  3/40  0:12 left");
        assert_eq!(fitted(&parts, 5), "epoc…");
    }

    #[test]
    fn sixty_columns_have_room_for_epoch_and_time() {
        let labels = ["The first long run with a name of some length".to_owned()];
        let Widths { label, bar } = Widths::of(&labels, 60);
        assert!(60 - (label + bar + 2 + FREE) >= "epoch 10/40  1:02:03 left".len(), "{label} {bar}");
    }
}
