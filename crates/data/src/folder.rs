//! A folder with the four IDX files of a data set: finds them, reads them, and checks that they belong together.

use crate::catalogue::{CatalogueEntry, Checksums, recognise};
use crate::error::DataError;
use crate::idx::{Idx, file_sha256};
use crate::locations::Progress;
use crate::{DataSet, Part, fingerprint};
use std::path::{Path, PathBuf};

/// The usual names, in the order in which checksums are kept.
pub(crate) const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The four files, as found.
pub(crate) type Files = [PathBuf; 4];

/// Where the four files of a folder are: each under its usual name, its dotted name, and with or without `.gz`.
pub(crate) fn find_files(folder: &Path) -> Result<Files, DataError> {
    if !folder.is_dir() {
        return Err(DataError::NoFolder { folder: folder.to_path_buf() });
    }
    let found = FILES.map(|name| {
        let dotted = name.replacen("-idx", ".idx", 1);
        let names = [name.to_string(), dotted.clone(), format!("{name}.gz"), format!("{dotted}.gz")];
        // A link that leads nowhere counts as present, so that reading it tells what is wrong.
        names.into_iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok())
    });
    let absent = |i: &usize| found[*i].is_none();
    let names: Vec<String> = (0..4).filter(absent).map(|i| FILES[i].to_string()).collect();
    if !names.is_empty() {
        let all = names.len() == 4;
        return Err(DataError::Missing { folder: folder.to_path_buf(), names, all });
    }
    Ok(found.map(|path| path.expect("all four were found")))
}

/// Reads a folder that must hold the named data set.
pub(crate) fn load_named(
    entry: &'static CatalogueEntry,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<DataSet, DataError> {
    let files = find_files(folder)?;
    let raw = Raw::open(&files)?;
    for (images, count) in [(0, entry.counts[0]), (2, entry.counts[1])] {
        let [height, width, channels] = entry.shape;
        if raw.count(images) as usize != count
            || raw.shape(images) != [height, width, channels].map(|n| n as u32)
        {
            let expected = format!("{count} x {height} x {width} for {}", entry.title);
            return Err(raw.dimensions(images, expected));
        }
    }
    let (parts, sums) = raw.read(progress)?;
    let mut verified = true;
    for (i, sum) in sums.iter().enumerate() {
        verified &= verify(entry, i, &files[i], sum)?;
    }
    check_labels(&files, &parts, entry.classes.len())?;
    let title = if verified { entry.title.to_string() } else { format!("{} (unverified copy)", entry.title) };
    Ok(assemble(entry.name, title, entry.shape, entry.class_names(), parts, folder))
}

/// Whether a file is known to be the right one; an error if it is known to be a wrong one.
pub(crate) fn verify(
    entry: &'static CatalogueEntry,
    i: usize,
    file: &Path,
    payload_sha256: &str,
) -> Result<bool, DataError> {
    let wrong =
        |expected: &str, found: &str, recognised: Option<&'static CatalogueEntry>| DataError::WrongData {
            file: file.to_path_buf(),
            title: entry.title,
            expected: expected.to_string(),
            found: found.to_string(),
            recognised: recognised.map(|other| other.title),
        };
    let on_disk = || file_sha256(file);
    match &entry.checksums {
        Checksums::Payload(sums) if sums[i] == payload_sha256 => Ok(true),
        Checksums::Payload(sums) => {
            let known = match recognise(payload_sha256) {
                Some(known) => Some(known),
                None => recognise(&on_disk()?),
            };
            Err(wrong(sums[i], payload_sha256, known))
        }
        Checksums::Gzip(sums) => match recognise(payload_sha256) {
            Some(other) => Err(wrong(sums[i], payload_sha256, Some(other))),
            None => Ok(on_disk()? == sums[i]),
        },
        Checksums::None => Ok(true),
    }
}

/// Reads a folder of the user's own: its classes come from `classes.txt` or from the labels.
pub(crate) fn load_own(
    name: &str,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<DataSet, DataError> {
    let files = find_files(folder)?;
    let raw = Raw::open(&files)?;
    let shape = raw.shape(0).map(|side| side as usize);
    let (parts, sums) = raw.read(progress)?;
    let listed = crate::class_names::read(folder)?;
    // Four files of one known set are that set, wherever they lie.
    let known = recognise(&sums[0]).filter(|entry| match &entry.checksums {
        Checksums::Payload(right) => right.iter().zip(&sums).all(|(right, sum)| right == sum),
        _ => false,
    });
    let title = known.map_or_else(|| format!("{name} (own data)"), |entry| entry.title.to_string());
    let class_names = match (listed, known) {
        (Some(names), _) => names,
        (None, Some(entry)) => entry.class_names(),
        (None, None) => numbered(&files, &parts)?,
    };
    check_labels(&files, &parts, class_names.len())?;
    Ok(assemble(name, title, shape, class_names, parts, folder))
}

/// "0", "1", … up to the largest label.
fn numbered(files: &Files, parts: &[Part; 2]) -> Result<Vec<String>, DataError> {
    let largest = parts.iter().flat_map(|part| &part.labels).max().copied().unwrap_or(0);
    if largest == 0 {
        return Err(DataError::OneClass { file: files[1].clone() });
    }
    Ok((0..=largest).map(|label| label.to_string()).collect())
}

fn check_labels(files: &Files, parts: &[Part; 2], classes: usize) -> Result<(), DataError> {
    for (part, file) in parts.iter().zip([&files[1], &files[3]]) {
        if let Some(position) = part.labels.iter().position(|&label| label as usize >= classes) {
            let (file, label) = (file.clone(), part.labels[position]);
            return Err(DataError::Label { file, position, label, classes });
        }
    }
    Ok(())
}

fn assemble(
    name: &str,
    title: String,
    shape: [usize; 3],
    class_names: Vec<String>,
    [train, test]: [Part; 2],
    folder: &Path,
) -> DataSet {
    let fingerprint = fingerprint(shape, &class_names, &train, &test);
    let (name, source) = (name.to_string(), folder.display().to_string());
    DataSet { name, title, shape, class_names, train, test, fingerprint, source, procedural: false }
}

/// The four files, opened: their headers agree with each other, nothing else has been read.
struct Raw<'a> {
    files: &'a Files,
    idx: [Idx; 4],
}

impl<'a> Raw<'a> {
    fn open(files: &'a Files) -> Result<Raw<'a>, DataError> {
        let [a, b, c, d] = files;
        let raw = Raw { files, idx: [Idx::open(a)?, Idx::open(b)?, Idx::open(c)?, Idx::open(d)?] };
        for (images, labels) in [(0, 1), (2, 3)] {
            raw.check_images(images)?;
            if raw.idx[labels].dims.len() != 1 {
                return Err(raw.dimensions(labels, "one dimension, the number of labels".into()));
            }
            if raw.count(images) != raw.count(labels) {
                return Err(DataError::CountMismatch {
                    images: files[images].clone(),
                    n_images: raw.count(images),
                    labels: files[labels].clone(),
                    n_labels: raw.count(labels),
                });
            }
        }
        if raw.shape(0) != raw.shape(2) {
            let (train, test) = (files[0].clone(), files[2].clone());
            let (train_shape, test_shape) = (raw.shape(0), raw.shape(2));
            return Err(DataError::ShapeMismatch { train, train_shape, test, test_shape });
        }
        Ok(raw)
    }

    fn check_images(&self, i: usize) -> Result<(), DataError> {
        let dims = &self.idx[i].dims;
        if !(3..=4).contains(&dims.len()) || dims.contains(&0) {
            let expected = "images x height x width, each at least 1, and channels if there are several";
            return Err(self.dimensions(i, expected.into()));
        }
        Ok(())
    }

    fn count(&self, i: usize) -> u32 {
        self.idx[i].dims[0]
    }

    /// Height, width, channels.
    fn shape(&self, i: usize) -> [u32; 3] {
        let dims = &self.idx[i].dims;
        [dims[1], dims[2], dims.get(3).copied().unwrap_or(1)]
    }

    fn dimensions(&self, i: usize, expected: String) -> DataError {
        DataError::Dimensions { file: self.files[i].clone(), found: self.idx[i].dims.clone(), expected }
    }

    /// The two parts, and the SHA-256 of the four decompressed files.
    fn read(self, progress: &mut dyn FnMut(Progress)) -> Result<([Part; 2], [String; 4]), DataError> {
        let mut payloads = Vec::with_capacity(4);
        for (idx, file) in self.idx.into_iter().zip(FILES) {
            progress(Progress::Unpacking { file });
            payloads.push(idx.read()?);
        }
        let [a, b, c, d] = payloads.try_into().unwrap_or_else(|_| unreachable!("four files were read"));
        let parts = [Part { images: a.0, labels: b.0 }, Part { images: c.0, labels: d.0 }];
        Ok((parts, [a.1, b.1, c.1, d.1]))
    }
}
