//! Decoded copies: a named set as it is in memory, stored in the cache, so that only the first start decompresses it.
//!
//! ```text
//! "toile decoded copy 1\n"
//! originals, fingerprint, root         hexadecimal, a line each
//! training images, training labels, test images, test labels
//! ```
//!
//! `originals` is the SHA-256 of the four files' places, lengths, inodes and times of change; `fingerprint` that of the
//! data set; `root` the SHA-256 of all before it and of the SHA-256 of each block of pixels and labels. A copy is made
//! only of files whose content was found to be the published one. It is taken only if the originals are by all signs
//! the files that were read then, and if the copy itself gives its root: every byte that trains is hashed at every
//! start. In all other cases the originals are read, and a new copy is made of them; without a cache that can be
//! written to, there is none.
//!
//! The blocks are there for the threads, each of which reads and hashes its share.

use crate::catalogue::CatalogueEntry;
use crate::fingerprint::hex;
use crate::folder::{Files, payload_len};
use crate::parallel::map;
use crate::source::open_file;
use crate::{DataSet, LabelledImages};
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const FIRST_LINE: &[u8] = b"toile decoded copy 1\n";
/// A hash in hexadecimal and the end of its line.
const LINE: usize = 65;
const HEAD: usize = FIRST_LINE.len() + 3 * LINE;
/// Small enough to stay in a core's cache between reading and hashing.
const BLOCK: usize = 1 << 18;
/// The coarsest time stamp of a file system in use (FAT): a file that changed so lately could change again unseen.
const TICK: Duration = if cfg!(test) { Duration::from_millis(30) } else { Duration::from_secs(2) };

/// The place of a set's copy, and what its originals are at this moment.
pub(crate) struct DecodedCopy {
    path: PathBuf,
    originals: String,
    newest: SystemTime,
}

/// What a copy holds.
pub(crate) struct DecodedData {
    pub parts: [LabelledImages; 2],
    pub fingerprint: String,
}

/// A copy that is being written: its file was created before the originals were read.
pub(crate) struct CopyWriter {
    copy: DecodedCopy,
    temporary: PathBuf,
    file: File,
}

impl DecodedCopy {
    /// None if an original cannot be examined: reading it will give the error.
    pub(crate) fn of(entry: &CatalogueEntry, files: &Files, cache_dir: &Path) -> Option<DecodedCopy> {
        let (mut sha, mut newest) = (Sha256::new(), SystemTime::UNIX_EPOCH);
        for file in files {
            let place = fs::canonicalize(file).ok()?;
            let about = fs::metadata(&place).ok()?;
            sha.update(place.as_os_str().as_encoded_bytes());
            sha.update(format!("\0{} {}\n", about.len(), identity(&about)?));
            newest = newest.max(changed(&about)?);
        }
        let path = cache_dir.join("decoded").join(entry.name);
        Some(DecodedCopy { path, originals: hex(&sha.finalize()), newest })
    }

    /// What the copy holds, if it was made of these originals and is whole.
    pub(crate) fn read(&self, entry: &CatalogueEntry) -> Option<DecodedData> {
        let mut head = [0; HEAD];
        let (mut file, _) = open_file(&self.path).ok()?;
        file.read_exact(&mut head).ok()?;
        let lines = head.strip_prefix(FIRST_LINE)?;
        let [originals, fingerprint, root] = [0, 1, 2].map(|i| &lines[i * LINE..(i + 1) * LINE]);
        let lengths = [0, 1, 2, 3].map(|i| payload_len(entry, i));
        let is_ours = originals.strip_suffix(b"\n")? == self.originals.as_bytes();
        if !is_ours || file.metadata().ok()?.len() != HEAD as u64 + lengths.iter().sum::<u64>() {
            return None;
        }
        let mut payloads = lengths.map(|len| vec![0; len as usize]);
        let found = self.fill(&head[..HEAD - LINE], &mut payloads).ok()?;
        if root != format!("{found}\n").as_bytes() {
            return None;
        }
        let [a, b, c, d] = payloads;
        let parts = [LabelledImages { images: a, labels: b }, LabelledImages { images: c, labels: d }];
        Some(DecodedData { parts, fingerprint: str::from_utf8(fingerprint).ok()?.trim_end().into() })
    }

    /// Reads the payloads, block by block on several threads, and gives the root.
    fn fill(&self, head: &[u8], payloads: &mut [Vec<u8>; 4]) -> io::Result<String> {
        let (mut at, mut blocks) = (HEAD as u64, Vec::new());
        for block in payloads.iter_mut().flat_map(|payload| payload.chunks_mut(BLOCK)) {
            let len = block.len() as u64;
            blocks.push((at, block));
            at += len;
        }
        let sums = map(blocks, |(at, block)| {
            let (mut file, _) = open_file(&self.path).map_err(io::Error::other)?;
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(block).map(|()| Sha256::digest(block).into())
        });
        Ok(root(head, &sums.into_iter().collect::<io::Result<Vec<[u8; 32]>>>()?))
    }

    /// To be called before the originals are read: from now on they must stay as they are. None if there is no place
    /// for a copy, or if an original changed just now.
    pub(crate) fn begin(self) -> Option<CopyWriter> {
        let folder = self.path.parent()?;
        fs::create_dir_all(folder).ok()?;
        self.remove_leftovers(folder);
        let temporary = self.path.with_extension(format!("{}.part", std::process::id()));
        let file = File::create_new(&temporary).ok()?;
        let now = changed(&file.metadata().ok()?)?;
        let settled = now.duration_since(self.newest).is_ok_and(|age| age > TICK);
        let writer = CopyWriter { copy: self, temporary, file };
        settled.then_some(writer)
    }

    /// Removes what a killed program left. If its writer still runs after all, that copy is just not made.
    fn remove_leftovers(&self, folder: &Path) {
        let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let leftovers = names.filter(|path| path.extension().is_some_and(|ending| ending == "part"));
        leftovers.for_each(|path| _ = fs::remove_file(path));
    }
}

impl CopyWriter {
    /// Writes the copy, if the originals are still what they were. Where it cannot be written, there is none.
    pub(crate) fn end(mut self, originals: Option<DecodedCopy>, data: &DataSet) {
        let unchanged = originals.is_some_and(|now| now.originals == self.copy.originals);
        if unchanged && self.write(data).is_ok() {
            let _ = fs::rename(&self.temporary, &self.copy.path);
        }
    }

    /// Not synced: what a loss of power leaves of it does not give its root.
    fn write(&mut self, data: &DataSet) -> io::Result<()> {
        let (train, test) = (&data.train, &data.test);
        let payloads = [&train.images, &train.labels, &test.images, &test.labels];
        let blocks: Vec<&[u8]> = payloads.iter().flat_map(|payload| payload.chunks(BLOCK)).collect();
        let head =
            [FIRST_LINE, format!("{}\n{}\n", self.copy.originals, data.fingerprint).as_bytes()].concat();
        let root = root(&head, &map(blocks, |block| Sha256::digest(block).into()));
        self.file.write_all(&head)?;
        self.file.write_all(format!("{root}\n").as_bytes())?;
        payloads.into_iter().try_for_each(|payload| self.file.write_all(payload))
    }
}

impl Drop for CopyWriter {
    /// Removes a copy that was not finished.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

fn root(head: &[u8], blocks: &[[u8; 32]]) -> String {
    hex(&Sha256::new().chain_update(head).chain_update(blocks.as_flattened()).finalize())
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
fn changed(about: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let time = |s: i64, ns: i64| SystemTime::UNIX_EPOCH + Duration::new(s.max(0) as u64, ns as u32);
    let (written, any) = (time(about.mtime(), about.mtime_nsec()), time(about.ctime(), about.ctime_nsec()));
    Some(written.max(any))
}

#[cfg(not(unix))]
fn changed(about: &Metadata) -> Option<SystemTime> {
    about.modified().ok()
}
