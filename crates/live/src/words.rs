//! How a study stands, in a sentence: a row of the table of states for each.

use toile_report::format::plural;
use toile_report::format::terminal::duration_of as time;

use crate::{LiveProgress, StudyState, clock};

/// What a sentence is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandingWords<'s> {
    pub state: StudyState,
    pub progress: LiveProgress,
    /// When work on it was last seen.
    pub last_sign: Option<f64>,
    /// The longest silence of what is under way, and how long its epochs take.
    pub silence: Option<(f64, f64)>,
    /// What is typed to go on.
    pub again: &'s str,
}

/// The sentence of a state.
pub(crate) fn sentence_of(standing: StandingWords<'_>) -> String {
    let LiveProgress { runs, trials, failed, .. } = standing.progress;
    match standing.state {
        StudyState::Empty => "nothing is planned yet".into(),
        StudyState::Beginning => "no epoch has ended yet".into(),
        StudyState::Running => match standing.progress.left {
            Some(left) => format!("running, about {} left", time(left)),
            None => "running; the time left is not known yet".into(),
        },
        StudyState::Stalled => match standing.silence {
            Some((silence, usual)) => {
                format!("no news for {}; an epoch took {}", time(silence), time(usual))
            }
            None => "no news".into(),
        },
        StudyState::Stopped if runs.0 + trials.0 == 0 && standing.last_sign.is_none() => {
            format!("nobody is working on it; go on with {}", standing.again)
        }
        StudyState::Stopped => {
            let when = standing.last_sign.map(|at| format!(" at {}", clock(at))).unwrap_or_default();
            format!("stopped{when}, nobody is working on it; go on with {}", standing.again)
        }
        StudyState::Finishing => "all trainings have ended; what comes after them is under way".into(),
        StudyState::Finished if failed > 0 => format!(
            "finished; {} failed, the report says why",
            plural(failed, "run or trial", "runs and trials")
        ),
        StudyState::Finished => "finished; the report says what came out".into(),
    }
}

/// The sentence for how a study stands. `again` is what is typed to go on with it.
pub fn sentence(watching: &crate::Watching, again: &str) -> String {
    sentence_of(watching.standing(again))
}
