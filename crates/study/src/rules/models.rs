//! Rules of a model: its shapes, its size, its end.

use toile_nn::{Activation, ImageShape, Layer, Shape};

use crate::check::DataShape;
use crate::draft::ModelDraft;
use crate::faults::quote;
use crate::tree::Node;
use crate::walk::Walk;

/// The most parameters of a model: 4 GB of weights, and four times that while Adam trains them.
const MOST_PARAMETERS: u128 = 1_000_000_000;

pub(super) fn check(model: &ModelDraft, shape: Option<DataShape>, walk: &mut Walk) {
    name(model, walk);
    // Layers after the first that is wrong cannot be judged.
    let right: Vec<Layer> = model.layers.iter().map_while(|layer| layer.clone()).collect();
    let whole = right.len() == model.layers.len();
    softmax(model, &right, whole, walk);
    if let Some(shape) = shape {
        shapes(model, &right, whole, shape, walk);
    }
}

fn name(model: &ModelDraft, walk: &mut Walk) {
    let name = &model.entry.key;
    if name.trim().is_empty() || name.chars().count() > 100 {
        walk.fault(&model.entry.key_span, "a model's name has 1 to 100 characters", "");
    }
}

/// The place of a layer in the file.
fn node<'a>(model: &'a ModelDraft, index: usize) -> &'a Node {
    let layers = model.entry.node.get("layers");
    layers.and_then(|layers| layers.items().get(index)).unwrap_or(&model.entry.node)
}

/// The loss is the crossentropy of softmax' output: softmax stands at the end, and only there.
fn softmax(model: &ModelDraft, layers: &[Layer], whole: bool, walk: &mut Walk) {
    let last = model.layers.len().saturating_sub(1);
    for (index, layer) in layers.iter().enumerate() {
        if index < last && activation(layer) == Some(Activation::Softmax) {
            let message = "softmax stands at the end of a model, here another layer follows";
            walk.fault(
                &node(model, index).span,
                message,
                "use another activation here, for example \"relu\"",
            );
        }
    }
    let Some(layer) = layers.last().filter(|_| whole) else { return };
    if activation(layer) != Some(Activation::Softmax) {
        let message = format!("the last layer of `{}` must end in softmax", quote(&model.entry.key));
        let help = match layer {
            Layer::Dense(dense) => {
                format!("write `{{ dense = {{ units = {}, activation = \"softmax\" }} }}`", dense.units)
            }
            _ => "end with `{ dense = { units = 10, activation = \"softmax\" } }`, one unit for each class"
                .to_string(),
        };
        walk.fault(&node(model, last).span, message, help);
    }
}

fn activation(layer: &Layer) -> Option<Activation> {
    match layer {
        Layer::Dense(dense) => Some(dense.activation),
        Layer::Conv2D(conv) => Some(conv.activation),
        Layer::Activation(activation) => Some(*activation),
        _ => None,
    }
}

fn shapes(model: &ModelDraft, layers: &[Layer], whole: bool, data: DataShape, walk: &mut Walk) {
    let shapes = match toile_nn::shapes(layers, data.image) {
        Ok(shapes) => shapes,
        Err((index, error)) => return walk.fault(&node(model, index).span, error.message, error.help),
    };
    if let Some(index) = too_many_parameters(layers, &shapes) {
        let message = format!("the model has more than {MOST_PARAMETERS} parameters with this layer");
        return walk.fault(
            &node(model, index).span,
            message,
            "make the layers smaller, or pool the image before",
        );
    }
    if let Some(end) = shapes.last().filter(|_| whole) {
        classes(model, *end, data, walk);
    }
}

/// One output for each class.
fn classes(model: &ModelDraft, end: Shape, data: DataShape, walk: &mut Walk) {
    let last = &node(model, model.layers.len() - 1).span;
    match end {
        Shape::Flat(units) if units == data.classes => {}
        Shape::Flat(units) => {
            let message =
                format!("the model gives {units} values, but the data has {} classes", data.classes);
            walk.fault(last, message, format!("the last layer needs `units = {}`", data.classes));
        }
        Shape::Image(ImageShape { height, width, channels }) => {
            let message = format!(
                "the model gives a map of {height} x {width} x {channels}, not one value for each class"
            );
            walk.fault(
                last,
                message,
                "put `\"flatten\"` or `\"global_average_pooling2d\"` before the last dense layer",
            );
        }
    }
}

/// The first layer with which the model becomes too large. A bound, not the count that the summary prints.
fn too_many_parameters(layers: &[Layer], shapes: &[Shape]) -> Option<usize> {
    let mut sum = 0u128;
    layers.iter().zip(shapes).position(|(layer, input)| {
        sum += match layer {
            Layer::Dense(dense) => input.values() as u128 * dense.units as u128,
            Layer::Conv2D(conv) => {
                let [height, width] = conv.kernel_size.map(|n| n as u128);
                height * width * input.channels() as u128 * conv.filters as u128
            }
            _ => 0,
        };
        sum > MOST_PARAMETERS
    })
}
