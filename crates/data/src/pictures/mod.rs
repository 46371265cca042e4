//! Pictures: one file of PNG or JPEG, by its content, becomes pixels of one byte, gray or red, green, blue.

mod batch;
mod exif;
mod jpeg;
mod png;
mod resize;

pub(crate) use batch::{Counts, read_all};
pub(crate) use resize::fit;

use crate::foreign::foreign;

/// The largest file of a picture: 64 MiB.
pub(crate) const MAX_FILE: u64 = 1 << 26;
/// The most pixels of a picture; no larger one is decoded.
const MAX_PIXELS: u64 = 1 << 26;

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub height: usize,
    pub width: usize,
    /// 1 or 3.
    pub channels: usize,
    /// Row by row, channels last.
    pub pixels: Vec<u8>,
    pub facts: Facts,
}

/// What a picture was, and what was done to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub png: bool,
    pub jpeg: bool,
    pub turned: bool,
    pub opaque_alpha: bool,
    pub sixteen_bits: bool,
    pub gray_palette: bool,
    pub made_gray: bool,
    pub made_colour: bool,
    pub resized: bool,
}

impl Facts {
    /// What decoding did to the picture.
    fn notes(&self) -> Vec<&'static str> {
        let done = [
            (self.turned, "turned upright, as EXIF says"),
            (self.opaque_alpha, OPAQUE_ALPHA),
            (self.sixteen_bits, SIXTEEN_BITS),
            (self.gray_palette, GRAY_PALETTE),
        ];
        done.into_iter().filter(|(is_so, _)| *is_so).map(|(_, note)| note).collect()
    }
}

const OPAQUE_ALPHA: &str = "an alpha channel without a transparent pixel was left out";
const SIXTEEN_BITS: &str = "of 16 bits a value, the high byte was kept";
const GRAY_PALETTE: &str = "a palette of grays became gray";

/// What is wrong with a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFault {
    /// As the end of a sentence about the file: `is no picture that toile reads: …`.
    pub fault: String,
    /// What to do about it.
    pub help: String,
}

/// A picture as [`decode_picture`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedPicture {
    /// `height * width * channels` bytes, row by row, channels last.
    pub pixels: Vec<u8>,
    /// Height, width, and channels: 1 (gray) or 3 (red, green, blue).
    pub shape: [usize; 3],
    /// What was done to it, in plain English; nothing for most pictures.
    pub notes: Vec<&'static str>,
    /// The decoder, with its version.
    pub decoder: &'static str,
}

/// Decodes the bytes of a PNG or JPEG file, exactly as pictures in folders are decoded: whoever asks a trained network
/// about a file gets the pixels that training would have had.
///
/// - What the file is shows in its content; its ending plays no part.
/// - The picture is turned upright as EXIF's orientation (1 to 8) says; broken EXIF is passed over.
/// - Of 16 bits a value the high byte is kept. Colour profiles and gamma are not applied.
/// - A palette of grays gives 1 channel, any other palette 3.
/// - An alpha channel that is opaque everywhere is left out; a transparent pixel is a fault.
/// - JPEG is gray, or becomes red, green, blue. Its decoder uses no vector instructions: the same bits everywhere, which
///   other decoders differ from in the last one.
///
/// Size and channels are those of the file: nothing is scaled, and gray stays gray.
///
/// # Errors
/// What is no PNG or JPEG, is broken or cut short, has transparent pixels or other colours (CMYK), or more than 2²⁶
/// pixels, each with what to do. Memory and time are bounded by that number of pixels.
pub fn decode_picture(bytes: &[u8]) -> Result<DecodedPicture, PictureFault> {
    let Picture { height, width, channels, pixels, facts } = decode(bytes)?;
    let decoder = if facts.png { png::DECODER } else { jpeg::DECODER };
    Ok(DecodedPicture { pixels, shape: [height, width, channels], notes: facts.notes(), decoder })
}

impl PictureFault {
    fn new(fault: impl Into<String>, help: impl Into<String>) -> PictureFault {
        PictureFault { fault: fault.into(), help: help.into() }
    }

    fn broken(kind: &str, cause: impl std::fmt::Display) -> PictureFault {
        PictureFault::new(
            format!("is {kind} that breaks: {cause}"),
            "compare the file with its source; a picture that stays broken is to be removed",
        )
    }

    fn too_large(height: u64, width: u64) -> PictureFault {
        PictureFault::new(
            format!("has {height} x {width} pixels, more than the {MAX_PIXELS} that toile decodes"),
            "make it smaller with a program for pictures",
        )
    }
}

/// Whether these first bytes are those of a picture that is read.
pub(crate) fn begins(start: &[u8]) -> bool {
    start.starts_with(png::MAGIC) || start.starts_with(jpeg::MAGIC)
}

/// Decodes a picture; its ending plays no part.
pub(crate) fn decode(bytes: &[u8]) -> Result<Picture, PictureFault> {
    if bytes.starts_with(png::MAGIC) {
        return png::decode(bytes);
    }
    if bytes.starts_with(jpeg::MAGIC) {
        return jpeg::decode(bytes);
    }
    let start = &bytes[..bytes.len().min(1024)];
    let found = foreign(start).map_or("another kind of file".into(), |found| found.to_string());
    Err(PictureFault::new(
        format!("is no picture that toile reads: found {found}, expected PNG or JPEG"),
        "convert it to PNG, or remove it",
    ))
}

/// Refuses a size before anything of it is allocated.
fn check_size(height: u64, width: u64) -> Result<(), PictureFault> {
    match height.checked_mul(width) {
        Some(pixels) if pixels <= MAX_PIXELS && pixels > 0 => Ok(()),
        _ => Err(PictureFault::too_large(height, width)),
    }
}

/// The decoders that these facts name.
pub(crate) fn decoders(png: bool, jpeg: bool) -> Vec<String> {
    let named = [(png, png::DECODER), (jpeg, jpeg::DECODER)];
    named.iter().filter(|(is_used, _)| *is_used).map(|(_, name)| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    /// The versions that records name are those that are linked.
    #[test]
    fn the_decoders_are_those_of_the_lock_file() {
        let lock = include_str!("../../../../Cargo.lock");
        for decoder in super::decoders(true, true) {
            let (name, version) = decoder.split_once(' ').unwrap();
            let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
            assert!(lock.contains(&entry), "{decoder} is not in Cargo.lock");
        }
    }
}
