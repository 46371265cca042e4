//! The tables of all parts become images and labels.

use super::super::{RawData, RawPart, WantedReading, words};
use super::table::{PictureTable, RowLabels, TableRows};
use crate::LabelledImages;
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::pictures::{self, Counts, image_len, read_all};
use crate::source::Blob;
use std::path::PathBuf;

/// What is known of all parts so far.
struct PartReader<'a> {
    wanted: &'a WantedReading<'a>,
    /// The first picture, and its shape: all others have the same.
    like: Option<(PathBuf, [usize; 3])>,
    counts: Counts,
    notes: Vec<String>,
    class_names: Option<Vec<String>>,
}

/// A part whose labels are not yet numbers of classes.
struct UnnumberedPart {
    /// The first table.
    file: PathBuf,
    pixels: Vec<u8>,
    labels: RowLabels,
}

/// Reads the tables of training, validation and test.
pub(super) fn read(
    parts: [Vec<Blob>; 3],
    wanted: &WantedReading,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<RawData, DataError> {
    let mut reader =
        PartReader { wanted, like: None, counts: Counts::default(), notes: Vec::new(), class_names: None };
    let mut read = [None, None, None];
    for (place, files) in parts.iter().enumerate().filter(|(_, files)| !files.is_empty()) {
        let tables =
            files.iter().map(PictureTable::open).collect::<Result<Vec<PictureTable>, DataError>>()?;
        read[place] = reader.part(&tables, place > 0, progress)?;
    }
    let shape = reader.like.as_ref().map_or([0; 3], |(_, shape)| *shape);
    let mut notes = std::mem::take(&mut reader.notes);
    notes.extend(reader.counts.notes(shape));
    let all = read.iter().flatten().filter_map(|part: &UnnumberedPart| match &part.labels {
        RowLabels::Words(labels) => Some(labels),
        _ => None,
    });
    let by_words = words::classes(all.flatten(), wanted.listed);
    let class_names = by_words.clone().or(reader.class_names.take());
    let number =
        |part: Option<UnnumberedPart>| part.map(|part| part.numbered(by_words.as_deref())).transpose();
    let [train, validation, test] = read;
    Ok(RawData {
        train: number(train)?.expect("a training part is never left out"),
        validation: number(validation)?,
        test: number(test)?,
        shape,
        class_names,
        title: None,
        notes,
        decoders: pictures::decoders(reader.counts.png() > 0, reader.counts.jpeg() > 0),
    })
}

impl PartReader<'_> {
    /// Reads the tables of one part; none if it `may_lack` labels and has none.
    fn part(
        &mut self,
        tables: &[PictureTable],
        may_lack: bool,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<Option<UnnumberedPart>, DataError> {
        let rows = tables.iter().fold(0u64, |sum, table| sum.saturating_add(table.len()));
        progress(LoadProgress::Decoding { pictures: rows as usize });
        let file = tables[0].file().to_path_buf();
        let mut part = UnnumberedPart { file, pixels: Vec::new(), labels: RowLabels::None };
        for table in tables {
            self.know_columns(table)?;
            table.read(&mut |rows| self.take(rows, &mut part, table))?;
        }
        let lacks = match &part.labels {
            RowLabels::None => true,
            // The hub's sign for a label that is not published.
            RowLabels::Numbers(labels) => labels.iter().all(|label| *label == -1),
            RowLabels::Words(_) => false,
        };
        if may_lack && lacks {
            let name = part.file.file_name().unwrap_or_default().to_string_lossy();
            self.notes.push(format!("`{name}` has no labels, and is left out"));
            return Ok(None);
        }
        if matches!(part.labels, RowLabels::None) {
            let fault = if rows == 0 { "has no rows" } else { "has no column of labels" };
            let help = "labels are in a column called `label`, or in one that Hugging Face's properties call ClassLabel";
            return Err(DataError::refused(&part.file, fault, help));
        }
        Ok(Some(part))
    }

    /// All tables mean the same classes.
    fn know_columns(&mut self, table: &PictureTable) -> Result<(), DataError> {
        let columns = &table.columns;
        if let (Some(label), false) = (&columns.label, columns.other_labels.is_empty()) {
            let others = columns.other_labels.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
            let note =
                format!("labels are those of the column `{}`; left out: {}", label.name, others.join(", "));
            self.notes.push(note);
        }
        match (&self.class_names, &columns.class_names) {
            (Some(known), Some(names)) if known != names => {
                let help = "take tables of one version of the set";
                let fault = "names other classes than the tables before it, or in another order";
                Err(DataError::refused(table.file(), fault, help))
            }
            (None, Some(names)) => {
                self.class_names = Some(names.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Decodes some rows.
    fn take(
        &mut self,
        rows: TableRows,
        part: &mut UnnumberedPart,
        table: &PictureTable,
    ) -> Result<(), DataError> {
        let like = self.like.as_ref().map(|(path, shape)| (path.as_path(), *shape));
        let batch = read_all(&rows.pictures, self.wanted.table, like)?;
        let like = self.like.get_or_insert_with(|| (rows.pictures[0].shown().to_path_buf(), batch.shape));
        part.pixels.extend(&batch.pixels);
        let len = image_len(&like.0, 1, batch.shape)?.max(1);
        image_len(table.file(), part.pixels.len() / len, batch.shape)?;
        self.counts = self.counts.and(batch.counts);
        match (&mut part.labels, rows.labels) {
            (RowLabels::Numbers(all), RowLabels::Numbers(these)) => all.extend(these),
            (RowLabels::Words(all), RowLabels::Words(these)) => all.extend(these),
            (none @ RowLabels::None, these) if part.pixels.len() == batch.pixels.len() => *none = these,
            (RowLabels::None, RowLabels::None) => (),
            _ => {
                let help = "take tables of one version of the set";
                let fault = "has labels of another kind than the tables of its part before it";
                return Err(DataError::refused(table.file(), fault, help));
            }
        }
        Ok(())
    }
}

impl UnnumberedPart {
    /// The labels as numbers of classes, by their words where `names` are given.
    fn numbered(self, names: Option<&[String]>) -> Result<RawPart, DataError> {
        let row = |row: usize| format!("row {row} of the part");
        let labels = match &self.labels {
            RowLabels::Words(labels) => words::numbers(labels, names, &self.file, row)?,
            RowLabels::Numbers(_) if names.is_some() => {
                let fault = "has labels that are numbers, and those of another part are words";
                return Err(DataError::refused(&self.file, fault, "take tables of one version of the set"));
            }
            RowLabels::Numbers(labels) => {
                let number = |(i, label): (usize, &i64)| {
                    u8::try_from(*label).map_err(|_| {
                        let fault = format!(
                            "{}: has the label {label}, expected a whole number from 0 to 255",
                            row(i)
                        );
                        DataError::refused(&self.file, fault, "-1 stands for a label that is not published")
                    })
                };
                labels.iter().enumerate().map(number).collect::<Result<_, _>>()?
            }
            RowLabels::None => Vec::new(),
        };
        Ok(RawPart { images: LabelledImages { images: self.pixels, labels }, labels_from: self.file })
    }
}
