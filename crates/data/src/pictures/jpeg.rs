//! JPEG, baseline and progressive, gray or colour. The decoder uses no vector instructions, so that its bits are the
//! same on every machine; other decoders differ in the last bit, and the record names this one.

use super::{Facts, Picture, PictureFault, check_size, exif};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"\xff\xd8\xff";
/// For the record.
pub(super) const DECODER: &str = "zune-jpeg 0.5.15";
/// The longest side that a header can declare.
const ANY_SIDE: usize = 1 << 16;

/// Decodes a file.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, PictureFault> {
    let broken = |cause: &dyn std::fmt::Display| PictureFault::broken("a JPEG image", cause);
    if !has_end(bytes) {
        return Err(broken(&"it is cut short"));
    }
    let options = DecoderOptions::new_safe().set_strict_mode(true);
    let options = options.set_max_width(ANY_SIDE).set_max_height(ANY_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|cause| broken(&cause))?;
    let info = decoder.info().ok_or_else(|| broken(&"it has no header"))?;
    check_size(info.height.into(), info.width.into())?;
    let (colours, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        Some(ColorSpace::YCbCr | ColorSpace::RGB) => (ColorSpace::RGB, 3),
        _ => {
            return Err(PictureFault::new(
                "is a JPEG image of other colours than gray or red, green and blue (CMYK, for one)",
                "save it in RGB with a program for pictures",
            ));
        }
    };
    let orientation = decoder.exif().map_or(1, |exif| exif::orientation(exif));
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let pixels = decoder.decode().map_err(|cause| broken(&cause))?;
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    if pixels.len() != height * width * channels {
        return Err(broken(&"it has not the pixels that its header declares"));
    }
    let facts = Facts { jpeg: true, ..Facts::default() };
    Ok(exif::upright(Picture { height, width, channels, pixels, facts }, orientation))
}

/// Whether the mark of the end follows the last mark of image data.
fn has_end(bytes: &[u8]) -> bool {
    let last = |mark: u8| bytes.windows(2).rposition(|pair| pair == [0xff, mark]);
    last(0xd9).is_some_and(|end| last(0xda).is_none_or(|data| data < end))
}
