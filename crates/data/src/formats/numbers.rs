//! Pixels and labels that were stored as other numbers than bytes: which of them are the same bytes, and which are
//! none.

use crate::options::DataTable;

/// Numbers of an array, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    Bytes(Vec<u8>),
    Whole(Vec<i64>),
    Floats(Vec<f64>),
}

impl Numbers {
    pub(super) fn len(&self) -> usize {
        match self {
            Numbers::Bytes(values) => values.len(),
            Numbers::Whole(values) => values.len(),
            Numbers::Floats(values) => values.len(),
        }
    }

    /// The numbers as pixels, with a note if they were no bytes; or what is wrong.
    pub(super) fn pixels(self) -> Result<(Vec<u8>, Option<String>), String> {
        match self {
            Numbers::Bytes(values) => Ok((values, None)),
            Numbers::Whole(values) => {
                let byte = |value: &i64| {
                    u8::try_from(*value).map_err(|_| format!("has the pixel {value}, expected 0 to 255"))
                };
                let pixels = values.iter().map(byte).collect::<Result<_, _>>()?;
                Ok((pixels, Some("pixels were stored as wider whole numbers".into())))
            }
            Numbers::Floats(values) => {
                let is_share = are_shares(values.iter().copied());
                let pixel = |value: &f64| if is_share { of_share(*value) } else { of_whole(*value) };
                let pixels = values.iter().map(pixel).collect::<Result<_, _>>()?;
                let note = if is_share { SHARES } else { "pixels were stored as floats" };
                Ok((pixels, Some(note.into())))
            }
        }
    }

    /// The numbers as labels; or what is wrong.
    pub(super) fn labels(&self) -> Result<Vec<u8>, String> {
        let label = |value: f64| match value {
            v if v.fract() == 0.0 && (0.0..256.0).contains(&v) => Ok(v as u8),
            v => Err(format!("has the label {v}, expected a whole number from 0 to 255")),
        };
        match self {
            Numbers::Bytes(values) => Ok(values.clone()),
            Numbers::Whole(values) => values.iter().map(|value| label(*value as f64)).collect(),
            Numbers::Floats(values) => values.iter().map(|value| label(*value)).collect(),
        }
    }
}

/// What is said of pixels that were stored divided by 255.
pub(super) const SHARES: &str = "pixels were stored as shares of 255";

/// Whether floats are shares of 255, in an array as in a table: none is above 1. Whole numbers that were not stored as
/// floats are never asked: `0` and `1` are pixels, `0.0` and `1.0` black and white.
pub(super) fn are_shares(mut floats: impl Iterator<Item = f64>) -> bool {
    floats.all(|value| value <= 1.0)
}

/// A pixel that was stored as a whole number in a float.
pub(super) fn of_whole(value: f64) -> Result<u8, String> {
    match value {
        v if v.fract() == 0.0 && (0.0..=255.0).contains(&v) => Ok(v as u8),
        v => Err(format!(
            "has the pixel {v}, expected whole numbers from 0 to 255, or shares of 255 from 0 to 1"
        )),
    }
}

/// A pixel that was stored divided by 255.
pub(super) fn of_share(value: f64) -> Result<u8, String> {
    let pixel = (value * 255.0).round();
    match (0.0..=255.0).contains(&pixel) && (pixel / 255.0 - value).abs() < 1e-6 {
        true => Ok(pixel as u8),
        false => Err(format!(
            "has the pixel {value}, which is no 255th part: it was changed after it was a picture"
        )),
    }
}

/// The shape of an image that is stored as one row of `len` numbers.
pub(super) fn shape_of_row(len: usize, table: &DataTable) -> Option<[usize; 3]> {
    if let Some([height, width]) = table.size {
        let found = [1, 3].into_iter().find(|channels| height * width * channels == len);
        if let Some(channels) = found {
            return Some([height, width, channels]);
        }
    }
    [1, 3].into_iter().find_map(|channels| {
        let side = (len / channels).isqrt();
        (side > 0 && side * side * channels == len).then_some([side, side, channels])
    })
}
