//! What is asked for of a plan, by name.

use toile_study::{Plan, RunPlan, SearchPlan, best_name};

/// The searches that are asked for: all of them, or those of these names.
pub fn wanted_searches<'a>(plan: &'a Plan, only: &'a [String]) -> impl Iterator<Item = &'a SearchPlan> {
    plan.searches.iter().filter(|search| is_wanted(&search.name, only))
}

/// The runs that are asked for: all of them, or those of these names.
pub fn wanted_runs<'a>(plan: &'a Plan, only: &'a [String]) -> impl Iterator<Item = &'a RunPlan> {
    plan.runs.iter().filter(|run| is_wanted(&run.name, only))
}

/// Whether `only` asks for what has this name.
pub(crate) fn is_wanted(name: &String, only: &[String]) -> bool {
    only.is_empty() || only.contains(name)
}

/// Whoever asks for a search asks for the run of what it has chosen too.
pub(crate) fn with_chosen_names(only: &[String]) -> Vec<String> {
    only.iter().flat_map(|name| [name.clone(), best_name(name)]).collect()
}
