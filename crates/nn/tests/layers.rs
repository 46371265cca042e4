//! What is measured of the layers, against plain loops and central differences in f64, and on nets made to show it.

use crate::engine;
use crate::formulas;
use crate::naive;

use engine::Setting;
use naive::{Batch, Target, Tensors};
use serde_json::{Value, json};
use toile_nn::{
    Activation, Examples, FitConfig, FitEvent, Flow, ImageShape, Inputs, Layer, LayerRecord, LayersRecord,
    Model, Sgd, Tensor, fit,
};
use toile_rng::Seed;

fn parse(layers: Value) -> Vec<Layer> {
    serde_json::from_value(layers).expect("layers in the study file's words")
}

fn dense(units: usize, activation: &str) -> Value {
    json!({ "dense": { "units": units, "activation": activation, "l2": 0.01 } })
}

fn conv(filters: usize, kernel: [usize; 2], activation: &str) -> Value {
    json!({ "conv2d": { "filters": filters, "kernel_size": kernel, "activation": activation } })
}

/// One update on all of 40 examples: they are the probe, and its batch.
fn setting(input: [usize; 3], layers: Value) -> Setting {
    Setting { input, classes: 4, examples: 40, batch_size: 40, ..Setting::new(parse(layers)) }
}

fn wide(tensors: Vec<Tensor>) -> Tensors {
    let values = |tensor: &Tensor| tensor.values.iter().map(|v| f64::from(*v)).collect();
    tensors.into_iter().map(|tensor| (tensor.name.clone(), (tensor.shape.clone(), values(&tensor)))).collect()
}

/// The layers as the twin takes them: without dropout, which is random, and without penalties.
fn bare(layers: &[Layer]) -> Vec<Layer> {
    let one = |layer: &Layer| match layer.clone() {
        Layer::Dropout(_) => Layer::Activation(Activation::Linear),
        Layer::Dense(dense) => Layer::Dense(toile_nn::Dense { l2: 0.0, ..dense }),
        other => other,
    };
    layers.iter().map(one).collect()
}

fn batch(setting: &Setting) -> (Batch, Target) {
    let (examples, size) = (0..setting.examples as u32, setting.input.iter().product());
    let pixels = examples.clone().flat_map(|i| formulas::image(i, size, setting.classes));
    let values = pixels.map(|pixel| f64::from(pixel) / 255.0).collect();
    let is_dense = matches!(setting.layers[0], Layer::Dense(_));
    let shape = if is_dense { [1, 1, size] } else { setting.input };
    let labels = examples.map(|i| formulas::label(i, setting.classes) as usize).collect();
    (Batch { n: setting.examples, shape, values }, Target { labels, ..Target::default() })
}

/// RMS of some numbers.
fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

fn assert_near(found: Option<f64>, expected: f64, what: &str) {
    let found = found.unwrap_or(f64::NAN);
    assert!((found - expected).abs() <= 2e-4 * expected + 1e-9, "{what}: found {found}, expected {expected}");
}

/// The trainable tensors of layer `i`, one after the other.
fn of_layer(tensors: &Tensors, i: usize) -> Vec<f64> {
    let own =
        tensors.iter().filter(|(name, _)| name.starts_with(&format!("{i}.")) && !name.contains(".moving_"));
    own.flat_map(|(_, (_, values))| values.clone()).collect()
}

/// Dead and saturated units of layer `i` by plain loops over what it makes of the images.
fn idle(activation: Activation, output: &Batch) -> (Option<usize>, Option<usize>) {
    let units = output.shape[2];
    let of = |c: usize| output.values.iter().skip(c).step_by(units).copied().collect::<Vec<f64>>();
    let flat = |y: f64| match activation {
        Activation::Sigmoid => y * (1.0 - y) < 0.01,
        _ => 1.0 - y * y < 0.01,
    };
    let is_dead = |c: &usize| of(*c).iter().all(|y| *y == 0.0);
    let is_saturated = |c: &usize| {
        let all = of(*c);
        all.iter().filter(|y| flat(**y)).count() as f64 > 0.9 * all.len() as f64
    };
    match activation {
        Activation::Relu => (Some((0..units).filter(is_dead).count()), None),
        Activation::Sigmoid | Activation::Tanh => (None, Some((0..units).filter(is_saturated).count())),
        _ => (None, None),
    }
}

/// Compares everything that is measured after an update with the twin; gives what was measured.
fn check(setting: &Setting) -> LayersRecord {
    let trained = setting.train(1);
    let (measured, layers) = (trained.layers, bare(&setting.layers));
    assert_eq!((measured.epoch, measured.images, measured.gradient_images), (1, 40, 40));
    let (before, mut after) = (wide(setting.model().weights()), wide(trained.model.weights()));
    let (input, target) = batch(setting);
    let outputs = naive::outputs(&layers, &after, &input);
    let names: Vec<String> = trained.model.summary().rows.into_iter().map(|row| row.name).collect();
    for found in &measured.layers {
        let i = names.iter().position(|name| *name == found.layer).expect("a layer of the model");
        let what = format!("{} of {}", found.layer, serde_json::to_string(&setting.layers).expect("JSON"));
        let now = of_layer(&after, i);
        if let Some(output) = outputs.get(i) {
            assert_eq!((found.dead, found.saturated), idle(layers[i].activation(), output), "{what}");
            assert_eq!(found.units, output.shape[2], "{what}");
        }
        if now.is_empty() {
            assert_eq!(
                (found.gradient_rms, found.weight_rms, found.update_rms),
                (None, None, None),
                "{what}"
            );
            continue;
        }
        let moved: Vec<f64> = now.iter().zip(of_layer(&before, i)).map(|(a, b)| a - b).collect();
        assert_near(found.weight_rms, rms(&now), &format!("weights of {what}"));
        assert_near(found.update_rms, rms(&moved), &format!("update of {what}"));
        let own = format!("{i}.");
        let trainable: Vec<(String, usize)> = after
            .iter()
            .filter(|(name, _)| name.starts_with(&own) && !name.contains(".moving_"))
            .map(|(name, (_, values))| (name.clone(), values.len()))
            .collect();
        let mut gradient = Vec::new();
        for (name, n) in trainable {
            let at = |place| naive::central_difference(&layers, &mut after, &name, place, &input, &target);
            gradient.extend((0..n).map(at));
        }
        assert_near(found.gradient_rms, rms(&gradient), &format!("gradient of {what}"));
    }
    measured
}

#[test]
fn a_dense_net_is_measured_as_plain_loops_and_central_differences_say() {
    let hidden = [dense(17, "relu"), json!({ "dropout": { "rate": 0.5 } }), dense(9, "tanh")];
    let [first, dropout, second] = hidden;
    let layers = json!([first, dropout, second, dense(6, "sigmoid"), dense(5, "gelu"), dense(4, "softmax")]);
    let measured = check(&setting([3, 4, 1], layers));
    let names: Vec<&str> = measured.layers.iter().map(|layer| layer.layer.as_str()).collect();
    assert_eq!(names, ["dense", "dense_1", "dense_2", "dense_3", "dense_4"], "dropout is nothing to measure");
}

#[test]
fn convolutions_are_measured_by_channel_with_pooling_or_without() {
    let pool = json!({ "max_pooling2d": {} });
    let layers = json!([conv(6, [3, 3], "relu"), pool, conv(5, [2, 2], "tanh"), { "flatten": {} }, dense(4, "softmax")]);
    check(&setting([10, 10, 1], layers));
    let separable =
        json!({ "separable_conv2d": { "filters": 6, "kernel_size": [3, 3], "activation": "relu" } });
    let depthwise = json!({ "depthwise_conv2d": { "kernel_size": [2, 2], "activation": "sigmoid" } });
    check(&setting([8, 8, 2], json!([separable, depthwise, { "flatten": {} }, dense(4, "softmax")])));
}

#[test]
fn an_activation_of_its_own_has_units_and_a_normalisation_has_weights() {
    let plain = json!({ "dense": { "units": 12 } });
    check(&setting([3, 4, 1], json!([plain, { "activation": "relu" }, dense(4, "softmax")])));
    // Units of a net with batch normalisation are counted with the moving averages, which the twin does not have.
    let normalized = setting([3, 4, 1], json!([plain, { "batch_normalization": {} }, dense(4, "softmax")]));
    let measured = check(&normalized);
    assert_eq!(measured.layers[1].layer, "batch_normalization");
}

/// A net whose weights are made so, trained for an update that moves hardly anything, and measured.
fn made(layers: Value, weight: impl Fn(&Tensor) -> Vec<f32>) -> Vec<LayerRecord> {
    let shape = ImageShape { height: 4, width: 4, channels: 1 };
    let mut model = Model::build(&parse(layers), shape, Seed::new(3)).expect("the layers fit");
    let own = |tensor: Tensor| Tensor { values: weight(&tensor), ..tensor };
    let tensors: Vec<Tensor> = model.weights().into_iter().map(own).collect();
    model.set_weights(&tensors).expect("the model's own tensors");
    let images: Vec<u8> = (0..30 * 16).map(|i| (i * 37 % 251) as u8).collect();
    let labels: Vec<u8> = (0..30).map(|i| (i % 3) as u8).collect();
    let indices: Vec<u32> = (0..30).collect();
    let train =
        Examples { images: Inputs::Bytes(&images), labels: &labels, indices: &indices, shape, classes: 3 };
    let mut measured = None;
    let config = FitConfig { measures_layers: true, ..FitConfig::new(Sgd::new(1e-12)) };
    fit(&mut model, &train, None, &config, 1, &mut |event| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            measured = snapshot.layers().cloned();
        }
        Flow::Continue
    });
    measured.expect("the last epoch is measured").layers
}

#[test]
fn without_images_nothing_is_measured() {
    let shape = ImageShape { height: 4, width: 4, channels: 1 };
    let layers = parse(json!([dense(8, "relu"), dense(3, "softmax")]));
    let mut model = Model::build(&layers, shape, Seed::new(3)).expect("the layers fit");
    let train = Examples { images: Inputs::Bytes(&[]), labels: &[], indices: &[], shape, classes: 3 };
    let config = FitConfig { measures_layers: true, epochs: 2, ..FitConfig::new(Sgd::new(0.1)) };
    fit(&mut model, &train, None, &config, 1, &mut |event| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            assert_eq!(snapshot.layers(), None);
        }
        Flow::Continue
    });
}

fn ratio(layers: &[LayerRecord]) -> f64 {
    let [first, last] =
        [&layers[0], &layers[layers.len() - 1]].map(|layer| layer.gradient_rms.expect("weights"));
    first / last
}

#[test]
fn relu_units_far_below_zero_are_all_dead_and_pass_no_gradient() {
    let layers = || json!([dense(8, "relu"), dense(3, "softmax")]);
    let low = |tensor: &Tensor| match tensor.name.as_str() {
        "0.bias" => vec![-100.0; 8],
        _ => tensor.values.clone(),
    };
    let dead = made(layers(), low);
    assert_eq!((dead[0].dead, dead[0].units, dead[0].gradient_rms), (Some(8), 8, Some(0.0)));
    let alive = made(layers(), |tensor| tensor.values.clone());
    assert!(alive[0].dead < Some(3) && alive[0].gradient_rms > Some(1e-4), "{alive:?}");
}

#[test]
fn filters_far_below_zero_are_dead_below_the_pooling_too() {
    let pool = json!({ "max_pooling2d": {} });
    let low = |tensor: &Tensor| match tensor.name.as_str() {
        "0.bias" => vec![-100.0, 0.5, -100.0, 0.5, -100.0, 0.5],
        _ => tensor.values.clone(),
    };
    for pooled in [json!([conv(6, [3, 3], "relu")]), json!([conv(6, [3, 3], "relu"), pool])] {
        let mut layers = pooled.as_array().expect("a list").clone();
        layers.extend([json!({ "flatten": {} }), dense(3, "softmax")]);
        assert_eq!(made(Value::Array(layers), low)[0].dead, Some(3));
    }
}

#[test]
fn tanh_and_sigmoid_units_far_from_zero_are_saturated() {
    for activation in ["tanh", "sigmoid"] {
        let layers = || json!([dense(8, activation), dense(3, "softmax")]);
        let half = |tensor: &Tensor| match tensor.name.as_str() {
            "0.bias" => [-40.0, 40.0, -40.0, 40.0, 0.0, 0.0, 0.0, 0.0].to_vec(),
            _ => tensor.values.clone(),
        };
        assert_eq!(made(layers(), half)[0].saturated, Some(4), "{activation}");
        assert_eq!(made(layers(), |tensor| tensor.values.clone())[0].saturated, Some(0), "{activation}");
    }
}

/// A sigmoid's derivative is at most a quarter: eight of them leave less than 10⁻⁴ even where all is well.
#[test]
fn the_gradient_vanishes_through_eight_sigmoids_and_not_through_relu() {
    let stack = |activation: &str| {
        let mut layers = vec![dense(16, activation); 8];
        layers.push(dense(3, "softmax"));
        Value::Array(layers)
    };
    let own = |tensor: &Tensor| tensor.values.clone();
    let (sigmoid, relu) = (ratio(&made(stack("sigmoid"), own)), ratio(&made(stack("relu"), own)));
    assert!(sigmoid < 1e-3, "{sigmoid}");
    assert!((1e-2..1e2).contains(&relu), "{relu}");
}

#[test]
fn the_gradient_explodes_through_large_weights() {
    let mut layers = vec![dense(16, "linear"); 6];
    layers.push(dense(3, "softmax"));
    let large = |tensor: &Tensor| match tensor.name.as_str() {
        "0.kernel" | "0.bias" => tensor.values.iter().map(|v| 1e-6 * v).collect(),
        _ => tensor.values.iter().map(|v| 8.0 * v).collect::<Vec<f32>>(),
    };
    let found = ratio(&made(Value::Array(layers), large));
    assert!(found > 1e3, "{found}");
}

#[test]
fn nothing_is_measured_that_was_not_asked_for() {
    let plain = Setting { examples: 20, batch_size: 10, ..setting([3, 4, 1], json!([dense(4, "softmax")])) };
    let mut model = plain.model();
    let (images, labels) = (vec![7; 20 * 12], vec![1; 20]);
    let indices: Vec<u32> = (0..20).collect();
    let shape = ImageShape { height: 3, width: 4, channels: 1 };
    let train =
        Examples { images: Inputs::Bytes(&images), labels: &labels, indices: &indices, shape, classes: 4 };
    fit(&mut model, &train, None, &FitConfig::new(Sgd::new(0.1)), 1, &mut |event| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            assert!(snapshot.layers().is_none());
        }
        Flow::Continue
    });
}
