//! Two records of one training, number by number.

use toile_record::{Epoch, Part, RunRecord};

/// How a training is named in lines.
pub(super) fn name(run: &RunRecord) -> String {
    format!("{}, seed {}", crate::terminal::safe_name(&run.name), run.seed)
}

/// What differs between two records of one training, the first of it; `None` if all is equal, bit for bit. Times and
/// machines do not count.
pub(super) fn difference(one: &RunRecord, other: &RunRecord) -> Option<String> {
    if one.id != other.id {
        return Some(format!("other settings or data ({} and {})", one.id, other.id));
    }
    if one.state != other.state {
        return Some(format!("{} and {}", one.state.name(), other.state.name()));
    }
    let rows = one.epochs.iter().zip(&other.epochs).find(|(one, other)| !is_equal(one, other));
    if let Some((one, other)) = rows {
        let number = |row: &Epoch| row.loss.map_or("none".to_owned(), |loss| loss.to_string());
        return Some(format!("epoch {}: loss {} and {}", one.epoch, number(one), number(other)));
    }
    if one.epochs.len() != other.epochs.len() {
        return Some(format!("{} and {} epochs", one.epochs.len(), other.epochs.len()));
    }
    if one.weights_sha256 != other.weights_sha256 {
        let cut =
            |hash: &Option<String>| hash.as_deref().unwrap_or("none").chars().take(12).collect::<String>();
        return Some(format!("weights {} and {}", cut(&one.weights_sha256), cut(&other.weights_sha256)));
    }
    // Evidence that one of the two lacks is no difference: its test may be sealed.
    let both = |part: Part| one.evidence(part).zip(other.evidence(part));
    let differs = Part::ALL.into_iter().find(|part| both(*part).is_some_and(|(one, other)| one != other));
    differs.map(|part| format!("what the weights make of the {} images", part.name()))
}

/// Whether the numbers of two epochs have the same bits.
fn is_equal(one: &Epoch, other: &Epoch) -> bool {
    Epoch { seconds: 0.0, ..*one } == Epoch { seconds: 0.0, ..*other }
}
