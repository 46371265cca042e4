//! Data of the user's own: any source, any format, one data set.

use crate::error::DataError;
use crate::fingerprint::fingerprint;
use crate::folder::check_labels;
use crate::formats::{RawData, RawPart, recognise};
use crate::locations::LoadProgress;
use crate::options::DataTable;
use crate::source::Source;
use crate::{DataSet, LabelledImages, Reading, class_names};
use std::path::{Path, PathBuf};

/// Reads data of the user's own; `path` is where `table.path` leads.
pub(crate) fn load_own(
    table: &DataTable,
    path: &Path,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    read_source(table, Source::open(path)?, progress)
}

/// Reads what a source holds.
pub(crate) fn read_source(
    table: &DataTable,
    source: Source,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let format = recognise(&source)?;
    let mut raw = format.read(&source, table, progress)?;
    if let Some(names) = class_names::read(&source)? {
        raw.class_names = Some(names);
    }
    let form = match source.kind {
        "a folder" | "a file" => format.name().to_string(),
        archive => format!("{} in {archive}", format.name()),
    };
    assemble(table, raw, form, source.place)
}

/// Makes the data set: this is where labels and classes are checked.
fn assemble(table: &DataTable, raw: RawData, format: String, place: PathBuf) -> Result<DataSet, DataError> {
    let class_names = match raw.class_names {
        Some(names) => names,
        None => numbered(&raw.train, raw.test.as_ref())?,
    };
    let test = raw.test.ok_or_else(|| no_test(&place))?;
    let first = first_label([&raw.train, &test]);
    for part in [&raw.train, &test] {
        check_labels(&part.labels_from, &part.images.labels, class_names.len(), first)?;
    }
    let mut notes = raw.notes;
    notes
        .extend(raw.validation.map(|part| {
            format!("the validation part of the data is left out: {} images", part.images.len())
        }));
    let (train, test) = (raw.train.images, test.images);
    Ok(DataSet {
        name: table.path.clone(),
        title: raw.title.unwrap_or_else(|| format!("{} (own data)", table.path)),
        shape: raw.shape,
        fingerprint: fingerprint(raw.shape, &class_names, &train, &test),
        class_names,
        train,
        test,
        source: place.display().to_string(),
        procedural: false,
        own_validation: 0,
        reading: Reading { format, decoders: raw.decoders, notes },
    })
}

fn no_test(place: &Path) -> DataError {
    DataError::refused(place, "has no test part", "put a test part beside the training part")
}

fn labels<'a>(parts: impl IntoIterator<Item = &'a RawPart>) -> impl Iterator<Item = u8> {
    let images = parts.into_iter().map(|part| &part.images);
    images.flat_map(|images: &LabelledImages| images.labels.iter().copied())
}

/// "0", "1", … up to the largest label.
fn numbered(train: &RawPart, test: Option<&RawPart>) -> Result<Vec<String>, DataError> {
    let largest = labels([train].into_iter().chain(test)).max().unwrap_or(0);
    if largest == 0 {
        return Err(DataError::OneClass { file: train.labels_from.clone() });
    }
    Ok((0..=largest).map(|label| label.to_string()).collect())
}

/// The smallest label that any image has.
fn first_label(parts: [&RawPart; 2]) -> u8 {
    labels(parts).min().unwrap_or(0)
}
