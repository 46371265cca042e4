//! What an optimizer remembers goes into a `.keras` file in Keras' order; the programs of others are asked in
//! `.ci/check-exports.py`.

use crate::networks;

use networks::facts;
use serde_json::{Value, json};
use toile_exchange::InputKind;
use toile_exchange::hdf5::{Hdf5Array, Hdf5Numbers};
use toile_exchange::keras::{
    CompileSettings, KerasMemory, from_keras, optimizer_variables, read_optimizer_variables, to_keras,
};
use toile_nn::*;
use toile_rng::Seed;

const IMAGE: ImageShape = ImageShape { height: 2, width: 2, channels: 1 };

fn parse<T: serde::de::DeserializeOwned>(words: Value) -> T {
    serde_json::from_value(words).expect("the study file's words")
}

/// Kernel and bias, gamma and beta (and two averages), kernel and bias: six tensors are trained, of 8.
fn layers() -> Vec<Layer> {
    parse(json!([{ "dense": { "units": 3 } }, { "batch_normalization": {} },
                 { "dense": { "units": 2, "activation": "softmax" } }]))
}

/// A model after two epochs of three updates, and its training's state.
fn trained(optimizer: &Optimizer, schedule: &Schedule) -> (Model, TrainingState) {
    let images: Vec<u8> = (0..24).map(|i| (i * 37 % 251) as u8).collect();
    let (labels, indices) = ([0, 1, 1, 0, 1, 0], [0, 1, 2, 3, 4, 5]);
    let examples = Examples {
        images: Inputs::Bytes(&images),
        labels: &labels,
        indices: &indices,
        shape: IMAGE,
        classes: 2,
    };
    let config = FitConfig {
        batch_size: 2,
        epochs: 2,
        schedule: schedule.clone(),
        ..FitConfig::new(optimizer.clone())
    };
    let mut model = Model::build(&layers(), IMAGE, Seed::new(3)).unwrap();
    let mut state = None;
    fit(&mut model, &examples, None, &config, 1, &mut |event| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            state = Some(snapshot.take());
        }
        Flow::Continue
    });
    (model, state.unwrap())
}

/// The bytes of a file and what was written of the optimizer.
fn written(optimizer: &Optimizer, schedule: &Schedule) -> (Vec<u8>, Vec<Hdf5Array>, TrainingState) {
    let (model, state) = trained(optimizer, schedule);
    let memory = KerasMemory { state: &state, schedule };
    let compile =
        CompileSettings { optimizer, memory: Some(memory), loss: &Loss::default(), label_smoothing: 0.0 };
    let described = model.describe();
    let bytes = to_keras(&described, &facts(&model), compile, InputKind::Float).unwrap();
    (bytes, optimizer_variables(&described, optimizer, memory).unwrap(), state)
}

fn slot(state: &TrainingState, slot: usize, name: &str) -> Vec<f32> {
    let name = format!("optimizer.{slot}/{name}");
    state.tensors.iter().find(|tensor| tensor.name == name).unwrap().values.clone()
}

const TRAINED: [&str; 6] = ["0.kernel", "0.bias", "1.gamma", "1.beta", "2.kernel", "2.bias"];

/// By interop.md 2.1, found in files of Keras 3.15.
#[test]
fn the_order_is_that_of_keras() {
    let interleaved: Vec<(usize, &str)> = TRAINED.iter().flat_map(|name| [(0, *name), (1, *name)]).collect();
    let of = |slot: usize| TRAINED.map(|name| (slot, name));
    for (optimizer, slots, scalars) in [
        (json!({ "sgd": {} }), vec![], 0),
        (json!({ "sgd": { "momentum": 0.9, "nesterov": true } }), of(0).to_vec(), 0),
        (json!({ "adam": {} }), interleaved.clone(), 0),
        (json!({ "adamw": { "amsgrad": true } }), [&interleaved[..], &of(2)].concat(), 0),
        (json!({ "nadam": {} }), interleaved.clone(), 1),
        (json!({ "rmsprop": {} }), of(0).to_vec(), 0),
        (json!({ "rmsprop": { "momentum": 0.5, "centered": true } }), [of(0), of(2), of(1)].concat(), 0),
    ] {
        let optimizer: Optimizer = parse(optimizer);
        let (bytes, expected, state) = written(&optimizer, &Schedule::Constant);
        let found = read_optimizer_variables(&bytes).unwrap();
        assert_eq!(found, expected, "{optimizer:?}");
        assert_eq!(found.len(), 2 + slots.len() + scalars, "{optimizer:?}");
        assert_eq!(found[0].numbers, Hdf5Numbers::Ints(vec![6]), "two epochs of three updates");
        assert_eq!(found[1].numbers, Hdf5Numbers::Floats(vec![optimizer.learning_rate() as f32]));
        for ((i, name), array) in slots.iter().zip(&found[2..]) {
            assert_eq!(array.numbers, Hdf5Numbers::Floats(slot(&state, *i, name)), "{optimizer:?} {name}");
        }
        let product = Hdf5Numbers::Floats(vec![state.facts.momentum_product.0 as f32]);
        assert!(scalars == 0 || found.last().unwrap().numbers == product);
        from_keras(&bytes).expect("it is a network as before");
    }
}

#[test]
fn a_schedule_that_keras_knows_stands_in_place_of_the_rate() {
    let optimizer: Optimizer = Sgd::new(0.5).into();
    for (schedule, expected) in [
        (json!({ "cosine": { "decay_steps": 9 } }), None),
        (json!({ "exponential": { "decay_steps": 9, "decay_rate": 0.5 } }), None),
        (json!({ "piecewise": { "boundaries": [3], "values": [0.5, 0.25] } }), None),
        (json!({ "polynomial": { "decay_steps": 9 } }), None),
        (json!({ "one_cycle": { "steps": 12 } }), Some(5)),
    ] {
        let schedule: Schedule = parse(schedule);
        let (bytes, _, _) = written(&optimizer, &schedule);
        let found = read_optimizer_variables(&bytes).unwrap();
        assert_eq!(found[0].numbers, Hdf5Numbers::Ints(vec![6]));
        // Keras has no one_cycle: there it is the rate of the last update, counted from 0.
        let rate = expected.map(|step| Hdf5Numbers::Floats(vec![schedule.rate(0.5, step) as f32]));
        assert_eq!(found.get(1).map(|array| array.numbers.clone()), rate);
        let said = from_keras(&bytes).unwrap().training.notes;
        assert_eq!(said.iter().any(|note| note.contains("schedule")), rate.is_none(), "{said:?}");
    }
}

#[test]
fn the_state_of_another_training_is_refused() {
    let adam: Optimizer = Adam::default().into();
    let (model, state) = trained(&adam, &Schedule::Constant);
    let refused = |optimizer: &Optimizer, state: &TrainingState| {
        let memory = KerasMemory { state, schedule: &Schedule::Constant };
        optimizer_variables(&model.describe(), optimizer, memory).unwrap_err().to_string()
    };
    assert_eq!(refused(&Sgd::default().into(), &state), "the state is of adam, expected sgd");
    let mut lacking = state.clone();
    lacking.tensors.retain(|tensor| tensor.name != "optimizer.1/2.bias");
    assert_eq!(refused(&adam, &lacking), "the state has no `optimizer.1/2.bias` of this shape");
    let mut long = state;
    long.facts.step = 1 << 31;
    assert_eq!(refused(&adam, &long), "2147483648 updates are more than Keras counts");
}
