//! Gradients and outputs near those of floats: as near as eight digits are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toile_nn::{DtypePolicy, Layer, Model, grad_cam, predict};
use toile_rng::Seed;

use super::{MIXED, nets};
use crate::engine::Setting;
use crate::nets::{Noise, SHAPE};
use crate::trajectory;

/// ‖a − b‖ / ‖b‖ of all tensors together.
pub(super) fn distance(a: &BTreeMap<String, Vec<f64>>, b: &BTreeMap<String, Vec<f64>>) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let pairs = a.iter().zip(b).flat_map(|((_, a), (_, b))| a.iter().zip(b));
    norm(&mut pairs.map(|(a, b)| a - b)) / norm(&mut b.values().flatten().copied())
}

/// Every layer, alone and with others, in the networks that are held against Keras.
#[test]
fn the_gradient_of_every_layer_is_near_that_of_floats() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let prefixes = [
        "conv2d",
        "depthwise",
        "separable",
        "max",
        "average",
        "global",
        "flatten",
        "batch",
        "dropout",
        "cnn",
    ];
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).expect("the golden files") {
        let path = entry.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_string();
        if !name.ends_with(".json") || !prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let floats = trajectory::setting(&trajectory::read(&path));
        let mixed = Setting { policy: MIXED, ..floats.clone() };
        let found = distance(&mixed.gradient(), &floats.gradient());
        assert!(found > 0.0, "{name}: nothing is rounded");
        assert!(found < 0.03, "{name}: the gradient is {found} away");
        tried += 1;
    }
    assert!(tried > 30, "{tried} networks");
}

#[test]
fn probabilities_and_class_maps_are_near_those_of_floats() {
    let noise = Noise::new(40);
    for (name, layers) in nets() {
        let model = |policy: DtypePolicy| {
            Model::build(&layers, SHAPE, Seed::new(5)).expect("the layers fit").with_dtype_policy(policy)
        };
        let [floats, mixed] = [DtypePolicy::Float32, MIXED].map(model);
        let far = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let [a, b] = [&floats, &mixed].map(|model| predict(model, &noise.images[..], 2));
        assert!(a != b && far(&a, &b) < 0.02, "{name}: {} away", far(&a, &b));
        let classes: Vec<u8> = (0..40).map(|i| i % 5).collect();
        let [a, b] = [&floats, &mixed].map(|model| grad_cam(model, &noise.images[..], &classes));
        assert_eq!(a.is_some(), b.is_some(), "{name}");
        if let (Some(a), Some(b)) = (a, b) {
            let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
            let away =
                norm(&mut a.maps.iter().zip(&b.maps).map(|(a, b)| a - b)) / norm(&mut a.maps.iter().copied());
            assert!(away < 0.05, "{name}: the maps are {away} away");
        }
    }
}

#[test]
fn a_training_lowers_the_loss_as_one_of_floats_does() {
    for (name, layers) in nets() {
        let bits = super::train(&layers, &super::config(&crate::nets::optimizers()[5].1, 6), 2);
        let (first, last) = (f64::from_bits(bits[0]), f64::from_bits(bits[20]));
        assert!(last < first, "{name}: loss {first} then {last}");
    }
}

#[test]
fn a_model_says_how_it_computes() {
    let layers = nets().pop().expect("a net").1;
    let algorithms = |policy: DtypePolicy| -> Vec<Option<String>> {
        let model = Model::build(&layers, SHAPE, Seed::new(5)).expect("the layers fit");
        let model = model.with_dtype_policy(policy);
        assert_eq!(model.dtype_policy(), policy);
        model.summary().rows.into_iter().map(|row| row.algorithm).collect()
    };
    let mixed = algorithms(MIXED);
    let expected = [
        Some("bfloat16"),
        Some("bfloat16"),
        Some("with conv2d_1"),
        Some("bfloat16"),
        Some("bfloat16"),
        Some("bfloat16"),
        Some("with conv2d_4"),
        None,
        Some("bfloat16"),
        Some("bfloat16"),
        None,
    ];
    assert_eq!(mixed.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    assert!(algorithms(DtypePolicy::Float32).iter().flatten().all(|text| !text.contains("bfloat16")));
    let is_dense = |layer: &&Layer| matches!(layer, Layer::Dense(_));
    assert_eq!(layers.iter().filter(is_dense).count(), 3, "the last of them rounds nothing");
}
