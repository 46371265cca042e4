//! Plain lines, for files and pipes: each run's beginning and end, and in between a sign of life now and then.

use std::time::Duration;

use toile_lab::StudyProgress;
use toile_record::{Event, TrainingKey};

use super::{at_epoch, duration, measured, note, plural, resumed};

/// A line on an epoch at most this often, whichever run it is of.
const PAUSE: Duration = Duration::from_secs(10);

/// Remembers when it last printed something.
#[derive(Debug, Default)]
pub(super) struct Plain {
    printed: Duration,
}

impl Plain {
    /// What happens; the end of a run is printed elsewhere.
    pub(super) fn show(&mut self, event: &Event, labels: &[String], progress: &StudyProgress, now: Duration) {
        match event {
            Event::TrainingStarted { training: TrainingKey::Run(run), attempt, lost, .. } => {
                let how = resumed(*attempt, *lost).map_or_else(String::new, |how| format!(": {how}"));
                self.print(now, &format!("start   {}{how}", labels[*run]))
            }
            Event::TrainingEnded(_) => self.printed = now,
            Event::EpochEnded { training: TrainingKey::Run(run), .. } if now >= self.printed + PAUSE => {
                let Some(active) = progress.active.get(&TrainingKey::Run(*run)) else { return };
                let mut line = format!("        {}: {}", labels[*run], at_epoch(active, 1));
                measured(active).iter().for_each(|part| line += &format!(", {part}"));
                if let Some(left) = progress.left() {
                    let (done, all) = (progress.n_ended, progress.n_to_do);
                    line += &format!(
                        "; {done} of {} done, about {} left",
                        plural(all, "run", "runs"),
                        duration(left)
                    );
                }
                self.print(now, &line);
            }
            _ => {}
        }
    }

    fn print(&mut self, now: Duration, line: &str) {
        self.printed = now;
        note(line);
    }
}
