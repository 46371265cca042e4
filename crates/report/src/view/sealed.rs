//! Whether the test part is sealed: why there are no numbers of the test.

use toile_record::{Part, Records, RunRecord, State};

use crate::format::count;

/// Why complete runs have no test, and what gives them one; `None` if all have one.
pub(super) fn sealed(records: &Records) -> Option<String> {
    if records.study.data.n_images(Part::Test) == 0 {
        return None;
    }
    let complete = || records.runs.iter().filter(|run| run.state == State::Complete);
    let all = complete().count();
    let part = match complete().filter(|run| run.test.is_none()).count() {
        0 => return None,
        n if n == all => String::new(),
        n => format!(" of {} of {} complete runs", count(n as u64), count(all as u64)),
    };
    Some(match has_ended(records) {
        true => format!(
            "All trainings of the study have ended, and the test part{part} is still sealed: `toile run` opens it."
        ),
        false => format!(
            "The test part{part} is sealed until all trainings of the study have ended; `toile run --open-test` opens it \
             earlier."
        ),
    })
}

/// Whether all trainings of the study have ended, as far as its records say.
fn has_ended(records: &Records) -> bool {
    let is_over = |run: &RunRecord| run.state.is_finished();
    let searches = records.searches.iter().all(|search| {
        let trials = &search.trials;
        let is_over = trials.len() >= search.search.n_trials || search.chosen_run.is_some();
        is_over && trials.iter().all(|trial| trial.state.is_finished())
    });
    searches && records.runs.iter().all(is_over)
}
