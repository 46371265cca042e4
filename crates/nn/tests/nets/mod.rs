//! Four nets that take every path of the engine, all optimizers, and a training of each on noise.
#![allow(dead_code)]

use std::sync::atomic::AtomicUsize;

use toile_nn::*;
use toile_rng::Seed;

pub const SHAPE: ImageShape = ImageShape { height: 28, width: 28, channels: 1 };
pub const CLASSES: usize = 5;

/// Layers and optimizers as the study file writes them.
pub fn parse<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// `dense`: a wide first layer in slices, dropout, a penalty. `convolutions`: a cheap layer in a strip with a
/// convolution that takes in its pooling, tiles of 2, 4 and 5 outputs, dropout. `normalized`: batch normalisations, a
/// large kernel with strides, average pooling. `separable`: depthwise and separable convolutions, cheap ones in strips
/// with those after them, and a large one.
pub fn nets() -> Vec<(&'static str, Vec<Layer>)> {
    let texts = [
        (
            "dense",
            r#"[{"dense":{"units":33,"activation":"sigmoid","l2":0.001}},{"dropout":{"rate":0.3}},
                {"dense":{"units":20,"activation":"gelu"}},{"dense":{"units":5,"activation":"softmax"}}]"#,
        ),
        (
            "convolutions",
            r#"[{"conv2d":{"filters":32,"kernel_size":[3,3],"activation":"relu"}},
                {"conv2d":{"filters":24,"kernel_size":[3,3],"activation":"relu"}},{"max_pooling2d":{}},
                {"conv2d":{"filters":17,"kernel_size":[3,3],"activation":"relu"}},
                {"conv2d":{"filters":20,"kernel_size":[3,3],"padding":"same","activation":"tanh"}},
                {"max_pooling2d":{}},{"dropout":{"rate":0.5}},
                {"conv2d":{"filters":16,"kernel_size":[3,3],"use_bias":false}},{"flatten":{}},
                {"dense":{"units":9,"activation":"elu"}},{"dense":{"units":5,"activation":"softmax"}}]"#,
        ),
        (
            "normalized",
            r#"[{"conv2d":{"filters":6,"kernel_size":[5,4],"strides":[2,1]}},{"batch_normalization":{}},
                {"activation":"silu"},{"average_pooling2d":{"padding":"same"}},
                {"conv2d":{"filters":8,"kernel_size":[1,1],"activation":"leaky_relu"}},{"max_pooling2d":{"strides":[1,1]}},
                {"global_average_pooling2d":{}},{"batch_normalization":{}},
                {"dense":{"units":5,"activation":"softmax"}}]"#,
        ),
        (
            "separable",
            r#"[{"depthwise_conv2d":{"kernel_size":[3,3],"depth_multiplier":40,"activation":"relu"}},
                {"separable_conv2d":{"filters":24,"kernel_size":[3,3],"padding":"same","activation":"relu"}},
                {"max_pooling2d":{}},
                {"depthwise_conv2d":{"kernel_size":[6,7],"use_bias":false,"padding":"same","activation":"silu"}},
                {"separable_conv2d":{"filters":7,"kernel_size":[3,2],"strides":[2,2],"depth_multiplier":2}},
                {"flatten":{}},{"dense":{"units":5,"activation":"softmax"}}]"#,
        ),
    ];
    texts.map(|(name, text)| (name, parse(text))).to_vec()
}

pub fn optimizers() -> Vec<(&'static str, Optimizer)> {
    let texts = [
        ("sgd", r#"{"sgd":{"learning_rate":0.05}}"#),
        ("nesterov", r#"{"sgd":{"learning_rate":0.05,"momentum":0.9,"nesterov":true,"clipnorm":0.5}}"#),
        ("adam", r#"{"adam":{}}"#),
        ("amsgrad", r#"{"adam":{"amsgrad":true,"global_clipnorm":1.0}}"#),
        ("adamw", r#"{"adamw":{"clipvalue":0.01}}"#),
        ("nadam", r#"{"nadam":{}}"#),
        ("rmsprop", r#"{"rmsprop":{}}"#),
        ("centered", r#"{"rmsprop":{"momentum":0.5,"centered":true}}"#),
    ];
    texts.map(|(name, text)| (name, parse(text))).to_vec()
}

/// How images are given to the engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given {
    Bytes,
    /// The floats that the bytes become.
    Floats,
    /// Floats that no byte becomes.
    Normal,
}

/// Images of noise: bytes, the floats that these become, and normal numbers with zeros of both signs and very large and
/// very small ones among them.
pub struct Noise {
    pub images: Vec<u8>,
    floats: Vec<f32>,
    normal: Vec<f32>,
    labels: Vec<u8>,
    indices: Vec<u32>,
}

impl Noise {
    pub fn new(n: usize) -> Noise {
        let mut stream = Seed::new(3).stream("noise", 0);
        let images: Vec<u8> = (0..n * SHAPE.values()).map(|_| stream.next_u32() as u8).collect();
        let floats = images.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        let labels = (0..n).map(|_| stream.below(CLASSES as u32) as u8).collect();
        let rare = [0.0, -0.0, 1e-45, -1e-45, 1e-38, -1e3, 1e3];
        let mut stream = Seed::new(3).stream("normal noise", 0);
        let normal = |i: usize| if i % 97 == 5 { rare[i / 97 % 7] } else { stream.normal_f64() as f32 };
        let normal = (0..n * SHAPE.values()).map(normal).collect();
        Noise { images, floats, normal, labels, indices: (0..n as u32).collect() }
    }

    /// The first so many of them, and the others, as bytes.
    pub fn split(&self, n: usize) -> [Examples<'_>; 2] {
        self.split_as(Given::Bytes, n)
    }

    /// The same, as bytes or as floats.
    pub fn split_as(&self, given: Given, n: usize) -> [Examples<'_>; 2] {
        let labels = &self.labels;
        let images = match given {
            Given::Bytes => Inputs::Bytes(&self.images),
            Given::Floats => Inputs::floats(&self.floats, SHAPE).expect("finite floats"),
            Given::Normal => Inputs::floats(&self.normal, SHAPE).expect("finite floats"),
        };
        let (first, rest) = self.indices.split_at(n);
        [first, rest].map(|indices| Examples { images, labels, indices, shape: SHAPE, classes: CLASSES })
    }
}

pub fn config(optimizer: &Optimizer, epochs: usize) -> FitConfig {
    FitConfig { batch_size: 24, epochs, seed: Seed::new(7), ..FitConfig::new(optimizer.clone()) }
}

/// Epoch rows, final weights and an evaluation, as bits. `threads` is told the step and may change `count`.
pub fn train(layers: &[Layer], config: &FitConfig, count: &AtomicUsize, threads: &dyn Fn(usize)) -> Vec<u64> {
    train_on(Given::Bytes, layers, config, count, threads)
}

/// The same on images that are given so.
pub fn train_on(
    given: Given,
    layers: &[Layer],
    config: &FitConfig,
    count: &AtomicUsize,
    threads: &dyn Fn(usize),
) -> Vec<u64> {
    let noise = Noise::new(63);
    let [examples, validation] = noise.split_as(given, 53);
    let mut model = Model::build(layers, SHAPE, Seed::new(7)).expect("the layers fit");
    let (mut steps, mut bits) = (0, Vec::new());
    let outcome = fit(&mut model, &examples, Some(&validation), config, count, &mut |event| {
        match event {
            FitEvent::Step { .. } => {
                steps += 1;
                threads(steps);
            }
            FitEvent::EpochEnd(row, _) => {
                let numbers = [row.loss, row.accuracy, row.train_loss, row.val_loss];
                bits.extend(numbers.map(|number| number.expect("it is measured").to_bits()));
            }
            _ => {}
        }
        Flow::Continue
    });
    assert_eq!(outcome.end, FitEnd::Finished);
    bits.extend(weights(&model));
    let evaluation = evaluate(&model, &validation, &config.loss, 0.0, count);
    bits.push(evaluation.loss.to_bits());
    bits.extend(evaluation.confidences.iter().map(|c| c.to_bits() as u64));
    bits
}

/// What is measured of the layers of such a training, a line of JSON each time.
pub fn measured(layers: &[Layer], config: &FitConfig, threads: usize) -> String {
    measured_on(Given::Bytes, layers, config, threads)
}

/// The same on images that are given so.
pub fn measured_on(given: Given, layers: &[Layer], config: &FitConfig, threads: usize) -> String {
    let noise = Noise::new(63);
    let [examples, _] = noise.split_as(given, 53);
    let mut model = Model::build(layers, SHAPE, Seed::new(7)).expect("the layers fit");
    let mut lines = String::new();
    fit(&mut model, &examples, None, config, threads, &mut |event| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            let json = |layers| serde_json::to_string(layers).expect("a record is JSON") + "\n";
            lines.extend(snapshot.layers().map(json));
        }
        Flow::Continue
    });
    lines
}

fn weights(model: &Model) -> impl Iterator<Item = u64> {
    model.weights().into_iter().flat_map(|t| t.values).map(|v| v.to_bits() as u64)
}
