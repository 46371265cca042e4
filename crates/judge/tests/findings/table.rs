//! Last rows of a published table: one row each, no curve. The numbers are those of a study of Fashion-MNIST in
//! Keras.

use toile_judge::{NamedFinding, Recipe, Results, Run, Severity, judge, ranked_quantity};

use crate::findings::curves::Column::{Accuracy, Loss, ValAccuracy, ValLoss};
use crate::findings::curves::last_row;
use toile_judge::of_run;

/// Name, model, epochs, training loss and accuracy, validation loss and accuracy.
const ROWS: [(&str, &str, usize, [f64; 4]); 7] = [
    ("Model 1", "dense", 5, [1.026, 0.734, 0.970, 0.748]),
    ("Model 2", "dense", 50, [0.485, 0.832, 0.482, 0.829]),
    ("Model 4", "dense", 50, [0.314, 0.888, 0.344, 0.876]),
    ("Model 5", "dense", 50, [0.229, 0.919, 0.327, 0.883]),
    ("Model 7", "dense", 50, [0.501, 0.830, 0.537, 0.825]),
    ("CNN", "cnn", 10, [0.067, 0.976, 0.327, 0.910]),
    ("CNN with dropout", "cnn_dropout", 10, [0.202, 0.928, 0.2381, 0.915]),
];

fn table() -> Results {
    let recipe =
        |(name, model, epochs, [loss, accuracy, val_loss, val_accuracy]): (&str, &str, usize, [f64; 4])| {
            let columns =
                [(Loss, loss), (Accuracy, accuracy), (ValLoss, val_loss), (ValAccuracy, val_accuracy)];
            let mut recipe =
                Recipe { name: name.into(), runs: vec![last_row(epochs, &columns)], ..Recipe::default() };
            recipe.settings.insert("model".into(), model.into());
            recipe
        };
    Results {
        n_train: Some(54_000),
        n_validation: Some(6_000),
        n_test: Some(10_000),
        classes: Some(10),
        recipes: ROWS.map(recipe).to_vec(),
        ..Results::default()
    }
}

fn of(name: &str, results: &Results) -> Vec<NamedFinding> {
    let recipe = results.recipe(name).expect("it is in the table");
    of_run(results, recipe, &recipe.runs[0])
}

fn names(name: &str) -> Vec<&'static str> {
    of(name, &table()).iter().map(|finding| finding.finding).collect()
}

#[test]
fn validation_above_a_running_mean_cannot_be_told_apart_from_no_gap() {
    assert_eq!(names("Model 1"), ["underfitting", "running_average_artefact"]);
    let finding = of("Model 1", &table()).remove(1);
    assert_eq!(
        finding.statement,
        "After epoch 5 validation accuracy, 0.748, is above the training accuracy, 0.734, which is a mean over the \
         epoch: it cannot be told apart from no gap, and is no sign that overfitting is absent."
    );
    assert_eq!(finding.severity, Severity::Warning);
}

#[test]
fn a_gap_in_a_table_is_not_said_to_be_without_harm_nor_with_it() {
    assert_eq!(names("Model 5"), ["gap"]);
    let finding = of("Model 5", &table()).remove(0);
    assert_eq!(
        finding.statement,
        "After epoch 50 training accuracy (a mean over the epoch) is 0.919, 3.6 points above validation accuracy, \
         0.883. Whether that does harm cannot be told without the curve of validation loss."
    );
    assert!(finding.numbers["z"].as_f64().is_some_and(|z| (8.0..9.0).contains(&z)), "{:?}", finding.numbers);
}

#[test]
fn a_gap_is_found_wherever_it_is_more_than_a_point_and_its_noise() {
    for (name, gap) in [("Model 4", 0.012), ("CNN", 0.066), ("CNN with dropout", 0.013)] {
        let findings = of(name, &table());
        let finding = findings.iter().find(|finding| finding.finding == "gap").expect(name);
        assert!((finding.numbers["gap"].as_f64().expect("a number") - gap).abs() < 1e-9, "{name}");
    }
}

#[test]
fn low_and_alike_is_underfitting_whatever_the_cause() {
    assert_eq!(names("Model 2"), ["underfitting"]);
    assert_eq!(names("Model 7"), ["underfitting"], "that its learning rate is too high needs its curve");
    let finding = of("Model 7", &table()).remove(0);
    assert!(finding.statement.contains("“Model 5” reaches 0.883"), "the same model: {}", finding.statement);
}

#[test]
fn without_the_sizes_of_the_parts_a_gap_may_be_noise() {
    let unknown = Results { n_train: None, n_validation: None, ..table() };
    assert!(of("Model 5", &unknown).is_empty());
    let half = Results { n_train: None, ..table() };
    assert_eq!(of("Model 5", &half).len(), 1, "with as many training images as there are for validation");
}

#[test]
fn a_row_of_test_numbers_alone_says_nothing() {
    let mut results = table();
    results.recipes[0].runs[0].epochs.clear();
    results.recipes[0].runs[0].test_accuracy = Some(0.819);
    assert!(of("Model 1", &results).is_empty());
}

/// A smoothed loss, or another one, is another quantity: that it is higher says nothing.
#[test]
fn only_losses_of_one_kind_are_compared() {
    let says = |setting: &str| {
        let recipe = |name: &str, value: f64, loss: f64| Recipe {
            name: name.into(),
            settings: [(setting.to_owned(), value.into())].into_iter().collect(),
            runs: vec![Run { test_accuracy: Some(0.86), test_loss: Some(loss), ..Run::default() }],
            ..Recipe::default()
        };
        let recipes = vec![recipe("A", 0.0, 0.4), recipe("B", 0.1, 0.8)];
        let results = Results { n_test: Some(10_000), recipes, ..Results::default() };
        let judgement = judge(&results, &[], ranked_quantity(&results));
        judgement.findings.iter().any(|finding| finding.finding == "better_loss_only")
    };
    assert!(says("dropout"), "the same accuracy at half the loss");
    assert!(!says("label_smoothing") && !says("loss.gamma") && !says("loss"));
}
