//! `diverged`, `chance_level`.

use toile_judge::{Results, Run, Severity};

use crate::findings::curves::Column::{Accuracy, Loss, TrainLoss, ValAccuracy, ValLoss};
use crate::findings::curves::{
    curve, findings, flat, last_row, learning, names, rising, shaken, stream, study, the,
};

#[test]
fn a_loss_that_is_no_number_at_the_end_has_diverged() {
    for broken in [f64::NAN, f64::INFINITY] {
        let mut values = learning(10, 0.4, 0.5, 3.0);
        values[7..].fill(broken);
        for column in [Loss, TrainLoss, ValLoss] {
            let finding = the("diverged", curve(&[(column, &values)]));
            assert_eq!(finding.severity, Severity::Alarm);
            assert_eq!(finding.numbers["last_finite_epoch"], 7);
        }
    }
    assert_eq!(names(last_row(3, &[(Loss, f64::NAN), (Accuracy, 0.1)])), ["diverged"], "one row is enough");
}

/// A record keeps finite numbers only.
#[test]
fn a_training_loss_that_is_there_no_more_has_diverged() {
    let mut run = curve(&[(Loss, &learning(10, 0.4, 0.5, 3.0))]);
    run.epochs[8..].iter_mut().for_each(|row| row.loss = None);
    run.has_failed = true;
    assert_eq!(names(run), ["diverged"]);
}

#[test]
fn a_validation_loss_that_was_not_measured_last_is_no_divergence() {
    let mut run = curve(&[(Loss, &flat(20, 0.4)), (ValLoss, &flat(20, 0.4))]);
    run.epochs.iter_mut().filter(|row| row.epoch % 3 != 0).for_each(|row| row.val_loss = None);
    assert!(names(run).is_empty());
}

#[test]
fn one_epoch_without_a_number_in_the_middle_is_no_divergence() {
    let mut values = learning(20, 0.4, 0.5, 3.0);
    values[10] = f64::NAN;
    assert!(!names(curve(&[(Loss, &values)])).contains(&"diverged"));
}

#[test]
fn a_loss_far_above_its_start_has_diverged() {
    let values: Vec<f64> = (0..10).map(|t| 0.8 * 1.5f64.powi(t)).collect();
    assert_eq!(names(curve(&[(Loss, &values)])), ["diverged"]);
}

#[test]
fn a_loss_that_blew_up_within_the_first_epoch_has_diverged() {
    let run = curve(&[(Loss, &flat(10, 480.0)), (Accuracy, &flat(10, 0.11))]);
    assert!(the("diverged", run).statement.contains("equal probabilities"));
}

#[test]
fn a_loss_with_large_penalties_has_not_diverged() {
    let run = curve(&[(Loss, &learning(10, 9.0, 20.0, 3.0)), (Accuracy, &learning(10, 0.85, -0.3, 3.0))]);
    assert!(!names(run).contains(&"diverged"));
}

#[test]
fn twice_the_start_or_one_spike_is_no_divergence() {
    assert!(!names(curve(&[(Loss, &rising(flat(20, 0.8), 5..20, 1.0))])).contains(&"diverged"));
    let mut spike = learning(20, 0.4, 0.5, 3.0);
    spike[19] = 30.0;
    assert!(!names(curve(&[(Loss, &spike)])).contains(&"diverged"));
}

/// ln 10 = 2.3026.
#[test]
fn loss_ln_k_and_accuracy_one_in_k_is_chance() {
    let loss = shaken(flat(10, 2.31), 0.005, &mut stream("chance", 0));
    let finding = the("chance_level", curve(&[(Loss, &loss), (Accuracy, &flat(10, 0.1002))]));
    assert_eq!(finding.severity, Severity::Alarm);
    assert!(finding.statement.contains("guessing among 10 classes"), "{}", finding.statement);
    assert_eq!(
        names(last_row(5, &[(ValLoss, 2.3031), (ValAccuracy, 0.098)])),
        ["chance_level"],
        "a row is enough"
    );
    assert_eq!(names(last_row(5, &[(Loss, 2.3031)])), ["chance_level"], "so is its loss");
}

#[test]
fn what_is_at_chance_has_no_other_finding() {
    let columns =
        [(Loss, flat(20, 2.303)), (Accuracy, flat(20, 0.1)), (ValLoss, rising(flat(20, 2.303), 5..20, 0.1))];
    let columns: Vec<_> = columns.iter().map(|(column, values)| (*column, values.as_slice())).collect();
    assert_eq!(names(curve(&columns)), ["chance_level"]);
}

#[test]
fn a_slow_start_is_no_chance() {
    let run = curve(&[(Loss, &flat(10, 2.28)), (Accuracy, &learning(10, 0.16, -0.06, 5.0))]);
    assert!(!names(run).contains(&"chance_level"), "accuracy is above 1/K");
    assert!(
        !names(last_row(5, &[(Loss, 2.2), (Accuracy, 0.1)])).contains(&"chance_level"),
        "loss is below ln K"
    );
}

#[test]
fn chance_needs_the_number_of_classes() {
    let run = curve(&[(Loss, &flat(10, 2.303)), (Accuracy, &flat(10, 0.1))]);
    let unknown = Results { classes: None, ..study(run.clone()) };
    assert!(findings(&unknown).is_empty());
    let hundred = Results { classes: Some(100), ..study(run) };
    assert!(findings(&hundred).is_empty(), "a tenth is far above a hundredth");
}

#[test]
fn a_network_that_collapsed_is_told_so() {
    let mut loss = learning(20, 0.5, 1.0, 3.0);
    loss[12..].fill(2.3027);
    let run: Run = curve(&[(Loss, &loss), (Accuracy, &flat(20, 0.1))]);
    assert!(the("chance_level", run).advice.starts_with("It had learned"));
}
