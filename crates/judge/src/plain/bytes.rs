//! What is packed in plain records: bits and numbers of single precision, one per image, as base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// One bit per image: bit i is bit i mod 8 (the lowest is 0) of byte i div 8.
pub(super) fn bits(text: &str, images: usize) -> Result<Vec<bool>, String> {
    let bytes = decoded(text)?;
    let expected = images.div_ceil(8);
    if bytes.len() != expected {
        return Err(format!("{} bytes, {expected} were expected for {images} images", bytes.len()));
    }
    let is_set = |i: usize| bytes[i / 8] >> (i % 8) & 1 == 1;
    if (images..8 * expected).any(is_set) {
        return Err(format!("the last byte has ones behind image {images}; it is filled up with zeros"));
    }
    Ok((0..images).map(is_set).collect())
}

/// One little-endian number of single precision per image.
pub(super) fn floats(text: &str, images: usize) -> Result<Vec<f32>, String> {
    let bytes = decoded(text)?;
    let expected = images.saturating_mul(4);
    if bytes.len() != expected {
        return Err(format!("{} bytes, {expected} were expected for {images} images", bytes.len()));
    }
    let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    Ok(bytes.chunks_exact(4).map(number).collect())
}

fn decoded(text: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD.decode(text).map_err(|error| format!("this is no base64 with padding: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand: images 0, 3 and 9 are right; bytes 0b1001 and 0b10.
    #[test]
    fn the_lowest_bit_of_the_first_byte_is_the_first_image() {
        let text = BASE64_STANDARD.encode([0b1001, 0b10]);
        let bits = bits(&text, 10).expect("ten images");
        let right: Vec<usize> = (0..10).filter(|i| bits[*i]).collect();
        assert_eq!(right, [0, 3, 9]);
    }

    #[test]
    fn what_is_too_long_too_short_or_no_base64_is_told() {
        for (text, images) in [("AA==", 9), ("AAA=", 8), ("A", 8), ("/w==", 7)] {
            assert!(bits(text, images).is_err(), "{text} {images}");
        }
        assert!(floats("AAAA", 1).is_err() && floats("AACAPw==", 1).expect("one") == [1.0]);
    }
}
