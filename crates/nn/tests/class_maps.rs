//! Class maps (Grad-CAM) against their definition: plain loops and central differences in f64.

use crate::formulas;
use crate::naive;

use naive::{Batch, Tensors};
use serde_json::{Value, json};
use toile_nn::{ClassMaps, ImageShape, Layer, Model, Tensor, grad_cam};
use toile_rng::Seed;

const CLASSES: usize = 4;
const SHAPE: ImageShape = ImageShape { height: 9, width: 8, channels: 2 };
/// More than go through the network together.
const IMAGES: u32 = 11;

fn conv(filters: usize, activation: &str) -> Value {
    json!({ "conv2d": { "filters": filters, "kernel_size": [3, 3], "activation": activation } })
}

fn end(hidden: usize) -> [Value; 4] {
    [
        json!({ "flatten": {} }),
        json!({ "dense": { "units": hidden, "activation": "tanh" } }),
        json!({ "dropout": { "rate": 0.5 } }),
        json!({ "dense": { "units": CLASSES, "activation": "softmax" } }),
    ]
}

fn built(layers: impl IntoIterator<Item = Value>) -> (Vec<Layer>, Model, Tensors) {
    let layers: Vec<Layer> =
        layers.into_iter().map(|layer| serde_json::from_value(layer).expect("a layer")).collect();
    let mut model = Model::build(&layers, SHAPE, Seed::new(1)).expect("the layers fit");
    let weight = |tensor: Tensor| Tensor { values: formulas::weight(&tensor.name, &tensor.shape), ..tensor };
    let weights: Vec<Tensor> = model.weights().into_iter().map(weight).collect();
    model.set_weights(&weights).expect("the model's own tensors");
    let wide = |tensor: Tensor| {
        let values = tensor.values.into_iter().map(f64::from).collect();
        (tensor.name, (tensor.shape, values))
    };
    (layers, model, weights.into_iter().map(wide).collect())
}

fn pixels() -> Vec<u8> {
    (0..IMAGES).flat_map(|i| formulas::image(i, SHAPE.values(), CLASSES)).collect()
}

fn classes() -> Vec<u8> {
    (0..IMAGES).map(|i| (i % CLASSES as u32) as u8).collect()
}

fn maps(model: &Model) -> Option<ClassMaps> {
    grad_cam(model, &pixels(), &classes())
}

/// The maps one by one.
fn each(maps: &ClassMaps) -> impl Iterator<Item = &[f32]> {
    maps.maps.chunks_exact(maps.height * maps.width)
}

/// The definition, image by image: each value of A moved a little, and back.
fn expected(layers: &[Layer], tensors: &Tensors, looked_at: usize) -> Vec<f64> {
    const H: f64 = 1e-6;
    let size = SHAPE.values();
    let of_image = |(pixels, class): (&[u8], u8)| {
        let values = pixels.iter().map(|pixel| f64::from(*pixel) / 255.0).collect();
        let image = Batch { n: 1, shape: [SHAPE.height, SHAPE.width, SHAPE.channels], values };
        let a = (0..=looked_at).fold(image, |x, i| naive::inference(i, &layers[i], tensors, x));
        let logit = |at: usize, h: f64| {
            let mut moved = a.clone();
            moved.values[at] += h;
            naive::logits(layers, tensors, looked_at + 1, moved).values[usize::from(class)]
        };
        let channels = a.shape[2];
        let places = a.values.len() / channels;
        let alpha = |k: usize| {
            let slope = |place| {
                let at = place * channels + k;
                (logit(at, H) - logit(at, -H)) / (2.0 * H)
            };
            (0..places).map(slope).sum::<f64>() / places as f64
        };
        let alpha: Vec<f64> = (0..channels).map(alpha).collect();
        let cell = |place: &[f64]| place.iter().zip(&alpha).map(|(a, alpha)| a * alpha).sum::<f64>().max(0.0);
        a.values.chunks(channels).map(cell).collect::<Vec<f64>>()
    };
    pixels().chunks(size).zip(classes()).flat_map(of_image).collect()
}

fn check(layers: impl IntoIterator<Item = Value>, looked_at: usize, layer: &str, size: [usize; 2]) {
    let (layers, model, tensors) = built(layers);
    let found = maps(&model).expect("a convolution");
    assert_eq!((found.layer.as_str(), [found.height, found.width]), (layer, size));
    let expected = expected(&layers, &tensors, looked_at);
    assert_eq!((found.maps.len(), each(&found).count()), (expected.len(), IMAGES as usize));
    let most = expected.iter().copied().fold(0.0, f64::max);
    assert!(most > 0.0, "some cell speaks for a class");
    for (found, expected) in found.maps.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-5 * most, "{found}, expected {expected}");
    }
}

#[test]
fn a_convolution_before_a_pooling_that_is_computed_with_it_is_looked_at_before_the_pooling() {
    let pool = json!({ "max_pooling2d": { "pool_size": [2, 2] } });
    let layers = [conv(3, "relu"), conv(5, "linear"), pool].into_iter().chain(end(6));
    check(layers, 1, "conv2d_1", [5, 4]);
}

#[test]
fn a_normalisation_and_an_activation_after_the_convolution_belong_to_it() {
    let layers = [conv(5, "linear"), json!({ "batch_normalization": {} }), json!({ "activation": "relu" })];
    check(layers.into_iter().chain(end(6)), 2, "activation", [7, 6]);
}

#[test]
fn the_way_back_leads_through_pooling_normalisation_and_rows() {
    let layers = [
        conv(4, "sigmoid"),
        json!({ "average_pooling2d": { "pool_size": [2, 2], "padding": "same" } }),
        json!({ "batch_normalization": {} }),
        json!({ "activation": "elu" }),
        json!({ "max_pooling2d": { "pool_size": [2, 2] } }),
        json!({ "flatten": {} }),
        json!({ "batch_normalization": {} }),
        json!({ "dense": { "units": 7, "activation": "gelu" } }),
        json!({ "dense": { "units": CLASSES } }),
        json!({ "activation": "softmax" }),
    ];
    // The twin ends with a dense layer.
    let (mut layers, model, tensors) = built(layers);
    let found = maps(&model).expect("a convolution");
    layers.pop();
    let expected = expected(&layers, &tensors, 0);
    let most = expected.iter().copied().fold(0.0, f64::max);
    for (found, expected) in found.maps.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-5 * most, "{found}, expected {expected}");
    }
}

#[test]
fn separable_and_depthwise_convolutions_are_looked_at_too() {
    let separable =
        json!({ "separable_conv2d": { "filters": 6, "kernel_size": [3, 3], "activation": "tanh" } });
    check([conv(3, "relu"), separable].into_iter().chain(end(5)), 1, "separable_conv2d", [5, 4]);
    let depthwise =
        json!({ "depthwise_conv2d": { "kernel_size": [2, 2], "strides": [2, 2], "activation": "tanh" } });
    check([conv(3, "relu"), depthwise].into_iter().chain(end(5)), 1, "depthwise_conv2d", [3, 3]);
}

/// With global average pooling and one dense layer, αₖ is that layer's weight over the number of places (Zhou et al.
/// 2016: a class activation map).
#[test]
fn with_global_average_pooling_it_is_the_class_activation_map() {
    let layers = [
        conv(5, "relu"),
        json!({ "global_average_pooling2d": {} }),
        json!({ "dense": { "units": CLASSES, "activation": "softmax" } }),
    ];
    let (layers, model, tensors) = built(layers);
    let found = maps(&model).expect("a convolution");
    let kernel = &tensors["2.kernel"].1;
    for ((image, class), map) in pixels().chunks(SHAPE.values()).zip(classes()).zip(each(&found)) {
        let values = image.iter().map(|pixel| f64::from(*pixel) / 255.0).collect();
        let image = Batch { n: 1, shape: [SHAPE.height, SHAPE.width, SHAPE.channels], values };
        let a = naive::inference(0, &layers[0], &tensors, image);
        for (place, found) in a.values.chunks(5).zip(map) {
            let sum: f64 =
                place.iter().enumerate().map(|(k, a)| a * kernel[k * CLASSES + usize::from(class)]).sum();
            assert!((f64::from(*found) - sum.max(0.0) / 42.0).abs() < 1e-6);
        }
    }
}

#[test]
fn a_network_without_a_convolution_has_no_maps() {
    let (_, model, _) = built([json!({ "dense": { "units": CLASSES, "activation": "softmax" } })]);
    assert_eq!(maps(&model), None);
}

#[test]
fn maps_do_not_depend_on_the_images_beside_them() {
    let (_, model, _) = built([conv(5, "relu")].into_iter().chain(end(6)));
    let all = maps(&model).expect("a convolution");
    for (i, (image, class)) in pixels().chunks(SHAPE.values()).zip(classes()).enumerate() {
        let alone = grad_cam(&model, image, &[class]).expect("a convolution");
        assert_eq!(alone.maps, all.of(i));
    }
}
