//! Shapes that are not the study's, those of `toile bench --shapes`: as a first layer, and behind a layer that hands
//! plates on.

use serde::Deserialize;
use serde_json::{Value, json};
use toile_nn::Layer;

use super::MIXED;
use super::near::distance;
use crate::engine::Setting;

/// Height, width and channels of the input, filters, kernel, stride, and whether the size is kept.
const CONVOLUTIONS: [([usize; 3], usize, usize, usize, bool); 23] = [
    ([26, 26, 32], 64, 3, 1, false),
    ([12, 12, 64], 64, 3, 1, false),
    ([28, 28, 1], 32, 3, 1, false),
    ([32, 32, 3], 32, 3, 1, true),
    ([13, 13, 7], 7, 3, 1, false),
    ([13, 13, 7], 24, 3, 1, true),
    ([14, 14, 24], 24, 3, 1, true),
    ([15, 17, 24], 50, 3, 1, false),
    ([14, 14, 50], 50, 3, 1, true),
    ([17, 17, 32], 64, 3, 2, true),
    ([9, 9, 128], 128, 3, 1, true),
    ([5, 5, 50], 24, 3, 1, false),
    ([28, 28, 1], 32, 5, 1, false),
    ([32, 32, 3], 24, 5, 1, true),
    ([33, 33, 3], 64, 7, 2, true),
    ([11, 11, 7], 24, 5, 1, true),
    ([14, 14, 16], 32, 5, 1, true),
    ([14, 14, 64], 50, 5, 2, true),
    ([16, 16, 32], 32, 2, 2, false),
    ([14, 14, 7], 24, 1, 1, false),
    ([14, 14, 24], 64, 1, 1, false),
    ([16, 16, 64], 128, 1, 1, false),
    ([15, 15, 50], 50, 1, 2, false),
];

/// Units of both hidden layers.
const WIDTHS: [usize; 9] = [10, 33, 64, 100, 127, 255, 257, 500, 1024];

/// Eight digits leave so much of a gradient away, and more where an activation or a pooling chooses otherwise.
const SMOOTH: f64 = 0.02;
const CHOOSING: f64 = 0.15;

fn check(input: [usize; 3], batch_size: usize, layers: &[Value], bound: f64) {
    let end = [json!({"flatten": {}}), json!({"dense": {"units": 5, "activation": "softmax"}})];
    let layer = |layer| Layer::deserialize(layer).expect("a layer");
    let layers: Vec<Layer> = layers.iter().chain(&end).map(layer).collect();
    let floats = Setting { input, batch_size, examples: batch_size, ..Setting::new(layers.clone()) };
    let mixed = Setting { policy: MIXED, threads: 2, ..floats.clone() };
    let away = distance(&mixed.gradient(), &floats.gradient());
    assert!(away > 0.0 && away < bound, "{away} away, {bound} at most: {input:?}, {layers:?}");
}

#[test]
fn convolutions_of_any_shape_have_gradients_near_those_of_floats() {
    for (input, filters, kernel, stride, same) in CONVOLUTIONS {
        for (activation, bound) in [("linear", SMOOTH), ("relu", CHOOSING)] {
            let conv = |filters: usize, kernel: usize, stride: usize, same: bool| {
                let padding = if same { "same" } else { "valid" };
                json!({"conv2d": {"filters": filters, "kernel_size": [kernel, kernel], "strides": [stride, stride],
                                  "padding": padding, "activation": activation}})
            };
            let measured = conv(filters, kernel, stride, same);
            check(input, 8, std::slice::from_ref(&measured), bound);
            check(input, 5, &[conv(input[2], 1, 1, false), measured.clone()], bound);
            check(input, 3, &[conv(input[2], 1, 1, false), measured, json!({"max_pooling2d": {}})], CHOOSING);
        }
    }
}

#[test]
fn dense_layers_of_any_width_have_gradients_near_those_of_floats() {
    for units in WIDTHS {
        for (activation, bound) in [("relu", CHOOSING), ("sigmoid", SMOOTH), ("linear", SMOOTH)] {
            let dense = json!({"dense": {"units": units, "activation": activation}});
            check([9, 9, 1], 40, &[json!({"flatten": {}}), dense.clone(), dense], bound);
        }
    }
}
