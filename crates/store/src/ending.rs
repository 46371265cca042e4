//! The end of a training as text: JSON, or the words of earlier versions. With it stands what was measured of the
//! layers of a run while it trained.

use serde::{Deserialize, Serialize};
use toile_record::{End, LayersRecord, State};

use crate::json;

/// The end of a run, of which epoch its weights are, and what was measured of its layers.
#[derive(Default, Deserialize)]
pub(crate) struct RunEnding {
    pub end: Option<End>,
    #[serde(default)]
    pub restored_epoch: Option<usize>,
    #[serde(default)]
    pub layers: Vec<LayersRecord>,
}

/// The same as it is written.
#[derive(Serialize)]
struct WrittenEnding<'a> {
    end: Option<&'a End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_epoch: Option<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    layers: &'a [LayersRecord],
}

/// What a column keeps; nothing of a training that has not ended.
pub(crate) fn to_text(
    end: Option<&End>,
    restored_epoch: Option<usize>,
    layers: &[LayersRecord],
) -> Option<String> {
    (end.is_some() || restored_epoch.is_some() || !layers.is_empty())
        .then(|| json::to_text(&WrittenEnding { end, restored_epoch, layers }))
}

/// What a column says of a run.
pub(crate) fn of_run(text: Option<&str>, state: State) -> RunEnding {
    let finished = (state == State::Complete).then_some(End::Finished);
    let Some(text) = text else { return RunEnding { end: finished, ..RunEnding::default() } };
    serde_json::from_str(text).unwrap_or_else(|_| {
        let (end, restored_epoch) = End::from_words_of_run(text);
        RunEnding { end: end.or(finished), restored_epoch, layers: Vec::new() }
    })
}

/// The end of a trial.
pub(crate) fn of_trial(text: Option<&str>, state: State, last_step: i64) -> Option<End> {
    let Some(text) = text else { return (state == State::Complete).then_some(End::Finished) };
    match serde_json::from_str::<RunEnding>(text) {
        Ok(ending) => ending.end,
        Err(_) => Some(End::from_words(text, last_step)),
    }
}
