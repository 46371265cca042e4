//! NumPy's arrays: a header in Python's words, then the numbers.
//!
//! ```text
//! \x93NUMPY major minor | length of the header, u16 or u32 little-endian | {'descr': '|u1', …} | numbers
//! ```

use super::numbers::Numbers;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// The most dimensions; NumPy itself ends at 64.
const MAX_DIMS: usize = 8;

/// An array in C order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NpyArray {
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

/// Reads a whole file; or says what is wrong with it, as the end of a sentence about it.
pub(super) fn parse(bytes: &[u8]) -> Result<NpyArray, String> {
    let cut = || "is cut short in its header".to_string();
    let rest = bytes.strip_prefix(MAGIC).ok_or("is no NumPy array")?;
    let (length, rest) = match rest.first().ok_or_else(cut)? {
        1 => (rest.get(2..4).map(|b| u16::from_le_bytes([b[0], b[1]]) as usize), rest.get(4..)),
        2 | 3 => {
            (rest.get(2..6).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize), rest.get(6..))
        }
        other => return Err(format!("is a NumPy array of version {other}, expected 1 to 3")),
    };
    let (length, rest) = (length.ok_or_else(cut)?, rest.ok_or_else(cut)?);
    let (header, data) = (rest.get(..length).ok_or_else(cut)?, &rest[length..]);
    let header = std::str::from_utf8(header).map_err(|_| "has a header that is no text")?;
    let descr = value(header, "descr").ok_or("does not say the type of its numbers")?;
    let fortran = match value(header, "fortran_order") {
        Some(text) if text.starts_with("True") => true,
        Some(text) if text.starts_with("False") => false,
        _ => return Err("does not say the order of its numbers".into()),
    };
    let shape = value(header, "shape").and_then(dimensions).ok_or("does not say its shape")?;
    let (kind, size, big) = number_type(descr)?;
    let count = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
    let expected = count.and_then(|count| count.checked_mul(size)).ok_or("has a shape that is too large")?;
    if data.len() != expected {
        return Err(format!("has {} bytes of numbers, and its shape asks for {expected}", data.len()));
    }
    let numbers = numbers(data, kind, size, big)?;
    let numbers = if fortran { in_c_order(numbers, &shape) } else { numbers };
    Ok(NpyArray { shape, numbers })
}

/// What follows a key in the header.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = &header[header.find(&format!("'{key}'"))? + key.len() + 2..];
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

/// `(60000, 28, 28)`, `(3,)`, `()`
fn dimensions(text: &str) -> Option<Vec<usize>> {
    let inner = &text.strip_prefix('(')?[..text.find(')')? - 1];
    let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
    let dims: Vec<usize> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (dims.len() <= MAX_DIMS).then_some(dims)
}

/// Kind, bytes, and whether the highest byte comes first: `'|u1'`, `'<f4'`, `'>i8'`.
fn number_type(descr: &str) -> Result<(char, usize, bool), String> {
    let text = descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next());
    let text = text.ok_or("has several numbers in one place (a structured type), expected one")?;
    let other = || {
        format!(
            "has numbers of the type `{}`, expected whole numbers or floats",
            text.chars().take(20).collect::<String>()
        )
    };
    let mut chars = text.chars();
    let (order, kind) = (chars.next().ok_or_else(other)?, chars.next().ok_or_else(other)?);
    if kind == 'O' {
        return Err(
            "holds Python's objects (pickle), which could run any program: toile never reads them".into()
        );
    }
    let size: usize = chars.as_str().parse().map_err(|_| other())?;
    let is_known = matches!((kind, size), ('u' | 'i', 1 | 2 | 4 | 8) | ('f', 4 | 8));
    let is_order = matches!(order, '<' | '>' | '|' | '=');
    (is_known && is_order).then_some((kind, size, order == '>')).ok_or_else(other)
}

fn numbers(data: &[u8], kind: char, size: usize, big: bool) -> Result<Numbers, String> {
    let wide = |bytes: &[u8]| {
        let mut all = [0; 8];
        all[..size].copy_from_slice(bytes);
        if big {
            all[..size].reverse();
        }
        u64::from_le_bytes(all)
    };
    let items = || data.chunks_exact(size);
    Ok(match (kind, size) {
        ('u', 1) => Numbers::Bytes(data.to_vec()),
        ('u', _) => Numbers::Whole(items().map(|b| i64::try_from(wide(b)).unwrap_or(i64::MAX)).collect()),
        ('i', _) => {
            let unused = 64 - 8 * size as u32;
            Numbers::Whole(items().map(|b| ((wide(b) << unused) as i64) >> unused).collect())
        }
        (_, 4) => Numbers::Floats(items().map(|b| f64::from(f32::from_bits(wide(b) as u32))).collect()),
        _ => Numbers::Floats(items().map(|b| f64::from_bits(wide(b))).collect()),
    })
}

/// From the order with the first index running fastest to that with the last.
fn in_c_order(numbers: Numbers, shape: &[usize]) -> Numbers {
    fn moved<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
        let mut index = vec![0; shape.len()];
        let mut result = Vec::with_capacity(values.len());
        for _ in 0..values.len() {
            let (mut at, mut step) = (0, 1);
            for (place, dim) in index.iter().zip(shape) {
                at += place * step;
                step *= dim;
            }
            result.push(values[at]);
            for (place, dim) in index.iter_mut().zip(shape).rev() {
                *place += 1;
                if *place < *dim {
                    break;
                }
                *place = 0;
            }
        }
        result
    }
    match numbers {
        Numbers::Bytes(values) => Numbers::Bytes(moved(&values, shape)),
        Numbers::Whole(values) => Numbers::Whole(moved(&values, shape)),
        Numbers::Floats(values) => Numbers::Floats(moved(&values, shape)),
    }
}
