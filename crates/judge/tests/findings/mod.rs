//! Findings about runs, on curves made to show them and on curves made not to.

mod convergence;
mod curves;
mod end_gap;
mod failure;
mod layers;
mod lucky;
mod measured;
mod rates;
mod rise;
mod table;

use toile_judge::{NAMES, Severity};

use curves::{Column, curve, found, learning, names, rising};

#[test]
fn every_name_is_there_once() {
    let expected = [
        "val_loss_rising",
        "val_loss_rising_weak",
        "val_accuracy_falling",
        "over_confidence",
        "gap_without_harm",
        "gap",
        "underfitting",
        "not_converged",
        "not_converged_val",
        "plateau",
        "oscillating",
        "learning_rate_too_low",
        "diverged",
        "chance_level",
        "lucky_epoch",
        "running_average_artefact",
        "dead_units",
        "saturated_units",
        "vanishing_gradients",
        "exploding_gradients",
    ];
    assert_eq!(NAMES, expected);
}

#[test]
fn a_finding_says_of_which_run_it_is_and_in_the_form_of_files() {
    let run = curve(&[(Column::ValLoss, &rising(learning(50, 0.4, 0.5, 4.0), 25..50, 0.1))]);
    let all = found(run);
    let finding = &all[0];
    assert_eq!(
        (finding.run.as_deref(), finding.seed, finding.severity),
        (Some("A"), Some(1), Severity::Warning)
    );
    let json = serde_json::to_value(finding).expect("a finding is JSON");
    assert_eq!(json["finding"], "val_loss_rising");
    assert_eq!(json["severity"], "warning");
    assert_eq!(json["numbers"]["end_epoch"], serde_json::json!(50), "an epoch is a whole number");
    assert!(json["rule"].as_str().is_some_and(|rule| rule.contains("Prechelt")), "the rule has its source");
}

/// Every combination of missing columns and of curves of every length up to 12: no panic, and only known names.
#[test]
fn whatever_is_missing_nothing_breaks() {
    use Column::{Accuracy, Loss, TrainAccuracy, TrainLoss, ValAccuracy, ValLoss};
    let all = [Loss, Accuracy, TrainLoss, TrainAccuracy, ValLoss, ValAccuracy];
    for n in 1..=12 {
        for mask in 1u32..64 {
            let values = learning(n, 0.3, 0.6, 3.0);
            let columns: Vec<(Column, &[f64])> =
                (0..6).filter(|i| mask >> i & 1 == 1).map(|i| (all[i], values.as_slice())).collect();
            for missing in [None, Some(0), Some(n / 2), Some(n - 1)] {
                for hole in [None, Some(f64::NAN), Some(f64::INFINITY), Some(0.0)] {
                    let mut run = curve(&columns);
                    if let Some(place) = missing {
                        columns
                            .iter()
                            .for_each(|(column, _)| *curves::cell(&mut run.epochs[place], *column) = hole);
                    }
                    run.kept_epoch = (mask % 3 == 0).then_some(n.div_ceil(2));
                    assert!(names(run).iter().all(|name| NAMES.contains(name)));
                }
            }
        }
    }
}

#[test]
fn a_run_without_rows_has_no_findings() {
    assert!(found(toile_judge::Run::default()).is_empty());
}

#[test]
fn a_run_that_failed_without_diverging_has_no_findings() {
    let mut run = curve(&[(Column::ValLoss, &rising(learning(50, 0.4, 0.5, 4.0), 25..50, 0.1))]);
    run.has_failed = true;
    assert!(names(run).is_empty());
}

#[test]
fn rows_that_are_not_all_epochs_from_the_first_are_no_curve() {
    let mut run = curve(&[(Column::ValLoss, &rising(learning(50, 0.4, 0.5, 4.0), 25..50, 0.1))]);
    run.epochs.remove(30);
    assert!(names(run).is_empty());
}
