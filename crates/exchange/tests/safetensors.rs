//! Weights of safetensors files come into known layers: ours, and those of PyTorch's `nn.Sequential`.

use crate::networks;

use networks::{Network, facts, named, networks};
use safetensors::tensor::{Dtype, TensorView, serialize};
use toile_exchange::InputKind;
use toile_exchange::pytorch::to_pytorch;
use toile_exchange::safetensors::from_safetensors;
use toile_nn::{ImageShape, Layer, Tensor};
use toile_store::{NamedTensor, weights_from_safetensors, weights_to_safetensors};

fn file(tensors: &[NamedTensor]) -> Vec<u8> {
    let all: Vec<(&str, &[usize], &[f32])> =
        tensors.iter().map(|(name, shape, values)| (name.as_str(), &shape[..], &values[..])).collect();
    weights_to_safetensors(&all, None)
}

fn own(network: &Network) -> Vec<NamedTensor> {
    network.model.weights().into_iter().map(|t: Tensor| (t.name, t.shape, t.values)).collect()
}

fn layers(network: &Network) -> (Vec<Layer>, ImageShape) {
    let described = network.model.describe();
    (described.layers.iter().map(|layer| layer.layer.clone()).collect(), described.image)
}

fn torch(network: &Network, input: InputKind) -> Vec<NamedTensor> {
    let files = to_pytorch(&network.model.describe(), &facts(&network.model), input, "net");
    weights_from_safetensors(&files.weights).unwrap()
}

fn read(network: &Network, bytes: &[u8]) -> Result<Vec<Tensor>, String> {
    let (layers, image) = layers(network);
    from_safetensors(bytes, &layers, image).map_err(|error| error.to_string())
}

#[test]
fn our_own_names_and_those_of_pytorch_come_in_bit_for_bit() {
    for network in networks() {
        assert_eq!(read(&network, &file(&own(&network))), Ok(network.model.weights()), "{}", network.name);
        for input in [InputKind::Float, InputKind::Uint8] {
            let bytes = file(&torch(&network, input));
            assert_eq!(read(&network, &bytes), Ok(network.model.weights()), "{}", network.name);
        }
    }
}

/// A kernel of PyTorch's by hand: `Linear` has (units, inputs), and behind a flatten layer its inputs are planes.
#[test]
fn kernels_of_pytorch_are_turned_back() {
    let layers: Vec<Layer> = serde_json::from_str(
        r#"[{"flatten": {}}, {"dense": {"units": 2, "activation": "softmax", "use_bias": false}}]"#,
    )
    .unwrap();
    let image = ImageShape { height: 1, width: 2, channels: 2 };
    // Inputs: channel 0 of both pixels, then channel 1.
    let weight: Vec<f32> = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let bytes = file(&[("1.weight".into(), vec![2, 4], weight)]);
    let found = from_safetensors(&bytes, &layers, image).unwrap();
    assert_eq!((found[0].name.as_str(), &found[0].shape[..]), ("1.kernel", &[4, 2][..]));
    assert_eq!(found[0].values, [1.0, 5.0, 3.0, 7.0, 2.0, 6.0, 4.0, 8.0]);
}

/// Somebody else's `nn.Sequential` counts its modules otherwise.
#[test]
fn modules_are_taken_in_their_order_whatever_their_numbers() {
    let network = named("normalized");
    let renumbered = torch(&network, InputKind::Float).into_iter().map(|(name, shape, values)| {
        let (number, last) = name.split_once('.').unwrap();
        (format!("{}.{last}", number.parse::<usize>().unwrap() * 3 + 4), shape, values)
    });
    let tensors: Vec<NamedTensor> = renumbered.collect();
    assert_eq!(read(&network, &file(&tensors)), Ok(network.model.weights()));
}

/// `num_batches_tracked` is a whole number of PyTorch's own; 16 bits hold halves, quarters, eighths exactly.
#[test]
fn numbers_of_16_bits_are_widened_and_counters_passed_over() {
    let network = named("one_pixel");
    let steps = 7_i64.to_le_bytes();
    for (dtype, one_and_a_half) in [(Dtype::F16, 0x3e00_u16), (Dtype::BF16, 0x3fc0)] {
        let tensors = torch(&network, InputKind::Float);
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
            .into_iter()
            .map(|(name, shape, values)| {
                let data = values.iter().flat_map(|_| one_and_a_half.to_le_bytes()).collect();
                (name, shape, data)
            })
            .collect();
        let mut views: Vec<(&str, TensorView<'_>)> = bytes
            .iter()
            .map(|(name, shape, data)| (name.as_str(), TensorView::new(dtype, shape.clone(), data).unwrap()))
            .collect();
        views.push(("0.num_batches_tracked", TensorView::new(Dtype::I64, vec![], &steps).unwrap()));
        let found = read(&network, &serialize(views, None).unwrap()).unwrap();
        assert!(found.iter().all(|tensor| tensor.values.iter().all(|value| *value == 1.5)), "{dtype:?}");
    }
    let doubles = [0; 8 * 100];
    let views = [("0.kernel", TensorView::new(Dtype::F64, vec![100], &doubles).unwrap())];
    let error = read(&network, &serialize(views, None).unwrap()).unwrap_err();
    assert!(error.contains("`0.kernel` has type F64, expected F32, F16 or BF16"), "{error}");
}

#[test]
fn what_does_not_fit_is_named_all_at_once() {
    let network = named("strides");
    let mut tensors = own(&network);
    tensors[0].1.swap(0, 1);
    let last = tensors.len() - 1;
    tensors[last].0 = "9.bias".into();
    let error = read(&network, &file(&tensors)).unwrap_err();
    for part in [
        "`0.kernel` has the shape [2, 3, 3, 5], expected [3, 2, 3, 5]",
        "`4.bias` is missing (expected the shape [3])",
        "`9.bias` of shape [3]: no layer wants it",
    ] {
        assert!(error.contains(part), "`{part}` is not in\n{error}");
    }
    let mut tensors = torch(&network, InputKind::Float);
    assert_eq!(tensors[1].0, "1.weight");
    tensors[1].1.swap(2, 3);
    tensors.push(("20.weight".into(), vec![1], vec![0.0]));
    tensors.push(("fc.weight".into(), vec![1], vec![0.0]));
    let error = read(&network, &file(&tensors)).unwrap_err();
    for part in [
        "`1.weight` has the shape [5, 3, 2, 3], expected [5, 3, 3, 2], for the layer `0.conv2d`",
        "`20.weight` of shape [1]: no layer wants it",
        "`fc.weight`: expected the names of an `nn.Sequential`, as `3.weight`",
    ] {
        assert!(error.contains(part), "`{part}` is not in\n{error}");
    }
    let mut few: Vec<NamedTensor> = torch(&network, InputKind::Float).into_iter().take(2).collect();
    few.push(("30.weight".into(), vec![5000], vec![0.0; 5000]));
    let error = read(&network, &file(&few)).unwrap_err();
    assert!(error.contains("no module is left for the layer `4.dense`"), "{error}");
}

#[test]
fn layers_that_want_more_than_the_file_holds_are_refused_before_they_are_made() {
    let layers: Vec<Layer> = serde_json::from_str(
        r#"[{"dense": {"units": 6000}}, {"dense": {"units": 6000}}, {"dense": {"units": 2, "activation": "softmax"}}]"#,
    )
    .unwrap();
    let image = ImageShape { height: 28, width: 28, channels: 1 };
    let error = from_safetensors(b"short", &layers, image).unwrap_err().to_string();
    assert!(error.contains("the file has room for 2"), "{error}");
}

#[test]
fn damaged_files_are_refused_or_read_in_bounds() {
    let network = named("one_pixel");
    for tensors in [own(&network), torch(&network, InputKind::Float)] {
        let bytes = file(&tensors);
        (0..bytes.len()).for_each(|n| assert!(read(&network, &bytes[..n]).is_err(), "{n} bytes"));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = read(&network, &damaged);
        }
    }
}
