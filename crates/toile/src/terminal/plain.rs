//! Plain lines, for files and pipes: each run's beginning and end, and in between a sign of life now and then.

use std::time::Duration;

use toile_lab::StudyProgress;
use toile_record::{Event, TrainingKey};

use super::{duration, measured, note};

/// A line on an epoch at most this often, whichever run it is of.
const PAUSE: Duration = Duration::from_secs(10);

/// Remembers when it last said something.
#[derive(Debug, Default)]
pub struct Plain {
    said: Duration,
}

impl Plain {
    /// What happens; the end of a run is said elsewhere.
    pub fn tell(&mut self, event: &Event, labels: &[String], progress: &StudyProgress, now: Duration) {
        match event {
            Event::TrainingStarted { training: TrainingKey::Run(run), .. } => {
                self.say(now, &format!("start   {}", labels[*run]))
            }
            Event::TrainingEnded(_) => self.said = now,
            Event::EpochEnded { training: TrainingKey::Run(run), .. } if now >= self.said + PAUSE => {
                let Some(active) = progress.active.get(&TrainingKey::Run(*run)) else { return };
                let mut line = format!("        {}: epoch {}/{}", labels[*run], active.epoch, active.epochs);
                measured(active).iter().for_each(|part| line += &format!(", {part}"));
                if let Some(left) = progress.left() {
                    let (done, all) = (progress.n_ended, progress.n_to_do);
                    line += &format!("; {done} of {all} runs done, about {} left", duration(left));
                }
                self.say(now, &line);
            }
            _ => {}
        }
    }

    fn say(&mut self, now: Duration, line: &str) {
        self.said = now;
        note(line);
    }
}
