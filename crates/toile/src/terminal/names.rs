//! What a run is called on a line: its name, and its seed where the name alone is not enough.

use toile_study::Plan;

/// A label for each run of the plan, in its order.
pub fn labels(plan: &Plan) -> Vec<String> {
    let label = |run: &toile_study::RunPlan| {
        let repeated = plan.runs.iter().filter(|other| other.position == run.position).count() > 1;
        let name: String = run.name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        if repeated { format!("{name}, seed {}", run.settings.seed) } else { name }
    };
    plan.runs.iter().map(label).collect()
}
