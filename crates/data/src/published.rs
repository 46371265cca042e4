//! A named set that is published as one archive: the archive is recognised by its SHA-256, and then read as data of the
//! user's own are.

use crate::catalogue::{CatalogueEntry, PublishedArchive, recognise};
use crate::decoded::{DecodedCopy, kept_or_read, signs};
use crate::error::DataError;
use crate::folder::check_folder;
use crate::idx::file_sha256;
use crate::locations::LoadProgress;
use crate::lookalikes::FolderContent;
use crate::options::DataTable;
use crate::own::read_source;
use crate::source::{Source, open_file};
use crate::{DataSet, fingerprint};
use std::path::{Path, PathBuf};

/// Reads the archive of a named set out of a folder, and writes a decoded copy into the cache, if one is given.
pub(crate) fn load_archive(
    entry: &'static CatalogueEntry,
    archive: &'static PublishedArchive,
    folder: &Path,
    cache_dir: Option<&Path>,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let files = [find_archive(archive, folder)?];
    let [path] = &files;
    let copy = || DecodedCopy::of(entry, &files, cache_dir?);
    kept_or_read(&copy, entry.name, path, || {
        let before = signs(&files);
        progress(LoadProgress::Unpacking { file: archive.file });
        check_archive(entry, archive, path)?;
        let data = read(entry, archive, path, progress)?;
        // What was read must be what was checked.
        if signs(&files) != before {
            let fault = "was changed while it was read";
            return Err(DataError::refused(path, fault, "start again when nothing writes to it"));
        }
        Ok((data, true))
    })
}

/// Where the archive is in a folder.
pub(crate) fn find_archive(archive: &PublishedArchive, folder: &Path) -> Result<PathBuf, DataError> {
    check_folder(folder)?;
    let path = folder.join(archive.file);
    // A broken link counts as present, so that reading it gives the error.
    if path.symlink_metadata().is_ok() {
        return Ok(path);
    }
    let there = Box::new(FolderContent::of(folder));
    let names = vec![archive.file.to_string()];
    Err(DataError::Missing { folder: folder.to_path_buf(), names, all: true, there })
}

/// Refuses a file that is not the published one.
pub(crate) fn check_archive(
    entry: &'static CatalogueEntry,
    archive: &PublishedArchive,
    path: &Path,
) -> Result<(), DataError> {
    let (_, bytes) = open_file(path)?;
    if bytes != archive.bytes {
        let fault = format!("is not {}: expected {} bytes, found {bytes}", entry.title, archive.bytes);
        let help = format!(
            "delete the file and fetch it again (`toile data fetch {}`); for other data under this name, name their \
             path in the study file",
            entry.name
        );
        return Err(DataError::refused(path, fault, help));
    }
    let found = file_sha256(path)?;
    if found == archive.sha256 {
        return Ok(());
    }
    Err(DataError::WrongData {
        file: path.to_path_buf(),
        title: entry.title,
        expected: archive.sha256.to_string(),
        recognised: recognise(&found).map(|other| other.title),
        found,
    })
}

/// Reads an archive that was found right.
fn read(
    entry: &CatalogueEntry,
    archive: &PublishedArchive,
    path: &Path,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let mut source = Source::open(path)?;
    source.files.retain(|name, _| name.starts_with(archive.prefix));
    let data = read_source(&DataTable::at(entry.name), source, progress)?;
    let found = (data.shape, [data.train.len(), data.test.len()], data.class_names.len());
    let right = (entry.shape, entry.counts, entry.classes.len());
    if found != right {
        let fault =
            format!("is {}, but not as toile knows it: expected {right:?}, found {found:?}", entry.title);
        let help = "toile's list of named sets is wrong: please report it; the archive itself can be named by its path";
        return Err(DataError::refused(path, fault, help));
    }
    let class_names = entry.class_names();
    // The names of the catalogue count for all that is known before the data are read.
    let fingerprint = match data.class_names == class_names {
        true => data.fingerprint,
        false => fingerprint(data.shape, &class_names, &data.train, &data.test),
    };
    Ok(DataSet { title: entry.title.to_string(), class_names, fingerprint, ..data })
}
