//! The end of a training as text: JSON, or the words of earlier versions. With it stands what was measured of the
//! layers of a run while it trained.

use serde::{Deserialize, Serialize};
use toile_record::{End, LayersRecord, State};

#[derive(Serialize, Deserialize)]
struct Recorded {
    end: Option<End>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored_epoch: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    layers: Vec<LayersRecord>,
}

/// The end of a run, of which epoch its weights are, and what was measured of its layers.
#[derive(Default)]
pub(crate) struct RunEnding {
    pub end: Option<End>,
    pub restored_epoch: Option<usize>,
    pub layers: Vec<LayersRecord>,
}

/// What a column keeps; nothing of a training that has not ended.
pub(crate) fn to_text(
    end: Option<&End>,
    restored_epoch: Option<usize>,
    layers: &[LayersRecord],
) -> Option<String> {
    let recorded = Recorded { end: end.cloned(), restored_epoch, layers: layers.to_vec() };
    (end.is_some() || restored_epoch.is_some() || !layers.is_empty())
        .then(|| serde_json::to_string(&recorded).expect("an end has string keys"))
}

/// What a column says of a run.
pub(crate) fn of_run(text: Option<&str>, state: State) -> RunEnding {
    let finished = (state == State::Complete).then_some(End::Finished);
    let Some(text) = text else { return RunEnding { end: finished, ..RunEnding::default() } };
    match serde_json::from_str::<Recorded>(text) {
        Ok(Recorded { end, restored_epoch, layers }) => RunEnding { end, restored_epoch, layers },
        Err(_) => {
            let (end, restored_epoch) = End::from_words_of_run(text);
            RunEnding { end: end.or(finished), restored_epoch, layers: Vec::new() }
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
