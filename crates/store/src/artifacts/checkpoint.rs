//! Checkpoints as bytes: the tensors of a training's state and its facts in one safetensors file, with a checksum of
//! all of it, for a file or a column of the database.
//!
//! The file's only metadata is `toile`, a JSON text that begins with the SHA-256 of the whole file in which these 64
//! digits are zeros. Any reader of safetensors can look at the tensors.

use std::collections::HashMap;

use safetensors::tensor::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::weights::{MovedTensor, NamedTensor, f32_tensors, hexadecimal};
use crate::StoreError;

/// Raised with the form of the metadata.
const VERSION: u32 = 1;

/// How every checkpoint begins after its length, so that the digest has a fixed place.
const START: &str = r#"{"__metadata__":{"toile":"{\"sha256\":\""#;
const DIGEST: std::ops::Range<usize> = 8 + START.len()..8 + START.len() + 64;
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The text under `toile` in the metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    sha256: String,
    version: u32,
    facts: Value,
}

/// Tensors and facts as one file. The same content gives the same bytes, whatever the tensors' order. Each tensor is
/// gone when its bytes are made.
///
/// # Panics
/// When a tensor's values do not fill its shape, or two share a name: our own code would be wrong.
pub fn checkpoint_to_bytes(tensors: Vec<NamedTensor>, facts: &Value) -> Vec<u8> {
    let metadata = Metadata { sha256: NO_DIGEST.into(), version: VERSION, facts: facts.clone() };
    let text = serde_json::to_string(&metadata).expect("JSON of JSON");
    let moved = tensors.into_iter().map(|(name, shape, values)| {
        let tensor = MovedTensor::new(&name, shape, values);
        (name, tensor)
    });
    let metadata = Some(HashMap::from([("toile".into(), text)]));
    let mut bytes = serialize(moved, metadata).expect("a header of tensor names serialises");
    assert!(bytes[8..].starts_with(START.as_bytes()), "the digest has no place");
    let digest = digest(&bytes);
    bytes[DIGEST].copy_from_slice(digest.as_bytes());
    bytes
}

/// Reads what [`checkpoint_to_bytes`] wrote: the tensors in the order of their names, and the facts.
///
/// # Errors
/// If a single bit is another than was written. No allocation exceeds a small multiple of the input.
pub fn checkpoint_from_bytes(bytes: &[u8]) -> Result<(Vec<NamedTensor>, Value), StoreError> {
    let damaged = |reason: String| StoreError::Checkpoint { reason };
    if bytes.len() < DIGEST.end || !bytes[8..].starts_with(START.as_bytes()) {
        return Err(damaged("it does not begin as one".into()));
    }
    if bytes[DIGEST] != *digest(bytes).as_bytes() {
        return Err(damaged("its checksum is not that of its bytes".into()));
    }
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| damaged(e.to_string()))?;
    let text = header.metadata().as_ref().and_then(|all| all.get("toile"));
    let text = text.ok_or_else(|| damaged("it has no metadata".into()))?;
    let metadata: Metadata = serde_json::from_str(text).map_err(|e| damaged(e.to_string()))?;
    if metadata.version != VERSION {
        let found = metadata.version;
        return Err(damaged(format!("it has version {found}, this toile knows version {VERSION}")));
    }
    let mut tensors = f32_tensors(bytes)?;
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((tensors, metadata.facts))
}

/// SHA-256 of a file that is long enough, its own digest read as zeros.
fn digest(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(&bytes[..DIGEST.start]);
    hash.update(NO_DIGEST);
    hash.update(&bytes[DIGEST.end..]);
    hexadecimal(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    type Borrowed<'a> = (&'a str, &'a [usize], &'a [f32]);

    const TENSORS: [Borrowed<'_>; 3] = [
        ("weights/0.kernel", &[2, 2], &[1.0, -0.0, f32::INFINITY, f32::MIN_POSITIVE]),
        ("weights/0.bias", &[2], &[0.5, f32::MAX]),
        ("optimizer.0/0.bias", &[2], &[0.0, -1e-40]),
    ];

    fn facts() -> Value {
        json!({ "epoch": 3, "step": u64::MAX, "rate": "3f50624dd2f1a9fc", "words": "\"sha256\":\"é" })
    }

    fn owned(tensors: &[Borrowed<'_>]) -> Vec<NamedTensor> {
        tensors
            .iter()
            .map(|(name, shape, values)| (name.to_string(), shape.to_vec(), values.to_vec()))
            .collect()
    }

    fn small() -> Vec<u8> {
        checkpoint_to_bytes(owned(&TENSORS), &facts())
    }

    /// A checkpoint with this text in its metadata, its checksum made to fit.
    fn with_text(text: &str) -> Vec<u8> {
        let mut bytes = crate::artifacts::weights::serialized(
            &TENSORS,
            Some(HashMap::from([("toile".into(), text.into())])),
        );
        let digest = digest(&bytes);
        bytes[DIGEST].copy_from_slice(digest.as_bytes());
        bytes
    }

    #[test]
    fn tensors_and_facts_come_back_bit_for_bit() {
        let (tensors, found) = checkpoint_from_bytes(&small()).expect("a checkpoint");
        assert_eq!(found, facts());
        let mut expected = TENSORS;
        expected.sort_by_key(|tensor| tensor.0);
        for ((name, shape, values), (expected, as_shape, with)) in tensors.iter().zip(expected) {
            assert_eq!((name.as_str(), shape.as_slice()), (expected, as_shape));
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(values), bits(with), "{name}");
        }
        assert_eq!(tensors.len(), 3);
    }

    #[test]
    fn the_order_of_the_tensors_does_not_move_the_bytes() {
        let mut reversed = TENSORS;
        reversed.reverse();
        assert_eq!(checkpoint_to_bytes(owned(&reversed), &facts()), small());
    }

    #[test]
    fn a_checkpoint_is_a_safetensors_file_whose_digest_others_can_check() {
        let bytes = small();
        assert_eq!(crate::weights_from_safetensors(&bytes).expect("a safetensors file").len(), 3);
        let mut zeroed = bytes.clone();
        zeroed[DIGEST].fill(b'0');
        assert_eq!(bytes[DIGEST], *crate::sha256_hex(&zeroed).as_bytes());
    }

    #[test]
    fn a_checkpoint_may_have_no_tensors() {
        let bytes = checkpoint_to_bytes(Vec::new(), &json!(null));
        assert_eq!(checkpoint_from_bytes(&bytes).expect("a checkpoint"), (vec![], json!(null)));
    }

    #[test]
    fn every_truncation_and_every_byte_more_is_an_error() {
        let mut bytes = small();
        for n in 0..bytes.len() {
            assert!(checkpoint_from_bytes(&bytes[..n]).is_err(), "{n} of {} bytes", bytes.len());
        }
        bytes.push(0);
        assert!(checkpoint_from_bytes(&bytes).is_err());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = small();
        for bit in 0..bytes.len() * 8 {
            let mut hostile = bytes.clone();
            hostile[bit / 8] ^= 1 << (bit % 8);
            let error = checkpoint_from_bytes(&hostile).expect_err("damaged");
            assert!(matches!(error, StoreError::Checkpoint { .. }), "bit {bit}: {error}");
        }
    }

    /// A checksum protects from accidents, not from people: what it vouches for is checked all the same.
    #[test]
    fn hostile_files_with_a_right_checksum_are_errors() {
        let deep = format!(r#"{{"sha256":"{NO_DIGEST}","version":1,"facts":{}"#, "[".repeat(100_000));
        for text in [
            format!(r#"{{"sha256":"{NO_DIGEST}"}}"#),
            format!(r#"{{"sha256":"{NO_DIGEST}","version":1,"facts":1,"more":1}}"#),
            format!(r#"{{"sha256":"{NO_DIGEST}","version":-1,"facts":1}}"#),
            format!(r#"{{"sha256":"{NO_DIGEST}"#),
            deep,
        ] {
            assert!(checkpoint_from_bytes(&with_text(&text)).is_err(), "{}", &text[..90]);
        }
        let newer = format!(r#"{{"sha256":"{NO_DIGEST}","version":2,"facts":1}}"#);
        let text = checkpoint_from_bytes(&with_text(&newer)).expect_err("a newer one").to_string();
        assert!(text.contains("version 2, this toile knows version 1"), "{text}");
        // A header that promises more than there is.
        let mut long = small();
        long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        let digest = digest(&long);
        long[DIGEST].copy_from_slice(digest.as_bytes());
        assert!(checkpoint_from_bytes(&long).expect_err("too long").to_string().contains("header"));
    }

    #[test]
    fn other_files_are_named_as_such() {
        let weights = crate::weights_to_safetensors(&TENSORS, Some(&"a notice ".repeat(20)));
        for other in [b"".as_slice(), b"SQLite format 3", &weights] {
            let text = checkpoint_from_bytes(other).expect_err("another file").to_string();
            assert!(text.contains("does not begin as one"), "{text}");
        }
    }
}
