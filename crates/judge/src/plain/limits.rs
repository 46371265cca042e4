//! How much a file of plain records may hold: what is larger is refused with a sentence, and not begun.

use serde_json::Value;

use super::fault::{PlainFault, fault};
use crate::claim::{ClaimTable, Form};
use crate::results::Results;

/// The most images of a part.
pub(super) const MOST_IMAGES: usize = 100_000_000;

/// The most runs of a file.
pub(super) const MOST_RUNS: usize = 100_000;

/// The most names of runs: each is compared with each.
pub(super) const MOST_RECIPES: usize = 500;

/// The most numbers per image, over all runs.
pub(super) const MOST_PER_IMAGE: usize = 250_000_000;

/// The most settings of a run.
pub(super) const MOST_SETTINGS: usize = 200;

/// The most characters of a name, or of the value of a setting.
pub(super) const LONGEST_NAME: usize = 200;

/// The most bytes of all settings, times the names of runs: so much is kept of what differs.
const MOST_CONTRAST: usize = 500_000_000;

/// The most claims.
const MOST_CLAIMS: usize = 10_000;

/// The most comparisons that claims may ask for, over all of them.
const MOST_COMPARISONS: usize = 200_000;

/// A name that people read: not empty, not long, and without characters that move a terminal's cursor.
pub(super) fn name(place: &str, name: &str) -> Result<(), PlainFault> {
    if name.trim().is_empty() {
        return Err(fault(place, "the name is empty", "runs of one recipe share a name"));
    }
    text(place, name)
}

/// Text that stands in sentences.
pub(super) fn text(place: &str, text: &str) -> Result<(), PlainFault> {
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        let message = format!("it holds the control character U+{:04X}", u32::from(control));
        return Err(fault(place, message, "names and values are printed: write plain text"));
    }
    let length = text.chars().count();
    if length > LONGEST_NAME {
        let message = format!("{length} characters are too many, {LONGEST_NAME} are the most");
        return Err(fault(place, message, "shorten it"));
    }
    Ok(())
}

/// The settings of a run.
pub(super) fn settings(place: &str, settings: &serde_json::Map<String, Value>) -> Result<(), PlainFault> {
    if settings.len() > MOST_SETTINGS {
        let message = format!("{} settings are too many, {MOST_SETTINGS} are the most", settings.len());
        return Err(fault(place, message, "leave out what is the same in all runs"));
    }
    for (key, value) in settings {
        name(place, key)?;
        text(&format!("{place}.{key}"), &crate::contrast::setting_text(value))?;
    }
    Ok(())
}

/// What differs is kept for each pair of recipes: their settings must not be too much.
pub(super) fn contrasts(results: &Results) -> Result<(), PlainFault> {
    let bytes = |value: &Value| 64 + crate::contrast::setting_text(value).len();
    let settings = results.recipes.iter().flat_map(|recipe| &recipe.settings);
    let all: usize = settings.map(|(key, value)| key.len() + bytes(value)).sum();
    if all.saturating_mul(results.recipes.len()) > MOST_CONTRAST {
        let message =
            format!("{} names have too many settings to compare each with each", results.recipes.len());
        return Err(fault("runs", message, "leave out settings that are the same in all runs"));
    }
    Ok(())
}

/// Claims: each has an `id` of its own and a form, and all together ask for no more than can be compared.
pub(super) fn claims(results: &Results, claims: &[ClaimTable]) -> Result<(), PlainFault> {
    if claims.len() > MOST_CLAIMS {
        let message = format!("{} claims are too many, {MOST_CLAIMS} are the most", claims.len());
        return Err(fault("claims", message, "split the file"));
    }
    let mut places = std::collections::BTreeMap::new();
    let mut comparisons = 0usize;
    for (i, claim) in claims.iter().enumerate() {
        let place = format!("claims[{i}]");
        if claim.id.trim().is_empty() {
            return Err(fault(place, "the claim has no `id`", "give it a name of its own"));
        }
        if let Some(first) = places.insert(claim.id.as_str(), i) {
            let message = format!("claims[{first}] has the id `{}` too", claim.id);
            return Err(fault(place, message, "give each claim its own"));
        }
        let form = claim.form().map_err(|wrong| {
            let place = wrong.key.map_or(place.clone(), |key| format!("{place}.{key}"));
            fault(place, wrong.message, wrong.help)
        })?;
        let words = serde_json::to_value(claim).unwrap_or_default();
        if has_control(&words) {
            return Err(fault(place, "it holds a control character", "claims are printed: write plain text"));
        }
        let asked = compared(results, claim, &form).saturating_mul(claim.quantities().len());
        comparisons = comparisons.saturating_add(asked);
        if comparisons > MOST_COMPARISONS {
            let message =
                format!("the claims up to this one ask for more than {MOST_COMPARISONS} comparisons");
            return Err(fault(place, message, "name fewer runs, or make fewer claims"));
        }
    }
    Ok(())
}

/// At most so many pairs.
fn compared(results: &Results, claim: &ClaimTable, form: &Form) -> usize {
    let of_all = |names: &[String]| if names.is_empty() { results.recipes.len() } else { names.len() };
    let squared = |n: usize| n.saturating_mul(n);
    match form {
        Form::Order { than, .. } => than.len(),
        Form::PartsOfARun { than, .. } => than.len(),
        Form::Alike(runs) => squared(runs.len()) / 2,
        Form::Best { among, .. } => of_all(among),
        Form::ExtremeValue { .. } | Form::Procedure(_) => squared(of_all(&claim.among)) / 2,
        _ => 1,
    }
}

fn has_control(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(char::is_control),
        Value::Array(items) => items.iter().any(has_control),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| key.chars().any(char::is_control) || has_control(value))
        }
        _ => false,
    }
}
