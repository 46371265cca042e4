//! Single pictures: Pillow's pixels for each kind, and damaged ones.

use crate::decode_picture;
use crate::pictures::{Picture, decode};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")
}

pub(super) fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// What Pillow makes of each (`make.py`): height, width, channels if there are several; and the pixels.
fn pillow(name: &str) -> (Vec<usize>, Vec<u8>) {
    let all: serde_json::Value = serde_json::from_slice(&file("pillow.json")).unwrap();
    let of = |key: &str| all[name][key].clone();
    (serde_json::from_value(of("shape")).unwrap(), serde_json::from_value(of("pixels")).unwrap())
}

fn decoded(name: &str) -> Picture {
    decode(&file(name)).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
}

fn shape(picture: &Picture) -> Vec<usize> {
    let all = [picture.height, picture.width, picture.channels];
    all[..if picture.channels == 1 { 2 } else { 3 }].to_vec()
}

#[test]
fn a_png_has_the_pixels_that_pillow_reads() {
    for name in ["gray.png", "colour.png", "one-bit.png", "palette.png", "sixteen.png", "opaque.png"] {
        let (expected, picture) = (pillow(name), decoded(name));
        assert_eq!((shape(&picture), &picture.pixels), (expected.0, &expected.1), "{name}");
    }
    assert!(decoded("sixteen.png").facts.sixteen_bits);
    assert!(decoded("opaque.png").facts.opaque_alpha);
}

/// `decode_picture` gives the pixels of the folders' reader, and says what was done to them.
#[test]
fn a_single_picture_is_decoded_as_in_a_folder() {
    for (name, notes, decoder) in [
        ("gray.png", "", "png"),
        ("palette.png", "", "png"),
        ("sixteen.png", "of 16 bits a value, the high byte was kept", "png"),
        ("opaque.png", "an alpha channel without a transparent pixel was left out", "png"),
        ("gray-palette.png", "a palette of grays became gray", "png"),
        ("turned.jpg", "turned upright, as EXIF says", "zune-jpeg"),
    ] {
        let (single, picture) = (decode_picture(&file(name)).unwrap(), decoded(name));
        assert_eq!(single.shape, [picture.height, picture.width, picture.channels], "{name}");
        assert_eq!((single.pixels, single.notes.join("; ")), (picture.pixels, notes.into()), "{name}");
        assert!(single.decoder.starts_with(decoder), "{name}");
    }
    assert!(decode_picture(&file("transparent.png")).unwrap_err().help.contains("without alpha"));
}

#[test]
fn a_palette_of_grays_is_gray() {
    let (picture, expected) = (decoded("gray-palette.png"), pillow("gray-palette.png"));
    let first: Vec<u8> = expected.1.chunks_exact(3).map(|colour| colour[0]).collect();
    assert_eq!((picture.channels, picture.pixels), (1, first));
}

/// Decoders of JPEG differ: by 1 where the colours have all pixels, by some where they have half of them.
#[test]
fn a_jpeg_has_the_pixels_that_pillow_reads_or_their_neighbours() {
    for (name, most) in
        [("gray.jpg", 1), ("colour.jpg", 2), ("progressive.jpg", 2), ("turned.jpg", 2), ("halved.jpg", 8)]
    {
        let (expected, picture) = (pillow(name), decoded(name));
        assert_eq!(shape(&picture), expected.0, "{name}");
        let difference = picture.pixels.iter().zip(&expected.1).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(difference.unwrap() <= most, "{name}: {difference:?}");
    }
    assert!(decoded("turned.jpg").facts.turned && !decoded("colour.jpg").facts.turned);
}

#[test]
fn what_cannot_be_taken_is_told_with_the_way_out() {
    let fault = |bytes: &[u8]| {
        let fault = decode(bytes).unwrap_err();
        assert!(!fault.help.is_empty());
        fault.fault
    };
    assert!(fault(&file("transparent.png")).contains("transparent pixels"));
    assert!(fault(&file("cmyk.jpg")).contains("CMYK"));
    assert!(fault(b"GIF89a....").contains("found a GIF image, expected PNG or JPEG"));
    assert!(fault(b"BM....").contains("expected PNG or JPEG"));
    assert!(fault(b"").contains("an empty file"));
    assert!(fault(b"hello\n").contains("found text (`hello`)"));
}

/// A header alone of 2^31 x 2^31 pixels, and of more than are decoded.
#[test]
fn a_size_that_is_too_large_is_refused_before_it_is_allocated() {
    for (width, height) in [(0x7fff_ffff_u32, 0x7fff_ffff_u32), (8193, 8192), (1 << 26, 2)] {
        let mut bytes = file("gray.png");
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(decode(&bytes).unwrap_err().fault.contains("more than the"), "{width} x {height}");
    }
}

/// Never a panic, never a picture of a PNG whose data are not whole.
#[test]
fn damaged_pictures_are_errors_or_pictures() {
    for name in
        ["gray.png", "palette.png", "opaque.png", "gray.jpg", "turned.jpg", "progressive.jpg", "halved.jpg"]
    {
        let (whole, right) = (file(name), decoded(name));
        for length in 0..whole.len() {
            if let Ok(picture) = decode(&whole[..length]) {
                assert_eq!(picture, right, "{name} cut at {length}");
            }
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(picture) = decode(&flipped) {
                assert!(picture.height * picture.width <= 1 << 26);
                assert_eq!(picture.pixels.len(), picture.height * picture.width * picture.channels);
            }
        }
    }
}
