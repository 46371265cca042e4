//! Layer by layer: which operators compute it.

use toile_nn::{DescribedLayer, ImageShape, Layer, ModelDescription, Shape, Tensor};
use toile_store::NamedTensor;

use super::builder::{GraphBuilder, with_inputs};
use super::graph::OnnxGraph;
use crate::InputKind;
use crate::layout::{PIXEL, channels_first, filters_first, takes_rows};

/// The graph of a model, without metadata.
pub(super) fn graph(model: &ModelDescription, input: InputKind) -> OnnxGraph {
    let ImageShape { height, width, channels } = model.image;
    let mut builder = GraphBuilder::new();
    take_images(&mut builder, model, input);
    for (i, layer) in model.layers.iter().enumerate() {
        add(&mut builder, i, layer);
    }
    builder.finish(input == InputKind::Uint8, vec![height, width, channels], model.classes)
}

/// Bytes become numbers in [0, 1], divided as the engine does; pixels become rows or planes.
fn take_images(builder: &mut GraphBuilder, model: &ModelDescription, input: InputKind) {
    if input == InputKind::Uint8 {
        let most = builder.constant(255.0);
        builder.add("images/Cast", "Cast", |node| node.int("to", super::encode::FLOAT));
        builder.add("images/Div", "Div", |node| with_inputs(node, &[most]));
    }
    let ImageShape { height, width, channels } = model.image;
    if takes_rows(model) {
        builder.reshape("images/Reshape", &[height * width * channels]);
    } else if channels == 1 {
        builder.reshape("images/Reshape", &[1, height, width]);
    } else {
        builder.planes("images/Transpose");
    }
}

fn as_it_lies(tensor: &Tensor) -> NamedTensor {
    (tensor.name.clone(), tensor.shape.clone(), tensor.values.clone())
}

fn add(builder: &mut GraphBuilder, i: usize, described: &DescribedLayer) {
    let name = &format!("{i}.{}", described.layer.name());
    let of = |kind: &str| described.tensor(kind);
    // A kernel in another order, and the bias if there is one.
    let turned = |kind: &str, turn: fn(&Tensor) -> (Vec<usize>, Vec<f32>), bias: Option<&Tensor>| {
        let kernel = of(kind).map(|kernel| {
            let (shape, values) = turn(kernel);
            (kernel.name.clone(), shape, values)
        });
        kernel.into_iter().chain(bias.map(as_it_lies)).collect::<Vec<_>>()
    };
    let channels = described.input.channels();
    let window = described.window.unwrap_or(PIXEL);
    match &described.layer {
        Layer::Dense(_) => {
            let tensors = described.tensors.iter().map(as_it_lies).collect();
            builder.with_tensors(&format!("{name}/Gemm"), "Gemm", tensors);
        }
        Layer::Conv2D(_) => {
            let tensors = turned("kernel", filters_first, of("bias"));
            builder.windows(&format!("{name}/Conv"), "Conv", window, 1, tensors);
        }
        Layer::DepthwiseConv2D(_) => {
            let tensors = turned("kernel", channels_first, of("bias"));
            builder.windows(&format!("{name}/Conv"), "Conv", window, channels, tensors);
        }
        Layer::SeparableConv2D(_) => {
            let tensors = turned("depthwise_kernel", channels_first, None);
            builder.windows(&format!("{name}/depthwise/Conv"), "Conv", window, channels, tensors);
            let tensors = turned("pointwise_kernel", filters_first, of("bias"));
            builder.windows(&format!("{name}/pointwise/Conv"), "Conv", PIXEL, 1, tensors);
        }
        Layer::MaxPooling2D(_) => {
            builder.windows(&format!("{name}/MaxPool"), "MaxPool", window, 1, Vec::new());
        }
        Layer::AveragePooling2D(_) => {
            builder.windows(&format!("{name}/AveragePool"), "AveragePool", window, 1, Vec::new());
        }
        Layer::GlobalAveragePooling2D(_) => builder.global_average(name),
        Layer::Flatten(_) => flatten(builder, name, described.input),
        Layer::BatchNormalization(settings) => {
            let kinds = ["gamma", "beta", "moving_mean", "moving_variance"];
            let tensors = kinds.iter().filter_map(|kind| of(kind).map(as_it_lies)).collect();
            builder.normalize(name, settings.epsilon, tensors);
        }
        Layer::Dropout(_) | Layer::Activation(_) => {}
    }
    builder.activation(name, described.layer.activation());
}

/// Rows of pixels, channels last.
fn flatten(builder: &mut GraphBuilder, name: &str, input: Shape) {
    if let Shape::Image(ImageShape { height, width, channels }) = input {
        builder.flatten(name, height * width > 1 && channels > 1);
    }
}
