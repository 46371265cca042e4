//! `gap_without_harm`, `gap` with a curve, `underfitting`, `running_average_artefact`.

use toile_judge::{Recipe, Results, Run, Severity};

use crate::findings::curves::Column::{Accuracy, Loss, TrainAccuracy, TrainLoss, ValAccuracy, ValLoss};
use crate::findings::curves::{
    curve, findings, flat, last_row, learning, names, noisy, rising, stream, study, the,
};

fn gapped(val_loss: &[f64]) -> Run {
    let n = val_loss.len();
    let (train, val) = (learning(n, 0.919, -0.3, 5.0), learning(n, 0.883, -0.3, 4.0));
    curve(&[(Accuracy, &train), (ValAccuracy, &val), (ValLoss, val_loss)])
}

#[test]
fn training_above_validation_with_a_calm_loss_is_a_gap_without_harm() {
    let finding = the("gap_without_harm", gapped(&learning(50, 0.327, 0.5, 5.0)));
    let expected = "After epoch 50 training accuracy (a mean over the epoch) is 0.919, 3.6 points above validation \
                    accuracy, 0.883. Validation loss has not risen: it is 0.327 at the end, its minimum.";
    assert_eq!((finding.statement.as_str(), finding.severity), (expected, Severity::Note));
}

#[test]
fn with_a_loss_that_rises_the_gap_is_not_without_harm() {
    for share in [0.03, 0.1] {
        let found = names(gapped(&rising(learning(50, 0.327, 0.5, 2.0), 20..50, share)));
        assert!(!found.contains(&"gap_without_harm") && !found.contains(&"gap"), "{found:?}");
    }
}

#[test]
fn with_a_loss_whose_noise_hides_a_rise_nothing_is_said_of_harm() {
    let val_loss = noisy(rising(learning(50, 0.327, 0.5, 4.0), 20..50, 0.08), 0.06, &mut stream("hidden", 0));
    let finding = the("gap", gapped(&val_loss));
    assert!(finding.statement.contains("cannot be told"), "{}", finding.statement);
    assert!(!names(gapped(&val_loss)).contains(&"gap_without_harm"));
}

#[test]
fn a_curve_without_validation_loss_shows_a_gap_whose_harm_cannot_be_told() {
    let (train, val) = (learning(50, 0.919, -0.3, 5.0), learning(50, 0.883, -0.3, 4.0));
    let run = curve(&[(Accuracy, &train), (ValAccuracy, &val)]);
    assert!(
        the("gap", run.clone()).statement.contains("cannot be told without the curve of validation loss")
    );
    assert!(!names(run).contains(&"gap_without_harm"));
}

#[test]
fn a_gap_of_less_than_a_point_or_within_noise_is_none() {
    let run = |train: f64| {
        curve(&[
            (Accuracy, &learning(50, train, -0.3, 5.0)),
            (ValAccuracy, &learning(50, 0.883, -0.3, 4.0)),
            (ValLoss, &learning(50, 0.327, 0.5, 5.0)),
        ])
    };
    assert!(!names(run(0.892)).contains(&"gap_without_harm"), "nine tenths of a point");
    let few = Results { n_validation: Some(200), ..study(run(0.919)) };
    assert!(
        findings(&few).iter().all(|finding| finding.finding != "gap_without_harm"),
        "two errors are 4.6 points"
    );
    let unknown = Results { n_validation: None, ..study(run(0.919)) };
    assert!(
        findings(&unknown).iter().all(|finding| finding.finding != "gap_without_harm"),
        "noise is unknown"
    );
}

#[test]
fn the_weights_at_the_end_of_the_epoch_decide_on_the_gap() {
    let val_loss = learning(50, 0.327, 0.5, 5.0);
    let (running, weights, val) = (flat(50, 0.85), flat(50, 0.93), flat(50, 0.883));
    // As dropout makes it: the running mean is below validation.
    let run =
        curve(&[(Accuracy, &running), (TrainAccuracy, &weights), (ValAccuracy, &val), (ValLoss, &val_loss)]);
    let finding = the("gap_without_harm", run);
    assert!(
        finding.statement.starts_with("After epoch 50 training accuracy is 0.930"),
        "{}",
        finding.statement
    );
}

fn two_recipes(run: Run, reference: f64) -> Results {
    let better = curve(&[(ValAccuracy, &flat(50, reference)), (Accuracy, &flat(50, reference + 0.04))]);
    let mut results = study(run);
    results.recipes.push(Recipe { name: "B".into(), runs: vec![better], ..Recipe::default() });
    results
}

fn is_underfitting(results: &Results) -> bool {
    findings(results).iter().any(|finding| finding.finding == "underfitting")
}

#[test]
fn training_and_validation_alike_and_far_below_another_recipe_is_underfitting() {
    let run = || curve(&[(Accuracy, &flat(50, 0.832)), (ValAccuracy, &flat(50, 0.829))]);
    let results = two_recipes(run(), 0.883);
    let finding =
        findings(&results).into_iter().find(|finding| finding.finding == "underfitting").expect("found");
    assert!(finding.statement.contains("B reaches 0.883"), "{}", finding.statement);
    assert!(!is_underfitting(&two_recipes(run(), 0.855)), "two and a half points above");
    assert!(!is_underfitting(&study(run())), "there is nothing to compare with");
    let few = Results { n_validation: Some(300), ..results };
    assert!(!is_underfitting(&few), "300 images leave it open");
}

#[test]
fn a_run_with_a_gap_does_not_underfit() {
    let run = curve(&[(Accuracy, &flat(50, 0.86)), (ValAccuracy, &flat(50, 0.83))]);
    assert!(!is_underfitting(&two_recipes(run, 0.92)));
}

#[test]
fn the_same_model_is_held_up_before_another_one() {
    let run = curve(&[(Accuracy, &flat(50, 0.80)), (ValAccuracy, &flat(50, 0.80))]);
    let mut results = two_recipes(run, 0.88);
    let cnn = curve(&[(ValAccuracy, &flat(50, 0.92))]);
    results.recipes.push(Recipe { name: "C".into(), runs: vec![cnn], ..Recipe::default() });
    for (recipe, model) in results.recipes.iter_mut().zip(["dense", "dense", "cnn"]) {
        recipe.settings.insert("model".into(), model.into());
    }
    let finding =
        findings(&results).into_iter().find(|finding| finding.finding == "underfitting").expect("found");
    assert!(finding.statement.contains("B reaches 0.880"), "{}", finding.statement);
    assert!(finding.advice.contains("the same model"), "{}", finding.advice);
}

/// The document's own first run (one layer of 32, SGD at .01), measured again: epoch 5.
#[test]
fn what_the_mean_over_the_epoch_explains_is_an_artefact() {
    let mut columns = vec![(Loss, 1.0717), (Accuracy, 0.7075), (ValLoss, 1.0125), (ValAccuracy, 0.7155)];
    columns.extend([(TrainLoss, 1.0206), (TrainAccuracy, 0.7146)]);
    let finding = the("running_average_artefact", last_row(5, &columns));
    assert_eq!(finding.severity, Severity::Note);
    assert!(finding.statement.ends_with("0.7146 on the training images: that explains most of it."));
}

#[test]
fn validation_that_is_easier_for_the_weights_themselves_is_no_artefact() {
    let columns = [(Accuracy, 0.80), (TrainAccuracy, 0.81), (ValAccuracy, 0.85)];
    assert!(!names(last_row(5, &columns)).contains(&"running_average_artefact"));
}

#[test]
fn validation_below_training_is_no_artefact() {
    assert!(names(last_row(5, &[(Accuracy, 0.85), (ValAccuracy, 0.845)])).is_empty());
    let mixed = [(Loss, 0.485), (Accuracy, 0.832), (ValLoss, 0.482), (ValAccuracy, 0.829)];
    assert!(names(last_row(50, &mixed)).is_empty(), "loss says one thing, accuracy the other");
}

#[test]
fn losses_alone_show_the_artefact_too() {
    let finding = the("running_average_artefact", last_row(5, &[(Loss, 1.026), (ValLoss, 0.97)]));
    assert!(
        finding
            .statement
            .starts_with("After epoch 5 validation loss, 0.970, is below the training loss, 1.026")
    );
    let decided =
        the("running_average_artefact", last_row(5, &[(Loss, 1.026), (ValLoss, 0.97), (TrainLoss, 0.96)]));
    assert!(decided.statement.ends_with("that explains all of it."), "{}", decided.statement);
}
