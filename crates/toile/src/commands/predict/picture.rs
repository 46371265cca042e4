//! One picture as the network takes it, decoded as those of folders of training images are: its size must be theirs;
//! what is done to it is said.

use std::path::Path;

use toile_data::{DecodedPicture, decode_picture};
use toile_record::Records;
use toile_store::read_file;

/// No picture of the sizes that are trained here is larger.
const LARGEST_FILE: u64 = 64 << 20;

/// What the network takes, and how its training images look.
pub(super) struct Expected {
    height: usize,
    width: usize,
    channels: usize,
    /// The mean of the border pixels of the images that the records hold, if they hold any.
    border: Option<f64>,
}

/// A picture as the network takes it.
pub(super) struct AskedPicture {
    /// Height x width x channels bytes.
    pub pixels: Vec<u8>,
    /// What was done to it, or is odd about it.
    pub notes: Vec<&'static str>,
}

/// The borders of an image are dark below this, and bright above 255 less this.
const DARK: f64 = 64.0;

impl Expected {
    /// From the record of the data, and the test images that the study keeps for its report.
    pub(super) fn of(records: &Records) -> Expected {
        let [height, width, channels] = records.study.data.shape;
        let expected = Expected { height, width, channels, border: None };
        let whole = records.images.iter().filter(|image| image.pixels.len() == height * width * channels);
        let borders: Vec<f64> = whole.map(|image| expected.border_of(&image.pixels)).collect();
        let mean = borders.iter().sum::<f64>() / borders.len().max(1) as f64;
        // Images whose borders are now dark, now bright, have no side that a picture could be on.
        let is_one_side =
            |side: fn(f64) -> bool| borders.iter().filter(|b| side(**b)).count() * 10 >= borders.len() * 9;
        let one_side = is_one_side(|b| b < DARK) || is_one_side(|b| b > 255.0 - DARK);
        Expected { border: Some(mean).filter(|_| !borders.is_empty() && one_side), ..expected }
    }

    pub(super) fn help(&self) -> String {
        let Expected { height, width, channels, .. } = self;
        let colour = if *channels == 1 { "grey" } else { "colour" };
        format!(
            "the network takes PNG and JPEG pictures of {height} x {width} pixels (height x width), {colour}, as its training \
             images: scale them in an image program first"
        )
    }

    /// The mean of the pixels at the edge.
    fn border_of(&self, pixels: &[u8]) -> f64 {
        let at_edge = |i: &usize| {
            let (row, column) = (i / self.channels / self.width, i / self.channels % self.width);
            row == 0 || column == 0 || row + 1 == self.height || column + 1 == self.width
        };
        let (mut sum, mut n) = (0.0, 0);
        for i in (0..pixels.len()).filter(at_edge) {
            sum += f64::from(pixels[i]);
            n += 1;
        }
        sum / f64::from(n.max(1))
    }

    fn is_inverted(&self, pixels: &[u8]) -> bool {
        let found = self.border_of(pixels);
        self.border.is_some_and(|border| match border < 127.5 {
            true => found > 255.0 - DARK,
            false => found < DARK,
        })
    }
}

impl AskedPicture {
    /// Reads a file; says in words why it cannot be taken.
    pub(super) fn read(path: &Path, expected: &Expected) -> Result<AskedPicture, String> {
        let bytes = read_file(path, LARGEST_FILE).map_err(|error| format!("it cannot be read: {error}"))?;
        decode(&bytes, expected)
    }
}

fn decode(bytes: &[u8], expected: &Expected) -> Result<AskedPicture, String> {
    let decoded = decode_picture(bytes).map_err(|why| format!("it {}; {}", why.fault, why.help))?;
    let DecodedPicture { pixels, shape: [height, width, channels], mut notes, .. } = decoded;
    if (height, width) != (expected.height, expected.width) {
        return Err(format!(
            "it has {height} x {width} pixels (height x width), the training images {} x {}",
            expected.height, expected.width
        ));
    }
    let pixels = with_channels(pixels, channels, expected.channels, &mut notes)?;
    if expected.is_inverted(&pixels) {
        notes.push(match expected.border {
            Some(border) if border < 127.5 => {
                "its border is bright, those of the study's images are dark: is it inverted?"
            }
            _ => "its border is dark, those of the study's images are bright: is it inverted?",
        });
    }
    Ok(AskedPicture { pixels, notes })
}

fn with_channels(
    pixels: Vec<u8>,
    channels: usize,
    wanted: usize,
    notes: &mut Vec<&'static str>,
) -> Result<Vec<u8>, String> {
    match (channels, wanted) {
        (found, wanted) if found == wanted => Ok(pixels),
        (3, 1) if pixels.chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2]) => {
            notes.push("it is grey but stored in colour: taken as grey");
            Ok(pixels.chunks_exact(3).map(|pixel| pixel[0]).collect())
        }
        (3, 1) => Err("it is in colour, the training images are grey; convert it to grey first".into()),
        (1, 3) => {
            notes.push("it is grey, the training images are in colour: red, green and blue are all its grey");
            Ok(pixels.iter().flat_map(|grey| [*grey; 3]).collect())
        }
        (found, wanted) => Err(format!("it has {found} values per pixel, the training images {wanted}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every picture that is cut off, or has one bit turned, is a picture or a word on why it is none.
    #[test]
    fn damaged_pictures_are_refused_or_read() {
        let jpeg = include_bytes!("../../../../data/tests/pictures/gray.jpg");
        let DecodedPicture { shape: [height, width, channels], .. } = decode_picture(jpeg).unwrap();
        let expected = Expected { height, width, channels, border: None };
        (0..jpeg.len() / 2).for_each(|n| assert!(decode(&jpeg[..n], &expected).is_err(), "{n} bytes"));
        for bit in 0..jpeg.len() * 8 {
            let mut damaged = jpeg.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&damaged, &expected);
        }
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 5, 4);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&[90; 60]).unwrap();
        let expected = Expected { height: 4, width: 5, channels: 1, border: Some(0.0) };
        assert_eq!(decode(&bytes, &expected).map(|picture| picture.pixels), Ok(vec![90; 20]));
        // The last piece only says that it is the end.
        (0..bytes.len() - 12).for_each(|n| assert!(decode(&bytes[..n], &expected).is_err(), "{n} bytes"));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&damaged, &expected);
        }
    }

    #[test]
    fn a_bright_border_is_said_where_those_of_training_are_dark() {
        let expected = |border| Expected { height: 2, width: 2, channels: 1, border };
        assert!(expected(Some(3.0)).is_inverted(&[255, 250, 240, 255]));
        assert!(!expected(Some(3.0)).is_inverted(&[0, 250, 10, 0]));
        assert!(expected(Some(250.0)).is_inverted(&[0, 1, 2, 3]));
        assert!(!expected(None).is_inverted(&[255; 4]));
    }
}
