//! The naive twin, which the engine's gradients are held against, is itself held against Keras' float64 gradients.

use crate::formulas;
use crate::naive;

use std::collections::BTreeMap;

use naive::{Batch, Target, Tensors};
use serde::Deserialize;
use toile_nn::{Layer, Loss};

#[derive(Deserialize)]
struct Case {
    input: [usize; 3],
    classes: usize,
    layers: Vec<Layer>,
    #[serde(default)]
    loss: Loss,
    batch_size: usize,
    gradient: BTreeMap<String, Vec<f64>>,
    checkpoints: Vec<Checkpoint>,
}

#[derive(Deserialize)]
struct Checkpoint {
    loss: f64,
}

fn check(name: &str, shapes: &[(&str, &[usize])]) {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let case: Case = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut tensors: Tensors = shapes.iter().map(|(name, shape)| initial(name, shape)).collect();
    let (input, target) = batch(&case);
    let loss = naive::loss(&case.layers, &tensors, &input, &target);
    assert!((loss - case.checkpoints[0].loss).abs() < 1e-6, "{name}: loss {loss}");
    for (tensor, gradient) in &case.gradient {
        let places = formulas::places(tensors[tensor].1.len(), 128);
        assert_eq!(places.len(), gradient.len(), "{name}: the size of {tensor}");
        for (place, expected) in places.into_iter().zip(gradient).step_by(5) {
            let found = naive::central_difference(&case.layers, &mut tensors, tensor, place, &input, &target);
            assert!(
                (found - expected).abs() < 1e-8,
                "{name}: {tensor}[{place}] is {found}, in Keras {expected}"
            );
        }
    }
}

fn initial(name: &str, shape: &[usize]) -> (String, (Vec<usize>, Vec<f64>)) {
    let values = formulas::weight(name, shape).into_iter().map(f64::from).collect();
    (name.to_string(), (shape.to_vec(), values))
}

fn batch(case: &Case) -> (Batch, Target) {
    let (examples, size) = (0..case.batch_size as u32, case.input.iter().product());
    let pixels = examples.clone().flat_map(|i| formulas::image(i, size, case.classes));
    let values = pixels.map(|pixel| pixel as f64 / 255.0).collect();
    let labels = examples.map(|i| formulas::label(i, case.classes) as usize).collect();
    let loss = case.loss.clone();
    (Batch { n: case.batch_size, shape: case.input, values }, Target { loss, labels, ..Target::default() })
}

#[test]
fn convolutions_with_strides_and_uneven_padding() {
    let valid: [(&str, &[usize]); 6] = [
        ("0.kernel", &[3, 3, 3, 7]),
        ("0.bias", &[7]),
        ("1.kernel", &[2, 2, 7, 5]),
        ("1.bias", &[5]),
        ("3.kernel", &[2 * 5 * 5, 5]),
        ("3.bias", &[5]),
    ];
    check("conv2d-strides-2-valid", &valid);
    let same: [(&str, &[usize]); 6] = [
        ("0.kernel", &[3, 3, 3, 7]),
        ("0.bias", &[7]),
        ("1.kernel", &[3, 3, 7, 5]),
        ("1.bias", &[5]),
        ("3.kernel", &[5 * 4 * 5, 5]),
        ("3.bias", &[5]),
    ];
    check("conv2d-strides-2-same", &same);
}

#[test]
fn depthwise_and_separable_convolutions() {
    let depthwise: [(&str, &[usize]); 5] = [
        ("0.kernel", &[3, 3, 3, 2]),
        ("0.bias", &[6]),
        ("1.kernel", &[3, 3, 6, 1]),
        ("3.kernel", &[3 * 2 * 6, 5]),
        ("3.bias", &[5]),
    ];
    check("depthwise-conv2d-strides-2", &depthwise);
    let separable: [(&str, &[usize]); 8] = [
        ("0.depthwise_kernel", &[3, 2, 3, 3]),
        ("0.pointwise_kernel", &[1, 1, 9, 6]),
        ("0.bias", &[6]),
        ("1.depthwise_kernel", &[2, 2, 6, 2]),
        ("1.pointwise_kernel", &[1, 1, 12, 5]),
        ("1.bias", &[5]),
        ("3.kernel", &[7 * 7 * 5, 5]),
        ("3.bias", &[5]),
    ];
    check("separable-conv2d-multiplier", &separable);
}

#[test]
fn the_focal_loss() {
    let shapes: [(&str, &[usize]); 4] =
        [("0.kernel", &[3, 3, 3, 6]), ("0.bias", &[6]), ("2.kernel", &[6, 5]), ("2.bias", &[5])];
    check("focal-conv2d", &shapes);
}

#[test]
fn overlapping_pooling_with_padding() {
    let shapes: [(&str, &[usize]); 4] =
        [("0.kernel", &[3, 3, 1, 17]), ("0.bias", &[17]), ("4.kernel", &[4 * 4 * 17, 5]), ("4.bias", &[5])];
    check("max-pooling2d-overlapping", &shapes);
    check("average-pooling2d-overlapping", &shapes);
}

#[test]
fn batch_normalization_of_images_and_rows() {
    let conv: [(&str, &[usize]); 10] = [
        ("0.kernel", &[3, 3, 3, 7]),
        ("0.bias", &[7]),
        ("1.gamma", &[7]),
        ("1.beta", &[7]),
        ("3.kernel", &[3, 3, 7, 18]),
        ("3.bias", &[18]),
        ("4.gamma", &[18]),
        ("4.beta", &[18]),
        ("7.kernel", &[5 * 8 * 18, 5]),
        ("7.bias", &[5]),
    ];
    check("batch-normalization-conv2d", &conv);
    let dense: [(&str, &[usize]); 10] = [
        ("1.kernel", &[64, 19]),
        ("1.bias", &[19]),
        ("2.gamma", &[19]),
        ("2.beta", &[19]),
        ("4.kernel", &[19, 7]),
        ("4.bias", &[7]),
        ("5.gamma", &[7]),
        ("5.beta", &[7]),
        ("7.kernel", &[7, 5]),
        ("7.bias", &[5]),
    ];
    check("batch-normalization-dense", &dense);
}

#[test]
fn every_activation_and_l2() {
    let shapes: [(&str, &[usize]); 8] = [
        ("0.kernel", &[3, 3, 1, 6]),
        ("0.bias", &[6]),
        ("2.kernel", &[216, 11]),
        ("2.bias", &[11]),
        ("3.kernel", &[11, 7]),
        ("3.bias", &[7]),
        ("6.kernel", &[7, 5]),
        ("6.bias", &[5]),
    ];
    for activation in ["linear", "sigmoid", "tanh", "relu", "leaky-relu", "elu", "gelu", "silu", "softmax"] {
        check(&format!("activation-{activation}"), &shapes);
    }
    let shapes: [(&str, &[usize]); 6] = [
        ("0.kernel", &[3, 3, 1, 6]),
        ("0.bias", &[6]),
        ("2.kernel", &[216, 9]),
        ("2.bias", &[9]),
        ("4.kernel", &[9, 5]),
        ("4.bias", &[5]),
    ];
    check("l2-conv2d", &shapes);
}
