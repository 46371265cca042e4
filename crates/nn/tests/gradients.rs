//! Every layer's gradient against central differences, in f64, of a naive twin's loss.
//!
//! The engine shows its gradient g by one SGD step: w₁ = w₀ − η g. The twin knows only the forward pass
//! (`naive/mod.rs`), so nothing of the engine's backward pass can hide in it.

use crate::engine;
use crate::formulas;
use crate::naive;

use engine::{InputKind, Setting};
use naive::{Batch, Target, Tensors};
use serde_json::{Value, json};
use toile_nn::{Activation, CategoricalFocalCrossentropy, Layer, Loss, Tensor};

/// A model as the study file writes it, on images of (height, width, channels).
fn check(input: [usize; 3], layers: Value) {
    let layers: Vec<Layer> = serde_json::from_value(layers).expect("layers in the study file's words");
    check_setting(&Setting { input, classes: 4, batch_size: 7, ..Setting::new(layers) });
}

fn check_setting(setting: &Setting) {
    let engine = setting.gradient();
    let (input, target) = twin_batch(setting);
    // The twin is slow: fewer elements of large models are looked at.
    let most = if engine.values().map(Vec::len).sum::<usize>() > 2_000 { 10 } else { 60 };
    let mut tensors: Tensors = setting.model().weights().into_iter().map(wide).collect();
    let largest = engine.values().flatten().fold(0.0f64, |most, g| most.max(g.abs()));
    for (name, gradient) in &engine {
        for place in formulas::places(gradient.len(), most) {
            let expected =
                naive::central_difference(&setting.layers, &mut tensors, name, place, &input, &target);
            compare(setting, name, place, gradient[place], expected, largest);
        }
    }
}

fn wide(tensor: Tensor) -> (String, (Vec<usize>, Vec<f64>)) {
    (tensor.name, (tensor.shape, tensor.values.into_iter().map(f64::from).collect()))
}

fn twin_batch(setting: &Setting) -> (Batch, Target) {
    let examples = 0..setting.batch_size as u32;
    let size = setting.input.iter().product();
    let values = examples.clone().flat_map(|i| setting.inputs.wide(i, size, setting.classes)).collect();
    let shape = match setting.layers[0] {
        Layer::Dense(_) => [1, 1, size],
        _ => setting.input,
    };
    let target = Target {
        loss: setting.loss.clone(),
        labels: examples.map(|i| formulas::label(i, setting.classes) as usize).collect(),
        label_smoothing: setting.label_smoothing as f64,
        class_weight: setting.class_weight.iter().map(|&w| w as f64).collect(),
    };
    (Batch { n: setting.batch_size, shape, values }, target)
}

/// Within 10⁻⁴, beside what sums in f32 leave where the parts of the gradient cancel (3 10⁻⁶ of the model's largest).
fn compare(setting: &Setting, name: &str, place: usize, found: f64, expected: f64, largest: f64) {
    assert!(
        (found - expected).abs() <= 1e-4 * expected.abs() + 3e-6 * largest,
        "{name}[{place}] of {}: the engine's gradient is {found}, central differences give {expected}",
        serde_json::to_string(&setting.layers).unwrap()
    );
}

fn softmax(units: usize) -> Value {
    json!({ "dense": { "units": units, "activation": "softmax" } })
}

#[test]
fn dense_layers_and_a_model_that_begins_with_one() {
    check([3, 4, 1], json!([{ "flatten": {} }, softmax(4)]));
    check([3, 4, 2], json!([{ "dense": { "units": 17, "activation": "tanh" } }, softmax(4)]));
    check(
        [3, 4, 1],
        json!([{ "dense": { "units": 9, "use_bias": false } }, { "dense": { "units": 33 } }, softmax(4)]),
    );
}

#[test]
fn every_activation_in_a_dense_layer_in_a_convolution_and_alone() {
    for activation in Activation::ALL {
        check([4, 5, 1], json!([{ "dense": { "units": 9, "activation": activation } }, softmax(4)]));
        let conv = json!({ "conv2d": { "filters": 5, "kernel_size": [2, 3], "activation": activation } });
        check([4, 5, 2], json!([conv, { "flatten": {} }, softmax(4)]));
        check([4, 5, 1], json!([{ "dense": { "units": 9 } }, { "activation": activation }, softmax(4)]));
    }
}

#[test]
fn convolutions_of_every_kernel_stride_and_padding() {
    for kernel in [[1, 1], [2, 2], [2, 3], [3, 2], [3, 3], [5, 5]] {
        for strides in [[1, 1], [2, 2], [1, 2], [3, 1]] {
            for padding in ["valid", "same"] {
                let conv = |filters| {
                    json!({ "conv2d": { "filters": filters, "kernel_size": kernel, "strides": strides,
                                        "padding": padding, "activation": "tanh" } })
                };
                check([6, 7, 2], json!([conv(3), { "flatten": {} }, softmax(4)]));
            }
        }
    }
}

/// The second convolution passes a gradient on to the first.
#[test]
fn stacked_convolutions() {
    let conv = |filters: usize, kernel: [usize; 2], more: Value| {
        let mut conv = json!({ "filters": filters, "kernel_size": kernel, "activation": "tanh" });
        conv.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "conv2d": conv })
    };
    let tail = || [json!({ "flatten": {} }), softmax(4)];
    for more in [
        json!({}),
        json!({ "padding": "same" }),
        json!({ "strides": [2, 2] }),
        json!({ "strides": [2, 1], "padding": "same" }),
        json!({ "use_bias": false }),
    ] {
        for kernel in [[3, 3], [2, 3], [1, 1], [5, 5]] {
            let [flatten, last] = tail();
            check(
                [11, 12, 1],
                json!([conv(3, [2, 2], json!({})), conv(5, kernel, more.clone()), flatten, last]),
            );
        }
    }
}

/// Sizes at which fast paths for 3 x 3 kernels begin, with maps that their tiles overhang.
#[test]
fn stacked_convolutions_of_3_by_3_with_many_channels() {
    for (channels, filters) in [(16, 16), (16, 17), (17, 32), (33, 20)] {
        for padding in ["valid", "same"] {
            let conv = |filters: usize| {
                json!({ "conv2d": { "filters": filters, "kernel_size": [3, 3], "padding": padding,
                                    "activation": "tanh" } })
            };
            let layers =
                json!([conv(channels), conv(filters), { "global_average_pooling2d": {} }, softmax(4)]);
            check([8, 9, 1], layers);
        }
    }
}

#[test]
fn depthwise_and_separable_convolutions_of_every_kernel_stride_padding_and_multiplier() {
    for kernel in [[1, 1], [2, 3], [3, 3], [5, 4]] {
        for strides in [[1, 1], [2, 2], [1, 2]] {
            for (padding, multiplier) in [("valid", 1), ("same", 1), ("valid", 2), ("same", 3)] {
                let settings = json!({ "kernel_size": kernel, "strides": strides, "padding": padding,
                                       "depth_multiplier": multiplier, "activation": "tanh" });
                let depthwise = json!({ "depthwise_conv2d": settings });
                let mut settings = settings;
                settings["filters"] = json!(5);
                let separable = json!({ "separable_conv2d": settings });
                for layer in [depthwise, separable] {
                    check([6, 7, 2], json!([layer, { "flatten": {} }, softmax(4)]));
                }
            }
        }
    }
}

/// Each passes a gradient on to the convolution before it.
#[test]
fn stacked_depthwise_and_separable_convolutions() {
    let conv = json!({ "conv2d": { "filters": 3, "kernel_size": [2, 2], "activation": "tanh" } });
    for activation in ["relu", "gelu", "softmax"] {
        for (multiplier, use_bias) in [(1, true), (2, false)] {
            let settings = json!({ "kernel_size": [3, 3], "padding": "same", "activation": activation,
                                   "depth_multiplier": multiplier, "use_bias": use_bias });
            let depthwise = json!({ "depthwise_conv2d": settings });
            let mut settings = settings;
            settings["filters"] = json!(5);
            let separable = json!({ "separable_conv2d": settings });
            check(
                [9, 8, 2],
                json!([conv, depthwise, separable, { "max_pooling2d": {} }, { "flatten": {} }, softmax(4)]),
            );
        }
    }
}

#[test]
fn the_focal_loss() {
    let layers = json!([{ "dense": { "units": 9, "activation": "tanh" } }, softmax(4)]);
    let layers: Vec<Layer> = serde_json::from_value(layers).unwrap();
    let setting = Setting { input: [3, 4, 1], classes: 4, batch_size: 7, ..Setting::new(layers) };
    for (alpha, gamma) in [(0.25, 2.0), (1.0, 0.5), (0.25, 0.0)] {
        let loss = Loss::CategoricalFocalCrossentropy(CategoricalFocalCrossentropy { alpha, gamma });
        check_setting(&Setting { loss: loss.clone(), ..setting.clone() });
        let (label_smoothing, class_weight) = (0.2, vec![0.5, 3.0, 0.0, 1.25]);
        check_setting(&Setting { loss, label_smoothing, class_weight, ..setting.clone() });
    }
}

#[test]
fn pooling_of_every_window_stride_and_padding() {
    for kind in ["max_pooling2d", "average_pooling2d"] {
        for (size, strides) in [
            ([2, 2], None),
            ([3, 3], None),
            ([3, 3], Some([2, 2])),
            ([3, 2], Some([1, 2])),
            ([2, 2], Some([3, 3])),
        ] {
            for padding in ["valid", "same"] {
                let conv = json!({ "conv2d": { "filters": 5, "kernel_size": [2, 2], "activation": "tanh" } });
                let pool = json!({ kind: { "pool_size": size, "strides": strides, "padding": padding } });
                check([7, 8, 1], json!([conv, pool, { "flatten": {} }, softmax(4)]));
            }
        }
    }
}

#[test]
fn global_average_pooling() {
    let conv = json!({ "conv2d": { "filters": 19, "kernel_size": [2, 3], "activation": "tanh" } });
    check([5, 6, 1], json!([conv, { "global_average_pooling2d": {} }, softmax(4)]));
}

/// Also through the batch's mean and variance, which depend on every example.
#[test]
fn batch_normalization_after_dense_after_convolution_and_first() {
    let norm = json!({ "batch_normalization": {} });
    let conv = json!({ "conv2d": { "filters": 5, "kernel_size": [2, 2] } });
    check([3, 4, 1], json!([{ "dense": { "units": 9 } }, norm, { "activation": "tanh" }, softmax(4)]));
    check([5, 6, 1], json!([conv, norm, { "activation": "tanh" }, { "flatten": {} }, softmax(4)]));
    check([4, 5, 3], json!([{ "batch_normalization": { "epsilon": 0.1 } }, { "flatten": {} }, softmax(4)]));
    let layers = json!([conv, norm, conv, norm, { "activation": "elu" }, { "flatten": {} }, softmax(4)]);
    check([5, 6, 2], layers);
}

#[test]
fn label_smoothing_class_weights_and_l2() {
    let layers = json!([{ "conv2d": { "filters": 3, "kernel_size": [2, 2], "activation": "tanh", "l2": 0.05 } },
                        { "flatten": {} }, { "dense": { "units": 6, "activation": "sigmoid", "l2": 0.1 } }, softmax(4)]);
    let layers: Vec<Layer> = serde_json::from_value(layers).unwrap();
    let setting = Setting { input: [4, 5, 1], classes: 4, batch_size: 7, ..Setting::new(layers) };
    check_setting(&Setting { label_smoothing: 0.2, ..setting.clone() });
    check_setting(&Setting { class_weight: vec![0.5, 3.0, 0.0, 1.25], ..setting.clone() });
    check_setting(&Setting { label_smoothing: 0.1, class_weight: vec![2.0, 0.25, 1.0, 1.0], ..setting });
}

#[test]
fn all_layers_in_one_network() {
    let layers = json!([
        { "conv2d": { "filters": 16, "kernel_size": [3, 3], "use_bias": false } }, { "batch_normalization": {} },
        { "activation": "silu" }, { "conv2d": { "filters": 17, "kernel_size": [3, 3], "activation": "gelu" } },
        { "max_pooling2d": { "padding": "same" } }, { "average_pooling2d": { "strides": [1, 1] } },
        { "conv2d": { "filters": 6, "kernel_size": [2, 1], "padding": "same", "activation": "leaky_relu" } },
        { "flatten": {} }, { "dense": { "units": 8, "activation": "elu", "l2": 0.01 } }, softmax(4)
    ]);
    check([11, 12, 1], layers);
}

/// Inputs of both signs that are no bytes: rows of features, a first layer in slices, images.
#[test]
fn inputs_that_are_floats() {
    let end = json!({ "dense": { "units": 4, "activation": "softmax" } });
    let on_floats = |input: [usize; 3], layers: Value| {
        let layers: Vec<Layer> = serde_json::from_value(layers).expect("layers in the study file's words");
        let inputs = InputKind::Floats;
        check_setting(&Setting { input, inputs, classes: 4, batch_size: 7, ..Setting::new(layers) });
    };
    on_floats([1, 1, 13], json!([{ "dense": { "units": 9, "activation": "tanh" } }, end]));
    on_floats([1, 1, 601], json!([{ "dense": { "units": 17, "activation": "sigmoid" } }, end]));
    let conv = json!({ "conv2d": { "filters": 6, "kernel_size": [3, 2], "activation": "silu" } });
    on_floats([6, 7, 3], json!([conv, { "average_pooling2d": {} }, { "flatten": {} }, end]));
}
