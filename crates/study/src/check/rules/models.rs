//! Rules of a model: its shapes, its size, its last layer.

use toile_nn::{Activation, ImageShape, Layer, Shape};
use toile_tune::{Params, Space};

use crate::check::DataShape;
use crate::check::draft::{Draft, ModelDraft};
use crate::check::faults::{Fault, quote};
use crate::check::tree::Node;
use crate::check::walk::Walk;
use crate::space::{MAX_LAYERS, corners};

/// The most parameters of a model: 4 GB of weights, and four times that while Adam trains them.
const MAX_PARAMETERS: u128 = 1_000_000_000;

/// The most ranges of a search, and of a model.
pub(crate) const MAX_RANGES: usize = 200;

/// The most layers of all models of a study.
const MAX_LAYERS_OF_ALL: usize = 20_000;

/// Points of a model's space at which its layers are checked against each other, at most and at least.
const MAX_CORNERS: usize = 512;
const MIN_CORNERS: usize = 8;

/// The most layers over all corners of a model: a large model is checked at fewer corners.
const MAX_LAYERS_OF_CORNERS: usize = 50_000;

pub(super) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    let layers: usize = draft.models.iter().map(|model| model.space.len()).sum();
    if layers > MAX_LAYERS_OF_ALL {
        let message = format!(
            "the models have {layers} layers, repetitions counted; at most {MAX_LAYERS_OF_ALL} are possible"
        );
        return walk.fault(&draft.root.at(&["models"]).span, message, "make several studies of it");
    }
    for model in &draft.models {
        name(model, walk);
        if is_bounded(model, walk) {
            at_corners(model, shape, walk);
        }
    }
}

/// Whether the model has few enough layers and ranges to be checked.
fn is_bounded(model: &ModelDraft, walk: &mut Walk) -> bool {
    let span = model.entry.node.get("layers").map_or(&model.entry.key_span, |layers| &layers.span);
    let ranges = model.space.params.len();
    if model.space.is_too_long {
        let message = format!("a model has at most {MAX_LAYERS} layers, repetitions counted");
        walk.fault(span, message, "lower `times`");
        return false;
    }
    if ranges > MAX_RANGES {
        let message =
            format!("a model has at most {MAX_RANGES} ranges, repetitions counted; this one has {ranges}");
        walk.fault(span, message, "write values in place of some of them");
        return false;
    }
    true
}

/// The rules at the corners of the model's space: the first corner with faults is reported. A model without ranges has
/// one corner.
fn at_corners(model: &ModelDraft, shape: Option<DataShape>, walk: &mut Walk) {
    let max_corners = (MAX_LAYERS_OF_CORNERS / model.space.len().max(1)).clamp(MIN_CORNERS, MAX_CORNERS);
    let space = model.space.space();
    let before = walk.faults.len();
    for corner in corners(&space, max_corners) {
        let mut layers = model.space.layers(&corner);
        if layers.is_empty() && !space.params.is_empty() && model.is_valid {
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
            add_corner(&corner, &space, &mut walk.faults[before..]);
            break;
        }
    }
}

/// Adds the values of the corner to the help of its faults.
fn add_corner(corner: &Params, space: &Space, faults: &mut [Fault]) {
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
    // Layers after the first invalid one cannot be checked: their input is unknown.
    let valid: Vec<Layer> = all.iter().map_while(|(layer, _)| layer.clone()).collect();
    let is_complete = valid.len() == all.len();
    let model = ModelAtPoint { model, nodes: all.iter().map(|(_, node)| *node).collect() };
    softmax(&model, &valid, is_complete, shape, walk);
    if let Some(shape) = shape {
        shapes(&model, &valid, is_complete, shape, walk);
    }
}

/// A model at a point of its space.
struct ModelAtPoint<'a> {
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
fn node<'a>(model: &'a ModelAtPoint, index: usize) -> &'a Node {
    model.nodes.get(index).copied().unwrap_or(&model.model.entry.node)
}

/// The loss is the crossentropy of softmax' output: softmax belongs at the end, and only there.
fn softmax(
    model: &ModelAtPoint,
    layers: &[Layer],
    is_complete: bool,
    shape: Option<DataShape>,
    walk: &mut Walk,
) {
    let last = model.nodes.len().saturating_sub(1);
    for (index, layer) in layers.iter().enumerate() {
        if index < last && layer.activation() == Activation::Softmax {
            let message = "softmax belongs at the end of a model, but another layer follows";
            walk.fault(
                &node(model, index).span,
                message,
                "use another activation here, for example \"relu\"",
            );
        }
    }
    let Some(layer) = layers.last().filter(|_| is_complete) else { return };
    if layer.activation() != Activation::Softmax {
        let message = format!("the last layer of `{}` must end in softmax", quote(&model.model.entry.key));
        let classes = shape.map(|shape| shape.classes);
        let help = if layer.units() == Some(1) && classes.is_none_or(|classes| classes == 2) {
            two_units()
        } else if let Some(units) = layer.units() {
            let units = classes.filter(|_| units == 1).unwrap_or(units);
            format!("write `{{ dense = {{ units = {units}, activation = \"softmax\" }} }}`")
        } else {
            let example = "`{ dense = { units = 10, activation = \"softmax\" } }`";
            format!("end with {example}, one unit for each class")
        };
        walk.fault(&node(model, last).span, message, help);
    }
}

fn shapes(model: &ModelAtPoint, layers: &[Layer], is_complete: bool, data: DataShape, walk: &mut Walk) {
    let shapes = match toile_nn::shapes(layers, data.image) {
        Ok(shapes) => shapes,
        Err((index, error)) => return walk.fault(&node(model, index).span, error.message, error.help),
    };
    if let Some(index) = too_many_parameters(layers, &shapes) {
        let message = format!("the model has more than {MAX_PARAMETERS} parameters with this layer");
        return walk.fault(
            &node(model, index).span,
            message,
            "make the layers smaller, or pool the image before",
        );
    }
    if let Some(end) = shapes.last().filter(|_| is_complete) {
        classes(model, *end, data, walk);
    }
}

/// One output for each class.
fn classes(model: &ModelAtPoint, end: Shape, data: DataShape, walk: &mut Walk) {
    let last = &node(model, model.nodes.len() - 1).span;
    match end {
        Shape::Flat(units) if units == data.classes => {}
        Shape::Flat(units) => {
            let message =
                format!("the model gives {units} values, but the data has {} classes", data.classes);
            let (message, help) = match (units, data.first_label) {
                (_, 0) if units == 1 && data.classes == 2 => (message, two_units()),
                (_, 0) => (message, format!("the last layer needs `units = {}`", data.classes)),
                (_, first) => labels_from(first, units, data.classes),
            };
            walk.fault(last, message, help);
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

/// Labels that were counted from 1: an output for a class without an image is nothing to advise.
fn labels_from(first: usize, units: usize, classes: usize) -> (String, String) {
    let message = format!(
        "the model gives {units} values, but the labels of the data are {first} to {}, none is below {first}",
        classes - 1
    );
    let without = if first == 1 { "0 has".to_string() } else { format!("0 to {} have", first - 1) };
    let help = format!(
        "labels count from 0: subtract {first} from all of them, and the last layer needs `units = {}`; as they are, \
         it needs `units = {classes}`, and class {without} no image",
        classes - first
    );
    (message, help)
}

/// Two classes are two values here, never one.
fn two_units() -> String {
    "two classes are two values: write `{ dense = { units = 2, activation = \"softmax\" } }`, which learns the same \
     as one unit with sigmoid"
        .to_string()
}

/// The first layer with which the model becomes too large.
fn too_many_parameters(layers: &[Layer], inputs: &[Shape]) -> Option<usize> {
    let mut sum = 0u128;
    layers.iter().zip(inputs).position(|(layer, &input)| {
        sum += layer.parameter_count(input);
        sum > MAX_PARAMETERS
    })
}
