//! Validation that seems better than training, because Keras' training numbers are means over the epoch.

use toile_record::Epoch;

use super::Severity;
use super::curve::{CurveFacts, Found};
use super::gap::finite;
use crate::words::number;

/// A difference that printed numbers of three decimals can show.
const VISIBLE: f64 = 0.0005;
/// The mean over the epoch explains what is apparent if it explains this part of it.
const EXPLAINED: f64 = 0.5;

const ARTEFACT_RULE: &str = "Validation is better than Keras' running training numbers (accuracy above, loss \
    below, neither the other way). The running numbers are means over the epoch while the weights change, \
    with dropout active; where the weights at the end of the epoch were measured on the training images, \
    these decide: at least half of the difference must vanish.";

/// How much better validation is than training by one kind of number, in accuracy and in loss.
fn advantages(row: &Epoch, accuracy: Option<f64>, loss: Option<f64>) -> (Option<f64>, Option<f64>) {
    let difference = |a: Option<f64>, b: Option<f64>| Some(finite(a)? - finite(b)?);
    (difference(row.val_accuracy, accuracy), difference(loss, row.val_loss))
}

/// `running_average_artefact`.
pub(crate) fn running_average_artefact(facts: &CurveFacts) -> Option<Found> {
    let row = facts.run.epochs.last()?;
    let apparent = advantages(row, row.accuracy, row.loss);
    let sides = [apparent.0, apparent.1];
    if sides.iter().flatten().any(|side| *side < 0.0) || !sides.iter().flatten().any(|side| *side >= VISIBLE)
    {
        return None;
    }
    let remaining = advantages(row, row.train_accuracy, row.train_loss);
    // Accuracy decides where it shows anything; else the loss.
    let (name, shown, left, [val, running, weights]) = match (apparent, remaining) {
        ((Some(shown), _), (left, _)) if shown >= VISIBLE => {
            ("accuracy", shown, left, [row.val_accuracy, row.accuracy, row.train_accuracy])
        }
        ((_, Some(shown)), (_, left)) => ("loss", shown, left, [row.val_loss, row.loss, row.train_loss]),
        _ => return None,
    };
    let (val, running) = (val?, running?);
    let than = if name == "accuracy" { "above" } else { "below" };
    let mut numbers = vec![("validation", val), ("running", running), ("apparent", shown)];
    let seen = format!(
        "After epoch {} validation {name}, {}, is {than} the training {name}, {}, which is a mean over the epoch",
        row.epoch,
        number(val),
        number(running)
    );
    let (statement, advice) = match (left, weights) {
        (Some(left), _) if left > EXPLAINED * shown => return None,
        (Some(left), Some(weights)) => {
            numbers.extend([("end_of_epoch", weights), ("remaining", left)]);
            let part = if left <= 0.0 { "all" } else { "most" };
            let statement = format!(
                "{seen}. The weights at the end of the epoch have {} on the training images: that explains {part} of \
                 it.",
                number(weights)
            );
            (statement, "Compare validation with the numbers of the weights at the end of the epoch only.")
        }
        _ => (
            format!(
                "{seen}: it cannot be told apart from no gap, and is no sign that overfitting is absent."
            ),
            "Measure the weights at the end of the epoch on the training images, without dropout, before speaking of \
             the gap.",
        ),
    };
    Some(Found {
        name: super::RUNNING_AVERAGE_ARTEFACT,
        severity: if left.is_some() { Severity::Note } else { Severity::Warning },
        statement,
        rule: ARTEFACT_RULE,
        numbers,
        advice: advice.into(),
    })
}
