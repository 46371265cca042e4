//! Shapes and types of the arrays of an HDF5 file.

use super::Hdf5Numbers;
use super::read::{FileBytes, Read, broken, unknown};

/// The sizes of the axes, from a dataspace message.
pub(super) fn shape(dataspace: &[u8]) -> Read<Vec<usize>> {
    let body = FileBytes(dataspace);
    let (version, rank) = (body.u8(0)?, u64::from(body.u8(1)?));
    let start = match version {
        1 => 8,
        2 => 4,
        other => return Err(unknown(format!("a dataspace of version {other}"))),
    };
    let size = |i: u64| {
        let size = body.u64(start + 8 * i)?;
        usize::try_from(size).map_err(|_| broken("an axis is too long"))
    };
    (0..rank).map(size).collect()
}

/// The types of numbers that are read.
#[derive(Clone, Copy)]
pub(super) enum NumberType {
    Float,
    Int { width: usize, signed: bool },
}

impl NumberType {
    pub(super) fn of(datatype: &[u8]) -> Read<NumberType> {
        let body = FileBytes(datatype);
        let (class, order, width) = (body.u8(0)? & 15, body.u8(1)?, body.u32(4)?);
        match (class, order & 1, width) {
            (0 | 1, 1, _) => Err(unknown("big-endian numbers")),
            (1, _, 4) => Ok(NumberType::Float),
            (0, _, 1 | 2 | 4 | 8) => Ok(NumberType::Int { width: width as usize, signed: order & 8 != 0 }),
            (1, ..) => Err(unknown(format!("floats of {width} bytes (float32 is read)"))),
            (3 | 9, ..) => Err(unknown("an array of texts")),
            (6, ..) => Err(unknown("a compound type")),
            (other, ..) => Err(unknown(format!("numbers of class {other}"))),
        }
    }

    pub(super) fn width(self) -> usize {
        match self {
            NumberType::Float => 4,
            NumberType::Int { width, .. } => width,
        }
    }

    pub(super) fn read(self, bytes: &[u8]) -> Hdf5Numbers {
        match self {
            NumberType::Float => {
                let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
                Hdf5Numbers::Floats(bytes.chunks_exact(4).map(float).collect())
            }
            NumberType::Int { width, signed } => {
                let int = |bytes: &[u8]| {
                    let fill = if signed && bytes[width - 1] >= 0x80 { -1 } else { 0 };
                    bytes.iter().rev().fold(fill, |value: i64, byte| value << 8 | i64::from(*byte))
                };
                Hdf5Numbers::Ints(bytes.chunks_exact(width).map(int).collect())
            }
        }
    }
}
