//! `val_loss_rising`, `val_loss_rising_weak`, `val_accuracy_falling`, `over_confidence`.

use toile_judge::{Run, Severity};

use crate::findings::curves::Column::{ValAccuracy, ValLoss};
use crate::findings::curves::{curve, flat, learning, names, rising, shaken, stream, the};

/// Falls to 0.361 after epoch 18, then rises to 0.412 after epoch 50.
fn risen() -> Vec<f64> {
    let down = (1..=18).map(|t| 0.361 + 0.02 * (18 - t) as f64);
    let up = (19..=50).map(|t| 0.361 + (0.412 - 0.361) * (t - 18) as f64 / 32.0);
    down.chain(up).collect()
}

#[test]
fn a_loss_that_ends_a_seventh_above_its_minimum_is_rising() {
    let finding = the("val_loss_rising", curve(&[(ValLoss, &risen())]));
    let statement =
        "Validation loss is 0.412 after epoch 50, 14 % above its minimum of 0.361 after epoch 18.";
    assert_eq!(finding.statement, statement);
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.advice.contains("epoch 18"), "{}", finding.advice);
    assert_eq!(finding.numbers["minimum_epoch"], 18);
}

#[test]
fn three_and_a_half_percent_are_a_weak_rise() {
    let run = || curve(&[(ValLoss, &rising(learning(50, 0.4, 0.5, 3.0), 20..50, 0.035))]);
    assert_eq!(the("val_loss_rising_weak", run()).severity, Severity::Note);
    assert!(!names(run()).contains(&"val_loss_rising"));
}

#[test]
fn a_loss_within_2_percent_of_its_minimum_has_not_risen() {
    let run = curve(&[(ValLoss, &rising(learning(50, 0.4, 0.5, 3.0), 20..50, 0.015))]);
    assert!(names(run).iter().all(|name| !name.starts_with("val_loss")));
}

#[test]
fn a_minimum_among_the_last_three_epochs_is_none_yet() {
    let mut values = learning(50, 0.4, 0.5, 10.0);
    (values[48], values[49]) = (0.45, 0.5);
    assert!(!names(curve(&[(ValLoss, &values)])).contains(&"val_loss_rising"));
}

#[test]
fn one_bad_last_epoch_is_no_rise() {
    let mut values = learning(50, 0.4, 0.5, 5.0);
    values[45] = 0.39;
    values[49] = 0.6;
    assert!(!names(curve(&[(ValLoss, &values)])).contains(&"val_loss_rising"));
}

#[test]
fn one_good_epoch_is_no_minimum() {
    let mut values = learning(50, 0.4, 0.5, 5.0);
    values[30] = 0.3;
    assert!(!names(curve(&[(ValLoss, &values)])).contains(&"val_loss_rising"));
}

#[test]
fn a_rise_that_was_made_up_for_is_over() {
    let values: Vec<f64> =
        (0..50).map(|t| if (20..30).contains(&t) { 0.6 } else { 0.5 - 0.002 * t as f64 }).collect();
    assert!(!names(curve(&[(ValLoss, &values)])).contains(&"val_loss_rising"));
}

#[test]
fn a_rise_within_the_noise_of_epochs_is_not_claimed() {
    let noisy = shaken(rising(flat(50, 0.4), 25..50, 0.06), 0.02, &mut stream("within noise", 2));
    assert!(!names(curve(&[(ValLoss, &noisy)])).contains(&"val_loss_rising"));
}

#[test]
fn weights_of_the_minimum_that_were_kept_avoid_the_harm() {
    let run = Run { kept_epoch: Some(18), ..curve(&[(ValLoss, &risen())]) };
    let finding = the("val_loss_rising", run);
    assert_eq!(finding.severity, Severity::Note);
    assert!(finding.advice.contains("avoided"), "{}", finding.advice);
    assert!(
        finding.statement.contains("after epoch 50"),
        "the end of training is spoken of: {}",
        finding.statement
    );
}

#[test]
fn weights_of_a_late_epoch_that_were_kept_avoid_nothing() {
    let run = Run { kept_epoch: Some(45), ..curve(&[(ValLoss, &risen())]) };
    let finding = the("val_loss_rising", run);
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.advice.contains("about epoch 18"), "{}", finding.advice);
}

#[test]
fn a_loss_measured_every_second_epoch_is_a_curve_too() {
    let mut run = curve(&[(ValLoss, &risen())]);
    run.epochs.iter_mut().filter(|row| row.epoch % 2 == 1).for_each(|row| row.val_loss = None);
    assert!(names(run).contains(&"val_loss_rising"));
}

#[test]
fn four_epochs_are_no_curve() {
    assert!(names(curve(&[(ValLoss, &[0.3, 0.4, 0.5, 0.6])])).is_empty());
}

#[test]
fn a_steady_rise_over_five_epochs_is_one() {
    assert!(names(curve(&[(ValLoss, &[0.30, 0.33, 0.36, 0.39, 0.42])])).contains(&"val_loss_rising"));
}

#[test]
fn accuracy_three_points_below_its_best_is_falling() {
    let values = rising(learning(50, 0.88, -0.3, 2.0), 25..50, -0.03 / 0.88);
    let finding = the("val_accuracy_falling", curve(&[(ValAccuracy, &values)]));
    assert!(
        finding
            .statement
            .starts_with("Validation accuracy is 0.850 after epoch 50, 3.0 points below its best")
    );
    let kept = Run { kept_epoch: Some(25), ..curve(&[(ValAccuracy, &values)]) };
    assert_eq!(the("val_accuracy_falling", kept).severity, Severity::Note);
}

#[test]
fn accuracy_less_than_a_point_below_its_best_is_not_falling() {
    let values = rising(learning(50, 0.88, -0.3, 4.0), 25..50, -0.009 / 0.88);
    assert!(!names(curve(&[(ValAccuracy, &values)])).contains(&"val_accuracy_falling"));
}

/// Two standard errors of the difference of .88 and .86 on 600 images are 3.9 points.
#[test]
fn a_fall_within_the_noise_of_few_validation_images_is_not_claimed() {
    let run = curve(&[(ValAccuracy, &rising(learning(50, 0.88, -0.3, 4.0), 25..50, -0.02 / 0.88))]);
    let mut results = crate::findings::curves::study(run);
    let is_falling = |results: &_| {
        crate::findings::curves::findings(results)
            .iter()
            .any(|finding| finding.finding == "val_accuracy_falling")
    };
    assert!(is_falling(&results));
    results.n_validation = Some(600);
    assert!(!is_falling(&results));
}

#[test]
fn loss_that_rises_while_accuracy_stays_is_over_confidence() {
    let run = curve(&[(ValLoss, &risen()), (ValAccuracy, &learning(50, 0.88, -0.3, 5.0))]);
    let finding = the("over_confidence", run);
    assert!(finding.advice.contains("temperature"), "{}", finding.advice);
}

#[test]
fn loss_that_rises_while_accuracy_falls_is_no_over_confidence() {
    let accuracy = rising(learning(50, 0.88, -0.3, 4.0), 18..50, -0.03);
    let found = names(curve(&[(ValLoss, &risen()), (ValAccuracy, &accuracy)]));
    assert!(found.contains(&"val_accuracy_falling") && !found.contains(&"over_confidence"), "{found:?}");
    // Nor where it falls by less than a point, if that is more than its noise.
    let accuracy = rising(learning(50, 0.88, -0.3, 4.0), 18..50, -0.009);
    let found = names(curve(&[(ValLoss, &risen()), (ValAccuracy, &accuracy)]));
    assert!(!found.contains(&"val_accuracy_falling") && !found.contains(&"over_confidence"), "{found:?}");
}

#[test]
fn without_a_rise_or_without_accuracies_nobody_is_over_confident() {
    let accuracy = learning(50, 0.88, -0.3, 5.0);
    let calm = curve(&[(ValLoss, &learning(50, 0.4, 0.5, 5.0)), (ValAccuracy, &accuracy)]);
    assert!(!names(calm).contains(&"over_confidence"));
    assert!(!names(curve(&[(ValLoss, &risen())])).contains(&"over_confidence"));
}
