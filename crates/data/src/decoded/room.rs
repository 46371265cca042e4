//! How many copies of own data the cache holds: few, and never more than a disk has to spare.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// How the names of copies of own data begin.
pub(super) const OWN: &str = "own-";
/// The most copies of own data.
pub(super) const MOST_COPIES: usize = 8;
/// The most bytes of all copies of own data together: 4 GiB.
pub(super) const MOST_BYTES: u64 = 1 << 32;

/// Removes the oldest copies of own data, so that one of `len` bytes at `path` has room; false if it never has.
pub(super) fn make(path: &Path, len: u64, most_bytes: u64) -> bool {
    if len > most_bytes {
        return false;
    }
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let mut others: Vec<(SystemTime, _, u64)> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(OWN))
        .map(|entry| entry.path())
        .filter(|other| other != path && other.extension().is_none())
        .filter_map(|other| {
            let about = fs::symlink_metadata(&other).ok()?;
            Some((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), other, about.len()))
        })
        .collect();
    others.sort();
    let (mut copies, mut bytes) = (1, len);
    for (_, other, len) in others.into_iter().rev() {
        (copies, bytes) = (copies + 1, bytes.saturating_add(len));
        if copies > MOST_COPIES || bytes > most_bytes {
            let _ = fs::remove_file(other);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_oldest_copies_go_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let put = |i: u64| {
            fs::write(path(&format!("own-{i:02}")), [0; 10]).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - i);
            fs::File::options()
                .append(true)
                .open(path(&format!("own-{i:02}")))
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        let names = || {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names.join(" ")
        };
        (0..9).for_each(put);
        fs::write(path("fashion-mnist"), [0; 1000]).unwrap();
        fs::write(path("own-07.5.part"), [0; 1000]).unwrap();
        assert!(make(&path("own-99"), 10, 1000));
        assert_eq!(names(), "fashion-mnist own-00 own-01 own-02 own-03 own-04 own-05 own-06 own-07.5.part");
        // Its own older copy is replaced, and takes no room.
        assert!(make(&path("own-03"), 10, 50));
        assert_eq!(names(), "fashion-mnist own-00 own-01 own-02 own-03 own-04 own-07.5.part");
        assert!(!make(&path("own-99"), 51, 50));
        assert!(make(&path("own-99"), 50, 50));
        assert_eq!(names(), "fashion-mnist own-07.5.part");
    }
}
