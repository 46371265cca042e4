//! The learning rates that are tried at each width: those around what a range test suggests.

use toile_data::{DataSet, Split};
use toile_report::range_test;
use toile_study::{RunPlan, WidthStudy, rates_around};

use crate::args::CapacityArgs;
use crate::commands::lr_find::Sweeps;
use crate::failure::Failure;
use crate::machine;
use crate::terminal::Waiting;

/// The rates of each width; `None` if the user stopped it.
pub(super) fn rates(
    asked: &WidthStudy,
    data: &DataSet,
    args: &CapacityArgs,
) -> Result<Option<Vec<Vec<f64>>>, Failure> {
    let threads = args.threads.map_or_else(machine::cores, usize::from);
    let waiting = Waiting::new();
    let split = asked.run.settings.validation_split;
    let seed = toile_rng::Seed::new(split.seed);
    let split =
        toile_data::split(&data.train.labels, data.class_names.len(), split.fraction, split.how, seed)?;
    let mut all = Vec::new();
    for width in &asked.widths {
        let run = asked.run_at(*width).expect("the model has a hidden layer");
        match suggested(&run, (data, &split), threads, &waiting)? {
            Some(rate) => all.push(rates_around(rate)),
            None => return Ok(None),
        }
    }
    waiting.end();
    Ok(Some(all))
}

/// The rate that a range test suggests; the run's own where it suggests none.
fn suggested(
    run: &RunPlan,
    (data, split): (&DataSet, &Split),
    threads: usize,
    waiting: &Waiting,
) -> Result<Option<f64>, Failure> {
    // The run has no weights from a file: that was asked before.
    let read = |_: &str| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    let sweeps = Sweeps { runs: &[run], data, split, read: &read, threads };
    let Some(record) = sweeps.record("", waiting)? else { return Ok(None) };
    let own = run.settings.optimizer.learning_rate();
    Ok(Some(range_test(&record).try_rate.unwrap_or(own)))
}
