//! A folder on the disk as a source: its files, and those of the folders in it.

use super::Source;
use super::blob::Blob;
use super::names::{MAX_FILES, is_hidden};
use crate::error::DataError;
use std::path::{Path, PathBuf};

/// Folders within folders that are looked into.
const MAX_DEPTH: usize = 12;

/// Lists a folder, and the folders in it as well if `deep`.
pub(super) fn list(folder: &Path, deep: bool) -> Result<Source, DataError> {
    let mut source = Source::new(folder, None);
    let top = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    walk(&mut source, folder, "", &mut vec![top], deep.then_some(MAX_DEPTH))?;
    Ok(source)
}

/// Without a `depth` no folder in this one is looked into. `above` are the folders that lead here, without links: a link to one of them would lead in a circle.
fn walk(
    source: &mut Source,
    folder: &Path,
    prefix: &str,
    above: &mut Vec<PathBuf>,
    depth: Option<usize>,
) -> Result<(), DataError> {
    let fail = |cause| DataError::Io { path: folder.to_path_buf(), action: "read", cause };
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            if depth.is_none() {
                continue; // beside the file that was asked for, and none of its partners
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
            source.put(full, Blob::on_disk(&path));
            if source.files.len() > MAX_FILES {
                let fault = format!("holds more than {MAX_FILES} files, the most that toile reads");
                return Err(DataError::refused(&source.place, fault, "name the folder of the data set"));
            }
            continue;
        }
        source.folders.insert(full.clone());
        if let Some(depth @ 1..) = depth {
            let real = std::fs::canonicalize(&path).map_err(fail)?;
            if above.contains(&real) {
                let help = "remove the link: it leads in a circle";
                return Err(DataError::refused(&path, "is a link to a folder that it lies in", help));
            }
            above.push(real);
            walk(source, &path, &format!("{full}/"), above, Some(depth - 1))?;
            above.pop();
        }
    }
    Ok(())
}
