//! Where the bytes of a data set come from: a folder, a ZIP archive, a tar archive with or without gzip, or one file. A
//! format sees names and files only, so that each can be read out of each.

mod blob;
mod folder;
mod names;
mod tar;
mod zip;

pub(crate) use blob::{Blob, Container, DEFLATE, open_file};
pub(crate) use folder::FolderListing;
pub(crate) use names::MAX_MEMBER;
#[cfg(feature = "parquet")]
pub(crate) use names::shown;

use crate::error::DataError;
use crate::foreign::{GZIP, is_tar};
use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Enough to tell every format by.
const START: u64 = 1024;

/// The files of a data set, by their names from its top, with `/`. Hidden names are not among them.
#[derive(Debug)]
pub(crate) struct Source {
    /// As it is shown in messages.
    pub place: PathBuf,
    /// The archive that it is, in words.
    pub archive: Option<&'static str>,
    /// In the order of the bytes of their names.
    pub files: BTreeMap<String, Blob>,
    /// All folders, also those without a file.
    pub folders: BTreeSet<String>,
    /// The one file that was asked for; the others are those beside it.
    pub asked: Option<String>,
}

impl Source {
    fn new(place: &Path, archive: Option<&'static str>) -> Source {
        let (files, folders) = (BTreeMap::new(), BTreeSet::new());
        Source { place: place.to_path_buf(), archive, files, folders, asked: None }
    }

    /// Opens what is at a path: a folder, an archive, or a file.
    pub(crate) fn open(path: &Path) -> Result<Source, DataError> {
        if path.is_dir() {
            return Ok(FolderListing::deep(path)?.into_source(path));
        }
        if path.symlink_metadata().is_err() {
            let folder = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
            return Err(DataError::NoFolder { folder, reason: None });
        }
        open_file(path)?;
        let blob = Blob::on_disk(path);
        if let Some(archive) = Source::of_archive(&blob)? {
            return Ok(archive);
        }
        let mut source = FolderListing::beside(path)?.into_source(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        source.files.insert(name.clone(), blob);
        source.asked = Some(name);
        Ok(source)
    }

    /// The files of an archive; none if this file is no archive.
    pub(crate) fn of_archive(blob: &Blob) -> Result<Option<Source>, DataError> {
        let start = blob.start(START)?;
        let is_zip = zip::MAGIC.iter().any(|magic| start.starts_with(magic));
        let in_gzip = start.starts_with(&GZIP) && is_tar(&unpacked_start(blob)?);
        if !is_zip && !in_gzip && !is_tar(&start) {
            return Ok(None);
        }
        let container = match blob.path() {
            Some(path) => Container::Disk(path.to_path_buf()),
            None => Container::Memory(blob.read(names::MAX_MEMBER)?.into()),
        };
        let source = match is_zip {
            true => zip::list(container, blob.shown())?,
            false => tar::list(container, blob.shown(), in_gzip.then_some(blob.len()))?,
        };
        Ok(Some(source.without_wrapping()))
    }

    fn put(&mut self, name: String, blob: Blob) {
        self.files.insert(name, blob);
    }

    /// A file of an archive: hidden ones are passed over, and no two have one name.
    fn put_member(&mut self, name: String, blob: Blob) -> Result<(), DataError> {
        if name.split('/').any(names::is_hidden) {
            return Ok(());
        }
        if let Some((folder, _)) = name.rsplit_once('/') {
            self.put_folder(folder);
        }
        if self.files.contains_key(&name) || self.folders.contains(&name) {
            let fault = format!("holds two files of the name `{}`", names::shown(&name));
            return Err(DataError::archive(&self.place, fault));
        }
        self.put(name, blob);
        Ok(())
    }

    /// A folder of an archive, and those that it lies in.
    fn put_folder(&mut self, name: &str) {
        if name.split('/').any(names::is_hidden) {
            return;
        }
        let mut name = name;
        while self.folders.insert(name.to_string()) {
            match name.rsplit_once('/') {
                Some((folder, _)) => name = folder,
                None => return,
            }
        }
    }

    /// Without the one folder in which archives often have everything.
    fn without_wrapping(mut self) -> Source {
        loop {
            let top = self.top();
            let [only] = top.as_slice() else { return self };
            if self.files.contains_key(only) {
                return self;
            }
            let prefix = format!("{only}/");
            let inner = |name: String| name.strip_prefix(&prefix).map(str::to_string);
            let folders = std::mem::take(&mut self.folders).into_iter().filter_map(inner);
            self.folders = folders.collect();
            let files = std::mem::take(&mut self.files).into_iter();
            self.files = files.filter_map(|(name, blob)| Some((inner(name)?, blob))).collect();
        }
    }

    /// The names at the top, files and folders.
    pub(crate) fn top(&self) -> Vec<String> {
        let all = self.files.keys().chain(&self.folders);
        let top = all.filter_map(|name| name.split('/').next()).map(str::to_string);
        top.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// The files at the top.
    pub(crate) fn top_files(&self) -> impl Iterator<Item = (&String, &Blob)> {
        self.files.iter().filter(|(name, _)| !name.contains('/'))
    }

    /// A file by its name from the top.
    pub(crate) fn file(&self, name: &str) -> Option<&Blob> {
        self.files.get(name)
    }
}

/// The first bytes of what is in gzip; none of what is broken.
fn unpacked_start(blob: &Blob) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let _ = MultiGzDecoder::new(blob.open()?).take(START).read_to_end(&mut bytes);
    Ok(bytes)
}
