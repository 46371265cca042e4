//! A training that is left after an epoch and taken up again; a state of the other policy is refused.

use toile_nn::*;
use toile_rng::Seed;

use super::{config, model, nets};
use crate::nets::{Noise, SHAPE, optimizers};

fn states(model: &mut Model, config: &FitConfig) -> Vec<TrainingState> {
    let noise = Noise::new(130);
    let [examples, _] = noise.split(100);
    let mut states = Vec::new();
    fit(model, &examples, None, config, 2, &mut |event| {
        if let FitEvent::EpochEnd(_, snapshot) = event {
            states.push(snapshot.take());
        }
        Flow::Continue
    });
    states
}

fn go_on(model: &mut Model, config: &FitConfig, state: &TrainingState) -> Result<FitOutcome, StateError> {
    let noise = Noise::new(130);
    let [examples, _] = noise.split(100);
    fit_from(model, &examples, None, config, 1, state, &mut |_| Flow::Continue)
}

#[test]
fn a_training_goes_on_with_the_bits_of_one_that_never_stopped() {
    for (name, layers) in nets() {
        let config = config(&optimizers()[2].1, 3);
        let mut whole = model(&layers, 7);
        for state in &states(&mut whole, &config)[..2] {
            let text = serde_json::to_string(&state.facts).expect("JSON");
            let facts = serde_json::from_str(&text).expect("the same");
            let mut other = model(&layers, 8);
            let state = TrainingState { facts, tensors: state.tensors.clone() };
            go_on(&mut other, &config, &state).expect("the state fits");
            assert!(other.weights() == whole.weights(), "{name}");
        }
    }
}

#[test]
fn a_state_of_the_other_policy_or_of_another_version_is_refused() {
    let layers = &nets()[0].1;
    let config = config(&optimizers()[0].1, 2);
    let plain = || Model::build(layers, SHAPE, Seed::new(7)).expect("the layers fit");
    let mut of_mixed = states(&mut model(layers, 7), &config).remove(0);
    let of_floats = states(&mut plain(), &config).remove(0);
    let text = serde_json::to_string(&of_floats.facts).expect("JSON");
    assert!(!text.contains("bf16"), "a state of floats is written as ever: {text}");
    let error = go_on(&mut plain(), &config, &of_mixed).expect_err("another policy");
    assert_eq!(error.to_string(), "the state has dtype_policy mixed_bfloat16, expected float32");
    let error = go_on(&mut model(layers, 7), &config, &of_floats).expect_err("another policy");
    assert_eq!(error.to_string(), "the state has dtype_policy float32, expected mixed_bfloat16");
    of_mixed.facts.numerics_bf16 = Some(NUMERICS_BF16 + 1);
    let error = go_on(&mut model(layers, 7), &config, &of_mixed).expect_err("another version");
    let expected = format!("numerics of bfloat16 {}, expected {NUMERICS_BF16}", NUMERICS_BF16 + 1);
    assert!(error.to_string().contains(&expected), "{error}");
}
