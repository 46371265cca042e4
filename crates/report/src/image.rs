//! Test images as PNG inside the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A `data:` address of a PNG with `pixels` of `shape` (height, width, channels), eight bits each.
///
/// One, two, three and four channels are grey, grey with alpha, colour, colour with alpha; of more, the first is shown.
/// `None` if the number of bytes is not that of the shape, or the image is empty.
pub(crate) fn data_uri(pixels: &[u8], shape: [usize; 3]) -> Option<String> {
    let [height, width, channels] = shape;
    let expected = height.checked_mul(width)?.checked_mul(channels)?;
    if expected == 0 || pixels.len() != expected {
        return None;
    }
    let first_channel: Vec<u8>;
    let (color, pixels) = match channels {
        1 => (png::ColorType::Grayscale, pixels),
        2 => (png::ColorType::GrayscaleAlpha, pixels),
        3 => (png::ColorType::Rgb, pixels),
        4 => (png::ColorType::Rgba, pixels),
        _ => {
            first_channel = pixels.iter().step_by(channels).copied().collect();
            (png::ColorType::Grayscale, first_channel.as_slice())
        }
    };
    let bytes = encode(pixels, u32::try_from(width).ok()?, u32::try_from(height).ok()?, color).ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(bytes)))
}

/// The same of pixels that are numbers of colours (red, green, blue, opacity): a fourth of the bytes, or less.
pub(crate) fn data_uri_of_colours(pixels: &[u8], size: [usize; 2], colours: &[[u8; 4]]) -> Option<String> {
    let [height, width] = size;
    let is_colour = |pixel: &u8| usize::from(*pixel) < colours.len();
    if pixels.is_empty() || pixels.len() != height.checked_mul(width)? || !pixels.iter().all(is_colour) {
        return None;
    }
    let palette: Vec<u8> = colours.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    let opacity: Vec<u8> = colours.iter().map(|[.., opacity]| *opacity).collect();
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let written = write(pixels, width, height, |encoder| {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette);
        encoder.set_trns(opacity);
        encoder.set_filter(png::Filter::NoFilter);
    });
    Some(format!("data:image/png;base64,{}", STANDARD.encode(written.ok()?)))
}

fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
    color: png::ColorType,
) -> Result<Vec<u8>, png::EncodingError> {
    write(pixels, width, height, |encoder| encoder.set_color(color))
}

fn write(
    pixels: &[u8],
    width: u32,
    height: u32,
    set: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    set(&mut encoder);
    // The stronger ones take 400 kB of aligned memory for each picture, which glibc before 2.38 never uses again.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(uri: &str) -> (png::OutputInfo, Vec<u8>) {
        let base64 = uri.strip_prefix("data:image/png;base64,").expect("a PNG address");
        let bytes = STANDARD.decode(base64).expect("base64");
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut pixels).expect("a frame");
        pixels.truncate(info.buffer_size());
        (info, pixels)
    }

    #[test]
    fn an_image_reads_back_as_it_was() {
        for (channels, color) in [(1, png::ColorType::Grayscale), (3, png::ColorType::Rgb)] {
            let pixels: Vec<u8> = (0..2 * 3 * channels).map(|i| (i * 37 % 256) as u8).collect();
            let (info, back) = decode(&data_uri(&pixels, [2, 3, channels]).expect("an image"));
            assert_eq!((info.width, info.height, info.color_type, back), (3, 2, color, pixels));
        }
    }

    #[test]
    fn colours_by_number_read_back_as_they_were() {
        let colours = [[1, 2, 3, 255], [0, 0, 0, 0]];
        let (info, back) = decode(&data_uri_of_colours(&[0, 1, 1, 0], [1, 4], &colours).expect("an image"));
        assert_eq!((info.width, info.color_type, back), (4, png::ColorType::Indexed, vec![0, 1, 1, 0]));
        assert_eq!(data_uri_of_colours(&[0, 2], [1, 2], &colours), None, "a colour that there is not");
        assert_eq!(data_uri_of_colours(&[0], [1, 2], &colours), None);
    }

    #[test]
    fn of_many_channels_the_first_is_shown() {
        let (info, back) = decode(&data_uri(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [1, 2, 5]).expect("an image"));
        assert_eq!((info.color_type, back), (png::ColorType::Grayscale, vec![1, 6]));
    }

    #[test]
    fn bytes_that_are_not_of_the_shape_give_no_image() {
        assert_eq!(data_uri(&[0; 5], [2, 3, 1]), None);
        assert_eq!(data_uri(&[], [0, 3, 1]), None);
        assert_eq!(data_uri(&[], [usize::MAX, usize::MAX, 3]), None);
    }
}
