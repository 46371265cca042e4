//! int8: weights and values are whole numbers near those of the network, and so is what it says. ONNX Runtime is asked
//! in `.ci/check-exports.py`.

use crate::networks;

use networks::{facts, named, networks};
use toile_exchange::InputKind;
use toile_exchange::onnx::{OnnxGraph, OnnxTensor, OnnxValues, from_onnx, to_onnx_int8};
use toile_nn::predict;

fn written(network: &networks::Network, input: InputKind) -> OnnxGraph {
    let (described, facts) = (network.model.describe(), facts(&network.model));
    let bytes = to_onnx_int8(&described, &facts, input, &network.images, 2).expect("a small network");
    assert_eq!(bytes, to_onnx_int8(&described, &facts, input, &network.images, 1).unwrap(), "the same bytes");
    from_onnx(&bytes).expect("our own file")
}

fn tensor<'a>(graph: &'a OnnxGraph, name: &str) -> &'a OnnxTensor {
    graph.tensors.iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no `{name}`"))
}

#[test]
fn what_it_says_is_near_to_what_the_network_says() {
    for network in networks() {
        for input in [InputKind::Uint8, InputKind::Float] {
            let found = written(&network, input).run(&network.images, 2).unwrap();
            let expected = predict(&network.model, &network.images, 1);
            let differences = found.iter().zip(&expected).map(|(a, b)| (a - f64::from(*b)).abs());
            let (n, sum) = differences.fold((0, 0.0), |(n, sum), one| (n + 1, sum + one));
            assert!(sum / f64::from(n) < 0.02, "{} {input:?}: {}", network.name, sum / f64::from(n));
        }
    }
}

#[test]
fn kernels_and_biases_come_back_within_half_a_step() {
    let network = named("strides");
    let graph = written(&network, InputKind::Uint8);
    let of = |name: &str| network.model.weights().into_iter().find(|tensor| tensor.name == name).unwrap();
    let floats = |name: &str| match &tensor(&graph, name).values {
        OnnxValues::Floats(values) => values.clone(),
        other => panic!("`{name}` is {other:?}"),
    };
    let scales = floats("4.kernel/scale");
    let OnnxValues::Int8(whole) = &tensor(&graph, "4.kernel/whole").values else { panic!("not int8") };
    let kernel = of("4.kernel");
    assert_eq!(scales.len(), kernel.shape[1], "a scale for each unit");
    for (i, (w, whole)) in kernel.values.iter().zip(whole).enumerate() {
        let scale = scales[i % scales.len()];
        assert!((w - f32::from(*whole) * scale).abs() <= 0.5001 * scale, "{i}");
    }
    let largest = whole.iter().map(|whole| whole.unsigned_abs()).max();
    // VPMADDUBSW adds two products of a byte of 0 to 255 and a signed one in 16 bits, which end at 32,767.
    assert_eq!(largest, Some(64), "the largest weight of a unit is ±64");
    assert!(2 * 255 * 64 <= i32::from(i16::MAX));
    let OnnxValues::Int32(bias) = &tensor(&graph, "4.bias/whole").values else { panic!("not int32") };
    for ((b, whole), scale) in of("4.bias").values.iter().zip(bias).zip(floats("4.bias/scale")) {
        assert!((b - *whole as f32 * scale).abs() <= 0.5001 * scale);
    }
}

/// Zero padding must be zero: 0 is a whole number of every value.
#[test]
fn zero_is_exact() {
    let graph = written(&named("strides"), InputKind::Uint8);
    let zeros = graph.tensors.iter().filter(|tensor| tensor.name.ends_with("/zero"));
    assert!(zeros.clone().count() > 8);
    let is_relu =
        |tensor: &&OnnxTensor| tensor.name.contains("Relu/") && tensor.values == OnnxValues::Uint8(vec![0]);
    assert!(zeros.clone().any(|tensor| is_relu(&tensor)), "what is never negative begins at 0");
}

#[test]
fn without_images_there_are_no_ranges() {
    let network = named("strides");
    let error = to_onnx_int8(&network.model.describe(), &facts(&network.model), InputKind::Uint8, &[], 1);
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "the value `images/Div` has no finite range");
}

/// Whatever scales a file has, it is an error at worst.
#[test]
fn scales_that_do_not_fit_are_refused() {
    type Change = fn(&mut OnnxTensor);
    let changes: [(&str, Change); 4] = [
        ("4.kernel/scale", |tensor| tensor.values = OnnxValues::Floats(vec![1.0])),
        ("4.kernel/whole", |tensor| tensor.values = OnnxValues::Uint8(vec![1])),
        ("images/Div/scale", |tensor| tensor.values = OnnxValues::Floats(Vec::new())),
        ("images/Div/zero", |tensor| tensor.values = OnnxValues::Int8(vec![0])),
    ];
    let network = named("strides");
    for (name, change) in changes {
        let mut graph = written(&network, InputKind::Uint8);
        change(graph.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap());
        assert!(graph.run(&network.images, 1).is_err(), "{name}");
    }
}
