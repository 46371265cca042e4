//! Writing a file so that a reader, a crash or a full disk never sees half of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Makes a folder and those above it.
pub fn create_folder(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| StoreError::Io {
        action: "create the folder".into(),
        path: path.into(),
        source,
    })
}

/// Writes `bytes` to `path`: the old file stays whole until the new one is on the disk.
///
/// A temporary file in the same folder is written and synced, then renamed over `path`, then the folder is synced
/// (without the last step a power cut can undo the rename; without the first sync it can leave an empty file).
/// When any step fails, the temporary file is removed and the old file is left as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_atomic_with(path, bytes, |file, bytes| file.write_all(bytes))
}

/// [`write_atomic`] with the writing itself as an argument, so that tests can fill the disk at will.
fn write_atomic_with(
    path: &Path,
    bytes: &[u8],
    write: impl FnOnce(&mut File, &[u8]) -> io::Result<()>,
) -> Result<(), StoreError> {
    let temporary = temporary_beside(path);
    let result = write_and_rename(path, &temporary, bytes, write);
    if result.is_err() {
        // The first error is the one to report; a temporary file that cannot be removed does no harm.
        let _ = fs::remove_file(&temporary);
    }
    result.map_err(|source| StoreError::Io {
        action: format!("write {} bytes to", bytes.len()),
        path: path.into(),
        source,
    })
}

fn write_and_rename(
    path: &Path,
    temporary: &Path,
    bytes: &[u8],
    write: impl FnOnce(&mut File, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = File::create(temporary)?;
    write(&mut file, bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(temporary, path)?;
    sync_folder(path.parent().unwrap_or(Path::new("")))
}

/// `report.html` becomes `.report.html.<process>.part`: hidden, in the same folder, no other process's.
fn temporary_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened as files; the rename is as durable as the system makes it.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_and_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.md");
        write_atomic(&path, b"first").unwrap();
        write_atomic(&path, b"2nd").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2nd");
        assert_eq!(names(dir.path()), ["report.md"]);
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_no_litter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("weights.safetensors");
        write_atomic(&path, b"old").unwrap();
        let full = |file: &mut File, bytes: &[u8]| {
            file.write_all(&bytes[..2])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let error = write_atomic_with(&path, b"newer", full).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["weights.safetensors"]);
        let text = error.to_string();
        assert!(text.contains("weights.safetensors") && text.contains("5 bytes"), "{text}");
        assert!(error.help().unwrap().contains("free some space"));
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gone").join("report.md");
        let text = write_atomic(&path, b"x").unwrap_err().to_string();
        assert!(text.contains("gone"), "{text}");
    }

    #[test]
    fn a_folder_under_a_file_cannot_be_made_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), b"").unwrap();
        let error = create_folder(&dir.path().join("file").join("out")).unwrap_err();
        assert!(error.to_string().contains("create the folder"));
        assert!(error.help().unwrap().contains("--out"));
    }
}
