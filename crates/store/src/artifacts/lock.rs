//! One process per study folder: an advisory lock that the kernel releases when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::StoreError;

/// Holds `DIR/.lock` for as long as it lives. The file itself stays: removing it would race with the next process.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder, or says which process has it.
    pub(crate) fn take(dir: &Path) -> Result<FolderLock, StoreError> {
        let path = dir.join(".lock");
        let io = |action: &str, source| StoreError::Io { action: action.into(), path: path.clone(), source };
        if is_something_else(&path) {
            return Err(io("lock", std::io::Error::other("it is not a regular file")));
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| io("open", e))?;
        match try_patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { dir: dir.into(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock", source)),
        }
        write_pid(&mut file).map_err(|e| io("write to", e))?;
        Ok(FolderLock { _file: file })
    }
}

/// A reader that looks whether the folder is held has the lock for a moment.
fn try_patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(10)),
            other => return other,
        }
    }
    file.try_lock()
}

/// A pipe or a device; to open one may wait for ever.
fn is_something_else(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file())
}

/// Whether a process is at work in the folder; where that cannot be told, one is.
pub(crate) fn is_held(dir: &Path) -> bool {
    let path = dir.join(".lock");
    if is_something_else(&path) {
        return true;
    }
    match File::open(path) {
        // Closing the file gives the lock back.
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_the_lock_is_an_error_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(dir.path().join(".lock")).status();
        assert!(made.unwrap().success());
        assert!(is_held(dir.path()));
        let Err(error) = FolderLock::take(dir.path()) else { panic!("a pipe is no lock") };
        assert!(error.to_string().contains("not a regular file"), "{error}");
    }
}
