//! The engine at the edges of what it may be given: no image, one, more to a batch than there are, numbers that
//! overflow.

use std::sync::atomic::AtomicUsize;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use toile_nn::*;
use toile_rng::Seed;

const SHAPE: ImageShape = ImageShape { height: 3, width: 3, channels: 1 };
const CLASSES: usize = 5;

/// What the study file's words mean.
fn parse<T: DeserializeOwned>(words: Value) -> T {
    serde_json::from_value(words).expect("the study file's words")
}

fn layers(words: Value) -> Vec<Layer> {
    parse(words)
}

/// A dense net; its hidden layer has this activation.
fn dense(activation: &str) -> Vec<Layer> {
    layers(json!([{ "dense": { "units": 7, "activation": activation } },
                  { "dense": { "units": CLASSES, "activation": "softmax" } }]))
}

/// Batch normalisation after a dense layer whose kernel starts by this initialiser.
fn normalized(initializer: Value) -> Vec<Layer> {
    layers(
        json!([{ "dense": { "units": 7, "kernel_initializer": initializer } }, { "batch_normalization": {} },
                  { "dense": { "units": CLASSES, "activation": "softmax" } }]),
    )
}

fn config(optimizer: Value) -> FitConfig {
    FitConfig { batch_size: 16, epochs: 2, ..FitConfig::new(parse::<Optimizer>(optimizer)) }
}

/// Everything that a training shows.
struct Fitted {
    weights: Vec<Tensor>,
    end: FitEnd,
    restored_epoch: Option<usize>,
    rows: Vec<Epoch>,
}

/// Trains on so many images of noise.
fn train(layers: &[Layer], images: usize, config: &FitConfig) -> Fitted {
    let mut stream = Seed::new(3).stream("noise", 0);
    let pixels: Vec<u8> = (0..images * SHAPE.values()).map(|_| stream.next_u32() as u8).collect();
    let labels: Vec<u8> = (0..images).map(|_| stream.below(CLASSES as u32) as u8).collect();
    let indices: Vec<u32> = (0..images as u32).collect();
    let examples = Examples {
        images: Inputs::Bytes(&pixels),
        labels: &labels,
        indices: &indices,
        shape: SHAPE,
        classes: CLASSES,
    };
    let (mut model, mut rows) = (start(layers), Vec::new());
    let outcome = fit(&mut model, &examples, None, config, &AtomicUsize::new(2), &mut |event| {
        if let FitEvent::EpochEnd(row, _) = event {
            rows.push(*row);
        }
        Flow::Continue
    });
    Fitted { weights: model.weights(), end: outcome.end, restored_epoch: outcome.restored_epoch, rows }
}

/// The model before its training.
fn start(layers: &[Layer]) -> Model {
    Model::build(layers, SHAPE, Seed::new(7)).expect("layers that fit")
}

/// Batch normalisation's moving averages moved before the loss was known.
#[test]
fn a_loss_that_is_not_finite_leaves_all_weights_as_they_were() {
    let layers = normalized(json!({ "constant": 3e38 }));
    let fitted = train(&layers, 40, &config(json!({ "sgd": {} })));
    assert_eq!(fitted.end, FitEnd::NonFinite { epoch: 1, batch: 1 });
    assert_eq!(fitted.weights, start(&layers).weights());
}

/// No batch follows that would show it.
#[test]
fn weights_ruined_by_the_last_update_of_all_are_found() {
    let config = FitConfig { epochs: 1, ..config(json!({ "sgd": { "learning_rate": 1e30 } })) };
    let fitted = train(&dense("linear"), 16, &config);
    assert_eq!(fitted.end, FitEnd::NonFinite { epoch: 1, batch: 1 });
    let is_finite = |number: Option<f64>| number.expect("it is measured").is_finite();
    assert!(is_finite(fitted.rows[0].loss) && !is_finite(fitted.rows[0].train_loss));
}

/// As Keras' `EarlyStopping.on_train_end`, whatever has stopped the training. `TerminateOnNaN` does.
#[test]
fn a_training_that_overflows_goes_back_to_its_best_epoch() {
    let rate = json!({ "sgd": { "learning_rate": 1e30 } });
    let until = |epochs, callbacks: Value| {
        let callbacks = parse(callbacks);
        train(&dense("linear"), 16, &FitConfig { epochs, callbacks, ..config(rate.clone()) })
    };
    let restoring = [
        json!([{ "best_weights": { "monitor": "loss" } }]),
        json!([{ "early_stopping": { "monitor": "loss", "restore_best_weights": true, "patience": 9 } }]),
    ];
    let first = until(1, json!([]));
    for callbacks in restoring {
        let fitted = until(5, callbacks);
        assert!(matches!(fitted.end, FitEnd::NonFinite { epoch: 2, .. }), "{:?}", fitted.end);
        assert_eq!((fitted.restored_epoch, &fitted.weights), (Some(1), &first.weights));
        assert!(!fitted.rows[0].has_finite_losses(false), "its update has ruined the weights");
    }
    assert_eq!(until(5, json!([])).restored_epoch, None);
}

/// What was reduced was the scheduled rate, which then was scheduled again.
#[test]
fn a_plateau_reduces_the_rate_that_the_schedule_starts_from() {
    // Nothing improves by so much: reduced after each epoch from the second on.
    let callback = json!({ "reduce_lr_on_plateau": { "monitor": "loss", "patience": 1, "min_delta": 1e9 } });
    let config = FitConfig {
        epochs: 4,
        schedule: parse(json!({ "exponential": { "steps": 1, "rate": 0.5 } })),
        callbacks: vec![parse(callback)],
        ..config(json!({ "sgd": { "learning_rate": 0.1 } }))
    };
    let rows = train(&dense("sigmoid"), 16, &config).rows;
    for (row, expected) in rows.iter().zip([0.1, 0.1 * 0.5, 0.01 * 0.25, 0.001 * 0.125]) {
        assert!((row.learning_rate / expected - 1.0).abs() < 1e-6, "{row:?}, expected {expected}");
    }
    assert_eq!(rows.len(), 4);
}

/// Measured on the same images after each epoch, so that the numbers can be compared; shown of all after the last.
#[test]
fn a_callback_may_watch_what_is_measured_on_the_training_set() {
    let watch = |callbacks: Value| FitConfig {
        epochs: 3,
        train_evaluation: 0.25,
        callbacks: parse(callbacks),
        ..config(json!({ "sgd": { "learning_rate": 0.1 } }))
    };
    let stopping =
        json!([{ "early_stopping": { "monitor": "train_loss", "patience": 1, "min_delta": 1e9 } }]);
    let (free, stopped) =
        (train(&dense("sigmoid"), 16, &watch(json!([]))), train(&dense("sigmoid"), 16, &watch(stopping)));
    assert_eq!((stopped.end, stopped.rows.len()), (FitEnd::Stopped { by: "early_stopping", epoch: 2 }, 2));
    assert_eq!(stopped.rows[0], free.rows[0]);
    assert_eq!(stopped.rows[1].loss, free.rows[1].loss);
    assert_ne!(stopped.rows[1].train_loss, free.rows[1].train_loss, "all images, and a quarter of them");
}

/// As in Keras; the gradient became 0, or NaN where it was 0 already.
#[test]
fn a_clip_of_0_is_no_bound() {
    let free = train(&dense("relu"), 40, &config(json!({ "sgd": {} })));
    for clip in ["clipnorm", "clipvalue", "global_clipnorm"] {
        let clipped = train(&dense("relu"), 40, &config(json!({ "sgd": { clip: 0.0 } })));
        assert_eq!(clipped.weights, free.weights, "{clip}");
    }
}

#[test]
fn a_batch_larger_than_the_data_set_takes_all_of_it() {
    let of = |batch_size| {
        let config = FitConfig { batch_size, ..config(json!({ "adam": {} })) };
        train(&normalized(json!("glorot_uniform")), 70, &config)
    };
    let (exact, larger) = (of(70), of(usize::MAX));
    assert_eq!((exact.weights, exact.rows), (larger.weights, larger.rows));
}

#[test]
fn one_image_is_enough() {
    let layers = normalized(json!("glorot_uniform"));
    let fitted = train(&layers, 1, &config(json!({ "adam": {} })));
    assert_eq!(fitted.end, FitEnd::Finished);
    assert!(fitted.weights.iter().flat_map(|tensor| &tensor.values).all(|value| value.is_finite()));
    assert_ne!(fitted.weights, start(&layers).weights());
}

#[test]
fn without_images_nothing_is_trained() {
    let layers = dense("relu");
    let fitted = train(&layers, 0, &config(json!({ "adam": {} })));
    assert_eq!((fitted.end, fitted.rows.len()), (FitEnd::Finished, 2));
    assert_eq!(fitted.weights, start(&layers).weights());
}

#[test]
fn a_model_without_layers_is_refused() {
    let error = Model::build(&[], SHAPE, Seed::new(7)).err().expect("no model");
    assert_eq!(error.error.message, "the model has no layers");
}

/// 3 × 3 × (2⁶² + 1) is 9 in 64 bits.
#[test]
fn sizes_whose_product_overflows_are_refused() {
    let conv = json!({ "conv2d": { "filters": (1u64 << 62) + 1, "kernel_size": [1, 1] } });
    let layers =
        layers(json!([conv, { "flatten": {} }, { "dense": { "units": CLASSES, "activation": "softmax" } }]));
    let error = Model::build(&layers, SHAPE, Seed::new(7)).err().expect("no model");
    assert_eq!((error.layer, error.name), (0, "conv2d"));
    assert!(error.error.message.starts_with("the layer gives"), "{error}");
}

/// With 0 epochs there is one row, of epoch 0: what `evaluate` says of the weights, which stay as they are.
#[test]
fn without_an_epoch_the_starting_weights_are_evaluated() {
    let layers = dense("relu");
    for callbacks in [
        json!([]),
        json!([{ "early_stopping": { "monitor": "loss" } }, { "best_weights": { "monitor": "loss" } }]),
    ] {
        let config = FitConfig { epochs: 0, callbacks: parse(callbacks), ..config(json!({ "adam": {} })) };
        let fitted = train(&layers, 40, &config);
        let start = start(&layers);
        assert_eq!(
            (fitted.weights, fitted.end, fitted.restored_epoch),
            (start.weights(), FitEnd::Finished, None)
        );
        let [row] = &fitted.rows[..] else { panic!("{} rows", fitted.rows.len()) };
        assert_eq!((row.epoch, row.loss, row.accuracy, row.learning_rate), (0, None, None, 0.001));
        let once = train(&layers, 40, &FitConfig { epochs: 1, ..config.clone() });
        assert_eq!((row.train_loss.is_some(), once.rows.len()), (true, 1));
        assert_ne!(row.train_loss, once.rows[0].train_loss);
    }
}
