//! A tar archive as a source, compressed by gzip or not. Of a plain one the places of its files are kept; one in gzip
//! can be had in its order only, and is read into memory once.

use super::Source;
use super::blob::{Blob, Container, Place};
use super::names::{self, MAX_RATIO, MAX_TOTAL, Tally};
use crate::error::DataError;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::Path;
use tar::{Archive, Entries, Entry, EntryType};

/// Lists a tar archive; `packed` if it is in gzip.
pub(super) fn list(container: Container, shown: &Path, packed: Option<u64>) -> Result<Source, DataError> {
    let what = if packed.is_some() { "a tar archive in gzip" } else { "a tar archive" };
    let mut source = Source::new(shown, Some(what));
    let bytes = container.open(0).map_err(|cause| broken(shown, cause))?;
    let bytes = BufReader::new(bytes);
    let fail = |cause| broken(shown, cause);
    let Some(packed) = packed else {
        let mut archive = Archive::new(bytes);
        read(&mut source, archive.entries_with_seek().map_err(fail)?, Some(&container), shown)?;
        return Ok(source);
    };
    let most = packed.saturating_mul(MAX_RATIO).clamp(names::HARMLESS, MAX_TOTAL);
    let mut archive = Archive::new(Limited { inner: MultiGzDecoder::new(bytes), left: most });
    read(&mut source, archive.entries().map_err(fail)?, None, shown)?;
    // What follows has no meaning, but the sum at the end of gzip is checked only by whoever gets there.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(fail)?;
    Ok(source)
}

fn broken(shown: &Path, cause: impl std::fmt::Display) -> DataError {
    DataError::archive(shown, format!("is no whole tar archive: {cause}"))
}

/// Puts the files of an archive into the source: their places in `container`, or else their bytes.
fn read<R: Read>(
    source: &mut Source,
    entries: Entries<R>,
    container: Option<&Container>,
    shown: &Path,
) -> Result<(), DataError> {
    let mut tally = Tally::default();
    for entry in entries {
        let mut entry = entry.map_err(|cause| broken(shown, cause))?;
        let name = entry.path_bytes().into_owned();
        let name = String::from_utf8(name)
            .map_err(|_| DataError::archive(shown, "holds a file whose name is no text"))?;
        let Some(name) = names::member(shown, &name)? else { continue };
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => (),
            EntryType::Directory => {
                source.put_folder(&name);
                continue;
            }
            // Remarks about the whole archive.
            EntryType::XGlobalHeader => continue,
            kind => {
                let name = names::shown(&name);
                let what = if kind.is_symlink() || kind.is_hard_link() { "a link" } else { "no plain file" };
                return Err(DataError::archive(shown, format!("holds {what}, `{name}`")));
            }
        }
        let len = entry.size();
        tally.add(shown, &name, len, len)?;
        let blob = match container {
            Some(container) => {
                let place =
                    Place { start: entry.raw_file_position(), packed: len, deflated: false, crc: None };
                Blob::within(container.clone(), shown.join(&name), len, place)
            }
            None => kept(&mut entry, shown, &name)?,
        };
        source.put_member(name, blob)?;
    }
    Ok(())
}

/// A file of a compressed archive, in memory.
fn kept<R: Read>(entry: &mut Entry<R>, shown: &Path, name: &str) -> Result<Blob, DataError> {
    let (len, mut bytes) = (entry.size(), Vec::new());
    if !names::is_hidden(name) {
        entry.read_to_end(&mut bytes).map_err(|cause| broken(shown, cause))?;
        if bytes.len() as u64 != len {
            return Err(broken(shown, format!("`{}` is cut short", names::shown(name))));
        }
    }
    Ok(Blob::in_memory(bytes.into(), shown.join(name)))
}

/// Gives at most `left` bytes, and an error after them.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => {
                let fault = format!("it unpacks to more than {MAX_RATIO} times its size, or to too much");
                return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
            }
        }
        Ok(n)
    }
}
