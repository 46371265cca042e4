//! IDX files, gzipped or not: the header first, then exactly the bytes that it declares, and not one more.
//!
//! ```text
//! 0 0 type ndim | ndim dimensions, u32 big-endian | data, row by row
//! ```
//!
//! Whether a file is gzipped is decided by its first bytes, not by its name. Nothing of the declared size is allocated
//! before the header was checked, and decompression ends one byte after the declared end.

use crate::error::{DataError, GzipFault};
use crate::fingerprint::hex;
use crate::foreign::{GZIP, foreign};
use crate::source::{Blob, DEFLATE, open_file};
use flate2::bufread::GzDecoder;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// The largest payload that is read: 2 GiB.
pub(crate) const MAX_BYTES: u64 = 1 << 31;

/// An open IDX file whose header has been read and found to declare unsigned bytes.
pub(crate) struct Idx {
    blob: Blob,
    /// From the header, none of them checked.
    pub dims: Vec<u32>,
    header: Vec<u8>,
    body: Box<dyn Read + Send>,
    gzip: bool,
}

impl Idx {
    /// Opens a file on the disk and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Idx, DataError> {
        Idx::of(&Blob::on_disk(path))
    }

    /// Opens a file and reads its header.
    pub(crate) fn of(blob: &Blob) -> Result<Idx, DataError> {
        let file = BufReader::new(blob.open()?);
        let (start, rest) = split_start(file).map_err(|e| read_error(blob, false, 0, e))?;
        let gzip = start.starts_with(&GZIP);
        let whole = Cursor::new(start).chain(rest);
        let plain: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(BufReader::new(whole))) } else { Box::new(whole) };
        let (start, rest) = split_start(plain).map_err(|e| read_error(blob, gzip, 0, e))?;
        let header = header(blob.shown(), &start)?;
        let dims =
            header[4..].chunks_exact(4).map(|d| u32::from_be_bytes([d[0], d[1], d[2], d[3]])).collect();
        let body = Box::new(Cursor::new(start[header.len()..].to_vec()).chain(rest));
        Ok(Idx { blob: blob.clone(), dims, header, body, gzip })
    }

    /// Refuses dimensions that do not fit the file, but do when each is read backwards: the lowest byte first.
    pub(crate) fn check_byte_order(&self) -> Result<(), DataError> {
        let meant: Vec<u32> = self.dims.iter().map(|dim| dim.swap_bytes()).collect();
        if self.fits(&self.dims) || !self.fits(&meant) {
            return Ok(());
        }
        Err(DataError::LittleEndian { file: self.shown(), found: self.dims.clone(), meant })
    }

    /// Whether the file may have a payload of these dimensions: exactly, or for gzip, whose length says little, within
    /// what deflate can pack.
    fn fits(&self, dims: &[u32]) -> bool {
        let (bytes, length) = (product(dims), u128::from(self.blob.len()));
        match self.gzip {
            true => bytes <= length * u128::from(DEFLATE) && bytes <= u128::from(MAX_BYTES),
            false => length.checked_sub(self.header.len() as u128) == Some(bytes),
        }
    }

    /// Bytes of the payload by the header, refused beyond `limit`.
    fn payload_len(&self, limit: u64) -> Result<u64, DataError> {
        let bytes = product(&self.dims);
        if bytes > limit as u128 {
            let (file, dims) = (self.shown(), self.dims.clone());
            return Err(DataError::TooLarge { file, dims, bytes, limit });
        }
        Ok(bytes as u64)
    }

    /// Reads the payload, and the SHA-256 of header and payload together.
    pub(crate) fn read(mut self) -> Result<(Vec<u8>, String), DataError> {
        let expected = self.payload_len(MAX_BYTES)?;
        let header_len = self.header.len() as u64;
        if !self.gzip && self.blob.len() != header_len + expected {
            return Err(self.wrong_length(expected, self.blob.len()));
        }
        // A small file gets no large buffer whatever its header says.
        let capacity = expected.min(self.blob.len().saturating_mul(DEFLATE));
        let mut data = Vec::with_capacity(capacity as usize);
        let result = self.body.by_ref().take(expected).read_to_end(&mut data);
        result.map_err(|e| self.body_error(expected, data.len(), e))?;
        if (data.len() as u64) < expected {
            return Err(self.wrong_length(expected, header_len + data.len() as u64));
        }
        // One byte more: there must be none, and reaching the end is what makes gzip check its sum.
        let more = io::copy(&mut self.body.by_ref().take(1), &mut io::sink());
        if more.map_err(|e| self.body_error(expected, data.len(), e))? > 0 {
            return Err(self.wrong_length(expected, header_len + expected + 1));
        }
        let sha = Sha256::new().chain_update(&self.header).chain_update(&data);
        Ok((data, hex(&sha.finalize())))
    }

    fn shown(&self) -> PathBuf {
        self.blob.shown().to_path_buf()
    }

    fn wrong_length(&self, payload: u64, found: u64) -> DataError {
        let (file, expected) = (self.shown(), self.header.len() as u64 + payload);
        if found < expected {
            DataError::CutShort { file, expected, found }
        } else {
            DataError::TrailingBytes { file, expected, found }
        }
    }

    fn body_error(&self, payload: u64, read: usize, error: io::Error) -> DataError {
        let found = (self.header.len() + read) as u64;
        if error.kind() == io::ErrorKind::UnexpectedEof && (read as u64) < payload {
            return self.wrong_length(payload, found);
        }
        read_error(&self.blob, self.gzip, found, error)
    }
}

/// At most 255 dimensions below 2^32: a product that leaves u128 is far beyond any limit.
fn product(dims: &[u32]) -> u128 {
    dims.iter().fold(1u128, |n, &dim| n.saturating_mul(dim as u128))
}

/// SHA-256 of a file as it is on the disk.
pub(crate) fn file_sha256(path: &Path) -> Result<String, DataError> {
    let (mut file, _) = open_file(path)?;
    let fail = |cause| DataError::Io { path: path.to_path_buf(), action: "read", cause };
    let (mut sha, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(fail)? {
            0 => return Ok(hex(&sha.finalize())),
            n => sha.update(&buffer[..n]),
        }
    }
}

/// Takes off enough bytes to hold any header (4 + 255 x 4).
fn split_start<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, R)> {
    let mut start = Vec::new();
    reader.by_ref().take(1024).read_to_end(&mut start)?;
    Ok((start, reader))
}

/// The header at the start of these bytes, if they are IDX of unsigned bytes.
fn header(path: &Path, start: &[u8]) -> Result<Vec<u8>, DataError> {
    let file = path.to_path_buf();
    if let Some((found, meant)) = little_endian(start) {
        return Err(DataError::LittleEndian { file, found, meant });
    }
    if let Some(found) = foreign(start) {
        return Err(DataError::NotIdx { file, found });
    }
    let expected = 4 + 4 * start.get(3).copied().unwrap_or(0) as usize;
    if start.len() < expected {
        return Err(DataError::CutShort { file, expected: expected as u64, found: start.len() as u64 });
    }
    Ok(start[..expected].to_vec())
}

/// The dimensions of a header of which every number, the first one included, has its lowest byte first: as they are
/// read, and as they are meant.
fn little_endian(start: &[u8]) -> Option<(Vec<u32>, Vec<u32>)> {
    let (&[n @ 1..=4, 0x08, 0, 0], rest) = start.split_first_chunk::<4>()? else { return None };
    let dims = rest.get(..4 * n as usize)?.chunks_exact(4);
    let found: Vec<u32> = dims.map(|d| u32::from_be_bytes([d[0], d[1], d[2], d[3]])).collect();
    let meant = found.iter().map(|dim| dim.swap_bytes()).collect();
    Some((found, meant))
}

/// The decoder reports through `io::Error`: faults of the gzip stream are separated from those of the disk.
fn read_error(blob: &Blob, gzip: bool, found: u64, cause: io::Error) -> DataError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    if gzip && matches!(cause.kind(), InvalidData | InvalidInput | UnexpectedEof) {
        let breaks = GzipFault::Breaks { found, cause: cause.to_string() };
        let fault = goes_on(blob).unwrap_or(breaks);
        return DataError::Gzip { file: blob.shown().to_path_buf(), fault };
    }
    blob.error(cause)
}

/// Whether a file is a whole gzip stream that other bytes follow: it is unpacked once more, to nowhere.
fn goes_on(blob: &Blob) -> Option<GzipFault> {
    let mut counted = BufReader::new(Counted { inner: blob.open().ok()?, read: 0 });
    let mut packed = 0;
    while counted.fill_buf().ok()?.starts_with(&GZIP) {
        let mut member = GzDecoder::new(&mut counted);
        io::copy(&mut member.by_ref().take(MAX_BYTES), &mut io::sink()).ok()?;
        packed = counted.get_ref().read - counted.buffer().len() as u64;
    }
    (0 < packed && packed < blob.len()).then_some(GzipFault::GoesOn { packed, length: blob.len() })
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read += n as u64;
        Ok(n)
    }
}
