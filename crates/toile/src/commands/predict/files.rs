//! Which files are meant: those that are named, and those in the folders that are named.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::terminal::{note, plural, safe_name};

/// Folders in folders are followed so far.
const DEEPEST: usize = 16;

/// Files of these endings are looked for in folders.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// The most pictures of one call.
const MOST_FILES: usize = 100_000;

/// The files, in the order of the arguments; those of a folder in the byte order of their paths. Hidden ones are left
/// out, and so is, with a word, what is no PNG or JPEG by its ending.
pub(super) fn picture_files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        let found = path.metadata().map_err(|error| {
            Failure::new(format!("cannot find `{}`: {error}", safe_name(&path.display().to_string())))
                .help("name PNG or JPEG files, or folders of them")
        })?;
        if found.is_dir() {
            files.extend(in_folder(path)?);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > MOST_FILES {
        return Err(Failure::new(format!("{} pictures are too many for one call", files.len()))
            .help(format!("at most {MOST_FILES} are possible: call it for one folder after the other")));
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    collect(folder, 0, &mut files, &mut others)?;
    files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    others.sort();
    let shown = safe_name(&folder.display().to_string());
    if files.is_empty() {
        return Err(Failure::new(format!("the folder `{shown}` holds no PNG or JPEG files")).help(
            match others.first() {
                Some(other) => {
                    format!(
                        "it holds `{}`: only PNG and JPEG are read",
                        safe_name(&other.display().to_string())
                    )
                }
                None => "name a folder with such files in it".into(),
            },
        ));
    }
    if let Some(first) = others.first() {
        let first = safe_name(&first.display().to_string());
        note(&format!(
            "left out of `{shown}`: {}, neither PNG nor JPEG ({first})",
            plural(others.len(), "file", "files")
        ));
    }
    Ok(files)
}

fn collect(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    others: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let unreadable =
        |error| Failure::new(format!("cannot read `{}`: {error}", safe_name(&folder.display().to_string())));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if is_hidden || entry.file_name() == "__MACOSX" {
            continue;
        }
        // A link to a folder is not followed: it may lead round in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth < DEEPEST {
                collect(&path, depth + 1, files, others)?;
            }
        } else if ENDINGS
            .iter()
            .any(|known| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(known)))
        {
            files.push(path);
        } else {
            others.push(path);
        }
    }
    Ok(())
}
