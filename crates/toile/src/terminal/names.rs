//! Names on a line: of a run with its seed where the name alone is not enough, and of what was probably meant.

use toile_record::PlannedRun;

use super::safe;

/// `did you mean `dense`? (known: dense; conv)`: the help where something of another name was asked for.
pub(crate) fn suggestion<'a>(asked: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = toile_study::nearest(asked, known.clone());
    let near = near.map(|near| format!("did you mean `{}`? ", safe::name(near))).unwrap_or_default();
    format!("{near}(known: {})", safe::names(known))
}

/// A label for each run, in their order.
pub(super) fn labels(runs: &[PlannedRun]) -> Vec<String> {
    let label = |run: &PlannedRun| {
        let repeated = runs.iter().filter(|other| other.position == run.position).count() > 1;
        let name = safe::name(&run.name);
        if repeated { format!("{name}, seed {}", run.seed) } else { name }
    };
    runs.iter().map(label).collect()
}
