//! A ZIP archive as a source. The list of its files is read by the `zip` crate, their bytes by [`Blob`]: any number of
//! threads may read at once, and nothing is unpacked to the disk.

use super::Source;
use super::blob::{Blob, Container, Place};
use super::names::{self, Tally};
use crate::error::DataError;
use std::io::BufReader;
use std::path::Path;
use zip::{CompressionMethod, ZipArchive};

/// How a ZIP archive begins; an empty one has only its end.
pub(super) const MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// Lists a ZIP archive.
pub(super) fn list(container: Container, shown: &Path) -> Result<Source, DataError> {
    let mut source = Source::new(shown, Some("a ZIP archive"));
    let broken = |fault: String| DataError::archive(shown, fault);
    let bytes = container.open(0).map_err(|cause| broken(format!("cannot be read: {cause}")))?;
    let mut archive = ZipArchive::new(BufReader::new(bytes))
        .map_err(|cause| broken(format!("is no whole ZIP archive: {cause}")))?;
    let mut tally = Tally::default();
    for i in 0..archive.len() {
        let file = archive
            .by_index_raw(i)
            .map_err(|cause| broken(format!("has a broken entry, number {}: {cause}", i + 1)))?;
        let Some(name) = names::member(shown, file.name())? else { continue };
        if file.is_symlink() {
            return Err(broken(format!("holds a link, `{}`", names::shown(&name))));
        }
        if file.is_dir() {
            source.put_folder(&name);
            continue;
        }
        let (len, packed) = (file.size(), file.compressed_size());
        tally.add(shown, &name, len, packed)?;
        if file.encrypted() {
            return Err(broken(format!("holds an encrypted file, `{}`", names::shown(&name))));
        }
        let deflated = match file.compression() {
            CompressionMethod::Stored if len == packed => false,
            CompressionMethod::Deflated => true,
            CompressionMethod::Stored => {
                return Err(broken(format!("says two lengths of `{}`", names::shown(&name))));
            }
            other => {
                let name = names::shown(&name);
                return Err(broken(format!("holds `{name}`, packed by {other}; expected deflate or none")));
            }
        };
        let Some(start) = file.data_start() else {
            return Err(broken(format!("does not say where `{}` is", names::shown(&name))));
        };
        let place = Place { start, packed, deflated, crc: Some(file.crc32()) };
        source.put_member(name.clone(), Blob::within(container.clone(), shown.join(&name), len, place))?;
    }
    Ok(source)
}
