//! Functional networks of Keras: plain chains come in, everything else is named. And weights alone.

use crate::networks;

use std::io::{Cursor, Read, Write};

use networks::{facts, largest_difference, named, networks};
use serde_json::{Value, json};
use toile_exchange::InputKind;
use toile_exchange::keras::{
    CompileSettings, KerasModel, from_keras, from_weights_h5, to_keras, to_weights_h5,
};
use toile_nn::{Adam, Loss, Model, predict};
use toile_rng::Seed;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

fn written(network: &networks::Network) -> Vec<u8> {
    let optimizer = Adam::new(0.01).into();
    let compile =
        CompileSettings { optimizer: &optimizer, loss: &Loss::default(), label_smoothing: 0.0, memory: None };
    to_keras(&network.model.describe(), &facts(&network.model), compile, InputKind::Float).unwrap()
}

/// The file with a description that `change` has made another one.
fn changed(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut old = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut member = |name: &str| {
        let mut content = Vec::new();
        old.by_name(name).unwrap().read_to_end(&mut content).unwrap();
        content
    };
    let mut config: Value = serde_json::from_slice(&member("config.json")).unwrap();
    change(&mut config);
    for (name, content) in
        [("config.json", config.to_string().into_bytes()), ("model.weights.h5", member("model.weights.h5"))]
    {
        new.start_file(name, options).unwrap();
        new.write_all(&content).unwrap();
    }
    new.finish().unwrap().into_inner()
}

/// A call of a layer on what another one gives.
fn call(from: &str) -> Value {
    json!([{ "args": [{ "class_name": "__keras_tensor__", "config": { "keras_history": [from, 0, 0] } }],
             "kwargs": { "mask": null, "training": false } }])
}

/// A Sequential as the Functional network that says the same.
fn functional(config: &mut Value) {
    config["class_name"] = json!("Functional");
    let layers = config["config"]["layers"].as_array_mut().unwrap();
    let names: Vec<String> =
        layers.iter().map(|layer| layer["config"]["name"].as_str().unwrap().to_owned()).collect();
    for (i, layer) in layers.iter_mut().enumerate() {
        layer["name"] = json!(names[i]);
        layer["inbound_nodes"] = if i == 0 { json!([]) } else { call(&names[i - 1]) };
    }
    config["config"]["input_layers"] = json!([[names[0], 0, 0]]);
    config["config"]["output_layers"] = json!([names.last().unwrap(), 0, 0]);
}

fn model(read: &KerasModel) -> Model {
    let mut model = Model::build(&read.layers, read.image, Seed::new(1)).unwrap();
    model.set_weights(&read.tensors).unwrap();
    model
}

#[test]
fn a_functional_chain_is_the_sequential_of_its_layers() {
    for network in networks() {
        let bytes = written(&network);
        let found = from_keras(&changed(&bytes, functional));
        assert_eq!(found, from_keras(&bytes), "{}", network.name);
        assert!(found.is_ok());
    }
}

/// Files that Keras made (`tests/fixtures/make_functional.py`): its own predictions, and the same weights alone.
#[test]
fn a_functional_chain_of_keras_predicts_here_what_it_predicts_there() {
    let read = from_keras(include_bytes!("fixtures/functional.keras")).unwrap();
    assert!(!read.rescales);
    let pixels: Vec<u8> = (0..12 * 40).map(|i| (i * 7919 % 256) as u8).collect();
    let theirs: Vec<Vec<f64>> = serde_json::from_str(include_str!("fixtures/functional.json")).unwrap();
    let difference = largest_difference(&theirs.concat(), &predict(&model(&read), &pixels, 1));
    assert!(difference < 2e-6, "{difference}");
    let alone = include_bytes!("fixtures/functional.weights.h5");
    assert_eq!(from_weights_h5(alone, &read.layers, read.image), Ok(read.tensors));
}

#[test]
fn what_is_no_chain_is_named_all_at_once() {
    let bytes = written(&named("strides"));
    let refused = |change: &dyn Fn(&mut Value)| {
        let bytes = changed(&bytes, |config| {
            functional(config);
            change(config);
        });
        from_keras(&bytes).unwrap_err().to_string()
    };
    let branched = refused(&|config| {
        let layers = &mut config["config"]["layers"];
        layers[2]["inbound_nodes"] = call("input_layer");
        let two = json!([{ "config": { "keras_history": ["a", 0, 0] } }, {}]);
        layers[3]["inbound_nodes"][0]["args"] = json!([two]);
        layers[4]["inbound_nodes"][0]["kwargs"]["training"] = json!(true);
        layers[5]["inbound_nodes"] = json!([{}, {}]);
        layers[5]["class_name"] = json!("Lambda");
        config["config"]["input_layers"] = json!([["input_layer", 0, 0], ["other", 0, 0]]);
    });
    for part in [
        "the network has 2 inputs, expected one",
        "max_pooling2d (MaxPooling2D): it takes what `input_layer` gives, expected `conv2d`: a branch is not known",
        "conv2d_1 (Conv2D): it takes several inputs: branches are not known",
        "flatten (Flatten): it is called with `training`, expected nothing but its input",
        "dense (Lambda): it is called 2 times, expected once",
        "dense (Lambda): this kind of layer is not known; code is never run",
    ] {
        assert!(branched.contains(part), "`{part}` is not in\n{branched}");
    }
    let early = refused(&|config| config["config"]["output_layers"] = json!([["flatten", 0, 0]]));
    assert!(
        early.contains("the network gives what `flatten` gives, and its layers end with `dense`"),
        "{early}"
    );
    let lost = refused(&|config| config["config"]["layers"][1]["inbound_nodes"] = json!([]));
    assert!(lost.contains("conv2d (Conv2D): it takes nothing that another layer gives"), "{lost}");
}

#[test]
fn weights_alone_come_into_their_layers_bit_for_bit() {
    for network in networks() {
        let described = network.model.describe();
        let layers: Vec<_> = described.layers.iter().map(|layer| layer.layer.clone()).collect();
        for input in [InputKind::Float, InputKind::Uint8] {
            let read = from_weights_h5(&to_weights_h5(&described, input), &layers, described.image);
            assert_eq!(read, Ok(network.model.weights()), "{}", network.name);
        }
    }
}

#[test]
fn weights_of_other_layers_are_named_all_at_once() {
    let described = named("strides").model.describe();
    let bytes = to_weights_h5(&described, InputKind::Float);
    let layers: Vec<toile_nn::Layer> = serde_json::from_value(json!([
        { "conv2d": { "filters": 5, "kernel_size": [3, 3], "strides": [2, 1], "padding": "same" } },
        { "max_pooling2d": {} },
        { "flatten": {} },
        { "dense": { "units": 2 } },
        { "dense": { "units": 3, "activation": "softmax" } },
    ]))
    .unwrap();
    let error = from_weights_h5(&bytes, &layers, described.image).unwrap_err().to_string();
    for part in [
        "`layers/conv2d/vars/0`: it has the shape [3, 2, 3, 5], expected [3, 3, 3, 5] (kernel)",
        "`layers/dense/vars/0`: it has the shape [48, 3], expected",
        "`layers/dense_1/vars/1`: it is missing (expected bias of shape [3])",
        "`layers/conv2d_1/vars/0` of shape [2, 2, 5, 4]: no layer wants it",
    ] {
        assert!(error.contains(part), "`{part}` is not in\n{error}");
    }
}

#[test]
fn damaged_files_are_refused_or_read_in_bounds() {
    let described = named("one_pixel").model.describe();
    let layers: Vec<_> = described.layers.iter().map(|layer| layer.layer.clone()).collect();
    let weights = to_weights_h5(&described, InputKind::Float);
    for n in 0..weights.len() {
        assert!(from_weights_h5(&weights[..n], &layers, described.image).is_err(), "{n} bytes");
    }
    let chain = changed(&written(&named("one_pixel")), functional);
    for n in (0..chain.len()).step_by(7) {
        assert!(from_keras(&chain[..n]).is_err(), "{n} bytes");
    }
    let flipped = |bytes: &[u8], bit: usize| {
        let mut damaged = bytes.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        damaged
    };
    (0..weights.len() * 8)
        .for_each(|bit| drop(from_weights_h5(&flipped(&weights, bit), &layers, described.image)));
    (0..chain.len() * 8).step_by(3).for_each(|bit| drop(from_keras(&flipped(&chain, bit))));
}

/// `Input((28, 28))` before a Flatten, and rows of features, as Keras' own examples have them.
#[test]
fn images_without_channels_and_rows_come_in_before_a_flatten() {
    let network = named("dense");
    let whole = from_keras(&written(&network)).unwrap();
    let values = whole.image.values();
    for shape in [json!([null, values]), json!([null, 1, values])] {
        let is_image = shape.as_array().unwrap().len() == 3;
        let other = changed(&written(&network), |config| {
            config["config"]["layers"][0]["config"]["batch_shape"] = shape;
        });
        let read = from_keras(&other).unwrap();
        assert_eq!((read.image.values(), read.image.channels == 1), (values, is_image));
        assert_eq!(read.tensors, whole.tensors);
    }
    let other = changed(&written(&named("strides")), |config| {
        config["config"]["layers"][0]["config"]["batch_shape"] = json!([null, 8, 8]);
    });
    let said = from_keras(&other).unwrap_err().to_string();
    assert!(said.contains("before a Flatten"), "{said}");
}
