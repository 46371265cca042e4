//! What is shown while a study runs: moving lines on a terminal, plain ones elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Style;
use toile_lab::Event;
use toile_record::{RunRecord, State};
use toile_study::Plan;

use super::live::RunLines;
use super::plain::Plain;
use super::tally::Tally;
use super::{count, duration, labels, moving_lines, note};

/// How often the moving lines move.
const FRAME: Duration = Duration::from_millis(100);

/// Follows a study; the runs' threads all tell it what happens.
pub struct Studying {
    start: Instant,
    labels: Vec<String>,
    state: Mutex<StudyScreen>,
}

struct StudyScreen {
    tally: Tally,
    drawn: Option<Instant>,
    view: RunView,
}

enum RunView {
    Moving(RunLines),
    Plain(Plain),
}

impl Studying {
    /// Before the study.
    pub fn new(plan: &Plan) -> Studying {
        let labels = labels(plan);
        let epochs = plan.runs.iter().map(|run| run.settings.epochs).collect();
        let view = if moving_lines() {
            RunView::Moving(RunLines::new(&labels))
        } else {
            RunView::Plain(Plain::default())
        };
        let state = StudyScreen { tally: Tally::new(epochs), drawn: None, view };
        Studying { start: Instant::now(), labels, state: Mutex::new(state) }
    }

    /// What happens. Cheap enough to be told of every step.
    pub fn tell(&self, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        state.tally.tell(event);
        if let Event::RunEnded { run, record } = event {
            note(&ended(&self.labels[*run], record));
        }
        let is_step = matches!(event, Event::Step { .. });
        if is_step && state.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return;
        }
        state.drawn = Some(Instant::now());
        state.tally.tick(self.start.elapsed());
        match &mut state.view {
            RunView::Moving(live) => live.draw(&self.labels, &state.tally),
            RunView::Plain(plain) => plain.tell(event, &self.labels, &state.tally, self.start.elapsed()),
        }
    }

    /// After the study: the moving lines are gone, what was noted stays.
    pub fn end(self) -> Duration {
        if let RunView::Moving(live) = self.state.into_inner().unwrap_or_else(PoisonError::into_inner).view {
            live.end();
        }
        self.start.elapsed()
    }
}

/// One line on a run that has ended.
fn ended(label: &str, record: &RunRecord) -> String {
    if record.state == State::Failed {
        let cross = Style::new().for_stderr().red().bold().apply_to("failed");
        return format!(
            "{cross}  {label}: {}",
            record.reason().unwrap_or_else(|| "no reason was recorded".into())
        );
    }
    let tick = Style::new().for_stderr().green().apply_to("done");
    let time = duration(Duration::try_from_secs_f64(record.provenance.wall_seconds).unwrap_or_default());
    let epochs = record.epochs.len() as u64;
    let mut line =
        format!("{tick}    {label}: {} epoch{} in {time}", count(epochs), if epochs == 1 { "" } else { "s" });
    if let Some(test) = &record.test {
        let published = record.published.unwrap_or_default();
        line += &format!(", test accuracy {:.4}{}", test.accuracy, beside(published.test_accuracy));
        if let Some(loss) = test.loss {
            line += &format!(", test loss {loss:.4}{}", beside(published.test_loss));
        }
    }
    if let Some(reason) = record.reason() {
        line += &format!(" ({reason})");
    }
    line
}

fn beside(published: Option<f64>) -> String {
    published.map_or_else(String::new, |value| format!(" (published {value})"))
}
