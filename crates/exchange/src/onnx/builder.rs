//! A graph that grows at its end, operator by operator.

use toile_nn::{Activation, PlacedWindow};
use toile_store::NamedTensor;

use super::graph::{OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};

/// A graph that grows at its end.
pub(crate) struct GraphBuilder {
    nodes: Vec<OnnxNode>,
    tensors: Vec<OnnxTensor>,
    /// The name of the value that the next operator takes.
    last: String,
}

impl GraphBuilder {
    /// Nothing but the input, `images`.
    pub(crate) fn new() -> GraphBuilder {
        GraphBuilder { nodes: Vec::new(), tensors: Vec::new(), last: "images".into() }
    }

    /// The graph, whose last value is the output.
    pub(crate) fn finish(mut self, input_is_bytes: bool, image: Vec<usize>, classes: usize) -> OnnxGraph {
        self.add("probabilities", "Identity", |node| node);
        OnnxGraph {
            metadata: Vec::new(),
            input: ("images".into(), image),
            input_is_bytes,
            output: ("probabilities".into(), vec![classes]),
            nodes: self.nodes,
            tensors: self.tensors,
        }
    }

    /// Adds an operator on the last value; `change` gives it more inputs and settings.
    pub(super) fn add(
        &mut self,
        name: impl Into<String>,
        operator: &str,
        change: impl FnOnce(OnnxNode) -> OnnxNode,
    ) {
        let node = change(OnnxNode::new(name, operator, &[&self.last]));
        self.last.clone_from(&node.name);
        self.nodes.push(node);
    }

    /// Adds a tensor, unless it is there already; gives its name.
    fn tensor(&mut self, name: &str, shape: Vec<usize>, values: OnnxValues) -> String {
        if !self.tensors.iter().any(|known| known.name == name) {
            self.tensors.push(OnnxTensor { name: name.into(), shape, values });
        }
        name.to_owned()
    }

    /// A single number.
    pub(super) fn constant(&mut self, value: f32) -> String {
        self.tensor(&value.to_string(), Vec::new(), OnnxValues::Floats(vec![value]))
    }

    fn inputs(&mut self, tensors: Vec<NamedTensor>) -> Vec<String> {
        let floats =
            |(name, shape, values): NamedTensor| self.tensor(&name, shape, OnnxValues::Floats(values));
        tensors.into_iter().map(floats).collect()
    }

    /// An operator with these tensors as its further inputs.
    pub(crate) fn with_tensors(&mut self, name: &str, operator: &str, tensors: Vec<NamedTensor>) {
        let inputs = self.inputs(tensors);
        self.add(name, operator, |node| with_inputs(node, &inputs));
    }

    /// (N, height, width, channels) becomes (N, channels, height, width).
    pub(crate) fn planes(&mut self, name: &str) {
        self.add(name, "Transpose", |node| node.ints("perm", &[0, 3, 1, 2]));
    }

    /// The values of each image in another shape.
    pub(super) fn reshape(&mut self, name: &str, shape: &[usize]) {
        // 0 copies the batch.
        let sizes = std::iter::once(0).chain(shape.iter().map(|size| *size as i64)).collect();
        let shape = self.tensor(&format!("{name}/shape"), vec![shape.len() + 1], OnnxValues::Ints(sizes));
        self.add(name, "Reshape", |node| with_inputs(node, &[shape]));
    }

    /// A convolution or pooling. Windows are written with `pads`; `auto_pad` is out of date.
    pub(crate) fn windows(
        &mut self,
        name: &str,
        operator: &str,
        window: PlacedWindow,
        groups: usize,
        tensors: Vec<NamedTensor>,
    ) {
        let inputs = self.inputs(tensors);
        self.add(name, operator, |node| {
            let node = with_inputs(node, &inputs).ints("kernel_shape", &window.size);
            let node = node.ints("strides", &window.strides).ints("pads", &window.pads);
            if groups == 1 { node } else { node.int("group", groups as i64) }
        });
    }

    /// The mean of each plane.
    pub(crate) fn global_average(&mut self, name: &str) {
        self.add(format!("{name}/GlobalAveragePool"), "GlobalAveragePool", |node| node);
        self.add(format!("{name}/Flatten"), "Flatten", |node| node.int("axis", 1));
    }

    /// γ, β, μ and σ² in this order.
    pub(crate) fn normalize(&mut self, name: &str, epsilon: f32, tensors: Vec<NamedTensor>) {
        let inputs = self.inputs(tensors);
        self.add(format!("{name}/BatchNormalization"), "BatchNormalization", |node| {
            with_inputs(node, &inputs).float("epsilon", epsilon)
        });
    }

    /// Planes as a row: one after the other, or pixel by pixel.
    pub(crate) fn flatten(&mut self, name: &str, by_pixels: bool) {
        if by_pixels {
            self.add(format!("{name}/Transpose"), "Transpose", |node| node.ints("perm", &[0, 2, 3, 1]));
        }
        self.add(format!("{name}/Flatten"), "Flatten", |node| node.int("axis", 1));
    }

    pub(crate) fn activation(&mut self, name: &str, activation: Activation) {
        let mut operator = |operator: &str, change: fn(OnnxNode) -> OnnxNode| {
            self.add(format!("{name}/{operator}"), operator, change);
        };
        match activation {
            Activation::Linear => {}
            Activation::Sigmoid => operator("Sigmoid", |node| node),
            Activation::Tanh => operator("Tanh", |node| node),
            Activation::Relu => operator("Relu", |node| node),
            Activation::LeakyRelu => operator("LeakyRelu", |node| node.float("alpha", 0.2)),
            Activation::Elu => operator("Elu", |node| node.float("alpha", 1.0)),
            Activation::Gelu => self.gelu(name),
            Activation::Silu => self.silu(name),
            // The channels of planes, and the values of rows.
            Activation::Softmax => operator("Softmax", |node| node.int("axis", 1)),
        }
    }

    /// x (erf(x / √2) + 1) / 2; the operator `Gelu` needs opset 20.
    fn gelu(&mut self, name: &str) {
        let x = self.last.clone();
        let [root, one, half] = [std::f32::consts::FRAC_1_SQRT_2, 1.0, 0.5].map(|value| self.constant(value));
        self.add(format!("{name}/gelu/scaled"), "Mul", |node| with_inputs(node, &[root]));
        self.add(format!("{name}/gelu/Erf"), "Erf", |node| node);
        self.add(format!("{name}/gelu/Add"), "Add", |node| with_inputs(node, &[one]));
        self.add(format!("{name}/gelu/doubled"), "Mul", |node| with_inputs(node, &[x]));
        self.add(format!("{name}/gelu"), "Mul", |node| with_inputs(node, &[half]));
    }

    /// x sigmoid(x); the operator `Swish` needs opset 24.
    fn silu(&mut self, name: &str) {
        let x = self.last.clone();
        self.add(format!("{name}/silu/Sigmoid"), "Sigmoid", |node| node);
        self.add(format!("{name}/silu"), "Mul", |node| with_inputs(node, &[x]));
    }
}

pub(super) fn with_inputs(mut node: OnnxNode, inputs: &[String]) -> OnnxNode {
    node.inputs.extend_from_slice(inputs);
    node
}
