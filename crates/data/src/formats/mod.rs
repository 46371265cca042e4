//! The formats of data sets, each in a file of its own, behind one list. A format is recognised by content; it makes of
//! a source one raw form, of which `own.rs` makes a data set.

mod cifar;
mod csv;
mod folders;
mod idx;
mod npy;
mod npz;
mod numbers;
mod parquet;
mod part_names;
mod words;

use crate::LabelledImages;
use crate::class_names;
use crate::error::{DataError, FoundFormat};
use crate::foreign::foreign;
use crate::locations::LoadProgress;
use crate::lookalikes::FolderContent;
use crate::options::DataTable;
use crate::source::{FolderListing, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// All formats; the first one that recognises a source reads it.
pub(crate) const FORMATS: [&dyn Format; 6] = [
    &idx::IdxFiles,
    &npz::NumpyArrays,
    &cifar::CifarBinary,
    &parquet::ParquetTables,
    &folders::PictureFolders,
    &csv::TextTables,
];

/// What the same files are read as: its number is raised where they give another data set than before.
pub(crate) const RULES: &str = concat!(env!("CARGO_PKG_VERSION"), " 1");

/// Whether a name is that of a partner.
pub(crate) type PartnerTest = Box<dyn Fn(&str) -> bool>;

/// A way in which data sets are written.
pub(crate) trait Format: Sync {
    /// As it is called in records and messages.
    fn name(&self) -> &'static str;

    /// Whether files are decoded, which takes far longer than to read pixels.
    fn decodes(&self) -> bool {
        false
    }

    /// Which names beside a file that was asked for are of tables with other parts of its set; nothing where one file
    /// holds all.
    fn partners(&self, _asked: &str) -> Option<PartnerTest> {
        None
    }

    /// Whether the source is of this format, or is meant to be.
    fn recognises(&self, source: &Source) -> Result<bool, DataError>;

    /// Reads everything.
    fn read(
        &self,
        source: &Source,
        wanted: &WantedReading,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError>;
}

/// How a source is to be read.
pub(crate) struct WantedReading<'a> {
    pub table: &'a DataTable,
    /// The names in `classes.txt`, if there is one: they decide which class is which.
    pub listed: Option<&'a [String]>,
}

/// What a format makes of a source; nothing is known of how the labels fit the classes.
pub(crate) struct RawData {
    pub train: RawPart,
    pub validation: Option<RawPart>,
    pub test: Option<RawPart>,
    /// Height, width, channels.
    pub shape: [usize; 3],
    /// Names of the classes, where the data have them.
    pub class_names: Option<Vec<String>>,
    /// The title of the published set that this is.
    pub title: Option<String>,
    /// What was done to the data, in plain English.
    pub notes: Vec<String>,
    /// The decoders of the pictures, with their versions.
    pub decoders: Vec<String>,
}

/// A part, and where its labels are.
pub(crate) struct RawPart {
    pub images: LabelledImages,
    /// As it is named in messages about a label.
    pub labels_from: PathBuf,
}

/// The format of a source, or an error that says what is there in place of one.
pub(crate) fn recognise(source: &Source) -> Result<&'static dyn Format, DataError> {
    for format in FORMATS {
        if format.recognises(source)? {
            return Ok(format);
        }
    }
    Err(pickle(source)?.map_or_else(|| unknown(source), Ok)?)
}

/// An archive that is all that a source holds: an NPZ file in a folder, for one.
pub(crate) fn inner_archive(source: &Source) -> Result<Option<Source>, DataError> {
    if source.asked.is_some() {
        return Ok(None);
    }
    let mut others = source.files.iter().filter(|(name, _)| *name != class_names::FILE);
    match (others.next(), others.next()) {
        (Some((_, only)), None) => Source::of_archive(only),
        _ => Ok(None),
    }
}

/// All on the disk that decides what is read at a path, by its name; nothing of it is read.
pub(crate) fn original_files(path: &Path) -> Result<FolderListing, DataError> {
    if path.is_dir() {
        return FolderListing::deep(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut listing = FolderListing { folders: BTreeSet::new(), files: BTreeMap::new() };
    let partners: Vec<PartnerTest> = FORMATS.iter().filter_map(|format| format.partners(&name)).collect();
    if !partners.is_empty() {
        listing = FolderListing::beside(path)?;
        listing.files.retain(|other, _| partners.iter().any(|is_partner| is_partner(other)));
    }
    listing.files.insert(name, path.to_path_buf());
    Ok(listing)
}

/// Python's pickle is a program, and it is never run.
fn pickle(source: &Source) -> Result<Option<DataError>, DataError> {
    let asked = |name: &String| source.asked.as_ref().is_none_or(|asked| asked == name);
    let files = source.files.iter().filter(|(name, _)| asked(name)).take(100);
    for (name, blob) in files {
        let in_torch = source.asked.is_none() && (name == "data.pkl" || name.ends_with("/data.pkl"));
        let start = blob.start(2)?;
        if in_torch || matches!(start.as_slice(), [0x80, 2..=5]) {
            let fault = "is a Python pickle, which could run any program: toile never reads it";
            let help = "save the arrays with `numpy.savez_compressed` (names as in docs/data.md); CIFAR is published in a binary \
                        version, too: `cifar-10-binary.tar.gz`, `cifar-100-binary.tar.gz`";
            return Ok(Some(DataError::refused(blob.shown(), fault, help)));
        }
    }
    Ok(None)
}

/// What a source is in which there is no data set.
fn unknown(source: &Source) -> Result<DataError, DataError> {
    let Some(name) = &source.asked else {
        let names = crate::folder::FILES.map(str::to_string).to_vec();
        let there = Box::new(FolderContent::of_source(source));
        return Ok(DataError::Missing { folder: source.place.clone(), names, all: true, there });
    };
    let start = source.files[name].start(1024)?;
    Ok(match foreign(&start) {
        None | Some(FoundFormat::Gzip) => DataError::NotAFolder { path: source.place.clone() },
        Some(found) => DataError::UnknownFormat { file: source.place.clone(), found },
    })
}

/// Whether these bytes are an array.
#[cfg(test)]
pub(crate) fn array_is_read(bytes: &[u8]) -> bool {
    npy::parse(bytes).is_ok_and(|array| array.numbers.pixels().is_ok())
}

/// Whether this file is a table.
#[cfg(test)]
pub(crate) fn table_is_read(blob: &crate::source::Blob) -> bool {
    csv::is_read(blob)
}
