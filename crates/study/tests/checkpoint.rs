//! From a training to a checkpoint's bytes and on with the training.

use std::sync::atomic::AtomicUsize;

use serde_json::json;
use toile_nn::{FitConfig, FitEvent, Flow, Layer, Model, TrainingState, fit, fit_from};
use toile_rng::Seed;
use toile_store::{StoreError, checkpoint_from_bytes, checkpoint_to_bytes};
use toile_study::{examples, image_shape, state_from_bytes, state_to_bytes};

fn layers() -> Vec<Layer> {
    serde_json::from_value(json!([
        { "conv2d": { "filters": 3, "kernel_size": [5, 5], "strides": [3, 3] } }, { "batch_normalization": {} },
        { "flatten": {} }, { "dropout": { "rate": 0.2 } }, { "dense": { "units": 10, "activation": "softmax" } },
    ]))
    .expect("the study file's words")
}

fn config() -> FitConfig {
    let parse = |words| serde_json::from_value(words).expect("an optimizer");
    let callbacks = json!([{ "best_weights": {} }, { "reduce_lr_on_plateau": { "patience": 1 } }]);
    FitConfig {
        epochs: 3,
        callbacks: serde_json::from_value(callbacks).expect("callbacks"),
        ..FitConfig::new(parse(json!({ "nadam": { "learning_rate": 0.01 } })))
    }
}

/// The states after each epoch, by their bytes, and the weights at the end.
fn train(from: Option<&TrainingState>) -> (Vec<Vec<u8>>, Vec<u32>) {
    let data = toile_data::drawn_garments(100, 10);
    let indices: Vec<u32> = (0..100).collect();
    let all = examples(&data, &data.train, &indices);
    let (first, rest) = (all.with_indices(&indices[..80]), all.with_indices(&indices[80..]));
    let mut model = Model::build(&layers(), image_shape(&data), Seed::new(1)).expect("the layers fit");
    let (threads, config) = (AtomicUsize::new(2), config());
    let mut states = Vec::new();
    let mut observer = |event: FitEvent| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            states.push(state_to_bytes(&snapshot.take()));
        }
        Flow::Continue
    };
    match from {
        None => drop(fit(&mut model, &first, Some(&rest), &config, &threads, &mut observer)),
        Some(state) => drop(
            fit_from(&mut model, &first, Some(&rest), &config, &threads, state, &mut observer)
                .expect("the state fits"),
        ),
    }
    let values = model.weights().into_iter().flat_map(|tensor| tensor.values);
    (states, values.map(f32::to_bits).collect())
}

#[test]
fn a_training_goes_on_from_its_checkpoint_with_the_same_bits() {
    let (whole, weights) = train(None);
    for done in 1..=3 {
        let state = state_from_bytes(&whole[done - 1]).expect("a checkpoint");
        assert_eq!(state.facts.epoch, done);
        let (rest, same) = train(Some(&state));
        assert_eq!((rest.as_slice(), &same), (&whole[done..], &weights), "{done} epochs first");
        assert_eq!(state_to_bytes(&state), whole[done - 1]);
    }
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let (states, _) = train(None);
    let (tensors, mut facts) = checkpoint_from_bytes(&states[0]).expect("a checkpoint");
    facts["later"] = json!(1);
    let tensors: Vec<_> = tensors.iter().map(|(n, s, v)| (n.as_str(), s.as_slice(), v.as_slice())).collect();
    let error = state_from_bytes(&checkpoint_to_bytes(&tensors, &facts)).expect_err("an unknown fact");
    assert!(matches!(&error, StoreError::Checkpoint { reason } if reason.contains("`later`")), "{error}");
}
