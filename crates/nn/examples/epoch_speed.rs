//! Seconds per epoch of the study's dense net and CNN on 54,000 images of noise: `cargo run --release --example
//! epoch_speed`.
//!
//! Arguments: `dense` or `cnn`, images, threads, `trace` for the time of each layer and pass or `layers` for the time
//! that it takes to measure the layers, images per batch, epochs, `floats` for the same images as floats; then
//! `mixed_bfloat16` or `float32`, and the way of bfloat16's products.
#![allow(clippy::print_stdout)]

use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use toile_kernels::bf16::{ProductWay, product_way, select_product_way};
use toile_nn::*;
use toile_rng::Seed;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: toile_kernels::LargePages = toile_kernels::LargePages;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |i: usize, default: usize| arguments.get(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (kind, images, threads) = (arguments.get(1).map_or("dense", |a| a), number(2, 54_000), number(3, 2));
    let layers = if kind == "cnn" { cnn() } else { dense() };
    let shape = ImageShape { height: 28, width: 28, channels: 1 };
    let mut stream = Seed::new(1).stream("noise", 0);
    let pixels: Vec<u8> = (0..images * 784).map(|_| stream.next_u32() as u8).collect();
    let floats: Vec<f32> = pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect();
    let are_floats = arguments.get(7).is_some_and(|a| a == "floats");
    let inputs = match are_floats {
        true => Inputs::floats(&floats, shape).expect("finite floats"),
        false => Inputs::Bytes(&pixels),
    };
    let labels: Vec<u8> = (0..images).map(|_| stream.below(10) as u8).collect();
    let indices: Vec<u32> = (0..images as u32).collect();
    let examples = Examples { images: inputs, labels: &labels, indices: &indices, shape, classes: 10 };
    let policy = if arguments.get(8).is_some_and(|a| a == DtypePolicy::MixedBfloat16.name()) {
        DtypePolicy::MixedBfloat16
    } else {
        DtypePolicy::Float32
    };
    if let Some(way) = arguments.get(9).and_then(|name| ProductWay::from_name(name)) {
        select_product_way(way).expect("a way of this machine");
    }
    let model = Model::build(&layers, shape, Seed::new(7)).expect("the layers fit");
    let mut model = model.with_dtype_policy(policy);
    println!("{}, products of bfloat16 by {}", policy.name(), product_way().name());
    let optimizer: Optimizer = serde_json::from_str(r#"{"adam":{}}"#).expect("a known optimizer");
    let config = FitConfig {
        batch_size: number(5, 256),
        epochs: number(6, 3),
        train_evaluation: 0.0,
        measures_layers: arguments.get(4).is_some_and(|a| a == "layers"),
        ..FitConfig::new(optimizer)
    };
    if arguments.get(4).is_some_and(|a| a == "trace") {
        return by_layer(&mut model, &examples, &config);
    }
    let (mut start, mut training_end) = (Instant::now(), Instant::now());
    fit(&mut model, &examples, None, &config, &AtomicUsize::new(threads), &mut |event| {
        match event {
            FitEvent::EpochBegin { .. } => start = Instant::now(),
            FitEvent::TrainingEnd { epoch } => {
                training_end = Instant::now();
                let seconds = start.elapsed().as_secs_f64();
                println!(
                    "epoch {epoch}: {seconds:.4} s, {:.4} s per 54,000",
                    seconds * 54_000.0 / images as f64
                );
            }
            FitEvent::EpochEnd(_, snapshot) if snapshot.layers().is_some() => {
                println!("evaluated and measured in {:.5} s", training_end.elapsed().as_secs_f64());
            }
            _ => {}
        }
        Flow::Continue
    });
}

fn dense() -> Vec<Layer> {
    let layer = |units, activation| Layer::Dense(Dense { activation, ..Dense::new(units) });
    vec![layer(32, Activation::Sigmoid), layer(10, Activation::Softmax)]
}

fn cnn() -> Vec<Layer> {
    let conv =
        |filters| Layer::Conv2D(Conv2D { activation: Activation::Relu, ..Conv2D::new(filters, [3, 3]) });
    let pool = || serde_json::from_str(r#"{"max_pooling2d":{}}"#).expect("a known layer");
    let dense = |units, activation| Layer::Dense(Dense { activation, ..Dense::new(units) });
    vec![
        conv(32),
        conv(64),
        pool(),
        conv(64),
        conv(128),
        pool(),
        conv(50),
        pool(),
        Layer::Flatten(Flatten {}),
        dense(1024, Activation::Relu),
        dense(128, Activation::Relu),
        dense(10, Activation::Softmax),
    ]
}

/// Milliseconds per batch of each layer and stage, on one thread.
fn by_layer(model: &mut Model, examples: &Examples, config: &FitConfig) {
    let steps = examples.len().div_ceil(config.batch_size);
    let mut fastest = std::collections::BTreeMap::<TraceEvent, f64>::new();
    for _ in 0..5 {
        let mut times = std::collections::BTreeMap::<TraceEvent, f64>::new();
        let mut last = Instant::now();
        trace(model, examples, config, steps, &mut |mark| {
            let now = Instant::now();
            *times.entry(mark).or_default() += (now - last).as_secs_f64() * 1e3 / steps as f64;
            last = now;
        });
        for (mark, time) in times {
            let best = fastest.entry(mark).or_insert(f64::INFINITY);
            *best = best.min(time);
        }
    }
    for (mark, time) in &fastest {
        println!("{:?} {:?}: {time:.3} ms", mark.stage, mark.layer);
    }
    println!("sum {:.3} ms", fastest.values().sum::<f64>());
}
