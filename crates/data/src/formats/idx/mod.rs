//! Four IDX files: images and labels of the training and the test part.

mod emnist;

use super::{Format, RawData, RawPart, WantedReading};
use crate::LabelledImages;
use crate::catalogue::{CatalogueEntry, Checksums, recognise};
use crate::error::DataError;
use crate::folder::{FILES, variants};
use crate::idx::Idx;
use crate::locations::LoadProgress;
use crate::lookalikes::FolderContent;
use crate::parallel::map;
use crate::source::{Blob, Source};
use std::path::PathBuf;

/// The format.
pub(super) struct IdxFiles;

impl Format for IdxFiles {
    fn name(&self) -> &'static str {
        "IDX"
    }

    fn recognises(&self, source: &Source) -> Result<bool, DataError> {
        let usual = || FILES.iter().any(|name| present(source, name).is_some());
        Ok(source.asked.is_none() && (usual() || !emnist::sets(source).is_empty()))
    }

    fn read(
        &self,
        source: &Source,
        _: &WantedReading,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        let set = emnist::set(source)?;
        let names = set.as_deref().map_or_else(|| FILES.map(str::to_string), emnist::names);
        let files = find(source, &names)?;
        let opened = FourFiles::open(&files)?;
        let shape = opened.shape(0).map(|side| side as usize);
        let (parts, sums) = opened.read(progress)?;
        let known = known(&sums);
        let [mut train, mut test] = parts;
        let (mut notes, mut class_names) = (Vec::new(), known.map(CatalogueEntry::class_names));
        if let Some(set) = &set {
            class_names = emnist::put_right(source, set, shape, [&mut train, &mut test], &mut notes)?;
        }
        let part = |images, i: usize| RawPart { images, labels_from: files[i].shown().to_path_buf() };
        Ok(RawData {
            train: part(train, 1),
            validation: None,
            test: Some(part(test, 3)),
            shape,
            class_names,
            title: known.map(|entry| entry.title.to_string()),
            notes,
            decoders: Vec::new(),
        })
    }
}

/// One of the four files, under any of its names.
fn present<'a>(source: &'a Source, name: &str) -> Option<&'a Blob> {
    variants(name).iter().find_map(|name| source.file(name))
}

/// All of four files, each under any of its names.
fn find(source: &Source, names: &[String; 4]) -> Result<[Blob; 4], DataError> {
    let found = names.each_ref().map(|name| present(source, name).cloned().ok_or_else(|| name.clone()));
    let lacking: Vec<String> = found.iter().filter_map(|file| file.clone().err()).collect();
    if !lacking.is_empty() {
        let there = Box::new(FolderContent::of_source(source));
        return Err(DataError::Missing { folder: source.place.clone(), names: lacking, all: false, there });
    }
    Ok(found.map(|file| file.expect("all four were found")))
}

/// Four files of one published set are that set, wherever they are.
fn known(sums: &[String]) -> Option<&'static CatalogueEntry> {
    recognise(&sums[0]).filter(|entry| match &entry.checksums {
        Checksums::Payload(right) => right.iter().eq(sums),
        _ => false,
    })
}

/// The four files, opened: their headers agree with each other, nothing else has been read.
struct FourFiles<'a> {
    files: &'a [Blob; 4],
    idx: [Idx; 4],
}

impl<'a> FourFiles<'a> {
    fn open(files: &'a [Blob; 4]) -> Result<FourFiles<'a>, DataError> {
        let [a, b, c, d] = files;
        let raw = FourFiles { files, idx: [Idx::of(a)?, Idx::of(b)?, Idx::of(c)?, Idx::of(d)?] };
        raw.idx.iter().try_for_each(Idx::check_byte_order)?;
        for (images, labels) in [(0, 1), (2, 3)] {
            raw.check_images(images)?;
            if raw.idx[labels].dims.len() != 1 {
                return Err(raw.dimensions(labels, "one dimension, the number of labels".into()));
            }
            if raw.count(images) != raw.count(labels) {
                return Err(DataError::CountMismatch {
                    images: raw.name(images),
                    n_images: raw.count(images),
                    labels: raw.name(labels),
                    n_labels: raw.count(labels),
                });
            }
        }
        if raw.shape(0) != raw.shape(2) {
            let (train, test) = (raw.name(0), raw.name(2));
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

    fn name(&self, i: usize) -> PathBuf {
        self.files[i].shown().to_path_buf()
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
        DataError::Dimensions { file: self.name(i), found: self.idx[i].dims.clone(), expected }
    }

    /// The two parts, and the SHA-256 of the four decompressed files.
    fn read(
        self,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<([LabelledImages; 2], Vec<String>), DataError> {
        FILES.iter().rev().for_each(|file| progress(LoadProgress::Unpacking { file }));
        let read = map(self.idx.into(), Idx::read).into_iter().collect::<Result<Vec<_>, _>>()?;
        let (payloads, sums) = read.into_iter().unzip();
        Ok((crate::folder::into_parts(payloads), sums))
    }
}
