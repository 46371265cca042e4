//! The rows of one table: the label by its name, pixels as whole numbers or as shares of 255.

use super::super::numbers::{SHARES, are_shares, of_share, of_whole, shape_of_row};
use super::super::words::{self, label};
use crate::error::DataError;
use crate::foreign::GZIP;
use crate::idx::MAX_BYTES;
use crate::options::DataTable;
use crate::source::Blob;
use csv::{ByteRecord, Reader, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;

/// Names of the column with the labels.
const LABELS: [&str; 5] = ["label", "labels", "class", "target", "y"];
/// The longest line; 8192 x 8192 pixels are none that a table holds.
const MAX_LINE: usize = 1 << 24;
/// The most bytes of a table, unpacked.
const MAX_TABLE: u64 = 1 << 34;

const HELP: &str = "a table has a row for each image: its label in a column called `label`, and a column for each pixel, whole numbers \
                    from 0 to 255 row by row";

/// What a table holds.
pub(super) struct Rows {
    pub file: PathBuf,
    /// Pixels of an image.
    pub width: usize,
    pub pixels: Vec<u8>,
    pub labels: Vec<String>,
    /// The place of the label's column.
    label: usize,
    /// Whether that column is called so.
    label_is_named: bool,
    /// Whether the columns have names, in the first line.
    has_names: bool,
    /// Whether some pixel was written as a float.
    has_floats: bool,
}

/// Whether a file begins with a line of at least five columns.
pub(super) fn looks_like_a_table(blob: &Blob) -> Result<bool, DataError> {
    let mut start = Vec::new();
    let read = plain(blob)?.take(1 << 16).read_to_end(&mut start);
    if read.is_err() {
        return Ok(false);
    }
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let is_text = !line.is_empty() && line.iter().all(|byte| *byte >= 0x20 || matches!(byte, b'\t' | b'\r'));
    Ok(is_text && line.iter().filter(|byte| **byte == delimiter(line)).count() >= 4)
}

/// The one of comma, semicolon and tab that a line has most of.
fn delimiter(line: &[u8]) -> u8 {
    let count = |sign: &u8| line.iter().filter(|byte| *byte == sign).count();
    [b',', b';', b'\t'].into_iter().max_by_key(count).unwrap_or(b',')
}

/// The unpacked bytes; whether they are packed is seen in them.
fn plain(blob: &Blob) -> Result<Box<dyn Read>, DataError> {
    let is_gzip = blob.start(2)? == GZIP;
    let bytes = BufReader::new(blob.open()?);
    let plain: Box<dyn Read> = if is_gzip { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
    Ok(Box::new(Lines { inner: plain.take(MAX_TABLE), of_line: 0 }))
}

/// Refuses a line without an end, which a record would take into memory.
struct Lines<R> {
    inner: R,
    of_line: usize,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.of_line = match buffer[..n].iter().rposition(|byte| *byte == b'\n') {
            Some(end) => n - end - 1,
            None => self.of_line + n,
        };
        match self.of_line > MAX_LINE {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, "it has a line of more than 16 MiB")),
            false => Ok(n),
        }
    }
}

/// The table, and its first line without a mark of its encoding.
fn open(blob: &Blob) -> Result<(Reader<Box<dyn Read>>, ByteRecord), DataError> {
    let mut start = Vec::new();
    let read = plain(blob)?.take(1 << 16).read_to_end(&mut start);
    read.map_err(|cause| blob.error(cause))?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let mut builder = ReaderBuilder::new();
    let mut reader = builder.has_headers(false).delimiter(delimiter(line)).from_reader(plain(blob)?);
    let mut first = ByteRecord::new();
    let any = reader.read_byte_record(&mut first).map_err(|error| broken(blob, 1, error))?;
    if !any || first.len() < 2 {
        return Err(DataError::refused(blob.shown(), "has no columns of pixels", HELP));
    }
    Ok((reader, first))
}

impl Rows {
    /// Reads a table; none if it has the columns of the training part without its label.
    pub(super) fn read(
        blob: &Blob,
        train: Option<&Rows>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Rows>, DataError> {
        let (_, first) = open(blob)?;
        let columns = first.len();
        let text = |i: usize| String::from_utf8_lossy(&first[i]).trim().to_lowercase();
        let has_names = (0..columns).any(|i| text(i).parse::<f64>().is_err());
        let label = (0..columns).find(|i| has_names && LABELS.contains(&text(*i).as_str()));
        if train.is_some_and(|train| train.label_is_named) && label.is_none() {
            let name = blob.shown().file_name().unwrap_or_default().to_string_lossy();
            notes.push(format!("`{name}` has no labels, and is left out"));
            return Ok(None);
        }
        if label.is_none() {
            notes.push("no column is called `label`: the first one was taken for the labels".into());
        }
        let mut rows = Rows {
            file: blob.shown().to_path_buf(),
            width: columns - 1,
            pixels: Vec::new(),
            labels: Vec::new(),
            label: label.unwrap_or(0),
            label_is_named: label.is_some(),
            has_names,
            has_floats: false,
        };
        // Some pixel is a fraction: all are shares of 255, or none is a pixel.
        let has_fractions = !rows.fill(blob, false)?;
        if has_fractions {
            rows.fill(blob, true)?;
        }
        let no_fraction = || rows.has_floats && are_shares(rows.pixels.iter().map(|&pixel| pixel.into()));
        let is_black_and_white = !has_fractions && no_fraction();
        if is_black_and_white {
            rows.pixels.iter_mut().for_each(|pixel| *pixel *= 255);
        }
        if has_fractions || is_black_and_white {
            notes.push(SHARES.into());
        }
        Ok(Some(rows))
    }

    /// Reads all rows; false if the pixels are no whole numbers although `shares` are not expected.
    fn fill(&mut self, blob: &Blob, shares: bool) -> Result<bool, DataError> {
        let (mut reader, first) = open(blob)?;
        self.pixels.clear();
        self.labels.clear();
        let mut record = if self.has_names { ByteRecord::new() } else { first.clone() };
        let mut line = 1;
        loop {
            if !record.is_empty() {
                match self.add(&record, shares) {
                    Ok(true) => (),
                    Ok(false) => return Ok(false),
                    Err((column, fault)) => {
                        let name = first.get(column).filter(|_| self.has_names);
                        let name = name.map_or(String::new(), |name| format!(" (`{}`)", shown(name)));
                        let fault = format!("line {line}, column {}{name}: {fault}", column + 1);
                        return Err(DataError::refused(blob.shown(), fault, HELP));
                    }
                }
                if self.pixels.len() as u64 > MAX_BYTES {
                    let fault = format!("has more than {MAX_BYTES} pixels, the most that toile reads");
                    return Err(DataError::refused(blob.shown(), fault, "take a part of it"));
                }
            }
            line += 1;
            if !reader.read_byte_record(&mut record).map_err(|error| broken(blob, line, error))? {
                return Ok(true);
            }
        }
    }

    /// Adds a row; false if a pixel is a fraction although shares are not expected, else the column of what is wrong.
    fn add(&mut self, record: &ByteRecord, shares: bool) -> Result<bool, (usize, String)> {
        for (column, field) in record.iter().enumerate() {
            let field = field.trim_ascii();
            let text = || std::str::from_utf8(field).unwrap_or("?");
            if field.is_empty() {
                return Err((column, "nothing is there".into()));
            }
            if column == self.label {
                self.labels.push(label(text()).map_err(|fault| (column, fault))?);
                continue;
            }
            let pixel = match (small(field), shares) {
                (Some(whole), false) => whole,
                _ => {
                    let value: f64 = text()
                        .parse()
                        .map_err(|_| (column, format!("found `{}`, expected a number", shown(field))))?;
                    self.has_floats = true;
                    if !shares && value.fract() != 0.0 && (0.0..1.0).contains(&value) {
                        return Ok(false);
                    }
                    if shares { of_share(value) } else { of_whole(value) }.map_err(|fault| (column, fault))?
                }
            };
            self.pixels.push(pixel);
        }
        Ok(true)
    }

    /// The labels as numbers: their places among the class names, or what they are themselves.
    pub(super) fn numbers(&self, names: Option<&[String]>) -> Result<Vec<u8>, DataError> {
        let line = |row: usize| format!("line {}", row + 1 + usize::from(self.has_names));
        words::numbers(&self.labels, names, &self.file, line)
    }

    /// Height, width, channels.
    pub(super) fn shape(&self, table: &DataTable) -> Result<[usize; 3], DataError> {
        shape_of_row(self.width, table).ok_or_else(|| {
            let fault =
                format!("has {} pixels in a row, which is no square in one or three channels", self.width);
            DataError::refused(&self.file, fault, "say height and width: `size = [28, 20]`")
        })
    }
}

/// `0` to `255`, the usual case, without the detour over floats.
fn small(field: &[u8]) -> Option<u8> {
    match field {
        [_] | [_, _] | [_, _, _] => field
            .iter()
            .try_fold(0u16, |n, digit| digit.is_ascii_digit().then(|| n * 10 + u16::from(digit - b'0'))),
        _ => None,
    }
    .and_then(|n| u8::try_from(n).ok())
}

fn shown(field: &[u8]) -> String {
    String::from_utf8_lossy(field).chars().filter(|c| !c.is_control()).take(24).collect()
}

fn broken(blob: &Blob, line: usize, error: csv::Error) -> DataError {
    let fault = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line}: has {len} columns, expected {expected_len} as before")
        }
        _ => format!("cannot be read as a table: {error}"),
    };
    DataError::refused(blob.shown(), fault, HELP)
}
