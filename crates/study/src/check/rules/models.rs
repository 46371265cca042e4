//! Rules of a model: its shapes, its size, its end.

use toile_nn::{Activation, ImageShape, Layer, Shape};
use toile_tune::{Params, Space};

use crate::check::DataShape;
use crate::check::draft::{Draft, ModelDraft};
use crate::check::faults::{Fault, quote};
use crate::check::tree::Node;
use crate::check::walk::Walk;
use crate::space::{MOST_LAYERS, corners};

/// The most parameters of a model: 4 GB of weights, and four times that while Adam trains them.
const MOST_PARAMETERS: u128 = 1_000_000_000;

/// The most ranges of a search, and of a model.
pub(crate) const MOST_PARAMETERS_OF_A_SPACE: usize = 200;

/// The most layers of all models of a study.
const MOST_LAYERS_OF_ALL: usize = 20_000;

/// Points of a model's space at which its layers are held against each other, at most and at least.
const MOST_CORNERS: usize = 512;
const LEAST_CORNERS: usize = 8;

/// Layers that are looked at over the corners of a model, so that a large model has fewer.
const MOST_LAYERS_OF_CORNERS: usize = 50_000;

pub(super) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    let layers: usize = draft.models.iter().map(|model| model.space.len()).sum();
    if layers > MOST_LAYERS_OF_ALL {
        let message = format!(
            "the models have {layers} layers, repetitions counted; at most {MOST_LAYERS_OF_ALL} are possible"
        );
        return walk.fault(&draft.root.at(&["models"]).span, message, "make several studies of it");
    }
    for model in &draft.models {
        name(model, walk);
        if bounded(model, walk) {
            corners_of(model, shape, walk);
        }
    }
}

fn bounded(model: &ModelDraft, walk: &mut Walk) -> bool {
    let span = model.entry.node.get("layers").map_or(&model.entry.key_span, |layers| &layers.span);
    let ranges = model.space.params.len();
    if model.space.is_too_long {
        let message = format!("a model has at most {MOST_LAYERS} layers, repetitions counted");
        walk.fault(span, message, "lower `times`");
        return false;
    }
    if ranges > MOST_PARAMETERS_OF_A_SPACE {
        let message = format!(
            "a model has at most {MOST_PARAMETERS_OF_A_SPACE} ranges, repetitions counted; this one has {ranges}"
        );
        walk.fault(span, message, "write values in place of some of them");
        return false;
    }
    true
}

/// A model without ranges has one corner. Of several that are wrong, the first is told.
fn corners_of(model: &ModelDraft, shape: Option<DataShape>, walk: &mut Walk) {
    let most = (MOST_LAYERS_OF_CORNERS / model.space.len().max(1)).clamp(LEAST_CORNERS, MOST_CORNERS);
    let space = model.space.space();
    let before = walk.faults.len();
    for corner in corners(&space, most) {
        let mut layers = model.space.layers(&corner);
        if layers.is_empty() && !space.params.is_empty() && model.is_right {
            let message = format!("`{}` may be left without layers", quote(&model.entry.key));
            walk.fault(
                &model.entry.key_span,
                message,
                "begin `times` at 1, or add a layer outside of `repeat`",
            );
        }
        if layers.is_empty() {
            layers.push((None, &model.entry.node));
        }
        layers_fit(model, &layers, shape, walk);
        if walk.faults.len() > before {
            tell_corner(&corner, &space, &mut walk.faults[before..]);
            break;
        }
    }
}

/// With which values it is that the layers do not fit.
fn tell_corner(corner: &Params, space: &Space, faults: &mut [Fault]) {
    let written = |(name, value): (&String, &f64)| {
        let value = space.get(name)?.distribution.external(*value);
        Some(format!("`{}` = {}", quote(name), quote(&value.to_string())))
    };
    let values: Vec<String> = corner.iter().filter_map(written).take(6).collect();
    for fault in faults.iter_mut().filter(|_| !values.is_empty()) {
        let more = if corner.len() > values.len() { ", …" } else { "" };
        let help = fault.help.take().map(|help| format!("{help}; ")).unwrap_or_default();
        fault.help = Some(format!("{help}found with {}{more}", values.join(", ")));
    }
}

fn layers_fit(model: &ModelDraft, all: &[(Option<Layer>, &Node)], shape: Option<DataShape>, walk: &mut Walk) {
    // Layers after the first that is wrong cannot be judged.
    let right: Vec<Layer> = all.iter().map_while(|(layer, _)| layer.clone()).collect();
    let whole = right.len() == all.len();
    let model = At { model, nodes: all.iter().map(|(_, node)| *node).collect() };
    softmax(&model, &right, whole, walk);
    if let Some(shape) = shape {
        shapes(&model, &right, whole, shape, walk);
    }
}

/// A model at a point of its space.
struct At<'a> {
    model: &'a ModelDraft<'a>,
    nodes: Vec<&'a Node>,
}

fn name(model: &ModelDraft, walk: &mut Walk) {
    let name = &model.entry.key;
    if name.trim().is_empty() || name.chars().count() > 100 {
        walk.fault(&model.entry.key_span, "a model's name has 1 to 100 characters", "");
    }
}

/// The place of a layer in the file.
fn node<'a>(model: &'a At, index: usize) -> &'a Node {
    model.nodes.get(index).copied().unwrap_or(&model.model.entry.node)
}

/// The loss is the crossentropy of softmax' output: softmax stands at the end, and only there.
fn softmax(model: &At, layers: &[Layer], whole: bool, walk: &mut Walk) {
    let last = model.nodes.len().saturating_sub(1);
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
        let message = format!("the last layer of `{}` must end in softmax", quote(&model.model.entry.key));
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

fn shapes(model: &At, layers: &[Layer], whole: bool, data: DataShape, walk: &mut Walk) {
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
fn classes(model: &At, end: Shape, data: DataShape, walk: &mut Walk) {
    let last = &node(model, model.nodes.len() - 1).span;
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
