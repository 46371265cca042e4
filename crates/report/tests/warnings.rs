//! What the report says of numbers that mean little: chance, classes that are never predicted, batches beyond the data.

use crate::common;

use serde_json::Value;
use toile_record::Records;
use toile_report::{html, markdown, results_json, view};

/// The first runs of the made-up study, each with the predictions that `predict` gives for a label.
fn predicting(n: usize, predict: impl Fn(usize, u8) -> u8) -> Records {
    let mut records = common::records(1);
    records.runs.truncate(n);
    let labels = records.study.data.test_labels.clone();
    for (i, run) in records.runs.iter_mut().enumerate() {
        let test = run.test.as_mut().expect("tested");
        test.predictions = labels.iter().map(|label| predict(i, *label)).collect();
        let right = test.predictions.iter().zip(&labels).filter(|(a, b)| a == b).count();
        test.accuracy = right as f64 / labels.len() as f64;
        run.epochs.iter_mut().for_each(|epoch| epoch.val_accuracy = Some(test.accuracy));
    }
    records
}

fn warnings(records: &Records, run: usize) -> Vec<String> {
    let json: Value = serde_json::from_str(&results_json(records, &view(records))).expect("JSON");
    let all = json["runs"][run]["warnings"].as_array().expect("a list").clone();
    all.iter().map(|one| one.as_str().expect("a sentence").to_owned()).collect()
}

/// A rate of a million: every image is taken for one class. It was praised as the best.
/// `proportion_confint(1000, 10000, method="wilson")` of statsmodels: 0.0943 to 0.1060.
#[test]
fn a_run_that_says_one_class_is_at_chance_and_not_praised() {
    let records = predicting(1, |_, _| 1);
    let found = view(&records);
    let group = &found.groups[0];
    assert!(group.warnings.is_at_chance);
    let said = group.warnings.sentences.join(" ");
    assert!(said.contains("Its test accuracy of 0.1000 is at chance"), "{said}");
    assert!(
        said.contains("would reach 0.1000") && said.contains("0.0943 to 0.1060 (10,000 test images)"),
        "{said}"
    );
    assert!(said.contains("It takes every test image for “Trouser”."), "{said}");
    let summary = found.summary.sentences.join(" ");
    assert!(
        summary.contains("Highest on validation is “Model 1”") && !summary.contains("Best on"),
        "{summary}"
    );
    assert!(
        summary.contains("that is at chance: no better than always saying the most frequent class."),
        "{summary}"
    );
    assert_eq!(found.summary.figures[0].label, "highest validation accuracy, at chance");
    assert_eq!(warnings(&records, 0).len(), 2);
    for face in [html(&found), markdown(&found)] {
        assert!(face.contains("at chance") && face.contains("It takes every test image for “Trouser”."));
    }
}

#[test]
fn one_run_at_chance_leaves_the_praise_of_another() {
    let found = view(&predicting(3, |run, label| if run == 1 { 4 } else { label }));
    let summary = found.summary.sentences.join(" ");
    assert!(summary.contains("Best on validation, and equal"), "{summary}");
    assert!(
        summary.contains("At chance, no better than always saying the most frequent class: “Model 2”."),
        "{summary}"
    );
    let ranking = found.section("ranking").expect("the ranking");
    let badges: Vec<Option<String>> = ranking.tables[0]
        .rows
        .iter()
        .map(|row| row[1].badge.as_ref().map(|badge| badge.text.clone()))
        .collect();
    assert_eq!(badges, [None, None, Some("at chance".to_owned())]);
    assert!(
        ranking.notes.iter().any(|note| note.contains("(Wilson)")),
        "the rule is said: {:?}",
        ranking.notes
    );
}

#[test]
fn a_class_that_is_never_predicted_is_named() {
    let records = predicting(1, |_, label| if label == 4 { 2 } else { label });
    assert_eq!(warnings(&records, 0), ["It never predicts 1 of 10 classes: “Coat”"]);
    let summary = view(&records).summary.sentences.join(" ");
    assert!(summary.contains("Never predicting some class of the test set: “Model 1”."), "{summary}");
    assert!(summary.contains("Best on validation is “Model 1”"), "90 % are right: {summary}");
}

/// A class without an image in the test part need not be predicted.
#[test]
fn sound_runs_have_no_warnings() {
    assert!(view(&common::records(2)).groups.iter().all(|group| group.warnings.sentences.is_empty()));
    let mut records = predicting(1, |_, label| label);
    records.study.data.class_names.push("Hat".to_owned());
    assert!(warnings(&records, 0).is_empty(), "{:?}", warnings(&records, 0));
}

#[test]
fn a_batch_larger_than_the_training_part_is_said_once_for_all_seeds() {
    let mut records = common::records(3);
    records
        .runs
        .iter_mut()
        .filter(|run| run.position == 2)
        .for_each(|run| run.plan["batch_size"] = 100_000.into());
    let found = view(&records);
    assert_eq!(
        found.groups[2].warnings.sentences,
        ["A batch of 100,000 is larger than the training part of 54,000 images: one update per epoch."]
    );
    let summary = found.summary.sentences.join(" ");
    assert!(summary.contains("so that an epoch is one update: “Model 3”."), "{summary}");
}

/// Seeds that differ are named.
#[test]
fn a_warning_says_which_seeds_it_is_about() {
    let mut records = common::records(3);
    let labels = records.study.data.test_labels.clone();
    let test = records.runs[1].test.as_mut().expect("tested");
    (test.predictions, test.accuracy) = (vec![0; labels.len()], 0.1);
    let found = view(&records);
    let sentences = &found.groups[0].warnings.sentences;
    assert!(sentences[0].starts_with("Seed 8: its test accuracy of 0.1000 is at chance"), "{sentences:?}");
    assert!(!found.groups[0].warnings.is_at_chance, "two of three seeds are not");
}

/// A hundred seeds at chance are not a hundred sentences.
#[test]
fn of_many_seeds_the_first_speak_for_the_others() {
    let mut records = common::records(9);
    let labels = records.study.data.test_labels.clone();
    for (i, run) in records.runs.iter_mut().take(9).enumerate() {
        let test = run.test.as_mut().expect("tested");
        (test.predictions, test.accuracy) = (vec![0; labels.len()], 0.1 + 1e-4 * i as f64);
    }
    let found = view(&records);
    let sentences = &found.groups[0].warnings.sentences;
    assert_eq!(sentences.len(), 4, "{sentences:?}");
    assert!(sentences[0].starts_with("Seed 7: its test") && sentences[1].starts_with("Seed 8: its test"));
    assert_eq!(sentences[2], "7 more seeds likewise.");
    assert_eq!(sentences[3], "It takes every test image for “T-shirt/top”.");
}

/// Without a test, the validation images decide; with neither, nothing is said.
#[test]
fn without_a_test_the_validation_images_decide() {
    let mut records = predicting(1, |_, _| 1);
    records.runs[0].test = None;
    records.runs[0].epochs.iter_mut().for_each(|epoch| epoch.val_accuracy = Some(0.1));
    assert!(warnings(&records, 0)[0].starts_with("Its validation accuracy of 0.1000 is at chance"));
    records.runs[0].epochs.iter_mut().for_each(|epoch| epoch.val_accuracy = None);
    assert!(warnings(&records, 0).is_empty());
}
