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

/// What is wrong with a picture, as the end of a sentence about its file, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PictureFault {
    pub fault: String,
    pub help: String,
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
