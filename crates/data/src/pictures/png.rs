//! PNG: gray, colour, palette, with or without alpha, 1 to 16 bits, interlaced or not.

use super::{Facts, Picture, PictureFault, check_size, exif};
use png::{BitDepth, ColorType, Decoder, Limits, Transformations};
use std::io::Cursor;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// For the record.
pub(super) const DECODER: &str = "png 0.18.1";
/// The most bytes that the decoder takes, next to the pixels.
const MEMORY: usize = 1 << 28;

/// Decodes a file.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, PictureFault> {
    let broken = |cause: png::DecodingError| PictureFault::broken("a PNG image", cause);
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MEMORY });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let (width, height) = decoder.read_header_info().map_err(broken)?.size();
    check_size(height.into(), width.into())?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let info = reader.info();
    let gray = info.palette.as_ref().is_some_and(|colours| is_gray(colours.chunks_exact(3)));
    let gray_palette = info.color_type == ColorType::Indexed && gray;
    let sixteen_bits = info.bit_depth == BitDepth::Sixteen;
    let orientation = info.exif_metadata.as_ref().map_or(1, |exif| exif::orientation(exif));
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(|| PictureFault::too_large(0, 0))?];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    pixels.truncate(frame.buffer_size());
    let has_alpha = matches!(frame.color_type, ColorType::GrayscaleAlpha | ColorType::Rgba);
    let mut channels = frame.color_type.samples();
    if has_alpha {
        pixels = without_alpha(&pixels, channels)?;
        channels -= 1;
    }
    if gray_palette && channels == 3 {
        pixels = pixels.chunks_exact(3).map(|colour| colour[0]).collect();
        channels = 1;
    }
    let facts = Facts { png: true, opaque_alpha: has_alpha, sixteen_bits, gray_palette, ..Facts::default() };
    let picture = Picture { height: height as usize, width: width as usize, channels, pixels, facts };
    Ok(exif::upright(picture, orientation))
}

fn is_gray<'a>(mut colours: impl Iterator<Item = &'a [u8]>) -> bool {
    colours.all(|colour| colour[0] == colour[1] && colour[1] == colour[2])
}

/// Without a last channel that says nothing.
fn without_alpha(pixels: &[u8], channels: usize) -> Result<Vec<u8>, PictureFault> {
    if pixels.chunks_exact(channels).any(|pixel| pixel[channels - 1] != 255) {
        return Err(PictureFault::new(
            "has transparent pixels, and toile does not choose what is behind them",
            "put it on a background with a program for pictures, and save it without alpha",
        ));
    }
    Ok(pixels.chunks_exact(channels).flat_map(|pixel| &pixel[..channels - 1]).copied().collect())
}
