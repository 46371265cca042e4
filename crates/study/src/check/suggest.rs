//! Suggestions: which known name a misspelt one was probably meant to be.

/// Words of other tools and of everyday speech, and what they are called here.
const SYNONYMS: [(&str, &str); 51] = [
    ("emnist", "emnist-letters"),
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
    ("asha", "successive_halving"),
    ("sha", "successive_halving"),
    ("halving", "successive_halving"),
    ("bohb", "hyperband"),
    ("no_pruning", "none"),
    ("nop", "none"),
    ("bayesian_tpe", "tpe"),
    ("parzen", "tpe"),
    ("hyperopt", "tpe"),
    ("gaussian_process", "gp"),
    ("kriging", "gp"),
    ("qmc", "sobol"),
    ("quasi_random", "sobol"),
    ("genetic", "nsga2"),
    ("nsga_ii", "nsga2"),
    ("evolution", "cma_es"),
    ("brute_force", "grid"),
    ("exhaustive", "grid"),
    ("max_pool", "max_pooling2d"),
    ("gap", "global_average_pooling2d"),
    ("focal", "categorical_focal_crossentropy"),
    ("crossentropy", "categorical_crossentropy"),
    ("cross_entropy", "categorical_crossentropy"),
];

/// Words of a kind of choice that no single name stands for, and what to say about them.
const EXPLAINED: [(&str, &[&str], &str); 5] = [
    (
        "sampler",
        &["bayes", "bayesian", "bayesian_optimization", "bo", "smbo"],
        "`gp` and `tpe` both are Bayesian optimisation: a Gaussian process, for few trials of numbers, and Parzen \
         estimators, for everything else",
    ),
    (
        "loss",
        &[
            "mse",
            "mae",
            "mean_squared_error",
            "mean_absolute_error",
            "l1",
            "l2",
            "huber",
            "hinge",
            "squared_hinge",
        ],
        "the outputs are probabilities of classes, so the loss is a crossentropy",
    ),
    (
        "loss",
        &["sparse_categorical_crossentropy", "nll", "nll_loss", "binary_crossentropy", "bce", "log_loss"],
        "`categorical_crossentropy` is this loss: labels are whole numbers here, and two classes are two outputs with \
         softmax",
    ),
    (
        "metric",
        &["test_accuracy", "test_acc", "test_loss", "test"],
        "the test images have no say in what is chosen or when training stops: they are opened once, at the end",
    ),
    (
        "metric",
        &["f1", "f1_score", "precision", "recall", "auc", "error_rate", "val_error"],
        "the report shows such numbers of each class after the test; what is watched is a loss or an accuracy",
    ),
];

/// Longer names are no misspelt ones; the distance takes time that grows with the product of both lengths.
const MAX_LENGTH: usize = 64;

/// The known name that `name` most resembles, or `None` if none is similar enough.
///
/// Similar enough is: a synonym from other tools, the beginning of a known name (at least three letters), or at most
/// one edit for every three letters. Case, `_`, `-` and spaces do not count.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().count() > MAX_LENGTH {
        return None;
    }
    let wanted = normalized(name);
    let synonym = SYNONYMS.iter().find(|(word, _)| normalized(word) == wanted).map(|(_, meant)| *meant);
    known
        .into_iter()
        .filter_map(|candidate| {
            let distance = if Some(candidate) == synonym { 0 } else { distance(&wanted, candidate)? };
            Some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Whether a word is a name, in any spelling, or what other tools call it.
pub(crate) fn is_called(word: &str, name: &str) -> bool {
    let wanted = normalized(word);
    let is_synonym = |(other, meant): &(&str, &str)| *meant == name && normalized(other) == wanted;
    normalized(name) == wanted || SYNONYMS.iter().any(is_synonym)
}

/// "did you mean `adam`? (known: sgd, adam, …)"
pub(crate) fn help(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`? (known: {})", known.join(", ")),
        None => format!("known: {}", known.join(", ")),
    }
}

/// The same for one of several choices of a kind, where a word may need more than a name.
pub(crate) fn help_for(kind: &str, name: &str, known: &[&str]) -> String {
    let wanted = normalized(name);
    let is_meant = |words: &[&str]| words.iter().any(|word| normalized(word) == wanted);
    // Where one of these words is a name, as `test_accuracy` is in claims, it needs no explanation.
    let is_known = |words: &[&str]| words.iter().any(|word| known.contains(word));
    let explained =
        EXPLAINED.iter().find(|(of, words, _)| *of == kind && is_meant(words) && !is_known(words));
    match explained {
        Some((_, _, text)) => format!("{text} (known: {})", known.join(", ")),
        None => help(name, known),
    }
}

/// How far `wanted` (already normalized) is from a candidate, or `None` if too far.
///
/// An edit is an insertion, a deletion, a replacement or a swap of neighbours (optimal string alignment).
fn distance(wanted: &str, candidate: &str) -> Option<usize> {
    let candidate = normalized(candidate);
    let edits = strsim::osa_distance(wanted, &candidate);
    let allowed = (wanted.chars().count().max(candidate.chars().count()) / 3).max(1);
    let is_start = wanted.len() >= 3 && candidate.starts_with(wanted);
    if edits <= allowed { Some(edits) } else { is_start.then_some(allowed) }
}

/// A name without case, underscores, hyphens and spaces, so that `MaxPooling2D` is `maxpooling2d`.
fn normalized(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIMIZERS: [&str; 5] = ["sgd", "adam", "adamw", "nadam", "rmsprop"];

    #[test]
    fn a_typing_error_finds_its_name() {
        assert_eq!(nearest("adma", OPTIMIZERS), Some("adam"));
        assert_eq!(nearest("RMSProp", OPTIMIZERS), Some("rmsprop"));
        assert_eq!(nearest("MaxPool2D", ["max_pooling2d", "flatten"]), Some("max_pooling2d"));
        assert_eq!(nearest("eps", ["rho", "epsilon"]), Some("epsilon"));
    }

    #[test]
    fn a_word_of_another_tool_finds_its_name() {
        assert_eq!(nearest("lr", ["momentum", "learning_rate"]), Some("learning_rate"));
        assert_eq!(nearest("swish", ["relu", "silu"]), Some("silu"));
        let data = crate::check::data_shape::known_names();
        assert_eq!(nearest("EMNIST", data.clone()), Some("emnist-letters"));
        assert_eq!(nearest("CIFAR", data), Some("cifar-10"));
    }

    #[test]
    fn a_name_unlike_any_has_no_suggestion() {
        assert_eq!(nearest("lion", OPTIMIZERS), None);
        assert_eq!(nearest(&"adam".repeat(1000), OPTIMIZERS), None);
        assert_eq!(nearest("", OPTIMIZERS), None);
    }

    /// The words of people who know other tools, in any spelling.
    #[test]
    fn a_word_that_may_mean_several_is_explained() {
        assert!(help_for("sampler", "Bayes", &["gp", "tpe"]).starts_with("`gp` and `tpe` both"));
        assert!(help_for("loss", "MSE", &["x"]).contains("crossentropy"));
        assert!(
            help_for("metric", "test-accuracy", &["val_accuracy"]).starts_with("the test images have no say")
        );
        assert_eq!(help_for("pruner", "mse", &["median"]), "known: median");
        assert!(
            help_for("pruner", "ASHA", &["successive_halving"])
                .starts_with("did you mean `successive_halving`?")
        );
    }

    #[test]
    fn every_synonym_leads_to_a_name_of_the_study_file() {
        let names = crate::check::schema::all_names();
        let data = crate::check::data_shape::known_names();
        for (word, meant) in SYNONYMS {
            assert!(
                names.contains(meant) || data.contains(&meant),
                "{word} leads to {meant}, which is no name of the study file"
            );
        }
    }
}
