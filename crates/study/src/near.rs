//! Near names: which known name a misspelt one was meant to be.

use strsim::osa_distance as edits;

/// Words of other tools and of everyday speech, and what they are called here.
const SYNONYMS: [(&str, &str); 27] = [
    ("lr", "learning_rate"),
    ("alpha", "rho"),
    ("betas", "beta_1"),
    ("decay", "weight_decay"),
    ("val_split", "validation_split"),
    ("validation", "validation_split"),
    ("batch", "batch_size"),
    ("bs", "batch_size"),
    ("n_epochs", "epochs"),
    ("linear", "dense"),
    ("fc", "dense"),
    ("neurons", "units"),
    ("out_features", "units"),
    ("out_channels", "filters"),
    ("channels", "filters"),
    ("swish", "silu"),
    ("glorot", "glorot_uniform"),
    ("xavier", "glorot_uniform"),
    ("xavier_uniform", "glorot_uniform"),
    ("kaiming_uniform", "he_uniform"),
    ("kaiming_normal", "he_normal"),
    ("avgpool", "average_pooling2d"),
    ("min", "low"),
    ("max", "high"),
    ("options", "choices"),
    ("trials", "n_trials"),
    ("objective", "metric"),
];

/// The known name that `name` most resembles, if one resembles it enough to be worth a question.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().count() > 64 {
        return None;
    }
    let wanted = bare(name);
    let synonym = SYNONYMS.iter().find(|(word, _)| bare(word) == wanted).map(|(_, meant)| *meant);
    known
        .into_iter()
        .filter_map(|candidate| {
            let distance = if Some(candidate) == synonym { 0 } else { distance(&wanted, candidate)? };
            Some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `adam`? (known: sgd, adam, …)"
pub(crate) fn help(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? (known: {})", known.join(", ")),
        None => format!("known: {}", known.join(", ")),
    }
}

/// How far `wanted` (already bare) is from a candidate, or `None` if too far.
fn distance(wanted: &str, candidate: &str) -> Option<usize> {
    let candidate = bare(candidate);
    let edits = edits(wanted, &candidate);
    let allowed = (wanted.chars().count().max(candidate.chars().count()) / 3).max(1);
    let is_start = wanted.len() >= 3 && candidate.starts_with(wanted);
    if edits <= allowed { Some(edits) } else { is_start.then_some(allowed) }
}

/// A name without case, underscores and the like, so that `MaxPooling2D` is `max_pooling2d`.
fn bare(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIMIZERS: [&str; 5] = ["sgd", "adam", "adamw", "nadam", "rmsprop"];

    #[test]
    fn a_slip_of_the_fingers_finds_its_name() {
        assert_eq!(nearest("adma", OPTIMIZERS), Some("adam"));
        assert_eq!(nearest("RMSProp", OPTIMIZERS), Some("rmsprop"));
        assert_eq!(nearest("MaxPool2D", ["max_pooling2d", "flatten"]), Some("max_pooling2d"));
        assert_eq!(nearest("eps", ["rho", "epsilon"]), Some("epsilon"));
    }

    #[test]
    fn a_word_of_another_tool_finds_its_name() {
        assert_eq!(nearest("lr", ["momentum", "learning_rate"]), Some("learning_rate"));
        assert_eq!(nearest("swish", ["relu", "silu"]), Some("silu"));
    }

    #[test]
    fn a_name_unlike_any_is_not_guessed_at() {
        assert_eq!(nearest("lion", OPTIMIZERS), None);
        assert_eq!(nearest(&"adam".repeat(1000), OPTIMIZERS), None);
        assert_eq!(nearest("", OPTIMIZERS), None);
    }

    #[test]
    fn every_synonym_leads_to_a_name_of_the_study_file() {
        let names = crate::schema::all_names();
        for (word, meant) in SYNONYMS {
            assert!(names.contains(meant), "{word} leads to {meant}, which is no name of the study file");
        }
    }
}
