//! What is shown while a study runs: moving lines on a terminal, plain ones elsewhere.

use std::time::{Duration, Instant};

use console::Style;
use toile_lab::StudyProgress;
use toile_record::{Event, Published, State, TrainingEnd, TrainingKey};

use super::live::RunLines;
use super::plain::Plain;
use super::{duration_of, moving_lines, note, plural};

/// How often the moving lines move.
const FRAME: Duration = Duration::from_millis(100);

/// Shows the runs of a study.
pub(super) struct Studying {
    labels: Vec<String>,
    drawn: Option<Instant>,
    /// The run that is best so far, by validation accuracy.
    best: Option<(usize, f64)>,
    view: RunView,
}

enum RunView {
    Moving(RunLines),
    Plain(Plain),
}

impl Studying {
    /// Before the first of the runs that are called so.
    pub(super) fn new(labels: Vec<String>) -> Studying {
        let view = match moving_lines() {
            true => RunView::Moving(RunLines::new(&labels)),
            false => RunView::Plain(Plain::default()),
        };
        Studying { labels, drawn: None, best: None, view }
    }

    /// What happens to a run; `progress` knows of it already.
    pub(super) fn show(&mut self, event: &Event, progress: &mut StudyProgress, now: Duration) {
        if let Event::TrainingEnded(end) = event
            && let TrainingKey::Run(run) = end.training
        {
            note(&ended(&self.labels[run], end));
            let value = end.val_accuracy.filter(|_| end.state == State::Complete);
            if let Some(value) = value.filter(|value| self.best.is_none_or(|(_, best)| *value > best)) {
                self.best = Some((run, value));
            }
        }
        let is_step = matches!(event, Event::Step { .. });
        if is_step && self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return;
        }
        self.drawn = Some(Instant::now());
        progress.tick(now);
        match &mut self.view {
            RunView::Moving(live) => live.draw(&self.labels, progress, self.best),
            RunView::Plain(plain) => plain.show(event, &self.labels, progress, now),
        }
    }

    /// After the runs: the moving lines are gone, what was noted stays.
    pub(super) fn end(self) {
        if let RunView::Moving(live) = self.view {
            live.end();
        }
    }
}

/// One line on a run that has ended.
fn ended(label: &str, end: &TrainingEnd) -> String {
    if end.state == State::Failed {
        let cross = Style::new().for_stderr().red().bold().apply_to("failed");
        return format!("{cross}  {label}: {}", end.reason.as_deref().unwrap_or("no reason was recorded"));
    }
    let tick = Style::new().for_stderr().green().apply_to("done");
    let time = duration_of(end.seconds);
    let mut line = format!("{tick}    {label}: {} in {time}", trained(end.epochs));
    if let Some(accuracy) = end.val_accuracy {
        let published = end.published.unwrap_or_default();
        let published = [published.val_accuracy, published.val_loss];
        line += &format!(", {}", measured("val", [Some(accuracy), end.val_loss], published));
    }
    if let Some(reason) = &end.reason {
        line += &format!(" ({reason})");
    }
    line
}

fn trained(epochs: usize) -> String {
    if epochs == 0 { "not trained, evaluated".into() } else { plural(epochs, "epoch", "epochs") }
}

/// One line on the test of a run.
pub(super) fn tested(label: &str, numbers: [Option<f64>; 2], published: Published) -> String {
    let word = Style::new().for_stderr().green().apply_to("test");
    let published = [published.test_accuracy, published.test_loss];
    format!("{word}    {label}: {}", measured("test", numbers, published))
}

/// Accuracy and loss on a part of the data, as far as they are numbers, next to the published ones.
fn measured(part: &str, numbers: [Option<f64>; 2], published: [Option<f64>; 2]) -> String {
    let number = |(i, name): (usize, &str)| {
        let published = published[i].map_or_else(String::new, |value| format!(" (published {value})"));
        Some(format!("{part} {name} {:.4}{published}", numbers[i]?))
    };
    ["accuracy", "loss"].into_iter().enumerate().filter_map(number).collect::<Vec<_>>().join(", ")
}
