//! The operators that move no window.

use super::super::graph::{OnnxTensor, OnnxValues};
use super::{Computed, LANES, Lane, LaneValue, MOST_VALUES, NodeInputs};
use super::{whole, windows};
use crate::ExchangeError;

/// What a node gives.
pub(super) fn compute(node: &NodeInputs<'_>) -> Computed {
    match node.node.operator.as_str() {
        "Cast" | "Identity" => each(node, |x| x),
        "Relu" => each(node, |x| x.max(0.0)),
        "Sigmoid" => each(node, |x| 1.0 / (1.0 + (-x).exp())),
        "Tanh" => each(node, f64::tanh),
        "Erf" => each(node, libm::erf),
        "LeakyRelu" => {
            let alpha = node.float("alpha", 0.01);
            each(node, |x| if x > 0.0 { x } else { alpha * x })
        }
        "Elu" => {
            let alpha = node.float("alpha", 1.0);
            each(node, |x| if x > 0.0 { x } else { alpha * x.exp_m1() })
        }
        "Div" => pairs(node, |a, b| a / b),
        "Mul" => pairs(node, |a, b| a * b),
        "Add" => pairs(node, |a, b| a + b),
        "QuantizeLinear" => whole::quantize(node),
        "DequantizeLinear" => whole::dequantize(node),
        "Reshape" => reshape(node),
        "Transpose" => transpose(node),
        "Flatten" => flatten(node),
        "Gemm" => gemm(node),
        "Softmax" => softmax(node),
        "BatchNormalization" => normalize(node),
        "GlobalAveragePool" => global_average(node),
        "Conv" => windows::convolution(node),
        "MaxPool" => windows::pooling(node, true),
        "AveragePool" => windows::pooling(node, false),
        other => Err(node.fault(format!("the operator `{other}` is not one that toile writes"))),
    }
}

fn each(node: &NodeInputs<'_>, of: impl Fn(f64) -> f64) -> Computed {
    let x = node.value(0)?;
    LaneValue::new(x.shape.clone(), x.lanes.iter().map(|lane| lane.map(&of)).collect())
}

/// With a single number, or with another value of the same shape.
fn pairs(node: &NodeInputs<'_>, of: impl Fn(f64, f64) -> f64) -> Computed {
    let x = node.value(0)?;
    if let Ok(Some(constant)) = node.optional(1) {
        let (OnnxValues::Floats(values), true) = (&constant.values, constant.shape.is_empty()) else {
            return Err(node.fault("the tensor is not a single float"));
        };
        let b = values.first().copied().map_or(f64::NAN, f64::from);
        return each(node, |a| of(a, b));
    }
    let y = node.value(1)?;
    if x.shape != y.shape {
        return Err(node.fault(format!("the shapes {:?} and {:?} differ", x.shape, y.shape)));
    }
    let lanes = x.lanes.iter().zip(&y.lanes).map(|(a, b)| std::array::from_fn(|i| of(a[i], b[i])));
    LaneValue::new(x.shape.clone(), lanes.collect())
}

/// A tensor's floats, if they have this shape.
pub(super) fn floats<'a>(
    node: &NodeInputs<'_>,
    tensor: &'a OnnxTensor,
    shape: &[usize],
) -> Result<&'a [f32], ExchangeError> {
    match &tensor.values {
        OnnxValues::Floats(values) if tensor.shape == shape => Ok(values),
        _ => Err(node.fault(format!(
            "the tensor `{}` has shape {:?}, floats of {shape:?} expected",
            tensor.name, tensor.shape
        ))),
    }
}

fn reshape(node: &NodeInputs<'_>) -> Computed {
    let (x, wanted) = (node.value(0)?, node.tensor(1)?);
    let OnnxValues::Ints(sizes) = &wanted.values else {
        return Err(node.fault("the shape is not of integers"));
    };
    let Some((0, sizes)) = sizes.split_first() else { return Err(node.fault("it does not copy the batch")) };
    let sizes: Option<Vec<usize>> = sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
    let sizes = sizes.ok_or_else(|| node.fault("a size is negative"))?;
    LaneValue::new(sizes, x.lanes.clone())
}

fn transpose(node: &NodeInputs<'_>) -> Computed {
    let (x, [batch, axes @ ..]) = (node.value(0)?, node.sizes::<4>("perm")?);
    let ([a, b, c], 0) = (axes.map(|axis| axis.wrapping_sub(1)), batch) else {
        return Err(node.fault("it moves the batch"));
    };
    let is_permutation = (0..3).all(|axis| [a, b, c].contains(&axis));
    let (Ok(shape), true) = (<[usize; 3]>::try_from(&x.shape[..]), is_permutation) else {
        return Err(node.fault(format!("it cannot turn a value of shape {:?}", x.shape)));
    };
    let steps = [shape[1] * shape[2], shape[2], 1];
    let mut lanes = Vec::with_capacity(x.lanes.len());
    for i in 0..shape[a] {
        for j in 0..shape[b] {
            lanes.extend((0..shape[c]).map(|k| x.lanes[i * steps[a] + j * steps[b] + k * steps[c]]));
        }
    }
    LaneValue::new(vec![shape[a], shape[b], shape[c]], lanes)
}

fn flatten(node: &NodeInputs<'_>) -> Computed {
    let x = node.value(0)?;
    match node.int("axis") {
        Some(1) | None => LaneValue::new(vec![x.lanes.len()], x.lanes.clone()),
        Some(_) => Err(node.fault("it flattens from another axis than 1")),
    }
}

/// x W + b.
fn gemm(node: &NodeInputs<'_>) -> Computed {
    let (x, kernel) = (node.value(0)?, node.tensor(1)?);
    let units = match kernel.shape[..] {
        [inputs, units] if x.shape == [inputs] && units <= MOST_VALUES => units,
        _ => return Err(node.fault(format!("{:?} and {:?} cannot be multiplied", x.shape, kernel.shape))),
    };
    let w = floats(node, kernel, &kernel.shape)?;
    let mut sums: Vec<Lane> = match node.optional(2)? {
        Some(bias) => floats(node, bias, &[units])?.iter().map(|b| [f64::from(*b); LANES]).collect(),
        None => vec![[0.0; LANES]; units],
    };
    for (x, row) in x.lanes.iter().zip(w.chunks(units.max(1))) {
        for (sum, w) in sums.iter_mut().zip(row) {
            add_product(sum, x, f64::from(*w));
        }
    }
    LaneValue::new(vec![units], sums)
}

/// sum ← sum + x w
pub(super) fn add_product(sum: &mut Lane, x: &Lane, w: f64) {
    for (sum, x) in sum.iter_mut().zip(x) {
        *sum += x * w;
    }
}

/// Over axis 1: the channels of planes, all of a row.
fn softmax(node: &NodeInputs<'_>) -> Computed {
    let x = node.value(0)?;
    let (Some(1), Some(&channels)) = (node.int("axis"), x.shape.first()) else {
        return Err(node.fault("it is not over axis 1"));
    };
    let places = x.lanes.len() / channels.max(1);
    let mut lanes = x.lanes.clone();
    for (place, i) in (0..places).flat_map(|place| (0..LANES).map(move |i| (place, i))) {
        let of = |channel: usize| channel * places + place;
        let most = (0..channels).map(|c| x.lanes[of(c)][i]).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..channels).map(|c| (x.lanes[of(c)][i] - most).exp()).sum();
        (0..channels).for_each(|c| lanes[of(c)][i] = (x.lanes[of(c)][i] - most).exp() / sum);
    }
    LaneValue::new(x.shape.clone(), lanes)
}

/// γ (x − μ) / √(σ² + ε) + β per channel.
fn normalize(node: &NodeInputs<'_>) -> Computed {
    let x = node.value(0)?;
    let channels = x.shape.first().copied().unwrap_or(0).max(1);
    let parameter = |place: usize| floats(node, node.tensor(place)?, &[channels]);
    let [gamma, beta, mean, variance] = [parameter(1)?, parameter(2)?, parameter(3)?, parameter(4)?];
    let epsilon = node.float("epsilon", 1e-5);
    let places = (x.lanes.len() / channels).max(1);
    let normal = |(at, lane): (usize, &Lane)| {
        let number = |of: &[f32]| of.get(at / places).copied().map_or(f64::NAN, f64::from);
        let scale = number(gamma) / (number(variance) + epsilon).sqrt();
        lane.map(|x| (x - number(mean)) * scale + number(beta))
    };
    LaneValue::new(x.shape.clone(), x.lanes.iter().enumerate().map(normal).collect())
}

/// (channels, height, width) becomes (channels, 1, 1).
fn global_average(node: &NodeInputs<'_>) -> Computed {
    let x = node.value(0)?;
    let [channels, height, width] = x.shape[..] else {
        return Err(node.fault(format!("a value of shape {:?} is no image", x.shape)));
    };
    let n = height * width;
    let mean = |plane: &[Lane]| -> Lane {
        std::array::from_fn(|i| plane.iter().map(|lane| lane[i]).sum::<f64>() / n as f64)
    };
    let lanes = x.lanes.chunks(n.max(1)).map(mean).collect();
    LaneValue::new(vec![channels, 1, 1], lanes)
}
