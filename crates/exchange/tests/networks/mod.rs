//! Networks that hold every layer, padding, stride and activation, on images of odd sizes and several channels; their
//! weights are drawn, batch normalisation's averages too. And what a file says of them.
#![allow(dead_code)] // each test program uses a part

use toile_exchange::NetworkFacts;
use toile_nn::{ImageShape, Layer, Model, Tensor};
use toile_rng::Seed;

/// A name, the images' shape, and the layers as a study file writes them.
const NETWORKS: [(&str, [usize; 3], &str); 10] = [
    (
        "dense",
        [5, 3, 2],
        r#"[{"dense":{"units":7,"activation":"sigmoid"}},{"batch_normalization":{}},{"dropout":{"rate":0.5}},
            {"dense":{"units":6,"activation":"gelu","use_bias":false}},{"activation":"silu"},
            {"dense":{"units":4,"activation":"softmax"}}]"#,
    ),
    (
        "strides",
        [9, 7, 3],
        r#"[{"conv2d":{"filters":5,"kernel_size":[3,2],"strides":[2,1],"padding":"same","activation":"relu"}},
            {"max_pooling2d":{"pool_size":[2,3],"strides":[1,2],"padding":"same"}},
            {"conv2d":{"filters":4,"kernel_size":[2,2],"use_bias":false,"activation":"tanh"}},
            {"flatten":{}},{"dense":{"units":3,"activation":"softmax"}}]"#,
    ),
    (
        "normalized",
        [8, 11, 1],
        r#"[{"conv2d":{"filters":6,"kernel_size":[5,4],"strides":[1,2]}},{"batch_normalization":{"epsilon":0.01}},
            {"activation":"leaky_relu"},{"average_pooling2d":{"pool_size":[3,2],"padding":"same"}},
            {"conv2d":{"filters":4,"kernel_size":[1,1],"activation":"elu"}},{"global_average_pooling2d":{}},
            {"batch_normalization":{}},{"dense":{"units":5}},{"activation":"softmax"}]"#,
    ),
    (
        "separable",
        [10, 9, 2],
        r#"[{"separable_conv2d":{"filters":6,"kernel_size":[3,4],"padding":"same","depth_multiplier":2,
                "strides":[2,2],"activation":"silu"}},
            {"depthwise_conv2d":{"kernel_size":[2,3],"depth_multiplier":3,"padding":"same","activation":"gelu"}},
            {"depthwise_conv2d":{"kernel_size":[3,3],"use_bias":false}},
            {"separable_conv2d":{"filters":3,"kernel_size":[2,1],"use_bias":false}},
            {"flatten":{}},{"dense":{"units":3,"activation":"softmax"}}]"#,
    ),
    (
        "flat_end",
        [6, 5, 3],
        r#"[{"batch_normalization":{}},{"conv2d":{"filters":2,"kernel_size":[3,3],"strides":[2,2],"padding":"same"}},
            {"average_pooling2d":{"pool_size":[2,2],"strides":[1,1]}},{"flatten":{}},{"activation":"softmax"}]"#,
    ),
    (
        "softmax_inside",
        [7, 7, 2],
        r#"[{"activation":"sigmoid"},{"conv2d":{"filters":4,"kernel_size":[3,3],"padding":"same","activation":"softmax"}},
            {"max_pooling2d":{}},{"flatten":{}},{"flatten":{}},{"batch_normalization":{}},
            {"dense":{"units":8,"activation":"softmax"}},{"dense":{"units":2,"activation":"softmax"}}]"#,
    ),
    (
        "flatten_first",
        [4, 3, 3],
        r#"[{"flatten":{}},{"dropout":{"rate":0.1}},{"dense":{"units":9,"activation":"leaky_relu"}},
            {"dense":{"units":300,"activation":"elu"}},{"dense":{"units":3,"activation":"softmax"}}]"#,
    ),
    (
        "pooled_first",
        [9, 9, 2],
        r#"[{"max_pooling2d":{"pool_size":[3,3],"strides":[2,2],"padding":"same"}},{"dropout":{"rate":0.2}},
            {"average_pooling2d":{"pool_size":[4,4],"strides":[3,3],"padding":"same"}},{"activation":"linear"},
            {"flatten":{}},{"dense":{"units":4,"activation":"softmax"}}]"#,
    ),
    (
        "global_end",
        [7, 6, 1],
        r#"[{"conv2d":{"filters":3,"kernel_size":[2,2],"padding":"same","activation":"gelu"}},
            {"depthwise_conv2d":{"kernel_size":[3,2],"strides":[2,3],"padding":"same"}},
            {"global_average_pooling2d":{}},{"activation":"softmax"}]"#,
    ),
    (
        "one_pixel",
        [1, 1, 4],
        r#"[{"conv2d":{"filters":5,"kernel_size":[1,1],"padding":"same","activation":"relu"}},{"flatten":{}},
            {"dense":{"units":2,"activation":"softmax"}}]"#,
    ),
];

pub struct Network {
    pub name: &'static str,
    pub model: Model,
    /// Whole images, one after the other.
    pub images: Vec<u8>,
}

/// Images per network: more than go through together.
pub const IMAGES: usize = 37;

pub fn networks() -> Vec<Network> {
    NETWORKS.iter().map(network).collect()
}

pub fn named(name: &str) -> Network {
    network(NETWORKS.iter().find(|network| network.0 == name).expect("a network of this name"))
}

fn network((name, [height, width, channels], text): &(&'static str, [usize; 3], &str)) -> Network {
    let layers: Vec<Layer> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let image = ImageShape { height: *height, width: *width, channels: *channels };
    let mut model =
        Model::build(&layers, image, Seed::new(7)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let stream = &mut Seed::new(5).stream("weights", 0);
    let mut drawn = || f64::from(stream.next_u32()) / f64::from(u32::MAX);
    let tensors: Vec<Tensor> = model.weights().into_iter().map(|tensor| filled(tensor, &mut drawn)).collect();
    model.set_weights(&tensors).expect("the model's own tensors");
    let stream = &mut Seed::new(6).stream("pixels", 0);
    let images = (0..IMAGES * image.values()).map(|_| stream.next_u32() as u8).collect();
    Network { name, model, images }
}

/// Kernels as large as keeps the values from one layer to the next; variances are positive.
fn filled(tensor: Tensor, drawn: &mut impl FnMut() -> f64) -> Tensor {
    let inputs = tensor.values.len() / tensor.shape.last().copied().unwrap_or(1).max(1);
    let value = |drawn: f64| match tensor.kind() {
        "moving_variance" => 0.5 + drawn,
        "gamma" => 0.5 + drawn,
        kind if kind.ends_with("kernel") => (drawn * 2.0 - 1.0) * (6.0 / inputs.max(1) as f64).sqrt(),
        _ => (drawn * 2.0 - 1.0) * 0.3,
    };
    let values = tensor.values.iter().map(|_| value(drawn()) as f32).collect();
    Tensor { values, ..tensor }
}

pub fn facts(model: &Model) -> NetworkFacts {
    NetworkFacts {
        study: "made up".into(),
        run: "a run".into(),
        seed: 7,
        run_id: "0123456789abcdef".into(),
        epoch: Some(3),
        weights_sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
        started: "2026-11-29T12:00:00Z".into(),
        data: "made up".into(),
        data_fingerprint: "cd".repeat(32),
        class_names: (0..model.classes()).map(|class| format!("class {class}")).collect(),
        layer_names: Vec::new(),
        notice: Some("procedural data, not comparable"),
    }
}

/// The largest difference between numbers that another computation gives and the engine's.
pub fn largest_difference(found: &[f64], engine: &[f32]) -> f64 {
    assert_eq!(found.len(), engine.len(), "as many numbers");
    let differences = found.iter().zip(engine).map(|(a, b)| (a - f64::from(*b)).abs());
    // NaN is a difference.
    differences.fold(0.0, |most, one| if one <= most { most } else { one })
}
