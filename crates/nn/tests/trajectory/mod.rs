//! One golden trajectory: its file, and how far the engine strays from it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toile_nn::{Layer, Loss, Model, Optimizer, Schedule};

use crate::engine::{InputKind, Setting};
use crate::formulas;

type Sampled = BTreeMap<String, Vec<f64>>;

/// A golden file.
#[derive(Deserialize)]
pub struct Case {
    name: String,
    input: [usize; 3],
    #[serde(default)]
    inputs: InputKind,
    classes: usize,
    layers: Vec<Layer>,
    examples: usize,
    batch_size: usize,
    optimizer: Optimizer,
    #[serde(default)]
    schedule: Schedule,
    #[serde(default)]
    loss: Loss,
    #[serde(default)]
    label_smoothing: f32,
    #[serde(default)]
    class_weight: Vec<f32>,
    checkpoints: Vec<Checkpoint>,
    evaluation: Evaluation,
    #[serde(default)]
    seed: u64,
    /// The last checkpoint's weights when Keras computes in float64.
    exact: Sampled,
    /// Of the first batch, in float64.
    gradient: Option<Sampled>,
}

#[derive(Deserialize)]
struct Checkpoint {
    step: usize,
    loss: f64,
    accuracy: f64,
    /// Not in all files: of five classes it is 1.
    top_5_accuracy: Option<f64>,
    norms: BTreeMap<String, f64>,
    weights: Sampled,
}

/// Of 24 examples that were not trained on, with the last checkpoint's weights.
#[derive(Deserialize)]
struct Evaluation {
    loss: f64,
    accuracy: f64,
    predictions: Vec<u8>,
    confidences: Vec<f64>,
}

const FIRST_EVALUATED: u32 = 100_000;

pub fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).expect("a golden file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// How far a weight may be from Keras', at any learning rate and optimizer. Keras' own backends are up to 5e-6 apart
/// from each other after 400 updates of a dense net.
fn tolerance(checkpoint: &Checkpoint) -> f64 {
    if checkpoint.step <= 10 { 1e-6 } else { 2e-6 }
}

/// Trains the case afresh up to each checkpoint and says what is not as in Keras.
pub fn faults(case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    let setting = setting(case);
    for checkpoint in &case.checkpoints {
        let trained = setting.train(checkpoint.step);
        let weights: BTreeMap<_, _> =
            trained.model.weights().into_iter().map(|t| (t.name, t.values)).collect();
        let mut say =
            |what: String| faults.push(format!("{} after {} updates: {what}", case.name, checkpoint.step));
        compare_weights(checkpoint, &weights, tolerance(checkpoint), &mut say);
        compare_number("running loss", trained.loss, checkpoint.loss, 1e-5, &mut say);
        compare_number("running accuracy", trained.accuracy, checkpoint.accuracy, 1e-6, &mut say);
        if let Some(expected) = checkpoint.top_5_accuracy {
            compare_number("running top-5 accuracy", trained.top_5_accuracy, expected, 1e-6, &mut say);
        }
        if checkpoint.step == case.checkpoints.last().unwrap().step {
            compare_evaluation(case, &setting, &trained.model, &mut say);
            compare_exact(case, checkpoint, &weights, &mut say);
        }
    }
    if let Some(gradient) = &case.gradient {
        compare_gradient(&setting.gradient(), gradient, &mut |what| {
            faults.push(format!("{}: {what}", case.name))
        });
    }
    faults
}

pub fn setting(case: &Case) -> Setting {
    Setting {
        input: case.input,
        inputs: case.inputs,
        classes: case.classes,
        examples: case.examples,
        batch_size: case.batch_size,
        optimizer: case.optimizer.clone(),
        schedule: case.schedule.clone(),
        loss: case.loss.clone(),
        label_smoothing: case.label_smoothing,
        class_weight: case.class_weight.clone(),
        seed: case.seed,
        ..Setting::new(case.layers.clone())
    }
}

/// False for a NaN, which is a fault.
fn within(difference: f64, allowed: f64) -> bool {
    difference.abs() <= allowed
}

fn compare_number(what: &str, found: f64, expected: f64, tolerance: f64, say: &mut impl FnMut(String)) {
    if !within(found - expected, tolerance * expected.abs().max(1.0)) {
        say(format!("{what} {found}, Keras has {expected}"));
    }
}

/// The largest distance of the sampled elements, and which it is.
fn farthest<'a>(sampled: &'a Sampled, weights: &BTreeMap<String, Vec<f32>>) -> (f64, &'a str, usize) {
    let mut worst = (0.0, "", 0);
    for (name, expected) in sampled {
        let found = &weights[name];
        for (place, &w) in formulas::places(found.len(), 128).into_iter().zip(expected) {
            let distance = (found[place] as f64 - w).abs();
            if distance > worst.0 || distance.is_nan() {
                worst = (distance, name, place);
            }
        }
    }
    worst
}

fn compare_weights(
    checkpoint: &Checkpoint,
    weights: &BTreeMap<String, Vec<f32>>,
    tolerance: f64,
    say: &mut impl FnMut(String),
) {
    assert!(
        weights.keys().eq(checkpoint.weights.keys()),
        "the model has other tensors: {:?}",
        weights.keys()
    );
    for (name, expected) in &checkpoint.weights {
        assert_eq!(formulas::places(weights[name].len(), 128).len(), expected.len(), "the size of {name}");
    }
    let (distance, name, place) = farthest(&checkpoint.weights, weights);
    if !within(distance, tolerance) {
        say(format!("{name}[{place}] = {} is {distance:.1e} from Keras'", weights[name][place]));
    }
    // The norms cover what was not sampled: they differ by at most √n times the tolerance.
    for (name, expected) in &checkpoint.norms {
        let values = &weights[name];
        let found = values.iter().map(|&w| w as f64 * w as f64).sum::<f64>().sqrt();
        let allowed = tolerance * (values.len() as f64).sqrt() + 1e-7 * expected;
        if !within(found - expected, allowed) {
            say(format!("the norm of {name} is {found}, Keras has {expected}"));
        }
    }
}

/// Keras in f32 is itself some distance from Keras in f64; ours may be twice that, beside the last bits.
fn compare_exact(
    case: &Case,
    checkpoint: &Checkpoint,
    weights: &BTreeMap<String, Vec<f32>>,
    say: &mut impl FnMut(String),
) {
    let pairs = checkpoint.weights.iter().flat_map(|(name, theirs)| theirs.iter().zip(&case.exact[name]));
    let keras = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let (ours, name, place) = farthest(&case.exact, weights);
    if !within(ours, 2.0 * keras + 5e-7) {
        say(format!("{name}[{place}] is {ours:.1e} from float64, Keras' float32 only {keras:.1e}"));
    }
}

fn apart(pair: &(f64, f64)) -> f64 {
    (pair.0 - pair.1).abs()
}

fn compare_evaluation(case: &Case, setting: &Setting, model: &Model, say: &mut impl FnMut(String)) {
    let expected = &case.evaluation;
    let found = setting.evaluate(model, FIRST_EVALUATED, expected.predictions.len());
    compare_number("loss of unseen examples", found.loss, expected.loss, 1e-5, say);
    compare_number("accuracy on unseen examples", found.accuracy, expected.accuracy, 1e-6, say);
    if found.predictions != expected.predictions {
        say(format!("predictions {:?}, Keras has {:?}", found.predictions, expected.predictions));
    }
    let pairs = found.confidences.iter().zip(&expected.confidences);
    let (ours, keras) =
        pairs.map(|(&a, &b)| (a as f64, b)).max_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap();
    compare_number("confidence", ours, keras, 1e-5, say);
}

/// To 10⁻⁵, beside what sums in f32 leave where the parts of the gradient cancel (3 10⁻⁶ of the model's
/// largest; in Keras on JAX and TensorFlow it is 1 to 3).
fn compare_gradient(found: &BTreeMap<String, Vec<f64>>, expected: &Sampled, say: &mut impl FnMut(String)) {
    assert!(found.keys().eq(expected.keys()), "the tensors that have a gradient");
    let largest = expected.values().flatten().fold(0.0f64, |most, g| most.max(g.abs()));
    for (name, expected) in expected {
        for (place, &g) in formulas::places(found[name].len(), 128).into_iter().zip(expected) {
            let ours = found[name][place];
            if !within(ours - g, 1e-5 * g.abs() + 3e-6 * largest) {
                say(format!("the gradient of {name}[{place}] is {ours}, Keras' in float64 {g}"));
                break;
            }
        }
    }
}
