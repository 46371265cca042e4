//! A description says of a model all that another program needs, and predictions are those of the evaluation.

use crate::nets;

use nets::{CLASSES, Noise, SHAPE, nets, parse};
use toile_nn::*;
use toile_rng::Seed;

fn build(layers: &[Layer], image: ImageShape) -> Model {
    Model::build(layers, image, Seed::new(7)).expect("the layers fit")
}

#[test]
fn layers_follow_one_another_and_have_the_models_weights_and_the_summarys_names() {
    for (name, layers) in nets() {
        let model = build(&layers, SHAPE);
        let described = model.describe();
        assert_eq!((described.image, described.classes), (SHAPE, CLASSES), "{name}");
        assert!(described.layers.windows(2).all(|pair| pair[0].output == pair[1].input), "{name}");
        let tensors: Vec<Tensor> = described.layers.iter().flat_map(|layer| layer.tensors.clone()).collect();
        assert_eq!(tensors, model.weights(), "{name}");
        let names: Vec<&str> = described.layers.iter().map(|layer| layer.name.as_str()).collect();
        let rows = model.summary().rows;
        assert_eq!(names, rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), "{name}");
        for (i, layer) in described.layers.iter().enumerate() {
            assert_eq!(layer.layer, layers[i].spelled_out(), "{name}");
            let own = format!("{i}.");
            assert!(layer.tensors.iter().all(|tensor| tensor.name.starts_with(&own)), "{name}");
        }
    }
}

/// TensorFlow's rule, as documented for `tf.nn.convolution`: total = max((⌈n/s⌉ − 1) s + k − n, 0), less before.
#[test]
fn pads_are_those_of_tensorflow_for_every_small_size() {
    for (n, k, s) in (1..9).flat_map(|n| (1..6).flat_map(move |k| (1..4).map(move |s| (n, k, s)))) {
        let image = ImageShape { height: n, width: n + 2, channels: 2 };
        let pads = |n: usize| {
            let total = ((n.div_ceil(s) - 1) * s + k).saturating_sub(n);
            (total / 2, total - total / 2)
        };
        let ((top, bottom), (left, right)) = (pads(n), pads(n + 2));
        let same = [
            format!(
                r#"{{"conv2d":{{"filters":3,"kernel_size":[{k},{k}],"strides":[{s},{s}],"padding":"same"}}}}"#
            ),
            format!(
                r#"{{"depthwise_conv2d":{{"kernel_size":[{k},{k}],"strides":[{s},{s}],"padding":"same"}}}}"#
            ),
            format!(r#"{{"max_pooling2d":{{"pool_size":[{k},{k}],"strides":[{s},{s}],"padding":"same"}}}}"#),
            format!(
                r#"{{"average_pooling2d":{{"pool_size":[{k},{k}],"strides":[{s},{s}],"padding":"same"}}}}"#
            ),
        ];
        for text in same {
            let layers = [parse(&text), parse(r#"{"flatten":{}}"#), parse(END)];
            let window = build(&layers, image).describe().layers[0].window.expect("a window");
            assert_eq!(
                window,
                PlacedWindow { size: [k, k], strides: [s, s], pads: [top, left, bottom, right] },
                "{text} on {n}"
            );
        }
    }
}

const END: &str = r#"{"dense":{"units":2,"activation":"softmax"}}"#;

#[test]
fn whole_windows_are_not_padded_and_strides_are_spelled_out() {
    let image = ImageShape { height: 7, width: 5, channels: 1 };
    let layers = [parse(r#"{"max_pooling2d":{}}"#), parse(r#"{"flatten":{}}"#), parse(END)];
    let described = build(&layers, image).describe();
    let window = PlacedWindow { size: [2, 2], strides: [2, 2], pads: [0; 4] };
    assert_eq!(described.layers[0].window, Some(window));
    assert_eq!((described.layers[1].window, described.layers[2].window), (None, None));
}

#[test]
fn a_tensor_is_found_by_its_kind() {
    let described = build(&[parse(END)], SHAPE).describe();
    let layer = &described.layers[0];
    assert_eq!(
        (layer.input, layer.tensor("bias").map(|t| t.shape.clone())),
        (Shape::Flat(784), Some(vec![2]))
    );
    assert!(layer.tensor("gamma").is_none());
    assert_eq!(described.image, SHAPE, "the image is known where the first layer takes a row");
}

/// For every path of the engine, sizes within and beyond a pass, and any number of threads: the same bits.
#[test]
fn predictions_have_the_bits_of_the_evaluation() {
    let noise = Noise::new(1100);
    for (name, layers) in nets() {
        let model = build(&layers, SHAPE);
        for (n, threads) in [(1100, 3), (7, 1)] {
            let [examples, _] = noise.split(n);
            for loss in [Loss::default(), parse(r#"{"categorical_focal_crossentropy":{}}"#)] {
                let evaluation = evaluate(&model, &examples, &loss, 0.1, threads);
                let rows = predict(&model, &noise.images[..n * SHAPE.values()], 4 - threads);
                assert_eq!(rows.len(), n * CLASSES);
                for (i, row) in rows.chunks(CLASSES).enumerate() {
                    let class = usize::from(evaluation.predictions[i]);
                    assert_eq!(
                        row[class].to_bits(),
                        evaluation.confidences[i].to_bits(),
                        "{name}, image {i}"
                    );
                    assert!(row[..class].iter().all(|p| *p <= row[class]), "{name}, image {i}");
                    assert!(row[class..].iter().all(|p| *p <= row[class]), "{name}, image {i}");
                    assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{name}, image {i}");
                }
            }
        }
    }
}

#[test]
fn no_images_have_no_predictions() {
    assert!(predict(&build(&[parse(END)], SHAPE), &[0u8; 0], 2).is_empty());
}

#[test]
#[should_panic(expected = "no whole images")]
fn a_part_of_an_image_is_refused() {
    predict(&build(&[parse(END)], SHAPE), &[0u8; 785], 1);
}
