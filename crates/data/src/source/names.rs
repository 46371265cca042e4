//! Names within archives and folders: which are refused, which are passed over, and how much an archive may hold.

use crate::error::DataError;
use std::path::Path;

/// The most files of a source.
pub(crate) const MAX_FILES: usize = 4_000_000;
/// The most bytes of one file of an archive, unpacked; a picture has a smaller limit of its own.
pub(crate) const MAX_MEMBER: u64 = (1 << 31) + (1 << 16);
/// The most bytes of all files of an archive, unpacked.
pub(crate) const MAX_TOTAL: u64 = 1 << 32;
/// The most unpacked bytes for a packed one; deflate itself ends at 1032.
pub(crate) const MAX_RATIO: u64 = 1000;
/// Files up to this size may be packed as tightly as they can be: a row of zeros does no harm.
pub(crate) const HARMLESS: u64 = 1 << 20;

/// What has been found in an archive so far, against the limits.
#[derive(Default)]
pub(crate) struct Tally {
    files: usize,
    bytes: u64,
}

impl Tally {
    /// Counts a member of `len` bytes, `packed` of them in the archive.
    pub(crate) fn add(&mut self, archive: &Path, name: &str, len: u64, packed: u64) -> Result<(), DataError> {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(len);
        let refuse = |fault: String| Err(DataError::archive(archive, fault));
        if len > MAX_MEMBER {
            return refuse(format!(
                "holds `{name}` with {len} bytes, more than the {MAX_MEMBER} of one file"
            ));
        }
        if len > HARMLESS && len / packed.max(1) > MAX_RATIO {
            return refuse(format!("holds `{name}`, which unpacks to more than {MAX_RATIO} times its size"));
        }
        if self.bytes > MAX_TOTAL {
            return refuse(format!("unpacks to more than {MAX_TOTAL} bytes, the most that toile reads"));
        }
        if self.files > MAX_FILES {
            return refuse(format!("holds more than {MAX_FILES} files, the most that toile reads"));
        }
        Ok(())
    }
}

/// A member's name with `/` between its parts and no `.` among them; none for the archive's own folder.
pub(crate) fn member(archive: &Path, name: &str) -> Result<Option<String>, DataError> {
    let refuse =
        |what: &str| Err(DataError::archive(archive, format!("holds a file with {what}: `{}`", shown(name))));
    let name = name.replace('\\', "/");
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if name.starts_with('/') || drive {
        return refuse("an absolute name");
    }
    if name.chars().any(char::is_control) {
        return refuse("a name that is no text");
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return refuse("a name that leads out of it");
    }
    Ok((!parts.is_empty()).then(|| parts.join("/")))
}

/// A name from an archive, short and without control characters.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Whether a file or folder of this name belongs to the system or a program, never to a data set: it is passed over.
pub(crate) fn is_hidden(name: &str) -> bool {
    const OTHERS: [&str; 6] =
        ["__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "@eaDir", "__pycache__"];
    name.starts_with('.') || OTHERS.iter().any(|other| name.eq_ignore_ascii_case(other))
}
