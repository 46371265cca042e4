//! A graph of operators, as it is written and read.

/// A network: nodes in an order in which they can be computed.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxGraph {
    /// What is said of the model: keys and words.
    pub metadata: Vec<(String, String)>,
    /// The name and shape of its input, without the free first axis.
    pub input: (String, Vec<usize>),
    /// Whether the input is bytes; else floats.
    pub input_is_bytes: bool,
    /// The name and shape of its output, without the free first axis.
    pub output: (String, Vec<usize>),
    /// The operators.
    pub nodes: Vec<OnnxNode>,
    /// Weights and constants.
    pub tensors: Vec<OnnxTensor>,
}

/// An operator on named values.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxNode {
    /// `2.conv2d/Conv`; also the name of its one output.
    pub name: String,
    /// `Conv`
    pub operator: String,
    /// What it computes from: values of nodes, the input, or tensors.
    pub inputs: Vec<String>,
    /// Its settings, those that differ from ONNX's defaults.
    pub attributes: Vec<(String, OnnxAttribute)>,
}

/// A setting of an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum OnnxAttribute {
    /// One number.
    Float(f32),
    /// One whole number.
    Int(i64),
    /// Several whole numbers.
    Ints(Vec<i64>),
}

/// A named tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxTensor {
    /// `2.kernel`
    pub name: String,
    /// Empty for a single number.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub values: OnnxValues,
}

/// The numbers of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum OnnxValues {
    /// FLOAT
    Floats(Vec<f32>),
    /// INT64, of shapes
    Ints(Vec<i64>),
    /// UINT8, of zeros of values
    Uint8(Vec<u8>),
    /// INT8, of kernels
    Int8(Vec<i8>),
    /// INT32, of biases
    Int32(Vec<i32>),
}

impl OnnxNode {
    pub(super) fn new(name: impl Into<String>, operator: &str, inputs: &[&str]) -> OnnxNode {
        let inputs = inputs.iter().map(|name| (*name).to_owned()).collect();
        OnnxNode { name: name.into(), operator: operator.into(), inputs, attributes: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: OnnxAttribute) -> OnnxNode {
        self.attributes.push((name.into(), value));
        self
    }

    pub(super) fn ints(self, name: &str, values: &[usize]) -> OnnxNode {
        self.with(name, OnnxAttribute::Ints(values.iter().map(|value| *value as i64).collect()))
    }

    pub(super) fn int(self, name: &str, value: i64) -> OnnxNode {
        self.with(name, OnnxAttribute::Int(value))
    }

    pub(super) fn float(self, name: &str, value: f32) -> OnnxNode {
        self.with(name, OnnxAttribute::Float(value))
    }
}
