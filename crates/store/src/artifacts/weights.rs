//! Weights as bytes: the safetensors format, f32 only, and the hash that names them.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write as _;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, View, serialize};
use sha2::{Digest, Sha256};

use crate::StoreError;

/// A tensor's name (`2.kernel`), shape, and values in row-major order.
pub type NamedTensor = (String, Vec<usize>, Vec<f32>);

/// Tensors as one safetensors file, with a notice in its metadata if there is one to give. The same tensors and notice
/// give the same bytes, whatever the tensors' order.
///
/// # Panics
/// When a tensor's values do not fill its shape, or two share a name: our own code would be wrong.
pub fn weights_to_safetensors(tensors: &[(&str, &[usize], &[f32])], notice: Option<&str>) -> Vec<u8> {
    serialized(tensors, notice.map(|notice| HashMap::from([("notice".into(), notice.into())])))
}

pub(crate) fn serialized(
    tensors: &[(&str, &[usize], &[f32])],
    metadata: Option<HashMap<String, String>>,
) -> Vec<u8> {
    let views = tensors.iter().map(|(name, shape, values)| {
        assert_eq!(
            shape.iter().product::<usize>(),
            values.len(),
            "the values of tensor `{name}` fill its shape"
        );
        (*name, UnwrittenTensor { shape, values })
    });
    serialize(views, metadata).expect("a header of tensor names serialises")
}

/// A tensor whose bytes are made when they are written: of a large network there are no two copies at once.
struct UnwrittenTensor<'t> {
    shape: &'t [usize],
    values: &'t [f32],
}

impl View for UnwrittenTensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        to_bytes(self.values).into()
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}

/// A tensor that is gone when its bytes are made: of a large network there are no two copies at once.
pub(crate) struct MovedTensor {
    shape: Vec<usize>,
    n: usize,
    values: Cell<Vec<f32>>,
}

impl MovedTensor {
    /// # Panics
    /// When the values do not fill the shape: our own code would be wrong.
    pub(crate) fn new(name: &str, shape: Vec<usize>, values: Vec<f32>) -> MovedTensor {
        let n = values.len();
        assert_eq!(shape.iter().product::<usize>(), n, "the values of tensor `{name}` fill its shape");
        MovedTensor { shape, n, values: Cell::new(values) }
    }
}

impl View for MovedTensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Asked once, when the bytes are written.
    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.values.take();
        assert_eq!(values.len(), self.n, "the bytes of a tensor are made once");
        to_bytes(&values).into()
    }

    fn data_len(&self) -> usize {
        4 * self.n
    }
}

/// Reads what [`weights_to_safetensors`] or any other writer of f32 tensors wrote; layers in numerical order.
///
/// Hostile bytes give an error: no allocation exceeds a small multiple of the input.
pub fn weights_from_safetensors(bytes: &[u8]) -> Result<Vec<NamedTensor>, StoreError> {
    let mut tensors = f32_tensors(bytes)?;
    tensors.sort_by(|a, b| place(&a.0).cmp(&place(&b.0)));
    Ok(tensors)
}

/// The tensors of a safetensors file, in no order.
pub(crate) fn f32_tensors(bytes: &[u8]) -> Result<Vec<NamedTensor>, StoreError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| StoreError::Weights { reason: e.to_string() })?;
    file.iter().map(|(name, view)| one_tensor(name, &view)).collect()
}

fn one_tensor(name: &str, view: &TensorView<'_>) -> Result<NamedTensor, StoreError> {
    if view.dtype() != Dtype::F32 {
        let reason = format!("tensor `{name}` has type {}, expected F32", view.dtype());
        return Err(StoreError::Weights { reason });
    }
    Ok((name.to_owned(), view.shape().to_vec(), to_numbers(view.data())))
}

/// Numbers as bytes, little-endian.
pub(crate) fn to_bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The numbers that [`to_bytes`] was given.
pub(crate) fn to_numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// `10.bias` comes after `2.kernel`; names without a number come last.
fn place(name: &str) -> (usize, &str) {
    let number = name.split('.').next().and_then(|n| n.parse().ok());
    (number.unwrap_or(usize::MAX), name)
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vec<u8> {
        weights_to_safetensors(
            &[("0.kernel", &[2, 2], &[1.0, -2.0, 3.5, f32::MIN_POSITIVE]), ("0.bias", &[2], &[0.0, -0.0])],
            None,
        )
    }

    /// A safetensors file with this header and this many bytes of data.
    fn file(header: &str, n_data: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + n_data, 0);
        bytes
    }

    /// NIST FIPS 180-2, appendix B.1.
    #[test]
    fn the_hash_is_sha256() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn weights_come_back_bit_for_bit() {
        let tensors = weights_from_safetensors(&small()).unwrap();
        assert_eq!(tensors[0].0, "0.bias");
        assert_eq!(tensors[0].2[1].to_bits(), (-0.0f32).to_bits());
        assert_eq!(tensors[1], ("0.kernel".into(), vec![2, 2], vec![1.0, -2.0, 3.5, f32::MIN_POSITIVE]));
    }

    #[test]
    fn the_order_of_the_tensors_does_not_move_the_bytes() {
        let a: (&str, &[usize], &[f32]) = ("0.kernel", &[1], &[1.0]);
        let b: (&str, &[usize], &[f32]) = ("1.kernel", &[1], &[2.0]);
        assert_eq!(weights_to_safetensors(&[a, b], None), weights_to_safetensors(&[b, a], None));
    }

    #[test]
    fn a_notice_stands_in_the_file_and_leaves_the_weights_alone() {
        let tensors: [(&str, &[usize], &[f32]); 1] = [("0.kernel", &[1], &[1.0])];
        let bytes = weights_to_safetensors(&tensors, Some(toile_record::PROCEDURAL_NOTICE));
        assert!(String::from_utf8_lossy(&bytes).contains("\"notice\":\"procedural data, not comparable\""));
        let plain = weights_to_safetensors(&tensors, None);
        assert_eq!(weights_from_safetensors(&bytes).unwrap(), weights_from_safetensors(&plain).unwrap());
    }

    #[test]
    fn layers_are_read_in_numerical_order() {
        let one: &[f32] = &[1.0];
        let bytes = weights_to_safetensors(
            &[("10.kernel", &[1], one), ("2.kernel", &[1], one), ("x", &[1], one)],
            None,
        );
        let names: Vec<_> = weights_from_safetensors(&bytes).unwrap().into_iter().map(|t| t.0).collect();
        assert_eq!(names, ["2.kernel", "10.kernel", "x"]);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = small();
        for n in 0..bytes.len() {
            assert!(weights_from_safetensors(&bytes[..n]).is_err(), "{n} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn no_flipped_bit_makes_it_panic() {
        let bytes = small();
        for bit in 0..bytes.len() * 8 {
            let mut hostile = bytes.clone();
            hostile[bit / 8] ^= 1 << (bit % 8);
            let _ = weights_from_safetensors(&hostile);
        }
    }

    #[test]
    fn hostile_headers_are_errors() {
        let tensor =
            |begin: u64, end: u64| format!(r#"{{"dtype":"F32","shape":[2],"data_offsets":[{begin},{end}]}}"#);
        let overlapping = format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 8), tensor(4, 12));
        let gap = format!(r#"{{"a":{},"b":{}}}"#, tensor(0, 8), tensor(12, 20));
        let backwards = format!(r#"{{"a":{}}}"#, tensor(8, 0));
        let huge = r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#;
        let twice = format!(r#"{{"a":{},"a":{}}}"#, tensor(0, 8), tensor(8, 16));
        for (header, n_data) in [
            (overlapping.as_str(), 12),
            (&gap, 20),
            (&backwards, 8),
            (huge, 8),
            (&twice, 16),
            ("[]", 0),
            ("\u{fffd}", 0),
        ] {
            assert!(weights_from_safetensors(&file(header, n_data)).is_err(), "{header}");
        }
    }

    #[test]
    fn a_header_longer_than_the_file_is_refused_before_it_is_read() {
        let mut bytes = small();
        bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(weights_from_safetensors(&bytes).unwrap_err().to_string().contains("header"));
    }

    #[test]
    fn other_types_are_named() {
        let header = r#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
        let text = weights_from_safetensors(&file(header, 8)).unwrap_err().to_string();
        assert!(text.contains("`a` has type I64, expected F32"), "{text}");
    }
}
