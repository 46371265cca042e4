//! Weights of safetensors files for known layers: ours (`2.kernel`), and PyTorch's under the names of an
//! `nn.Sequential` (`3.weight`).

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use toile_nn::{ImageShape, Layer, ModelDescription, Tensor};
use toile_store::NamedTensor;

use crate::ExchangeError;
use crate::pytorch::from_sequential;
use crate::wanted::{all_or_faults, wanted};

/// Counts steps of training, in whole numbers; no weight.
const NO_WEIGHT: &str = "num_batches_tracked";

/// Reads a safetensors file into these layers. Numbers of 16 bits are widened.
///
/// # Errors
/// What is broken, or every tensor that is missing, of another type or shape, or of none of these layers. Bytes of any
/// kind give an error at worst.
pub fn from_safetensors(
    bytes: &[u8],
    layers: &[Layer],
    image: ImageShape,
) -> Result<Vec<Tensor>, ExchangeError> {
    // The narrowest numbers have two bytes.
    let wanted = wanted(layers, image, bytes.len() / 2)?;
    let tensors = named(bytes)?;
    let ends_in = |ending: &str| tensors.keys().any(|name| name.ends_with(ending));
    if ends_in(".weight") && !ends_in("kernel") {
        return from_sequential(&wanted, tensors);
    }
    own(wanted, tensors)
}

/// The tensors of a file by their names.
fn named(bytes: &[u8]) -> Result<BTreeMap<String, NamedTensor>, ExchangeError> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| ExchangeError::new(format!("it is no whole safetensors file: {error}")))?;
    let (mut all, mut faults) = (BTreeMap::new(), Vec::new());
    for (name, view) in file.iter().filter(|(name, _)| !name.ends_with(NO_WEIGHT)) {
        match widened(&view) {
            Some(values) => {
                drop(all.insert(name.to_owned(), (name.to_owned(), view.shape().to_vec(), values)))
            }
            None => faults.push(format!("`{name}` has type {}, expected F32, F16 or BF16", view.dtype())),
        }
    }
    faults.sort();
    all_or_faults(Vec::new(), faults).map(|_| all)
}

fn widened(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let halves = || view.data().chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    match view.dtype() {
        Dtype::F32 => {
            let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            Some(view.data().chunks_exact(4).map(float).collect())
        }
        Dtype::F16 => Some(halves().map(from_half).collect()),
        Dtype::BF16 => Some(halves().map(|bits| f32::from_bits(u32::from(bits) << 16)).collect()),
        _ => None,
    }
}

/// An IEEE number of 16 bits: sign, 5 bits of exponent, 10 of fraction. Each is a number of 32 bits too.
fn from_half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, bits >> 10 & 31, bits & 1023);
    let size = match exponent {
        // Below the least normal number: fraction × 2⁻²⁴.
        0 => f32::from(fraction) / 16_777_216.0,
        31 => f32::from_bits(0x7f80_0000 | u32::from(fraction) << 13),
        _ => f32::from_bits((u32::from(exponent) + 112) << 23 | u32::from(fraction) << 13),
    };
    if sign == 1 { -size } else { size }
}

/// Under our own names.
fn own(
    wanted: ModelDescription,
    mut tensors: BTreeMap<String, NamedTensor>,
) -> Result<Vec<Tensor>, ExchangeError> {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for tensor in wanted.layers.into_iter().flat_map(|layer| layer.tensors) {
        match values_of_shape(tensors.remove(&tensor.name), &tensor.shape) {
            Ok(values) => all.push(Tensor { values, ..tensor }),
            Err(what) => faults.push(format!("`{}` {what}", tensor.name)),
        }
    }
    faults.extend(tensors.values().map(no_layer_wants));
    all_or_faults(all, faults)
}

/// A tensor that belongs to nothing.
pub(crate) fn no_layer_wants((name, shape, _): &NamedTensor) -> String {
    format!("`{name}` of shape {shape:?}: no layer wants it")
}

/// The numbers of a tensor, if it is there and has this shape.
pub(crate) fn values_of_shape(tensor: Option<NamedTensor>, wanted: &[usize]) -> Result<Vec<f32>, String> {
    match tensor {
        None => Err(format!("is missing (expected the shape {wanted:?})")),
        Some((_, shape, _)) if shape != wanted => {
            Err(format!("has the shape {shape:?}, expected {wanted:?}"))
        }
        Some((.., values)) => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All 65,536 numbers against the definition of IEEE 754: (−1)^s 2^(e − 15) (1 + f / 1024).
    #[test]
    fn numbers_of_16_bits_are_those_of_the_definition() {
        for bits in 0..=u16::MAX {
            let found = from_half(bits);
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
            let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
            match exponent {
                31 if fraction > 0.0 => assert!(found.is_nan(), "{bits:#06x}"),
                31 => assert_eq!(f64::from(found), sign * f64::INFINITY),
                0 => assert_eq!(f64::from(found), sign * fraction * 2f64.powi(-14), "{bits:#06x}"),
                _ => assert_eq!(f64::from(found), sign * (1.0 + fraction) * 2f64.powi(exponent - 15)),
            }
            assert_eq!(found.is_sign_negative(), bits >> 15 == 1, "{bits:#06x}");
        }
    }
}
