//! The bytes of an HDF5 file as groups and arrays. Every address and length is checked against the file; what is not
//! known here is refused by name.

use super::checksum::lookup3;
use super::numbers::{NumberType, shape};
use super::old;
use super::{Hdf5Array, Hdf5Group, Hdf5Item, SIGNATURE, UNDEFINED, kind};
use crate::ExchangeError;

pub(super) type Read<T> = Result<T, ExchangeError>;

/// The most objects of a file.
const MOST_OBJECTS: usize = 10_000;

/// The most groups in groups.
const DEEPEST: usize = 16;

/// The most pieces of one header.
const MOST_PIECES: usize = 1000;

pub(super) fn broken(what: impl std::fmt::Display) -> ExchangeError {
    ExchangeError::new(format!("the HDF5 file is broken or cut off: {what}"))
}

pub(super) fn unknown(what: impl std::fmt::Display) -> ExchangeError {
    ExchangeError::new(format!("the HDF5 file holds what is not read here: {what}"))
}

/// Reads a file whole.
///
/// # Errors
/// What is broken, or not known here, in words. Bytes of any kind give an error at worst: time and memory are bounded
/// by the size of the file.
pub fn read_hdf5(bytes: &[u8]) -> Result<Hdf5Group, ExchangeError> {
    let file = FileBytes(bytes);
    if !bytes.starts_with(SIGNATURE) {
        return Err(ExchangeError::new("it is no HDF5 file: it does not begin as one"));
    }
    let root = match file.u8(8)? {
        0 | 1 if [file.u8(13)?, file.u8(14)?] != [8, 8] => return Err(unknown("addresses of another width")),
        0 => file.u64(64)?,
        1 => file.u64(68)?,
        2 | 3 => file.u64(36)?,
        other => return Err(unknown(format!("a superblock of version {other}"))),
    };
    let mut reader = Hdf5Reader { file, objects: 0, budget: bytes.len() };
    match reader.object(root, 0)? {
        Hdf5Item::Group(group) => Ok(group),
        Hdf5Item::Array(_) => Err(broken("its root is an array")),
    }
}

/// The file, with every access checked.
#[derive(Clone, Copy)]
pub(super) struct FileBytes<'a>(pub &'a [u8]);

impl<'a> FileBytes<'a> {
    pub(super) fn part(self, address: u64, length: u64) -> Read<&'a [u8]> {
        let range = usize::try_from(address).ok().zip(usize::try_from(length).ok());
        let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
        range.and_then(|range| self.0.get(range)).ok_or_else(|| broken("an address lies outside of it"))
    }

    /// A whole number of up to eight bytes.
    pub(super) fn uint(self, address: u64, width: u64) -> Read<u64> {
        let bytes = self.part(address, width)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn array<const N: usize>(self, address: u64) -> Read<[u8; N]> {
        let part = self.part(address, N as u64)?;
        part.try_into().map_err(|_| broken("an address lies outside of it"))
    }

    pub(super) fn u8(self, address: u64) -> Read<u8> {
        self.array(address).map(|[byte]| byte)
    }

    pub(super) fn u16(self, address: u64) -> Read<u16> {
        self.array(address).map(u16::from_le_bytes)
    }

    pub(super) fn u32(self, address: u64) -> Read<u32> {
        self.array(address).map(u32::from_le_bytes)
    }

    pub(super) fn u64(self, address: u64) -> Read<u64> {
        self.uint(address, 8)
    }
}

/// An address further on; no address wraps.
pub(super) fn after(address: u64, by: u64) -> Read<u64> {
    address.checked_add(by).ok_or_else(|| broken("an address lies outside of it"))
}

/// A message of an object's header.
struct HeaderMessage<'a> {
    kind: u8,
    body: &'a [u8],
}

struct Hdf5Reader<'a> {
    file: FileBytes<'a>,
    objects: usize,
    /// Bytes of arrays that may still be read: those of the file, each once.
    budget: usize,
}

impl<'a> Hdf5Reader<'a> {
    fn object(&mut self, address: u64, depth: usize) -> Read<Hdf5Item> {
        self.objects += 1;
        if self.objects > MOST_OBJECTS || depth > DEEPEST {
            return Err(unknown(format!(
                "more than {MOST_OBJECTS} objects, or groups deeper than {DEEPEST}"
            )));
        }
        let messages = self.messages(address)?;
        let of = |kind: u8| messages.iter().find(|message| message.kind == kind).map(|message| message.body);
        if let Some(layout) = of(kind::LAYOUT) {
            let (Some(dataspace), Some(datatype)) = (of(kind::DATASPACE), of(kind::DATATYPE)) else {
                return Err(broken("an array has no shape or type"));
            };
            if of(kind::FILTERS).is_some() || of(kind::EXTERNAL).is_some() {
                return Err(unknown("a compressed array, or one in another file"));
            }
            return self.numbers(dataspace, datatype, layout).map(Hdf5Item::Array);
        }
        let mut links = Vec::new();
        for message in &messages {
            match message.kind {
                kind::LINK => links.push(link(message.body)?),
                kind::SYMBOL_TABLE => links.extend(old::links(self.file, message.body)?),
                kind::LINK_INFO => no_dense_links(message.body)?,
                _ => {}
            }
        }
        let mut group = Hdf5Group::new();
        for (name, address) in links {
            let item = self.object(address, depth + 1)?;
            if group.insert(name.clone(), item).is_some() {
                return Err(broken(format!("a group holds `{name}` twice")));
            }
        }
        Ok(Hdf5Item::Group(group))
    }

    fn messages(&self, address: u64) -> Read<Vec<HeaderMessage<'a>>> {
        if self.file.part(address, 4)? == b"OHDR" {
            self.new_messages(address)
        } else {
            self.old_messages(address)
        }
    }

    /// Object header of version 2, with its checksums.
    fn new_messages(&self, address: u64) -> Read<Vec<HeaderMessage<'a>>> {
        let (version, flags) = (self.file.u8(after(address, 4)?)?, self.file.u8(after(address, 5)?)?);
        if version != 2 {
            return Err(unknown(format!("an object header of version {version}")));
        }
        let mut start = after(address, 6)?;
        start = after(start, if flags & 0x20 != 0 { 16 } else { 0 })?;
        start = after(start, if flags & 0x10 != 0 { 4 } else { 0 })?;
        let width = 1 << (flags & 3);
        let size = self.file.uint(start, width)?;
        start = after(start, width)?;
        let mut pieces = vec![(address, start, size)];
        let (mut messages, mut next) = (Vec::new(), 0);
        while let Some(&(header, start, size)) = pieces.get(next) {
            next += 1;
            let end = after(start, size)?;
            if lookup3(self.file.part(header, end.saturating_sub(header))?) != self.file.u32(end)? {
                return Err(broken("the checksum of a header is wrong"));
            }
            let extra = if flags & 4 != 0 { 2 } else { 0 };
            let mut at = start;
            while after(at, 4 + extra)? <= end {
                let (kind, size) = (self.file.u8(at)?, u64::from(self.file.u16(after(at, 1)?)?));
                let body_at = after(at, 4 + extra)?;
                at = after(body_at, size)?;
                if at > end {
                    return Err(broken("a message ends beyond its header"));
                }
                let body = self.file.part(body_at, size)?;
                if kind == kind::CONTINUATION {
                    let piece = FileBytes(body);
                    let (address, length) = (piece.u64(0)?, piece.u64(8)?);
                    let size =
                        length.checked_sub(8).ok_or_else(|| broken("a piece of a header is too short"))?;
                    if self.file.part(address, 4)? != b"OCHK" || pieces.len() >= MOST_PIECES {
                        return Err(broken("a piece of a header is missing"));
                    }
                    pieces.push((address, after(address, 4)?, size));
                }
                messages.push(HeaderMessage { kind, body });
            }
        }
        Ok(messages)
    }

    /// Object header of version 1.
    fn old_messages(&self, address: u64) -> Read<Vec<HeaderMessage<'a>>> {
        let file = self.file;
        if file.u8(address)? != 1 {
            return Err(unknown(format!("an object header of version {}", file.u8(address)?)));
        }
        let count = usize::from(file.u16(after(address, 2)?)?);
        let size = u64::from(file.u32(after(address, 8)?)?);
        let mut pieces = vec![(after(address, 16)?, size)];
        let (mut messages, mut next) = (Vec::new(), 0);
        while let Some(&(start, size)) = pieces.get(next) {
            next += 1;
            let (mut at, end) = (start, after(start, size)?);
            while messages.len() < count && after(at, 8)? <= end {
                let (kind, size) = (file.u16(at)?, u64::from(file.u16(after(at, 2)?)?));
                let body = file.part(after(at, 8)?, size)?;
                at = after(at, 8 + size)?;
                let kind = u8::try_from(kind).unwrap_or(u8::MAX);
                if kind == kind::CONTINUATION {
                    if pieces.len() >= MOST_PIECES {
                        return Err(broken("a header has too many pieces"));
                    }
                    pieces.push((FileBytes(body).u64(0)?, FileBytes(body).u64(8)?));
                }
                messages.push(HeaderMessage { kind, body });
            }
        }
        Ok(messages)
    }

    fn numbers(&mut self, dataspace: &[u8], datatype: &[u8], layout: &'a [u8]) -> Read<Hdf5Array> {
        let shape = shape(dataspace)?;
        let number = NumberType::of(datatype)?;
        let size = shape.iter().try_fold(number.width(), |size: usize, n| size.checked_mul(*n));
        let size = size.filter(|size| *size <= self.budget);
        let size =
            size.ok_or_else(|| broken(format!("an array of shape {shape:?} is larger than the file")))?;
        self.budget -= size;
        let bytes = self.stored(layout, size)?;
        Ok(Hdf5Array { shape, numbers: number.read(bytes) })
    }

    /// The bytes of an array, by its layout.
    fn stored(&self, layout: &'a [u8], size: usize) -> Read<&'a [u8]> {
        let layout = FileBytes(layout);
        if !matches!(layout.u8(0)?, 3 | 4) {
            return Err(unknown(format!("a layout of version {}", layout.u8(0)?)));
        }
        let (address, length) = match layout.u8(1)? {
            // The bytes stand in the header.
            0 => return self.compact(layout, size),
            1 => (layout.u64(2)?, layout.u64(10)?),
            _ => return Err(unknown("an array in chunks")),
        };
        if size == 0 {
            return Ok(&[]);
        }
        if address == UNDEFINED || length != size as u64 {
            return Err(broken("an array has other bytes than its shape wants"));
        }
        self.file.part(address, length)
    }

    fn compact(&self, layout: FileBytes<'a>, size: usize) -> Read<&'a [u8]> {
        let length = u64::from(layout.u16(2)?);
        if length != size as u64 {
            return Err(broken("an array has other bytes than its shape wants"));
        }
        layout.part(4, length)
    }
}

/// Links in a fractal heap, which files of `libver="latest"` have for large groups.
fn no_dense_links(body: &[u8]) -> Read<()> {
    let body = FileBytes(body);
    let heap = body.u64(if body.u8(1)? & 1 != 0 { 10 } else { 2 })?;
    match heap {
        UNDEFINED => Ok(()),
        _ => Err(unknown("a group whose links lie in a heap (h5py's `libver=\"latest\"`)")),
    }
}

/// A hard link: name and address.
fn link(body: &[u8]) -> Read<(String, u64)> {
    let body = FileBytes(body);
    let (version, flags) = (body.u8(0)?, body.u8(1)?);
    if version != 1 {
        return Err(unknown(format!("a link of version {version}")));
    }
    let mut at = 2;
    if flags & 8 != 0 {
        if body.u8(at)? != 0 {
            return Err(unknown("a soft or external link"));
        }
        at += 1;
    }
    at += if flags & 4 != 0 { 8 } else { 0 };
    at += if flags & 16 != 0 { 1 } else { 0 };
    let width = 1 << (flags & 3);
    let length = body.uint(at, width)?;
    at += width;
    let name = name(body.part(at, length)?)?;
    Ok((name, body.u64(after(at, length)?)?))
}

pub(super) fn name(bytes: &[u8]) -> Read<String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| broken("a name is not UTF-8"))
}
