//! The one thing in EXIF that moves pixels: how the camera was held. What is broken in it is passed over, as browsers
//! do.

use super::Picture;

/// The tag of the orientation.
const ORIENTATION: u16 = 0x0112;
/// The type of a 16-bit number.
const SHORT: u16 = 3;

/// The orientation, 1 (upright) to 8; 1 where there is none, or none that can be read.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    read(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)).unwrap_or(1)
}

/// TIFF: the order of bytes, 42, the place of the first list; a count, then entries of tag, type, count, value.
fn read(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes: [u8; 4] = tiff.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    if short(2)? != 42 {
        return None;
    }
    let list = long(4)? as usize;
    for entry in 0..usize::from(short(list)?) {
        let at = list + 2 + 12 * entry;
        if short(at)? == ORIENTATION && short(at + 2)? == SHORT {
            let value = short(at + 8)?;
            return (1..=8).contains(&value).then_some(value as u8);
        }
    }
    None
}

/// The picture as it was seen.
pub(super) fn upright(picture: Picture, orientation: u8) -> Picture {
    if orientation <= 1 {
        return picture;
    }
    let (h, w, channels) = (picture.height, picture.width, picture.channels);
    let (height, width) = if orientation >= 5 { (w, h) } else { (h, w) };
    let mut pixels = Vec::with_capacity(picture.pixels.len());
    for y in 0..height {
        for x in 0..width {
            // Where the pixel (y, x) of the upright picture is stored.
            let (row, column) = match orientation {
                2 => (y, w - 1 - x),
                3 => (h - 1 - y, w - 1 - x),
                4 => (h - 1 - y, x),
                5 => (x, y),
                6 => (h - 1 - x, y),
                7 => (h - 1 - x, w - 1 - y),
                _ => (x, w - 1 - y),
            };
            let at = (row * w + column) * channels;
            pixels.extend_from_slice(&picture.pixels[at..at + channels]);
        }
    }
    let mut facts = picture.facts;
    facts.turned = true;
    Picture { height, width, channels, pixels, facts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::Facts;

    /// An EXIF block with one entry, in either order of bytes.
    fn exif(little: bool, value: u16) -> Vec<u8> {
        let short = |v: u16| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let long = |v: u32| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let mut bytes = if little { b"II".to_vec() } else { b"MM".to_vec() };
        bytes.extend(short(42));
        bytes.extend(long(8));
        bytes.extend(short(1));
        bytes.extend(short(ORIENTATION));
        bytes.extend(short(SHORT));
        bytes.extend(long(1));
        bytes.extend(short(value));
        bytes.extend([0; 6]);
        bytes
    }

    /// Pillow, `ImageOps.exif_transpose` of `[[1, 2, 3], [4, 5, 6]]` with each orientation.
    #[test]
    fn each_orientation_is_turned_as_pillow_does() {
        let stored = Picture {
            height: 2,
            width: 3,
            channels: 1,
            pixels: vec![1, 2, 3, 4, 5, 6],
            facts: Facts::default(),
        };
        let expected: [(u8, usize, [u8; 6]); 8] = [
            (1, 2, [1, 2, 3, 4, 5, 6]),
            (2, 2, [3, 2, 1, 6, 5, 4]),
            (3, 2, [6, 5, 4, 3, 2, 1]),
            (4, 2, [4, 5, 6, 1, 2, 3]),
            (5, 3, [1, 4, 2, 5, 3, 6]),
            (6, 3, [4, 1, 5, 2, 6, 3]),
            (7, 3, [6, 3, 5, 2, 4, 1]),
            (8, 3, [3, 6, 2, 5, 1, 4]),
        ];
        for (value, height, pixels) in expected {
            for little in [true, false] {
                let read = orientation(&exif(little, value.into()));
                assert_eq!(read, value);
                let turned = upright(stored.clone(), read);
                assert_eq!((turned.height, turned.pixels.as_slice()), (height, &pixels[..]), "{value}");
                assert_eq!(turned.facts.turned, value != 1);
            }
        }
    }

    #[test]
    fn broken_exif_is_passed_over() {
        let whole = exif(true, 6);
        for length in 0..whole.len() {
            let _ = orientation(&whole[..length]);
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!((1..=8).contains(&orientation(&flipped)));
        }
        for value in [0, 9, 600] {
            assert_eq!(orientation(&exif(true, value)), 1);
        }
        assert_eq!(orientation(&[b"Exif\0\0", &whole[..]].concat()), 6);
    }
}
