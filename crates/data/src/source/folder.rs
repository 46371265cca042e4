//! A folder on the disk as a source: its files, and those of the folders in it.

use super::Source;
use super::blob::Blob;
use super::names::{MAX_FILES, is_hidden};
use crate::error::DataError;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders within folders that are looked into.
const MAX_DEPTH: usize = 12;

/// The names in a folder, with `/`, and the paths of the files. Nothing is known of a file but that it is there.
pub(crate) struct FolderListing {
    pub folders: BTreeSet<String>,
    pub files: BTreeMap<String, PathBuf>,
}

impl FolderListing {
    /// Lists a folder, and all folders in it.
    pub(crate) fn deep(folder: &Path) -> Result<FolderListing, DataError> {
        let top = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        FolderListing::of(folder, &mut vec![top], Some(MAX_DEPTH))
    }

    /// Lists the folder that a file lies in, but not those beside the file; names that are no text are none of its
    /// partners.
    pub(crate) fn beside(file: &Path) -> Result<FolderListing, DataError> {
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut listing = FolderListing::of(folder.unwrap_or(Path::new(".")), &mut Vec::new(), None)?;
        listing.folders.clear();
        Ok(listing)
    }

    fn of(folder: &Path, above: &mut Vec<PathBuf>, depth: Option<usize>) -> Result<FolderListing, DataError> {
        let mut listing = FolderListing { folders: BTreeSet::new(), files: BTreeMap::new() };
        listing.walk(folder, "", above, depth, folder)?;
        Ok(listing)
    }

    /// Without a `depth` no folder in this one is looked into. `above` are the folders that lead here, without links: a
    /// link to one of them would lead in a circle.
    fn walk(
        &mut self,
        folder: &Path,
        prefix: &str,
        above: &mut Vec<PathBuf>,
        depth: Option<usize>,
        top: &Path,
    ) -> Result<(), DataError> {
        let fail = |cause| DataError::Io { path: folder.to_path_buf(), action: "read", cause };
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                if depth.is_none() {
                    continue;
                }
                let help = "rename it, so that its name is text in UTF-8";
                return Err(DataError::refused(&entry.path(), "has a name that is no text", help));
            };
            if is_hidden(name) {
                continue;
            }
            let (path, full) = (entry.path(), format!("{prefix}{name}"));
            let kind = entry.file_type().map_err(fail)?;
            if !(kind.is_dir() || kind.is_symlink() && path.is_dir()) {
                self.files.insert(full, path);
                if self.files.len() > MAX_FILES {
                    let fault = format!("holds more than {MAX_FILES} files, the most that toile reads");
                    return Err(DataError::refused(top, fault, "name the folder of the data set"));
                }
                continue;
            }
            self.folders.insert(full.clone());
            if let Some(depth @ 1..) = depth {
                let real = std::fs::canonicalize(&path).map_err(fail)?;
                if above.contains(&real) {
                    let help = "remove the link: it leads in a circle";
                    return Err(DataError::refused(&path, "is a link to a folder that it lies in", help));
                }
                above.push(real);
                self.walk(&path, &format!("{full}/"), above, Some(depth - 1), top)?;
                above.pop();
            }
        }
        Ok(())
    }

    /// The folder as a source, shown as `place`.
    pub(super) fn into_source(self, place: &Path) -> Source {
        let files = self.files.into_iter().map(|(name, path)| (name, Blob::on_disk(&path)));
        Source { files: files.collect(), folders: self.folders, ..Source::new(place, None) }
    }
}
