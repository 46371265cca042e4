//! Tables as text: an image in each row, a pixel in each column, and the label. Kaggle's forms, in gzip or not.

mod rows;

use super::{Format, PartnerTest, RawData, RawPart, WantedReading, part_names, words};
use crate::LabelledImages;
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::source::{Blob, Source};
use rows::{Rows, looks_like_a_table};

/// The format.
pub(super) struct TextTables;

impl Format for TextTables {
    fn name(&self) -> &'static str {
        "CSV"
    }

    fn decodes(&self) -> bool {
        true
    }

    fn partners(&self, asked: &str) -> Option<PartnerTest> {
        let (part, set) = part_names::of_file(asked);
        let is_partner = move |name: &str| {
            let (part, of_name) = part_names::of_file(name);
            is_named(name) && part > Some(0) && of_name == set
        };
        (part == Some(0)).then(|| Box::new(is_partner) as PartnerTest)
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
        wanted: &WantedReading,
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
            let found = rows.shape(wanted.table)?;
            let like: [usize; 3] = *shape.get_or_insert(found);
            if like != found {
                let fault = format!("has {} pixels in a row, other than the training part", rows.width);
                return Err(DataError::refused(blob.shown(), fault, "all parts have images of one size"));
            }
            read[place] = Some(rows);
        }
        let labels = read.iter().flatten().flat_map(|rows| &rows.labels);
        let class_names = words::classes(labels, wanted.listed);
        let part = |rows: Option<Rows>| {
            rows.map(|rows| {
                let labels = rows.numbers(class_names.as_deref())?;
                Ok(RawPart { images: LabelledImages { images: rows.pixels, labels }, labels_from: rows.file })
            })
            .transpose()
        };
        let [train, validation, test] = read;
        Ok(RawData {
            train: part(train)?.expect("there is a training part"),
            validation: part(validation)?,
            test: part(test)?,
            shape: shape.unwrap_or([0; 3]),
            class_names,
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

/// The files of the parts: the one that was asked for and its partners, or those of a folder.
fn files_of_parts(source: &Source) -> Result<[Option<Blob>; 3], DataError> {
    let tables: Vec<(&String, &Blob)> = source.top_files().filter(|(name, _)| is_named(name)).collect();
    let mut files: [Option<Blob>; 3] = Default::default();
    let mut put = |part: usize, name: &str, blob: &Blob| match files[part].replace(blob.clone()) {
        Some(other) => {
            let fault = format!("has two tables for one part, `{}` and `{name}`", other.shown().display());
            let help = "name the table of the training part: its partners are found";
            Err(DataError::refused(&source.place, fault, help))
        }
        None => Ok(()),
    };
    let mut belongs: PartnerTest = Box::new(|_| true);
    if let Some(asked) = &source.asked {
        put(0, asked, &source.files[asked])?;
        belongs = TextTables.partners(asked).unwrap_or(Box::new(|_| false));
    }
    for (name, blob) in &tables {
        let (Some(part), _) = part_names::of_file(name) else { continue };
        if belongs(name) {
            put(part, name, blob)?;
        }
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

/// Whether this file is a table of images.
#[cfg(test)]
pub(super) fn is_read(blob: &Blob) -> bool {
    Rows::read(blob, None, &mut Vec::new()).is_ok_and(|rows| rows.is_some())
}
