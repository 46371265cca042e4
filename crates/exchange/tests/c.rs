//! C files: compiled by the system's compiler, where there is one, they are the network.

use crate::networks;

use std::io::Write;
use std::process::{Command, Stdio};

use networks::{facts, largest_difference, named, networks};
use toile_exchange::c::{to_c, weights_of_c};
use toile_exchange::{InputKind, NetworkFacts};
use toile_nn::predict;

fn written(network: &networks::Network, input: InputKind) -> String {
    to_c(&network.model.describe(), &facts(&network.model), input, "net").expect("finite weights")
}

#[test]
fn every_weight_reads_back_to_the_same_bits() {
    for network in networks() {
        let read = weights_of_c(&written(&network, InputKind::Uint8)).unwrap();
        let tensors = network.model.weights();
        assert_eq!(read.len(), tensors.len(), "{}", network.name);
        for ((name, values), tensor) in read.iter().zip(&tensors) {
            assert_eq!(*name, format!("w{}", tensor.name.replace('.', "_")));
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(values), bits(&tensor.values), "{}", network.name);
        }
    }
}

/// With every warning an error, and no library: not even `-lm`.
#[test]
#[allow(clippy::print_stderr)]
fn compiled_it_computes_what_the_engine_computes() {
    if !Command::new("cc").arg("--version").output().is_ok_and(|said| said.status.success()) {
        eprintln!("skipped: there is no C compiler");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for network in networks() {
        for input in [InputKind::Uint8, InputKind::Float] {
            let (source, program) = (dir.path().join("net.c"), dir.path().join("net"));
            std::fs::write(&source, written(&network, input)).unwrap();
            let said = Command::new("cc")
                .args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-DTOILE_MAIN", "-o"])
                .args([&program, &source])
                .output()
                .unwrap();
            assert!(said.status.success(), "{}: {}", network.name, String::from_utf8_lossy(&said.stderr));
            let bytes: Vec<u8> = match input {
                InputKind::Uint8 => network.images.clone(),
                InputKind::Float | InputKind::Features => {
                    network.images.iter().flat_map(|b| (f32::from(*b) / 255.0).to_le_bytes()).collect()
                }
            };
            let mut child =
                Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let writer = std::thread::spawn(move || stdin.write_all(&bytes));
            let out = child.wait_with_output().unwrap();
            writer.join().unwrap().unwrap();
            let text = String::from_utf8(out.stdout).unwrap();
            let found: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
            let difference = largest_difference(&found, &predict(&network.model, &network.images, 1));
            assert!(difference < 5e-6, "{} {input:?}: {difference}", network.name);
        }
    }
}

#[test]
fn names_are_never_code_and_weights_are_numbers() {
    let mut network = named("one_pixel");
    let hostile = "*/ int x; /* \n#include \"x\" ??/";
    let facts = NetworkFacts {
        run: hostile.into(),
        class_names: vec![hostile.into(), "b".into()],
        ..facts(&network.model)
    };
    let text = to_c(&network.model.describe(), &facts, InputKind::Uint8, "9 nets!").unwrap();
    assert!(text.contains("void network_9_nets__predict(const uint8_t *image"), "{text}");
    assert_eq!(text.split("#include <stdint.h>").next().unwrap().matches("*/").count(), 1, "{text}");
    let mut tensors = network.model.weights();
    tensors[0].values[0] = f32::NAN;
    network.model.set_weights(&tensors).unwrap();
    let error = to_c(&network.model.describe(), &facts, InputKind::Uint8, "net").unwrap_err().to_string();
    assert!(error.contains("`0.kernel` holds NaN"), "{error}");
}
