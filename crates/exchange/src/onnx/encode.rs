//! A graph as the bytes of an ONNX file: field numbers of onnx.proto, IR version 8.

use super::graph::{OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};
use super::{IR_VERSION, OPSET};
use crate::protobuf::MessageWriter;

/// TensorProto.DataType.
pub(super) const FLOAT: i64 = 1;
pub(super) const UINT8: i64 = 2;
pub(super) const INT8: i64 = 3;
pub(super) const INT32: i64 = 6;
pub(super) const INT64: i64 = 7;

/// AttributeProto.AttributeType.
const A_FLOAT: i64 = 1;
const AN_INT: i64 = 2;
const SOME_INTS: i64 = 7;

/// The free first axis.
const BATCH: &str = "N";

/// ModelProto.
pub(super) fn model(graph: &OnnxGraph) -> Vec<u8> {
    let property = |(key, value): &(String, String)| MessageWriter::default().text(1, key).text(2, value);
    MessageWriter::default()
        .int(1, IR_VERSION)
        .text(2, "toile")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, graph_proto(graph))
        .message(8, MessageWriter::default().text(1, "").int(2, OPSET))
        .messages(14, graph.metadata.iter().map(property))
        .finish()
}

fn graph_proto(graph: &OnnxGraph) -> MessageWriter {
    let input = if graph.input_is_bytes { UINT8 } else { FLOAT };
    MessageWriter::default()
        .messages(1, graph.nodes.iter().map(node))
        .text(2, "toile")
        .messages(5, graph.tensors.iter().map(tensor))
        .message(11, value_info(&graph.input, input))
        .message(12, value_info(&graph.output, FLOAT))
}

fn node(node: &OnnxNode) -> MessageWriter {
    let inputs = node.inputs.iter().fold(MessageWriter::default(), |all, name| all.text(1, name));
    inputs
        .text(2, &node.name)
        .text(3, &node.name)
        .text(4, &node.operator)
        .messages(5, node.attributes.iter().map(attribute))
}

fn attribute((name, value): &(String, OnnxAttribute)) -> MessageWriter {
    let named = MessageWriter::default().text(1, name);
    match value {
        OnnxAttribute::Float(value) => named.float(2, *value).int(20, A_FLOAT),
        OnnxAttribute::Int(value) => named.int(3, *value).int(20, AN_INT),
        OnnxAttribute::Ints(values) => named.ints(8, values.iter().copied()).int(20, SOME_INTS),
    }
}

fn tensor(tensor: &OnnxTensor) -> MessageWriter {
    let (data_type, bytes): (i64, Vec<u8>) = match &tensor.values {
        OnnxValues::Floats(values) => (FLOAT, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        OnnxValues::Ints(values) => (INT64, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        OnnxValues::Uint8(values) => (UINT8, values.clone()),
        OnnxValues::Int8(values) => (INT8, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        OnnxValues::Int32(values) => (INT32, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
    };
    let shape = tensor.shape.iter().map(|size| *size as i64);
    MessageWriter::default().ints(1, shape).int(2, data_type).text(8, &tensor.name).data(9, &bytes)
}

fn value_info((name, shape): &(String, Vec<usize>), element: i64) -> MessageWriter {
    let free = MessageWriter::default().text(2, BATCH);
    let fixed = shape.iter().map(|size| MessageWriter::default().int(1, *size as i64));
    let shape = MessageWriter::default().messages(1, std::iter::once(free).chain(fixed));
    let tensor_type = MessageWriter::default().int(1, element).message(2, shape);
    MessageWriter::default().text(1, name).message(2, MessageWriter::default().message(1, tensor_type))
}
