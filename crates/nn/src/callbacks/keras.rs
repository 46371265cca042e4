//! Keras' own callbacks on pseudo-random learning curves (`tests/golden/rules.py`), and ours on the same: every
//! decision must be the same at every epoch.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use toile_record::{Epoch, Metric};

use super::{Callback, Callbacks};

#[derive(Deserialize)]
struct Golden<T> {
    sequences: Vec<T>,
}

fn golden<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a golden file");
    serde_json::from_str::<Golden<T>>(&text).expect("its form").sequences
}

/// JSON has no word for the last two.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f32),
    Other(NotFinite),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NotFinite {
    Nan,
    Inf,
}

impl From<Number> for f64 {
    fn from(number: Number) -> f64 {
        match number {
            Number::Finite(value) => value as f64,
            Number::Other(NotFinite::Nan) => f64::NAN,
            Number::Other(NotFinite::Inf) => f64::INFINITY,
        }
    }
}

fn row(number: usize, monitor: Metric, value: f64, learning_rate: f64) -> Epoch {
    let mut epoch = Epoch {
        epoch: number,
        loss: Some(9.0),
        accuracy: Some(0.0),
        train_loss: Some(9.0),
        train_accuracy: Some(0.0),
        val_loss: Some(9.0),
        val_accuracy: Some(0.0),
        learning_rate,
        ..Epoch::default()
    };
    monitor.put(&mut epoch, Some(value));
    epoch
}

/// Runs one callback over a curve, with the epoch's number as the only weight. Gives the epoch it stopped after, the
/// weights at the end, the epoch it says it went back to (all counted from 0, as in Keras), and the rates after each
/// epoch.
struct Replay {
    stopped: Option<usize>,
    weight: f32,
    restored: Option<usize>,
    learning_rates: Vec<f64>,
}

fn replay(callback: &Callback, monitor: Metric, values: &[Number], learning_rate: f64) -> Replay {
    let mut callbacks = Callbacks::new(std::slice::from_ref(callback), learning_rate);
    let (mut stopped, mut weights, mut learning_rates) = (None, [f32::NAN], Vec::new());
    for (index, &value) in values.iter().enumerate() {
        weights = [index as f32];
        let row = row(index + 1, monitor, value.into(), callbacks.learning_rate());
        let stopped_by = callbacks.after_epoch(&row, &weights);
        learning_rates.push(callbacks.learning_rate());
        if let Some(name) = stopped_by {
            assert_eq!(name, callback.name());
            stopped = Some(index);
            break;
        }
    }
    let restored = callbacks.restore(&mut weights).map(|epoch| epoch - 1);
    Replay { stopped, weight: weights[0], restored, learning_rates }
}

#[derive(Deserialize)]
struct Stopping {
    #[serde(flatten)]
    callback: Callback,
    values: Vec<Number>,
    stopped: Option<usize>,
    restored: Option<usize>,
}

#[test]
fn early_stopping_stops_and_goes_back_where_keras_does() {
    let sequences: Vec<Stopping> = golden("early-stopping");
    assert_eq!(sequences.len(), 120);
    for case in sequences {
        let Callback::EarlyStopping(settings) = &case.callback else { panic!("{:?}", case.callback) };
        let replay = replay(&case.callback, settings.monitor, &case.values, 0.1);
        assert_eq!((replay.stopped, replay.restored), (case.stopped, case.restored), "{settings:?}");
        let last = case.stopped.unwrap_or(case.values.len() - 1);
        assert_eq!(
            replay.weight,
            case.restored.unwrap_or(last) as f32,
            "the weights at the end: {settings:?}"
        );
    }
}

#[derive(Deserialize)]
struct Plateau {
    #[serde(flatten)]
    callback: Callback,
    learning_rate: f64,
    values: Vec<Number>,
    learning_rates: Vec<f32>,
}

#[test]
fn the_learning_rate_is_reduced_when_and_as_far_as_keras_does() {
    let sequences: Vec<Plateau> = golden("reduce-lr-on-plateau");
    assert_eq!(sequences.len(), 120);
    for case in sequences {
        let Callback::ReduceLrOnPlateau(settings) = &case.callback else { panic!("{:?}", case.callback) };
        let replay = replay(&case.callback, settings.monitor, &case.values, case.learning_rate);
        let rates: Vec<f32> = replay.learning_rates.iter().map(|&rate| rate as f32).collect();
        assert_eq!(rates, case.learning_rates, "{settings:?}");
    }
}

#[derive(Deserialize)]
struct Best {
    #[serde(flatten)]
    callback: Callback,
    values: Vec<Number>,
    best: usize,
}

#[test]
fn the_best_weights_are_those_that_keras_saves() {
    let sequences: Vec<Best> = golden("best-weights");
    assert_eq!(sequences.len(), 40);
    for case in sequences {
        let Callback::BestWeights(settings) = &case.callback else { panic!("{:?}", case.callback) };
        let replay = replay(&case.callback, settings.monitor, &case.values, 0.1);
        assert_eq!((replay.stopped, replay.restored), (None, Some(case.best)), "{settings:?}");
        assert_eq!(replay.weight, case.best as f32, "the weights at the end: {settings:?}");
    }
}
