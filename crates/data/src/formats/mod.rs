//! The formats of data sets, each in a file of its own, behind one list. A format is recognised by content; it makes of a
//! source one raw form, of which `own.rs` makes a data set.

mod folders;
mod idx;

use crate::LabelledImages;
use crate::error::{DataError, FoundFormat};
use crate::foreign::foreign;
use crate::locations::LoadProgress;
use crate::lookalikes::FolderContent;
use crate::options::DataTable;
use crate::source::Source;
use std::path::PathBuf;

/// All formats; the first one that recognises a source reads it.
pub(crate) const FORMATS: [&dyn Format; 2] = [&idx::IdxFiles, &folders::PictureFolders];

/// A way in which data sets are written.
pub(crate) trait Format: Sync {
    /// As it is called in records and messages.
    fn name(&self) -> &'static str;

    /// Whether the source is of this format, or is meant to be.
    fn recognises(&self, source: &Source) -> Result<bool, DataError>;

    /// Reads everything.
    fn read(
        &self,
        source: &Source,
        table: &DataTable,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError>;
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
    Err(unknown(source)?)
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
