//! What there is to fetch of a set: its four IDX files, or its archive.

use crate::catalogue::{CatalogueEntry, PublishedArchive};
use crate::error::DataError;
use crate::folder::{FILES, find_files, payload_len, read_checked, variants};
use crate::published::{check_archive, find_archive};
use std::path::{Path, PathBuf};

/// One file of a set.
#[derive(Clone, Copy)]
pub(super) enum WantedFile {
    /// One of the four, in gzip.
    Idx(usize),
    /// The only one.
    Archive(&'static PublishedArchive),
}

impl WantedFile {
    /// All files of a set.
    pub(super) fn all(entry: &'static CatalogueEntry) -> Vec<WantedFile> {
        match entry.archive() {
            Some(archive) => vec![WantedFile::Archive(archive)],
            None => (0..FILES.len()).map(WantedFile::Idx).collect(),
        }
    }

    /// Its name at the publisher and in the cache.
    pub(super) fn name(self) -> String {
        match self {
            WantedFile::Idx(i) => format!("{}.gz", FILES[i]),
            WantedFile::Archive(archive) => archive.file.to_string(),
        }
    }

    /// All names under which it may be in the cache.
    pub(super) fn names(self) -> Vec<String> {
        match self {
            WantedFile::Idx(i) => variants(FILES[i]).to_vec(),
            WantedFile::Archive(archive) => vec![archive.file.to_string()],
        }
    }

    /// More than this is not downloaded.
    pub(super) fn most_bytes(self, entry: &CatalogueEntry) -> u64 {
        match self {
            WantedFile::Idx(i) => payload_len(entry, i) + (1 << 20),
            WantedFile::Archive(archive) => archive.bytes,
        }
    }

    /// Where it is in a folder that holds the set.
    pub(super) fn find(self, folder: &Path) -> Result<PathBuf, DataError> {
        match self {
            WantedFile::Idx(i) => find_files(folder).map(|files| files[i].clone()),
            WantedFile::Archive(archive) => find_archive(archive, folder),
        }
    }

    /// Whether a file is known to be right; one that is known to be wrong is an error.
    pub(super) fn is_right(self, entry: &'static CatalogueEntry, path: &Path) -> Result<bool, DataError> {
        match self {
            WantedFile::Idx(i) => read_checked(entry, i, path).map(|(_, right)| right),
            WantedFile::Archive(archive) => check_archive(entry, archive, path).map(|()| true),
        }
    }
}
