//! ONNX files: read back and computed by plain loops in f64 they are the network; what is wrong is noticed.

use crate::networks;

use networks::{facts, largest_difference, named, networks};
use toile_exchange::InputKind;
use toile_exchange::onnx::{OnnxAttribute, OnnxGraph, OnnxValues, from_onnx, to_onnx};
use toile_nn::predict;

const INPUTS: [InputKind; 2] = [InputKind::Uint8, InputKind::Float];

fn written(network: &networks::Network, input: InputKind) -> Vec<u8> {
    to_onnx(&network.model.describe(), &facts(&network.model), input).expect("a small network")
}

fn difference(graph: &OnnxGraph, network: &networks::Network) -> f64 {
    let found = graph.run(&network.images, 2).unwrap_or_else(|error| panic!("{}: {error}", network.name));
    largest_difference(&found, &predict(&network.model, &network.images, 1))
}

#[test]
fn a_file_that_is_read_back_computes_what_the_engine_computes() {
    for network in networks() {
        for input in INPUTS {
            let graph = from_onnx(&written(&network, input)).expect("our own file");
            let difference = difference(&graph, &network);
            assert!(difference < 5e-6, "{} {input:?}: {difference}", network.name);
        }
    }
}

#[test]
fn the_same_network_gives_the_same_bytes() {
    for network in networks() {
        assert_eq!(written(&network, InputKind::Uint8), written(&network, InputKind::Uint8));
        assert_ne!(written(&network, InputKind::Uint8), written(&network, InputKind::Float));
    }
}

#[test]
fn the_file_says_what_goes_in_what_comes_out_and_where_it_is_from() {
    let network = named("strides");
    let graph = from_onnx(&written(&network, InputKind::Uint8)).unwrap();
    assert_eq!(graph.input, ("images".into(), vec![9, 7, 3]));
    assert_eq!(graph.output, ("probabilities".into(), vec![3]));
    let of =
        |key: &str| graph.metadata.iter().find(|(known, _)| known == key).map(|(_, words)| words.as_str());
    assert_eq!(of("class_names"), Some("class 0\nclass 1\nclass 2"));
    assert_eq!(of("input"), Some("uint8 NHWC, 0 to 255"));
    assert_eq!((of("toile_run"), of("toile_seed"), of("toile_epoch")), (Some("a run"), Some("7"), Some("3")));
    assert!(of("toile_weights_sha256").is_some_and(|hash| hash.starts_with("ba7816bf")));
    assert!(of("data_fingerprint").is_some_and(|fingerprint| fingerprint.starts_with("cdcd")));
    assert_eq!(of("notice"), Some("procedural data, not comparable"));
}

/// A check that cannot fail is none: each of these is seen.
#[test]
fn a_graph_that_is_another_network_differs() {
    type Change = fn(&mut OnnxGraph);
    let wrong: [(&str, &str, Change); 6] = [
        ("strides", "a weight", |graph| {
            let OnnxValues::Floats(values) = &mut tensor(graph, "0.kernel").values else { return };
            values[3] += 0.01;
        }),
        ("strides", "padding on the other side", |graph| {
            for (name, value) in graph.nodes.iter_mut().flat_map(|node| &mut node.attributes) {
                if let OnnxAttribute::Ints(pads) = value
                    && name == "pads"
                    && pads[0] != pads[2]
                {
                    pads.swap(0, 2);
                }
            }
        }),
        ("strides", "planes in place of pixels", |graph| {
            let place = graph.nodes.iter().position(|node| node.name == "3.flatten/Transpose").unwrap();
            let removed = graph.nodes.remove(place);
            graph.nodes[place].inputs[0].clone_from(&removed.inputs[0]);
        }),
        ("normalized", "ε", |graph| {
            for node in graph.nodes.iter_mut().filter(|node| node.operator == "BatchNormalization") {
                node.attributes = vec![("epsilon".into(), OnnxAttribute::Float(0.5))];
            }
        }),
        ("normalized", "a slope", |graph| {
            for node in graph.nodes.iter_mut().filter(|node| node.operator == "LeakyRelu") {
                node.attributes.clear();
            }
        }),
        ("separable", "one activation for another", |graph| {
            let node = graph.nodes.iter_mut().find(|node| node.operator == "Erf").unwrap();
            node.operator = "Tanh".into();
        }),
    ];
    for (name, what, change) in wrong {
        let network = named(name);
        let mut graph = from_onnx(&written(&network, InputKind::Uint8)).unwrap();
        change(&mut graph);
        assert!(difference(&graph, &network) > 5e-6, "{name}: {what} is not noticed");
    }
}

fn tensor<'a>(graph: &'a mut OnnxGraph, name: &str) -> &'a mut toile_exchange::onnx::OnnxTensor {
    graph.tensors.iter_mut().find(|tensor| tensor.name == name).expect("a tensor of this name")
}

/// Every file that is cut off, or has one bit turned, is an error or some graph: never a panic, a hang or a great
/// piece of memory.
#[test]
fn damaged_files_are_refused_or_computed_in_bounds() {
    let network = named("one_pixel");
    let bytes = written(&network, InputKind::Uint8);
    for n in 0..bytes.len() {
        if let Ok(graph) = from_onnx(&bytes[..n]) {
            let _ = graph.run(&network.images, 1);
        }
    }
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(graph) = from_onnx(&damaged) {
            let _ = graph.run(&network.images, 1);
        }
    }
}

#[test]
fn other_versions_are_named() {
    let mut bytes = written(&named("one_pixel"), InputKind::Uint8);
    assert_eq!(bytes[..2], [0x08, 8]);
    bytes[1] = 10;
    let error = from_onnx(&bytes).unwrap_err().to_string();
    assert!(error.contains("IR version 10 and opset 17, expected 8 and 17"), "{error}");
}
