//! Golden trajectories: the engine against Keras 3, from the same weights through the same batches.
//!
//! `golden/make_golden.py` makes the files; `golden/cases.py` lists them. Each holds a network and an optimizer in the
//! study file's words, sampled weights after some updates, and Keras' running loss and accuracy there. Data are
//! learnable and hardly ever tied, so that no trajectory hangs on the last bit of a maximum.

use crate::trajectory;

use std::path::{Path, PathBuf};

/// The groups that the files' names begin with; what begins otherwise belongs to `rules.rs`.
const OPTIMIZERS: [&str; 5] = ["sgd", "adam", "adamw", "nadam", "rmsprop"];
const LOSSES: [&str; 6] = ["short", "label", "class", "l2", "focal", "top"];
const SCHEDULES: [&str; 1] = ["schedule"];
const ACTIVATIONS: [&str; 1] = ["activation"];
const FLOATS: [&str; 1] = ["floats"];
const LAYERS: [&str; 13] = [
    "dense",
    "conv2d",
    "depthwise",
    "separable",
    "max",
    "average",
    "pooling2d",
    "global",
    "flatten",
    "batch",
    "dropout",
    "chunks",
    "cnn",
];
const RULES: [&str; 5] = [
    "schedules.json",
    "early-stopping.json",
    "reduce-lr-on-plateau.json",
    "best-weights.json",
    "initializers.json",
];

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let all =
        std::fs::read_dir(folder).expect("the folder of golden files").map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        all.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a readable name")
}

/// The files whose first word is one of these.
fn group(words: &[&str]) -> Vec<PathBuf> {
    let ours = |path: &PathBuf| {
        let name = file_name(path);
        !RULES.contains(&name) && words.contains(&name.trim_end_matches(".json").split('-').next().unwrap())
    };
    files().into_iter().filter(ours).collect()
}

/// Follows every case of a group and reports all that went astray at once.
fn follow(words: &[&str], expected: usize) {
    let files = group(words);
    assert_eq!(files.len(), expected, "golden files of the group {words:?}");
    let faults: Vec<String> =
        files.iter().flat_map(|path| trajectory::faults(&trajectory::read(path))).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_golden_file_belongs_to_a_test() {
    let groups: [&[&str]; 6] = [&OPTIMIZERS, &LOSSES, &SCHEDULES, &ACTIVATIONS, &FLOATS, &LAYERS];
    let followed: Vec<PathBuf> = groups.iter().flat_map(|words| group(words)).collect();
    for path in files() {
        assert!(
            followed.contains(&path) || RULES.contains(&file_name(&path)),
            "{} is tested nowhere",
            path.display()
        );
    }
}

#[test]
fn every_option_of_every_optimizer_follows_keras_for_400_updates() {
    follow(&OPTIMIZERS, 37);
}

#[test]
fn every_loss_short_batches_label_smoothing_class_weights_l2_and_top_5_follow_keras() {
    follow(&LOSSES, 11);
}

#[test]
fn training_under_every_schedule_follows_keras() {
    follow(&SCHEDULES, 7);
}

#[test]
fn every_activation_follows_keras() {
    follow(&ACTIVATIONS, 9);
}

#[test]
fn every_layer_follows_keras_and_has_its_gradient() {
    follow(&LAYERS, 42);
}

/// Rows of features and images of floats of both signs, which nothing scales; a first dense layer that takes its inputs
/// in slices among them.
#[test]
fn inputs_that_are_no_bytes_follow_keras() {
    follow(&FLOATS, 4);
}
