//! What is decided rather than trained, as Keras' own classes decide it: schedules and initialisers.
//!
//! The files are made by `golden/rules.py`. The callbacks' are in `src/callbacks/keras.rs`, beside what they test.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toile_nn::{Dense, ImageShape, Initializer, Layer, Model, Schedule};
use toile_rng::Seed;

fn golden<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a golden file")).expect("its form")
}

#[derive(Deserialize)]
struct Schedules {
    schedules: Vec<ScheduleCase>,
}

#[derive(Deserialize)]
struct ScheduleCase {
    learning_rate: f64,
    schedule: Schedule,
    values: Vec<(u64, f64)>,
}

/// Keras computes in f32: its values stray by some 10⁻⁷ of the largest rate.
#[test]
fn schedules_have_keras_values_at_and_around_every_boundary() {
    let golden: Schedules = golden("schedules");
    assert!(golden.schedules.len() >= 14);
    for case in golden.schedules {
        let largest = case.values.iter().fold(0.0f64, |most, (_, rate)| most.max(*rate));
        for (step, expected) in case.values {
            let found = case.schedule.rate(case.learning_rate, step);
            let allowed = 3e-7 * largest;
            assert!(
                (found - expected).abs() <= allowed,
                "{:?} at {step}: {found}, in Keras {expected}",
                case.schedule
            );
        }
    }
}

#[derive(Deserialize)]
struct Initializers {
    initializers: Vec<InitializerCase>,
}

#[derive(Deserialize)]
struct InitializerCase {
    initializer: Initializer,
    shape: Vec<usize>,
    /// No value lies farther from 0.
    largest: f64,
    sd: f64,
}

/// The kernel of the first layer of a model that gives it this shape.
fn kernel(case: &InitializerCase) -> Vec<f32> {
    let last = Layer::Dense(Dense { activation: toile_nn::Activation::Softmax, ..Dense::new(2) });
    let settings = |key: &str, of: serde_json::Value| serde_json::json!({ key: of });
    let (first, input) = match case.shape[..] {
        [inputs, units] => {
            let dense = serde_json::json!({ "units": units, "kernel_initializer": case.initializer });
            (settings("dense", dense), ImageShape { height: 1, width: 1, channels: inputs })
        }
        [height, width, channels, filters] => {
            let conv = serde_json::json!({ "filters": filters, "kernel_size": [height, width],
                                           "kernel_initializer": case.initializer });
            (settings("conv2d", conv), ImageShape { height, width, channels })
        }
        _ => panic!("a kernel of shape {:?}", case.shape),
    };
    let first = serde_json::from_value(first).expect("a layer in the study file's words");
    let flatten = serde_json::from_value(settings("flatten", serde_json::json!({}))).expect("a layer");
    let model = Model::build(&[first, flatten, last], input, Seed::new(7)).expect("a model that fits");
    let tensor = model.weights().swap_remove(0);
    assert_eq!((tensor.name.as_str(), &tensor.shape), ("0.kernel", &case.shape));
    tensor.values
}

#[test]
fn initialisers_have_keras_limits_and_moments() {
    let golden: Initializers = golden("initializers");
    assert_eq!(golden.initializers.len(), 20);
    for case in golden.initializers {
        let name = format!("{:?} of {:?}", case.initializer, case.shape);
        let values: Vec<f64> = kernel(&case).into_iter().map(f64::from).collect();
        let n = values.len() as f64;
        let largest = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        assert!(largest <= case.largest * (1.0 + 1e-6), "{name}: {largest} lies outside ±{}", case.largest);
        assert!(
            largest >= 0.97 * case.largest,
            "{name}: nothing comes near ±{}, only {largest}",
            case.largest
        );
        let mean = values.iter().sum::<f64>() / n;
        assert!(mean.abs() <= 4.0 * case.sd / n.sqrt(), "{name}: mean {mean}");
        let sd = (values.iter().map(|v| v * v).sum::<f64>() / n).sqrt();
        assert!(
            (sd / case.sd - 1.0).abs() <= 4.0 / n.sqrt(),
            "{name}: standard deviation {sd}, not {}",
            case.sd
        );
    }
}
