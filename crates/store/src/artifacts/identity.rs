//! Which file it is that a path leads to: a path may lead to another one later, or to none.

use std::path::Path;

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    device: u64,
    number: u64,
}

impl FileIdentity {
    /// The file that is there now.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> Option<FileIdentity> {
        use std::os::unix::fs::MetadataExt;
        let file = path.metadata().ok()?;
        Some(FileIdentity { device: file.dev(), number: file.ino() })
    }

    /// Elsewhere a file that is open can be neither deleted nor moved.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path) -> Option<FileIdentity> {
        None
    }
}
