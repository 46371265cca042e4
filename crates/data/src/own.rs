//! Data of the user's own: any source, any format, one data set.

use crate::decoded::{DecodedCopy, kept_or_read};
use crate::error::DataError;
use crate::fingerprint::fingerprint_of_parts;
use crate::folder::check_labels;
use crate::formats::{Format, RawData, RawPart, WantedReading, inner_archive, recognise};
use crate::locations::LoadProgress;
use crate::options::DataTable;
use crate::pictures::{Facts, Picture, fit, image_len};
use crate::source::{Blob, Source};
use crate::split::test_images;
use crate::{DataSet, LabelledImages, Reading, class_names};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Archives within archives that are looked into.
const MAX_ARCHIVES: usize = 3;

/// Reads data of the user's own; `path` is where `table.path` leads. Where reading takes long, a decoded copy is
/// written into the cache, if one is given, and taken the next time.
pub(crate) fn load_own(
    table: &DataTable,
    path: &Path,
    cache_dir: Option<&Path>,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    table.check()?;
    let copy = || DecodedCopy::of_own(table, path, cache_dir?);
    kept_or_read(&copy, &table.path, path, || {
        let (source, format) = innermost(Source::open(path)?)?;
        let is_slow = format.decodes() || source.files.values().any(Blob::is_packed);
        Ok((read_as(format, table, source, progress)?, is_slow))
    })
}

/// Reads what a source holds.
pub(crate) fn read_source(
    table: &DataTable,
    source: Source,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let (source, format) = innermost(source)?;
    read_as(format, table, source, progress)
}

/// Reads a source of a format.
fn read_as(
    format: &dyn Format,
    table: &DataTable,
    source: Source,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<DataSet, DataError> {
    let listed = match source.asked {
        Some(_) => None,
        None => class_names::read(&source, class_names::FILE)?,
    };
    let wanted = WantedReading { table, listed: listed.as_deref() };
    let mut raw = format.read(&source, &wanted, progress)?;
    raw.class_names = listed.or(raw.class_names);
    let form = match source.archive {
        None => format.name().to_string(),
        Some(archive) => format!("{} in {archive}", format.name()),
    };
    assemble(table, raw, form, source.place)
}

/// The source that holds the data, and their format: an archive that is all that a source holds is looked into.
fn innermost(mut source: Source) -> Result<(Source, &'static dyn Format), DataError> {
    for _ in 0..=MAX_ARCHIVES {
        let error = match recognise(&source) {
            Ok(format) => return Ok((source, format)),
            Err(error) => error,
        };
        let Some(inner) = inner_archive(&source)? else { return Err(error) };
        source = Source { place: source.place, ..inner };
    }
    let fault = format!("holds an archive in an archive in an archive, more than {MAX_ARCHIVES} deep");
    Err(DataError::refused(&source.place, fault, "unpack the outer ones, and name what is in them"))
}

/// Makes the data set: this is where labels and classes are checked, and where the parts become what was asked for.
fn assemble(table: &DataTable, raw: RawData, format: String, place: PathBuf) -> Result<DataSet, DataError> {
    let mut raw = with_shape(table, raw, &place)?;
    let class_names = raw.class_names.take().unwrap_or_else(|| numbered(&raw));
    class_names::check_count(&raw.train.labels_from, class_names.len())?;
    let first = all_labels(&raw).min().unwrap_or(0);
    for part in raw.parts() {
        check_labels(&part.labels_from, &part.images.labels, class_names.len(), first)?;
    }
    let test = test_part(table, &mut raw, class_names.len(), &place)?;
    let there = raw.validation.as_ref().map_or(0, |part| part.images.len());
    let own_validation = validation_part(table, &mut raw, &place)?;
    let unused_validation = there - own_validation;
    let train = raw.train.images;
    for (part, name) in [(&train, "training"), (&test, "test")] {
        if part.is_empty() {
            let fault = format!("has a {name} part without an image");
            return Err(DataError::refused(
                &place,
                fault,
                "see that its files are whole, and where they should be",
            ));
        }
    }
    let fingerprint = fingerprint_of_parts(raw.shape, &class_names, &train, &test, own_validation);
    Ok(DataSet {
        name: table.path.clone(),
        title: raw.title.unwrap_or_else(|| format!("{} (own data)", table.path)),
        shape: raw.shape,
        fingerprint,
        class_names,
        train,
        test,
        source: place.display().to_string(),
        procedural: false,
        own_validation,
        reading: Reading { format, decoders: raw.decoders, notes: each_once(raw.notes), unused_validation },
    })
}

/// The images in the shape that is asked for.
fn with_shape(table: &DataTable, mut raw: RawData, place: &Path) -> Result<RawData, DataError> {
    let [height, width, channels] = raw.shape;
    let shape = table.shape(raw.shape);
    if shape == raw.shape {
        return Ok(raw);
    }
    let refuse = || {
        let fault = format!(
            "has images of {height} x {width} x {channels}, not of {} x {} x {}",
            shape[0], shape[1], shape[2]
        );
        DataError::refused(place, fault, "`resize = \"area\"` brings images to another `size`")
    };
    for part in [Some(&mut raw.train), raw.validation.as_mut(), raw.test.as_mut()].into_iter().flatten() {
        let len = image_len(place, part.images.len(), shape)?;
        let mut images = Vec::with_capacity(part.images.len() * len);
        for image in part.images.images.chunks_exact(height * width * channels) {
            let picture =
                Picture { height, width, channels, pixels: image.to_vec(), facts: Facts::default() };
            images.extend(fit(picture, shape, table.resize).ok_or_else(refuse)?.pixels);
        }
        part.images.images = images;
    }
    raw.notes.push(format!(
        "images of {height} x {width} x {channels} were brought to {} x {} x {}",
        shape[0], shape[1], shape[2]
    ));
    Ok(RawData { shape, ..raw })
}

/// The test part of the data, or the one that is drawn from the training part.
fn test_part(
    table: &DataTable,
    raw: &mut RawData,
    classes: usize,
    place: &Path,
) -> Result<LabelledImages, DataError> {
    match (raw.test.take(), table.test_fraction) {
        (Some(test), None) => Ok(test.images),
        (Some(_), Some(_)) => Err(DataError::refused(
            place,
            "has a test part of its own, and `test_fraction` asks for another",
            "leave out `test_fraction`",
        )),
        (None, None) => Err(DataError::NoTestPart { data: place.to_path_buf() }),
        (None, Some(fraction)) => {
            let chosen = test_images(&raw.train.images.labels, classes, fraction)?;
            let (train, test) = divided(&raw.train.images, &chosen, raw.shape.iter().product());
            raw.notes.push(format!(
                "the test part was drawn from the data: {fraction} of each class, {} of {} images",
                test.len(),
                raw.train.images.len()
            ));
            raw.train.images = train;
            Ok(test)
        }
    }
}

/// All images that were not chosen, and those that were, both in their order.
fn divided(part: &LabelledImages, chosen: &[u32], image_len: usize) -> (LabelledImages, LabelledImages) {
    let mut is_chosen = vec![false; part.len()];
    chosen.iter().for_each(|&i| is_chosen[i as usize] = true);
    let (mut left, mut taken) = (LabelledImages::default(), LabelledImages::default());
    for (i, &label) in part.labels.iter().enumerate() {
        let to = if is_chosen[i] { &mut taken } else { &mut left };
        to.images.extend_from_slice(part.image(i, image_len));
        to.labels.push(label);
    }
    (left, taken)
}

/// Puts the data's own validation part behind the training images, if it is asked for; gives its length.
fn validation_part(table: &DataTable, raw: &mut RawData, place: &Path) -> Result<usize, DataError> {
    match (raw.validation.take(), table.validation) {
        (None, None) => Ok(0),
        (Some(part), None) => {
            let n = part.images.len();
            raw.notes
                .push(format!("the validation part of the data is left out, {n} images; `validation = \"own\"` validates on it"));
            Ok(0)
        }
        (Some(part), Some(_)) if part.images.is_empty() => {
            Err(DataError::refused(place, "has a validation part without an image", "leave out `validation`"))
        }
        (Some(part), Some(_)) => {
            raw.train.images.images.extend(&part.images.images);
            raw.train.images.labels.extend(&part.images.labels);
            Ok(part.images.len())
        }
        (None, Some(_)) => Err(DataError::refused(
            place,
            "has no validation part of its own",
            "leave out `validation = \"own\"`; `validation_split = 0.1` holds a part of the training images back",
        )),
    }
}

fn all_labels(raw: &RawData) -> impl Iterator<Item = u8> {
    raw.parts().flat_map(|part| part.images.labels.iter().copied())
}

/// "0", "1", … up to the largest label.
fn numbered(raw: &RawData) -> Vec<String> {
    let largest = all_labels(raw).max().unwrap_or(0);
    (0..=largest).map(|label| label.to_string()).collect()
}

/// Each once, where it stands first: parts may have the same to say.
fn each_once(notes: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    notes.into_iter().filter(|note| seen.insert(note.clone())).collect()
}

impl RawData {
    fn parts(&self) -> impl Iterator<Item = &RawPart> {
        [Some(&self.train), self.validation.as_ref(), self.test.as_ref()].into_iter().flatten()
    }
}
