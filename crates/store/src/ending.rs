//! The end of a training as text: JSON, or the words of earlier versions.

use serde::{Deserialize, Serialize};
use toile_record::{End, State};

#[derive(Serialize, Deserialize)]
struct Recorded {
    end: Option<End>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored_epoch: Option<usize>,
}

/// What a column keeps; nothing of a training that has not ended.
pub(crate) fn to_text(end: Option<&End>, restored_epoch: Option<usize>) -> Option<String> {
    let recorded = Recorded { end: end.cloned(), restored_epoch };
    (end.is_some() || restored_epoch.is_some())
        .then(|| serde_json::to_string(&recorded).expect("an end has string keys"))
}

/// The end of a run, and of which epoch its weights are.
pub(crate) fn of_run(text: Option<&str>, state: State) -> (Option<End>, Option<usize>) {
    let finished = (state == State::Complete).then_some(End::Finished);
    let Some(text) = text else { return (finished, None) };
    match serde_json::from_str::<Recorded>(text) {
        Ok(recorded) => (recorded.end, recorded.restored_epoch),
        Err(_) => {
            let (end, restored) = End::from_words_of_run(text);
            (end.or(finished), restored)
        }
    }
}

/// The end of a trial.
pub(crate) fn of_trial(text: Option<&str>, state: State, last_step: i64) -> Option<End> {
    let Some(text) = text else { return (state == State::Complete).then_some(End::Finished) };
    match serde_json::from_str::<Recorded>(text) {
        Ok(recorded) => recorded.end,
        Err(_) => Some(End::from_words(text, last_step)),
    }
}
