//! `lucky_epoch`.

use toile_judge::{Run, Severity};

use crate::findings::curves::Column::ValAccuracy;
use crate::findings::curves::{curve, learning, names, shaken, stream, the};

fn lucky(epoch: usize) -> Run {
    let mut values = shaken(learning(40, 0.86, -0.2, 4.0), 0.002, &mut stream("lucky", 1));
    values[epoch - 1] += 0.03;
    curve(&[(ValAccuracy, &values)])
}

#[test]
fn one_epoch_three_points_above_its_neighbours_is_lucky() {
    let finding = the("lucky_epoch", lucky(25));
    assert_eq!((finding.severity, &finding.numbers["best_epoch"]), (Severity::Note, &25.into()));
    assert!(finding.advice.starts_with("Neither select nor report epoch 25"), "{}", finding.advice);
}

#[test]
fn it_is_an_alarm_where_its_weights_were_kept_or_it_is_the_last() {
    let kept = Run { kept_epoch: Some(25), ..lucky(25) };
    assert_eq!(the("lucky_epoch", kept).severity, Severity::Alarm);
    let finding = the("lucky_epoch", lucky(40));
    assert_eq!(finding.severity, Severity::Alarm);
    assert!(finding.advice.contains("do not report its validation accuracy"), "{}", finding.advice);
}

#[test]
fn a_bad_epoch_is_not_lucky() {
    let mut values = learning(40, 0.86, -0.2, 4.0);
    values[24] -= 0.05;
    assert!(!names(curve(&[(ValAccuracy, &values)])).contains(&"lucky_epoch"));
}

#[test]
fn the_last_epoch_of_a_climbing_curve_is_not_lucky() {
    let steps: Vec<f64> = (0..12).map(|t| 0.6 + 0.015 * t as f64).collect();
    assert!(names(curve(&[(ValAccuracy, &steps)])).is_empty());
    assert!(names(curve(&[(ValAccuracy, &learning(12, 0.86, -0.3, 6.0))])).is_empty());
}

#[test]
fn two_good_epochs_in_a_row_are_not_luck() {
    let mut values = learning(40, 0.86, -0.2, 4.0);
    values[24] += 0.03;
    values[25] += 0.028;
    assert!(!names(curve(&[(ValAccuracy, &values)])).contains(&"lucky_epoch"));
}

#[test]
fn a_step_up_is_not_luck() {
    let values: Vec<f64> = (0..40).map(|t| if t < 20 { 0.84 } else { 0.87 }).collect();
    assert!(!names(curve(&[(ValAccuracy, &values)])).contains(&"lucky_epoch"));
}

#[test]
fn nine_epochs_are_too_few() {
    let mut values = vec![0.86; 9];
    values[5] = 0.9;
    assert!(!names(curve(&[(ValAccuracy, &values)])).contains(&"lucky_epoch"));
}
