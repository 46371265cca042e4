//! ONNX: a network as a graph of operators of opset 17 (IR version 8, June 2022), which ONNX Runtime from 1.12 on,
//! OpenVINO, TensorRT, tract and browsers run.
//!
//! Input `images` of shape (N, height, width, channels), output `probabilities` of shape (N, classes). N is free. The
//! weights lie as [`Tensor`](toile_nn::Tensor) has them, those of convolutions with the axes in ONNX's order.

mod builder;
mod decode;
mod encode;
mod graph;
mod int8;
mod layers;
mod run;

use toile_nn::ModelDescription;

pub(crate) use builder::GraphBuilder;
pub use graph::{OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};
pub use int8::ValueRanges;

use crate::{ExchangeError, InputKind, NetworkFacts};

/// The newest operators that are used.
pub const OPSET: i64 = 17;

/// The version of the file format.
pub const IR_VERSION: i64 = 8;

/// A message of protobuf can have no more bytes.
const MOST_BYTES: usize = i32::MAX as usize;

/// A network as an ONNX file. The same network and facts give the same bytes.
///
/// # Errors
/// If the file would have 2 GiB or more, which the format cannot hold.
pub fn to_onnx(
    model: &ModelDescription,
    facts: &NetworkFacts,
    input: InputKind,
) -> Result<Vec<u8>, ExchangeError> {
    let numbers: usize = model.layers.iter().flat_map(|layer| &layer.tensors).map(|t| t.values.len()).sum();
    if numbers.saturating_mul(4) >= MOST_BYTES - (1 << 20) {
        let message =
            format!("an ONNX file holds at most 2 GiB, and the weights alone are {numbers} numbers");
        return Err(ExchangeError::new(message).help("export it as `keras` or `pytorch`"));
    }
    Ok(encode::model(&described(model, facts, input)))
}

/// The same network in whole numbers of 8 bits, at a quarter of the size: the ranges of its values are those of these
/// images (bytes, whole images one after the other), which should be images of its training.
///
/// # Errors
/// As [`to_onnx`]; and if a value is not a finite number.
pub fn to_onnx_int8(
    model: &ModelDescription,
    facts: &NetworkFacts,
    input: InputKind,
    images: &[u8],
    threads: usize,
) -> Result<Vec<u8>, ExchangeError> {
    let graph = described(model, facts, input);
    let ranges = graph.ranges(images, threads)?;
    let mut quantized = int8::quantized(&graph, &ranges)?;
    let n = images.len() / model.image.values().max(1);
    let words = format!("int8 kernels, uint8 values with the ranges of {n} training images");
    quantized.metadata.push(("quantization".into(), words));
    Ok(encode::model(&quantized))
}

/// The graph with what is said of it.
fn described(model: &ModelDescription, facts: &NetworkFacts, input: InputKind) -> OnnxGraph {
    let metadata = facts.properties(input).into_iter().map(|(key, value)| (key.to_owned(), value));
    OnnxGraph { metadata: metadata.collect(), ..layers::graph(model, input) }
}

/// Reads a file that [`to_onnx`] wrote. Other files may hold what is not known here, and are refused then.
///
/// # Errors
/// What is broken or not known, and where. Bytes of any kind give an error at worst.
pub fn from_onnx(bytes: &[u8]) -> Result<OnnxGraph, ExchangeError> {
    decode::model(bytes)
}
