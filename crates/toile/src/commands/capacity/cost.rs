//! What the trainings will cost, said before they begin.

use std::path::Path;

use toile_lab::random_point;
use toile_study::{DataShape, Plan, SearchPlan};

use super::study_args;
use crate::args::CapacityArgs;
use crate::commands::plan::{Timing, cost};
use crate::failure::Failure;
use crate::machine;
use crate::source::StudySource;
use crate::terminal::{duration_of, note, plural};

/// Says how many trainings there are, and about how long they take, measured here and now.
pub(super) fn announce(file: &Path, args: &CapacityArgs) -> Result<(), Failure> {
    let typed = study_args(file, args);
    let source = StudySource::find(&typed.study)?;
    let (study, _) = source.check(&args.data)?;
    let plan = source.plan(&study, &typed)?;
    let shape = study.shape.expect("the data's shape is known after the check");
    let threads = args.threads.map_or_else(machine::cores, usize::from);
    let mut timing = Timing::new(shape.image, threads, true);
    let (mut trainings, mut seconds) = (0, Some(0.0));
    for search in &plan.searches {
        let times = search.n_trials * search.seeds + plan.seeds_of_chosen(search);
        let one = seconds_of_one(&plan, search, &shape, &mut timing)?;
        trainings += times;
        seconds = seconds.zip(one).map(|(sum, one)| sum + one * times as f64);
    }
    timing.end();
    let widths = plural(plan.searches.len(), "width", "widths");
    let trainings = plural(trainings, "training", "trainings");
    let time = seconds.map_or_else(String::new, |seconds| {
        let time = duration_of(seconds / threads as f64);
        format!(", about {time} on {}, less what is done", plural(threads, "thread", "threads"))
    });
    note(&format!("{widths}, {trainings} with the search for their learning rates{time}"));
    Ok(())
}

/// Seconds of one training of a search, alone on one thread.
fn seconds_of_one(
    plan: &Plan,
    search: &SearchPlan,
    shape: &DataShape,
    timing: &mut Timing,
) -> Result<Option<f64>, Failure> {
    let Ok(settings) = search.settings(&random_point(search, 0), 0) else { return Ok(None) };
    let run = search.run(settings);
    let cost = cost(&run, shape, plan)?;
    Ok(timing.pace(&run, &cost)?.map(|pace| pace.seconds))
}
