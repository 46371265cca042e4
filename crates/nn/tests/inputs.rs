//! Inputs that are floats: what they mean, beside bytes and beside a plain twin in f64, and which are refused.

use crate::engine;
use crate::formulas;
use crate::naive;

use engine::{InputKind, Setting};
use naive::Batch;
use serde_json::{Value, json};
use toile_nn::*;
use toile_rng::Seed;

const CLASSES: usize = 5;

fn layers(words: Value) -> Vec<Layer> {
    serde_json::from_value(words).expect("the study file's words")
}

/// Nets on small images of odd sizes, and on rows of features.
fn nets() -> Vec<(ImageShape, Vec<Layer>)> {
    let end = json!({ "dense": { "units": CLASSES, "activation": "softmax" } });
    let dense = |units: usize| json!({ "dense": { "units": units, "activation": "tanh" } });
    let conv =
        |size: usize| json!({ "conv2d": { "filters": 7, "kernel_size": [size, 2], "activation": "relu" } });
    let (bn, flatten, pool) =
        (json!({ "batch_normalization": {} }), json!({ "flatten": {} }), json!({ "max_pooling2d": {} }));
    vec![
        (ImageShape::row(1), layers(json!([dense(3), end]))),
        (ImageShape::row(13), layers(json!([bn, flatten, dense(9), end]))),
        (ImageShape::row(601), layers(json!([dense(33), { "dropout": { "rate": 0.25 } }, end]))),
        (
            ImageShape { height: 5, width: 7, channels: 3 },
            layers(json!([conv(3), bn, conv(2), flatten, end])),
        ),
        (
            ImageShape { height: 9, width: 6, channels: 1 },
            layers(json!([conv(2), pool, flatten, dense(8), end])),
        ),
    ]
}

fn optimizers() -> Vec<Optimizer> {
    let momentum = Sgd { momentum: 0.9, nesterov: true, ..Sgd::new(0.05) };
    vec![
        Sgd::new(0.1).into(),
        momentum.into(),
        Adam::default().into(),
        AdamW::default().into(),
        Nadam::default().into(),
        RmsProp::default().into(),
    ]
}

/// Everything that a training shows: weights, rows, losses of the batches, an evaluation, probabilities.
#[derive(Debug, PartialEq)]
struct Shown {
    weights: Vec<Tensor>,
    rows: Vec<Epoch>,
    losses: Vec<f64>,
    evaluation: Evaluation,
    probabilities: Vec<u32>,
    maps: Option<ClassMaps>,
}

/// Trains two epochs in batches of 16, of which the last is short, on the first 37 of 50 examples.
fn shown(
    shape: ImageShape,
    layers: &[Layer],
    images: Inputs,
    optimizer: &Optimizer,
    threads: usize,
) -> Shown {
    let labels: Vec<u8> = (0..50).map(|i| formulas::label(i, CLASSES)).collect();
    let indices: Vec<u32> = (0..50).rev().collect();
    let all = Examples { images, labels: &labels, indices: &indices, shape, classes: CLASSES };
    let (train, validation) = (all.with_indices(&indices[..37]), all.with_indices(&indices[37..]));
    let config = FitConfig {
        batch_size: 16,
        epochs: 2,
        callbacks: vec![Callback::BestWeights(BestWeights::default())],
        class_weight: vec![1.0, 2.0, 0.5, 1.0, 1.5],
        label_smoothing: 0.1,
        ..FitConfig::new(optimizer.clone())
    };
    let mut model = Model::build(layers, shape, Seed::new(7)).expect("the layers fit");
    let (mut rows, mut losses) = (Vec::new(), Vec::new());
    fit(&mut model, &train, Some(&validation), &config, threads, &mut |event| {
        match event {
            FitEvent::EpochEnd(row, _) => rows.push(*row),
            FitEvent::Step { loss, .. } => losses.push(loss),
            FitEvent::EpochBegin { .. } | FitEvent::TrainingEnd { .. } => {}
        }
        Flow::Continue
    });
    Shown {
        weights: model.weights(),
        rows,
        losses,
        evaluation: evaluate(&model, &validation, &config.loss, 0.1, threads),
        probabilities: predict(&model, images, threads).iter().map(|p| p.to_bits()).collect(),
        maps: grad_cam(&model, images, &labels),
    }
}

#[test]
fn bytes_and_the_floats_that_they_become_show_the_same() {
    for (shape, layers) in nets() {
        let bytes: Vec<u8> = (0..50).flat_map(|i| formulas::image(i, shape.values(), CLASSES)).collect();
        let floats: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        let floats = Inputs::floats(&floats, shape).expect("finite floats");
        for (i, optimizer) in optimizers().iter().enumerate() {
            let expected = shown(shape, &layers, Inputs::Bytes(&bytes), optimizer, 1);
            assert_eq!(expected.rows.len(), 2);
            let found = shown(shape, &layers, floats, optimizer, 1 + i % 4);
            assert!(found == expected, "{shape:?}, {optimizer:?}: {found:?}, not {expected:?}");
        }
    }
}

/// The first loss and the probabilities, of numbers of both signs that nothing scales.
#[test]
fn floats_are_used_as_they_are() {
    for (shape, layers) in nets() {
        let setting = Setting {
            input: shape.into(),
            inputs: InputKind::Floats,
            examples: 19,
            batch_size: 19,
            ..Setting::new(layers.clone())
        };
        let model = setting.model();
        let tensors = model.weights().into_iter().map(|tensor| {
            let wide = tensor.values.into_iter().map(f64::from).collect();
            (tensor.name, (tensor.shape, wide))
        });
        let tensors = tensors.collect();
        let values: Vec<f32> = (0..19).flat_map(|i| formulas::features(i, shape.values(), CLASSES)).collect();
        assert!(values.iter().any(|x| *x < -1.0) && values.iter().any(|x| *x > 1.0));
        let wide: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
        let input = match layers[0] {
            Layer::Dense(_) => [1, 1, shape.values()],
            _ => setting.input,
        };
        let logits = naive::logits(&layers, &tensors, 0, Batch { n: 19, shape: input, values: wide });
        let images = Inputs::floats(&values, shape).expect("finite floats");
        let found = predict(&model, images, 2);
        for (row, logits) in found.chunks(CLASSES).zip(logits.values.chunks(CLASSES)) {
            let sum: f64 = logits.iter().map(|z| z.exp()).sum();
            for (p, z) in row.iter().zip(logits) {
                assert!(
                    (f64::from(*p) - z.exp() / sum).abs() < 2e-6,
                    "{shape:?}: {p}, not {}",
                    z.exp() / sum
                );
            }
        }
    }
}

fn message(values: &[f32], shape: ImageShape) -> String {
    Inputs::floats(values, shape).expect_err("they are refused").to_string()
}

#[test]
fn a_value_that_is_not_finite_is_refused_with_its_place() {
    let shape = ImageShape { height: 3, width: 4, channels: 2 };
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for at in [0, 23, 24 + 13, 24 * 400 - 1] {
            let mut values = vec![0.5; 24 * 400];
            values[at] = value;
            let error = Inputs::floats(&values, shape).unwrap_err();
            let InputError::NotFinite { example, position, value: found, .. } = error else {
                panic!("{error}")
            };
            assert_eq!((example, position), (at / 24, at % 24));
            assert_eq!(found.to_bits(), value.to_bits());
        }
    }
    let mut values = vec![0.5; 24 * 2];
    values[24 + 13] = f32::NEG_INFINITY;
    assert_eq!(
        message(&values, shape),
        "row 1, column 2, channel 1 of example 1 (all counted from 0) is -inf, expected a finite number; put a number \
         in its place, or leave the example out (an f32 holds magnitudes up to 3.4e38)"
    );
    assert_eq!(
        message(&[0.0, f32::NAN], ImageShape::row(2)),
        "feature 1 of example 0 (both counted from 0) is NaN, expected a finite number; put a number in its place, or \
         leave the example out (an f32 holds magnitudes up to 3.4e38)"
    );
}

#[test]
fn a_part_of_an_example_is_refused() {
    let shape = ImageShape { height: 3, width: 4, channels: 2 };
    assert_eq!(
        message(&[0.0; 25], shape),
        "25 values are no whole number of examples of 3 x 4 x 2 values (height x width x channels); give each example \
         all of its values, in this order"
    );
    assert!(Inputs::floats(&[], shape).is_ok_and(|none| none.is_empty()));
    assert!(
        message(&[1.0], ImageShape::row(0))
            .starts_with("1 values are no whole number of examples of 1 x 1 x 0")
    );
    assert!(Inputs::floats(&[], ImageShape::row(0)).is_ok());
}

#[test]
fn floats_take_four_times_the_memory_of_bytes() {
    let (bytes, floats) = ([1u8; 12], [1.0f32; 12]);
    assert_eq!(Inputs::from(&bytes).n_bytes(), 12);
    assert_eq!(Inputs::floats(&floats, ImageShape::row(3)).map(|floats| floats.n_bytes()), Ok(48));
}

/// Finite inputs whose products are not: found at the first batch, and no weight has moved.
#[test]
fn inputs_that_overflow_inside_the_network_are_found() {
    let shape = ImageShape::row(4);
    let net = layers(json!([{ "dense": { "units": CLASSES, "kernel_initializer": { "constant": 1e3 } } },
        { "dense": { "units": CLASSES, "activation": "softmax" } }]));
    let values = [f32::MAX, -f32::MAX, f32::MAX, f32::MAX].repeat(8);
    let images = Inputs::floats(&values, shape).expect("finite floats");
    let (labels, indices): (Vec<u8>, Vec<u32>) = ((0..8).map(|i| i % 5).collect(), (0..8).collect());
    let train = Examples { images, labels: &labels, indices: &indices, shape, classes: CLASSES };
    let build = || Model::build(&net, shape, Seed::new(7)).expect("the layers fit");
    let mut model = build();
    let config = FitConfig::new(Adam::default());
    let outcome = fit(&mut model, &train, None, &config, 1, &mut |_| Flow::Continue);
    assert_eq!(outcome.end, FitEnd::NonFinite { epoch: 1, batch: 1 });
    assert_eq!(model.weights(), build().weights());
}

/// Checked for images of another size: still whole rows, but not of the model's number.
#[test]
#[should_panic(expected = "images and labels differ in number")]
fn floats_of_another_shape_than_the_examples_are_refused() {
    let images = Inputs::floats(&[0.0; 6], ImageShape::row(2)).expect("finite floats");
    let shape = ImageShape::row(3);
    let examples = Examples { images, labels: &[0, 1, 0], indices: &[0, 1, 2], shape, classes: CLASSES };
    let model = Model::build(
        &layers(json!([{ "dense": { "units": CLASSES, "activation": "softmax" } }])),
        shape,
        Seed::new(1),
    );
    evaluate(&model.expect("the layers fit"), &examples, &Loss::default(), 0.0, 1);
}
