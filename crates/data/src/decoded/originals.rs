//! What files are by all signs, without a look into them.

use crate::fingerprint::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, Metadata};
use std::path::Path;
#[cfg(unix)]
use std::time::Duration;
use std::time::SystemTime;

/// Files as they are at this moment.
pub(super) struct Originals {
    /// SHA-256 of what is made of them, and of each one's place, length, inode and times of change.
    pub sum: String,
    /// When one of them changed last.
    pub newest: SystemTime,
}

impl Originals {
    /// `what` says all that decides what is made of the files; each comes with its place. None if a file cannot
    /// be examined: reading it will give the error.
    pub(super) fn of<'a>(
        what: Sha256,
        files: impl Iterator<Item = (impl AsRef<[u8]>, &'a Path)>,
    ) -> Option<Originals> {
        let (mut sha, mut newest) = (what, SystemTime::UNIX_EPOCH);
        for (place, file) in files {
            let about = fs::metadata(file).ok()?;
            sha.update(place);
            sha.update(format!("\0{} {}\n", about.len(), identity(&about)?));
            newest = newest.max(changed(&about)?);
        }
        Some(Originals { sum: hex(&sha.finalize()), newest })
    }
}

/// What changes when a file is written to or replaced, even if its date is set back.
#[cfg(unix)]
fn identity(about: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let times = (about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec());
    Some(format!("{} {} {times:?}", about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(about: &Metadata) -> Option<String> {
    let time = about.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(format!("{time:?}"))
}

/// When a file was last changed, in content or in any other way.
#[cfg(unix)]
pub(super) fn changed(about: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let time = |s: i64, ns: i64| SystemTime::UNIX_EPOCH + Duration::new(s.max(0) as u64, ns as u32);
    let (written, any) = (time(about.mtime(), about.mtime_nsec()), time(about.ctime(), about.ctime_nsec()));
    Some(written.max(any))
}

#[cfg(not(unix))]
pub(super) fn changed(about: &Metadata) -> Option<SystemTime> {
    about.modified().ok()
}
