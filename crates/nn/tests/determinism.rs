//! The same plan and data give the same bits: for any number of threads, changed in the middle or not.

use std::sync::atomic::{AtomicUsize, Ordering};

use toile_nn::*;
use toile_rng::Seed;

const SHAPE: ImageShape = ImageShape { height: 10, width: 10, channels: 2 };
const IMAGES: usize = 150;

/// Layers and optimizers as the study file writes them.
fn parse<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn nets() -> Vec<Vec<Layer>> {
    let texts = [
        r#"[{"dense":{"units":17,"activation":"sigmoid"}},{"dropout":{"rate":0.3}},{"dense":{"units":5,"activation":"softmax"}}]"#,
        r#"[{"conv2d":{"filters":17,"kernel_size":[3,3],"activation":"relu"}},
            {"conv2d":{"filters":20,"kernel_size":[3,3],"padding":"same","activation":"relu"}},
            {"max_pooling2d":{}},{"flatten":{}},{"dropout":{"rate":0.5}},
            {"dense":{"units":9,"activation":"gelu","l2":0.001}},{"dense":{"units":5,"activation":"softmax"}}]"#,
        r#"[{"conv2d":{"filters":6,"kernel_size":[5,2],"strides":[2,1]}},{"batch_normalization":{}},{"activation":"elu"},
            {"average_pooling2d":{"padding":"same"}},{"global_average_pooling2d":{}},{"batch_normalization":{}},
            {"dense":{"units":5,"activation":"softmax"}}]"#,
    ];
    texts.iter().map(|text| parse(text)).collect()
}

fn optimizers() -> Vec<Optimizer> {
    let texts = [
        r#"{"sgd":{"learning_rate":0.05,"momentum":0.9,"nesterov":true,"clipnorm":0.5}}"#,
        r#"{"adam":{"amsgrad":true,"global_clipnorm":1.0}}"#,
        r#"{"adamw":{"clipvalue":0.01}}"#,
        r#"{"nadam":{}}"#,
        r#"{"rmsprop":{"momentum":0.5,"centered":true}}"#,
    ];
    texts.iter().map(|text| parse(text)).collect()
}

/// Weights, rows and evaluation after three epochs, as bits.
fn train(layers: &[Layer], optimizer: &Optimizer, threads: &dyn Fn(usize) -> usize) -> Vec<u64> {
    let mut stream = Seed::new(3).stream("noise", 0);
    let images: Vec<u8> = (0..IMAGES * SHAPE.values()).map(|_| stream.next_u32() as u8).collect();
    let labels: Vec<u8> = (0..IMAGES).map(|_| stream.below(5) as u8).collect();
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let all =
        Examples { images: &images, labels: &labels, indices: &indices[..110], shape: SHAPE, classes: 5 };
    let validation = all.with_indices(&indices[110..]);
    let mut model = Model::build(layers, SHAPE, Seed::new(7)).expect("the layers fit");
    let config =
        FitConfig { batch_size: 48, epochs: 3, seed: Seed::new(7), ..FitConfig::new(optimizer.clone()) };
    let (count, mut steps, mut bits) = (AtomicUsize::new(threads(0)), 0, Vec::new());
    let outcome = fit(&mut model, &all, Some(&validation), &config, &count, &mut |event| {
        match event {
            FitEvent::Step { .. } => {
                steps += 1;
                count.store(threads(steps), Ordering::Relaxed);
            }
            FitEvent::EpochEnd(row) => {
                let numbers = [row.loss, row.accuracy, row.train_loss, row.val_loss.unwrap_or(0.0)];
                bits.extend(numbers.map(f64::to_bits));
            }
            _ => {}
        }
        Flow::Continue
    });
    assert_eq!(outcome.end, FitEnd::Finished);
    bits.extend(model.weights().iter().flat_map(|t| &t.values).map(|v| v.to_bits() as u64));
    let evaluation = evaluate(&model, &validation, 0.0, &count);
    bits.push(evaluation.loss.to_bits());
    bits.extend(evaluation.confidences.iter().map(|c| c.to_bits() as u64));
    bits
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for layers in nets() {
        for optimizer in optimizers() {
            let alone = train(&layers, &optimizer, &|_| 1);
            for threads in [2, 3, 7, 16] {
                assert!(
                    alone == train(&layers, &optimizer, &|_| threads),
                    "{threads} threads, {optimizer:?}"
                );
            }
        }
    }
}

#[test]
fn threads_may_come_and_go_while_a_model_trains() {
    let (layers, optimizer) = (&nets()[1], &optimizers()[1]);
    assert!(train(layers, optimizer, &|_| 1) == train(layers, optimizer, &|step| 1 + step % 4));
}

#[test]
fn a_training_moves_the_weights_and_lowers_the_loss() {
    for layers in nets() {
        let bits = train(&layers, &optimizers()[3], &|_| 2);
        let (first, last) = (f64::from_bits(bits[0]), f64::from_bits(bits[8]));
        assert!(last < first, "loss {first} then {last}");
    }
}
