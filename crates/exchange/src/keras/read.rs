//! A `.keras` file as layers and weights. No code of it is ever run; what cannot be taken is named, all at once.

use serde_json::Value;
use toile_nn::{ImageShape, Layer, Tensor};

use super::chain::{KerasChain, chain};
use super::compiled::{self, KerasTraining};
use super::weights::weights;
use crate::{ExchangeError, archive};

/// What a `.keras` file holds of a network that can be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasModel {
    /// The images that it takes.
    pub image: ImageShape,
    /// Its layers. A `Rescaling(1/255)` is left out: the engine divides by itself.
    pub layers: Vec<Layer>,
    /// What the file calls each of them.
    pub layer_names: Vec<String>,
    /// Its weights, by our names.
    pub tensors: Vec<Tensor>,
    /// Whether the file divides by 255 itself, and so takes bytes.
    pub rescales: bool,
    /// How it was compiled.
    pub training: KerasTraining,
}

/// The most bytes of a description of layers.
const LONGEST_CONFIG: usize = 16 << 20;

/// Reads a `.keras` file of Keras 3, ours or Keras' own: a `Sequential` of layers that are known here, or a Functional
/// network that is a plain chain of them.
///
/// # Errors
/// What is broken, or all that cannot be taken, layer by layer. Bytes of any kind give an error at worst.
pub fn from_keras(bytes: &[u8]) -> Result<KerasModel, ExchangeError> {
    if bytes.starts_with(b"\x89HDF") {
        return Err(
            ExchangeError::new("it is an HDF5 file, not a `.keras` file").help(super::weights::SAVE_IT)
        );
    }
    let missing = |name: &str| match archive::has_pickle(bytes) {
        true => ExchangeError::pickle(),
        false => ExchangeError::new(format!("it is no `.keras` file: there is no `{name}` in it")),
    };
    let config = archive::member(bytes, "config.json")?.ok_or_else(|| missing("config.json"))?;
    if config.len() > LONGEST_CONFIG {
        return Err(ExchangeError::new(format!("`config.json` has {} bytes", config.len())));
    }
    let config: Value = serde_json::from_slice(&config)
        .map_err(|error| ExchangeError::new(format!("`config.json` is no JSON: {error}")))?;
    let KerasChain { image, layers, names, groups, rescales } = chain(&config)?;
    let file = archive::member(bytes, "model.weights.h5")?.ok_or_else(|| missing("model.weights.h5"))?;
    let tensors = weights(&file, &layers, image, &groups)?;
    let training = compiled::training(&config["compile_config"]);
    Ok(KerasModel { image, layers, layer_names: names, tensors, rescales, training })
}
