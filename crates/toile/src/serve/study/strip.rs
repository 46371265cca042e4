//! How a study stands, as the strip of its page says it.

use toile_live::{LiveProgress, StudyState, Watching, sentence};
use toile_report::LiveStrip;
use toile_report::format::{count, plural};

/// A study of which nothing is recorded.
pub(super) fn not_begun() -> LiveStrip {
    LiveStrip {
        state: StudyState::Empty.name(),
        text: "Nothing is recorded yet: the page begins with the study.".into(),
        ..LiveStrip::default()
    }
}

/// How it stands; `again` is what is typed to go on with it.
pub(super) fn strip(watching: &Watching, again: &str) -> LiveStrip {
    let (state, at) = (watching.state(), watching.progress());
    let (word, text) = match state {
        StudyState::Finished if at.failed > 0 => ("failed", sentence(watching, again)),
        StudyState::Finished => (state.name(), "finished: this is the report".into()),
        StudyState::Empty
        | StudyState::Beginning
        | StudyState::Running
        | StudyState::Stalled
        | StudyState::Stopped
        | StudyState::Finishing => (state.name(), sentence(watching, again)),
    };
    LiveStrip {
        state: word,
        text: capital(&text) + ".",
        progress: progress(at),
        part: part(state, at),
        ..LiveStrip::default()
    }
}

/// The part of the time, where it is known; else of the trainings.
fn part(state: StudyState, at: LiveProgress) -> Option<f64> {
    let (ended, all) = (at.runs.0 + at.trials.0, at.runs.1 + at.trials.1);
    let of_trainings = (all > 0).then(|| ended as f64 / all as f64);
    match state {
        StudyState::Finished => Some(1.0),
        StudyState::Empty
        | StudyState::Beginning
        | StudyState::Running
        | StudyState::Stalled
        | StudyState::Stopped
        | StudyState::Finishing => at.fraction.or(of_trainings),
    }
}

/// `9 of 13 runs, 24 of 108 trials, 1 failed`
fn progress(at: LiveProgress) -> String {
    let of = |(ended, all): (usize, usize), one: &str, many: &str| {
        (all > 0).then(|| format!("{} of {}", count(ended as u64), plural(all, one, many)))
    };
    let failed = (at.failed > 0).then(|| format!("{} failed", count(at.failed as u64)));
    let parts = [of(at.runs, "run", "runs"), of(at.trials, "trial", "trials"), failed];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A sentence with its first letter large.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use toile_record::State;
    use toile_store::{AtWork, Followed};

    use super::super::super::tests::records;
    use super::*;

    /// A study of one search, of which so many trials stand so; whether its folder is held.
    fn study(n_trials: usize, states: &[State], is_held: bool) -> LiveStrip {
        let search = toile_record::SearchRecord {
            name: "joint".into(),
            position: 0,
            note: None,
            published: None,
            objectives: vec![],
            space: serde_json::Value::Null,
            sampler: serde_json::Value::Null,
            pruner: serde_json::Value::Null,
            n_trials,
            lag: None,
            seeds: 1,
            seed: 1,
            plan: serde_json::Value::Null,
            fingerprint: String::new(),
            space_fingerprint: String::new(),
        };
        let trial = |(number, state): (usize, &State)| toile_record::TrialRecord {
            trial_id: number as i64,
            number,
            state: *state,
            params: vec![],
            values: vec![],
            intermediate: vec![(1, 0.5)],
            started: None,
            completed: None,
            user_attributes: vec![],
            system_attributes: vec![],
            side: None,
        };
        let trials = states.iter().enumerate().map(trial).collect();
        let searches = vec![toile_record::SearchRecords { search, trials, chosen_run: None }];
        let records = toile_record::Records { searches, ..records("What?") };
        let at_work =
            AtWork { is_held: Some(is_held), leases: BTreeMap::new(), trial_of_run: HashMap::new() };
        let search_ids = vec![toile_store::SearchId(1)];
        let followed = Followed { records, search_ids, stopped: vec![None], at_work };
        strip(&Watching::new(followed, 1_780_000_000.0).0, "`toile run STUDY`")
    }

    #[test]
    fn the_strip_says_how_it_stands_and_how_far_it_is() {
        let states = [State::Complete, State::Pruned, State::Failed];
        let ended = study(3, &states[..2], true);
        assert_eq!((ended.state, ended.progress.as_str()), ("running", "2 of 3 trials"));
        let stopped = study(3, &states[..2], false);
        assert_eq!(stopped.state, "stopped");
        assert!(
            stopped.text.contains("obody is working on it; go on with `toile run STUDY`."),
            "{}",
            stopped.text
        );
        let failed = study(3, &states, false);
        assert_eq!((failed.state, failed.progress.as_str()), ("failed", "3 of 3 trials, 1 failed"));
        assert_eq!(failed.part, Some(1.0));
        let finished = study(2, &states[..2], false);
        assert_eq!((finished.state, finished.text.as_str()), ("finished", "Finished: this is the report."));
        assert_eq!(study(2, &states[..2], true).state, "finishing");
        assert_eq!(study(2, &[], true).state, "beginning");
        assert_eq!(not_begun().state, "empty");
    }
}
