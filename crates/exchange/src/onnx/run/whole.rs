//! The operators between whole numbers and others.

use super::super::graph::{OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};
use super::{Computed, LaneValue, NodeInputs};
use crate::ExchangeError;

const MOST: f64 = 255.0;

/// The scale and the zero of a value.
fn scale(node: &NodeInputs<'_>) -> Result<(f64, f64), ExchangeError> {
    match (&node.tensor(1)?.values, &node.tensor(2)?.values) {
        (OnnxValues::Floats(scale), OnnxValues::Uint8(zero)) => match (&scale[..], &zero[..]) {
            ([scale], [zero]) => Ok((f64::from(*scale), f64::from(*zero))),
            _ => Err(node.fault("it has no single scale")),
        },
        _ => Err(node.fault("its scale is no float, or its zero no byte")),
    }
}

fn each(node: &NodeInputs<'_>, of: impl Fn(f64) -> f64) -> Computed {
    let x = node.value(0)?;
    LaneValue::new(x.shape.clone(), x.lanes.iter().map(|lane| lane.map(&of)).collect())
}

/// The nearest whole number from 0 to 255; of two the even one.
pub(super) fn quantize(node: &NodeInputs<'_>) -> Computed {
    let (scale, zero) = scale(node)?;
    each(node, |x| ((x / scale).round_ties_even() + zero).clamp(0.0, MOST))
}

pub(super) fn dequantize(node: &NodeInputs<'_>) -> Computed {
    let (scale, zero) = scale(node)?;
    each(node, |x| (x - zero) * scale)
}

/// The tensors that nodes make of whole numbers, as floats: they are the same for all images.
///
/// # Errors
/// If whole numbers, scales and zeros do not fit each other.
pub(super) fn constants(graph: &OnnxGraph) -> Result<Vec<OnnxTensor>, ExchangeError> {
    let tensor = |name: Option<&String>| graph.tensors.iter().find(|tensor| Some(&tensor.name) == name);
    let mut all = Vec::new();
    for node in graph.nodes.iter().filter(|node| node.operator == "DequantizeLinear") {
        let Some(whole) = tensor(node.inputs.first()) else { continue };
        let fault = || ExchangeError::new(format!("the node `{}` has no scales that fit", node.name));
        let scales = match tensor(node.inputs.get(1)).map(|tensor| &tensor.values) {
            Some(OnnxValues::Floats(scales)) => scales,
            _ => return Err(fault()),
        };
        let numbers: Vec<f32> = match &whole.values {
            OnnxValues::Int8(values) => values.iter().map(|value| f32::from(*value)).collect(),
            OnnxValues::Int32(values) => values.iter().map(|value| *value as f32).collect(),
            OnnxValues::Floats(_) | OnnxValues::Ints(_) | OnnxValues::Uint8(_) => return Err(fault()),
        };
        let filter = filter_of(node, &whole.shape).filter(|(n, _)| *n == scales.len()).ok_or_else(fault)?;
        let of = |(i, number): (usize, &f32)| number * scales[i / filter.1 % filter.0];
        let values = OnnxValues::Floats(numbers.iter().enumerate().map(of).collect());
        all.push(OnnxTensor { name: node.name.clone(), shape: whole.shape.clone(), values });
    }
    Ok(all)
}

/// How many filters there are along the node's axis, and how many numbers lie side by side in one.
fn filter_of(node: &OnnxNode, shape: &[usize]) -> Option<(usize, usize)> {
    let axis = node.attributes.iter().find_map(|(name, value)| match value {
        super::super::graph::OnnxAttribute::Int(axis) if name == "axis" => usize::try_from(*axis).ok(),
        _ => None,
    })?;
    let n = *shape.get(axis)?;
    let inner = shape[axis + 1..].iter().try_fold(1usize, |product, size| product.checked_mul(*size))?;
    (n > 0 && inner > 0).then_some((n, inner))
}
