//! Runs that get more seeds until comparisons are decided.

use toile_judge::RaceRules;
use toile_record::Seeds;

use super::repeated;
use crate::{CheckedStudy, RunPlan};

/// The repetitions beyond those that are planned, up to so many of each of these names.
///
/// They come after all others, in the order of the names and by seed.
pub fn further_runs(race: &RaceRules, planned: &[RunPlan], wanted: &[(String, usize)]) -> Vec<RunPlan> {
    let mut further = Vec::new();
    for (name, seeds) in wanted.iter().filter(|(name, _)| race.may_grow(name)) {
        let of_name: Vec<&RunPlan> = planned.iter().filter(|run| run.name == *name).collect();
        let Some(first) = of_name.first() else { continue };
        let wanted = (*seeds).min(race.bounds.at_most);
        further.extend((of_name.len()..wanted).map(|repetition| {
            let mut run = RunPlan::clone(first);
            run.settings.seed = repeated(first.settings.seed, repetition as u64);
            run
        }));
    }
    further
}

/// The race of a study, if runs are repeated until comparisons are decided; `asked` counts instead of what the file
/// says, and for all runs.
pub fn race(study: &CheckedStudy, asked: Option<Seeds>) -> Option<RaceRules> {
    let of_file = study.study.seeds.map(Seeds::from);
    let bounds = asked.or(of_file)?.race()?;
    let has_own = |seeds: Option<usize>| asked.is_none() && seeds.or(study.defaults.seeds).is_some();
    let fixed = study.runs.iter().filter(|run| has_own(run.settings.seeds)).map(|run| run.name.clone());
    Some(RaceRules { bounds, fixed: fixed.collect() })
}
