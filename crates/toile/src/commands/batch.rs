//! Batches that are larger than the training part: said before anything is trained.

use toile_report::view::{batch_warning, largest_batch};
use toile_study::Plan;

use crate::terminal::plural;

/// Names of runs on one line.
const MOST_NAMES: usize = 4;

/// A line for each batch size of the wanted runs, and for each wanted search, that `images` do not fill.
pub(super) fn warnings(plan: &Plan, only: &[String], images: usize) -> Vec<String> {
    let runs = || toile_lab::wanted_runs(plan, only);
    let mut sizes: Vec<usize> = runs().map(|run| run.settings.batch_size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let of_runs = sizes.into_iter().filter_map(|size| {
        let with = runs().filter(|run| run.settings.batch_size == size);
        let mut names: Vec<&str> = with.map(|run| run.name.as_str()).collect();
        names.dedup();
        Some(format!("{}: {}", listed(&names), batch_warning(size as u64, images as u64)?))
    });
    let of_searches = toile_lab::wanted_searches(plan, only).filter_map(|search| {
        let why = batch_warning(largest_batch(search)?, images as u64)?;
        Some(format!("search {}: in some trials {why}", search.name))
    });
    of_runs.chain(of_searches).collect()
}

fn listed(names: &[&str]) -> String {
    match names.len() {
        0..=MOST_NAMES => names.join("; "),
        n => plural(n, "run", "runs"),
    }
}
