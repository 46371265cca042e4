//! int8: a graph whose weights and values are whole numbers of 8 bits, each with its scale, in the form that runtimes
//! fuse to integer operators (`QuantizeLinear` and `DequantizeLinear` around each, opset 13 and later).
//!
//! Values are 0 to 255 over the range that images have shown, 0 in it. Kernels are −64 to 64, a scale for each filter;
//! biases are 32 bits, in units of both scales.
//!
//! 64 and not 127, because x86-64 without VNNI adds two products of bytes in 16 bits (VPMADDUBSW): 2 × 255 × 64 fits
//! there, and the network is the same one on every processor. ONNX Runtime's own tools call it `reduce_range`.

use std::collections::BTreeMap;

use super::graph::{OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};
use crate::ExchangeError;

/// The least and the largest number of each value of a graph, over some images.
pub type ValueRanges = BTreeMap<String, [f64; 2]>;

/// The largest whole number of a kernel, and of a value.
const KERNEL_MOST: f32 = 64.0;
const VALUE_MOST: f64 = 255.0;

/// The same network in whole numbers.
///
/// # Errors
/// If a value's range is not known or not finite, or the graph does not fit itself.
pub(super) fn quantized(graph: &OnnxGraph, ranges: &ValueRanges) -> Result<OnnxGraph, ExchangeError> {
    let mut quantizer =
        Quantizer { graph, ranges, nodes: Vec::new(), tensors: Vec::new(), values: BTreeMap::new() };
    for node in &graph.nodes {
        quantizer.add(node)?;
    }
    let Quantizer { nodes, mut tensors, .. } = quantizer;
    let is_made = |name: &str| nodes.iter().any(|node| node.name == name);
    tensors.extend(graph.tensors.iter().filter(|tensor| !is_made(&tensor.name)).cloned());
    Ok(OnnxGraph { nodes, tensors, ..graph.clone() })
}

/// A graph in the making.
struct Quantizer<'a> {
    graph: &'a OnnxGraph,
    ranges: &'a ValueRanges,
    nodes: Vec<OnnxNode>,
    tensors: Vec<OnnxTensor>,
    /// Of each value that is quantized: the value whose scale it has, and the scale.
    values: BTreeMap<&'a str, (&'a str, f32)>,
}

impl<'a> Quantizer<'a> {
    fn add(&mut self, node: &'a OnnxNode) -> Result<(), ExchangeError> {
        let scale = node.inputs.first().and_then(|name| self.values.get(name.as_str())).copied();
        if let ("Conv" | "Gemm", [_, kernel, bias @ ..]) = (node.operator.as_str(), &node.inputs[..]) {
            self.kernel(node, kernel, bias.first().zip(scale.map(|(_, scale)| scale)))?;
        }
        let taken = node.inputs.iter().map(|name| match self.values.contains_key(name.as_str()) {
            true => format!("{name}/DequantizeLinear"),
            false => name.clone(),
        });
        self.nodes.push(OnnxNode { inputs: taken.collect(), ..node.clone() });
        if !self.is_quantized(node) {
            return Ok(());
        }
        let of = match (scale, moves_only(&node.operator)) {
            (Some(of), true) => of,
            _ => (node.name.as_str(), self.scale(&node.name)?),
        };
        self.values.insert(&node.name, of);
        let (scale, zero) = (format!("{}/scale", of.0), format!("{}/zero", of.0));
        let (whole, back) =
            (format!("{}/QuantizeLinear", node.name), format!("{}/DequantizeLinear", node.name));
        self.nodes.push(OnnxNode::new(&whole, "QuantizeLinear", &[&node.name, &scale, &zero]));
        self.nodes.push(OnnxNode::new(&back, "DequantizeLinear", &[&whole, &scale, &zero]));
        Ok(())
    }

    /// Not bytes that come in, not what a runtime fuses with the operator after it, not steps of an activation, and not
    /// the end: probabilities stay as fine as they are.
    fn is_quantized(&self, node: &OnnxNode) -> bool {
        let is_step = node.name.contains("/gelu/") || node.name.contains("/silu/");
        let is_end = node.name == self.graph.output.0;
        let mut takers = self.graph.nodes.iter().filter(|other| other.inputs.contains(&node.name));
        let fuses = takers.all(|taker| ["Relu", "Softmax", "Identity"].contains(&taker.operator.as_str()));
        node.operator != "Cast" && !is_step && !is_end && !fuses
    }

    /// Scale and zero of a value, as tensors; gives the scale.
    fn scale(&mut self, name: &str) -> Result<f32, ExchangeError> {
        let range = self.ranges.get(name).filter(|range| range.iter().all(|end| end.is_finite()));
        let [least, most] =
            *range.ok_or_else(|| ExchangeError::new(format!("the value `{name}` has no finite range")))?;
        let (least, most) = (least.min(0.0), most.max(0.0));
        let scale = if most > least { ((most - least) / VALUE_MOST) as f32 } else { 1.0 };
        let zero = (-least / f64::from(scale)).round_ties_even().clamp(0.0, VALUE_MOST) as u8;
        self.tensor(format!("{name}/scale"), Vec::new(), OnnxValues::Floats(vec![scale]));
        self.tensor(format!("{name}/zero"), Vec::new(), OnnxValues::Uint8(vec![zero]));
        Ok(scale)
    }

    fn tensor(&mut self, name: String, shape: Vec<usize>, values: OnnxValues) {
        self.tensors.push(OnnxTensor { name, shape, values });
    }

    /// A kernel in 8 bits; where the scale of the values is known, the bias in 32.
    fn kernel(
        &mut self,
        node: &OnnxNode,
        kernel: &str,
        bias: Option<(&String, f32)>,
    ) -> Result<(), ExchangeError> {
        let axis = if node.operator == "Conv" { 0 } else { 1 };
        let (shape, weights) = self.floats(kernel)?;
        let filters = shape.get(axis).copied().unwrap_or(0).max(1);
        let inner: usize = shape.iter().skip(axis + 1).product();
        let filter = |place: usize| place / inner.max(1) % filters;
        let mut scales = vec![0.0f32; filters];
        weights.iter().enumerate().for_each(|(i, w)| scales[filter(i)] = scales[filter(i)].max(w.abs()));
        scales.iter_mut().for_each(|most| *most = if *most > 0.0 { *most / KERNEL_MOST } else { 1.0 });
        let whole = |(i, w): (usize, &f32)| {
            (w / scales[filter(i)]).round_ties_even().clamp(-KERNEL_MOST, KERNEL_MOST) as i8
        };
        let whole = weights.iter().enumerate().map(whole).collect();
        if let Some((bias, of_values)) = bias {
            let (shape, values) = self.floats(bias)?;
            let scales: Vec<f32> = scales.iter().map(|scale| scale * of_values).collect();
            let whole = values.iter().zip(&scales).map(|(b, scale)| (b / scale).round_ties_even() as i32);
            let whole = OnnxValues::Int32(whole.collect());
            self.whole(bias, shape, whole, scales, OnnxValues::Int32(vec![0; filters]), 0);
        }
        let zeros = OnnxValues::Int8(vec![0; filters]);
        self.whole(kernel, shape, OnnxValues::Int8(whole), scales, zeros, axis);
        Ok(())
    }

    /// Whole numbers in the place of a tensor, and the node that gives it back.
    fn whole(
        &mut self,
        name: &str,
        shape: &[usize],
        values: OnnxValues,
        scales: Vec<f32>,
        zeros: OnnxValues,
        axis: usize,
    ) {
        let [whole, scale, zero] = ["whole", "scale", "zero"].map(|part| format!("{name}/{part}"));
        let n = vec![scales.len()];
        let node = OnnxNode::new(name, "DequantizeLinear", &[&whole, &scale, &zero]);
        self.nodes.push(node.int("axis", axis as i64));
        self.tensor(whole, shape.to_vec(), values);
        self.tensor(scale, n.clone(), OnnxValues::Floats(scales));
        self.tensor(zero, n, zeros);
    }

    fn floats(&self, name: &str) -> Result<(&'a [usize], &'a [f32]), ExchangeError> {
        let tensor = self.graph.tensors.iter().find(|tensor| tensor.name == name);
        match tensor.map(|tensor| (&tensor.shape[..], &tensor.values)) {
            Some((shape, OnnxValues::Floats(values))) => Ok((shape, values)),
            _ => Err(ExchangeError::new(format!("the graph has no floats `{name}`"))),
        }
    }
}

/// Operators that give the numbers that they get: their values keep the scale.
fn moves_only(operator: &str) -> bool {
    ["Reshape", "Flatten", "Transpose", "MaxPool"].contains(&operator)
}
