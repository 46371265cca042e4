//! Runs that get more seeds until comparisons are decided.

use serde::{Deserialize, Serialize};
use toile_record::{RaceBounds, Seeds};

use super::repeated;
use crate::{CheckedStudy, RunPlan};

/// A race: its bounds, and who takes part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RacePlan {
    /// How many seeds a run has at least and at most.
    pub bounds: RaceBounds,
    /// The names of the runs that have a number of seeds of their own, and get no more.
    #[serde(default)]
    pub fixed: Vec<String>,
}

impl RacePlan {
    /// Whether the run of this name, or what a search has chosen, may get more seeds.
    pub fn may_grow(&self, name: &str) -> bool {
        !self.fixed.iter().any(|fixed| fixed == name)
    }

    /// The numbers of seeds at which is looked whether comparisons are decided.
    pub fn looks(&self) -> Vec<usize> {
        toile_judge::looks(self.bounds.at_least, self.bounds.at_most)
    }

    /// The repetitions beyond those that are planned, up to so many of each of these names.
    ///
    /// They come after all others, in the order of the names and by seed.
    pub fn further(&self, planned: &[RunPlan], wanted: &[(String, usize)]) -> Vec<RunPlan> {
        let mut further = Vec::new();
        for (name, seeds) in wanted.iter().filter(|(name, _)| self.may_grow(name)) {
            let of_name: Vec<&RunPlan> = planned.iter().filter(|run| run.name == *name).collect();
            let Some(first) = of_name.first() else { continue };
            let wanted = (*seeds).min(self.bounds.at_most);
            further.extend((of_name.len()..wanted).map(|repetition| {
                let mut run = RunPlan::clone(first);
                run.settings.seed = repeated(first.settings.seed, repetition as u64);
                run
            }));
        }
        further
    }
}

/// The race of a study, if runs are repeated until comparisons are decided; `asked` counts instead of what the file
/// says, and for all runs.
pub fn race(study: &CheckedStudy, asked: Option<Seeds>) -> Option<RacePlan> {
    let of_file = study.study.seeds.map(Seeds::from);
    let bounds = asked.or(of_file)?.race()?;
    let has_own = |seeds: Option<usize>| asked.is_none() && seeds.or(study.defaults.seeds).is_some();
    let fixed = study.runs.iter().filter(|run| has_own(run.settings.seeds)).map(|run| run.name.clone());
    Some(RacePlan { bounds, fixed: fixed.collect() })
}
