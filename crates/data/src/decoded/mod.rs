//! Decoded copies: a data set as it is in memory, stored in the cache, so that only the first start decompresses and
//! decodes it.
//!
//! ```text
//! "toile decoded copy 3\n"
//! originals, root          hexadecimal, a line each
//! facts                    JSON, a line: shape, class names, how it was read, fingerprint, …
//! training images, training labels, test images, test labels
//! ```
//!
//! `originals` is the SHA-256 of what was asked for and of all files' places, lengths, inodes and times of change;
//! `root` the BLAKE3 of all lines but its own and of the BLAKE3 of each block of pixels and labels. It is taken
//! only if the originals are by all signs the files that were read then, and if the copy itself gives its root:
//! every byte that trains is hashed at every start. In all other cases the originals are read, and a new copy is
//! made of them; without a cache that can be written to, there is none. Of a named set a copy is made only where
//! its content was found to be the published one.
//!
//! The blocks are there for the threads, each of which reads and hashes its share.

mod originals;
mod room;

use crate::catalogue::CatalogueEntry;
use crate::error::DataError;
use crate::fingerprint::hex;
use crate::formats::{RULES, original_files};
use crate::options::DataTable;
use crate::parallel::map;
use crate::pictures::decoders;
use crate::source::{FolderListing, open_file};
use crate::{DataSet, LabelledImages, Reading};
use originals::{Originals, changed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FIRST_LINE: &str = "toile decoded copy 3\n";
/// The most bytes of all lines.
const MOST_LINES: u64 = 1 << 20;
/// Small enough to stay in a core's cache between reading and hashing.
const BLOCK: usize = 1 << 18;
/// The coarsest time stamp of a file system in use (FAT): a file that changed so lately could change again unseen.
const TICK: Duration = if cfg!(test) { Duration::from_millis(30) } else { Duration::from_secs(2) };

/// The place of a set's copy, and what its originals are at this moment.
pub(crate) struct DecodedCopy {
    path: PathBuf,
    originals: Originals,
    is_own: bool,
}

/// A copy that is being written: its file was created before the originals were read.
pub(crate) struct CopyWriter {
    copy: DecodedCopy,
    temporary: PathBuf,
    file: File,
}

/// What a copy says of its set, besides the pixels and labels.
#[derive(Serialize, Deserialize)]
struct CopyFacts {
    title: String,
    shape: [usize; 3],
    class_names: Vec<String>,
    /// Training and test images.
    images: [usize; 2],
    own_validation: usize,
    fingerprint: String,
    reading: Reading,
}

impl CopyFacts {
    fn of(data: &DataSet) -> CopyFacts {
        let DataSet { title, shape, class_names, train, test, fingerprint, own_validation, reading, .. } =
            data;
        CopyFacts {
            title: title.clone(),
            shape: *shape,
            class_names: class_names.clone(),
            images: [train.len(), test.len()],
            own_validation: *own_validation,
            fingerprint: fingerprint.clone(),
            reading: reading.clone(),
        }
    }

    /// Bytes of the images and labels of both parts.
    fn lengths(&self) -> Option<[u64; 4]> {
        let image = self.shape.iter().try_fold(1u64, |n, &side| n.checked_mul(side as u64))?;
        let [train, test] = self.images.map(|n| n as u64);
        Some([train.checked_mul(image)?, train, test.checked_mul(image)?, test])
    }

    fn with(self, name: &str, source: String, [a, b, c, d]: [Vec<u8>; 4]) -> DataSet {
        DataSet {
            name: name.to_string(),
            title: self.title,
            shape: self.shape,
            class_names: self.class_names,
            train: LabelledImages { images: a, labels: b },
            test: LabelledImages { images: c, labels: d },
            fingerprint: self.fingerprint,
            source,
            procedural: false,
            own_validation: self.own_validation,
            reading: self.reading,
        }
    }
}

/// The set of a copy, if there is one that was made of the originals as they are; else what `read` gives, of which a
/// copy is made if it is said to be worth one and the originals stayed as they were. `copy` says what they are now.
pub(crate) fn kept_or_read(
    copy: &dyn Fn() -> Option<DecodedCopy>,
    name: &str,
    source: &Path,
    read: impl FnOnce() -> Result<(DataSet, bool), DataError>,
) -> Result<DataSet, DataError> {
    let kept = copy();
    if let Some(data) = kept.as_ref().and_then(|kept| kept.read(name, source.display().to_string())) {
        return Ok(data);
    }
    let writer = kept.and_then(DecodedCopy::begin);
    let (data, is_worth_it) = read()?;
    writer.filter(|_| is_worth_it).into_iter().for_each(|writer| writer.end(copy(), &data));
    Ok(data)
}

impl DecodedCopy {
    /// The copy of a named set. None if an original cannot be examined: reading it will give the error.
    pub(crate) fn of(entry: &CatalogueEntry, files: &[PathBuf], cache_dir: &Path) -> Option<DecodedCopy> {
        // Archives are read by the rules for own data.
        let rules = if entry.archive().is_some() { RULES } else { "" };
        let what = Sha256::new().chain_update(format!("{entry:?}{rules}\n"));
        let originals = named_originals(what, files)?;
        Some(DecodedCopy { path: cache_dir.join("decoded").join(entry.name), originals, is_own: false })
    }

    /// The copy of data of the user's own: one for each place and way of reading.
    pub(crate) fn of_own(table: &DataTable, path: &Path, cache_dir: &Path) -> Option<DecodedCopy> {
        let place = fs::canonicalize(path).ok()?;
        let wanted = [place.as_os_str().as_encoded_bytes(), format!("\0{table:?}\0").as_bytes()].concat();
        let name = format!("{}{}", room::OWN, &hex(&Sha256::digest(&wanted))[..32]);
        let FolderListing { folders, files } = original_files(path).ok()?;
        let rules =
            format!("{RULES}\0{}\0{}\0", decoders(true, true).join("\0"), Vec::from_iter(folders).join("\0"));
        let what = Sha256::new().chain_update(&wanted).chain_update(rules);
        let originals = Originals::of(what, files.iter().map(|(name, file)| (name, &**file)))?;
        Some(DecodedCopy { path: cache_dir.join("decoded").join(name), originals, is_own: true })
    }

    /// The set, if the copy was made of these originals and is whole.
    pub(crate) fn read(&self, name: &str, source: String) -> Option<DataSet> {
        let (file, length) = open_file(&self.path).ok()?;
        let mut start = BufReader::new(file.take(MOST_LINES));
        let mut line = || {
            let mut line = String::new();
            start.read_line(&mut line).ok()?;
            line.ends_with('\n').then_some(line)
        };
        let [first, originals, root_line, facts] = [line()?, line()?, line()?, line()?];
        if first != FIRST_LINE || originals.trim_end() != self.originals.sum {
            return None;
        }
        let head = [&*first, &originals, &facts].concat();
        let begin = (head.len() + root_line.len()) as u64;
        let facts: CopyFacts = serde_json::from_str(&facts).ok()?;
        let lengths = facts.lengths()?;
        if lengths.iter().try_fold(begin, |sum, &len| sum.checked_add(len)) != Some(length) {
            return None;
        }
        let mut payloads = lengths.map(|len| vec![0; len as usize]);
        let found = self.fill(&head, begin, &mut payloads).ok()?;
        (root_line.trim_end() == found).then(|| facts.with(name, source, payloads))
    }

    /// Reads the payloads, block by block on several threads, and gives the root.
    fn fill(&self, head: &str, begin: u64, payloads: &mut [Vec<u8>; 4]) -> io::Result<String> {
        let (mut at, mut blocks) = (begin, Vec::new());
        for block in payloads.iter_mut().flat_map(|payload| payload.chunks_mut(BLOCK)) {
            let len = block.len() as u64;
            blocks.push((at, block));
            at += len;
        }
        let sums = map(blocks, |(at, block)| {
            let (mut file, _) = open_file(&self.path).map_err(io::Error::other)?;
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(block).map(|()| blake3::hash(block).into())
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
        let settled = now.duration_since(self.originals.newest).is_ok_and(|age| age > TICK);
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

/// What the files of a named set are by all signs at this moment; it changes whenever one of them does.
pub(crate) fn signs(files: &[PathBuf]) -> Option<String> {
    named_originals(Sha256::new(), files).map(|originals| originals.sum)
}

fn named_originals(what: Sha256, files: &[PathBuf]) -> Option<Originals> {
    let places: Vec<PathBuf> = files.iter().map(|file| fs::canonicalize(file).ok()).collect::<Option<_>>()?;
    let files = places.iter().map(|place| (place.as_os_str().as_encoded_bytes(), &**place));
    Originals::of(what, files)
}

impl CopyWriter {
    /// Writes the copy, if the originals are still what they were. Where it cannot be written, there is none.
    pub(crate) fn end(mut self, originals: Option<DecodedCopy>, data: &DataSet) {
        let unchanged = originals.is_some_and(|now| now.originals.sum == self.copy.originals.sum);
        let bytes = [&data.train, &data.test].map(|part| part.images.len() + part.len());
        let len = MOST_LINES + bytes.iter().sum::<usize>() as u64;
        let has_room = || !self.copy.is_own || room::make(&self.copy.path, len, room::MOST_BYTES);
        if unchanged && has_room() && self.write(data).is_ok() {
            let _ = fs::rename(&self.temporary, &self.copy.path);
        }
    }

    /// Not synced: what a loss of power leaves of it does not give its root.
    fn write(&mut self, data: &DataSet) -> io::Result<()> {
        let (train, test) = (&data.train, &data.test);
        let payloads = [&train.images, &train.labels, &test.images, &test.labels];
        let blocks: Vec<&[u8]> = payloads.iter().flat_map(|payload| payload.chunks(BLOCK)).collect();
        let lines = format!("{FIRST_LINE}{}\n", self.copy.originals.sum);
        let facts = serde_json::to_string(&CopyFacts::of(data))? + "\n";
        if (lines.len() + facts.len()) as u64 + 100 > MOST_LINES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let root = root(&(lines.clone() + &facts), &map(blocks, |block| blake3::hash(block).into()));
        self.file.write_all(format!("{lines}{root}\n{facts}").as_bytes())?;
        payloads.into_iter().try_for_each(|payload| self.file.write_all(payload))
    }
}

impl Drop for CopyWriter {
    /// Removes a copy that was not finished.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

fn root(head: &str, blocks: &[[u8; 32]]) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(head.as_bytes()).update(blocks.as_flattened());
    hex(hash.finalize().as_bytes())
}
