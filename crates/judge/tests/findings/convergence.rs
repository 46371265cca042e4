//! `not_converged`, `not_converged_val`, `plateau`, `oscillating`, `learning_rate_too_low`.

use toile_judge::{Results, Run, Severity};

use crate::findings::curves::Column::{Loss, TrainLoss, ValLoss};
use crate::findings::curves::{
    curve, findings, flat, learning, names, noisy, rising, shaken, stream, study, the,
};

/// Falls by 2 % an epoch to the last.
fn falling(n: usize) -> Vec<f64> {
    (1..=n).map(|t| 0.9 * (-0.02 * t as f64).exp()).collect()
}

#[test]
fn both_losses_that_fall_by_2_percent_an_epoch_have_not_converged() {
    for n in [5, 10, 50, 200] {
        let run = || curve(&[(Loss, &falling(n)), (ValLoss, &falling(n))]);
        let finding = the("not_converged", run());
        assert!(finding.statement.contains("still falls by 2.0 % an epoch"), "{}", finding.statement);
        assert!(finding.advice.starts_with("Train longer"), "{}", finding.advice);
        assert_eq!(finding.severity, Severity::Warning);
        assert!(the("not_converged_val", run()).advice.starts_with("Train longer"));
    }
}

#[test]
fn a_fall_of_half_a_percent_an_epoch_has_converged() {
    let slow: Vec<f64> = (1..=50).map(|t| 0.9 * (-0.005 * t as f64).exp()).collect();
    let found = names(curve(&[(Loss, &slow), (ValLoss, &slow)]));
    assert!(!found.contains(&"not_converged") && !found.contains(&"not_converged_val"), "{found:?}");
}

#[test]
fn a_curve_that_came_to_its_floor_has_converged() {
    for n in [10, 50, 200] {
        let loss = learning(n, 0.3, 1.0, n as f64 / 20.0);
        assert!(names(curve(&[(Loss, &loss), (ValLoss, &loss)])).is_empty(), "{n} epochs");
    }
}

#[test]
fn longer_training_is_not_advised_where_validation_rises_or_lies_flat() {
    let rises = rising(learning(50, 0.4, 0.5, 3.0), 20..50, 0.1);
    let bends = rising(learning(50, 0.4, 0.5, 3.0), 42..50, 0.06);
    for val in [rises, bends, flat(50, 0.4), noisy(flat(50, 0.4), 0.02, &mut stream("flat", 3))] {
        let all = findings(&study(curve(&[(Loss, &falling(50)), (ValLoss, &val)])));
        assert!(all.iter().any(|finding| finding.finding == "not_converged"), "training still falls");
        assert!(all.iter().all(|finding| finding.finding != "not_converged_val"));
        assert!(all.iter().all(|finding| !finding.advice.contains("Train longer")), "{all:?}");
    }
}

#[test]
fn without_validation_loss_it_is_to_be_measured_first() {
    let finding = the("not_converged", curve(&[(Loss, &falling(50))]));
    assert!(finding.advice.starts_with("Measure validation loss"), "{}", finding.advice);
}

#[test]
fn validation_loss_alone_can_be_seen_not_to_have_converged() {
    assert_eq!(names(curve(&[(ValLoss, &falling(50))])), ["not_converged_val"]);
}

#[test]
fn the_weights_at_the_end_of_the_epoch_are_the_training_loss_where_they_were_measured() {
    let run = curve(&[(Loss, &falling(50)), (TrainLoss, &flat(50, 0.4))]);
    assert!(!names(run).contains(&"not_converged"));
}

#[test]
fn validation_that_lies_flat_while_training_falls_is_a_plateau() {
    let train: Vec<f64> = (1..=50).map(|t| 0.5 * (-0.008 * t as f64).exp()).collect();
    let val = noisy(learning(50, 0.4, 0.5, 4.0), 0.004, &mut stream("plateau", 0));
    let finding = the("plateau", curve(&[(Loss, &train), (ValLoss, &val)]));
    assert!(finding.statement.contains("still falls by 0.8 % an epoch"), "{}", finding.statement);
}

#[test]
fn no_plateau_where_both_fall_both_lie_flat_or_validation_rises() {
    let still = learning(50, 0.4, 0.5, 3.0);
    let rises = rising(learning(50, 0.4, 0.5, 3.0), 20..50, 0.1);
    for (train, val) in [(falling(50), falling(50)), (still.clone(), still), (falling(50), rises)] {
        assert!(!names(curve(&[(Loss, &train), (ValLoss, &val)])).contains(&"plateau"));
    }
    let noise = noisy(flat(20, 0.4), 0.05, &mut stream("noise", 0));
    let run = curve(&[(Loss, &falling(20)), (ValLoss, &noise)]);
    assert!(!names(run).contains(&"plateau"), "what noise hides is not flat");
}

#[test]
fn a_training_loss_that_goes_up_and_down_is_oscillating() {
    let loss = noisy(learning(40, 0.5, 0.4, 3.0), 0.03, &mut stream("oscillating", 0));
    let finding = the("oscillating", curve(&[(Loss, &loss)]));
    assert!(finding.advice.contains("learning rate"), "{}", finding.advice);
    let run = curve(&[(TrainLoss, &noisy(flat(40, 0.5), 0.06, &mut stream("oscillating", 1)))]);
    assert!(names(run).contains(&"oscillating"), "weights at the end of the epoch alone");
}

#[test]
fn a_loss_with_a_trend_small_noise_or_next_to_nothing_does_not_oscillate() {
    let draw = &mut stream("calm", 0);
    let calm = [
        noisy(falling(40), 0.03, draw),
        noisy(learning(40, 0.5, 0.4, 3.0), 0.004, draw),
        // Learned by heart: a thousandth that doubles is still nothing.
        noisy(learning(40, 0.002, 0.6, 2.0), 0.2, draw),
        (0..40).map(|t| 0.5 + 0.1 * (t as f64 / 6.0).sin()).collect(),
    ];
    for (case, loss) in calm.iter().enumerate() {
        assert!(!names(curve(&[(Loss, loss)])).contains(&"oscillating"), "case {case}");
    }
}

/// 1.5/√400 is 7.5 %.
#[test]
fn few_training_images_scatter_more() {
    let run: Run = curve(&[(Loss, &noisy(flat(40, 0.5), 0.04, &mut stream("few", 0)))]);
    let oscillates = |n_train| {
        let results = Results { n_train, ..study(run.clone()) };
        findings(&results).iter().any(|finding| finding.finding == "oscillating")
    };
    assert!(oscillates(Some(54_000)) && oscillates(None));
    assert!(!oscillates(Some(400)));
}

#[test]
fn a_slow_even_fall_is_a_learning_rate_too_low() {
    for n in [5, 10, 50, 200] {
        let loss: Vec<f64> = (0..n).map(|t| 2.29 - 0.3 * t as f64 / n as f64).collect();
        let loss = shaken(loss, 0.001, &mut stream("slow", n as u64));
        let finding = the("learning_rate_too_low", curve(&[(Loss, &loss)]));
        assert!(finding.advice.starts_with("Raise the learning rate"), "{}", finding.advice);
    }
}

#[test]
fn a_fall_with_a_bend_before_or_after_the_first_epoch_is_none() {
    // Most of it in the first epochs; most of it within the first one.
    let bent = learning(50, 1.0, 1.3, 10.0);
    let fast: Vec<f64> = (0..50).map(|t| 0.6 - 0.004 * t as f64).collect();
    // Down to less than half: that is not slow.
    let far: Vec<f64> = (0..50).map(|t| 2.3 - 0.04 * t as f64).collect();
    for loss in [bent, fast, far, flat(50, 2.0)] {
        assert!(!names(curve(&[(Loss, &loss)])).contains(&"learning_rate_too_low"));
    }
}

/// One layer of 32 units, SGD at .01, five epochs, measured: it needs epochs, and has its bend.
#[test]
fn a_short_training_at_a_usual_rate_is_not_too_slow() {
    let found = names(curve(&[(Loss, &[2.061, 1.628, 1.355, 1.184, 1.072])]));
    assert_eq!(found, ["not_converged"]);
}
