//! The bytes of an ONNX file as a graph. Only what is written here is known; the rest is refused by name.

use super::encode::{FLOAT, INT8, INT32, INT64, UINT8};
use super::graph::{OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValues};
use super::{IR_VERSION, OPSET};
use crate::ExchangeError;
use crate::protobuf::{FieldValue, MessageReader};

type Read<T> = Result<T, ExchangeError>;

fn broken(what: &str) -> ExchangeError {
    ExchangeError::new(format!("the file is no ONNX file of toile's: {what}"))
}

/// Calls `each` with every field of a message.
fn fields<'a>(bytes: &'a [u8], mut each: impl FnMut(u64, FieldValue<'a>) -> Read<()>) -> Read<()> {
    let mut reader = MessageReader::new(bytes);
    while let Some((number, value)) = reader.field()? {
        each(number, value)?;
    }
    Ok(())
}

fn data<'a>(value: FieldValue<'a>) -> Read<&'a [u8]> {
    match value {
        FieldValue::Data(data) => Ok(data),
        _ => Err(broken("a number stands where a text or message is expected")),
    }
}

fn text(value: FieldValue<'_>) -> Read<String> {
    let text = std::str::from_utf8(data(value)?).map_err(|_| broken("a text is not UTF-8"))?;
    Ok(text.to_owned())
}

fn int(value: FieldValue<'_>) -> Read<i64> {
    match value {
        FieldValue::Int(value) => Ok(value),
        _ => Err(broken("something else stands where a whole number is expected")),
    }
}

fn size(value: i64) -> Read<usize> {
    usize::try_from(value).map_err(|_| broken("a size is negative"))
}

/// ModelProto.
pub(super) fn model(bytes: &[u8]) -> Read<OnnxGraph> {
    let (mut graph, mut metadata, mut version, mut opset) = (None, Vec::new(), 0, 0);
    fields(bytes, |number, value| {
        match number {
            1 => version = int(value)?,
            7 => graph = Some(graph_proto(data(value)?)?),
            8 => opset = operator_set(data(value)?)?,
            14 => metadata.push(property(data(value)?)?),
            _ => {}
        }
        Ok(())
    })?;
    if (version, opset) != (IR_VERSION, OPSET) {
        let expected = format!("expected {IR_VERSION} and {OPSET}");
        return Err(broken(&format!("it has IR version {version} and opset {opset}, {expected}")));
    }
    let graph = graph.ok_or_else(|| broken("it holds no graph"))?;
    Ok(OnnxGraph { metadata, ..graph })
}

fn operator_set(bytes: &[u8]) -> Read<i64> {
    let mut opset = 0;
    fields(bytes, |number, value| {
        if number == 2 {
            opset = int(value)?;
        }
        Ok(())
    })?;
    Ok(opset)
}

fn property(bytes: &[u8]) -> Read<(String, String)> {
    let (mut key, mut words) = (String::new(), String::new());
    fields(bytes, |number, value| {
        match number {
            1 => key = text(value)?,
            2 => words = text(value)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, words))
}

fn graph_proto(bytes: &[u8]) -> Read<OnnxGraph> {
    let (mut nodes, mut tensors, mut input, mut output) = (Vec::new(), Vec::new(), None, None);
    fields(bytes, |number, value| {
        match number {
            1 => nodes.push(node(data(value)?)?),
            5 => tensors.push(tensor(data(value)?)?),
            11 => input = Some(value_info(data(value)?)?),
            12 => output = Some(value_info(data(value)?)?),
            _ => {}
        }
        Ok(())
    })?;
    let (input, element) = input.ok_or_else(|| broken("it has no input"))?;
    let (output, _) = output.ok_or_else(|| broken("it has no output"))?;
    let input_is_bytes = match element {
        UINT8 => true,
        FLOAT => false,
        other => return Err(broken(&format!("its input has the element type {other}"))),
    };
    Ok(OnnxGraph { metadata: Vec::new(), input, input_is_bytes, output, nodes, tensors })
}

fn node(bytes: &[u8]) -> Read<OnnxNode> {
    let (mut inputs, mut outputs, mut operator) = (Vec::new(), Vec::new(), String::new());
    let mut attributes = Vec::new();
    fields(bytes, |number, value| {
        match number {
            1 => inputs.push(text(value)?),
            2 => outputs.push(text(value)?),
            4 => operator = text(value)?,
            5 => attributes.push(attribute(data(value)?)?),
            _ => {}
        }
        Ok(())
    })?;
    match <[String; 1]>::try_from(outputs) {
        Ok([name]) => Ok(OnnxNode { name, operator, inputs, attributes }),
        Err(outputs) => Err(broken(&format!("a node has {} outputs, expected one", outputs.len()))),
    }
}

fn attribute(bytes: &[u8]) -> Read<(String, OnnxAttribute)> {
    let (mut name, mut found) = (String::new(), None);
    fields(bytes, |number, value| {
        match (number, value) {
            (1, value) => name = text(value)?,
            (2, FieldValue::Float(value)) => found = Some(OnnxAttribute::Float(value)),
            (3, FieldValue::Int(value)) => found = Some(OnnxAttribute::Int(value)),
            (8, FieldValue::Data(packed)) => {
                found = Some(OnnxAttribute::Ints(MessageReader::packed(packed)?));
            }
            _ => {}
        }
        Ok(())
    })?;
    let found = found.ok_or_else(|| broken(&format!("the attribute `{name}` has no known value")))?;
    Ok((name, found))
}

fn tensor(bytes: &[u8]) -> Read<OnnxTensor> {
    let (mut name, mut shape, mut data_type, mut raw) = (String::new(), Vec::new(), 0, &[][..]);
    fields(bytes, |number, value| {
        match number {
            1 => shape = MessageReader::packed(data(value)?)?,
            2 => data_type = int(value)?,
            8 => name = text(value)?,
            9 => raw = data(value)?,
            _ => {}
        }
        Ok(())
    })?;
    let shape: Vec<usize> = shape.into_iter().map(size).collect::<Read<_>>()?;
    let (width, values) = match data_type {
        FLOAT => (4, OnnxValues::Floats(numbers(raw, f32::from_le_bytes))),
        INT64 => (8, OnnxValues::Ints(numbers(raw, i64::from_le_bytes))),
        UINT8 => (1, OnnxValues::Uint8(raw.to_vec())),
        INT8 => (1, OnnxValues::Int8(numbers(raw, i8::from_le_bytes))),
        INT32 => (4, OnnxValues::Int32(numbers(raw, i32::from_le_bytes))),
        other => return Err(broken(&format!("the tensor `{name}` has the element type {other}"))),
    };
    let expected = shape.iter().try_fold(width, |product: usize, size| product.checked_mul(*size));
    if expected != Some(raw.len()) {
        return Err(broken(&format!("the tensor `{name}` of shape {shape:?} has {} bytes", raw.len())));
    }
    Ok(OnnxTensor { name, shape, values })
}

fn numbers<T, const N: usize>(raw: &[u8], of: fn([u8; N]) -> T) -> Vec<T> {
    raw.chunks_exact(N).filter_map(|bytes| Some(of(bytes.try_into().ok()?))).collect()
}

/// A name, a shape without the free first axis, and the element type.
fn value_info(bytes: &[u8]) -> Read<((String, Vec<usize>), i64)> {
    let (mut name, mut shape, mut element) = (String::new(), Vec::new(), 0);
    fields(bytes, |number, value| match number {
        1 => text(value).map(|text| name = text),
        2 => fields(data(value)?, |number, value| match number {
            1 => fields(data(value)?, |number, value| match number {
                1 => int(value).map(|value| element = value),
                2 => dimensions(data(value)?).map(|found| shape = found),
                _ => Ok(()),
            }),
            _ => Ok(()),
        }),
        _ => Ok(()),
    })?;
    Ok(((name, shape), element))
}

fn dimensions(bytes: &[u8]) -> Read<Vec<usize>> {
    let (mut sizes, mut is_free) = (Vec::new(), Vec::new());
    fields(bytes, |_, dimension| {
        fields(data(dimension)?, |number, value| {
            is_free.push(number != 1);
            if number == 1 {
                sizes.push(size(int(value)?)?);
            }
            Ok(())
        })
    })?;
    let only_the_first = is_free.iter().enumerate().all(|(i, free)| *free == (i == 0));
    if only_the_first { Ok(sizes) } else { Err(broken("another axis than the first is free")) }
}
