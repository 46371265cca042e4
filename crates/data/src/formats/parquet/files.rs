//! Which tables belong to which part. Names are those of the hub: `data/train-00000-of-00002.parquet`,
//! `fashion_mnist/test/0000.parquet`, `set-train.parquet`.

use super::super::{PartnerTest, part_names};
use crate::error::DataError;
use crate::source::{Blob, Source};
use std::collections::BTreeMap;

/// As many digits at the end of a name are the number of a piece, where the name does not say of how many.
const DIGITS: usize = 4;

/// What a name says of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TableName {
    /// The part: 0 is training, 1 validation, 2 test.
    part: Option<usize>,
    /// The name without its part and piece: all tables of a set have the same one.
    set: String,
    /// Which piece of its part, and of how many, where the name says so.
    piece: Option<(u64, Option<u64>)>,
}

impl TableName {
    fn of(name: &str) -> TableName {
        let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let (base, piece) = split_piece(stem);
        let (of_file, base) = part_names::of_file(base);
        let mut part = of_file;
        let mut set: Vec<String> = folder.split('/').map(str::to_lowercase).collect();
        // The nearest folder decides where the file does not.
        for folder in set.iter_mut().rev() {
            let (of_folder, stem) = part_names::of_file(folder);
            if part.is_none() && of_folder.is_some() {
                (part, *folder) = (of_folder, stem);
            }
        }
        set.push(base);
        TableName { part, set: set.join("/"), piece }
    }
}

/// A name without the number of its piece, and that number.
fn split_piece(stem: &str) -> (&str, Option<(u64, Option<u64>)>) {
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let tail = |text: &str| text.len() - text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (rest, last) = stem.split_at(tail(stem));
    let Some(last_number) = number(last) else { return (stem, None) };
    if let Some(before) = rest.strip_suffix("-of-") {
        let (base, first) = before.split_at(tail(before));
        if let Some(first) = number(first) {
            return (base.trim_end_matches(['-', '_', '.']), Some((first, Some(last_number))));
        }
    }
    match rest.is_empty() || last.len() >= DIGITS {
        true => (rest.trim_end_matches(['-', '_', '.']), Some((last_number, None))),
        false => (stem, None),
    }
}

/// Whether a file is meant to be a table of a set; `metadata.parquet` describes pictures that lie beside it.
fn is_table(name: &str) -> bool {
    let name = name.to_lowercase();
    let file = name.rsplit('/').next().unwrap_or("");
    file.strip_suffix(".parquet").is_some_and(|stem| stem != "metadata")
}

/// Whether a source has such files.
pub(super) fn holds_tables(source: &Source) -> bool {
    source.files.keys().any(|name| is_table(name))
}

/// Which names are of tables with the other parts of a set of which the training part was asked for.
pub(super) fn partners(asked: &str) -> Option<PartnerTest> {
    let TableName { part, set, .. } = TableName::of(asked);
    let is_partner = move |name: &str| {
        let of_name = TableName::of(name);
        is_table(name) && of_name.part > Some(0) && of_name.set == set
    };
    (is_table(asked) && part == Some(0)).then(|| Box::new(is_partner) as PartnerTest)
}

/// The tables of training, validation and test, each part's in the order of their pieces.
pub(super) fn of_parts(source: &Source) -> Result<[Vec<Blob>; 3], DataError> {
    let mut parts: [Pieces; 3] = Default::default();
    if let Some(asked) = &source.asked {
        let name = TableName::of(asked);
        if let Some((_, Some(2..))) = name.piece {
            let fault = "is one piece of its part, and the part has several";
            return Err(DataError::refused(&source.place, fault, "name the folder that holds all pieces"));
        }
        parts[0].put(source, asked, &TableName { piece: None, ..name })?;
        let is_partner = partners(asked).unwrap_or(Box::new(|_| false));
        for other in source.files.keys().filter(|other| is_partner(other)) {
            let name = TableName::of(other);
            parts[name.part.unwrap_or(0)].put(source, other, &name)?;
        }
    } else {
        let tables: Vec<(&String, TableName)> =
            source.files.keys().filter(|n| is_table(n)).map(|n| (n, TableName::of(n))).collect();
        one_set(source, &tables)?;
        let has_parts = tables.iter().any(|(_, name)| name.part.is_some());
        for (file, name) in &tables {
            parts[name.part.unwrap_or(0)].put(source, file, name)?;
        }
        if has_parts && parts[0].files.is_empty() {
            let help =
                "put the tables of the training part beside them; `train` in a name tells which these are";
            return Err(DataError::refused(&source.place, "has tables, but none of the training part", help));
        }
    }
    let [train, validation, test] = parts;
    Ok([train.whole(source)?, validation.whole(source)?, test.whole(source)?])
}

/// All tables are of one set: nothing else can be told from their names.
fn one_set(source: &Source, tables: &[(&String, TableName)]) -> Result<(), DataError> {
    let Some((first, name)) = tables.first() else { return Ok(()) };
    let Some((other, _)) = tables.iter().find(|(_, other)| other.set != name.set) else { return Ok(()) };
    let fault = format!("holds tables of more than one set, for example `{first}` and `{other}`");
    let help = "name the folder of one set, or its table of the training part; pieces of a part are called \
                `train-00000-of-00002.parquet` and so on";
    Err(DataError::refused(&source.place, fault, help))
}

/// The pieces of a part, by their numbers.
#[derive(Default)]
struct Pieces {
    files: BTreeMap<u64, String>,
    /// How many there must be, where the names say so.
    of: Option<u64>,
}

impl Pieces {
    fn put(&mut self, source: &Source, file: &str, name: &TableName) -> Result<(), DataError> {
        let (number, of) = name.piece.unwrap_or((0, None));
        let refuse = |fault: String| {
            let help = "keep one table for each piece; what is left of an older download is to be removed";
            Err(DataError::refused(&source.place, fault, help))
        };
        if let Some(other) = self.files.insert(number, file.to_string()) {
            return refuse(format!("has two tables for one piece of a part, `{other}` and `{file}`"));
        }
        if self.files.len() > 1 && self.of != of {
            let (_, other) = self.files.iter().find(|(n, _)| **n != number).expect("there are two");
            return refuse(format!("has tables that are pieces of different wholes, `{other}` and `{file}`"));
        }
        self.of = of;
        Ok(())
    }

    /// The files, if none is lacking.
    fn whole(self, source: &Source) -> Result<Vec<Blob>, DataError> {
        let first = self.files.keys().next().copied().unwrap_or(0).min(1);
        let last = self.files.keys().next_back().copied().unwrap_or(0);
        let numbers = match self.of {
            Some(of) => 0..of,
            None => first..if self.files.is_empty() { first } else { last.saturating_add(1) },
        };
        let stray = self.files.iter().find(|(number, _)| !numbers.contains(number));
        if let Some((_, file)) = stray {
            let fault =
                format!("has the table `{file}`, whose number is none of the pieces that its name counts");
            return Err(DataError::refused(
                &source.place,
                fault,
                "see that it is called as its publisher did",
            ));
        }
        if let Some(lacking) = numbers.clone().find(|number| !self.files.contains_key(number)) {
            let (there, counted) = (self.files.len(), numbers.end - numbers.start);
            let (_, file) = self.files.iter().next().expect("no piece of an empty part is lacking");
            let fault = format!(
                "has {there} of the {counted} pieces that `{file}` is one of: number {lacking} is lacking"
            );
            return Err(DataError::refused(&source.place, fault, "download it again: a part is read whole"));
        }
        Ok(self.files.values().map(|file| source.files[file].clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_s_name_says_part_piece_and_set() {
        for (name, part, set, piece) in [
            ("data/train-00000-of-00002.parquet", Some(0), "data/*", Some((0, Some(2)))),
            ("data/test-00001-of-00002.parquet", Some(2), "data/*", Some((1, Some(2)))),
            ("fashion_mnist/train/0003.parquet", Some(0), "fashion_mnist/*/", Some((3, None))),
            ("default/partial-train/0000.parquet", Some(0), "default/partial-*/", Some((0, None))),
            (
                "fashion_mnist/fashion_mnist-validation.parquet",
                Some(1),
                "fashion_mnist/fashion_mnist-*",
                None,
            ),
            ("cifar10-train.parquet", Some(0), "/cifar10-*", None),
            ("cifar100-train.parquet", Some(0), "/cifar100-*", None),
            ("test-sets/train.parquet", Some(0), "test-sets/*", None),
            ("images.parquet", None, "/images", None),
        ] {
            assert_eq!(TableName::of(name), TableName { part, set: set.into(), piece }, "{name}");
        }
    }
}
