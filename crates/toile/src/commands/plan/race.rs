//! What is said of seeds that are added until comparisons are decided.

use std::time::Duration;

use toile_lab::{Pace, study_seconds};
use toile_study::Plan;

use super::{Priced, is_final};
use crate::terminal::{duration, plural};

/// How often each run is repeated at most, and what that takes; nothing for a study without a race.
pub(super) fn rendered(plan: &Plan, priced: &[Priced<'_>], threads: usize) -> String {
    let Some(race) = &plan.race else { return String::new() };
    let looks: Vec<String> = race.looks().iter().map(ToString::to_string).collect();
    let mut text = format!(
        "\nseeds are added until the comparisons are decided on the validation images: looked at with {} seeds\n\
         a run gets more while one of its comparisons is undecided; runs that do as well as each other mostly get all {}\n",
        looks.join(", "),
        race.bounds.at_most
    );
    let all = at_most(plan, priced);
    let paces: Option<Vec<Pace>> = all.iter().map(|priced| priced.pace).collect();
    let time = paces.map(|paces| duration(Duration::from_secs_f64(study_seconds(&paces, threads))));
    text += &format!("at most {} to train", plural(all.len(), "run", "runs"));
    text + &time.map_or_else(|| "\n".to_owned(), |time| format!(", in {time}\n"))
}

/// How many trainings of runs are on record in the end, at most.
pub(super) fn most_trainings(plan: &Plan, priced: &[Priced<'_>]) -> usize {
    at_most(plan, priced).len()
}

/// The runs that are left, with all seeds that they may get.
fn at_most<'a, 'p>(plan: &Plan, priced: &'p [Priced<'a>]) -> Vec<&'p Priced<'a>> {
    let mut all = Vec::new();
    for group in priced.chunk_by(|a, b| a.run.position == b.run.position) {
        all.extend(group.iter().filter(|priced| priced.state.is_none_or(|state| !is_final(state))));
        if let Some(race) = plan.race.as_ref().filter(|race| race.may_grow(&group[0].run.name)) {
            all.extend(std::iter::repeat_n(&group[0], race.bounds.at_most.saturating_sub(group.len())));
        }
    }
    all
}
