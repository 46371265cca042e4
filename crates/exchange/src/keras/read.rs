//! A `.keras` file as layers and weights. No code of it is ever run; what cannot be taken is named, all at once.

use std::collections::HashMap;

use serde_json::Value;
use toile_nn::{BuildError, ImageShape, Layer, Model, ModelOutline, Tensor};
use toile_rng::Seed;

use super::compiled::{self, KerasTraining};
use super::take::{TakenLayer, taken};
use crate::hdf5::{Hdf5Group, Hdf5Item, Hdf5Numbers, read_hdf5};
use crate::{ExchangeError, archive};

/// What a `.keras` file holds of a network that can be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasModel {
    /// The images that it takes.
    pub image: ImageShape,
    /// Its layers. A `Rescaling(1/255)` is left out: the engine divides by itself.
    pub layers: Vec<Layer>,
    /// Its weights, by our names.
    pub tensors: Vec<Tensor>,
    /// Whether the file divides by 255 itself, and so takes bytes.
    pub rescales: bool,
    /// How it was compiled.
    pub training: KerasTraining,
}

/// The most bytes of a description of layers.
const LONGEST_CONFIG: usize = 16 << 20;

/// The most layers.
const MOST_LAYERS: usize = 1000;

/// Reads a `.keras` file of Keras 3, ours or Keras' own: a `Sequential` of layers that are known here.
///
/// # Errors
/// What is broken, or all that cannot be taken, layer by layer. Bytes of any kind give an error at worst.
pub fn from_keras(bytes: &[u8]) -> Result<KerasModel, ExchangeError> {
    if bytes.starts_with(b"\x89HDF") {
        return Err(ExchangeError::new("it is an HDF5 file, not a `.keras` file")
            .help("open it in Keras, and save it as `model.save(\"x.keras\")`"));
    }
    let missing =
        |name: &str| ExchangeError::new(format!("it is no `.keras` file: there is no `{name}` in it"));
    let config = archive::member(bytes, "config.json")?.ok_or_else(|| missing("config.json"))?;
    if config.len() > LONGEST_CONFIG {
        return Err(ExchangeError::new(format!("`config.json` has {} bytes", config.len())));
    }
    let config: Value = serde_json::from_slice(&config)
        .map_err(|error| ExchangeError::new(format!("`config.json` is no JSON: {error}")))?;
    let sequence = sequence(&config)?;
    let weights = archive::member(bytes, "model.weights.h5")?.ok_or_else(|| missing("model.weights.h5"))?;
    check_size(&sequence, weights.len())?;
    let tensors = tensors(&sequence, &read_hdf5(&weights)?)?;
    let KerasSequence { image, layers, rescales, .. } = sequence;
    let training = compiled::training(&config["compile_config"]);
    Ok(KerasModel { image, layers, tensors, rescales, training })
}

/// What `config.json` says.
struct KerasSequence {
    image: ImageShape,
    layers: Vec<Layer>,
    /// The group of each layer's weights.
    groups: Vec<String>,
    rescales: bool,
}

fn sequence(config: &Value) -> Result<KerasSequence, ExchangeError> {
    let class_name = config["class_name"].as_str().unwrap_or("?");
    if class_name != "Sequential" {
        let message = format!("the network is a {class_name:?}, expected a Sequential");
        return Err(ExchangeError::new(message).help("build the same layers as a `keras.Sequential`"));
    }
    let all = config["config"]["layers"].as_array().map_or(&[][..], Vec::as_slice);
    if all.len() > MOST_LAYERS {
        return Err(ExchangeError::new(format!("the network has {} layers", all.len())));
    }
    let mut shape = &config["build_config"]["input_shape"];
    let (mut layers, mut groups, mut faults, mut rescales) = (Vec::new(), Vec::new(), Vec::new(), false);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for layer in all {
        let class_name = layer["class_name"].as_str().unwrap_or("?");
        if class_name == "InputLayer" {
            shape = &layer["config"]["batch_shape"];
            continue;
        }
        let group = numbered(&mut seen, class_name);
        let name = layer["config"]["name"].as_str().unwrap_or(&group).to_owned();
        let empty = serde_json::Map::new();
        match taken(class_name, layer["config"].as_object().unwrap_or(&empty)) {
            Ok(TakenLayer::Layer(layer)) => {
                layers.push(layer);
                groups.push(group);
            }
            Ok(TakenLayer::Rescaling) if layers.is_empty() && !rescales => rescales = true,
            Ok(TakenLayer::Rescaling) => {
                faults.push(format!("{name} (Rescaling): it is not the first layer"))
            }
            Err(what) => faults.extend(what.iter().map(|what| format!("{name} ({class_name}): {what}"))),
        }
    }
    if !faults.is_empty() {
        let message = format!("what the network has and toile has not:\n  {}", faults.join("\n  "));
        return Err(ExchangeError::new(message).help("all of it is named above; the other layers fit"));
    }
    Ok(KerasSequence { image: image(shape)?, layers, groups, rescales })
}

/// The name of a layer's group: its class in snake case, numbered from the second of its class on.
fn numbered(seen: &mut HashMap<String, usize>, class_name: &str) -> String {
    let name = snake(class_name);
    let count = seen.entry(name.clone()).or_insert(0);
    *count += 1;
    if *count == 1 { name } else { format!("{name}_{}", *count - 1) }
}

/// `MaxPooling2D` becomes `max_pooling2d`, as `keras.src.utils.naming.to_snake_case` does it.
fn snake(class_name: &str) -> String {
    let letters: Vec<char> = class_name.chars().collect();
    let mut name = String::new();
    for (i, c) in letters.iter().enumerate() {
        let after_small = i > 0 && (letters[i - 1].is_lowercase());
        let before_small = i > 0 && letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_small || before_small) {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

fn image(shape: &Value) -> Result<ImageShape, ExchangeError> {
    let sizes = shape.as_array().map_or(&[][..], Vec::as_slice);
    let size =
        |value: &Value| value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    match sizes.iter().map(size).collect::<Vec<_>>()[..] {
        [None, Some(height), Some(width), Some(channels)] => Ok(ImageShape { height, width, channels }),
        _ => Err(ExchangeError::new(format!(
            "the network takes inputs of shape {shape}, expected images: [null, height, width, channels]"
        ))),
    }
}

fn unfit(error: BuildError) -> ExchangeError {
    let message = format!("the layers cannot be trained here: {error}");
    ExchangeError::new(message).help(error.error.help)
}

/// Before a model is made: layers that want more numbers than the file can hold are not those of the file.
fn check_size(sequence: &KerasSequence, bytes: usize) -> Result<(), ExchangeError> {
    let n = ModelOutline::new(&sequence.layers, sequence.image).map_err(unfit)?.n_weights();
    if n > bytes / 4 {
        let message = format!("the layers want {n} weights, and the file of weights has {bytes} bytes");
        return Err(ExchangeError::new(message));
    }
    Ok(())
}

/// The weights, in the shapes that the layers want.
fn tensors(sequence: &KerasSequence, root: &Hdf5Group) -> Result<Vec<Tensor>, ExchangeError> {
    let model = Model::build(&sequence.layers, sequence.image, Seed::new(0)).map_err(unfit)?;
    let Some(Hdf5Item::Group(groups)) = root.get("layers") else {
        return Err(ExchangeError::new("the file of weights has no group `layers`"));
    };
    let mut all = Vec::new();
    for (described, group) in model.describe().layers.into_iter().zip(&sequence.groups) {
        for (i, wanted) in described.tensors.into_iter().enumerate() {
            let values = values(groups, group, i, &wanted)?;
            all.push(Tensor { values, ..wanted });
        }
    }
    Ok(all)
}

fn values(groups: &Hdf5Group, layer: &str, i: usize, wanted: &Tensor) -> Result<Vec<f32>, ExchangeError> {
    let fault = |what: String| ExchangeError::new(format!("weights `layers/{layer}/vars/{i}`: {what}"));
    let vars = match groups.get(layer) {
        Some(Hdf5Item::Group(group)) => group.get("vars"),
        _ => None,
    };
    let array = match vars {
        Some(Hdf5Item::Group(vars)) => vars.get(&i.to_string()),
        _ => None,
    };
    match array {
        Some(Hdf5Item::Array(array)) if array.shape == wanted.shape => match &array.numbers {
            Hdf5Numbers::Floats(values) => Ok(values.clone()),
            Hdf5Numbers::Ints(_) => Err(fault("they are whole numbers, expected float32".into())),
        },
        Some(Hdf5Item::Array(array)) => {
            Err(fault(format!("they have the shape {:?}, expected {:?}", array.shape, wanted.shape)))
        }
        _ => Err(fault(format!("they are missing (expected {} of shape {:?})", wanted.kind(), wanted.shape))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras' own names of these classes' first layers.
    #[test]
    fn groups_are_called_as_keras_calls_layers() {
        for (class_name, name) in [
            ("Dense", "dense"),
            ("Conv2D", "conv2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("SeparableConv2D", "separable_conv2d"),
            ("MaxPooling2D", "max_pooling2d"),
            ("AveragePooling2D", "average_pooling2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("ReLU", "re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("ELU", "elu"),
            ("Flatten", "flatten"),
        ] {
            assert_eq!(snake(class_name), name);
        }
    }
}
