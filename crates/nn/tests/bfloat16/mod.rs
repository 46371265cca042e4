//! `mixed_bfloat16`: the same bits by every way of multiplying and on any number of threads, near those of floats, as
//! the definition says, and taken up again where they were left.

mod near;
mod shapes;
mod state;
mod twin;
mod ways;

use std::sync::atomic::AtomicUsize;

use toile_nn::*;
use toile_rng::Seed;

use crate::nets::{self, Given, Noise, SHAPE, parse};

const MIXED: DtypePolicy = DtypePolicy::MixedBfloat16;

/// The nets of all tests; and one whose values go from layer to layer as plates: few channels, a pooling that is taken
/// in, every kind of window, a row made of blocks of channels, dense layers one after the other.
fn nets() -> Vec<(&'static str, Vec<Layer>)> {
    let plates = r#"[{"conv2d":{"filters":16,"kernel_size":[3,3],"activation":"relu"}},
        {"conv2d":{"filters":24,"kernel_size":[3,3],"activation":"relu"}},{"max_pooling2d":{}},
        {"conv2d":{"filters":40,"kernel_size":[3,3],"padding":"same","activation":"relu","use_bias":false}},
        {"conv2d":{"filters":33,"kernel_size":[2,2],"strides":[2,2]}},
        {"conv2d":{"filters":32,"kernel_size":[3,3],"activation":"relu"}},{"max_pooling2d":{}},{"flatten":{}},
        {"dense":{"units":40,"activation":"relu"}},{"dense":{"units":33}},{"dense":{"units":5,"activation":"softmax"}}]"#;
    let mut all = nets::nets();
    all.push(("plates", parse(plates)));
    all
}

/// Batches of two whole chunks of plates and a part of one.
fn config(optimizer: &Optimizer, epochs: usize) -> FitConfig {
    FitConfig { batch_size: 70, epochs, seed: Seed::new(7), ..FitConfig::new(optimizer.clone()) }
}

fn model(layers: &[Layer], seed: u64) -> Model {
    Model::build(layers, SHAPE, Seed::new(seed)).expect("the layers fit").with_dtype_policy(MIXED)
}

/// Epoch rows, final weights, what was measured of the layers, and an evaluation, as bits.
fn train(layers: &[Layer], config: &FitConfig, threads: usize) -> Vec<u64> {
    train_on(Given::Bytes, layers, config, threads)
}

/// The same on images that are given so.
fn train_on(given: Given, layers: &[Layer], config: &FitConfig, threads: usize) -> Vec<u64> {
    let (noise, threads) = (Noise::new(130), AtomicUsize::new(threads));
    let [examples, validation] = noise.split_as(given, 100);
    let (mut model, mut bits) = (model(layers, 7), Vec::new());
    let outcome = fit(&mut model, &examples, Some(&validation), config, &threads, &mut |event| {
        if let FitEvent::EpochEnd(row, snapshot) = event {
            let numbers = [row.loss, row.accuracy, row.train_loss, row.val_loss];
            bits.extend(numbers.map(|number| number.expect("it is measured").to_bits()));
            let measured = snapshot.layers().map(|layers| serde_json::to_string(layers).expect("JSON"));
            bits.extend(measured.iter().flat_map(|text| text.bytes().map(u64::from)));
        }
        Flow::Continue
    });
    assert_eq!(outcome.end, FitEnd::Finished);
    bits.extend(model.weights().into_iter().flat_map(|t| t.values).map(|v| u64::from(v.to_bits())));
    let evaluation = evaluate(&model, &validation, &config.loss, 0.0, &threads);
    bits.push(evaluation.loss.to_bits());
    bits.extend(evaluation.confidences.iter().map(|c| u64::from(c.to_bits())));
    bits
}
