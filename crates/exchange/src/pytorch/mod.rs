//! PyTorch: weights as safetensors under the names of an `nn.Sequential`, and a readable Python file that builds it.
//! Never a pickle.

mod modules;
mod read;
mod script;
mod weights;

use toile_nn::ModelDescription;
use toile_store::{weights_from_safetensors, weights_to_safetensors};

use crate::onnx::OnnxGraph;
use crate::{ExchangeError, InputKind, NetworkFacts};
use modules::{TorchModule, modules};
pub(crate) use read::from_sequential;

/// A network as two files that belong side by side.
pub struct TorchFiles {
    /// `NAME.safetensors`
    pub weights: Vec<u8>,
    /// `NAME.py`
    pub script: String,
    modules: Vec<TorchModule>,
}

/// A network as PyTorch's modules; `stem` is the name of both files, without their endings. The same network and facts
/// give the same bytes.
///
/// Images go in as (N, channels, height, width) floats in \[0, 1\], as torchvision's `ToTensor` gives them; with
/// [`InputKind::Uint8`] as (N, height, width, channels) bytes. Rows behind a flatten layer are in PyTorch's order,
/// planes and not pixels: the weights that follow are in it too.
pub fn to_pytorch(
    model: &ModelDescription,
    facts: &NetworkFacts,
    input: InputKind,
    stem: &str,
) -> TorchFiles {
    let modules = modules(model, input);
    let named: Vec<(String, Vec<usize>, Vec<f32>)> = weights::named(&modules);
    let tensors: Vec<(&str, &[usize], &[f32])> =
        named.iter().map(|(name, shape, values)| (name.as_str(), &shape[..], &values[..])).collect();
    let weights = weights_to_safetensors(&tensors, facts.notice);
    let script = script::script(model, &modules, facts, input, stem);
    TorchFiles { weights, script, modules }
}

impl TorchFiles {
    /// The network as a graph, with the weights of a file: what PyTorch computes of it.
    ///
    /// # Errors
    /// If the file is broken, or a tensor is missing.
    pub fn read_back(&self, model: &ModelDescription, weights: &[u8]) -> Result<OnnxGraph, ExchangeError> {
        let tensors = weights_from_safetensors(weights)
            .map_err(|error| ExchangeError { message: error.to_string(), help: error.help() })?;
        weights::graph(model, &self.modules, tensors)
    }
}
