//! The expected time of a run: its updates and evaluations at a speed that is measured here and now.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use toile_lab::{Cost, Pace, Speed, measure};
use toile_nn::ImageShape;
use toile_study::RunPlan;

use crate::failure::Failure;
use crate::machine::MachineClock;
use crate::terminal::moving_lines;

/// Each model is timed this long on one thread, and this long on all.
const BUDGET: Duration = Duration::from_millis(400);

/// Measures each combination of layers, optimizer and batch size once.
pub(crate) struct Timing {
    image: ImageShape,
    threads: usize,
    wanted: bool,
    clock: MachineClock,
    known: BTreeMap<String, Option<[Speed; 2]>>,
    line: Option<ProgressBar>,
}

impl Timing {
    /// Nothing is measured yet; nothing ever is if it is not wanted.
    pub(crate) fn new(image: ImageShape, threads: usize, wanted: bool) -> Timing {
        let line = (wanted && moving_lines()).then(ProgressBar::new_spinner);
        if let Some(line) = &line {
            line.set_style(
                ProgressStyle::with_template("{spinner:.cyan} {msg}").expect("the template is a constant"),
            );
            line.enable_steady_tick(Duration::from_millis(100));
        }
        Timing { image, threads, wanted, clock: MachineClock::start(), known: BTreeMap::new(), line }
    }

    /// How long a run takes on one thread, and how many times as fast it is on all.
    pub(crate) fn pace(&mut self, run: &RunPlan, cost: &Cost) -> Result<Option<Pace>, Failure> {
        if !self.wanted {
            return Ok(None);
        }
        let settings = &run.settings;
        let key = format!("{:?} {:?} {}", settings.layers, settings.optimizer, settings.batch_size);
        let speeds = match self.known.get(&key) {
            Some(speeds) => *speeds,
            None => self.measure(run)?,
        };
        self.known.insert(key, speeds);
        Ok(speeds.map(|[one, all]| {
            let (seconds, on_all) = (cost.seconds(&one), cost.seconds(&all));
            // A model that is slower on more threads is not given them to its harm in this estimate.
            Pace { seconds, speedup: (seconds / on_all).max(1.0) }
        }))
    }

    fn measure(&self, run: &RunPlan) -> Result<Option<[Speed; 2]>, Failure> {
        if let Some(line) = &self.line {
            line.set_message(format!(
                "timing model `{}`, batches of {}",
                run.settings.model, run.settings.batch_size
            ));
        }
        let on = |threads| measure(run, self.image, threads, BUDGET, &self.clock);
        let one = on(1)?;
        let all = if self.threads > 1 { on(self.threads)? } else { one };
        Ok(one.zip(all).map(|(one, all)| [one, all]))
    }

    /// Removes the line that showed what is timed.
    pub(crate) fn end(self) {
        if let Some(line) = self.line {
            line.finish_and_clear();
        }
    }
}
