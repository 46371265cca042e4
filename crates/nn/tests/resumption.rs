//! A training that stops at the end of an epoch and goes on from its state's bytes, in another model and on other
//! threads, is the training that never stopped: the same bits of everything that it shows.

use crate::nets;

use std::sync::atomic::AtomicUsize;

use nets::{Noise, SHAPE, config, nets, optimizers, parse};
use toile_nn::*;
use toile_rng::Seed;

const EPOCHS: usize = 4;

/// What a training shows, and its state after each epoch.
struct Trained {
    rows: Vec<Epoch>,
    /// What was measured of the layers after each epoch.
    layers: Vec<Option<LayersRecord>>,
    states: Vec<TrainingState>,
    outcome: FitOutcome,
    weights: Vec<Tensor>,
    evaluation: Evaluation,
}

/// Trains on noise, from a state if there is one; stops after epoch `until`.
fn train(
    layers: &[Layer],
    config: &FitConfig,
    from: Option<&TrainingState>,
    until: usize,
    threads: usize,
) -> Trained {
    let (noise, threads) = (Noise::new(63), AtomicUsize::new(threads));
    let [examples, validation] = noise.split(53);
    // Other starting weights than those of the training that goes on: all must come from the state.
    let mut model =
        Model::build(layers, SHAPE, Seed::new(7 + from.is_some() as u64)).expect("the layers fit");
    let (mut rows, mut layers_of, mut states) = (Vec::new(), Vec::new(), Vec::new());
    let mut observer = |event: FitEvent| match event {
        FitEvent::EpochEnd(row, snapshot) => {
            rows.push(*row);
            layers_of.push(snapshot.layers().cloned());
            states.push(snapshot.take());
            if row.epoch == until { Flow::Stop } else { Flow::Continue }
        }
        _ => Flow::Continue,
    };
    let validated = Some(&validation);
    let outcome = match from {
        None => fit(&mut model, &examples, validated, config, &threads, &mut observer),
        Some(state) => fit_from(&mut model, &examples, validated, config, &threads, state, &mut observer)
            .expect("the state fits"),
    };
    let evaluation = evaluate(&model, &validation, &config.loss, 0.0, &threads);
    Trained { rows, layers: layers_of, states, outcome, weights: model.weights(), evaluation }
}

/// The state as it comes back from a file: facts as text, values as bytes.
fn through_bytes(state: &TrainingState) -> TrainingState {
    let text = serde_json::to_string(&state.facts).expect("facts are JSON");
    let bytes = |tensor: &Tensor| tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let value = |b: &[u8]| f32::from_le_bytes(b.try_into().expect("four bytes"));
    let tensor = |tensor: &Tensor| Tensor {
        values: bytes(tensor).chunks_exact(4).map(value).collect(),
        ..tensor.clone()
    };
    let tensors = state.tensors.iter().map(tensor).collect();
    TrainingState { facts: serde_json::from_str(&text).expect("facts are JSON"), tensors }
}

fn bits(tensors: &[Tensor]) -> Vec<(&str, Vec<u32>)> {
    tensors.iter().map(|t| (t.name.as_str(), t.values.iter().map(|v| v.to_bits()).collect())).collect()
}

/// Every decision that there is, none of them patient, and a rate that moves with each update.
fn full(optimizer: &Optimizer) -> FitConfig {
    FitConfig {
        schedule: parse(r#"{"cosine":{"steps":12,"alpha":0.1}}"#),
        callbacks: parse(
            r#"[{"early_stopping":{"monitor":"val_loss","patience":2,"restore_best_weights":true}},
                {"reduce_lr_on_plateau":{"monitor":"val_loss","patience":1,"cooldown":2,"factor":0.5}},
                {"reduce_lr_on_plateau":{"monitor":"val_accuracy","patience":2,"factor":0.75}},
                {"best_weights":{"monitor":"val_accuracy"}}]"#,
        ),
        label_smoothing: 0.1,
        class_weight: vec![1.0, 2.0, 0.5, 1.0, 1.5],
        measures_layers: true,
        ..config(optimizer, EPOCHS)
    }
}

/// Whatever was shown after the state must be what the whole training showed then.
fn assert_same(whole: &Trained, rest: &Trained, done: usize, what: &str) {
    let done = done.min(whole.rows.len());
    assert_eq!(rest.rows, whole.rows[done..], "{what}: epochs");
    assert_eq!(rest.layers, whole.layers[done..], "{what}: layers");
    assert!(whole.layers.last().is_some_and(Option::is_some), "{what}: the last epoch is measured");
    assert_eq!(rest.outcome, whole.outcome, "{what}: end");
    assert_eq!(bits(&rest.weights), bits(&whole.weights), "{what}: weights");
    assert_eq!(rest.evaluation, whole.evaluation, "{what}: evaluation");
    assert_eq!(rest.states, whole.states[done..], "{what}: later states");
}

fn every_case(mut check: impl FnMut(&str, &[Layer], &FitConfig)) {
    for (net, layers) in nets() {
        for (name, optimizer) in optimizers() {
            check(&format!("{net}, {name}"), &layers, &full(&optimizer));
        }
    }
}

#[test]
fn a_training_in_two_parts_is_the_whole_training() {
    let (mut stopped, mut reduced, mut restored) = (0, 0, 0);
    every_case(|what, layers, config| {
        let whole = train(layers, config, None, EPOCHS, 1);
        for done in 1..EPOCHS {
            let first = train(layers, config, None, done, 2);
            let state = first.states.last().expect("an epoch is over");
            let rest = train(layers, config, Some(&through_bytes(state)), EPOCHS, 1 + done);
            assert_same(&whole, &rest, done, &format!("{what}, {done} epochs first"));
        }
        stopped += usize::from(matches!(whole.outcome.end, FitEnd::Stopped { .. }));
        reduced += usize::from(
            whole.states.last().is_some_and(|s| s.facts.learning_rate.0 < config.optimizer.learning_rate()),
        );
        restored += usize::from(whole.outcome.restored_epoch != Some(whole.rows.len()));
    });
    // Each callback had its say somewhere, and not everywhere.
    assert!((1..32).contains(&stopped), "{stopped} of 32 were stopped");
    assert!(reduced > 0 && restored > 0, "{reduced} rates were reduced, {restored} trainings went back");
}

#[test]
fn a_training_may_stop_after_each_epoch_and_after_the_last() {
    every_case(|what, layers, config| {
        let whole = train(layers, config, None, EPOCHS, 2);
        let mut part = train(layers, config, None, 1, 1);
        for epoch in 2..=EPOCHS + 1 {
            let state = through_bytes(part.states.last().unwrap_or(&whole.states[whole.states.len() - 1]));
            part = train(layers, config, Some(&state), epoch, epoch % 3 + 1);
        }
        assert_same(&whole, &part, EPOCHS, what);
    });
}

/// Four epochs of one update each, at this rate.
fn steep(rate: f64, epochs: usize) -> (Vec<Layer>, FitConfig) {
    let optimizer = parse(&format!(r#"{{"sgd":{{"learning_rate":{rate:e}}}}}"#));
    let (_, layers) = nets().swap_remove(0);
    (layers, FitConfig { batch_size: 53, train_evaluation: 1.0, ..config(&optimizer, epochs) })
}

/// Infinite weights are a state like any other: the next update finds that the loss is no number.
#[test]
fn a_training_that_diverges_does_so_again() {
    let (layers, config) = steep(1e38, EPOCHS);
    let whole = train(&layers, &config, None, EPOCHS, 1);
    let FitEnd::NonFinite { epoch, batch: 1 } = whole.outcome.end else { panic!("{:?}", whole.outcome) };
    assert!((2..=EPOCHS).contains(&epoch), "{epoch}");
    let state = through_bytes(&whole.states[epoch - 2]);
    assert!(state.tensors.iter().flat_map(|t| &t.values).any(|v| v.abs() > 1e30), "the weights are large");
    let rest = train(&layers, &config, Some(&state), EPOCHS, 1);
    assert_eq!((rest.outcome, bits(&rest.weights)), (whole.outcome, bits(&whole.weights)));
}

#[test]
fn a_training_whose_last_loss_was_no_number_ends_so_again() {
    let (layers, config) = steep(1e38, 1);
    let whole = train(&layers, &config, None, EPOCHS, 1);
    assert_eq!(whole.outcome.end, FitEnd::NonFinite { epoch: 1, batch: 1 });
    let again = train(&layers, &config, Some(&through_bytes(&whole.states[0])), EPOCHS, 1);
    assert_eq!((again.outcome, again.rows.len()), (whole.outcome, 0));
}

/// A training of a dense net with Nadam after two epochs, and its layers and settings.
fn halfway() -> (Vec<Layer>, FitConfig, TrainingState) {
    let (_, layers) = nets().swap_remove(0);
    let config = full(&optimizers()[5].1);
    let state = train(&layers, &config, None, 2, 1).states.remove(1);
    (layers, config, state)
}

/// Why the training does not go on; the model must be as it was.
fn refusal(layers: &[Layer], config: &FitConfig, state: &TrainingState) -> String {
    let noise = Noise::new(63);
    let [examples, _] = noise.split(53);
    let mut model = Model::build(layers, SHAPE, Seed::new(8)).expect("the layers fit");
    let before = model.weights();
    let threads = AtomicUsize::new(1);
    let error = fit_from(&mut model, &examples, None, config, &threads, state, &mut |_| Flow::Stop)
        .expect_err("the state does not fit");
    assert_eq!(model.weights(), before, "{error}");
    error.to_string()
}

type Change = fn(&mut StateFacts);

#[test]
fn facts_that_are_not_the_plans_are_refused() {
    let (layers, config, state) = halfway();
    let cases: [(&str, Change); 13] = [
        ("numerics", |facts| facts.numerics += 1),
        ("seed 8, expected 7", |facts| facts.seed = 8),
        ("optimizer adam, expected nadam", |facts| facts.optimizer = "adam".into()),
        ("epoch 0 of 4", |facts| facts.epoch = 0),
        ("epoch 5 of 4", |facts| facts.epoch = 5),
        ("updates 7, expected 6", |facts| facts.step = 7),
        ("updates 18446744073709551615, expected 6", |facts| facts.step = u64::MAX),
        ("product of momenta NaN", |facts| facts.momentum_product = Exact(f64::NAN)),
        ("learning rate inf", |facts| facts.learning_rate = Exact(f64::INFINITY)),
        ("learning rate -1", |facts| facts.learning_rate = Exact(-1.0)),
        ("callbacks 3, expected 4", |facts| facts.callbacks.truncate(3)),
        ("stopped by somebody", |facts| facts.stopped = Some("somebody".into())),
        ("callback 0 at Plateau", |facts| facts.callbacks.rotate_left(1)),
    ];
    for (words, change) in cases {
        let mut other = state.clone();
        change(&mut other.facts);
        let text = refusal(&layers, &config, &other);
        assert!(text.contains(words), "{text}, expected {words}");
    }
}

#[test]
fn counts_that_no_callback_comes_to_are_refused() {
    let (layers, config, state) = halfway();
    let stopping = |wait, best_epoch| CallbackFacts::Stopping { wait, best: Some(Exact(1.0)), best_epoch };
    let plateau = |wait, cooldown| CallbackFacts::Plateau { wait, cooldown, best: None };
    for (place, facts) in [
        (0, stopping(usize::MAX, Some(1))),
        (0, stopping(0, Some(3))),
        (0, stopping(0, Some(0))),
        (0, stopping(0, None)),
        (1, plateau(3, 0)),
        (1, plateau(0, 3)),
    ] {
        let mut other = state.clone();
        other.facts.callbacks[place] = facts;
        let text = refusal(&layers, &config, &other);
        assert!(text.contains(&format!("callback {place} at")), "{text}");
    }
}

#[test]
fn tensors_that_are_not_the_models_are_refused() {
    let (layers, config, state) = halfway();
    let n = state.tensors.len();
    for i in 0..n {
        let mut other = state.clone();
        let name = other.tensors.remove(i).name;
        assert!(refusal(&layers, &config, &other).contains(&format!("`{name}` of shape")), "{name}");
        let mut other = state.clone();
        other.tensors[i].values.pop();
        assert!(refusal(&layers, &config, &other).contains(&format!("`{name}` has shape")), "{name}");
        let mut other = state.clone();
        other.tensors[i].shape.push(1);
        assert!(refusal(&layers, &config, &other).contains(&format!("`{name}` has shape")), "{name}");
    }
    let mut other = state.clone();
    other.tensors.push(Tensor { name: "more".into(), shape: vec![1], values: vec![0.0] });
    assert!(refusal(&layers, &config, &other).contains(&format!("tensors {}, expected {n}", n + 1)));
}

#[test]
fn another_model_batch_size_or_optimizer_is_refused() {
    let (layers, config, state) = halfway();
    let (_, others) = nets().swap_remove(1);
    assert!(refusal(&others, &config, &state).contains("0.kernel` has shape"));
    let larger = FitConfig { batch_size: 32, ..config.clone() };
    assert!(refusal(&layers, &larger, &state).contains("updates 6, expected 4"));
    let other = full(&optimizers()[3].1);
    assert!(refusal(&layers, &other, &state).contains("optimizer nadam, expected adam"));
}

/// A state of an earlier version, which wrote whether a callback had stopped the training, but not which.
#[test]
fn a_state_that_only_says_that_it_was_stopped_was_stopped_early() {
    let (layers, config, state) = halfway();
    let train_on = |stopped: serde_json::Value| {
        let mut facts = serde_json::to_value(&state.facts).expect("facts are JSON");
        facts["stopped"] = stopped;
        let facts = serde_json::from_value(facts).expect("facts of an earlier version");
        train(&layers, &config, Some(&TrainingState { facts, ..state.clone() }), EPOCHS, 1).outcome.end
    };
    assert_eq!(train_on(true.into()), FitEnd::Stopped { by: "early_stopping", epoch: 2 });
    assert_eq!(train_on(false.into()), train_on(serde_json::Value::Null));
}

#[test]
fn numbers_are_written_as_their_bits() {
    for value in [0.0, -0.0, 0.1, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE / 2.0, f64::MAX] {
        let text = serde_json::to_string(&Exact(value)).expect("a string");
        assert_eq!(serde_json::from_str::<Exact>(&text).expect("it comes back"), Exact(value), "{text}");
    }
    assert_eq!(serde_json::to_string(&Exact(1.0)).expect("a string"), "\"3ff0000000000000\"");
    for wrong in ["\"3ff\"", "\"3ff000000000000g\"", "\"+ff0000000000000\"", "1.0", "\"\""] {
        assert!(serde_json::from_str::<Exact>(wrong).is_err(), "{wrong}");
    }
}
