//! How a study stands, as the strip of its page says it.

use toile_live::{LiveProgress, LiveTraining, StudyState, Watching, numbers, sentence};
use toile_report::LiveStrip;
use toile_report::format::{count, metric, plural};

/// So many trainings under way are named.
const MOST_RUNNING: usize = 6;

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
    let is_finished = state == StudyState::Finished;
    let text = match is_finished && at.failed == 0 {
        true => "finished: this is the report".into(),
        false => sentence(watching, again),
    };
    LiveStrip {
        state: if is_finished && at.failed > 0 { "failed" } else { state.name() },
        text: capital(&text) + ".",
        progress: progress(at),
        running: running(watching),
        part: part(state, at),
        ..LiveStrip::default()
    }
}

/// The part of the time, where it is known; else of the trainings.
fn part(state: StudyState, at: LiveProgress) -> Option<f64> {
    if state == StudyState::Finished {
        return Some(1.0);
    }
    let (ended, all) = (at.runs.0 + at.trials.0, at.runs.1 + at.trials.1);
    let of_trainings = (all > 0).then(|| ended as f64 / all as f64);
    at.fraction.or(of_trainings)
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

/// What is under way, in the order of the plan, with its last epoch and its last value: `CNN, epoch 4 of 10,
/// val_accuracy 0.8921`.
fn running(watching: &Watching) -> String {
    let shown = watching.metric();
    let said = |training: &LiveTraining| {
        let at = match (training.epoch, training.epochs) {
            (epoch, 0) => format!(", epoch {epoch}"),
            (epoch, epochs) => format!(", epoch {epoch} of {epochs}"),
        };
        let value = numbers(watching.epochs(&training.key), shown);
        let value = value.map(|value| format!(", {} {}", shown.name(), metric(value.last)));
        format!("{}{at}{}", training.name, value.unwrap_or_default())
    };
    let mut parts: Vec<String> = watching.under_way().take(MOST_RUNNING).map(said).collect();
    let more = watching.under_way().count() - parts.len();
    if more > 0 {
        parts.push(format!("{} more", count(more as u64)));
    }
    parts.join("; ")
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
