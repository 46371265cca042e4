//! The tensors by the names of `nn.Sequential`, and the network that they make, as a graph to be computed.

use std::collections::BTreeMap;

use toile_nn::{Activation, ImageShape, ModelDescription};
use toile_store::NamedTensor;

use super::modules::{TorchKind, TorchModule};
use super::script::places;
use crate::ExchangeError;
use crate::onnx::{GraphBuilder, OnnxGraph};

/// The place of each module in `nn.Sequential`.
fn numbered(modules: &[TorchModule]) -> impl Iterator<Item = (usize, &TorchModule)> {
    let ends = modules.iter().scan(0, |end, module| {
        *end += places(module);
        Some(*end)
    });
    // What has weights is the last of its places; paddings stand before it. (Global averages have none.)
    ends.map(|end| end - 1).zip(modules)
}

/// `3.weight`, `3.bias`, …
pub(super) fn named(modules: &[TorchModule]) -> Vec<NamedTensor> {
    let of = |(place, module): (usize, &TorchModule)| {
        let named = |(name, shape, values): &(&str, Vec<usize>, Vec<f32>)| {
            (format!("{place}.{name}"), shape.clone(), values.clone())
        };
        module.tensors.iter().map(named).collect::<Vec<_>>()
    };
    numbered(modules).flat_map(of).collect()
}

/// What PyTorch computes with these tensors.
pub(super) fn graph(
    model: &ModelDescription,
    modules: &[TorchModule],
    tensors: Vec<NamedTensor>,
) -> Result<OnnxGraph, ExchangeError> {
    let mut tensors: BTreeMap<String, NamedTensor> =
        tensors.into_iter().map(|tensor| (tensor.0.clone(), tensor)).collect();
    let mut builder = GraphBuilder::new();
    builder.planes("images/ToTensor");
    for (place, module) in numbered(modules) {
        let mut own = Vec::new();
        for (name, shape, _) in &module.tensors {
            let name = format!("{place}.{name}");
            let tensor = tensors.remove(&name).filter(|tensor| tensor.1 == *shape);
            own.push(tensor.ok_or_else(|| {
                ExchangeError::new(format!("the tensor `{name}` of shape {shape:?} is not in the file"))
            })?);
        }
        add(&mut builder, place, &module.kind, own);
    }
    if let Some(name) = tensors.keys().next() {
        return Err(ExchangeError::new(format!("the tensor `{name}` belongs to no module")));
    }
    let ImageShape { height, width, channels } = model.image;
    Ok(builder.finish(false, vec![height, width, channels], model.classes))
}

fn add(builder: &mut GraphBuilder, place: usize, kind: &TorchKind, tensors: Vec<NamedTensor>) {
    let name = format!("module {place}");
    match kind {
        TorchKind::FromPixels | TorchKind::Dropout(_) => {}
        TorchKind::Linear { inputs, units } => {
            let transposed = |(name, shape, values): NamedTensor| match shape.len() {
                2 => {
                    let turned =
                        (0..inputs * units).map(|i| values[i % units * inputs + i / units]).collect();
                    (name, vec![*inputs, *units], turned)
                }
                _ => (name, shape, values),
            };
            builder.with_tensors(&name, "Gemm", tensors.into_iter().map(transposed).collect());
        }
        TorchKind::Conv { groups, window, .. } => builder.windows(&name, "Conv", *window, *groups, tensors),
        TorchKind::MaxPool(window) => builder.windows(&name, "MaxPool", *window, 1, tensors),
        TorchKind::AveragePool(window) => builder.windows(&name, "AveragePool", *window, 1, tensors),
        TorchKind::GlobalAverage => builder.global_average(&name),
        TorchKind::Normalize { epsilon, .. } => builder.normalize(&name, *epsilon, tensors),
        TorchKind::Flatten => builder.flatten(&name, false),
        TorchKind::ToRows => builder.flatten(&name, true),
        TorchKind::Activation(Activation::Linear) => {}
        TorchKind::Activation(activation) => builder.activation(&name, *activation),
    }
}
