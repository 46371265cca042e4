//! What is shown while a study runs: moving lines on a terminal, plain ones elsewhere.

use std::time::{Duration, Instant};

use console::Style;
use toile_lab::StudyProgress;
use toile_record::{Event, PlannedRun, State, TrainingEnd, TrainingKey};

use super::live::RunLines;
use super::plain::Plain;
use super::{duration, labels, moving_lines, note, plural};

/// How often the moving lines move.
const FRAME: Duration = Duration::from_millis(100);

/// Shows the runs of a study.
pub(super) struct Studying {
    labels: Vec<String>,
    drawn: Option<Instant>,
    view: RunView,
}

enum RunView {
    Moving(RunLines),
    Plain(Plain),
}

impl Studying {
    /// Before the first of these runs.
    pub(super) fn new(runs: &[PlannedRun]) -> Studying {
        let labels = labels(runs);
        let view = match moving_lines() {
            true => RunView::Moving(RunLines::new(&labels)),
            false => RunView::Plain(Plain::default()),
        };
        Studying { labels, drawn: None, view }
    }

    /// What happens to a run; `progress` knows of it already.
    pub(super) fn show(&mut self, event: &Event, progress: &mut StudyProgress, now: Duration) {
        if let Event::TrainingEnded(end) = event
            && let TrainingKey::Run(run) = end.training
        {
            note(&ended(&self.labels[run], end));
        }
        let is_step = matches!(event, Event::Step { .. });
        if is_step && self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return;
        }
        self.drawn = Some(Instant::now());
        progress.tick(now);
        match &mut self.view {
            RunView::Moving(live) => live.draw(&self.labels, progress),
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
    let time = duration(Duration::try_from_secs_f64(end.seconds).unwrap_or_default());
    let mut line = format!("{tick}    {label}: {} in {time}", plural(end.epochs, "epoch", "epochs"));
    if let Some(accuracy) = end.test_accuracy {
        let published = end.published.unwrap_or_default();
        line += &format!(", test accuracy {accuracy:.4}{}", against(published.test_accuracy));
        if let Some(loss) = end.test_loss {
            line += &format!(", test loss {loss:.4}{}", against(published.test_loss));
        }
    }
    if let Some(reason) = &end.reason {
        line += &format!(" ({reason})");
    }
    line
}

fn against(published: Option<f64>) -> String {
    published.map_or_else(String::new, |value| format!(" (published {value})"))
}
