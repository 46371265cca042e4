//! `dead_units`, `saturated_units`, `vanishing_gradients`, `exploding_gradients`, and what updates say of a low rate.

use toile_judge::{Run, Severity};
use toile_record::{LayerRecord, LayersRecord};

use crate::findings::curves::Column::{Accuracy, Loss};
use crate::findings::curves::{curve, flat, found, learning, names, the};

/// A layer of 100 units with this gradient.
fn layer(name: &str, gradient: f64) -> LayerRecord {
    LayerRecord { layer: name.into(), units: 100, gradient_rms: Some(gradient), ..LayerRecord::default() }
}

fn dead(units: usize) -> LayerRecord {
    LayerRecord { dead: Some(units), ..layer("dense", 1.0) }
}

fn saturated(units: usize) -> LayerRecord {
    LayerRecord { saturated: Some(units), ..layer("dense_1", 1.0) }
}

fn measured(epoch: usize, layers: Vec<LayerRecord>) -> LayersRecord {
    LayersRecord { epoch, images: 2048, gradient_images: 256, layers }
}

/// A run that has learned, with these layers after its last epoch.
fn with(layers: Vec<LayerRecord>) -> Run {
    let loss = learning(20, 0.3, 1.5, 2.0);
    Run { layers: vec![measured(20, layers)], ..curve(&[(Loss, &loss)]) }
}

const OF_LAYERS: [&str; 4] = ["dead_units", "saturated_units", "vanishing_gradients", "exploding_gradients"];

fn shown(run: Run) -> Vec<&'static str> {
    names(run).into_iter().filter(|name| OF_LAYERS.contains(name)).collect()
}

#[test]
fn more_than_a_tenth_of_dead_units_is_told_and_more_than_four_tenths_are_an_alarm() {
    assert_eq!(shown(with(vec![dead(10)])), [""; 0]);
    for (units, severity) in [(11, Severity::Warning), (40, Severity::Warning), (41, Severity::Alarm)] {
        let finding = the("dead_units", with(vec![dead(3), dead(units)]));
        assert_eq!(finding.severity, severity, "{units}");
        assert_eq!(finding.numbers["dead_units"], serde_json::json!(units));
    }
}

#[test]
fn every_flagged_layer_is_named_with_its_units_and_the_images_are_told() {
    let other = LayerRecord { layer: "conv2d".into(), units: 8, dead: Some(4), ..dead(0) };
    let finding = the("dead_units", with(vec![dead(25), dead(2), other]));
    assert_eq!(
        finding.statement,
        "25 of 100 units of dense (25 %) and 4 of 8 of conv2d (50 %) are dead after epoch 20: zero on every one of \
         2,048 training images."
    );
    assert!(finding.rule.contains("1903.06733"), "{}", finding.rule);
    let few = LayersRecord { images: 500, ..measured(3, vec![saturated(100)]) };
    let finding = the("saturated_units", Run { layers: vec![few], ..with(Vec::new()) });
    assert_eq!(
        finding.statement,
        "100 of 100 units of dense_1 (100 %) are saturated after epoch 3: with a derivative below 0.01 on more than \
         90 % of 500 training images, all that there are."
    );
}

#[test]
fn saturated_units_have_the_same_shares() {
    assert_eq!(shown(with(vec![saturated(10), dead(0)])), [""; 0]);
    assert_eq!(the("saturated_units", with(vec![saturated(11)])).severity, Severity::Warning);
    assert_eq!(the("saturated_units", with(vec![saturated(41)])).severity, Severity::Alarm);
}

#[test]
fn a_first_gradient_a_thousand_times_smaller_or_larger_than_the_last_is_told() {
    let gradients =
        |first: f64, last: f64| with(vec![layer("dense", first), dead(0), layer("dense_9", last)]);
    assert_eq!(shown(gradients(0.0011, 1.0)), [""; 0]);
    assert_eq!(shown(gradients(999.0, 1.0)), [""; 0]);
    let finding = the("vanishing_gradients", gradients(2e-7, 4e-3));
    assert!(finding.statement.contains("2.0e-7 in dense"), "{}", finding.statement);
    assert!(finding.statement.contains("a ratio of 5.0e-5"), "{}", finding.statement);
    assert_eq!(shown(gradients(1001.0, 1.0)), ["exploding_gradients"]);
    // Where the last layer has none either, nothing can be said.
    assert_eq!(shown(gradients(0.0, 0.0)), [""; 0]);
    let none = the("vanishing_gradients", gradients(0.0, 1.0));
    assert!(none.statement.contains("root mean square of 0 in dense"), "{}", none.statement);
}

#[test]
fn the_last_measured_epoch_decides() {
    let both = |first, last| Run {
        layers: vec![measured(1, vec![first]), measured(20, vec![last])],
        ..with(vec![])
    };
    assert_eq!(shown(both(dead(90), dead(5))), [""; 0]);
    assert_eq!(shown(both(dead(5), dead(90))), ["dead_units"]);
}

/// A run at chance, or one that diverged, has the reason beside it; one that broke otherwise says nothing.
#[test]
fn layers_may_be_why_nothing_was_learned() {
    let chance = curve(&[(Loss, &flat(10, 10f64.ln())), (Accuracy, &flat(10, 0.1))]);
    let dead_from_the_start = Run { layers: vec![measured(10, vec![dead(100)])], ..chance };
    assert_eq!(names(dead_from_the_start), ["chance_level", "dead_units"]);
    let broken = Run { has_failed: true, ..with(vec![dead(100)]) };
    assert!(found(broken).is_empty());
}

#[test]
fn small_updates_support_a_learning_rate_too_low_and_say_nothing_alone() {
    let slow: Vec<f64> = (0..50).map(|t| 2.29 - 0.006 * f64::from(t)).collect();
    let moved = |update: f64, loss: &[f64]| {
        let layer = LayerRecord { weight_rms: Some(0.1), update_rms: Some(update), ..layer("dense", 1.0) };
        Run {
            layers: vec![measured(1, vec![layer.clone()]), measured(50, vec![layer])],
            ..curve(&[(Loss, loss)])
        }
    };
    let finding = the("learning_rate_too_low", moved(2e-6, &slow));
    assert!(finding.statement.contains("by 2.0e-5 of their size"), "{}", finding.statement);
    assert!(finding.numbers["update_ratio"].as_f64().is_some_and(|ratio| (1.9e-5..2.1e-5).contains(&ratio)));
    let usual = the("learning_rate_too_low", moved(2e-4, &slow));
    assert!(!usual.numbers.contains_key("update_ratio") && !usual.statement.contains("of their size"));
    assert!(!names(moved(2e-6, &learning(50, 0.3, 1.5, 2.0))).contains(&"learning_rate_too_low"));
}
