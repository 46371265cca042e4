//! Writing a file so that a reader, a crash or a full disk never sees half of it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use crate::StoreError;

/// Makes a folder and those above it.
pub fn create_folder(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| StoreError::Io {
        action: "create the folder".into(),
        path: path.into(),
        source,
    })
}

/// Reads a file of at most `most` bytes. What is no file (a pipe, a device) may never end, and is refused.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let found = path.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::other(format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// Whether a folder of this name is below the folder that it is looked for in, as far as words can tell: no `..`, no
/// root.
pub fn is_below(folder: &str) -> bool {
    !folder.is_empty() && Path::new(folder).components().all(|part| matches!(part, Component::Normal(_)))
}

/// The folder of a run below the study's own, made if it is missing. What records of others name may lead elsewhere, by
/// its words or by a link: that is refused.
pub fn folder_inside(dir: &Path, folder: &str) -> Result<PathBuf, StoreError> {
    let outside = || StoreError::Outside { dir: dir.into(), folder: folder.into() };
    if !is_below(folder) {
        return Err(outside());
    }
    let path = dir.join(folder);
    // Before it is made: a link on the way must not make a folder elsewhere.
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(dir);
    let leads_out = |path: &Path| match (path.canonicalize(), dir.canonicalize()) {
        (Ok(path), Ok(dir)) => !path.starts_with(dir),
        _ => false,
    };
    if leads_out(there) {
        return Err(outside());
    }
    create_folder(&path)?;
    if leads_out(&path) { Err(outside()) } else { Ok(path) }
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

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_read_and_a_long_one_only_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "four").unwrap();
        assert_eq!(read_file(&dir.path().join("a"), 4).unwrap(), b"four");
        assert!(read_file(&dir.path().join("a"), 3).unwrap_err().to_string().contains("more than 3 bytes"));
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("endless")).unwrap();
        for name in ["endless", "."] {
            let error = read_file(&dir.path().join(name), 100).unwrap_err();
            assert!(error.to_string().contains("not a regular file"), "{name}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_leads_out_of_the_studys_own_is_refused_and_not_made() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("link")).unwrap();
        let absolute = elsewhere.path().join("x").display().to_string();
        for folder in ["../x", "runs/../../x", &absolute, "link/x", "link", ".", ""] {
            let error = folder_inside(dir.path(), folder).unwrap_err();
            assert!(matches!(error, StoreError::Outside { .. }), "{folder}: {error}");
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        assert!(folder_inside(dir.path(), "runs/a-seed-7").unwrap().is_dir());
    }

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
