//! Fetching a named data set into the cache: from the web, or out of the Debian package.
//!
//! One process at a time fetches a set; the others wait at a lock, and then find it done. A file is given its name
//! only after its content was found to be right, so what is in the cache is right whenever the machine stops.

mod apt;
mod http;
mod wanted;

use crate::catalogue::CatalogueEntry;
use crate::error::{Attempt, DataError};
use crate::locations::{LoadProgress, Locations};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use wanted::WantedFile;

/// Why a source failed.
type Reason = String;

/// Fetches into the cache and gives the folder; on failure, every source that was tried has been added to `tried`.
pub(crate) fn fetch_into_cache(
    entry: &'static CatalogueEntry,
    locations: &Locations,
    tried: &mut Vec<Attempt>,
    progress: &mut dyn FnMut(LoadProgress),
) -> Option<PathBuf> {
    let mut failed = |place: String, reason: Reason, progress: &mut dyn FnMut(LoadProgress)| {
        progress(LoadProgress::Failed { place: &place, reason: &reason });
        tried.push(Attempt { place, reason });
    };
    if locations.offline {
        failed("download".into(), "not tried, because toile is to stay offline".into(), progress);
        return None;
    }
    let folder = locations.cache_dir.join(entry.cache_folder());
    let _lock = match lock(entry.cache_folder(), &locations.cache_dir, &folder, progress) {
        Ok(lock) => lock,
        Err(error) => {
            failed(format!("cache `{}`", folder.display()), error.to_string(), progress);
            return None;
        }
    };
    if missing(entry, &folder).is_empty() {
        return Some(folder); // the process that was waited for has done it
    }
    for source in sources(entry) {
        let place = source.description();
        progress(LoadProgress::Trying { place: &place });
        match fetch_from(&source, entry, locations, &folder, progress) {
            Ok(()) => return Some(folder),
            Err(reason) => failed(place, reason, progress),
        }
    }
    None
}

enum DownloadSource {
    Mirror(&'static str),
    Debian(&'static str),
}

impl DownloadSource {
    fn description(&self) -> String {
        match self {
            DownloadSource::Mirror(url) => format!("download from {url}"),
            DownloadSource::Debian(package) => format!("Debian package {package}, with apt-get"),
        }
    }
}

fn sources(entry: &CatalogueEntry) -> impl Iterator<Item = DownloadSource> {
    entry
        .mirrors
        .iter()
        .map(|url| DownloadSource::Mirror(url))
        .chain(entry.debian_package.map(DownloadSource::Debian))
}

fn fetch_from(
    source: &DownloadSource,
    entry: &'static CatalogueEntry,
    locations: &Locations,
    folder: &Path,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<(), Reason> {
    let mut missing = missing(entry, folder).into_iter();
    match source {
        DownloadSource::Mirror(mirror) => {
            missing.try_for_each(|file| http::fetch(entry, file, mirror, folder, progress))
        }
        DownloadSource::Debian(package) => {
            let unpacked = apt::unpack(package, &locations.cache_dir, progress)?;
            let from = unpacked.folder(entry.name);
            missing.try_for_each(|file| {
                let found = file.find(&from).map_err(|e| e.to_string())?;
                install(entry, file, &found, folder)
            })
        }
    }
}

/// The files that the folder lacks, or holds but not right.
fn missing(entry: &'static CatalogueEntry, folder: &Path) -> Vec<WantedFile> {
    let is_right = |file: &WantedFile| {
        let present = file.names().into_iter().map(|name| folder.join(name)).find(|path| path.exists());
        present.is_some_and(|path| file.is_right(entry, &path).is_ok())
    };
    WantedFile::all(entry).into_iter().filter(|file| !is_right(file)).collect()
}

/// Gives a file its name in the cache, if its content is right; wrong files under its other names are removed.
fn install(
    entry: &'static CatalogueEntry,
    file: WantedFile,
    from: &Path,
    folder: &Path,
) -> Result<(), Reason> {
    let name = file.name();
    if !file.is_right(entry, from).map_err(|e| e.to_string())? {
        return Err(format!("what came is not the published {name}"));
    }
    let written = |cause| DataError::Io { path: folder.join(&name), action: "written", cause }.to_string();
    File::open(from).and_then(|file| file.sync_all()).map_err(written)?;
    for other in file.names().into_iter().filter(|other| *other != name) {
        // Usually there is none; one that remains would be found before ours, and loading it would give the error.
        let _ = fs::remove_file(folder.join(other));
    }
    fs::rename(from, folder.join(&name)).map_err(written)?;
    sync_folder(folder);
    Ok(())
}

/// Makes the new name last through a loss of power, where the system lets folders be synced.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Waits until no other process fetches this set. The system frees the lock when a process ends, however it ends.
fn lock(
    name: &str,
    cache_dir: &Path,
    folder: &Path,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<File, DataError> {
    let path = cache_dir.join(format!("{name}.lock"));
    fs::create_dir_all(folder).map_err(|cause| {
        let path = folder.to_path_buf();
        DataError::Io { path, action: "created", cause }
    })?;
    let written = |cause| DataError::Io { path: path.clone(), action: "written", cause };
    let file = File::create(&path).map_err(written)?;
    match file.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => {
            progress(LoadProgress::Waiting { name });
            file.lock().map_err(written)?;
        }
        // A file system without locks: two fetches at once then cost time, but what is installed is checked anyway.
        Err(TryLockError::Error(_)) => (),
    }
    Ok(file)
}
