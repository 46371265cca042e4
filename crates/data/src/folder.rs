//! A folder with the four IDX files of a named data set (or its archive, see `published.rs`): finds them, and checks
//! that they are the published ones.

use crate::catalogue::{CatalogueEntry, Checksums, recognise};
use crate::decoded::{DecodedCopy, kept_or_read};
use crate::error::DataError;
use crate::idx::{Idx, file_sha256};
use crate::locations::LoadProgress;
use crate::lookalikes::FolderContent;
use crate::parallel::map;
use crate::published::load_archive;
use crate::{DataSet, LabelledImages, Reading, fingerprint};
use std::path::{Path, PathBuf};

/// The usual names, in the order of the checksums.
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
    check_folder(folder)?;
    let found = FILES.map(|name| present(folder, name));
    let absent = |i: &usize| found[*i].is_none();
    let names: Vec<String> = (0..4).filter(absent).map(|i| FILES[i].to_string()).collect();
    if !names.is_empty() {
        let all = names.len() == 4;
        let there = Box::new(FolderContent::of(folder));
        return Err(DataError::Missing { folder: folder.to_path_buf(), names, all, there });
    }
    Ok(found.map(|path| path.expect("all four were found")))
}

/// An error for what is no folder.
pub(crate) fn check_folder(folder: &Path) -> Result<(), DataError> {
    if folder.is_dir() {
        return Ok(());
    }
    let path = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    Err(match folder.exists() {
        true => DataError::NotAFolder { path },
        false => DataError::NoFolder { folder: path, reason: None },
    })
}

/// One of the four files, under any of its names. A broken link counts as present, so that reading it gives the error.
fn present(folder: &Path, name: &str) -> Option<PathBuf> {
    variants(name).into_iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok())
}

/// The names under which a file is accepted, best first.
pub(crate) fn variants(name: &str) -> [String; 4] {
    let dotted = name.replacen("-idx", ".idx", 1);
    [name.to_string(), dotted.clone(), format!("{name}.gz"), format!("{dotted}.gz")]
}

/// Reads a folder that must hold the named data set, and writes a decoded copy into the cache, if one is given.
pub(crate) fn load_named(
    entry: &'static CatalogueEntry,
    folder: &Path,
    cache_dir: Option<&Path>,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    if let Some(archive) = entry.archive() {
        return load_archive(entry, archive, folder, cache_dir, progress);
    }
    let files = find_files(folder)?;
    let copy = || DecodedCopy::of(entry, &files, cache_dir?);
    kept_or_read(&copy, entry.name, folder, || {
        FILES.iter().rev().for_each(|file| progress(LoadProgress::Unpacking { file }));
        let read = map((0..4).collect(), |i| read_checked(entry, i, &files[i]));
        let (mut payloads, mut verified) = (Vec::with_capacity(4), true);
        for result in read {
            let (payload, right) = result?;
            payloads.push(payload);
            verified &= right;
        }
        let parts = into_parts(payloads);
        let title = if verified { entry.title.into() } else { format!("{} (unverified copy)", entry.title) };
        Ok((named_set(entry, title, parts, folder), verified))
    })
}

/// Reads file `i` of a named set, and whether it is known to be right; a file that is known to be wrong is an error.
pub(crate) fn read_checked(
    entry: &'static CatalogueEntry,
    i: usize,
    path: &Path,
) -> Result<(Vec<u8>, bool), DataError> {
    let idx = Idx::open(path)?;
    let right = dimensions(entry, i);
    if idx.dims != right {
        let right: Vec<String> = right.iter().map(u32::to_string).collect();
        let expected = format!("{} for {}", right.join(" x "), entry.title);
        return Err(DataError::Dimensions { file: path.to_path_buf(), found: idx.dims, expected });
    }
    let (payload, sum) = idx.read()?;
    let verified = verify(entry, i, path, &sum)?;
    if i % 2 == 1 {
        check_labels(path, &payload, entry.classes.len(), 0)?;
    }
    Ok((payload, verified))
}

/// The dimensions of file `i` of a named set.
fn dimensions(entry: &CatalogueEntry, i: usize) -> Vec<u32> {
    let [height, width, channels] = entry.shape.map(|side| side as u32);
    let count = entry.counts[i / 2] as u32;
    match (i % 2, channels) {
        (1, _) => vec![count],
        (_, 1) => vec![count, height, width],
        _ => vec![count, height, width, channels],
    }
}

/// Bytes of the decompressed file `i` of a named set, without its header.
pub(crate) fn payload_len(entry: &CatalogueEntry, i: usize) -> u64 {
    dimensions(entry, i).iter().map(|&dim| dim as u64).product()
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
        Checksums::Archive(_) | Checksums::None => Ok(true),
    }
}

pub(crate) fn check_labels(file: &Path, labels: &[u8], classes: usize, first: u8) -> Result<(), DataError> {
    match labels.iter().position(|&label| label as usize >= classes) {
        None => Ok(()),
        Some(position) => {
            let (file, label) = (file.to_path_buf(), labels[position]);
            Err(DataError::Label { file, position, label, classes, first })
        }
    }
}

/// The four payloads, in the order of the files, as two parts.
pub(crate) fn into_parts(payloads: Vec<Vec<u8>>) -> [LabelledImages; 2] {
    let [a, b, c, d] = payloads.try_into().expect("four files were read");
    [LabelledImages { images: a, labels: b }, LabelledImages { images: c, labels: d }]
}

fn named_set(
    entry: &CatalogueEntry,
    title: String,
    [train, test]: [LabelledImages; 2],
    folder: &Path,
) -> DataSet {
    let (shape, class_names) = (entry.shape, entry.class_names());
    let fingerprint = fingerprint(shape, &class_names, &train, &test);
    DataSet {
        name: entry.name.to_string(),
        title,
        shape,
        class_names,
        train,
        test,
        fingerprint,
        source: folder.display().to_string(),
        procedural: false,
        own_validation: 0,
        reading: Reading { format: "IDX".into(), ..Reading::default() },
    }
}
