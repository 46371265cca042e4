//! A file that can be opened again and again, wherever it lies: on the disk, or within an archive that stays packed.

use crate::error::DataError;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Deflate packs at most 1032 to 1.
pub(crate) const DEFLATE: u64 = 1032;

/// What holds the bytes of a file.
#[derive(Clone, Debug)]
pub(crate) enum Container {
    /// A file on the disk.
    Disk(PathBuf),
    /// Bytes that were read before: what lies in a compressed tar archive, for one, can be had in its order only.
    Memory(Arc<[u8]>),
}

/// Where in its container a file lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub start: u64,
    /// Bytes in the container.
    pub packed: u64,
    pub deflated: bool,
    /// Of the unpacked bytes.
    pub crc: Option<u32>,
}

/// A file, on the disk or within an archive.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    shown: PathBuf,
    len: u64,
    container: Container,
    place: Place,
}

impl Blob {
    /// A whole file on the disk. One that cannot be examined has no bytes, and reading it gives the error.
    pub(crate) fn on_disk(path: &Path) -> Blob {
        let len = std::fs::metadata(path).ok().filter(|about| about.is_file()).map_or(0, |about| about.len());
        let place = Place { start: 0, packed: len, deflated: false, crc: None };
        Blob { shown: path.to_path_buf(), len, container: Container::Disk(path.to_path_buf()), place }
    }

    /// A part of a container, which has `len` bytes when it is unpacked.
    pub(crate) fn within(container: Container, shown: PathBuf, len: u64, place: Place) -> Blob {
        Blob { shown, len, container, place }
    }

    /// Bytes in memory, under a name.
    pub(crate) fn in_memory(bytes: Arc<[u8]>, shown: PathBuf) -> Blob {
        let len = bytes.len() as u64;
        let place = Place { start: 0, packed: len, deflated: false, crc: None };
        Blob { shown, len, container: Container::Memory(bytes), place }
    }

    /// As it is named in messages.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// Unpacked bytes, as the disk or the archive says.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The file on the disk, if it is one and not a part of an archive.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.container {
            Container::Disk(path) if *path == self.shown => Some(path),
            _ => None,
        }
    }

    /// Whether its bytes are packed where they lie, or were before they were kept in memory.
    pub(crate) fn is_packed(&self) -> bool {
        let is_gzip = self.shown.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
        self.place.deflated || is_gzip || matches!(self.container, Container::Memory(_))
    }

    /// Its bytes, from the first one.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, DataError> {
        if self.path().is_some() {
            return Ok(Box::new(open_file(&self.shown)?.0));
        }
        let packed = self.container.open(self.place.start).map_err(|cause| self.error(cause))?;
        let packed = BufReader::new(packed.take(self.place.packed));
        let (left, crc) = (self.len, self.place.crc.map(|sum| (sum, Crc::new())));
        Ok(match self.place.deflated {
            true => Box::new(Whole { inner: DeflateDecoder::new(packed), left, crc }),
            false => Box::new(Whole { inner: packed, left, crc }),
        })
    }

    /// All its bytes, if there are no more than `limit`.
    pub(crate) fn read(&self, limit: u64) -> Result<Vec<u8>, DataError> {
        if self.len > limit {
            return Err(self.too_large(limit));
        }
        // A small archive gets no large buffer whatever it says.
        let capacity = self.len.min(self.place.packed.saturating_mul(DEFLATE));
        let mut bytes = Vec::with_capacity(capacity as usize);
        let read = self.open()?.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|cause| self.error(cause))?;
        if bytes.len() as u64 > limit {
            return Err(self.too_large(limit));
        }
        Ok(bytes)
    }

    /// Its first bytes, at most `most`.
    pub(crate) fn start(&self, most: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        let read = self.open()?.take(most).read_to_end(&mut bytes);
        read.map_err(|cause| self.error(cause))?;
        Ok(bytes)
    }

    /// An error of the system or of the archive.
    pub(crate) fn error(&self, cause: io::Error) -> DataError {
        let damaged = [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput, io::ErrorKind::UnexpectedEof];
        if self.path().is_none() && damaged.contains(&cause.kind()) {
            let fault = format!("cannot be unpacked: {cause}");
            return DataError::archive(&self.shown, fault);
        }
        DataError::Io { path: self.shown.clone(), action: "read", cause }
    }

    fn too_large(&self, limit: u64) -> DataError {
        let fault = format!("has {} bytes, more than the {limit} that toile reads of such a file", self.len);
        DataError::refused(&self.shown, fault, "see that the right file is in this place")
    }
}

/// What can be read and searched.
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Container {
    /// The bytes from `start` on.
    pub(crate) fn open(&self, start: u64) -> io::Result<Box<dyn ReadSeek>> {
        let mut bytes: Box<dyn ReadSeek> = match self {
            Container::Disk(path) => Box::new(File::open(path)?),
            Container::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        bytes.seek(SeekFrom::Start(start))?;
        Ok(bytes)
    }
}

/// Gives exactly the bytes that an archive declares, and an error where there are fewer, more, or others.
struct Whole<R> {
    inner: R,
    left: u64,
    crc: Option<(u32, Crc)>,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let fault = |kind, words: &str| Err(io::Error::new(kind, words));
        let n = self.inner.read(buffer)?;
        if n as u64 > self.left {
            return fault(io::ErrorKind::InvalidData, "it has more bytes than the archive says");
        }
        self.left -= n as u64;
        match &mut self.crc {
            _ if n == 0 && self.left > 0 => {
                fault(io::ErrorKind::UnexpectedEof, "it has fewer bytes than the archive says")
            }
            Some((sum, crc)) if n == 0 && crc.sum() != *sum => {
                fault(io::ErrorKind::InvalidData, "its checksum is not the one in the archive")
            }
            Some((_, crc)) => {
                crc.update(&buffer[..n]);
                Ok(n)
            }
            None => Ok(n),
        }
    }
}

/// Opens a regular file. A pipe is refused before it is opened, because opening one may wait for ever.
pub(crate) fn open_file(path: &Path) -> Result<(File, u64), DataError> {
    let fail = |cause| DataError::Io { path: path.to_path_buf(), action: "read", cause };
    let about = std::fs::metadata(path).map_err(fail)?;
    if !about.is_file() {
        let kind = if about.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(DataError::NotAFile { path: path.to_path_buf(), kind });
    }
    Ok((File::open(path).map_err(fail)?, about.len()))
}
