//! Whether all trainings of a study have ended: until then the test part is sealed.

use toile_store::{Store, StoreError};
use toile_study::{Plan, run_ids};

use crate::search::{Chosen, SearchStanding, standings};

/// The trainings of a study: declared runs, trials, and the runs of what the searches choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trainings {
    /// Those that have not ended.
    pub open: usize,
    pub all: usize,
}

impl Trainings {
    /// Those of a plan of declared runs and searches, as they stand in the store now. What has failed has ended.
    pub(crate) fn of(plan: &Plan, fingerprint: &str, store: &Store) -> Result<Trainings, StoreError> {
        let mut trainings = Trainings::default();
        let mut chosen = Vec::new();
        for (search, standing) in plan.searches.iter().zip(standings(plan, store)?) {
            match standing {
                SearchStanding::Open { ended, to_end } => {
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
        for id in run_ids(&with_chosen(plan, &chosen), fingerprint) {
            let state = store.run_state(&plan.study, &id)?;
            trainings.all += 1;
            trainings.open += usize::from(!state.is_some_and(|state| state.is_finished()));
        }
        Ok(trainings)
    }
}

/// The plan with the runs of the chosen configurations after the declared ones.
pub(crate) fn with_chosen(plan: &Plan, chosen: &[Chosen]) -> Plan {
    let mut whole = plan.clone();
    whole.runs.extend(chosen.iter().flat_map(|chosen| chosen.runs.iter().cloned()));
    whole
}
