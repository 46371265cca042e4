//! Dropout at its edges. That training with it follows Keras, given our masks, is in `golden.rs`.

use crate::engine;

use engine::Setting;
use serde_json::json;
use toile_nn::Layer;

/// A dense net with this dropout rate before its last layer.
fn net(rate: f32) -> Setting {
    let layers = json!([{ "flatten": {} }, { "dense": { "units": 64, "activation": "sigmoid" } },
                        { "dropout": { "rate": rate } }, { "dense": { "units": 5, "activation": "softmax" } }]);
    let layers: Vec<Layer> = serde_json::from_value(layers).expect("layers in the study file's words");
    Setting::new(layers)
}

#[test]
fn dropout_is_the_identity_when_evaluating() {
    let (with, without) = (net(0.9), net(0.0));
    assert_eq!(with.evaluate(&with.model(), 0, 40), without.evaluate(&without.model(), 0, 40));
}

#[test]
fn dropout_changes_the_gradient_of_what_it_drops() {
    let (with, without) = (net(0.5).gradient(), net(0.0).gradient());
    assert_ne!(with["1.kernel"], without["1.kernel"]);
    assert_ne!(with["3.kernel"], without["3.kernel"]);
}

/// Keras: `rate` 1 gives zeros, not a division by 0.
#[test]
fn a_rate_of_1_lets_nothing_through_in_either_direction() {
    let gradient = net(1.0).gradient();
    for name in ["1.kernel", "1.bias", "3.kernel"] {
        assert!(gradient[name].iter().all(|g| *g == 0.0), "{name}");
    }
    assert!(gradient["3.bias"].iter().any(|g| *g != 0.0));
    assert!(net(1.0).train(10).loss.is_finite());
}
