//! Layer by layer: which operators compute it.

use toile_nn::{
    Activation, DescribedLayer, ImageShape, Layer, ModelDescription, PlacedWindow, Shape, Tensor,
};

use super::graph::{OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};
use crate::InputKind;

/// A graph that grows at its end.
struct GraphBuilder {
    nodes: Vec<OnnxNode>,
    tensors: Vec<OnnxTensor>,
    /// The name of the value that the next layer takes.
    last: String,
}

/// The graph of a model, without metadata.
pub(super) fn graph(model: &ModelDescription, input: InputKind) -> OnnxGraph {
    let ImageShape { height, width, channels } = model.image;
    let mut builder = GraphBuilder { nodes: Vec::new(), tensors: Vec::new(), last: "images".into() };
    builder.input(model, input);
    for (i, layer) in model.layers.iter().enumerate() {
        builder.layer(i, layer);
    }
    builder.add("probabilities", "Identity", |node| node);
    OnnxGraph {
        metadata: Vec::new(),
        input: ("images".into(), vec![height, width, channels]),
        input_is_bytes: input == InputKind::Uint8,
        output: ("probabilities".into(), vec![model.classes]),
        nodes: builder.nodes,
        tensors: builder.tensors,
    }
}

/// Axes (3, 2, 0, 1) of a convolution's kernel: (filters, channels, height, width).
fn filters_first(kernel: &Tensor) -> (Vec<usize>, Vec<f32>) {
    let [kh, kw, channels, filters] = four(kernel);
    let mut values = Vec::with_capacity(kernel.values.len());
    for f in 0..filters {
        for c in 0..channels {
            values.extend((0..kh * kw).map(|at| kernel.values[(at * channels + c) * filters + f]));
        }
    }
    (vec![filters, channels, kh, kw], values)
}

/// A depthwise kernel as that of a convolution in groups: (channels × depth_multiplier, 1, height, width).
fn channels_first(kernel: &Tensor) -> (Vec<usize>, Vec<f32>) {
    let [kh, kw, channels, multiplier] = four(kernel);
    let filters = channels * multiplier;
    let of = |filter: usize| (0..kh * kw).map(move |at| kernel.values[at * filters + filter]);
    (vec![filters, 1, kh, kw], (0..filters).flat_map(of).collect())
}

fn four(kernel: &Tensor) -> [usize; 4] {
    kernel.shape[..].try_into().expect("a convolution's kernel has four axes")
}

impl GraphBuilder {
    /// Adds an operator on the last value; `change` gives it more inputs and settings.
    fn add(&mut self, name: impl Into<String>, operator: &str, change: impl FnOnce(OnnxNode) -> OnnxNode) {
        let node = change(OnnxNode::new(name, operator, &[&self.last]));
        self.last.clone_from(&node.name);
        self.nodes.push(node);
    }

    fn floats(&mut self, name: &str, shape: Vec<usize>, values: Vec<f32>) -> String {
        self.tensor(OnnxTensor { name: name.into(), shape, values: OnnxValues::Floats(values) })
    }

    /// Adds a tensor, unless it is there already.
    fn tensor(&mut self, tensor: OnnxTensor) -> String {
        let name = tensor.name.clone();
        if !self.tensors.iter().any(|known| known.name == name) {
            self.tensors.push(tensor);
        }
        name
    }

    /// A single number.
    fn constant(&mut self, value: f32) -> String {
        self.floats(&value.to_string(), Vec::new(), vec![value])
    }

    fn reshape(&mut self, name: &str, shape: &[usize]) {
        let values = OnnxValues::Ints(shape.iter().map(|size| *size as i64).collect());
        let tensor = OnnxTensor { name: format!("{name}/shape"), shape: vec![shape.len()], values };
        let shape = self.tensor(tensor);
        self.add(name, "Reshape", |node| with_inputs(node, &[shape]));
    }

    /// Bytes become numbers in [0, 1], divided as the engine does; pixels become rows or planes.
    fn input(&mut self, model: &ModelDescription, input: InputKind) {
        if input == InputKind::Uint8 {
            let most = self.constant(255.0);
            self.add("images/Cast", "Cast", |node| node.int("to", super::encode::FLOAT));
            self.add("images/Div", "Div", |node| with_inputs(node, &[most]));
        }
        let ImageShape { height, width, channels } = model.image;
        let is_row = model.layers.first().is_some_and(|first| {
            matches!(first.input, Shape::Flat(_)) || matches!(first.layer, Layer::Flatten(_))
        });
        // In `Reshape` 0 copies the batch.
        if is_row {
            self.reshape("images/Reshape", &[0, height * width * channels]);
        } else if channels == 1 {
            self.reshape("images/Reshape", &[0, 1, height, width]);
        } else {
            self.add("images/Transpose", "Transpose", |node| node.ints("perm", &[0, 3, 1, 2]));
        }
    }

    fn layer(&mut self, i: usize, described: &DescribedLayer) {
        let name = format!("{i}.{}", described.layer.name());
        match &described.layer {
            Layer::Dense(_) => self.dense(&name, described),
            Layer::Conv2D(_) => {
                self.convolution(&format!("{name}/Conv"), described, "kernel", true, described.window);
            }
            Layer::DepthwiseConv2D(_) => self.depthwise(&name, described, "kernel", true),
            Layer::SeparableConv2D(_) => {
                self.depthwise(&format!("{name}/depthwise"), described, "depthwise_kernel", false);
                let pixel = PlacedWindow { size: [1, 1], strides: [1, 1], pads: [0; 4] };
                let name = format!("{name}/pointwise/Conv");
                self.convolution(&name, described, "pointwise_kernel", true, Some(pixel));
            }
            Layer::MaxPooling2D(_) => self.windows(&name, "MaxPool", described),
            Layer::AveragePooling2D(_) => self.windows(&name, "AveragePool", described),
            Layer::GlobalAveragePooling2D(_) => {
                self.add(format!("{name}/GlobalAveragePool"), "GlobalAveragePool", |node| node);
                self.add(format!("{name}/Flatten"), "Flatten", |node| node.int("axis", 1));
            }
            Layer::Flatten(_) => self.flatten(i, &name, described.input),
            Layer::BatchNormalization(settings) => {
                let epsilon = settings.epsilon;
                let kinds = ["gamma", "beta", "moving_mean", "moving_variance"];
                let inputs: Vec<String> =
                    kinds.iter().filter_map(|kind| self.as_it_lies(described.tensor(kind)?)).collect();
                self.add(format!("{name}/BatchNormalization"), "BatchNormalization", |node| {
                    with_inputs(node, &inputs).float("epsilon", epsilon)
                });
            }
            Layer::Dropout(_) | Layer::Activation(_) => {}
        }
        self.activation(&name, described.layer.activation());
    }

    fn as_it_lies(&mut self, tensor: &Tensor) -> Option<String> {
        Some(self.floats(&tensor.name, tensor.shape.clone(), tensor.values.clone()))
    }

    fn dense(&mut self, name: &str, described: &DescribedLayer) {
        let tensors: Vec<String> =
            described.tensors.iter().filter_map(|tensor| self.as_it_lies(tensor)).collect();
        self.add(format!("{name}/Gemm"), "Gemm", |node| with_inputs(node, &tensors));
    }

    fn convolution(
        &mut self,
        name: &str,
        described: &DescribedLayer,
        kind: &str,
        has_bias: bool,
        window: Option<PlacedWindow>,
    ) {
        let Some((kernel, window)) = described.tensor(kind).zip(window) else { return };
        let (shape, values) = filters_first(kernel);
        let mut inputs = vec![self.floats(&kernel.name, shape, values)];
        inputs.extend(self.bias(described, has_bias));
        self.add(name, "Conv", |node| placed(with_inputs(node, &inputs), window));
    }

    fn depthwise(&mut self, name: &str, described: &DescribedLayer, kind: &str, has_bias: bool) {
        let Some((kernel, window)) = described.tensor(kind).zip(described.window) else { return };
        let (shape, values) = channels_first(kernel);
        let mut inputs = vec![self.floats(&kernel.name, shape, values)];
        inputs.extend(self.bias(described, has_bias));
        let groups = kernel.shape[2] as i64;
        let change = |node| placed(with_inputs(node, &inputs), window).int("group", groups);
        self.add(format!("{name}/Conv"), "Conv", change);
    }

    fn bias(&mut self, described: &DescribedLayer, has_bias: bool) -> Option<String> {
        described.tensor("bias").filter(|_| has_bias).and_then(|bias| self.as_it_lies(bias))
    }

    fn windows(&mut self, name: &str, operator: &str, described: &DescribedLayer) {
        let Some(window) = described.window else { return };
        self.add(format!("{name}/{operator}"), operator, |node| placed(node, window));
    }

    /// Rows of pixels, channels last. The first layer's images are rows already.
    fn flatten(&mut self, i: usize, name: &str, input: Shape) {
        let Shape::Image(ImageShape { height, width, channels }) = input else { return };
        if i == 0 {
            return;
        }
        if height * width > 1 && channels > 1 {
            self.add(format!("{name}/Transpose"), "Transpose", |node| node.ints("perm", &[0, 2, 3, 1]));
        }
        self.add(format!("{name}/Flatten"), "Flatten", |node| node.int("axis", 1));
    }

    fn activation(&mut self, name: &str, activation: Activation) {
        let operator = match activation {
            Activation::Linear => return,
            Activation::Sigmoid => "Sigmoid",
            Activation::Tanh => "Tanh",
            Activation::Relu => "Relu",
            Activation::LeakyRelu => "LeakyRelu",
            Activation::Elu => "Elu",
            Activation::Gelu => return self.gelu(name),
            Activation::Silu => return self.silu(name),
            Activation::Softmax => "Softmax",
        };
        self.add(format!("{name}/{operator}"), operator, |node| match activation {
            Activation::LeakyRelu => node.float("alpha", 0.2),
            Activation::Elu => node.float("alpha", 1.0),
            // The channels of planes, and the values of rows.
            Activation::Softmax => node.int("axis", 1),
            _ => node,
        });
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

fn with_inputs(mut node: OnnxNode, inputs: &[String]) -> OnnxNode {
    node.inputs.extend_from_slice(inputs);
    node
}

/// Windows are written with `pads`; `auto_pad` is out of date.
fn placed(node: OnnxNode, window: PlacedWindow) -> OnnxNode {
    node.ints("kernel_shape", &window.size).ints("strides", &window.strides).ints("pads", &window.pads)
}
