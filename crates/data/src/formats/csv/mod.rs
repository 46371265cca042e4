//! Tables as text: an image in each row, a pixel in each column, and the label. Kaggle's forms, in gzip or not.

mod rows;

use super::{Format, RawData, RawPart};
use crate::LabelledImages;
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::options::DataTable;
use crate::source::{Blob, Source};
use rows::{Rows, looks_like_a_table};
use std::collections::BTreeSet;

/// The format.
pub(super) struct TextTables;

/// What the names of files say of their part.
const PARTS: [&[&str]; 3] = [&["train"], &["val", "valid", "validation"], &["test"]];

impl Format for TextTables {
    fn name(&self) -> &'static str {
        "CSV"
    }

    fn recognises(&self, source: &Source) -> Result<bool, DataError> {
        let files: Vec<&Blob> = match &source.asked {
            Some(name) => vec![&source.files[name]],
            None => source.top_files().filter(|(name, _)| is_named(name)).map(|(_, blob)| blob).collect(),
        };
        Ok(files.into_iter().any(|blob| looks_like_a_table(blob).unwrap_or(false)))
    }

    fn read(
        &self,
        source: &Source,
        table: &DataTable,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        let files = files_of_parts(source)?;
        let (mut notes, mut read) = (Vec::new(), [None, None, None]);
        let mut shape = None;
        for (place, blob) in files.iter().enumerate() {
            let Some(blob) = blob else { continue };
            progress(LoadProgress::Unpacking { file: blob.shown().to_str().unwrap_or("") });
            let train: Option<&Rows> = read[0].as_ref();
            let Some(rows) = Rows::read(blob, train, &mut notes)? else { continue };
            let found = rows.shape(table)?;
            let like: [usize; 3] = *shape.get_or_insert(found);
            if like != found {
                let fault = format!("has {} pixels in a row, other than the training part", rows.width);
                return Err(DataError::refused(blob.shown(), fault, "all parts have images of one size"));
            }
            read[place] = Some(rows);
        }
        let (class_names, numbers) = classes(&read);
        let part = |rows: Option<Rows>| {
            rows.map(|rows| {
                let labels = rows.labels.iter().map(&numbers).collect();
                RawPart { images: LabelledImages { images: rows.pixels, labels }, labels_from: rows.file }
            })
        };
        let [train, validation, test] = read;
        notes.dedup();
        Ok(RawData {
            train: part(train).expect("there is a training part"),
            validation: part(validation),
            test: part(test),
            shape: shape.unwrap_or([0; 3]),
            class_names: class_names.clone(),
            title: None,
            notes,
            decoders: Vec::new(),
        })
    }
}

fn is_named(name: &str) -> bool {
    let name = name.to_lowercase();
    [".csv", ".csv.gz", ".tsv", ".tsv.gz"].iter().any(|ending| name.ends_with(ending))
}

/// Which part a name is of, if it says so.
fn part_of(name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphabetic()).collect();
    (0..3).find(|part| PARTS[*part].iter().any(|word| words.contains(word)))
}

/// The files of the parts: the one that was asked for and its partners, or those of a folder.
fn files_of_parts(source: &Source) -> Result<[Option<Blob>; 3], DataError> {
    let tables: Vec<(&String, &Blob)> = source.top_files().filter(|(name, _)| is_named(name)).collect();
    let mut files: [Option<Blob>; 3] = Default::default();
    if let Some(asked) = &source.asked {
        let stem = |name: &str| {
            let lower = name.to_lowercase();
            PARTS.iter().copied().flatten().fold(lower, |name, word| name.replace(word, "*"))
        };
        files[0] = Some(source.files[asked].clone());
        if part_of(asked) == Some(0) {
            for (name, blob) in tables.iter().filter(|(name, _)| stem(name) == stem(asked)) {
                if let Some(part @ 1..) = part_of(name) {
                    files[part] = Some((*blob).clone());
                }
            }
        }
        return Ok(files);
    }
    for (name, blob) in &tables {
        let Some(part) = part_of(name) else { continue };
        if let Some(other) = &files[part] {
            let fault = format!("has two tables for one part, `{}` and `{name}`", other.shown().display());
            return Err(DataError::refused(
                &source.place,
                fault,
                "name the table of the training part: its partners are found",
            ));
        }
        files[part] = Some((*blob).clone());
    }
    if let (None, [(_, only)]) = (&files[0], tables.as_slice()) {
        files = [Some((*only).clone()), None, None];
    }
    if files[0].is_none() {
        let names: Vec<&str> = tables.iter().take(8).map(|(name, _)| name.as_str()).collect();
        let fault = format!("has tables, but none is called one of the training part: {}", names.join(", "));
        return Err(DataError::refused(
            &source.place,
            fault,
            "name the table itself, or call it `train.csv`",
        ));
    }
    Ok(files)
}

/// The class names, if labels are words, and how a label becomes a number.
fn classes(read: &[Option<Rows>; 3]) -> (Option<Vec<String>>, impl Fn(&String) -> u8 + use<>) {
    let all = || read.iter().flatten().flat_map(|rows| &rows.labels);
    let is_number = |label: &String| label.parse::<u8>().is_ok();
    let names: Option<Vec<String>> =
        (!all().all(is_number)).then(|| all().cloned().collect::<BTreeSet<String>>().into_iter().collect());
    let known = names.clone();
    (names, move |label: &String| match &known {
        Some(names) => names.binary_search(label).unwrap_or(0).min(255) as u8,
        None => label.parse().unwrap_or(0),
    })
}

/// Whether this file is a table of images.
#[cfg(test)]
pub(super) fn is_read(blob: &Blob) -> bool {
    Rows::read(blob, None, &mut Vec::new()).is_ok_and(|rows| rows.is_some())
}
