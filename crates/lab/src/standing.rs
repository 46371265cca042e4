//! How a study stands: the runs that it has by now, and whether all its trainings have ended. Until then the test part
//! is sealed.

use toile_record::Records;
use toile_store::{Store, StoreError};
use toile_study::{Plan, further_runs, run_ids};

use crate::search::{Chosen, SearchStanding, standings};

/// The trainings of a study: declared runs, trials, the runs of what the searches choose, and those of a race.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trainings {
    /// Those that have not ended.
    pub open: usize,
    pub all: usize,
}

impl Trainings {
    /// Counts one more, and gives back whether it has ended.
    fn count(&mut self, has_ended: bool) -> bool {
        self.all += 1;
        self.open += usize::from(!has_ended);
        has_ended
    }
}

/// What a race is decided by.
pub(crate) struct RaceFacts<'a> {
    /// Whether the run or search of this name is asked for; a look waits for no other.
    pub is_wanted: &'a dyn Fn(&String) -> bool,
    /// How many seeds each run needs, as far as the records say.
    pub seeds_needed: &'a dyn Fn(&Records) -> Vec<(String, usize)>,
}

/// A study as it stands in the store now.
pub(crate) struct StudyStanding {
    /// The plan with the runs that searches have chosen, and those that a race has added.
    pub plan: Plan,
    pub trainings: Trainings,
}

impl StudyStanding {
    /// How a plan of declared runs and searches stands.
    pub(crate) fn of(
        plan: &Plan,
        fingerprint: &str,
        store: &Store,
        race: &RaceFacts<'_>,
    ) -> Result<StudyStanding, StoreError> {
        let mut trainings = Trainings::default();
        let mut chosen = Vec::new();
        let mut may_look = plan.race.is_some();
        for (search, standing) in plan.searches.iter().zip(standings(plan, store)?) {
            match standing {
                SearchStanding::Open { ended, to_end } => {
                    may_look &= !(race.is_wanted)(&search.name);
                    // What it will choose is trained as well.
                    let open = to_end + plan.seeds_of_chosen(search);
                    trainings.open += open;
                    trainings.all += ended + open;
                }
                SearchStanding::Made { ended, chosen: made } => {
                    trainings.all += ended;
                    chosen.extend(made);
                }
            }
        }
        let mut whole = with_chosen(plan, &chosen);
        let has_ended = |id: &String| -> Result<bool, StoreError> {
            Ok(store.run_state(&plan.study, id)?.is_some_and(|state| state.is_finished()))
        };
        for (run, id) in whole.runs.iter().zip(&run_ids(&whole, fingerprint)) {
            may_look &= trainings.count(has_ended(id)?) || !(race.is_wanted)(&run.name);
        }
        if let Some(rules) = plan.race.as_ref().filter(|_| may_look) {
            let needed = (race.seeds_needed)(&store.records(Some(&plan.study))?);
            let place = whole.runs.len();
            let further = further_runs(rules, &whole.runs, &needed);
            whole.runs.extend(further);
            for id in &run_ids(&whole, fingerprint)[place..] {
                trainings.count(has_ended(id)?);
            }
        }
        Ok(StudyStanding { plan: whole, trainings })
    }
}

/// The plan with the runs of the chosen configurations after the declared ones.
pub(crate) fn with_chosen(plan: &Plan, chosen: &[Chosen]) -> Plan {
    let mut whole = plan.clone();
    whole.runs.extend(chosen.iter().flat_map(|chosen| chosen.runs.iter().cloned()));
    whole
}
