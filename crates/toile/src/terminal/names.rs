//! What a run is called on a line: its name, and its seed where the name alone is not enough.

use toile_record::PlannedRun;

use super::safe;

/// A label for each run, in their order.
pub(super) fn labels(runs: &[PlannedRun]) -> Vec<String> {
    let label = |run: &PlannedRun| {
        let repeated = runs.iter().filter(|other| other.position == run.position).count() > 1;
        let name = safe::name(&run.name);
        if repeated { format!("{name}, seed {}", run.seed) } else { name }
    };
    runs.iter().map(label).collect()
}
