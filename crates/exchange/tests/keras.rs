//! `.keras` files: read back they are the same network, bit for bit; what cannot be taken is named.

use crate::networks;

use std::io::{Cursor, Read, Write};

use networks::{facts, named, networks};
use serde_json::{Value, json};
use toile_exchange::InputKind;
use toile_exchange::hdf5::{Hdf5Item, read_hdf5};
use toile_exchange::keras::{CompileSettings, from_keras, to_keras, to_weights_h5};
use toile_nn::{Adam, Loss, Model, predict};
use toile_rng::Seed;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

fn written(network: &networks::Network, input: InputKind) -> Vec<u8> {
    let optimizer = Adam::new(0.01).into();
    let compile =
        CompileSettings { optimizer: &optimizer, memory: None, loss: &Loss::default(), label_smoothing: 0.1 };
    to_keras(&network.model.describe(), &facts(&network.model), compile, input).expect("a small network")
}

fn member(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut content = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut content).unwrap();
    content
}

fn config(bytes: &[u8]) -> Value {
    serde_json::from_slice(&member(bytes, "config.json")).unwrap()
}

/// The file with another description.
fn with_config(bytes: &[u8], config: &Value) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in [
        ("config.json", config.to_string().into_bytes()),
        ("model.weights.h5", member(bytes, "model.weights.h5")),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(&content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_file_that_is_read_back_is_the_same_network_bit_for_bit() {
    for network in networks() {
        for input in [InputKind::Float, InputKind::Uint8] {
            let read = from_keras(&written(&network, input))
                .unwrap_or_else(|error| panic!("{}: {error}", network.name));
            assert_eq!(read.rescales, input == InputKind::Uint8, "{}", network.name);
            let mut model = Model::build(&read.layers, read.image, Seed::new(1)).unwrap();
            model.set_weights(&read.tensors).unwrap();
            let bits = |model: &Model| -> Vec<u32> {
                predict(model, &network.images, 1).iter().map(|p| p.to_bits()).collect()
            };
            assert_eq!(bits(&model), bits(&network.model), "{}", network.name);
        }
    }
}

#[test]
fn the_same_network_gives_the_same_bytes_and_no_time_but_the_trainings() {
    let network = named("strides");
    assert_eq!(written(&network, InputKind::Float), written(&network, InputKind::Float));
    let metadata: Value =
        serde_json::from_slice(&member(&written(&network, InputKind::Float), "metadata.json")).unwrap();
    assert_eq!(metadata["date_saved"], "2026-11-29@12:00:00");
    assert_eq!(metadata["toile"]["class_names"], json!(["class 0", "class 1", "class 2"]));
    assert_eq!(metadata["toile"]["notice"], "procedural data, not comparable");
}

/// Groups are named by classes in their order, not by layers; a layer without weights has one too.
#[test]
fn weights_lie_where_keras_looks_for_them() {
    let network = named("softmax_inside");
    let Some(Hdf5Item::Group(layers)) =
        read_hdf5(&to_weights_h5(&network.model.describe(), InputKind::Float)).unwrap().remove("layers")
    else {
        panic!("no layers")
    };
    let names: Vec<&str> = layers.keys().map(String::as_str).collect();
    let expected = [
        "activation",
        "batch_normalization",
        "conv2d",
        "dense",
        "dense_1",
        "flatten",
        "flatten_1",
        "max_pooling2d",
    ];
    assert_eq!(names, expected);
    let config = config(&written(&named("dense"), InputKind::Uint8));
    let classes: Vec<&str> = config["config"]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|l| l["class_name"].as_str())
        .collect();
    assert_eq!(classes[..4], ["InputLayer", "Rescaling", "Flatten", "Dense"]);
}

/// The groups of the weights stay those of the classes, as `keras.saving` looks for them.
#[test]
fn names_that_layers_were_given_are_kept() {
    let network = named("dense");
    let described = network.model.describe();
    let mut names: Vec<String> = (0..described.layers.len()).map(|i| format!("Part {i}")).collect();
    // The layer that Keras needs before a dense one gives way.
    names[0] = "flatten".into();
    let facts = toile_exchange::NetworkFacts { layer_names: names.clone(), ..facts(&network.model) };
    let optimizer = Adam::new(0.01).into();
    let compile =
        CompileSettings { optimizer: &optimizer, memory: None, loss: &Loss::default(), label_smoothing: 0.0 };
    let bytes = to_keras(&described, &facts, compile, InputKind::Uint8).unwrap();
    let read = from_keras(&bytes).unwrap();
    let values = |tensors: Vec<toile_nn::Tensor>| tensors.into_iter().map(|t| t.values).collect::<Vec<_>>();
    assert_eq!((&read.layer_names[1..], values(read.tensors)), (&names[..], values(network.model.weights())));
    let config = config(&bytes);
    let called = |i: usize| config["config"]["layers"][i]["config"]["name"].clone();
    assert_eq!([called(1), called(2), called(3)], ["rescaling", "flatten_", "flatten"]);
    let anonymous = from_keras(&written(&network, InputKind::Uint8)).unwrap();
    assert_eq!(anonymous.layer_names[..2], ["flatten", "dense"]);
}

#[test]
fn what_cannot_be_taken_is_named_all_at_once() {
    let bytes = written(&named("strides"), InputKind::Float);
    let mut config = config(&bytes);
    config["config"]["layers"][1]["config"]["dilation_rate"] = json!([2, 2]);
    config["config"]["layers"][1]["config"]["activation"] = json!("mish");
    config["config"]["layers"][2]["class_name"] = json!("Lambda");
    config["config"]["layers"][3]["config"]["dtype"] = json!("mixed_float16");
    let error = from_keras(&with_config(&bytes, &config)).unwrap_err().to_string();
    for part in [
        "conv2d (Conv2D): `dilation_rate` is [2,2], expected [1,1]",
        "conv2d (Conv2D): the activation \"mish\" is not known",
        "max_pooling2d (Lambda): this kind of layer is not known; code is never run",
        "conv2d_1 (Conv2D): `dtype` is \"mixed_float16\", expected float32",
    ] {
        assert!(error.contains(part), "`{part}` is not in\n{error}");
    }
}

/// The layer's default slope is 0.3, the activation's 0.2.
#[test]
fn layers_that_are_activations_are_taken_only_where_they_are_ours() {
    let network = named("normalized");
    let bytes = written(&network, InputKind::Float);
    let with = |layer: Value| {
        let mut config = config(&bytes);
        config["config"]["layers"][3] = layer;
        from_keras(&with_config(&bytes, &config)).map_err(|error| error.to_string())
    };
    let slope =
        |slope: f64| json!({ "class_name": "LeakyReLU", "config": { "name": "a", "negative_slope": slope } });
    let taken = with(slope(0.2)).unwrap();
    assert_eq!(taken.layers, from_keras(&bytes).unwrap().layers);
    assert!(with(slope(0.3)).unwrap_err().contains("`negative_slope` is 0.3, expected 0.2"));
    assert!(
        with(json!({ "class_name": "LeakyReLU", "config": {} })).unwrap_err().contains("which means 0.3")
    );
    let capped = json!({ "class_name": "ReLU", "config": { "name": "a", "max_value": 6.0 } });
    assert!(with(capped).unwrap_err().contains("`max_value` is 6.0, expected null"));
}

#[test]
fn other_files_are_named() {
    let hdf5 = to_weights_h5(&named("one_pixel").model.describe(), InputKind::Float);
    assert!(from_keras(&hdf5).unwrap_err().to_string().contains("it is an HDF5 file"));
    assert!(from_keras(b"hello").unwrap_err().to_string().contains("ZIP"));
    let bytes = written(&named("one_pixel"), InputKind::Float);
    let mut config = config(&bytes);
    config["class_name"] = json!("Wide");
    assert!(
        from_keras(&with_config(&bytes, &config)).unwrap_err().to_string().contains("expected a Sequential")
    );
    // What `torch.save` writes: a ZIP with a pickle in it.
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("net/data.pkl", SimpleFileOptions::default()).unwrap();
    let error = from_keras(&archive.finish().unwrap().into_inner()).unwrap_err();
    assert!(error.message.contains("it is a pickle") && error.help.unwrap().contains("safetensors"));
}

#[test]
fn damaged_files_are_refused_or_read_in_bounds() {
    let bytes = written(&named("one_pixel"), InputKind::Float);
    for n in (0..bytes.len()).step_by(3) {
        assert!(from_keras(&bytes[..n]).is_err(), "{n} bytes");
    }
    for bit in (0..bytes.len() * 8).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let _ = from_keras(&damaged);
    }
}

/// A file that Keras made (`tests/fixtures/make_keras.py`), with the optimizer's memory in it: Keras' own predictions.
#[test]
fn a_network_of_keras_predicts_here_what_it_predicts_there() {
    let read = from_keras(include_bytes!("fixtures/keras.keras")).unwrap();
    assert!(read.rescales);
    let training = &read.training;
    let sgd = toile_nn::Sgd { momentum: 0.9, ..toile_nn::Sgd::new(0.05) };
    assert_eq!((&training.optimizer, training.label_smoothing), (&sgd.into(), 0.1));
    assert_eq!(training.notes, Vec::<String>::new());
    let mut model = Model::build(&read.layers, read.image, Seed::new(1)).unwrap();
    model.set_weights(&read.tensors).unwrap();
    let pixels: Vec<u8> = (0..12 * 40).map(|i| (i * 7919 % 256) as u8).collect();
    let theirs: Vec<Vec<f64>> = serde_json::from_str(include_str!("fixtures/keras.json")).unwrap();
    let difference = networks::largest_difference(&theirs.concat(), &predict(&model, &pixels, 1));
    assert!(difference < 2e-6, "{difference}");
}
