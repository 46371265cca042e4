//! `config.json` as a row of layers: a `Sequential`, or a Functional network that is a plain chain. What cannot be
//! taken is named, all at once.

use serde_json::{Map, Value};
use toile_nn::{ImageShape, Layer};

use super::names::GroupNames;
use super::take::{TakenLayer, taken};
use crate::ExchangeError;

/// The most layers.
const MOST_LAYERS: usize = 1000;

/// What `config.json` says.
pub(super) struct KerasChain {
    pub image: ImageShape,
    pub layers: Vec<Layer>,
    /// What each layer is called.
    pub names: Vec<String>,
    /// The group of each layer's weights.
    pub groups: Vec<String>,
    /// Whether the network divides by 255 itself.
    pub rescales: bool,
}

/// The layers of a network, each in its order after the other.
pub(super) fn chain(config: &Value) -> Result<KerasChain, ExchangeError> {
    let class_name = config["class_name"].as_str().unwrap_or("?");
    if !["Sequential", "Functional"].contains(&class_name) {
        let message = format!("the network is a {class_name:?}, expected a Sequential or a Functional chain");
        return Err(ExchangeError::new(message).help("build the same layers as a `keras.Sequential`"));
    }
    let all = config["config"]["layers"].as_array().map_or(&[][..], Vec::as_slice);
    if all.len() > MOST_LAYERS {
        return Err(ExchangeError::new(format!("the network has {} layers", all.len())));
    }
    let mut faults = match class_name {
        "Functional" => no_chain(&config["config"], all),
        _ => Vec::new(),
    };
    let mut shape = &config["build_config"]["input_shape"];
    let (mut layers, mut names, mut groups, mut rescales) = (Vec::new(), Vec::new(), Vec::new(), false);
    let (mut classes, empty) = (GroupNames::default(), Map::new());
    for layer in all {
        let class_name = layer["class_name"].as_str().unwrap_or("?");
        if class_name == "InputLayer" {
            shape = &layer["config"]["batch_shape"];
            continue;
        }
        let group = classes.next(class_name);
        let name = layer["config"]["name"].as_str().unwrap_or(&group).to_owned();
        match taken(class_name, layer["config"].as_object().unwrap_or(&empty)) {
            Ok(TakenLayer::Layer(layer)) => {
                layers.push(layer);
                names.push(name);
                groups.push(group);
            }
            Ok(TakenLayer::Rescaling) if layers.is_empty() && !rescales => rescales = true,
            Ok(TakenLayer::Rescaling) => {
                faults.push(format!("{name} (Rescaling): it is not the first layer"));
            }
            Err(what) => faults.extend(what.iter().map(|what| format!("{name} ({class_name}): {what}"))),
        }
    }
    if !faults.is_empty() {
        let message = format!("what the network has and toile has not:\n  {}", faults.join("\n  "));
        return Err(ExchangeError::new(message).help("all of it is named above; the other layers fit"));
    }
    Ok(KerasChain { image: image(shape, layers.first())?, layers, names, groups, rescales })
}

/// Where a Functional network is no chain: every layer takes what the one before it gives, once, and nothing else.
fn no_chain(config: &Value, layers: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, what) in [("input_layers", "inputs"), ("output_layers", "outputs")] {
        let n = ends(&config[key]).len();
        if n != 1 {
            faults.push(format!("the network has {n} {what}, expected one"));
        }
    }
    let mut before: Option<&str> = None;
    for layer in layers {
        let name = layer["name"].as_str().or(layer["config"]["name"].as_str()).unwrap_or("?");
        let class_name = layer["class_name"].as_str().unwrap_or("?");
        if let Some(what) = not_after(before, &layer["inbound_nodes"]) {
            faults.push(format!("{name} ({class_name}): {what}"));
        }
        before = Some(name);
    }
    let end = ends(&config["output_layers"]).first().copied();
    match (end, before) {
        (Some(end), Some(last)) if end != last => {
            faults.push(format!("the network gives what `{end}` gives, and its layers end with `{last}`"));
        }
        _ => {}
    }
    faults
}

/// The names of the layers at an end: `["a", 0, 0]`, `[["a", 0, 0], …]`, or the same under names.
fn ends(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(parts) => match parts.first() {
            Some(Value::String(name)) => vec![name],
            _ => parts.iter().flat_map(ends).collect(),
        },
        Value::Object(parts) => parts.values().flat_map(ends).collect(),
        _ => Vec::new(),
    }
}

/// Why a layer does not simply take what the layer before it gives.
fn not_after(before: Option<&str>, nodes: &Value) -> Option<String> {
    let nodes = nodes.as_array().map_or(&[][..], Vec::as_slice);
    let (before, node) = match (before, nodes) {
        (None, []) => return None,
        (Some(before), [node]) => (before, node),
        (_, []) => return Some("it takes nothing that another layer gives, and is not the first".into()),
        _ => return Some(format!("it is called {} times, expected once", nodes.len())),
    };
    // `training` is false where it is not said; Keras' `fit` says it.
    let is_said = |(_, value): &(&String, &Value)| !value.is_null() && **value != Value::Bool(false);
    let given = node["kwargs"].as_object().into_iter().flatten().filter(is_said);
    let given: Vec<String> = given.map(|(key, _)| format!("`{key}`")).collect();
    if !given.is_empty() {
        return Some(format!("it is called with {}, expected nothing but its input", given.join(", ")));
    }
    let arguments = node["args"].as_array().map_or(&[][..], Vec::as_slice);
    let from = match arguments {
        [tensor] => tensor["config"]["keras_history"][0].as_str(),
        _ => None,
    };
    match from {
        Some(from) if from == before => None,
        Some(from) => {
            Some(format!("it takes what `{from}` gives, expected `{before}`: a branch is not known"))
        }
        None => Some("it takes several inputs: branches are not known".into()),
    }
}

/// The images that a network takes. Without channels they are gray, which only a Flatten takes alike; rows of features
/// are pixels of many channels.
fn image(shape: &Value, first: Option<&Layer>) -> Result<ImageShape, ExchangeError> {
    let sizes = shape.as_array().map_or(&[][..], Vec::as_slice);
    let size =
        |value: &Value| value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    let sizes: Vec<Option<usize>> = sizes.iter().map(size).collect();
    match (sizes.as_slice(), first.map_or("", Layer::name)) {
        (&[None, Some(height), Some(width), Some(channels)], _) => Ok(ImageShape { height, width, channels }),
        (&[None, Some(height), Some(width)], "flatten") => Ok(ImageShape { height, width, channels: 1 }),
        (&[None, Some(features)], "flatten" | "dense") => Ok(ImageShape::row(features)),
        _ => Err(ExchangeError::new(format!(
            "the network takes inputs of shape {shape}, expected images, [null, height, width, channels]; before a Flatten \
             also [null, height, width], before a Dense rows, [null, features]"
        ))),
    }
}
